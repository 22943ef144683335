//! A tiny world on a virtual clock: clients that send the next request when the last one is done, and nodes that take
//! their time. Everything the balancer decides (picks, retries, ejection, slow start) is the real engine's.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use evenly_core::{
    Attempt, Balancer, Key, Loan, Mishap, Nanos, Outcome, Rng, Settings, StrategySpec, Tried,
    Verdict,
};

use crate::common::{FAILED, balancer_of, nodes, number};

/// How a node treats a request that comes now.
#[derive(Clone, Copy)]
pub enum Treat {
    /// Answers after about that long (uniform within a tenth, so that nothing marches in step).
    Answer(Nanos),
    /// Answers 503 after that long.
    Refuse(Nanos),
    /// Answers after about that long; one in so many times with a 503.
    Mostly(Nanos, usize),
    /// Never answers.
    Hang,
}

pub struct World {
    pub nodes: usize,
    pub clients: usize,
    pub length: Nanos,
    /// When a client gives up and sends its next request.
    pub patience: Nanos,
    pub treat: fn(usize, Nanos) -> Treat,
}

/// What was measured.
pub struct Measured {
    /// Requests that were answered well.
    pub good: u64,
    /// Failures that clients saw.
    pub failed: u64,
    /// Times that a client gave up.
    pub gave_up: u64,
    /// Requests sent to each node in each second.
    pub sent: Vec<Vec<u64>>,
}

impl Measured {
    /// The share of all requests that went to `node` in the seconds of `span`.
    pub fn share(&self, node: usize, span: std::ops::Range<usize>) -> f64 {
        let sum = |sent: &Vec<u64>| sent[span.clone()].iter().sum::<u64>() as f64;
        sum(&self.sent[node]) / self.sent.iter().map(sum).sum::<f64>()
    }
}

enum Event {
    Tick,
    /// A client sends a request, for the `made`-th time.
    Send(Tried, u32),
    /// How it ended, by the number of its attempt.
    End(Loan, Tried, u32, End),
}

enum End {
    Good,
    Refused,
    GaveUp,
}

struct Run {
    balancer: Arc<Balancer>,
    events: BinaryHeap<Reverse<(Nanos, u64)>>,
    bodies: std::collections::HashMap<u64, Event>,
    count: u64,
    rng: Rng,
    measured: Measured,
}

impl World {
    pub fn run(&self, strategy: &str, seed: u64) -> Measured {
        self.run_with(&StrategySpec::named(strategy), Settings::default(), seed)
    }

    pub fn run_with(&self, strategy: &StrategySpec, settings: Settings, seed: u64) -> Measured {
        let balancer = balancer_of(strategy, nodes(self.nodes), settings);
        let seconds = (self.length.0 / 1_000_000_000) as usize + 1;
        let sent = vec![vec![0; seconds]; self.nodes];
        let measured = Measured { good: 0, failed: 0, gave_up: 0, sent };
        let mut run = Run {
            balancer,
            events: BinaryHeap::new(),
            bodies: std::collections::HashMap::new(),
            count: 0,
            rng: Rng::seeded(seed),
            measured,
        };
        // A clock that has been running for a while, as on any machine.
        let start = Nanos::from_secs(1_000);
        run.at(start, Event::Tick);
        for client in 0..self.clients {
            run.at(start.plus(Nanos::from_millis(client as u64)), Event::Send(Tried::default(), 1));
        }
        while let Some(Reverse((now, id))) = run.events.pop() {
            if now.since(start) >= self.length {
                break;
            }
            let event = run.bodies.remove(&id).unwrap();
            run.happen(self, start, now, event);
        }
        run.measured
    }
}

impl Run {
    fn at(&mut self, when: Nanos, event: Event) {
        self.count += 1;
        self.events.push(Reverse((when, self.count)));
        self.bodies.insert(self.count, event);
    }

    fn happen(&mut self, world: &World, start: Nanos, now: Nanos, event: Event) {
        match event {
            Event::Tick => {
                self.balancer.tick(now);
                let next = self.balancer.next_tick(now).max(now.plus(Nanos::from_millis(1)));
                self.at(next, Event::Tick);
            }
            Event::Send(tried, made) => self.send(world, start, now, tried, made),
            Event::End(mut loan, tried, made, end) => {
                match end {
                    End::Good => {
                        loan.answered(now);
                        loan.leave(Outcome::Success, now);
                        self.measured.good += 1;
                    }
                    End::GaveUp => {
                        loan.leave(Outcome::Cancelled, now);
                        self.measured.gave_up += 1;
                    }
                    End::Refused => {
                        loan.heard(now);
                        loan.leave(FAILED, now);
                        let attempt = Attempt {
                            made,
                            mishap: Mishap::Status,
                            idempotent: true,
                            replayable: true,
                        };
                        match self.balancer.retry(&attempt, now, &mut self.rng) {
                            Verdict::Again { after } => {
                                return self.at(now.plus(after), Event::Send(tried, made + 1));
                            }
                            Verdict::Stop(_) => self.measured.failed += 1,
                        }
                    }
                }
                self.at(now, Event::Send(Tried::default(), 1));
            }
        }
    }

    fn send(&mut self, world: &World, start: Nanos, now: Nanos, mut tried: Tried, made: u32) {
        let Ok(loan) = self.balancer.pick(Key::None, &tried, now, &mut self.rng) else {
            self.measured.failed += 1;
            return self.at(now.plus(Nanos::from_millis(1)), Event::Send(Tried::default(), 1));
        };
        let node = number(loan.id());
        self.measured.sent[node][(now.since(start).0 / 1_000_000_000) as usize] += 1;
        tried.push(loan.state().clone());
        let (after, end) = match (world.treat)(node, now.since(start)) {
            Treat::Mostly(span, one_in) if self.rng.below(one_in) == 0 => (span, End::Refused),
            Treat::Answer(span) | Treat::Mostly(span, _) => {
                (span.times(0.9 + 0.2 * self.rng.unit()), End::Good)
            }
            Treat::Refuse(span) => (span, End::Refused),
            Treat::Hang => (Nanos::NEVER, End::GaveUp),
        };
        let (after, end) =
            if after > world.patience { (world.patience, End::GaveUp) } else { (after, end) };
        self.at(now.plus(after), Event::End(loan, tried, made, end));
    }
}
