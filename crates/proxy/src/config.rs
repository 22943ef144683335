//! The engine's configuration: the JSON text that `evenly.config` writes after it has checked the file.
//!
//! Every key is present: Python fills the defaults, so they exist once. An unknown or missing key means that
//! the two halves of the package differ in version, and is refused.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::address::Address;

mod cluster;

pub use cluster::{
    Cluster, ClusterTimeouts, Ejection, Health, HealthKind, Node, Queue, Retries, Strategy,
};

/// Everything the engine process is told at its start.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The process as a whole.
    pub proxy: Proxy,
    /// The admin listener; none when absent.
    pub admin: Option<Admin>,
    /// Where logs go.
    pub log: Log,
    /// The sockets that clients connect to.
    pub listeners: Vec<Listener>,
    /// The sets of nodes that listeners relay to.
    pub clusters: Vec<Cluster>,
}

/// The process as a whole.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proxy {
    /// How many worker threads relay bytes.
    pub workers: usize,
    /// How long a stopping proxy waits for what it has begun.
    #[serde(deserialize_with = "seconds")]
    pub drain: Duration,
    /// Whom it serves as once its listeners are open; nobody else when absent.
    pub user: Option<String>,
    /// The group of that user; its own when absent.
    pub group: Option<String>,
}

/// The admin listener.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// Where it listens.
    pub address: SocketAddr,
    /// The bearer token asked of every request; required off loopback.
    pub token: Option<String>,
}

/// A token is a secret: it never reaches a log through `{:?}`.
impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| "(hidden)");
        f.debug_struct("Admin").field("address", &self.address).field("token", &token).finish()
    }
}

/// Where logs go.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// One JSON line per request.
    pub access: AccessTo,
    /// How lines on standard error are written.
    pub events: EventsAs,
}

/// How what happens is told on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventsAs {
    /// A sentence for people.
    Text,
    /// An object with fields for machines.
    Json,
}

/// Where the access log is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum AccessTo {
    /// Nowhere.
    Off,
    /// To standard output.
    Stdout,
    /// Appended to a file.
    File(PathBuf),
}

impl std::fmt::Display for AccessTo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Stdout => f.write_str("stdout"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl From<String> for AccessTo {
    fn from(text: String) -> Self {
        match text.as_str() {
            "off" => Self::Off,
            "stdout" => Self::Stdout,
            _ => Self::File(PathBuf::from(text)),
        }
    }
}

/// A socket that clients connect to.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Its name in logs and metrics.
    pub name: String,
    /// Where it listens: `ip:port` or `unix:/path`.
    #[serde(deserialize_with = "parsed")]
    pub address: Address,
    /// The cluster its requests go to.
    pub to: String,
    /// Framing rules relaxed by name.
    pub relaxed: Vec<String>,
    /// Networks (CIDR) whose forwarded headers are believed.
    pub trusted: Vec<String>,
    /// Whether responses tell where they come from.
    pub debug: bool,
    /// Whether each request gets an id, for its node and for the log.
    pub request_id: bool,
    /// How long it waits for clients.
    pub timeouts: ListenerTimeouts,
    /// How much a client may send before its request is understood.
    pub limits: Limits,
}

/// How long a listener waits for clients.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerTimeouts {
    /// From the first byte of a request head to its last.
    #[serde(deserialize_with = "seconds")]
    pub head: Duration,
    /// Between requests, and between two reads of a body.
    #[serde(deserialize_with = "seconds")]
    pub idle: Duration,
    /// Without a byte in either direction of a tunnel.
    #[serde(deserialize_with = "seconds")]
    pub tunnel_idle: Duration,
}

/// How large a request head may be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Bytes of the whole head.
    pub head_bytes: usize,
    /// Number of header fields.
    pub fields: usize,
}

impl Config {
    /// Reads the text and checks what the engine itself relies on.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let config: Self = serde_json::from_str(text)
            .map_err(|fault| format!("the engine's configuration cannot be read: {fault}; both halves of evenly must be of one version"))?;
        config.check()?;
        Ok(config)
    }

    /// The cluster of a name.
    pub fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.name == name)
    }

    fn check(&self) -> Result<(), String> {
        if self.proxy.workers == 0 {
            return Err("proxy.workers is 0; at least one worker relays requests".into());
        }
        for listener in &self.listeners {
            if self.cluster(&listener.to).is_none() {
                return Err(format!(
                    "listen.{}.to names the cluster {:?}, which does not exist",
                    listener.name, listener.to
                ));
            }
        }
        match &self.admin {
            Some(Admin { address, token: None }) if !address.ip().is_loopback() => Err(format!(
                "admin.address {address} is reachable from other machines and has no token; set admin.token or listen on 127.0.0.1"
            )),
            Some(Admin { token: Some(token), .. }) if token.is_empty() => {
                Err("admin.token is empty; leave it out or give it a secret".into())
            }
            _ => Ok(()),
        }
    }
}

/// Float seconds, as Python writes durations.
fn seconds<'de, D: Deserializer<'de>>(source: D) -> Result<Duration, D::Error> {
    let value = f64::deserialize(source)?;
    Duration::try_from_secs_f64(value)
        .map_err(|_| serde::de::Error::custom(format!("{value} is not a duration in seconds")))
}

/// Anything read from its text.
fn parsed<'de, D: Deserializer<'de>>(source: D) -> Result<Address, D::Error> {
    String::deserialize(source)?.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests;
