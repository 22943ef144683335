//! The first verb. *Pick chooses, lend secures.*

use std::sync::Arc;

use super::Balancer;
use crate::cluster::{Cluster, Member};
use crate::health::Standing;
use crate::lend::Marks;
use crate::pick::{ASKS, Strategy, View};
use crate::queue::{Ticket, Waiter, Wake};
use crate::report::Counts;
use crate::sync::{AcqRel, Acquire, Relaxed};
use crate::{Attempt, Held, Key, Loan, Nanos, Reason, Refusal, Rng, State, Tried, Verdict};

/// What is done with a node on the way of a pick: it is lent, or one only looks whether it would be.
pub(super) trait Hand {
    type Got;

    /// The strategy proposes this node.
    fn proposed(
        &mut self,
        balancer: &Balancer,
        cluster: &Cluster,
        index: usize,
        now: Nanos,
        rng: &mut Rng,
    ) -> Option<Self::Got>;

    /// The scan comes to this node, which looks fit.
    fn found(
        &mut self,
        balancer: &Balancer,
        cluster: &Cluster,
        index: usize,
        now: Nanos,
    ) -> Option<Self::Got>;

    /// There is nobody healthy, and this node is among the least sick.
    fn panicked(
        &mut self,
        balancer: &Balancer,
        cluster: &Cluster,
        index: usize,
        now: Nanos,
    ) -> Option<Self::Got>;
}

/// Lends, and says nothing.
pub(super) struct Lend;

impl Hand for Lend {
    type Got = Held;

    #[inline]
    fn proposed(
        &mut self,
        balancer: &Balancer,
        cluster: &Cluster,
        index: usize,
        now: Nanos,
        rng: &mut Rng,
    ) -> Option<Held> {
        balancer.secure(cluster, index, now, Some(rng))
    }

    fn found(
        &mut self,
        balancer: &Balancer,
        cluster: &Cluster,
        index: usize,
        now: Nanos,
    ) -> Option<Held> {
        balancer.secure(cluster, index, now, None)
    }

    fn panicked(
        &mut self,
        balancer: &Balancer,
        cluster: &Cluster,
        index: usize,
        now: Nanos,
    ) -> Option<Held> {
        balancer.take(cluster, index, now, false, true)
    }
}

impl Balancer {
    /// A node on loan. Never waits; the refusal says why there is none.
    pub fn pick(
        self: &Arc<Self>,
        key: Key<'_>,
        tried: &Tried,
        now: Nanos,
        rng: &mut Rng,
    ) -> Result<Loan, Box<Refusal>> {
        self.hold(key, tried, now, rng).map(|held| Loan::new(self.clone(), held))
    }

    /// The same without the guard: the place must be given back with [`leave`](Self::leave).
    #[inline]
    pub fn hold(
        &self,
        key: Key<'_>,
        tried: &Tried,
        now: Nanos,
        rng: &mut Rng,
    ) -> Result<Held, Box<Refusal>> {
        self.hold_by(&mut Lend, key, tried, now, rng)
    }

    #[inline]
    pub(super) fn hold_by<H: Hand>(
        &self,
        hand: &mut H,
        key: Key<'_>,
        tried: &Tried,
        now: Nanos,
        rng: &mut Rng,
    ) -> Result<H::Got, Box<Refusal>> {
        if self.barred() {
            return Err(self.refusal(Reason::AtCapacity, tried, now));
        }
        let cluster = self.cluster.load();
        self.choose(hand, &cluster, &*cluster.strategy, key, tried, now, rng)
    }

    /// Whether somebody waits for any place at all: who came before gets the next one.
    #[inline]
    pub(super) fn barred(&self) -> bool {
        self.queue.anywhere() > 0
    }

    #[expect(clippy::too_many_arguments, reason = "those of a pick, and who picks from what")]
    #[inline]
    pub(super) fn choose<H: Hand>(
        &self,
        hand: &mut H,
        cluster: &Cluster,
        strategy: &dyn Strategy,
        key: Key<'_>,
        tried: &Tried,
        now: Nanos,
        rng: &mut Rng,
    ) -> Result<H::Got, Box<Refusal>> {
        let view = View::new(&cluster.members, self.scale(now), tried);
        for _ in 0..ASKS {
            let Some(index) = strategy.pick(&view, key, rng) else { break };
            if let Some(got) = hand.proposed(self, cluster, index, now, rng) {
                return Ok(got);
            }
            view.refuse(index);
        }
        self.scan(hand, cluster, tried, now, rng)
            .ok_or_else(|| self.refusal(Reason::NoNode, tried, now))
    }

    /// Everybody, from a random start: healthy nodes first, then by the order of panic.
    #[cold]
    fn scan<H: Hand>(
        &self,
        hand: &mut H,
        cluster: &Cluster,
        tried: &Tried,
        now: Nanos,
        rng: &mut Rng,
    ) -> Option<H::Got> {
        let view = View::new(&cluster.members, self.scale(now), tried);
        let len = cluster.members.len();
        let start = rng.below(len);
        let everybody = || (0..len).map(|step| (start + step) % len);
        if let Some(got) = everybody()
            .filter(|&index| view.fit(index))
            .find_map(|index| hand.found(self, cluster, index, now))
        {
            return Some(got);
        }
        [
            &[Standing::HalfOpen, Standing::Ejected][..],
            &[Standing::Unchecked, Standing::Failing][..],
        ]
        .iter()
        .find_map(|tier| {
            everybody()
                .filter(|&index| {
                    view.open(index) && tier.contains(&cluster.members[index].state.standing())
                })
                .find_map(|index| hand.panicked(self, cluster, index, now))
        })
    }

    /// Takes the place, unless the node's capacity, its probe or its slow start (`chance`) says no.
    #[inline]
    fn secure(
        &self,
        cluster: &Cluster,
        index: usize,
        now: Nanos,
        chance: Option<&mut Rng>,
    ) -> Option<Held> {
        let member = &cluster.members[index];
        let state = &member.state;
        let mut probe = false;
        match state.standing() {
            Standing::Serving => {
                if chance.is_some_and(|rng| self.waits(state, now, rng)) {
                    return None;
                }
            }
            Standing::HalfOpen => {
                if state.probing.compare_exchange(false, true, AcqRel, Acquire).is_err() {
                    return None;
                }
                probe = true;
            }
            _ => return None,
        }
        let held = self.take(cluster, index, now, probe, false);
        if held.is_none() && probe {
            state.probing.store(false, Relaxed);
        }
        held
    }

    /// Whether the lot keeps this pick from a node that starts slowly.
    #[inline]
    pub(super) fn waits(&self, state: &State, now: Nanos, rng: &mut Rng) -> bool {
        state.ramp_from.load(Relaxed) != 0
            && state.ramp(now, self.knobs.slow_start()).is_some_and(|share| rng.unit() >= share)
    }

    #[inline]
    fn take(
        &self,
        cluster: &Cluster,
        index: usize,
        now: Nanos,
        probe: bool,
        panic: bool,
    ) -> Option<Held> {
        let member: &Member = &cluster.members[index];
        let state = &member.state;
        let first_waiting = state.places.try_take(member.capacity)?;
        if first_waiting {
            state.quiet_since.store(now.0, Relaxed);
        }
        state.recent.note(now);
        if self.tracks.load(Relaxed) {
            cluster.strategy.changed(&cluster.members, index);
        }
        let epoch = self.epoch.load(Relaxed);
        Some(Held { state: state.clone(), since: now, marks: Marks::new(epoch, probe, panic) })
    }

    /// Joins the queue for a place. `wake` is called once, on the thread that gives a place back or lets time pass:
    /// with the loan, or with the refusal when the time is over. Refused at once when waiting cannot help.
    pub fn enqueue(
        self: &Arc<Self>,
        key: Key<'_>,
        tried: &Tried,
        deadline: Nanos,
        now: Nanos,
        wake: Wake,
    ) -> Result<Ticket, Box<Refusal>> {
        let refusal = self.refusal(Reason::NoNode, tried, now);
        // Judged by what waiting cannot change: a place may come free, and go again, while we look.
        let Counts { nodes, tried: gone, draining, down, .. } = refusal.counts;
        if nodes == gone + draining + down {
            return Err(refusal);
        }
        let key = match key {
            Key::None => None,
            Key::Bytes(bytes) => Some(bytes.to_vec()),
        };
        let waiter =
            |ticket| Waiter { ticket, key, tried: tried.clone(), since: now, deadline, wake };
        let (most, patience) = (self.settings.load().queue.length, deadline.since(now));
        let Some(ticket) = self.queue.join(waiter, most, patience) else {
            return Err(Box::new(Refusal { reason: Reason::QueueFull, ..*refusal }));
        };
        self.serve(now);
        Ok(ticket)
    }

    fn has_open_node(&self, tried: &Tried) -> bool {
        let cluster = self.cluster.load();
        let view = View::new(&cluster.members, self.scale(Nanos::ZERO), tried);
        (0..view.len())
            .any(|index| view.open(index) && cluster.members[index].state.standing().panics())
    }

    /// Leaves the queue; says whether one was still in it. When not, `wake` has been or is being called.
    pub fn cancel(&self, ticket: Ticket) -> bool {
        self.queue.leave(ticket).is_some()
    }

    /// Hands free places to those who wait, in their order. Who waits for what is left after a failed try is passed
    /// over while there is nothing for him: else one node that hangs at its capacity would stop all the others.
    pub(super) fn serve(self: &Arc<Self>, now: Nanos) {
        if self.queue.length() == 0 {
            return;
        }
        self.queue.in_turn(|| {
            let mut rng = Rng::seeded(self.desk.lock().rng.next_u64());
            let may = |tried: &Tried| tried.is_empty() || self.has_open_node(tried);
            let mut passed = None;
            while let Some((ticket, key, tried, since)) = self.queue.next(passed, may) {
                let key = key.as_deref().map_or(Key::None, Key::Bytes);
                // A loan dropped without a word gives no later time than its own beginning.
                let cluster = self.cluster.load();
                let (strategy, now) = (&*cluster.strategy, now.max(since));
                let held = self.choose(&mut Lend, &cluster, strategy, key, &tried, now, &mut rng);
                drop(cluster);
                match held {
                    Ok(held) => {
                        let loan = Loan::new(self.clone(), held);
                        if let Some(waiter) = self.queue.leave(ticket) {
                            self.queue.served(now);
                            (waiter.wake)(Ok(loan));
                        }
                    }
                    Err(_) if tried.is_empty() => return,
                    Err(_) => passed = Some(ticket),
                }
            }
        });
    }

    /// Whether a failed attempt may be followed by another, and when.
    pub fn retry(&self, attempt: &Attempt, now: Nanos, rng: &mut Rng) -> Verdict {
        let extra = self.settings.load().retry.extra;
        self.retry_within(attempt, extra, Nanos::NEVER, now, rng)
    }

    /// The same with another bound on extra tries and a deadline for the whole, from the same budget. A try that
    /// could only begin at the deadline or later is not worth its place in the budget.
    pub fn retry_within(
        &self,
        attempt: &Attempt,
        extra: u32,
        deadline: Nanos,
        now: Nanos,
        rng: &mut Rng,
    ) -> Verdict {
        let settings = &self.settings.load().retry;
        if let Some(reason) = attempt.forbids(extra) {
            return Verdict::Stop(reason);
        }
        let after = settings.backoff.times(rng.unit());
        if now.plus(after) >= deadline {
            Verdict::Stop(Reason::DeadlinePassed)
        } else if !self.budget.spend(settings, self.picks(), now) {
            Verdict::Stop(Reason::RetryBudgetSpent)
        } else {
            Verdict::Again { after }
        }
    }

    fn picks(&self) -> u64 {
        self.cluster.load().members.iter().map(|member| member.state.picks()).sum()
    }

    /// Says why nothing can be lent.
    #[cold]
    pub(super) fn refusal(&self, reason: Reason, tried: &Tried, now: Nanos) -> Box<Refusal> {
        let cluster = self.cluster.load();
        let view = View::new(&cluster.members, self.scale(now), tried);
        let mut counts = Counts { nodes: view.len(), ..Counts::default() };
        let mut first = Nanos::NEVER;
        for (index, member) in cluster.members.iter().enumerate() {
            let standing = member.state.standing();
            match standing {
                _ if view.tried(index) => counts.tried += 1,
                Standing::Draining => counts.draining += 1,
                Standing::Down => counts.down += 1,
                Standing::Failing => counts.failing += 1,
                Standing::Unchecked => counts.unchecked += 1,
                Standing::Ejected | Standing::HalfOpen => {
                    counts.ejected += 1;
                    first = first.min(member.state.facts.lock().breaker.until);
                }
                // With a free place by now it was full when it was asked: the reason must not change with the moment.
                Standing::Serving => counts.full += 1,
            }
        }
        let reason =
            if counts.full > 0 && reason == Reason::NoNode { Reason::AtCapacity } else { reason };
        let again_in = (first != Nanos::NEVER).then(|| first.since(now));
        Box::new(Refusal { reason, cluster: self.name.clone(), counts, again_in })
    }
}
