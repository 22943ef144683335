//! An edition in the relay's own terms, made once per worker. A connection holds those of its listener, so whatever a
//! request needs is a pointer or two away.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use evenly_core::{Balancer, Nanos};
use evenly_wire::{Relaxed, Terms};

use crate::clock::span;
use crate::config::{Cluster, Listener};
use crate::edition::{Edition, LiveCluster, LiveListener};
use crate::meter::{ClusterMeter, ListenerMeter};
use crate::network::Network;
use crate::relay::key::KeySource;

/// All listeners of an edition as one worker sees them.
#[derive(Debug)]
pub struct Rules {
    /// The edition's number.
    pub edition: u64,
    listeners: Box<[Rc<ListenerRules>]>,
}

/// How clients of one listener are treated.
#[derive(Debug)]
pub struct ListenerRules {
    /// The edition that says so.
    pub edition: u64,
    /// The listener itself.
    pub live: Arc<LiveListener>,
    /// What this worker counts of it.
    pub meter: Arc<ListenerMeter>,
    /// The cluster its requests go to.
    pub cluster: Rc<ClusterRules>,
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
    /// Whether responses tell where they come from.
    pub debug: bool,
    /// Whether each request gets an id.
    pub request_id: bool,
}

/// How nodes of one cluster are spoken to.
#[derive(Debug)]
pub struct ClusterRules {
    /// Who picks its nodes.
    pub balancer: Arc<Balancer>,
    /// What this worker counts of it.
    pub meter: Arc<ClusterMeter>,
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
    /// Whether workers will be able to read an edition; the error says why not.
    pub fn check(edition: &Edition) -> Result<(), String> {
        Self::read(edition, 0).map(drop)
    }

    /// Reads an edition for one worker; what it says of the wire and of keys is checked here.
    pub fn read(edition: &Edition, worker: usize) -> Result<Self, String> {
        let clusters = edition.config.clusters.iter().zip(&edition.clusters);
        let clusters = clusters
            .map(|(given, live)| ClusterRules::read(given, live, worker).map(Rc::new))
            .collect::<Result<Vec<_>, _>>()?;
        let listeners = edition.config.listeners.iter().zip(&edition.listeners);
        let listeners = listeners.map(|(given, live)| {
            let cluster = clusters.iter().find(|cluster| **cluster.balancer.name() == *given.to);
            let cluster = cluster.ok_or_else(|| {
                format!("listen.{}.to: there is no cluster {:?}", given.name, given.to)
            })?;
            ListenerRules::read(given, (edition.number, live, worker), cluster).map(Rc::new)
        });
        Ok(Self { edition: edition.number, listeners: listeners.collect::<Result<_, _>>()? })
    }

    /// The rules of a listener; none when this edition has closed it.
    pub fn of(&self, live: &Arc<LiveListener>) -> Option<&Rc<ListenerRules>> {
        self.listeners.iter().find(|rules| Arc::ptr_eq(&rules.live, live))
    }

    /// The shortest timeout there is: deadlines need not be looked at more often than it asks.
    pub fn shortest(&self) -> Duration {
        let each = self.listeners.iter().map(|rules| {
            rules.cluster.shortest.min(Duration::from_nanos(rules.head.min(rules.idle).0))
        });
        each.min().unwrap_or(Duration::from_secs(1))
    }
}

impl ListenerRules {
    fn read(
        listener: &Listener,
        (edition, live, worker): (u64, &Arc<LiveListener>, usize),
        cluster: &Rc<ClusterRules>,
    ) -> Result<Self, String> {
        let fault = |key: &str, why: String| format!("listen.{}.{key}: {why}", listener.name);
        let relaxed =
            Relaxed::parse(&listener.relaxed).map_err(|why| fault("relaxed", why.to_string()))?;
        let trusted = listener.trusted.iter().map(|text| text.parse());
        Ok(Self {
            edition,
            live: Arc::clone(live),
            meter: Arc::clone(&live.meters[worker]),
            cluster: Rc::clone(cluster),
            terms: Terms {
                head_bytes: listener.limits.head_bytes,
                fields: listener.limits.fields,
                relaxed,
            },
            head: span(listener.timeouts.head),
            idle: span(listener.timeouts.idle),
            tunnel_idle: span(listener.timeouts.tunnel_idle),
            request_id: listener.request_id,
            trusted: trusted.collect::<Result<_, _>>().map_err(|why| fault("trusted", why))?,
            debug: listener.debug,
        })
    }

    /// Whether this client's word about where its requests come from is believed.
    pub fn trusts(&self, client: std::net::IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(client))
    }
}

impl ClusterRules {
    fn read(cluster: &Cluster, live: &LiveCluster, worker: usize) -> Result<Self, String> {
        let fault = |why: String| format!("cluster.{}.strategy.key: {why}", cluster.name);
        let timeouts = &cluster.timeouts;
        Ok(Self {
            balancer: Arc::clone(&live.balancer),
            meter: Arc::clone(&live.meters[worker]),
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
