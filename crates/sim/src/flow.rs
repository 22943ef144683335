//! The way of a request: routed, sent, served, answered; perhaps refused, tried again, or left waiting.

use std::mem::take;

use evenly_core::{Attempt, Held, Mishap, Nanos, Outcome, Reason, Refusal, Verdict};

use crate::events::{Event, NEVER};
use crate::node::Life;
use crate::run::Run;

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The node did its work.
    Good,
    /// The node answered 503.
    Status,
    /// The node refused the connection.
    Connect,
    /// The node died meanwhile.
    Reset,
    /// It took too long.
    Timeout,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Ok,
    Failed,
    Refused,
}

/// A client whose request took no time at all waits that long before the next: else time would stand still.
const BREATH: u64 = 1_000_000;

impl Run<'_> {
    /// Asks the dispatcher for a node.
    pub(crate) fn route(&mut self, slot: u32) {
        let request = &self.requests[slot];
        let dispatcher = &mut self.dispatchers[request.dispatcher];
        let now = Nanos(self.now);
        let got = self.dealer.with(request.key, |key| {
            dispatcher.balancer.hold(key, &request.tried, now, &mut dispatcher.rng)
        });
        match got {
            Ok(held) => self.send(slot, held),
            Err(refusal) => self.wait(slot, &refusal),
        }
    }

    /// Waits for a place when every node is at its capacity and the queue has room; else the request has its answer.
    #[cold]
    fn wait(&mut self, slot: u32, refusal: &Refusal) {
        if refusal.reason == Reason::AtCapacity {
            let request = &self.requests[slot];
            let dispatcher = &self.dispatchers[request.dispatcher];
            let deadline = self.now.saturating_add(self.scenario.settings.queue.timeout.0);
            let (now, woken) = (self.now, &self.woken);
            let joined = self.dealer.with(request.key, |key| {
                dispatcher.enqueue(key, &request.tried, deadline, now, slot, woken)
            });
            if joined.is_ok() {
                self.queued += 1;
                self.agenda.at(deadline, Event::Expire(slot, self.requests[slot].turn));
                return;
            }
        }
        self.refuse(slot);
    }

    /// No node. After a failed try the failure says more than that nobody else is left.
    fn refuse(&mut self, slot: u32) {
        let fate = if self.requests[slot].made > 0 { Fate::Failed } else { Fate::Refused };
        self.finish(slot, fate);
    }

    /// Goes on with those who waited and got a place, or none; says whether there was anybody.
    pub(crate) fn wake(&mut self) -> bool {
        let woken = self.woken.take();
        let some = !woken.is_empty();
        for (slot, result) in woken {
            self.queued -= 1;
            match result {
                Ok(loan) => self.send(slot, loan.into_held()),
                Err(_) => self.refuse(slot),
            }
        }
        some
    }

    #[inline]
    fn send(&mut self, slot: u32, held: Held) {
        let request = &mut self.requests[slot];
        let node = self.dispatchers[request.dispatcher].members[held.state().index()];
        request.held = Some(held);
        request.node = node;
        request.sent = self.now;
        request.made += 1;
        request.turn = request.turn.wrapping_add(1);
        self.books[node].picks += 1;
        self.counts.tries += 1;
        if let Some(picks) = &mut self.picks
            && request.made == 1
        {
            picks[request.number as usize] = i64::from(node as u32);
        }
        let turn = request.turn;
        if self.timeout != NEVER {
            self.patience.push_back((self.now.saturating_add(self.timeout), slot, turn, ()));
        }
        if self.delay == 0 {
            self.reach(slot);
        } else {
            self.sent.push_back((self.now.saturating_add(self.delay), slot, turn, ()));
        }
    }

    /// The first request on its way to a node reaches it.
    pub(crate) fn reach_next(&mut self) {
        if let Some((_, slot, turn, ())) = self.sent.pop_front()
            && self.requests[slot].turn == turn
        {
            self.reach(slot);
        }
    }

    #[inline]
    fn reach(&mut self, slot: u32) {
        let request = &self.requests[slot];
        let number = request.node;
        let node = &mut self.nodes[number];
        if node.life == Life::Dead {
            return self.reply(slot, Ending::Connect);
        }
        if let Some(failing) = node.failing
            && node.life == Life::Up
            && (failing.share >= 1.0 || self.network.unit() < failing.share)
        {
            let turn = request.turn;
            return self
                .agenda
                .at(self.now.saturating_add(failing.after), Event::Fails(slot, turn));
        }
        let work = node.law.as_ref().unwrap_or(&self.scenario.service).work(request.lot);
        if node.enter(slot, work, self.now) {
            self.calendar.set(number, node.next());
        } else {
            self.reply(slot, Ending::Status);
        }
    }

    /// A node has done its first request.
    #[inline]
    pub(crate) fn depart(&mut self, number: usize) {
        let node = &mut self.nodes[number];
        let done = node.finish(self.now);
        self.calendar.set(number, node.next());
        if let Some(slot) = done {
            self.reply(slot, Ending::Good);
        }
    }

    /// The node's word goes back to the dispatcher.
    #[inline]
    pub(crate) fn reply(&mut self, slot: u32, ending: Ending) {
        if self.delay == 0 {
            self.settle(slot, ending);
        } else {
            let turn = self.requests[slot].turn;
            self.back.push_back((self.now.saturating_add(self.delay), slot, turn, ending));
        }
    }

    /// The first word on its way back is there.
    pub(crate) fn come_back(&mut self) {
        if let Some((_, slot, turn, ending)) = self.back.pop_front()
            && self.requests[slot].turn == turn
        {
            self.settle(slot, ending);
        }
    }

    /// The first try whose time is over is given up, unless it has ended before.
    pub(crate) fn lose_patience(&mut self) {
        if let Some((_, slot, turn, ())) = self.patience.pop_front()
            && self.requests[slot].turn == turn
            && self.requests[slot].held.is_some()
        {
            let number = self.requests[slot].node;
            self.nodes[number].abandon(slot, self.now);
            self.calendar.set(number, self.nodes[number].next());
            self.settle(slot, Ending::Timeout);
        }
    }

    /// A try has ended.
    fn settle(&mut self, slot: u32, ending: Ending) {
        let request = &mut self.requests[slot];
        let Some(mut held) = request.held.take() else { return };
        request.turn = request.turn.wrapping_add(1);
        let balancer = &self.dispatchers[request.dispatcher].balancer;
        let (books, now) = (&mut self.books[request.node], Nanos(self.now));
        let (reason, mishap) = match ending {
            Ending::Good => {
                books.ok += 1;
                if request.warm {
                    books.answered += 1;
                    books.took += u128::from(self.now - request.sent);
                }
                balancer.leave(held, Outcome::Success, now);
                return self.finish(slot, Fate::Ok);
            }
            Ending::Status => (Reason::NodeStatus, Mishap::Status),
            Ending::Connect => (Reason::ConnectFailed, Mishap::Connect),
            Ending::Reset => (Reason::NodeReset, Mishap::Reset),
            Ending::Timeout => (Reason::ResponseTimeout, Mishap::Timeout),
        };
        books.failed += 1;
        if ending == Ending::Status {
            balancer.heard(&mut held, now);
        }
        let state = balancer.leave(held, Outcome::failed(reason), now);
        request.tried.push(state);
        self.retry(slot, mishap);
    }

    /// Another try, if the core says so.
    #[cold]
    fn retry(&mut self, slot: u32, mishap: Mishap) {
        let request = &self.requests[slot];
        let dispatcher = &mut self.dispatchers[request.dispatcher];
        let attempt = Attempt { made: request.made, mishap, idempotent: true, replayable: true };
        match dispatcher.balancer.retry(&attempt, Nanos(self.now), &mut dispatcher.rng) {
            Verdict::Again { after } => {
                self.counts.retries += 1;
                self.agenda.at(self.now.saturating_add(after.0), Event::Again(slot, request.turn));
            }
            Verdict::Stop(_) => self.finish(slot, Fate::Failed),
        }
    }

    /// The client has its answer.
    fn finish(&mut self, slot: u32, fate: Fate) {
        let request = &self.requests[slot];
        let (response, well) = (self.now - request.arrived, fate == Fate::Ok);
        match fate {
            Fate::Ok => self.counts.ok += 1,
            Fate::Failed => self.counts.failed += 1,
            Fate::Refused => self.counts.refused += 1,
        }
        self.stats.leave(self.now, response, well, request.warm);
        if let Some(series) = &mut self.series {
            series.note(well, response);
        }
        self.requests.close(slot);
        if self.source.clients().is_some() && !self.ended {
            let think = self.source.think().max(if response == 0 { BREATH } else { 0 });
            self.agenda.at(self.now.saturating_add(think), Event::Client);
        }
    }

    /// Nothing will ever happen to the requests that are still out: they have failed.
    pub(crate) fn give_up(&mut self) {
        for slot in self.requests.open_slots() {
            let request = &mut self.requests[slot];
            if let Some(held) = take(&mut request.held) {
                self.books[request.node].failed += 1;
                let balancer = &self.dispatchers[request.dispatcher].balancer;
                balancer.leave(held, Outcome::failed(Reason::ResponseTimeout), Nanos(self.now));
            }
            self.finish(slot, Fate::Failed);
        }
    }

    /// The run was stopped: what is still out never came.
    pub(crate) fn forget(&mut self) {
        for slot in self.requests.open_slots() {
            let request = &mut self.requests[slot];
            if request.held.take().is_some() {
                self.books[request.node].picks -= 1;
                self.counts.tries -= 1;
            }
            self.counts.requests -= 1;
            self.stats.leave(self.now, self.now - request.arrived, false, false);
        }
    }
}
