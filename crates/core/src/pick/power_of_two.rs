//! Power of two choices.
//!
//! Does     draws two nodes by weight (or more: choices), lends the least loaded; equal loads go to the node with fewer
//!          recent picks, then to chance. With a load that learns from answers, a node without a pick for a second is
//!          tried once.
//! Suits    almost everything: many callers, each with a stale or local view; with its default load also slow,
//!          failing and recovering nodes.
//! Fails    with load = "in_flight" when nodes differ in speed and their weights do not tell: a bare count does not
//!          see it; with sampling = "uniform" also when the weights tell, as slow nodes are drawn too often.
//! Costs    O(choices), no allocation; with the default two random numbers and two loads, where weights differ four
//!          random numbers.
//! Promise  load in_flight: n requests, n nodes: max ln ln n / ln choices + O(1) w.h.p.; of nodes of
//!          equal weight, all fit, the strictly busiest is never lent (theory E.4, laws/power_of_two)

use std::cmp::Ordering;
use std::sync::Arc;

use super::alias::Alias;
use super::least::least;
use super::options::{OptionEntry, Options};
use super::patrol::Patrol;
use super::{DRAWS, Ground, Key, Strategy, View};
use crate::load::{self, Load};
use crate::{Fault, Rng};

/// Most nodes that are drawn for one pick: more are hardly better than 16, and a scan of all is exact.
pub const MOST_CHOICES: usize = 16;

const SAMPLINGS: &[&str] = &["weight", "uniform"];

/// See the file's head.
#[derive(Debug)]
pub struct PowerOfTwo {
    load: Arc<dyn Load>,
    choices: usize,
    by_weight: bool,
    /// Only when weights differ, and are to be heeded.
    table: Option<Arc<Alias>>,
    patrol: Patrol,
}

impl PowerOfTwo {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[
        load::option("peak_ewma"),
        OptionEntry {
            name: "choices",
            kind: "int",
            default: "2",
            choices: &[],
            doc: "how many different nodes are drawn, 2 to 16",
        },
        OptionEntry {
            name: "sampling",
            kind: "text",
            default: "weight",
            choices: SAMPLINGS,
            doc: "how they are drawn: a heavy node more often, or all alike",
        },
    ];
    pub(super) const USES_KEY: bool = false;

    pub(super) fn from_options(options: &Options<'_>) -> Result<Self, Fault> {
        let load = load::named(&options.text("load", "peak_ewma")?)?;
        let choices = options.int("choices", 2, 2..=16)? as usize;
        let by_weight = options.choice("sampling", SAMPLINGS, "weight")? == "weight";
        let patrol = Patrol::default();
        Ok(Self { load: load.into(), choices, by_weight, table: None, patrol })
    }

    /// By requests in flight, for strategies that fall back to it.
    pub(super) fn by_count() -> Result<Self, Fault> {
        let load = load::named("in_flight")?.into();
        let patrol = Patrol::default();
        Ok(Self { load, choices: 2, by_weight: true, table: None, patrol })
    }

    fn better(&self, view: &View<'_>, a: usize, b: usize, rng: &mut Rng) -> usize {
        let (load_a, load_b) = (view.load(a, &*self.load), view.load(b, &*self.load));
        if load_a < load_b {
            return a;
        }
        if load_b < load_a {
            return b;
        }
        let rate = |index: usize| view.members()[index].state.recent.rate(view.now());
        match rate(a).cmp(&rate(b)) {
            Ordering::Less => a,
            Ordering::Greater => b,
            Ordering::Equal => [a, b][rng.below(2)],
        }
    }

    /// Two nodes, each pair as likely.
    #[inline]
    fn of_two(&self, view: &View<'_>, rng: &mut Rng) -> Option<usize> {
        let len = view.len();
        // A fit one drawn beside an unfit one waits for another to be compared with: taken at once, it would be a
        // random choice for half of the picks when half of the nodes are out.
        let mut alone = None;
        // One that fails keeps no slow one in business either: it would lose against any, so whoever is drawn beside it
        // would be taken however slow.
        let mut ailing = false;
        for _ in 0..DRAWS {
            let a = rng.below(len);
            let b = rng.below(len - 1);
            let b = b + usize::from(b >= a);
            for index in [a, b] {
                if alone != Some(index) && view.fit(index) {
                    if self.load.reads_clock() && view.ails(index) {
                        ailing = true;
                        continue;
                    }
                    match alone {
                        None => alone = Some(index),
                        Some(other) => return Some(self.better(view, other, index, rng)),
                    }
                }
            }
        }
        if alone.is_none() && ailing {
            // One that does not fail is looked for: with half of four nodes out and one more dead, a sixteenth of all
            // picks would go to that one, and each of them be tried again.
            return least(view, true, |index| view.load(index, &*self.load), rng);
        }
        alone
    }

    /// As many different nodes as there are choices, drawn one by one; who was drawn before or is not fit is drawn
    /// anew, [`DRAWS`] times as often as there are choices. A node with nearly all the weight is then compared with
    /// few others, and rightly so: it is to have nearly all the requests.
    #[inline(never)]
    fn of_several(&self, view: &View<'_>, rng: &mut Rng) -> Option<usize> {
        let learns = self.load.reads_clock();
        let (mut drawn, mut count) = ([usize::MAX; MOST_CHOICES], 0);
        let mut best: Option<(usize, (f64, u64))> = None;
        let mut equals = 1;
        for _ in 0..DRAWS as usize * self.choices {
            let index = match &self.table {
                Some(table) => table.draw(rng),
                None => rng.below(view.len()),
            };
            if drawn[..count].contains(&index) || !view.fit(index) || (learns && view.ails(index)) {
                continue;
            }
            let rate = view.members()[index].state.recent.rate(view.now());
            let own = (view.load(index, &*self.load), rate);
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
            drawn[count] = index;
            count += 1;
            if count == self.choices {
                break;
            }
        }
        // With most of the weight out: everybody.
        best.map(|(index, _)| index)
            .or_else(|| least(view, learns, |index| view.load(index, &*self.load), rng))
    }
}

impl Strategy for PowerOfTwo {
    fn name(&self) -> &'static str {
        "power_of_two"
    }

    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        let table =
            if self.by_weight { Alias::unless_equal(ground.members).map(Arc::new) } else { None };
        let (load, patrol) = (self.load.clone(), Patrol::new(ground));
        Ok(Box::new(Self { load, table, patrol, ..*self }))
    }

    fn twin(&self) -> Option<Box<dyn Strategy>> {
        let (load, table) = (self.load.clone(), self.table.clone());
        Some(Box::new(Self { load, table, patrol: self.patrol.twin(), ..*self }))
    }

    fn scores(&self, view: &View<'_>, _key: Key<'_>) -> Vec<Option<f64>> {
        view.each(|index| view.load(index, &*self.load))
    }

    fn pick(&self, view: &View<'_>, _key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        let len = view.len();
        if len < 2 {
            return (len == 1 && view.fit(0)).then_some(0);
        }
        if self.load.reads_clock()
            && let Some(index) = self.patrol.neglected(view)
        {
            return Some(index);
        }
        if self.choices == 2 && self.table.is_none() {
            self.of_two(view, rng)
        } else {
            self.of_several(view, rng)
        }
    }

    fn reads_clock(&self) -> bool {
        self.load.reads_clock()
    }
}
