//! One request on one node's connection: both directions at once, with backpressure, until it is clear how it ended.

use std::rc::Rc;
use std::task::{Context, Poll};

use evenly_core::{Attempt, Loan, Mishap, Nanos, Reason, Verdict};
use evenly_wire::{Carrier, Rule};

use super::Connection;
use super::intake::Request;
use super::upload::Up;
use crate::clock;
use crate::phase::Phase;
use crate::pool::Berth;
use crate::stream::Stream;
use crate::worker::Local;

/// Rounds of reading and writing in one direction before other connections have their turn: half a megabyte, which
/// takes a few hundred microseconds.
pub(super) const TURNS: u32 = 8;

/// How an exchange ended.
#[derive(Debug)]
pub enum End {
    /// The answer was passed on whole.
    Done,
    /// The node switches to the client's protocol.
    Switch,
    /// The node answered that it cannot, and another may be asked after that long.
    Again(Nanos),
    /// The node closed a connection that had been waiting: it had not seen the request.
    Stale,
    /// Nothing was passed on yet, for that reason.
    Failed(Reason, Option<Rule>),
    /// A part of the answer was passed on, and the rest will not come.
    Cut(Reason, Option<Rule>),
    /// The client's body breaks a rule.
    BadBody(Rule),
    /// The client left, or takes and sends nothing any more.
    ClientGone,
}

/// What is waited for: decides which timeout counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Nothing,
    Client,
    Node,
    Body,
}

/// Where the answer stands.
#[derive(Debug)]
pub(super) enum Answer {
    /// Its head is not known.
    Head,
    /// Its body is being passed on.
    Body(Carrier),
    /// All of it was read.
    Whole,
}

/// One request on one node's connection.
pub struct Exchange<'a> {
    pub(super) local: &'a Local,
    pub(super) connection: &'a mut Connection,
    pub(super) request: &'a mut Request,
    pub(super) loan: &'a mut Loan,
    pub(super) berth: Rc<Berth>,
    pub(super) node: Stream,
    /// Which try of the request this is, from 1.
    pub(super) try_number: u32,
    /// The connection had carried requests before.
    pub(super) reused: bool,
    /// Most bytes of a body that are kept for another try.
    pub(super) keep: usize,
    /// The node takes no more of the request.
    pub(super) deaf: bool,
    /// Bytes that went either way; a timeout counts from the last of them.
    pub(super) moved: u64,
    /// The beginning of a head from the node; after a switch, what followed it.
    pub(super) partial: Vec<u8>,
    /// What the client has not taken yet.
    pub(super) spill: Vec<u8>,
    pub(super) taken: usize,
    pub(super) answer: Answer,
    wait: Wait,
    seen: u64,
    /// The node's `Retry-After`.
    pub(super) retry_after: Option<u64>,
    /// How long the node's connection may wait for its next request; none when it must be closed.
    pub(super) rest_for: Option<Nanos>,
    /// The client's connection ends with this answer.
    pub(super) close: bool,
}

impl<'a> Exchange<'a> {
    /// Ready to begin.
    pub fn new(
        local: &'a Local,
        connection: &'a mut Connection,
        request: &'a mut Request,
        loan: &'a mut Loan,
        (berth, node, reused): (Rc<Berth>, Stream, bool),
        try_number: u32,
    ) -> Self {
        Self {
            keep: connection.rules.cluster.body_bytes,
            local,
            connection,
            request,
            loan,
            berth,
            node,
            try_number,
            reused,
            deaf: false,
            moved: 0,
            partial: Vec::new(),
            spill: Vec::new(),
            taken: 0,
            answer: Answer::Head,
            wait: Wait::Nothing,
            seen: 0,
            retry_after: None,
            rest_for: None,
            close: false,
        }
    }

    /// Goes on as far as both sides allow.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        match self.step(cx) {
            Err(end) => Poll::Ready(end),
            Ok(()) => Poll::Pending,
        }
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        if self.connection.phase(self.local) == Phase::Ended {
            return Err(self.broken(Reason::ShuttingDown, None));
        }
        // Before anything was waited for here, it rings for what was waited for before: a first chunk, a free place.
        if self.wait != Wait::Nothing && self.connection.alarm.rung() {
            return Err(match self.wait {
                Wait::Node => self.broken(Reason::ResponseTimeout, None),
                Wait::Body if !self.begun() => End::Failed(Reason::RequestTimeout, None),
                _ => End::ClientGone,
            });
        }
        let up = self.poll_upload(cx)?;
        let client_waits = self.poll_answer(cx)?;
        // What comes before the body is over belongs to it, and is left for another try when this node is deaf.
        if self.request.carrier.is_done() && self.connection.poll_gone(cx, self.local).is_ready() {
            return Err(End::ClientGone);
        }
        let wait = match up {
            _ if client_waits => Wait::Client,
            Up::Client => Wait::Body,
            Up::Node => Wait::Node,
            Up::Over if !self.begun() => Wait::Node,
            // An answer may take its time: event streams are silent for hours.
            Up::Over => Wait::Nothing,
        };
        if wait != self.wait || self.moved != self.seen {
            self.wait = wait;
            self.set_alarm();
            self.seen = self.moved;
        }
        Ok(())
    }

    fn set_alarm(&self) {
        let rules = &self.connection.rules;
        let span = match self.wait {
            Wait::Nothing => return self.connection.alarm.off(),
            Wait::Client | Wait::Body => rules.idle,
            Wait::Node => rules.cluster.response_head,
        };
        // The first time is that of the pick, a moment ago.
        let now = if self.seen == 0 { self.request.tally.asked } else { clock::now() };
        self.connection.alarm.set(now.plus(span));
    }

    /// Whether the client was sent a part of the answer.
    pub fn begun(&self) -> bool {
        !matches!(self.answer, Answer::Head)
    }

    /// The answer will not come, or not to its end.
    pub(super) fn broken(&self, reason: Reason, rule: Option<Rule>) -> End {
        if self.begun() { End::Cut(reason, rule) } else { End::Failed(reason, rule) }
    }

    /// Whether a status asks for another node, and one may be asked.
    pub(super) fn try_again(&self, status: u16, now: Nanos) -> Option<Nanos> {
        if !matches!(status, 502..=504) {
            return None;
        }
        let balancer = &self.connection.rules.cluster.balancer;
        // Without another node this answer is better than none of ours.
        if balancer.cluster().members.len() <= self.try_number as usize {
            return None;
        }
        let attempt = Attempt {
            made: self.try_number,
            mishap: Mishap::Status,
            idempotent: self.request.idempotent,
            replayable: self.request.kept,
        };
        match balancer.retry(&attempt, now, &mut self.local.rng.borrow_mut()) {
            Verdict::Again { after } => Some(after),
            Verdict::Stop(_) => None,
        }
    }
}
