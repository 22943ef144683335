//! One configuration in force, and what of the running proxy belongs to it.
//!
//! An edition is immutable. A reload makes the next one: what is the same in both (a listener's name and address, a
//! cluster's name) is the same object in both, so its connections, counts and node states go on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::SystemTime;

use evenly_core::Balancer;
use serde_json::value::RawValue;

use crate::clusters;
use crate::config::{Config, Listener};
use crate::meter::{ClusterMeter, ListenerMeter};
use crate::phase::SharedPhase;

/// One configuration in force.
#[derive(Debug)]
pub struct Edition {
    /// Counts from 1.
    pub number: u64,
    /// When it came into force.
    pub since: SystemTime,
    /// What the proxy was told.
    pub config: Config,
    /// The same as text, with the document that the control process made it from: neither is read here.
    pub source: Source,
    /// One per configured listener, in its order.
    pub listeners: Vec<Arc<LiveListener>>,
    /// One per configured cluster, in its order.
    pub clusters: Vec<Arc<LiveCluster>>,
}

/// Texts that the engine keeps for the control process.
#[derive(Debug, Clone)]
pub struct Source {
    /// The configuration as it was sent.
    pub config: Box<RawValue>,
    /// What the control process needs to go on after a restart of its own.
    pub document: Box<RawValue>,
}

impl Source {
    /// The two texts; the error says what is no JSON.
    pub fn read(config: &str, document: &str) -> Result<Self, String> {
        let raw = |name: &str, text: &str| {
            RawValue::from_string(text.to_owned())
                .map_err(|fault| format!("the {name} is not JSON: {fault}"))
        };
        Ok(Self { config: raw("configuration", config)?, document: raw("document", document)? })
    }
}

/// A listener from its opening to its closing.
#[derive(Debug)]
pub struct LiveListener {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// How far it is from its end.
    pub phase: SharedPhase,
    /// What each worker counts of it.
    pub meters: Box<[Arc<ListenerMeter>]>,
}

/// A cluster for as long as the configuration names it.
#[derive(Debug)]
pub struct LiveCluster {
    /// Who picks its nodes.
    pub balancer: Arc<Balancer>,
    /// What each worker counts of it.
    pub meters: Box<[Arc<ClusterMeter>]>,
}

impl LiveListener {
    fn new(name: &str, workers: usize) -> Self {
        Self {
            name: name.into(),
            phase: SharedPhase::default(),
            meters: (0..workers).map(|_| Arc::default()).collect(),
        }
    }
}

impl LiveCluster {
    fn new(balancer: Arc<Balancer>, workers: usize) -> Self {
        Self { balancer, meters: (0..workers).map(|_| Arc::default()).collect() }
    }
}

impl LiveCluster {
    /// Forgets what was counted of nodes that have left, so that names whose addresses change all day do not grow
    /// the process where nobody reads its metrics.
    pub fn forget_nodes(&self) {
        let cluster = self.balancer.cluster();
        let members: HashSet<&str> =
            cluster.members.iter().map(|member| &**member.state.id()).collect();
        for meter in &self.meters {
            meter.prune(|id| members.contains(id));
        }
    }
}

impl Edition {
    /// The first edition of a process.
    pub fn first(config: Config, source: Source) -> Result<Self, String> {
        Self::after(None, config, source)
    }

    /// The edition that would follow this one. Nothing changes by it: new clusters have a balancer that nobody uses
    /// yet, and those that stay are not told of their new settings.
    pub fn next(&self, config: Config, source: Source) -> Result<Self, String> {
        Self::after(Some(self), config, source)
    }

    fn after(old: Option<&Self>, config: Config, source: Source) -> Result<Self, String> {
        let workers = config.proxy.workers;
        let listeners = config.listeners.iter().map(|given| {
            let same = old.and_then(|old| old.listener(given));
            same.unwrap_or_else(|| Arc::new(LiveListener::new(&given.name, workers)))
        });
        let listeners = listeners.collect();
        let known: HashMap<&str, &Arc<LiveCluster>> = old.map_or_else(HashMap::new, |old| {
            old.clusters.iter().map(|live| (&**live.balancer.name(), live)).collect()
        });
        let clusters = config.clusters.iter().map(|given| match known.get(given.name.as_str()) {
            Some(live) => Ok(Arc::clone(live)),
            None => Ok(Arc::new(LiveCluster::new(clusters::balancer(given)?, workers))),
        });
        let clusters = clusters.collect::<Result<_, String>>()?;
        let number = old.map_or(1, |old| old.number + 1);
        Ok(Self { number, since: SystemTime::now(), config, source, listeners, clusters })
    }

    /// The listener of that name and address, if there is one.
    fn listener(&self, given: &Listener) -> Option<Arc<LiveListener>> {
        let mine = self.config.listeners.iter().zip(&self.listeners);
        let same = |old: &Listener| old.name == given.name && old.address == given.address;
        mine.into_iter().find(|(old, _)| same(old)).map(|(_, live)| Arc::clone(live))
    }

    /// The cluster of a name.
    pub fn cluster(&self, name: &str) -> Option<&Arc<LiveCluster>> {
        self.clusters.iter().find(|live| **live.balancer.name() == *name)
    }
}
