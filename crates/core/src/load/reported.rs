//! The load that nodes tell themselves.

use super::{Load, Scale};
use crate::Member;

/// Reported load / weight. A node that has told nothing yet counts as the average of those that have.
#[derive(Debug)]
pub struct Reported;

impl Load for Reported {
    fn of(&self, member: &Member, scale: &Scale) -> f64 {
        member.state.reported().unwrap_or(scale.typical_report) / f64::from(member.weight)
    }
}
