//! The least loaded of all, whatever the load.

use super::View;
use crate::Rng;

/// The fit member for which `load` is least, found by looking at each; each of several equals is as likely. One that
/// fails is taken only when all do, if the load `learns` from answers: a node that answers errors at once would look
/// fast and idle.
pub fn least(
    view: &View<'_>,
    learns: bool,
    load: impl Fn(usize) -> f64,
    rng: &mut Rng,
) -> Option<usize> {
    let mut best: Option<(usize, (bool, f64))> = None;
    let mut equals = 1;
    for index in (0..view.len()).filter(|&index| view.fit(index)) {
        let own = (learns && view.ails(index), load(index));
        match best {
            Some((_, least)) if own > least => {}
            Some((_, least)) if own == least => {
                equals += 1;
                if rng.below(equals) == 0 {
                    best = Some((index, own));
                }
            }
            _ => (best, equals) = (Some((index, own)), 1),
        }
    }
    best.map(|(index, _)| index)
}
