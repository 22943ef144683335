//! A line of the access log.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use evenly_core::Nanos;
use serde::{Serialize, Serializer};

/// One request as the log tells it.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// When its first byte was read.
    #[serde(serialize_with = "moment")]
    pub time: SystemTime,
    /// Its id, where requests get one.
    pub id: Option<String>,
    /// The configuration that it was served by.
    pub edition: u64,
    /// The listener it came in by.
    pub listener: Arc<str>,
    /// The client connection that it came by, counted over the process.
    pub connection: u64,
    /// Who sent it; nothing for UNIX sockets.
    pub client: Option<IpAddr>,
    /// The cluster it went to.
    pub cluster: Arc<str>,
    /// The node that answered, or was tried last.
    pub node: Option<Arc<str>>,
    /// Whether the connection to that node had carried others before.
    pub reused: bool,
    /// Its method.
    pub method: Cow<'static, str>,
    /// Its target as sent, query included.
    pub path: String,
    /// The status sent to the client; 0 when the client left before one.
    pub status: u16,
    /// Why the proxy answered itself or gave up, when it did.
    pub reason: Option<Cow<'static, str>>,
    /// Nodes tried.
    pub tries: u32,
    /// Bytes read from the client.
    pub bytes_in: u64,
    /// Bytes written to the client.
    pub bytes_out: u64,
    /// Where its time went.
    pub seconds: Phases,
}

/// Where a request's time went.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Phases {
    /// From its first byte to its last.
    #[serde(serialize_with = "seconds")]
    pub total: Nanos,
    /// Waiting for a node's free place.
    #[serde(serialize_with = "seconds")]
    pub queue: Nanos,
    /// Making the last try's connection to its node; 0 when it was there already.
    #[serde(serialize_with = "seconds")]
    pub connect: Nanos,
    /// From the last try's start to the response head.
    #[serde(serialize_with = "seconds")]
    pub node: Nanos,
    /// From the response head to the last byte of the body.
    #[serde(serialize_with = "seconds")]
    pub body: Nanos,
}

/// UTC with milliseconds, as RFC 3339 writes it.
fn moment<S: Serializer>(time: &SystemTime, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(&humantime::format_rfc3339_millis(*time))
}

/// Seconds rounded to microseconds: finer is noise.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
fn seconds<S: Serializer>(span: &Nanos, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_f64((span.0 / 1000) as f64 / 1e6)
}
