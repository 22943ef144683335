//! What every worker, the admin listener and the upkeep see.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use evenly_core::Balancer;

use crate::access::Access;
use crate::config::Config;
use crate::decisions::Decisions;
use crate::edition::{Edition, Source};
use crate::rules::Rules;

/// The parts of a running proxy that all its threads share.
pub struct Shared {
    edition: ArcSwap<Edition>,
    /// Open connections of each worker, counted from their hand-over on.
    pub connections: Box<[Arc<AtomicUsize>]>,
    /// Where workers log requests.
    pub access: Access,
    /// Some of the decisions of late.
    pub decisions: Decisions,
    /// How the process stands.
    pub status: Status,
}

/// How the process stands.
#[derive(Debug)]
pub struct Status {
    /// When it started.
    pub started: SystemTime,
    draining: AtomicBool,
    control: AtomicI32,
    restarts: AtomicU64,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            started: SystemTime::now(),
            draining: AtomicBool::new(false),
            control: AtomicI32::new(0),
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

    /// Notes the control process that runs; 0 for none.
    pub fn set_control(&self, pid: i32) {
        self.control.store(pid, Relaxed);
    }

    /// Whether the control process runs.
    pub fn has_control(&self) -> bool {
        self.control.load(Relaxed) != 0
    }

    /// Whether it is this one.
    pub fn is_control(&self, pid: i32) -> bool {
        self.control.load(Relaxed) == pid
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
    /// Everything that follows from the first configuration.
    pub fn new(config: Config, source: Source, access: Access) -> Result<Self, String> {
        let edition = Edition::first(config, source)?;
        Rules::check(&edition)?;
        Ok(Self {
            connections: (0..edition.config.proxy.workers).map(|_| Arc::default()).collect(),
            edition: ArcSwap::from_pointee(edition),
            access,
            decisions: Decisions::default(),
            status: Status::default(),
        })
    }

    /// The edition in force.
    pub fn edition(&self) -> Arc<Edition> {
        self.edition.load_full()
    }

    /// Puts another edition in force.
    pub fn publish(&self, edition: Arc<Edition>) {
        self.edition.store(edition);
    }

    /// The clusters that have no node to serve with.
    pub fn unready(&self) -> Vec<String> {
        let serves = |balancer: &Balancer| {
            balancer.nodes(crate::clock::now()).iter().any(|node| node.serving)
        };
        let edition = self.edition();
        let unready = edition.clusters.iter().filter(|live| !serves(&live.balancer));
        unready.map(|live| live.balancer.name().to_string()).collect()
    }
}
