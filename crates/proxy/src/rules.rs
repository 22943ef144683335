//! The configuration in the relay's own terms, made once per worker.

use std::sync::Arc;
use std::time::Duration;

use evenly_core::Nanos;
use evenly_wire::{Relaxed, Terms};

use crate::clock::span;
use crate::config::{Cluster, Config, Listener};
use crate::network::Network;
use crate::relay::key::KeySource;

/// All listeners and clusters, indexed as in the configuration.
#[derive(Debug, Clone)]
pub struct Rules {
    /// One per configured listener.
    pub listeners: Box<[ListenerRules]>,
    /// One per configured cluster.
    pub clusters: Box<[ClusterRules]>,
}

/// How clients of one listener are treated.
#[derive(Debug, Clone)]
pub struct ListenerRules {
    /// Its name.
    pub name: Arc<str>,
    /// The cluster its requests go to.
    pub cluster: usize,
    /// What is accepted, of clients and of nodes.
    pub terms: Terms,
    /// From the first byte of a head to its last.
    pub head: Nanos,
    /// Between requests, and between two reads of a body.
    pub idle: Nanos,
    /// Without a byte in either direction of a tunnel.
    pub tunnel_idle: Nanos,
    /// Whose forwarded headers are believed.
    pub trusted: Box<[Network]>,
}

/// How nodes of one cluster are spoken to.
#[derive(Debug, Clone)]
pub struct ClusterRules {
    /// Its name.
    pub name: Arc<str>,
    /// What of a request is hashed.
    pub key: KeySource,
    /// Until a connection is made.
    pub connect: Nanos,
    /// From the request sent to the response head.
    pub response_head: Nanos,
    /// How long an unused connection is kept.
    pub node_idle: Nanos,
    /// How long a request may wait for a node's free place.
    pub queue: Nanos,
    /// Bytes of a request body that are kept for another try.
    pub body_bytes: usize,
    shortest: Duration,
}

impl Rules {
    /// Reads the configuration; what it says of the wire and of keys is checked here.
    pub fn read(config: &Config) -> Result<Self, String> {
        let listeners =
            config.listeners.iter().map(|listener| ListenerRules::read(listener, config));
        let clusters = config.clusters.iter().map(ClusterRules::read);
        Ok(Self {
            listeners: listeners.collect::<Result<_, _>>()?,
            clusters: clusters.collect::<Result<_, _>>()?,
        })
    }

    /// The shortest timeout there is: deadlines need not be looked at more often than it asks.
    pub fn shortest(&self) -> Duration {
        let listeners =
            self.listeners.iter().map(|rules| Duration::from_nanos(rules.head.min(rules.idle).0));
        let clusters = self.clusters.iter().map(|rules| rules.shortest);
        listeners.chain(clusters).min().unwrap_or(Duration::from_secs(1))
    }
}

impl ListenerRules {
    fn read(listener: &Listener, config: &Config) -> Result<Self, String> {
        let fault = |key: &str, why: String| format!("listen.{}.{key}: {why}", listener.name);
        let relaxed =
            Relaxed::parse(&listener.relaxed).map_err(|why| fault("relaxed", why.to_string()))?;
        let trusted = listener.trusted.iter().map(|text| text.parse());
        let cluster = config.clusters.iter().position(|cluster| cluster.name == listener.to);
        Ok(Self {
            name: listener.name.as_str().into(),
            cluster: cluster
                .ok_or_else(|| fault("to", format!("there is no cluster {:?}", listener.to)))?,
            terms: Terms {
                head_bytes: listener.limits.head_bytes,
                fields: listener.limits.fields,
                relaxed,
            },
            head: span(listener.timeouts.head),
            idle: span(listener.timeouts.idle),
            tunnel_idle: span(listener.timeouts.tunnel_idle),
            trusted: trusted.collect::<Result<_, _>>().map_err(|why| fault("trusted", why))?,
        })
    }
}

impl ClusterRules {
    fn read(cluster: &Cluster) -> Result<Self, String> {
        let fault = |why: String| format!("cluster.{}.strategy.key: {why}", cluster.name);
        let timeouts = &cluster.timeouts;
        Ok(Self {
            name: cluster.name.as_str().into(),
            key: cluster
                .strategy
                .key
                .as_deref()
                .map_or(Ok(KeySource::None), str::parse)
                .map_err(fault)?,
            connect: span(timeouts.connect),
            response_head: span(timeouts.response_head),
            node_idle: span(timeouts.node_idle),
            queue: span(cluster.queue.timeout),
            body_bytes: cluster.retries.body_bytes,
            shortest: timeouts.connect.min(timeouts.response_head).min(timeouts.node_idle),
        })
    }
}
