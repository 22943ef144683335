//! The admin listener: `/metrics`, `/healthz` and `/readyz` from the engine itself, so that they answer whatever
//! happens to the control process; everything else is the control process's.

mod ask;
pub mod door;
pub mod engine;
mod events;
mod relay;
mod reply;

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::net::TcpListener;

use crate::metrics;
use crate::probe::Wire;
use crate::shared::Shared;
use reply::{Body, fault, text};

/// How long a client may take over a request head, and how long an idle connection is kept.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long accepting rests after a fault; the usual one is a lack of descriptors.
const REST: Duration = Duration::from_millis(100);

/// What answers on the admin listener.
pub struct Admin {
    shared: Arc<Shared>,
    token: Mutex<Option<Arc<str>>>,
    closed: AtomicBool,
    control: PathBuf,
}

/// Serves the admin listener for ever.
pub async fn serve(listener: TcpListener, admin: Arc<Admin>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let admin = Arc::clone(&admin);
                tokio::spawn(speak(Box::new(stream), move |request| {
                    let admin = Arc::clone(&admin);
                    async move { admin.answer(request).await }
                }));
            }
            Err(_) => tokio::time::sleep(REST).await,
        }
    }
}

/// Speaks HTTP/1.1 on one connection until it ends.
async fn speak<F>(wire: Box<dyn Wire>, answer: impl Fn(Request<Incoming>) -> F)
where
    F: Future<Output = Response<Body>>,
{
    let service = service_fn(|request| {
        let answer = answer(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    // A client that leaves in the middle is its own affair.
    let _ = server.serve_connection(TokioIo::new(wire), service).await;
}

impl Admin {
    /// Looks at a proxy; `control` is where the control process listens.
    pub fn new(shared: Arc<Shared>, token: Option<&str>, control: PathBuf) -> Self {
        Self {
            shared,
            token: Mutex::new(token.map(Arc::from)),
            closed: AtomicBool::default(),
            control,
        }
    }

    /// From now on this is asked of everybody.
    pub fn set_token(&self, token: Option<&str>) {
        *self.token.lock() = token.map(Arc::from);
    }

    /// The door is closed: each connection that came in by it ends with its next answer.
    pub fn close(&self) {
        self.closed.store(true, Relaxed);
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let mut answer = self.answered(request).await;
        if self.closed.load(Relaxed) {
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }

    async fn answered(&self, request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path();
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        // Whether the process lives and is ready is no secret, and who asks often cannot send a header.
        match path {
            "/healthz" if reads => return text(StatusCode::OK, "ok\n".into()),
            "/readyz" if reads => return self.ready(),
            _ => {}
        }
        if !self.allows(&request) {
            let message = "send the header `Authorization: Bearer <admin.token>`";
            let mut refusal = fault(StatusCode::UNAUTHORIZED, "token_required", message);
            refusal.headers_mut().insert("www-authenticate", HeaderValue::from_static("Bearer"));
            return refusal;
        }
        match path {
            "/metrics" if reads => self.metrics().await,
            "/healthz" | "/readyz" | "/metrics" => {
                fault(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "use GET")
            }
            _ => relay::to_control(request, &self.control).await,
        }
    }

    /// Thousands of nodes make a page of megabytes: written beside this thread, which accepts connections.
    async fn metrics(&self) -> Response<Body> {
        let shared = Arc::clone(&self.shared);
        match tokio::task::spawn_blocking(move || metrics::text(&shared)).await {
            Ok(page) => reply::whole(StatusCode::OK, metrics::CONTENT_TYPE, page),
            Err(why) => fault(StatusCode::INTERNAL_SERVER_ERROR, "no_metrics", &why.to_string()),
        }
    }

    fn ready(&self) -> Response<Body> {
        let unready = self.shared.unready();
        if self.shared.status.is_draining() {
            text(StatusCode::SERVICE_UNAVAILABLE, "draining\n".into())
        } else if unready.is_empty() {
            text(StatusCode::OK, "ready\n".into())
        } else {
            text(
                StatusCode::SERVICE_UNAVAILABLE,
                format!("no node serves: {}\n", unready.join(", ")),
            )
        }
    }

    fn allows(&self, request: &Request<Incoming>) -> bool {
        let Some(token) = self.token.lock().clone() else { return true };
        let given = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
        let given = given.and_then(|field| field.strip_prefix(b"Bearer "));
        given.is_some_and(|given| same(given, token.as_bytes()))
    }
}

/// Compares in a time that does not tell how much of a guess was right.
fn same(given: &[u8], wanted: &[u8]) -> bool {
    given.len() == wanted.len()
        && given.iter().zip(wanted).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}
