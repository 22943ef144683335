//! The knobs of a cluster and their defaults, each with its reason.

use crate::{Nanos, SubsetSettings};

/// Everything about a cluster that is not its nodes or its strategy.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Passive watching; `None` switches it off.
    pub ejection: Option<EjectionSettings>,
    /// How long a node takes to its full share after joining or failing its check; zero switches it off.
    pub slow_start: Nanos,
    /// Active checks; `None` when none were asked for.
    pub check: Option<CheckSettings>,
    /// Extra tries and their budget.
    pub retry: RetrySettings,
    /// Waiting for a place.
    pub queue: QueueSettings,
    /// Key of the stable hash; changing it moves all keys.
    pub hash_seed: u64,
    /// Which of the nodes are kept; `None` keeps all.
    pub subset: Option<SubsetSettings>,
    /// Time constant of the latency estimates. 2 s: a recovered node has its fair share again within 10 s, and a
    /// sample of 5 ms in 20 still averages over hundreds of requests.
    pub decay: Nanos,
    /// What a failure is recorded as in the peak estimate, so that fast failures do not attract traffic.
    pub failure_penalty: Nanos,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ejection: Some(EjectionSettings::default()),
            slow_start: Nanos::from_secs(30),
            check: None,
            retry: RetrySettings::default(),
            queue: QueueSettings::default(),
            hash_seed: 0,
            subset: None,
            decay: Nanos::from_secs(2),
            failure_penalty: Nanos::from_secs(5),
        }
    }
}

/// When passive watching ejects a node, and for how long.
#[derive(Clone, Debug)]
pub struct EjectionSettings {
    /// Failures in a row that eject.
    pub consecutive: u32,
    /// Span over which the failure ratio is counted.
    pub window: Nanos,
    /// Requests within the window below which the ratio says nothing.
    pub min_requests: u32,
    /// First ejection; doubles with each further one.
    pub base: Nanos,
    /// Longest ejection.
    pub max: Nanos,
    /// Largest share of the nodes that may be ejected, counted after the ejection.
    pub max_share: f64,
}

impl Default for EjectionSettings {
    fn default() -> Self {
        Self {
            consecutive: 5,
            window: Nanos::from_secs(10),
            min_requests: 20,
            base: Nanos::from_secs(5),
            max: Nanos::from_secs(300),
            max_share: 0.5,
        }
    }
}

/// How often active checks run and how many results change a mind.
#[derive(Clone, Debug)]
pub struct CheckSettings {
    /// Time between checks of a settled node.
    pub every: Nanos,
    /// Time between checks while a node is changing.
    pub fast: Nanos,
    /// Successes in a row that bring a node up.
    pub rise: u32,
    /// Failures in a row that take a node down.
    pub fall: u32,
    /// Share of `every` by which each check is moved at random, so that checks do not march in step.
    pub jitter: f64,
    /// Whether a node must pass a check before it serves.
    pub required: bool,
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self {
            every: Nanos::from_secs(5),
            fast: Nanos::from_secs(1),
            rise: 2,
            fall: 3,
            jitter: 0.15,
            required: false,
        }
    }
}

/// Extra tries and what bounds them.
#[derive(Clone, Debug)]
pub struct RetrySettings {
    /// Tries beyond the first; at least [`UNREACHED`](crate::UNREACHED) while no node was reached, unless it is 0.
    pub extra: u32,
    /// Upper end of the random wait before a retry (full jitter).
    pub backoff: Nanos,
    /// Retries earned by each request.
    pub share: f64,
    /// Retries earned by each second.
    pub per_second: f64,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self { extra: 1, backoff: Nanos::from_millis(25), share: 0.2, per_second: 10.0 }
    }
}

/// Waiting for a place when every node is at its capacity.
#[derive(Clone, Debug)]
pub struct QueueSettings {
    /// How many may wait.
    pub length: usize,
    /// How long one may wait.
    pub timeout: Nanos,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self { length: 1024, timeout: Nanos::from_secs(1) }
    }
}
