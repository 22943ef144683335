//! The engine's own socket, in its private folder: what the control process is told, and where it asks for changes.

use std::sync::Arc;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::net::UnixListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;

use super::reply::{self, Body, fault};
use super::{REST, ask, events, speak};
use crate::config::Config;
use crate::edition::Source;
use crate::event::unix;
use crate::reload::Wish;
use crate::shared::Shared;
use crate::state;

/// The largest configuration that is taken: a million nodes.
const LARGEST: usize = 256 << 20;

/// What answers on the engine's socket.
pub struct Desk {
    /// The proxy that is looked at.
    pub shared: Arc<Shared>,
    /// Where wishes for another configuration go.
    pub wishes: mpsc::Sender<Wish>,
}

/// What a change is asked for with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    config: Box<RawValue>,
    document: Box<RawValue>,
    why: String,
}

/// Serves the control process for ever.
pub async fn serve(listener: UnixListener, desk: Arc<Desk>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let desk = Arc::clone(&desk);
                tokio::spawn(speak(Box::new(stream), move |request| {
                    let desk = Arc::clone(&desk);
                    async move { desk.answer(request).await }
                }));
            }
            Err(_) => tokio::time::sleep(REST).await,
        }
    }
}

impl Desk {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/state") => self.state().await,
            (&Method::GET, "/explain") => ask::explain(&request, &self.shared),
            (&Method::GET, "/decisions") => ask::decisions(&request, &self.shared),
            (&Method::GET, "/config") => self.config(),
            (&Method::GET, "/events") => events::stream(),
            (&Method::PUT, "/config") => self.change(request).await,
            _ => fault(
                StatusCode::NOT_FOUND,
                "not_found",
                "the engine serves GET /state, /events, /config, /explain and /decisions, and PUT /config here",
            ),
        }
    }

    /// Thousands of nodes make megabytes: written beside this thread, which accepts connections.
    async fn state(&self) -> Response<Body> {
        let shared = Arc::clone(&self.shared);
        let told = spawn_blocking(move || reply::json(StatusCode::OK, &state::json(&shared))).await;
        told.unwrap_or_else(|why| {
            fault(StatusCode::INTERNAL_SERVER_ERROR, "no_state", &why.to_string())
        })
    }

    /// The edition in force, with the texts it was made from.
    fn config(&self) -> Response<Body> {
        let edition = self.shared.edition();
        let Source { config, document } = &edition.source;
        let page = json!({
            "edition": edition.number,
            "since": unix(edition.since),
            "document": document,
            "config": config,
        });
        reply::json(StatusCode::OK, &page)
    }

    async fn change(&self, request: Request<Incoming>) -> Response<Body> {
        let refuse = |why: &str| fault(StatusCode::UNPROCESSABLE_ENTITY, "not_applied", why);
        let body = match Limited::new(request.into_body(), LARGEST).collect().await {
            Ok(body) => body.to_bytes(),
            Err(why) => return refuse(&format!("the configuration did not come whole: {why}")),
        };
        let read = spawn_blocking(move || {
            serde_json::from_slice::<Asked>(&body)
                .map_err(|why| format!("the wish cannot be read: {why}"))
                .and_then(|asked| Ok((Config::from_json(asked.config.get())?, asked)))
        });
        let (config, asked) = match read.await.unwrap_or_else(|why| Err(why.to_string())) {
            Ok(read) => read,
            Err(why) => return refuse(&why),
        };
        let source = Source { config: asked.config, document: asked.document };
        let (answer, told) = oneshot::channel();
        let wish = Wish { config, source, why: asked.why, answer };
        let ending = "the proxy is ending and takes no other configuration";
        if self.wishes.send(wish).await.is_err() {
            return refuse(ending);
        }
        match told.await {
            Ok(Ok(applied)) => reply::json(StatusCode::OK, &applied),
            Ok(Err(why)) => refuse(&why),
            Err(_) => refuse(ending),
        }
    }
}
