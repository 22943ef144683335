//! One request on one node's connection: both directions at once, with backpressure, until it is clear how it ended.

use std::rc::Rc;
use std::task::{Context, Poll};

use evenly_core::{Attempt, Loan, Mishap, Nanos, Reason, Verdict};
use evenly_wire::response::{self, Reply};
use evenly_wire::{Carrier, Parsed, ResponseHead, Rule, Version};

use super::Connection;
use super::intake::Request;
use super::upload::Up;
use crate::clock;
use crate::pool::Berth;
use crate::stream::Stream;
use crate::worker::{Local, Phase, Scratch};

/// Answers up to this size are put together with their head and written at once; copying that much is cheaper than a
/// vectored write.
const TOGETHER: usize = 16 * 1024;

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
enum Answer {
    Head,
    Body(Carrier),
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
    taken: usize,
    answer: Answer,
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
        let cluster = connection.rules(local).cluster;
        Self {
            keep: local.rules.clusters[cluster].body_bytes,
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
        if self.local.phase() == Phase::Ended {
            return Err(self.broken(Reason::ShuttingDown, None));
        }
        if self.connection.alarm.rung() {
            return Err(match self.wait {
                Wait::Node => self.broken(Reason::ResponseTimeout, None),
                Wait::Body if !self.begun() => End::Failed(Reason::RequestTimeout, None),
                _ => End::ClientGone,
            });
        }
        let up = self.poll_upload(cx)?;
        let client_waits = self.poll_answer(cx)?;
        if up == Up::Over && self.connection.poll_gone(cx, self.local).is_ready() {
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
        let rules = self.connection.rules(self.local);
        let span = match self.wait {
            Wait::Nothing => return self.connection.alarm.off(),
            Wait::Client | Wait::Body => rules.idle,
            Wait::Node => self.local.rules.clusters[rules.cluster].response_head,
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
    fn broken(&self, reason: Reason, rule: Option<Rule>) -> End {
        if self.begun() { End::Cut(reason, rule) } else { End::Failed(reason, rule) }
    }

    /// Passes on what can be passed on; whether the client must take some first.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Result<bool, End> {
        loop {
            while self.taken < self.spill.len() {
                match self.connection.stream.poll_write(cx, &self.spill[self.taken..]) {
                    Poll::Pending => return Ok(true),
                    Poll::Ready(Ok(written)) => {
                        self.taken += written;
                        self.moved += written as u64;
                        self.request.tally.sent += written as u64;
                    }
                    Poll::Ready(Err(_)) => return Err(End::ClientGone),
                }
            }
            if self.taken > 0 {
                self.spill.clear();
                self.taken = 0;
            }
            if matches!(self.answer, Answer::Whole) {
                return Err(End::Done);
            }
            let local = self.local;
            let scratch = &mut *local.scratch.borrow_mut();
            let have = self.partial.len();
            scratch.input[..have].copy_from_slice(&self.partial);
            let read = match self.node.poll_read(cx, &mut scratch.input[have..]) {
                Poll::Pending => return Ok(false),
                Poll::Ready(Ok(0)) => {
                    self.ended()?;
                    continue;
                }
                Poll::Ready(Ok(read)) => read,
                Poll::Ready(Err(_)) => return Err(self.reset()),
            };
            self.moved += read as u64;
            self.berth.meter.received.add(read as u64);
            if self.begun() {
                self.pass_body(cx, read, scratch)?;
            } else {
                self.partial.clear();
                self.read_heads(cx, have + read, scratch)?;
            }
        }
    }

    /// The node ended its stream: the regular end of some bodies. Comes back when something is left to be written.
    fn ended(&mut self) -> Result<(), End> {
        let Answer::Body(carrier) = &mut self.answer else { return Err(self.reset()) };
        if carrier.end(&mut self.spill).is_err() {
            return Err(End::Cut(Reason::NodeReset, None));
        }
        self.answer = Answer::Whole;
        if self.spill.is_empty() { Err(End::Done) } else { Ok(()) }
    }

    /// The node's connection is gone before the answer was whole.
    fn reset(&self) -> End {
        if self.reused && !self.begun() && self.partial.is_empty() {
            // It had been waiting and its node closed it as we wrote, unless a byte of the request got through and it
            // may not be repeated.
            let unseen = self.request.sent == 0 || (self.deaf && self.moved == 0);
            if self.request.kept && (unseen || self.request.idempotent) {
                return End::Stale;
            }
        }
        self.broken(Reason::NodeReset, None)
    }

    /// Reads the heads at the start of what the node sent: interim ones, then the final one.
    fn read_heads(&mut self, cx: &mut Context<'_>, filled: usize, scratch: &mut Scratch) -> Result<(), End> {
        let Scratch { input, out, piece, slots } = scratch;
        let mut bytes = &input[..filled];
        let terms = &self.connection.rules(self.local).terms;
        loop {
            match response::parse(bytes, slots, self.request.asked, terms) {
                Err(rule) => return Err(End::Failed(Reason::BadResponse, Some(rule))),
                Ok(Parsed::Partial) => {
                    slots.reset();
                    self.partial.extend_from_slice(bytes);
                    return Ok(());
                }
                Ok(Parsed::Complete(head)) => {
                    let body = &bytes[head.len..];
                    if head.is_interim() {
                        // 100 was answered by us, if anybody waited for it.
                        if head.status != 100 && self.request.version == Version::Http11 {
                            head.write(self.reply(), &mut self.spill);
                        }
                        bytes = body;
                        if bytes.is_empty() {
                            return Ok(());
                        }
                        continue;
                    }
                    return self.begin_answer(cx, &head, body, (out, piece));
                }
            }
        }
    }

    fn reply(&self) -> Reply {
        Reply {
            version: self.request.version,
            close: !self.request.keep_alive || self.local.is_leaving(),
            relaxed: self.connection.rules(self.local).terms.relaxed,
        }
    }

    /// The final head and what came with it of the body.
    fn begin_answer(
        &mut self,
        cx: &mut Context<'_>,
        head: &ResponseHead<'_>,
        body: &[u8],
        (out, piece): (&mut Vec<u8>, &mut Vec<u8>),
    ) -> Result<(), End> {
        let now = clock::now();
        self.note_head(head, now);
        if head.is_switch() {
            head.write(self.reply(), &mut self.spill);
            self.partial.extend_from_slice(body);
            return Err(End::Switch);
        }
        if let Some(after) = self.try_again(head.status, now) {
            return Err(End::Again(after));
        }
        out.clear();
        let mut written = head.write(self.reply(), out);
        let bad = |rule| End::Failed(Reason::BadResponse, Some(rule));
        let carried = written.carrier.carry(body, piece).map_err(bad)?;
        self.close = written.close;
        // A byte beyond the end of the body belongs to no request.
        if head.keep_alive && carried.consumed == body.len() {
            let cluster = self.connection.rules(self.local).cluster;
            let usual = self.local.rules.clusters[cluster].node_idle;
            // The node closes at its own timeout: a second less leaves room for the way there.
            let told = head.keep_alive_timeout.map(|seconds| Nanos::from_secs(seconds.saturating_sub(1)));
            self.rest_for = Some(told.unwrap_or(usual));
        }
        self.request.tally.status = head.status;
        self.answer = if carried.done { Answer::Whole } else { Answer::Body(written.carrier) };
        if carried.bytes.len() <= TOGETHER {
            out.extend_from_slice(carried.bytes);
            self.write(cx, out, &[])
        } else {
            self.write(cx, out, carried.bytes)
        }
    }

    /// Tells balancer and metrics that the node has answered.
    fn note_head(&mut self, head: &ResponseHead<'_>, now: Nanos) {
        self.loan.answered(now);
        self.retry_after = head.retry_after;
        let tally = &mut self.request.tally;
        tally.answered = Some(now);
        self.berth.meter.answers.count(head.status);
        self.berth.meter.latency.observe(now.since(tally.asked));
        if !head.excused.is_empty() {
            self.local.note_relaxed(self.connection.listener, head.excused);
        }
    }

    /// Whether a status asks for another node, and one may be asked.
    fn try_again(&self, status: u16, now: Nanos) -> Option<Nanos> {
        if !matches!(status, 502..=504) {
            return None;
        }
        let cluster = self.connection.rules(self.local).cluster;
        let balancer = &self.local.shared.balancers[cluster];
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

    fn pass_body(&mut self, cx: &mut Context<'_>, read: usize, scratch: &mut Scratch) -> Result<(), End> {
        let Answer::Body(carrier) = &mut self.answer else { return Ok(()) };
        let cut = |rule| End::Cut(Reason::BadResponse, Some(rule));
        let carried = carrier.carry(&scratch.input[..read], &mut scratch.piece).map_err(cut)?;
        if carried.consumed < read {
            self.rest_for = None;
        }
        if carried.done {
            self.answer = Answer::Whole;
        }
        self.write(cx, carried.bytes, &[])
    }

    /// Gives the client both pieces; what it does not take now is kept.
    fn write(&mut self, cx: &mut Context<'_>, first: &[u8], second: &[u8]) -> Result<(), End> {
        let written = if !self.spill.is_empty() || first.is_empty() {
            Poll::Pending
        } else if second.is_empty() {
            self.connection.stream.poll_write(cx, first)
        } else {
            self.connection.stream.poll_write_two(cx, first, second)
        };
        let written = match written {
            Poll::Pending => 0,
            Poll::Ready(Ok(written)) => written,
            Poll::Ready(Err(_)) => return Err(End::ClientGone),
        };
        self.request.tally.sent += written as u64;
        self.moved += written as u64;
        let of_first = written.min(first.len());
        self.spill.extend_from_slice(&first[of_first..]);
        self.spill.extend_from_slice(&second[written - of_first..]);
        Ok(())
    }
}
