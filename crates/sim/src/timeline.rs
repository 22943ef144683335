//! What befalls the nodes, and when.

use evenly_core::{Admin, Fault, Nanos};

use crate::flow::Ending;
use crate::node::{Failing, Life};
use crate::read::{Fits, Table, unknown};
use crate::run::Run;

/// Something that befalls a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Do {
    /// Connections are refused, and what is being served fails.
    Kill,
    /// Requests are taken and nothing is done.
    Hang,
    /// It works that many times slower.
    Slow {
        /// How many times.
        factor: f64,
    },
    /// It answers 503 instead of working.
    Fail {
        /// The share of requests that it happens to.
        share: f64,
        /// Seconds until it says so.
        after: f64,
    },
    /// Everything above, and a drain, is over.
    Recover,
    /// It becomes a member.
    Join,
    /// It is no member any more; what it serves is served to the end.
    Leave,
    /// The administrator drains it.
    Drain,
    /// Its weight changes.
    Weight {
        /// To what.
        weight: u32,
    },
    /// Its speed changes.
    Speed {
        /// To what.
        speed: f64,
    },
}

/// One entry of the timeline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Seconds from the start.
    pub at: f64,
    /// The number of the node.
    pub node: usize,
    /// What befalls it.
    pub what: Do,
}

const WORDS: &[&str] =
    &["kill", "hang", "slow", "fail", "recover", "join", "leave", "drain", "weight", "speed"];

pub fn read(tables: Vec<Table>, ids: &[&str]) -> Result<Vec<Moment>, Fault> {
    tables.into_iter().map(|table| moment(table, ids)).collect()
}

fn moment(mut table: Table, ids: &[&str]) -> Result<Moment, Fault> {
    let at = table.number("at", None, Fits::FromZero)?;
    let id: String = table.need("node")?;
    let node = ids
        .iter()
        .position(|&known| known == id)
        .ok_or_else(|| unknown(&table.path("node"), &id, ids))?;
    let word: String = table.need("do")?;
    let what = match &*word {
        "kill" => Do::Kill,
        "hang" => Do::Hang,
        "slow" => Do::Slow { factor: table.number("factor", None, Fits::Positive)? },
        "fail" => Do::Fail {
            share: table.number("share", Some(1.0), Fits::Share)?,
            after: table.number("after", Some(0.001), Fits::FromZero)?,
        },
        "recover" => Do::Recover,
        "join" => Do::Join,
        "leave" => Do::Leave,
        "drain" => Do::Drain,
        "weight" => Do::Weight { weight: table.need("weight")? },
        "speed" => Do::Speed { speed: table.number("speed", None, Fits::Positive)? },
        _ => return Err(unknown(&table.path("do"), &word, WORDS)),
    };
    table.end()?;
    Ok(Moment { at, node, what })
}

impl Run<'_> {
    /// Carries out one entry of the timeline.
    pub(crate) fn befall(&mut self, moment: usize) -> Result<(), Fault> {
        let Moment { node, what, at } = self.scenario.timeline[moment];
        let now = self.now;
        let one = &mut self.nodes[node];
        one.advance(now);
        match what {
            Do::Kill => {
                one.life = Life::Dead;
                for slot in one.clear(now) {
                    self.reply(slot, Ending::Reset);
                }
            }
            Do::Hang => one.life = Life::Hung,
            Do::Slow { factor } => one.slow = factor,
            Do::Fail { share, after } => {
                one.failing = Some(Failing { share, after: Nanos::from_secs_f64(after).0 });
            }
            Do::Recover => {
                (one.life, one.slow, one.failing) = (Life::Up, 1.0, None);
                self.administer(node, Admin::Serve)?;
            }
            Do::Speed { speed } => one.speed = speed,
            Do::Drain => self.administer(node, Admin::Drain)?,
            Do::Join => self.join(node).map_err(|fault| dated(at, &fault))?,
            Do::Leave => self.leave(node).map_err(|fault| dated(at, &fault))?,
            Do::Weight { weight } => {
                self.weigh(node, weight).map_err(|fault| dated(at, &fault))?;
            }
        }
        self.calendar.set(node, self.nodes[node].next());
        Ok(())
    }
}

fn dated(at: f64, fault: &Fault) -> Fault {
    Fault::new(format!("timeline, at {at} s: {fault}"))
}
