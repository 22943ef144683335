//! What is measured: batch means for figures and their certainty, one histogram for quantiles. Nothing grows with the
//! number of requests.

use hdrhistogram::Histogram;

use crate::node::Node;
use crate::scenario::Scenario;

/// What is counted of one node.
#[derive(Clone, Debug)]
pub struct Books {
    pub picks: u64,
    pub ok: u64,
    pub failed: u64,
    /// Tries that were answered well after the warm-up, and the nanoseconds they took.
    pub answered: u64,
    pub took: u128,
    /// Capacity or weight: what its load is measured by.
    pub size: f64,
    /// Whether it has been a member.
    pub member: bool,
}

/// Where the warm-up and each batch end: at a request or at a time.
#[derive(Clone, Debug)]
pub struct Plan {
    warm: u64,
    whole: u64,
    batches: u64,
    /// Whether the bounds are times.
    pub timed: bool,
}

impl Plan {
    pub fn new(scenario: &Scenario) -> Self {
        let whole = scenario
            .requests
            .unwrap_or_else(|| (scenario.seconds.unwrap_or_default() * 1e9) as u64);
        let warm = (whole as f64 * scenario.warmup) as u64;
        let batches = (scenario.batches as u64).clamp(1, (whole - warm).max(1));
        Self { warm, whole, batches, timed: scenario.requests.is_none() }
    }

    /// The bound that ends the warm-up (0) or a batch (from 1); nothing after the last.
    pub fn bound(&self, crossed: usize) -> Option<u64> {
        let crossed = crossed as u64;
        let part = u128::from(self.whole - self.warm) * u128::from(crossed);
        (crossed <= self.batches).then(|| self.warm + (part / u128::from(self.batches)) as u64)
    }
}

/// The levels of a span of time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Level {
    pub in_system: f64,
    pub throughput: f64,
    pub peak_to_mean: Option<f64>,
    pub balance: f64,
    pub jain: f64,
}

/// The response times of a batch.
#[derive(Clone, Debug)]
pub struct Batch {
    pub mean: f64,
    pub quantiles: Vec<f64>,
}

/// A state of all that only grows, to measure from.
#[derive(Clone, Debug, Default)]
struct Mark {
    at: u64,
    area: u128,
    ok: u64,
    nodes: Vec<(u128, u128)>,
}

/// Mean number of requests and mean busy servers of each node over a span, and its length in nanoseconds.
#[derive(Clone, Debug, Default)]
pub struct Means {
    pub span: u64,
    pub nodes: Vec<(f64, f64)>,
}

/// The measurements of one run.
#[derive(Debug)]
pub struct Stats {
    pub plan: Plan,
    quantiles: Vec<f64>,
    crossed: usize,
    /// Whether the warm-up is over.
    pub warm: bool,
    batch: Histogram<u64>,
    batch_sum: u128,
    /// Of all batches that have ended.
    pub times: Histogram<u64>,
    pub sum: u128,
    pub batches: Vec<Batch>,
    pub levels: Vec<Level>,
    /// Requests in the system × nanoseconds, and how many there are.
    pub area: u128,
    count: u64,
    at: u64,
    /// Sum of all sojourns.
    pub sojourns: u128,
    ok: u64,
    begin: Mark,
    last: Mark,
    /// Where the last request came.
    end: Option<Mark>,
}

/// Why nothing is too large for a histogram.
pub const GROWS: &str = "a histogram that grows holds any number";

fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("three digits are allowed")
}

impl Stats {
    pub fn new(scenario: &Scenario, start: u64) -> Self {
        Self {
            plan: Plan::new(scenario),
            quantiles: scenario.quantiles.clone(),
            crossed: 0,
            warm: false,
            batch: histogram(),
            batch_sum: 0,
            times: histogram(),
            sum: 0,
            batches: Vec::new(),
            levels: Vec::new(),
            area: 0,
            count: 0,
            at: start,
            sojourns: 0,
            ok: 0,
            begin: Mark::default(),
            last: Mark::default(),
            end: None,
        }
    }

    /// The next bound, if there is one.
    pub fn bound(&self) -> Option<u64> {
        self.plan.bound(self.crossed)
    }

    #[inline]
    fn advance(&mut self, now: u64) {
        self.area += u128::from(now - self.at) * u128::from(self.count);
        self.at = now;
    }

    /// A request comes.
    #[inline]
    pub fn enter(&mut self, now: u64) {
        self.advance(now);
        self.count += 1;
    }

    /// A request has its answer; it counts when it came after the warm-up.
    #[inline]
    pub fn leave(&mut self, now: u64, response: u64, well: bool, warm: bool) {
        self.advance(now);
        self.count -= 1;
        self.sojourns += u128::from(response);
        self.ok += u64::from(well);
        if well && warm {
            self.batch.record(response).expect(GROWS);
            self.batch_sum += u128::from(response);
        }
    }

    fn mark(&mut self, now: u64, nodes: &mut [Node]) -> Mark {
        self.advance(now);
        let levels = |node: &mut Node| {
            node.advance(now);
            (node.area, node.busy)
        };
        Mark {
            at: now,
            area: self.area,
            ok: self.ok,
            nodes: nodes.iter_mut().map(levels).collect(),
        }
    }

    /// The run crosses the next bound at `now`.
    pub fn cross(&mut self, now: u64, nodes: &mut [Node], books: &[Books]) {
        let mark = self.mark(now, nodes);
        if self.warm {
            if let Some(level) = level(&self.last, &mark, books) {
                self.levels.push(level);
            }
            // Answers that are still out belong to the last batch.
            if self.plan.bound(self.crossed + 1).is_some() {
                self.end_batch(true);
            }
        } else {
            self.warm = true;
            self.begin = mark.clone();
        }
        self.crossed += 1;
        self.last = mark;
    }

    /// No more requests come: the nodes run dry, and that is not counted.
    pub fn end(&mut self, now: u64, nodes: &mut [Node]) {
        if self.end.is_none() {
            self.end = Some(self.mark(now, nodes));
        }
    }

    /// Adds the batch to the total, and to the batches when it was a `whole` one.
    fn end_batch(&mut self, whole: bool) {
        let count = self.batch.len();
        if count == 0 {
            return;
        }
        if whole {
            let quantiles = &self.quantiles;
            let read = |&quantile: &f64| at(&self.batch, quantile);
            self.batches.push(Batch {
                mean: self.batch_sum as f64 / count as f64 / 1e9,
                quantiles: quantiles.iter().map(read).collect(),
            });
        }
        self.times.add(&self.batch).expect(GROWS);
        self.sum += self.batch_sum;
        self.batch.reset();
        self.batch_sum = 0;
    }

    /// The run has ended at `now`. Returns the level of all that was counted, and the nodes' means.
    pub fn finish(
        &mut self,
        now: u64,
        nodes: &mut [Node],
        books: &[Books],
    ) -> (Option<Level>, Means) {
        self.end_batch(self.bound().is_none());
        self.end(now, nodes);
        let (Some(end), true) = (&self.end, self.warm) else {
            return (None, Means { span: 0, nodes: vec![(0.0, 0.0); books.len()] });
        };
        (level(&self.begin, end, books), means(&self.begin, end))
    }
}

/// The levels between two marks; nothing when no time lies between them.
fn level(from: &Mark, to: &Mark, books: &[Books]) -> Option<Level> {
    let span = to.at.checked_sub(from.at).filter(|&span| span > 0)? as f64;
    let means = means(from, to);
    let members = || means.nodes.iter().zip(books).filter(|(_, books)| books.member);
    let loads: Vec<f64> = members().map(|((load, _), books)| load / books.size).collect();
    let whole: f64 = members().map(|((load, _), _)| load).sum();
    let size: f64 = members().map(|(_, books)| books.size).sum();
    let most = loads.iter().copied().fold(0.0, f64::max);
    let least = loads.iter().copied().fold(f64::INFINITY, f64::min);
    let (sum, squares) =
        loads.iter().fold((0.0, 0.0), |(sum, squares), load| (sum + load, squares + load * load));
    let idle = most <= 0.0;
    Some(Level {
        in_system: (to.area - from.area) as f64 / span,
        throughput: (to.ok - from.ok) as f64 / span * 1e9,
        peak_to_mean: (!idle).then(|| most / (whole / size)),
        balance: if idle { 1.0 } else { least / most },
        jain: if idle { 1.0 } else { sum * sum / (loads.len() as f64 * squares) },
    })
}

fn means(from: &Mark, to: &Mark) -> Means {
    let span = to.at - from.at;
    let length = span.max(1) as f64;
    let node = |(to, from): (&(u128, u128), &(u128, u128))| {
        ((to.0 - from.0) as f64 / length, (to.1 - from.1) as f64 / length)
    };
    Means { span, nodes: to.nodes.iter().zip(&from.nodes).map(node).collect() }
}

/// A quantile in seconds.
pub fn at(times: &Histogram<u64>, quantile: f64) -> f64 {
    seconds(times.median_equivalent(times.value_at_quantile(quantile)))
}

/// Nanoseconds as seconds.
pub fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}
