//! Smooth weighted round robin.
//!
//! Does     gives each node its weight's share, spread out: 5:1:1 is a a b a c a a, never five in a row.
//! Suits    nodes of known, different size and requests of equal cost.
//! Fails    when the weights are wrong: it looks at nothing else.
//! Costs    O(1) and one atomic addition while the nodes stand and their weights are equal or their sum / gcd is at
//!          most 4,096; otherwise, and after a change in the middle of a period, O(n) in a short critical section.
//! Promise  on every prefix each node is between 1 − 1/k ahead of its share and H_k − 1 behind it, also while weights
//!          change; exact after each period (theory 2.4.1, laws/weighted_round_robin)

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::options::{OptionEntry, Options};
use super::{Ground, Key, Strategy, View};
use crate::sync::{AtomicU64, Relaxed};
use crate::{Fault, Rng};

/// The longest period that is laid out in advance: 4,096 entries are 16 KiB.
pub const LONGEST_SCHEDULE: u64 = 4096;

/// See the file's head.
#[derive(Debug)]
pub struct WeightedRoundRobin {
    weights: Vec<u32>,
    ids: Vec<Arc<str>>,
    turns: Turns,
}

#[derive(Debug)]
enum Turns {
    /// Not prepared yet.
    None,
    /// A laid-out period behind one cursor.
    Schedule { order: Vec<u32>, cursor: AtomicU64 },
    /// The lag vector itself.
    Live(Mutex<Lags>),
}

/// Lags are kept in units of 1 / (`total` × `FINE`) requests: exact while the weights stand, and when they change the
/// rounding is a millionth of a request over the sum of weights.
const FINE: i64 = 1 << 20;

/// How far each node is behind its share, times `total` × [`FINE`], where `total` is the sum of weights it was last
/// reckoned with. Lags add up to nothing: what one is behind, the others are ahead.
#[derive(Debug, Default)]
struct Lags {
    lag: Vec<i64>,
    total: i64,
    /// The weights of this step, read once: fitness may change under our eyes.
    now: Vec<i64>,
}

impl Lags {
    fn new(lag: Vec<i64>, total: i64) -> Self {
        Self { lag, total, now: Vec::new() }
    }

    /// One step of smooth weighted round robin over the members with a positive weight.
    fn step(&mut self, weights: impl Iterator<Item = i64>) -> Option<usize> {
        self.now.clear();
        self.now.extend(weights);
        let total: i64 = self.now.iter().sum();
        if total == 0 {
            return None;
        }
        if total != self.total {
            // Lags are in units of 1/total: another total is another unit.
            for lag in &mut self.lag {
                *lag = rescale(*lag, total, self.total);
            }
            self.total = total;
            self.level();
        }
        let mut best: Option<usize> = None;
        for (index, &weight) in self.now.iter().enumerate() {
            self.lag[index] += weight * FINE;
            if weight > 0 && best.is_none_or(|best| self.lag[index] > self.lag[best]) {
                best = Some(index);
            }
        }
        if let Some(best) = best {
            self.lag[best] -= total * FINE;
        }
        best
    }

    /// Makes the lags add up to nothing again, by the same step for all: who left took what it was owed along.
    fn level(&mut self) {
        let sum: i64 = self.lag.iter().sum();
        let len = i64::try_from(self.lag.len()).expect("fewer nodes than i64 counts");
        if sum != 0 {
            for lag in &mut self.lag {
                *lag -= sum.div_euclid(len);
            }
            self.lag[0] -= sum.rem_euclid(len);
        }
    }
}

/// lag × total / before, rounded to the nearest.
fn rescale(lag: i64, total: i64, before: i64) -> i64 {
    if before == 0 {
        return 0;
    }
    let before = i128::from(before);
    (2 * i128::from(lag) * i128::from(total) + before).div_euclid(2 * before) as i64
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// One period from zero lags, if it is short enough.
fn schedule(weights: &[u32]) -> Option<Vec<u32>> {
    if weights.windows(2).all(|pair| pair[0] == pair[1]) {
        // Plain round robin, however many there are.
        return (!weights.is_empty()).then(|| (0..weights.len() as u32).collect());
    }
    let divisor = weights.iter().fold(0, |divisor, &weight| gcd(divisor, u64::from(weight)));
    let sum: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
    if divisor == 0 || sum / divisor > LONGEST_SCHEDULE {
        return None;
    }
    let mut lags = Lags::new(vec![0; weights.len()], 0);
    let step =
        |_| lags.step(weights.iter().map(|&weight| i64::from(weight))).map(|index| index as u32);
    (0..sum / divisor).map(step).collect()
}

impl WeightedRoundRobin {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[];
    pub(super) const USES_KEY: bool = false;

    pub(super) fn from_options(_options: &Options<'_>) -> Result<Self, Fault> {
        Ok(Self { weights: Vec::new(), ids: Vec::new(), turns: Turns::None })
    }

    /// The lag of each node as it stands, with the total it is reckoned in.
    fn lags(&self) -> Option<(Vec<i64>, i64)> {
        match &self.turns {
            Turns::None => None,
            Turns::Live(lags) => {
                let lags = lags.lock();
                Some((lags.lag.clone(), lags.total))
            }
            Turns::Schedule { order, cursor } => {
                // After t steps a node is owed t weights and has had a total for each of its picks.
                let done = (cursor.load(Relaxed) % order.len() as u64) as u32;
                let total: i64 = self.weights.iter().map(|&weight| i64::from(weight)).sum();
                let owed = |&weight: &u32| i64::from(done) * i64::from(weight) * FINE;
                let mut lag: Vec<i64> = self.weights.iter().map(owed).collect();
                for &picked in &order[..done as usize] {
                    lag[picked as usize] -= total * FINE;
                }
                Some((lag, total))
            }
        }
    }
}

impl Strategy for WeightedRoundRobin {
    fn name(&self) -> &'static str {
        "weighted_round_robin"
    }

    /// Lags come along by id, so that the bound holds across changes of membership and weight.
    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        let weights: Vec<u32> = ground.members.iter().map(|member| member.weight).collect();
        let ids: Vec<_> = ground.members.iter().map(|member| member.state.id().clone()).collect();
        let (lag, total) = self.lags().unwrap_or_default();
        let old: HashMap<_, _> = self.ids.iter().zip(lag).collect();
        let lag: Vec<i64> = ids.iter().map(|id| old.get(id).copied().unwrap_or(0)).collect();
        let mut lags = Lags::new(lag, total);
        lags.level();
        let owed = lags.lag.iter().any(|&lag| lag != 0);
        let turns = match schedule(&weights) {
            Some(order) if !owed => {
                // A period begins anywhere in time, but always from its first entry: only then does the bound hold.
                Turns::Schedule { order, cursor: AtomicU64::new(0) }
            }
            _ => Turns::Live(Mutex::new(lags)),
        };
        Ok(Box::new(Self { weights, ids, turns }))
    }

    fn pick(&self, view: &View<'_>, _key: Key<'_>, _rng: &mut Rng) -> Option<usize> {
        match &self.turns {
            Turns::None => None,
            Turns::Schedule { order, cursor } => {
                let len = order.len() as u64;
                let turn = || order[(cursor.fetch_add(1, Relaxed) % len) as usize] as usize;
                (0..len).map(|_| turn()).find(|&index| view.fit(index))
            }
            Turns::Live(lags) => {
                let weight = |(index, &weight): (usize, &u32)| {
                    if view.fit(index) { i64::from(weight) } else { 0 }
                };
                lags.lock().step(self.weights.iter().enumerate().map(weight))
            }
        }
    }
}
