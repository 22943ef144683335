//! What every worker, the admin listener and the upkeep see.

use std::sync::Arc;

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
}
