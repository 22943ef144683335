//! How an attempt ended, and whether there may be another.

use crate::{Nanos, Reason};

/// How one left a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The node did its work.
    Success,
    /// The node failed.
    Failure(Failure),
    /// The caller went away or failed by itself: no blame on the node, and no sample.
    Cancelled,
}

impl Outcome {
    /// A failure for `reason` without a word on when to try again.
    pub const fn failed(reason: Reason) -> Self {
        Self::Failure(Failure { reason, retry_after: None })
    }
}

/// A failure that counts against the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened.
    pub reason: Reason,
    /// How long the node asked to be left alone (`Retry-After`).
    pub retry_after: Option<Nanos>,
}

/// Where an attempt failed: decides whether repeating it can do harm (RFC 9110, 9.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The connection to the node could not be made.
    Connect,
    /// No byte of the request was written.
    NothingWritten,
    /// The node said that it did not work on the request (HTTP/2 `REFUSED_STREAM`).
    Refused,
    /// The connection ended after the request was written and before a response.
    Reset,
    /// The node answered 502, 503 or 504.
    Status,
    /// The response did not come in time.
    Timeout,
    /// The response had begun.
    Midway,
}

/// A failed attempt, as the decision needs it.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// Attempts made so far, this one included.
    pub made: u32,
    /// Where it failed.
    pub mishap: Mishap,
    /// Whether the request may be carried out twice.
    pub idempotent: bool,
    /// Whether the request is still there to be sent again.
    pub replayable: bool,
}

/// Whether there is another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes, after that long, on another node.
    Again {
        /// Full jitter: uniform between nothing and the backoff.
        after: Nanos,
    },
    /// No, for that reason.
    Stop(Reason),
}

/// Tries beyond the first as long as the last one reached no node, where retries are allowed at all: such a try has
/// done no work anywhere. 3: when all of four nodes but one die at the same moment, who was on one of them is reset, refused
/// by the two others and answered by the last; with a single extra try two in three of them would fail.
pub const UNREACHED: u32 = 3;

impl Attempt {
    /// What forbids another attempt, the budget apart.
    pub(crate) fn forbids(self, extra: u32) -> Option<Reason> {
        let harmless =
            matches!(self.mishap, Mishap::Connect | Mishap::NothingWritten | Mishap::Refused);
        let repeatable = matches!(self.mishap, Mishap::Reset | Mishap::Status);
        let most = if harmless && extra > 0 { extra.max(UNREACHED) } else { extra };
        if self.made > most {
            Some(Reason::TriesSpent)
        } else if harmless || (repeatable && self.idempotent) {
            (!self.replayable).then_some(Reason::NotReplayable)
        } else {
            Some(Reason::NotIdempotent)
        }
    }
}
