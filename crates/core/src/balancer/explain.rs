//! The way of a pick, told: for one that is made, and for one that is only thought of.

use std::sync::Arc;

use super::Balancer;
use super::pick::{Hand, Lend};
use crate::cluster::Cluster;
use crate::explain::{Candidate, Explanation, Proposal, Stage, Trace};
use crate::health::Standing;
use crate::pick::View;
use crate::sync::Relaxed;
use crate::{Held, Key, Loan, Nanos, Reason, Refusal, Rng, Tried};

/// Lends, and notes the way.
struct Tell(Trace);

impl Hand for Tell {
    type Got = Held;

    fn proposed(
        &mut self,
        balancer: &Balancer,
        cluster: &Cluster,
        index: usize,
        now: Nanos,
        rng: &mut Rng,
    ) -> Option<Held> {
        let held = Lend.proposed(balancer, cluster, index, now, rng);
        self.0.note(cluster, index, held.is_none().then(|| why_not(cluster, index)));
        held
    }

    fn found(
        &mut self,
        balancer: &Balancer,
        cluster: &Cluster,
        index: usize,
        now: Nanos,
    ) -> Option<Held> {
        self.0.stage = Stage::Scan;
        Lend.found(balancer, cluster, index, now)
    }

    fn panicked(
        &mut self,
        balancer: &Balancer,
        cluster: &Cluster,
        index: usize,
        now: Nanos,
    ) -> Option<Held> {
        self.0.stage = Stage::Panic;
        Lend.panicked(balancer, cluster, index, now)
    }
}

/// Lends nothing: says who would be lent.
struct Look(Trace);

impl Look {
    fn would(cluster: &Cluster, index: usize) -> Result<usize, Reason> {
        match out(cluster, index) {
            None => Ok(index),
            Some(reason) => Err(reason),
        }
    }
}

impl Hand for Look {
    type Got = usize;

    fn proposed(
        &mut self,
        balancer: &Balancer,
        cluster: &Cluster,
        index: usize,
        now: Nanos,
        rng: &mut Rng,
    ) -> Option<usize> {
        let state = &cluster.members[index].state;
        let waits = state.standing() == Standing::Serving && balancer.waits(state, now, rng);
        let would = if waits { Err(Reason::SlowStart) } else { Self::would(cluster, index) };
        self.0.note(cluster, index, would.err());
        would.ok()
    }

    fn found(&mut self, _: &Balancer, cluster: &Cluster, index: usize, _: Nanos) -> Option<usize> {
        self.0.stage = Stage::Scan;
        Self::would(cluster, index).ok()
    }

    fn panicked(
        &mut self,
        _: &Balancer,
        cluster: &Cluster,
        index: usize,
        _: Nanos,
    ) -> Option<usize> {
        self.0.stage = Stage::Panic;
        room(cluster, index).then_some(index)
    }
}

impl Trace {
    fn note(&mut self, cluster: &Cluster, index: usize, refused: Option<Reason>) {
        if !self.proposals.is_empty() {
            self.stage = Stage::Redraw;
        }
        let id = cluster.members[index].state.id().clone();
        self.proposals.push(Proposal { id, refused });
    }
}

fn room(cluster: &Cluster, index: usize) -> bool {
    let member = &cluster.members[index];
    member.capacity == 0 || member.state.in_flight() < member.capacity
}

/// Why a node is out, whoever asks.
fn out(cluster: &Cluster, index: usize) -> Option<Reason> {
    let state = &cluster.members[index].state;
    match state.standing() {
        Standing::Serving => None,
        Standing::HalfOpen if !state.probing.load(Relaxed) => None,
        standing => Some(standing.reason()),
    }
    .or_else(|| (!room(cluster, index)).then_some(Reason::AtCapacity))
}

/// Why a node was just refused: with nothing against it, it was the lot of its slow start.
fn why_not(cluster: &Cluster, index: usize) -> Reason {
    out(cluster, index).unwrap_or(Reason::SlowStart)
}

impl Balancer {
    /// A node on loan as [`pick`](Self::pick) gives it, and the way of the pick.
    pub fn pick_traced(
        self: &Arc<Self>,
        key: Key<'_>,
        tried: &Tried,
        now: Nanos,
        rng: &mut Rng,
    ) -> (Result<Loan, Box<Refusal>>, Trace) {
        let (held, trace) = self.hold_traced(key, tried, now, rng);
        (held.map(|held| Loan::new(self.clone(), held)), trace)
    }

    /// The same without the guard, as [`hold`](Self::hold).
    pub fn hold_traced(
        &self,
        key: Key<'_>,
        tried: &Tried,
        now: Nanos,
        rng: &mut Rng,
    ) -> (Result<Held, Box<Refusal>>, Trace) {
        let mut tell = Tell(Trace::default());
        let held = self.hold_by(&mut tell, key, tried, now, rng);
        (held, tell.0)
    }

    /// Why a pick at this moment and with this chance would go where it would go. Nothing changes by it: no place is
    /// taken, and the strategy goes on from where it was.
    pub fn explain(&self, key: Key<'_>, tried: &Tried, now: Nanos, rng: &mut Rng) -> Explanation {
        let cluster = self.cluster.load_full();
        let view = View::new(&cluster.members, self.scale(now), tried);
        let twin = cluster.strategy.twin();
        let strategy = twin.as_deref().unwrap_or(&*cluster.strategy);
        let scores = strategy.scores(&view, key);
        let candidate = |(index, member): (usize, &crate::Member)| Candidate {
            id: member.state.id().clone(),
            address: member.state.address().clone(),
            weight: member.weight,
            in_flight: member.state.in_flight(),
            score: scores.get(index).copied().flatten(),
            excluded: out(&cluster, index).or_else(|| view.tried(index).then_some(Reason::Tried)),
        };
        let candidates = cluster.members.iter().enumerate().map(candidate).collect();
        let mut look = Look(Trace::default());
        let pick = if self.barred() {
            Err(self.refusal(Reason::AtCapacity, tried, now))
        } else {
            self.choose(&mut look, &cluster, strategy, key, tried, now, rng)
                .map(|index| cluster.members[index].state.id().clone())
        };
        Explanation {
            cluster: self.name.clone(),
            strategy: strategy.name().to_owned(),
            candidates,
            trace: look.0,
            pick,
        }
    }
}
