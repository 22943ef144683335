//! From the node to the client: heads, then the body as fast as the client takes it.

use std::task::{Context, Poll};

use evenly_core::{Nanos, Reason};
use evenly_wire::response::{self, Reply};
use evenly_wire::{Parsed, Relaxed, ResponseHead, Version};

use super::attempt::fails;
use super::exchange::{Answer, End, Exchange, TURNS};
use super::watched::label;
use crate::clock;
use crate::worker::Scratch;

/// Answers up to this size are put together with their head and written at once; copying that much is cheaper than a
/// vectored write.
const TOGETHER: usize = 16 * 1024;

impl Exchange<'_> {
    /// Passes on what can be passed on; whether the client must take some first.
    pub(super) fn poll_answer(&mut self, cx: &mut Context<'_>) -> Result<bool, End> {
        for _ in 0..TURNS {
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
        cx.waker().wake_by_ref();
        Ok(false)
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
            let unseen = self.request.sent == 0;
            if self.request.kept && (unseen || self.request.idempotent) {
                return End::Stale;
            }
        }
        self.broken(Reason::NodeReset, None)
    }

    /// Reads the heads at the start of what the node sent: interim ones, then the final one.
    fn read_heads(
        &mut self,
        cx: &mut Context<'_>,
        filled: usize,
        scratch: &mut Scratch,
    ) -> Result<(), End> {
        let Scratch { input, out, piece, slots } = scratch;
        let mut bytes = &input[..filled];
        let terms = &self.connection.rules.terms;
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
                            let from = self.spill.len();
                            head.write(self.reply(), &mut self.spill);
                            if self.connection.rules.debug {
                                label(
                                    &mut self.spill,
                                    from,
                                    self.connection,
                                    Some(&self.request.tally),
                                );
                            }
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

    /// Whom the answer is for.
    fn reply(&self) -> Reply {
        // Whoever is answered before it has sent everything may never send the rest.
        let early = !self.request.carrier.is_done();
        Reply {
            version: self.request.version,
            close: early || !self.request.keep_alive || self.connection.is_leaving(self.local),
            relaxed: self.connection.rules.terms.relaxed,
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
            let from = self.spill.len();
            head.write(self.reply(), &mut self.spill);
            if self.connection.rules.debug {
                label(&mut self.spill, from, self.connection, Some(&self.request.tally));
            }
            self.partial.extend_from_slice(body);
            return Err(End::Switch);
        }
        if let Some(after) = self.try_again(head.status, now) {
            return Err(End::Again(after));
        }
        out.clear();
        let mut written = head.write(self.reply(), out);
        if self.connection.rules.debug {
            label(out, 0, self.connection, Some(&self.request.tally));
        }
        let bad = |rule| End::Failed(Reason::BadResponse, Some(rule));
        let carried = written.carrier.carry(body, piece).map_err(bad)?;
        self.close = written.close;
        // A byte beyond the end of the body belongs to no request.
        if head.keep_alive && carried.consumed == body.len() {
            let usual = self.connection.rules.cluster.node_idle;
            // The node closes at its own timeout: a second less leaves room for the way there.
            let told =
                head.keep_alive_timeout.map(|seconds| Nanos::from_secs(seconds.saturating_sub(1)));
            self.rest_for = Some(told.unwrap_or(usual));
        }
        self.request.tally.status = head.status;
        if carried.done {
            self.note_excused(written.carrier.excused());
        }
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
        if head.is_switch() || fails(head.status) {
            self.loan.heard(now);
        } else {
            self.loan.answered(now);
        }
        self.retry_after = head.retry_after;
        let tally = &mut self.request.tally;
        tally.answered = Some(now);
        self.berth.meter.answers.count(head.status);
        self.berth.meter.latency.observe(now.since(tally.asked));
        self.note_excused(head.excused);
    }

    fn note_excused(&self, rules: Relaxed) {
        if !rules.is_empty() {
            self.connection.note_relaxed(rules);
        }
    }

    /// A further piece of the body.
    fn pass_body(
        &mut self,
        cx: &mut Context<'_>,
        read: usize,
        scratch: &mut Scratch,
    ) -> Result<(), End> {
        let Answer::Body(body) = &mut self.answer else { return Ok(()) };
        let cut = |rule| End::Cut(Reason::BadResponse, Some(rule));
        let carried = body.carry(&scratch.input[..read], &mut scratch.piece).map_err(cut)?;
        if carried.consumed < read {
            self.rest_for = None;
        }
        if carried.done {
            let excused = body.excused();
            self.answer = Answer::Whole;
            self.note_excused(excused);
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
