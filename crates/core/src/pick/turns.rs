//! Turns by weight: what smooth weighted round robin and earliest deadline share. Both keep, for each node, how far
//! it is behind its share; they differ only in whom they pick by that.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Ground, View};
use crate::sync::{AtomicU64, Relaxed};

/// The longest period that is laid out in advance: 4,096 entries are 16 KiB.
pub const LONGEST_SCHEDULE: u64 = 4096;

/// Lags are kept in units of 1 / (`total` × `FINE`) requests: exact while the weights stand, and when they change the
/// rounding is a millionth of a request over the sum of weights.
pub const FINE: i64 = 1 << 20;

/// Whom to pick by how far each is behind.
pub trait Rule: Clone + Default + Send + std::fmt::Debug {
    /// One of the nodes with a positive weight. `unit` is one request; the lags have this step's shares in them.
    fn choose(&mut self, lag: &[i64], weights: &[i64], unit: i64) -> usize;

    /// What is compared, for each node; the arguments are those of `choose`.
    fn scores(&self, lag: &[i64], weights: &[i64], unit: i64) -> Vec<Option<f64>>;

    /// The weights have changed, or some nodes are out: `lag` is how everybody stands before the next step.
    fn varied(&mut self, _lag: &mut Vec<i64>, _unit: i64) {}
}

/// How far each node is behind its share, times `total` × [`FINE`], where `total` is the sum of weights it was last
/// reckoned with. Lags add up to nothing: what one is behind, the others are ahead.
#[derive(Clone, Debug, Default)]
struct Lags<R> {
    rule: R,
    lag: Vec<i64>,
    total: i64,
    /// The weights of the last step.
    weights: Vec<i64>,
    /// The weights of this step, read once: fitness may change under our eyes.
    now: Vec<i64>,
}

impl<R: Rule> Lags<R> {
    /// One step over the members with a positive weight.
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
            level(&mut self.lag);
        }
        let unit = total * FINE;
        if self.lag.iter().all(|&lag| lag == 0) {
            self.rule = R::default();
        } else if self.now != self.weights {
            self.rule.varied(&mut self.lag, unit);
        }
        for (lag, weight) in self.lag.iter_mut().zip(&self.now) {
            *lag += weight * FINE;
        }
        let picked = self.rule.choose(&self.lag, &self.now, unit);
        self.lag[picked] -= unit;
        std::mem::swap(&mut self.weights, &mut self.now);
        Some(picked)
    }
}

/// Makes lags add up to nothing again, by the same step for all: who left took what it was owed along.
pub fn level(lags: &mut [i64]) {
    // On its way the sum of many great lags may leave 64 bits, though the whole of it is small.
    let sum: i128 = lags.iter().map(|&lag| i128::from(lag)).sum();
    if sum != 0 {
        let len = lags.len() as i128;
        for lag in &mut *lags {
            *lag -= sum.div_euclid(len) as i64;
        }
        lags[0] -= sum.rem_euclid(len) as i64;
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
fn schedule<R: Rule>(weights: &[u32]) -> Option<Vec<u32>> {
    if weights.windows(2).all(|pair| pair[0] == pair[1]) {
        // Plain round robin, however many there are.
        return (!weights.is_empty()).then(|| (0..weights.len() as u32).collect());
    }
    let divisor = weights.iter().fold(0, |divisor, &weight| gcd(divisor, u64::from(weight)));
    let sum: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
    if divisor == 0 || sum / divisor > LONGEST_SCHEDULE {
        return None;
    }
    let mut lags = Lags::<R> { lag: vec![0; weights.len()], ..Lags::default() };
    let step =
        |_| lags.step(weights.iter().map(|&weight| i64::from(weight))).map(|index| index as u32);
    (0..sum / divisor).map(step).collect()
}

/// The turns of one snapshot.
#[derive(Debug)]
pub struct Turns<R> {
    weights: Vec<u32>,
    ids: Vec<Arc<str>>,
    order: Order<R>,
}

#[derive(Debug)]
enum Order<R> {
    /// A laid-out period behind one cursor.
    Schedule { order: Vec<u32>, cursor: AtomicU64 },
    /// The lag vector itself.
    Live(Mutex<Lags<R>>),
}

impl<R: Rule> Order<R> {
    fn as_it_stands(&self) -> Self {
        match self {
            Self::Schedule { order, cursor } => {
                let cursor = AtomicU64::new(cursor.load(Relaxed));
                Self::Schedule { order: order.clone(), cursor }
            }
            Self::Live(lags) => Self::Live(Mutex::new(lags.lock().clone())),
        }
    }
}

impl<R: Rule> Turns<R> {
    /// The turns for another membership. Lags come along by id, so that the bound holds across changes of membership
    /// and weight.
    pub fn prepare(before: Option<&Self>, ground: &Ground<'_>) -> Self {
        let weights: Vec<u32> = ground.members.iter().map(|member| member.weight).collect();
        let ids: Vec<_> = ground.members.iter().map(|member| member.state.id().clone()).collect();
        if let Some(before) = before
            && before.weights == weights
            && before.ids == ids
        {
            return Self { weights, ids, order: before.order.as_it_stands() };
        }
        let (lag, total) = before.map(Self::lags).unwrap_or_default();
        let old: HashMap<_, _> = before.iter().flat_map(|turns| &turns.ids).zip(lag).collect();
        let mut lag: Vec<i64> = ids.iter().map(|id| old.get(id).copied().unwrap_or(0)).collect();
        level(&mut lag);
        let owed = lag.iter().any(|&lag| lag != 0);
        let order = match schedule::<R>(&weights) {
            // A period begins anywhere in time, but always from its first entry: only then does the bound hold.
            Some(order) if !owed => Order::Schedule { order, cursor: AtomicU64::new(0) },
            _ => Order::Live(Mutex::new(Lags { lag, total, ..Lags::default() })),
        };
        Self { weights, ids, order }
    }

    /// The lag of each node as it stands, with the total it is reckoned in.
    fn lags(&self) -> (Vec<i64>, i64) {
        match &self.order {
            Order::Live(lags) => {
                let lags = lags.lock();
                (lags.lag.clone(), lags.total)
            }
            Order::Schedule { order, cursor } => {
                // After t steps a node is owed t weights and has had a total for each of its picks.
                let done = (cursor.load(Relaxed) % order.len() as u64) as u32;
                let total: i64 = self.weights.iter().map(|&weight| i64::from(weight)).sum();
                let owed = |&weight: &u32| i64::from(done) * i64::from(weight) * FINE;
                let mut lag: Vec<i64> = self.weights.iter().map(owed).collect();
                for &picked in &order[..done as usize] {
                    lag[picked as usize] -= total * FINE;
                }
                (lag, total)
            }
        }
    }

    /// The same turns, to be gone through aside.
    pub fn twin(&self) -> Self {
        let (weights, ids) = (self.weights.clone(), self.ids.clone());
        Self { weights, ids, order: self.order.as_it_stands() }
    }

    /// What the rule compares for the next turn.
    pub fn scores(&self, view: &View<'_>) -> Vec<Option<f64>> {
        let (mut lag, before) = self.lags();
        let weights: Vec<i64> = self
            .weights
            .iter()
            .enumerate()
            .map(|(index, &weight)| if view.fit(index) { i64::from(weight) } else { 0 })
            .collect();
        let total: i64 = weights.iter().sum();
        for (lag, weight) in lag.iter_mut().zip(&weights) {
            *lag =
                if before == total { *lag } else { rescale(*lag, total, before) } + weight * FINE;
        }
        let rule = match &self.order {
            Order::Live(lags) => lags.lock().rule.clone(),
            Order::Schedule { .. } => R::default(),
        };
        rule.scores(&lag, &weights, total * FINE)
    }

    /// The next fit member.
    pub fn next(&self, view: &View<'_>) -> Option<usize> {
        match &self.order {
            Order::Schedule { order, cursor } => {
                let len = order.len() as u64;
                let turn = || order[(cursor.fetch_add(1, Relaxed) % len) as usize] as usize;
                (0..len).map(|_| turn()).find(|&index| view.fit(index))
            }
            Order::Live(lags) => {
                let weight = |(index, &weight): (usize, &u32)| {
                    if view.fit(index) { i64::from(weight) } else { 0 }
                };
                lags.lock().step(self.weights.iter().enumerate().map(weight))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::level;

    /// Lags that nodes of the greatest weight can have; 20,000 of them add up to more than 64 bits hold.
    #[test]
    fn many_great_lags_are_levelled_although_their_sum_on_the_way_leaves_64_bits() {
        let great = 1_i64 << 50;
        let mut lags: Vec<i64> =
            (0..40_000).map(|at| if at < 20_000 { great } else { -great }).collect();
        lags[7] += 100_003;
        level(&mut lags);
        assert_eq!(lags.iter().map(|&lag| i128::from(lag)).sum::<i128>(), 0);
        assert!(lags.iter().all(|lag| (lag.abs() - great).abs() <= 100_003));
    }
}
