//! The run in slices of equal length, for plots.

use hdrhistogram::Histogram;

use crate::node::Node;
use crate::result::{Slice, SliceNode};
use crate::stats::{Books, GROWS, seconds};

/// The slices so far, and the one that is being filled.
#[derive(Debug)]
pub struct Series {
    every: u64,
    start: u64,
    from: u64,
    slices: Vec<Slice>,
    ok: u64,
    failed: u64,
    sum: u128,
    /// To one in a hundred: enough for a plot.
    times: Histogram<u32>,
    before: Vec<(u64, u64, u128)>,
}

impl Series {
    pub fn new(every: u64, start: u64, nodes: usize) -> Self {
        Self {
            every,
            start,
            from: start,
            slices: Vec::new(),
            ok: 0,
            failed: 0,
            sum: 0,
            times: histogram(),
            before: vec![(0, 0, 0); nodes],
        }
    }

    /// A request was answered.
    pub fn note(&mut self, well: bool, response: u64) {
        if well {
            self.ok += 1;
            self.sum += u128::from(response);
            self.times.record(response).expect(GROWS);
        } else {
            self.failed += 1;
        }
    }

    /// When the slice that is being filled ends.
    pub fn ends(&self) -> u64 {
        self.from.saturating_add(self.every)
    }

    /// Ends the slice at `now`.
    pub fn cut(&mut self, now: u64, nodes: &mut [Node], books: &[Books]) {
        let span = (now - self.from).max(1) as f64;
        let mut shown = Vec::with_capacity(nodes.len());
        for ((node, books), before) in nodes.iter_mut().zip(books).zip(&mut self.before) {
            node.advance(now);
            let after = (books.picks, books.failed, node.area);
            shown.push(SliceNode {
                picks: after.0 - before.0,
                failed: after.1 - before.1,
                in_system: (after.2 - before.2) as f64 / span,
            });
            *before = after;
        }
        let some = self.ok > 0;
        let p99 = self.times.median_equivalent(self.times.value_at_quantile(0.99));
        self.slices.push(Slice {
            at: seconds(self.from - self.start),
            ok: self.ok,
            failed: self.failed,
            mean: some.then(|| self.sum as f64 / self.ok as f64 / 1e9),
            p99: some.then(|| seconds(p99)),
            nodes: shown,
        });
        (self.ok, self.failed, self.sum, self.from) = (0, 0, 0, now);
        self.times.reset();
    }

    /// All slices; the last one may be shorter.
    pub fn finish(mut self, now: u64, nodes: &mut [Node], books: &[Books]) -> Vec<Slice> {
        if now > self.from || self.ok + self.failed > 0 {
            self.cut(now, nodes, books);
        }
        self.slices
    }
}

fn histogram() -> Histogram<u32> {
    Histogram::new(2).expect("two digits are allowed")
}
