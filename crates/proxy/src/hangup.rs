//! SIGHUP: the control process is asked to read its file again.

use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::signal::unix::Signal;
use tokio::time::{sleep, timeout};

use crate::event::Event;
use crate::say::say;

/// How soon a control process that did not answer is asked again: it may be starting.
const AGAIN: Duration = Duration::from_millis(200);
/// How long it may take over a reload. Names are waited for a few seconds, large tables take one.
const PATIENCE: Duration = Duration::from_secs(60);

/// Passes each SIGHUP on to the control process at `socket`, for ever. Signals that come while it works are one.
pub async fn pass_on(mut hangup: Signal, socket: &Path, runs: bool) {
    while hangup.recv().await.is_some() {
        if !runs {
            let why = "there is no control process that could read the file again".into();
            say(Event::ReloadRefused { why });
            continue;
        }
        // A dead control process is being started again: the wish is kept until somebody takes it.
        let answer = loop {
            match timeout(PATIENCE, ask(socket)).await {
                Ok(Some(answer)) => break answer,
                Ok(None) | Err(_) => sleep(AGAIN).await,
            }
        };
        tell(answer);
    }
}

/// What came of it; nothing when nobody answers.
async fn ask(socket: &Path) -> Option<(StatusCode, Value)> {
    let stream = UnixStream::connect(socket).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    let request = Request::post("/v1/reload")
        .header(HOST, "evenly")
        .header("x-evenly-why", "SIGHUP")
        .body(Empty::<Bytes>::new())
        .ok()?;
    let answer = sender.send_request(request).await.ok()?;
    let status = answer.status();
    let body = answer.into_body().collect().await.ok()?.to_bytes();
    Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

/// A change that is in force has told of itself; a refusal has not.
fn tell((status, answer): (StatusCode, Value)) {
    if status.is_success() {
        return;
    }
    let message = answer["message"].as_str().unwrap_or("the control process did not say why");
    let faults = answer["faults"].as_array().into_iter().flatten();
    let faults = faults.filter_map(|fault| fault["message"].as_str().or(fault.as_str()));
    let why: Vec<_> = std::iter::once(message).chain(faults).collect();
    say(Event::ReloadRefused { why: why.join("\n") });
}
