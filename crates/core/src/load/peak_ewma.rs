//! Peak latency times the queue in front: what a request would wait, seen pessimistically.

use super::{Load, Scale};
use crate::sync::Relaxed;
use crate::{Member, Nanos};

/// Peak latency × (in flight + 1) / weight. The estimate jumps up to a slow answer or a failure's penalty at once and
/// fades from there (after Finagle's peak EWMA). Beyond Finagle's: while requests wait for an answer, the silence
/// itself is a lower bound of the latency, so that a node that hangs does not look better the longer it hangs.
#[derive(Debug)]
pub struct PeakEwma;

impl Load for PeakEwma {
    fn of(&self, member: &Member, scale: &Scale) -> f64 {
        let (in_flight, waiting) = member.state.places.both();
        let mut latency =
            member.state.peak.at(scale.now, scale.decay).unwrap_or(scale.typical_latency);
        if waiting > 0 {
            let quiet = scale.now.since(Nanos(member.state.quiet_since.load(Relaxed)));
            latency = latency.max(quiet.0 as f64);
        }
        latency * f64::from(in_flight + 1) / f64::from(member.weight)
    }

    fn reads_clock(&self) -> bool {
        true
    }
}
