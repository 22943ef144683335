//! Hands a request to the control process, and names what is wrong when it does not answer.

use std::path::Path;
use std::time::Duration;

use evenly_core::Reason;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, HeaderValue, TRANSFER_ENCODING, UPGRADE};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::reply::{Body, fault};

/// How long the control process may take until its response head. Its slowest answers take milliseconds; three
/// seconds tell a stuck one before whoever asked gives up.
const PATIENCE: Duration = Duration::from_secs(3);
/// The same for a change: a new configuration with thousands of nodes is read, checked and put in force before it is
/// answered, and whoever is told too early that nothing came of it asks again. The control process itself gives the
/// engine 30 seconds.
const PATIENCE_FOR_CHANGES: Duration = Duration::from_secs(40);

/// Why there is no answer.
enum Lost {
    /// The request cannot have been heard.
    Unheard,
    /// The control process ended over it.
    Midway,
}

/// The control process's answer, or 503 `control_down`, or 504 `control_timeout`. A change that was perhaps carried out
/// is never 503: whoever hears that may ask again without looking.
pub async fn to_control(request: Request<Incoming>, socket: &Path) -> Response<Body> {
    let changes = !request.method().is_safe();
    let patience = if changes { PATIENCE_FOR_CHANGES } else { PATIENCE };
    match timeout(patience, ask(request, socket)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(Lost::Midway)) if changes => {
            let message = "the control process ended while it worked on this, which may be in force or not: look at what is (GET /v1/config) before you ask again";
            fault(StatusCode::GATEWAY_TIMEOUT, Reason::ControlTimeout.name(), message)
        }
        Ok(Err(_)) => {
            let message = "the control process is not running and is being started again; requests are balanced meanwhile";
            fault(StatusCode::SERVICE_UNAVAILABLE, Reason::ControlDown.name(), message)
        }
        Err(_) if changes => {
            let message = "the control process did not answer in time, and may still carry this out: look at what is in force (GET /v1/config) before you ask again";
            fault(StatusCode::GATEWAY_TIMEOUT, Reason::ControlTimeout.name(), message)
        }
        Err(_) => {
            let message =
                "the control process did not answer in time; requests are balanced meanwhile";
            fault(StatusCode::GATEWAY_TIMEOUT, Reason::ControlTimeout.name(), message)
        }
    }
}

async fn ask(mut request: Request<Incoming>, socket: &Path) -> Result<Response<Body>, Lost> {
    let stream = UnixStream::connect(socket).await.map_err(|_| Lost::Unheard)?;
    let made = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = made.map_err(|_| Lost::Unheard)?;
    // Lives as long as the answer's body, which an event stream may keep open for hours.
    tokio::spawn(connection);
    let fields = request.headers_mut();
    for hop in [CONNECTION, TRANSFER_ENCODING, UPGRADE] {
        fields.remove(hop);
    }
    // Only we say it, straight to the control process, when a signal has come.
    fields.remove("x-evenly-why");
    fields.entry(HOST).or_insert(HeaderValue::from_static("evenly"));
    let said = sender.send_request(request).await;
    let mut answer =
        said.map_err(|why| if why.is_canceled() { Lost::Unheard } else { Lost::Midway })?;
    for hop in [CONNECTION, TRANSFER_ENCODING] {
        answer.headers_mut().remove(hop);
    }
    if answer.body().size_hint().exact().is_none() {
        // A stream of events, which ends whenever it ends.
        return Ok(answer.map(BodyExt::boxed));
    }
    // Half an answer of a process that was killed is none.
    let (head, body) = answer.into_parts();
    let body = body.collect().await.map_err(|_| Lost::Midway)?.to_bytes();
    let body = Full::from(body).map_err(|never| match never {}).boxed();
    Ok(Response::from_parts(head, body))
}
