//! Requests in flight, this one included.

use super::{Load, Scale};
use crate::Member;

/// (in flight + 1) / weight.
#[derive(Debug)]
pub struct InFlight;

impl Load for InFlight {
    fn of(&self, member: &Member, _scale: &Scale) -> f64 {
        f64::from(member.state.in_flight() + 1) / f64::from(member.weight)
    }
}
