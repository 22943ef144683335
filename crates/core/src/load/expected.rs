//! What the next request may expect, for strategies that reckon with the queue themselves.

use super::{Load, Scale};
use crate::sync::Relaxed;
use crate::{Member, Nanos};

/// Average latency in nanoseconds, whatever the weight. After a failure or a silence that somebody gave up on, no less
/// than that was; while somebody waits, no less than the silence. So a node that fails or hangs never looks fast.
#[derive(Debug)]
pub struct Expected;

impl Load for Expected {
    fn of(&self, member: &Member, scale: &Scale) -> f64 {
        let state = &member.state;
        let at = scale.now;
        let mut latency = state.mean.at(at, scale.decay).unwrap_or(scale.typical_latency);
        if state.well_from.load(Relaxed) != 0 {
            latency = latency.max(state.peak.at(at, scale.decay).unwrap_or_default());
        }
        if state.places.both().1 > 0 {
            latency = latency.max(at.since(Nanos(state.quiet_since.load(Relaxed))).0 as f64);
        }
        latency
    }

    fn reads_clock(&self) -> bool {
        true
    }
}
