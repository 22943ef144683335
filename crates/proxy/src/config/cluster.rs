//! What the configuration says of one cluster.

use std::net::SocketAddr;
use std::time::Duration;

use evenly_core::Admin;
use serde::{Deserialize, Deserializer};

use super::{parsed, seconds};
use crate::address::Address;

/// A set of nodes and how they are chosen, watched and spoken to.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Its name everywhere.
    pub name: String,
    /// Its nodes as written; a host name stands for one node per address.
    pub nodes: Vec<Node>,
    /// Which strategy picks, with its options.
    pub strategy: Strategy,
    /// Seed of the keyed hash; changing it moves all keys.
    pub hash_seed: u64,
    /// Which of the nodes are kept; all when absent.
    #[serde(default)]
    pub subset: Option<Subset>,
    /// Active checks, when asked for.
    pub health: Option<Health>,
    /// Passive ejection; off when absent.
    pub ejection: Option<Ejection>,
    /// How long a joining node is spared.
    #[serde(deserialize_with = "seconds")]
    pub slow_start: Duration,
    /// When a request is tried again.
    pub retries: Retries,
    /// Where requests wait for capacity.
    pub queue: Queue,
    /// How long nodes are waited for.
    pub timeouts: ClusterTimeouts,
    /// DNS server used instead of the system's.
    pub resolver: Option<SocketAddr>,
}

/// Which of many proxies this is, and how many nodes each keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subset {
    /// How many nodes are kept.
    pub size: usize,
    /// Which instance this is, from 0.
    pub instance: usize,
    /// How many instances there are.
    pub instances: usize,
}

/// A node as written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its stable name.
    pub id: String,
    /// Where it lives.
    #[serde(deserialize_with = "parsed")]
    pub address: Address,
    /// Its share relative to the others.
    pub weight: u32,
    /// How many requests it takes at once; no limit when absent.
    pub capacity: Option<u32>,
    /// What the administrator wants of it.
    #[serde(deserialize_with = "wish")]
    pub admin: Admin,
}

/// `serve`, `drain` or `down`.
fn wish<'de, D: Deserializer<'de>>(source: D) -> Result<Admin, D::Error> {
    match String::deserialize(source)?.as_str() {
        "serve" => Ok(Admin::Serve),
        "drain" => Ok(Admin::Drain),
        "down" => Ok(Admin::Down),
        other => Err(serde::de::Error::custom(format!(
            "{other:?} is neither \"serve\" nor \"drain\" nor \"down\""
        ))),
    }
}

/// A strategy's name, the key of a hash strategy, and all other options as they came.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Strategy {
    /// Its registered name.
    pub name: String,
    /// What is hashed: `header:NAME`, `cookie:NAME`, `query:NAME`, `path` or `client_ip`.
    pub key: Option<String>,
    /// Options that the strategy itself checks.
    #[serde(flatten)]
    pub options: serde_json::Map<String, serde_json::Value>,
}

/// How a check asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthKind {
    /// An HTTP request whose status, and perhaps body, is looked at.
    Http,
    /// A connection that is made and closed.
    Tcp,
}

/// Active checks.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// How a check asks.
    pub kind: HealthKind,
    /// What an HTTP check asks for.
    pub path: Option<String>,
    /// First and last status that count as up.
    pub status: Option<(u16, u16)>,
    /// Text that the first 64 KiB of the body must contain.
    pub body: Option<String>,
    /// Between checks of a node in a steady state.
    #[serde(deserialize_with = "seconds")]
    pub every: Duration,
    /// Between checks of a node that is changing.
    #[serde(deserialize_with = "seconds")]
    pub fast: Duration,
    /// How long one check may take.
    #[serde(deserialize_with = "seconds")]
    pub timeout: Duration,
    /// Successes in a row until a node is up.
    pub rise: u32,
    /// Failures in a row until a node is down.
    pub fall: u32,
    /// Share of the interval by which it varies, either way.
    pub jitter: f64,
    /// Whether a node serves only after its first success.
    pub required: bool,
}

/// Passive ejection.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ejection {
    /// Failures in a row that eject.
    pub consecutive: u32,
    /// Over which the failure ratio is counted.
    #[serde(deserialize_with = "seconds")]
    pub window: Duration,
    /// Requests within the window below which the ratio says nothing.
    pub min_requests: u32,
    /// Length of a first ejection.
    #[serde(deserialize_with = "seconds")]
    pub base: Duration,
    /// Length that doubling ends at.
    #[serde(deserialize_with = "seconds")]
    pub max: Duration,
    /// Greatest share of nodes ejected at once.
    pub max_share: f64,
}

/// When a request is tried again.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retries {
    /// Tries beyond the first.
    pub extra: u32,
    /// Upper bound of the random wait before a further try.
    #[serde(deserialize_with = "seconds")]
    pub backoff: Duration,
    /// Bytes of a request body kept for a further try.
    pub body_bytes: usize,
    /// Retries allowed as a share of requests.
    pub budget_share: f64,
    /// Retries always allowed, per second.
    pub budget_per_second: f64,
}

/// Where requests wait for capacity.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// How many may wait.
    pub length: usize,
    /// How long each may wait.
    #[serde(deserialize_with = "seconds")]
    pub timeout: Duration,
}

/// How long nodes are waited for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterTimeouts {
    /// Until a connection is made.
    #[serde(deserialize_with = "seconds")]
    pub connect: Duration,
    /// From the request sent to the response head.
    #[serde(deserialize_with = "seconds")]
    pub response_head: Duration,
    /// How long an unused connection is kept.
    #[serde(deserialize_with = "seconds")]
    pub node_idle: Duration,
}
