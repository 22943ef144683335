//! Average latency of what succeeded.

use super::{Load, Scale};
use crate::Member;

/// Decayed average latency / weight.
#[derive(Debug)]
pub struct Latency;

impl Load for Latency {
    fn of(&self, member: &Member, scale: &Scale) -> f64 {
        let latency = member.state.mean.at(scale.now, scale.decay).unwrap_or(scale.typical_latency);
        latency / f64::from(member.weight)
    }

    fn reads_clock(&self) -> bool {
        true
    }
}
