//! What is said of a pick: which way it went, and why to this node.

use std::fmt;
use std::sync::Arc;

use crate::{Reason, Refusal};

/// How far a pick had to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The strategy's first proposal was lent.
    #[default]
    Normal,
    /// The first one could not be lent, and the strategy was asked again.
    Redraw,
    /// The strategy had nobody to propose who could be lent: everybody healthy was tried in turn.
    Scan,
    /// Nobody healthy could be lent: the sick were tried, the least sick first.
    Panic,
}

impl Stage {
    /// The word for it, in headers and to people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Redraw => "redraw",
            Self::Scan => "scan",
            Self::Panic => "panic",
        }
    }
}

/// A node that the strategy proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The node's stable name.
    pub id: Arc<str>,
    /// Why it was not lent; `None` when it was.
    pub refused: Option<Reason>,
}

/// The way of one pick.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// How far it had to go.
    pub stage: Stage,
    /// Whom the strategy proposed, in that order.
    pub proposals: Vec<Proposal>,
}

/// A node as a pick sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Stable name.
    pub id: Arc<str>,
    /// Where it listens.
    pub address: Arc<str>,
    /// Its share beside the others.
    pub weight: u32,
    /// Loans that are out.
    pub in_flight: u32,
    /// What the strategy compares, the less the better; `None` where it compares nothing.
    pub score: Option<f64>,
    /// Why it is not lent for this request, unless it is for want of a better one.
    pub excluded: Option<Reason>,
}

/// Why a pick would go where it would go.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The cluster's name.
    pub cluster: Arc<str>,
    /// The name of the strategy.
    pub strategy: String,
    /// Every node, in the order they were given.
    pub candidates: Vec<Candidate>,
    /// The way.
    pub trace: Trace,
    /// The node that would be lent, or why none.
    pub pick: Result<Arc<str>, Box<Refusal>>,
}

impl Explanation {
    /// The node that would be lent.
    pub fn node(&self) -> Option<&Candidate> {
        let id = self.pick.as_ref().ok()?;
        self.candidates.iter().find(|candidate| candidate.id == *id)
    }

    /// Why nothing would be lent, or why a sick node would.
    pub fn reason(&self) -> Option<Reason> {
        match &self.pick {
            Ok(_) => (self.trace.stage == Stage::Panic).then_some(Reason::Panic),
            Err(refusal) => Some(refusal.reason),
        }
    }

    /// Who was proposed in vain, with the reasons.
    fn refused(&self) -> String {
        let refused = self.trace.proposals.iter().filter_map(|Proposal { id, refused }| {
            refused.map(|reason| format!("{:?} ({reason})", &**id))
        });
        refused.collect::<Vec<_>>().join(", ")
    }

    fn beside(&self, f: &mut fmt::Formatter<'_>, node: &Candidate) -> fmt::Result {
        let Some(score) = node.score else { return f.write_str(".") };
        let open = || self.candidates.iter().filter(|candidate| candidate.excluded.is_none());
        let least = open().all(|other| other.score.is_none_or(|other| score <= other));
        let shown = format!("{score:.4}");
        write!(f, ", with a score of {}", shown.trim_end_matches('0').trim_end_matches('.'))?;
        match open().count() {
            count if least && count > 1 => write!(f, ": the least of {count} that may be lent."),
            _ => f.write_str("."),
        }
    }
}

/// The sentence that says why.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = match (&self.pick, self.node()) {
            (Err(refusal), _) => return write!(f, "{refusal}."),
            (Ok(id), None) => return write!(f, "{:?} is lent.", &**id),
            (Ok(_), Some(node)) => node,
        };
        write!(f, "{:?} is lent", &*node.id)?;
        match self.trace.stage {
            Stage::Normal => write!(f, ": {} proposed it", self.strategy)?,
            Stage::Redraw => {
                let refused = self.refused();
                write!(f, ": {} proposed {refused} in vain, and then it", self.strategy)?;
            }
            Stage::Scan => {
                write!(f, ": {} proposed ", self.strategy)?;
                match &*self.refused() {
                    "" => f.write_str("nobody")?,
                    refused => write!(f, "{refused} in vain")?,
                }
                return f.write_str(", so the nodes were tried in turn from a random one on.");
            }
            Stage::Panic => {
                let sick = node.excluded.unwrap_or(Reason::Panic);
                return write!(
                    f,
                    " although it is out ({sick}): no healthy node can be lent, so the least sick one was taken.",
                );
            }
        }
        self.beside(f, node)
    }
}
