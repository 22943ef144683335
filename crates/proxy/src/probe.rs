//! Active checks: a request, or only a connection, made as a client would make it.

use std::io;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::address::Address;
use crate::config::{Health, HealthKind};

/// As much of a body is searched: a health page is small, and a check must not download.
const BODY: usize = 64 * 1024;

/// How long a check rests when this process has nothing left to ask with.
const SHORTAGE: Duration = Duration::from_secs(1);

/// A connected byte stream of either kind.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Connects to a node that is not a name.
pub async fn connect(address: &Address) -> io::Result<Box<dyn Wire>> {
    Ok(match address {
        Address::Ip(ip) => Box::new(TcpStream::connect(ip).await?),
        Address::Unix(path) => Box::new(UnixStream::connect(path).await?),
        Address::Name { host, .. } => {
            return Err(io::Error::other(format!("{host} has no address yet")));
        }
    })
}

/// Checks one node once. `host` is the Host that an HTTP check sends. The error says what was wrong, in the words
/// that people see beside the node. While this process has no descriptor to ask with, it waits: that tells nothing
/// about the node.
pub async fn check(health: &Health, address: &Address, host: &str) -> Result<(), String> {
    loop {
        let asked = async {
            let wire = connect(address).await?;
            Ok::<_, io::Error>(match health.kind {
                HealthKind::Tcp => Ok(()),
                HealthKind::Http => ask(health, wire, host).await,
            })
        };
        match timeout(health.timeout, asked).await {
            Ok(Ok(result)) => return result,
            Ok(Err(fault)) if is_ours(&fault) => sleep(SHORTAGE).await,
            Ok(Err(fault)) => return Err(format!("cannot connect: {}", plain(&fault))),
            Err(_) => return Err(format!("no answer within {}", length(health.timeout))),
        }
    }
}

/// Whether a connection failed for want of something of our own: descriptors or memory.
pub fn is_ours(fault: &io::Error) -> bool {
    const OURS: [i32; 4] = [12, 23, 24, 105]; // ENOMEM ENFILE EMFILE ENOBUFS
    fault.raw_os_error().is_some_and(|number| OURS.contains(&number))
}

async fn ask(health: &Health, wire: Box<dyn Wire>, host: &str) -> Result<(), String> {
    let no_answer = |fault: hyper::Error| format!("no valid answer: {fault}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(wire)).await.map_err(no_answer)?;
    // Dropped on every way out, which ends the connection with it.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let request = Request::get(health.path.as_deref().unwrap_or("/"))
        .header(HOST, host)
        .header(USER_AGENT, concat!("evenly-check/", env!("CARGO_PKG_VERSION")))
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|fault| format!("cannot ask: {fault}"))?;
    let answer = sender.send_request(request).await.map_err(no_answer)?;
    let (first, last) = health.status.unwrap_or((200, 399));
    let status = answer.status().as_u16();
    if !(first..=last).contains(&status) {
        return Err(format!("status {status} is not in {first}-{last}"));
    }
    match &health.body {
        None => Ok(()),
        Some(wanted) => {
            search(answer, wanted.as_bytes()).await.map_err(no_answer).and_then(|found| {
                if found {
                    Ok(())
                } else {
                    Err(format!("the body does not contain {wanted:?} in its first 64 KiB"))
                }
            })
        }
    }
}

/// Whether the body's first part contains the text; reads no further than it must.
async fn search(answer: Response<Incoming>, wanted: &[u8]) -> Result<bool, hyper::Error> {
    let mut body = answer.into_body();
    let mut seen = Vec::new();
    while !contains(&seen, wanted) {
        if seen.len() == BODY {
            return Ok(false);
        }
        match body.frame().await {
            None => return Ok(false),
            Some(frame) => {
                if let Some(data) = frame?.data_ref() {
                    seen.extend_from_slice(&data[..data.len().min(BODY - seen.len())]);
                }
            }
        }
    }
    Ok(true)
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    wanted.is_empty() || text.windows(wanted.len()).any(|window| window == wanted)
}

/// An error without its number: `Connection refused`, not `Connection refused (os error 111)`.
pub fn plain(fault: &io::Error) -> String {
    let text = fault.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// A duration as people write it.
fn length(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{} s", duration.as_secs_f64())
    }
}
