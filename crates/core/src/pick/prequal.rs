//! Probing to reduce queuing and latency.
//!
//! Does     looks at three nodes for each pick and keeps what it saw for up to a second, 16 nodes at most. A node is hot
//!          when it has more requests in flight than 84 % of what was seen lately. Lends the cold one with the least
//!          latency; when all are hot, the one with the fewest in flight.
//! Suits    many callers, many nodes whose speed changes from moment to moment, and tails that matter.
//! Fails    with few requests: what was seen has aged. What one balancer sees of its own requests stands in for
//!          probes: between many balancers that share the nodes, power_of_two errs less.
//! Costs    O(1): a short critical section over at most 16 nodes and 64 numbers.
//! Promise  a hot node is lent only when no cold one is known; nothing older than a second, and nothing used more often
//!          than the paper's bound, is gone by; a node that fails at once gets one try a second (Wydrowski et al. 2024,
//!          laws/prequal)

use std::cmp::Ordering::Equal;
use std::sync::Arc;

use parking_lot::Mutex;

use super::options::{OptionEntry, Options};
use super::patrol::Patrol;
use super::random::Random;
use super::{Ground, Key, Strategy, View};
use crate::load::Expected;
use crate::{Fault, Nanos, Rng, State};

/// The parameters of the paper (NSDI 2024, section 5): nodes kept, nodes seen for each pick, what is thrown away for
/// each pick, the quantile that parts cold from hot (2^-0.25), how long a sight is good for, and δ.
const POOL: usize = 16;
const PROBES: usize = 3;
const REMOVED: f64 = 1.0;
const QUANTILE: f64 = 0.840_896_415_253_714_6;
const AGE: Nanos = Nanos::from_secs(1);
const DELTA: f64 = 1.0;
/// How many sights tell what is hot: those of the last 21 picks.
const SEEN: usize = 64;

/// See the file's head.
#[derive(Debug)]
pub struct Prequal {
    /// Outlives the snapshots: what was seen of a node that stays is still true.
    pool: Option<Arc<Mutex<Pool>>>,
    patrol: Patrol,
    /// For when fewer than two are known.
    random: Arc<dyn Strategy>,
}

#[derive(Clone, Debug, Default)]
struct Pool {
    /// In the order in which they were seen.
    sights: Vec<Sight>,
    /// Requests in flight per weight of whatever was seen lately, in a ring.
    seen: Vec<f64>,
    next: usize,
    /// Whether the last one thrown away was the oldest: the worst goes next.
    oldest_went: bool,
}

/// What was seen of a node.
#[derive(Clone, Debug)]
struct Sight {
    node: Arc<State>,
    index: usize,
    at: Nanos,
    /// How often it may still be used.
    uses: u32,
    what: Seen,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    /// Whether it fails: then any other comes first.
    ails: bool,
    /// Requests in flight per weight, with those that this sight has brought.
    in_flight: f64,
    /// What is expected of the next answer: failures and silence count as latency.
    latency: f64,
}

/// How often one sight may be used among `nodes` nodes: b = max(1, (1 + δ) / ((1 − m/n) r_probe − r_remove)). Where
/// that has no positive divisor (up to 24 nodes) new sights come faster than they are used up: age alone ends them.
fn reuse(nodes: usize) -> f64 {
    let fresh = 1.0 - POOL as f64 / nodes as f64;
    let left = fresh * PROBES as f64 - REMOVED;
    if left > 0.0 { ((1.0 + DELTA) / left).max(1.0) } else { f64::INFINITY }
}

/// The rule: of the cold ones that with the least latency, else that with the least in flight. Of several equals each
/// is as likely.
fn hot_or_cold(seen: impl Iterator<Item = Seen>, limit: f64, rng: &mut Rng) -> Option<usize> {
    let rank = |seen: Seen| {
        let hot = seen.in_flight > limit;
        (seen.ails, hot, if hot { seen.in_flight } else { seen.latency })
    };
    let mut best = None;
    let mut equals = 1;
    for (place, own) in seen.map(rank).enumerate() {
        match best {
            Some((_, least)) if own > least => {}
            Some((_, least)) if own == least => {
                equals += 1;
                if rng.below(equals) == 0 {
                    best = Some((place, own));
                }
            }
            _ => (best, equals) = (Some((place, own)), 1),
        }
    }
    best.map(|(place, _)| place)
}

/// How far a sight is from being used.
fn badness(sight: &Sight, limit: f64) -> (bool, bool, f64) {
    let Seen { ails, in_flight, latency } = sight.what;
    let hot = in_flight > limit;
    (ails, hot, if hot { in_flight } else { latency })
}

impl Pool {
    /// Forgets what is too old, and who has left.
    fn age(&mut self, view: &View<'_>) {
        self.sights.retain_mut(|sight| {
            let members = view.members();
            if !members.get(sight.index).is_some_and(|it| Arc::ptr_eq(&it.state, &sight.node)) {
                let found = members.iter().position(|it| Arc::ptr_eq(&it.state, &sight.node));
                let Some(index) = found else { return false };
                sight.index = index;
            }
            view.now().since(sight.at) < AGE
        });
    }

    /// Looks at a few different nodes.
    fn look(&mut self, view: &View<'_>, rng: &mut Rng) {
        let uses = reuse(view.len());
        let mut looked = [usize::MAX; PROBES];
        for place in 0..PROBES.min(view.len()) {
            // Of those not looked at yet, each with the same chance (Floyd's sampling).
            let last = view.len() - PROBES.min(view.len()) + place;
            let lot = rng.below(last + 1);
            let index = if looked.contains(&lot) { last } else { lot };
            looked[place] = index;
            if view.fit(index) {
                self.note(view, index, uses, rng);
            }
        }
    }

    fn note(&mut self, view: &View<'_>, index: usize, uses: f64, rng: &mut Rng) {
        let member = &view.members()[index];
        let in_flight = f64::from(member.state.in_flight()) / f64::from(member.weight);
        if self.seen.len() < SEEN {
            self.seen.push(in_flight);
        } else {
            self.seen[self.next] = in_flight;
            self.next = (self.next + 1) % SEEN;
        }
        self.sights.retain(|sight| sight.index != index);
        if self.sights.len() == POOL {
            self.sights.remove(0);
        }
        let what = Seen { ails: view.ails(index), in_flight, latency: view.load(index, &Expected) };
        // Rounded up with the probability of what is cut off, so that the mean is right.
        let uses = (uses + rng.unit()).min(f64::from(u32::MAX)) as u32;
        self.sights.push(Sight { node: member.state.clone(), index, at: view.now(), uses, what });
    }

    /// More requests in flight than this is hot.
    fn limit(&self) -> f64 {
        let mut seen = [0.0; SEEN];
        let seen = &mut seen[..self.seen.len()];
        seen.copy_from_slice(&self.seen);
        let place = (QUANTILE * seen.len() as f64).ceil() as usize - 1;
        *seen.select_nth_unstable_by(place, f64::total_cmp).1
    }

    /// Takes the best, counts its use, and throws one away.
    fn take(&mut self, view: &View<'_>, rng: &mut Rng) -> Option<usize> {
        let (mut fit, mut count) = ([0; POOL], 0);
        for (place, sight) in self.sights.iter().enumerate() {
            if view.fit(sight.index) {
                fit[count] = place;
                count += 1;
            }
        }
        let fit = &fit[..count];
        if count == 0 || (count < 2 && view.len() > 1) {
            return None;
        }
        let limit = self.limit();
        let best = hot_or_cold(fit.iter().map(|&at| self.sights[at].what), limit, rng)?;
        let place = fit[best];
        let sight = &mut self.sights[place];
        let index = sight.index;
        sight.what.in_flight += 1.0 / f64::from(view.members()[index].weight);
        sight.uses -= 1;
        if sight.uses == 0 {
            self.sights.remove(place);
        }
        self.throw_away(limit);
        Some(index)
    }

    /// The place of each member in the order of those that were seen.
    fn ranks(&self, view: &View<'_>) -> Vec<Option<f64>> {
        let mut ranks = vec![None; view.len()];
        if !self.seen.is_empty() {
            let limit = self.limit();
            let mut order: Vec<&Sight> = self.sights.iter().collect();
            order
                .sort_by(|a, b| badness(a, limit).partial_cmp(&badness(b, limit)).unwrap_or(Equal));
            for (place, sight) in order.into_iter().enumerate() {
                ranks[sight.index] = Some(place as f64);
            }
        }
        ranks
    }

    /// In turns the oldest, so that nothing stays for ever, and the worst, which would never be used.
    fn throw_away(&mut self, limit: f64) {
        let worst = (0..self.sights.len()).reduce(|worst, at| {
            if badness(&self.sights[at], limit) > badness(&self.sights[worst], limit) {
                at
            } else {
                worst
            }
        });
        let Some(worst) = worst else { return };
        self.sights.remove(if self.oldest_went { worst } else { 0 });
        self.oldest_went = !self.oldest_went;
    }
}

impl Prequal {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[];
    pub(super) const USES_KEY: bool = false;

    pub(super) fn from_options(options: &Options<'_>) -> Result<Self, Fault> {
        let random = Arc::new(Random::from_options(options)?);
        Ok(Self { pool: None, patrol: Patrol::default(), random })
    }
}

impl Strategy for Prequal {
    fn name(&self) -> &'static str {
        "prequal"
    }

    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        let pool = Some(self.pool.clone().unwrap_or_default());
        let (patrol, random) = (Patrol::new(ground), self.random.prepare(ground)?.into());
        Ok(Box::new(Self { pool, patrol, random }))
    }

    fn twin(&self) -> Option<Box<dyn Strategy>> {
        let pool = self.pool.as_ref()?.lock().clone();
        let (patrol, random) = (self.patrol.twin(), self.random.clone());
        Some(Box::new(Self { pool: Some(Arc::new(Mutex::new(pool))), patrol, random }))
    }

    /// The place among those that were seen lately, before the next looks.
    fn scores(&self, view: &View<'_>, _key: Key<'_>) -> Vec<Option<f64>> {
        let Some(pool) = &self.pool else { return Vec::new() };
        let mut pool = pool.lock().clone();
        pool.age(view);
        pool.ranks(view)
    }

    fn pick(&self, view: &View<'_>, key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        let pool = self.pool.as_ref().filter(|_| !view.is_empty())?;
        if let Some(index) = self.patrol.neglected(view) {
            return Some(index);
        }
        let taken = {
            let mut pool = pool.lock();
            pool.age(view);
            pool.look(view, rng);
            pool.take(view, rng)
        };
        taken.or_else(|| self.random.pick(view, key, rng))
    }

    fn reads_clock(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Seen, hot_or_cold, reuse};
    use crate::Rng;

    fn seen(in_flight: f64, latency: f64) -> Seen {
        Seen { ails: false, in_flight, latency }
    }

    #[test]
    fn the_least_latency_of_the_cold_wins_and_of_the_hot_the_least_in_flight() {
        let mut rng = Rng::seeded(1);
        let mut chosen = |all: &[Seen]| hot_or_cold(all.iter().copied(), 5.0, &mut rng);
        assert_eq!(chosen(&[seen(5.0, 3.0), seen(0.0, 9.0), seen(6.0, 1.0)]), Some(0));
        assert_eq!(chosen(&[seen(8.0, 1.0), seen(7.0, 9.0), seen(9.0, 0.0)]), Some(1));
        let failing = Seen { ails: true, ..seen(0.0, 0.1) };
        assert_eq!(chosen(&[failing, seen(9.0, 9.0)]), Some(1));
        assert_eq!(chosen(&[failing]), Some(0));
        assert_eq!(chosen(&[]), None);
    }

    /// Among very many nodes every probe is news, and (1 + 1) / (3 − 1) = 1; among few each is often a repetition.
    #[test]
    fn what_is_seen_is_used_as_often_as_the_paper_says() {
        assert!((reuse(1_000_000) - 1.0).abs() < 1e-4);
        assert!((reuse(100) - 2.0 / (0.84 * 3.0 - 1.0)).abs() < 1e-12);
        assert!((reuse(25) - 25.0).abs() < 1e-9);
        assert!((1..=24).all(|nodes| reuse(nodes).is_infinite()));
        assert!((25..5_000).all(|nodes| reuse(nodes) >= 1.0 && reuse(nodes) >= reuse(nodes + 1)));
    }
}
