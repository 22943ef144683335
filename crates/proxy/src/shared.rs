//! What every worker, the admin listener and the upkeep see.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

use evenly_core::Balancer;

use crate::access::Access;
use crate::config::Config;
use crate::meter::Meters;

/// The parts of a running proxy that all its threads share.
pub struct Shared {
    /// What the proxy was told.
    pub config: Config,
    /// One per configured cluster, in its order.
    pub balancers: Vec<Arc<Balancer>>,
    /// What workers count.
    pub meters: Meters,
    /// Where they log requests.
    pub access: Access,
    /// How the process stands.
    pub status: Status,
}

/// How the process stands.
#[derive(Debug)]
pub struct Status {
    /// When it started.
    pub started: SystemTime,
    draining: AtomicBool,
    control: AtomicBool,
    restarts: AtomicU64,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            started: SystemTime::now(),
            draining: AtomicBool::new(false),
            control: AtomicBool::new(false),
            restarts: AtomicU64::new(0),
        }
    }
}

impl Status {
    /// From now on the process takes no new connections.
    pub fn drain(&self) {
        self.draining.store(true, Relaxed);
    }

    /// Whether it is ending.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// Notes whether the control process runs.
    pub fn set_control(&self, runs: bool) {
        self.control.store(runs, Relaxed);
    }

    /// Whether the control process runs.
    pub fn has_control(&self) -> bool {
        self.control.load(Relaxed)
    }

    /// Counts a control process that was started in place of a dead one.
    pub fn restarted(&self) {
        self.restarts.fetch_add(1, Relaxed);
    }

    /// How many there were.
    pub fn restarts(&self) -> u64 {
        self.restarts.load(Relaxed)
    }
}

impl Shared {
    /// Everything that follows from the configuration.
    pub fn new(config: Config, access: Access) -> Result<Self, String> {
        let balancers =
            config.clusters.iter().map(crate::clusters::balancer).collect::<Result<_, _>>()?;
        Ok(Self {
            balancers,
            meters: Meters::new(&config),
            access,
            status: Status::default(),
            config,
        })
    }

    /// The clusters that have no node to serve with.
    pub fn unready(&self) -> Vec<&str> {
        let serves = |balancer: &Balancer| {
            balancer.nodes(crate::clock::now()).iter().any(|node| node.serving)
        };
        self.balancers
            .iter()
            .filter(|balancer| !serves(balancer))
            .map(|balancer| &**balancer.name())
            .collect()
    }
}
