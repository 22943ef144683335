//! Independent replications, on as many threads as wanted; the outcome does not depend on how many.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use evenly_core::Fault;

use crate::dispatcher::Custom;
use crate::result::Outcome;
use crate::run::Run;
use crate::scenario::Scenario;
use crate::summary::{Replica, summary};

/// How often progress is told.
const TELL: Duration = Duration::from_millis(200);

/// What to play, and how.
#[derive(Clone, Copy, Debug)]
pub struct Replications<'a> {
    /// The world.
    pub scenario: &'a Scenario,
    /// Chance of the whole.
    pub seed: u64,
    /// How many independent runs.
    pub count: u64,
    /// On how many threads.
    pub threads: usize,
}

/// Plays the scenario of a JSON text once.
pub fn simulate(scenario: &str, seed: u64) -> Result<Outcome, Fault> {
    let scenario = Scenario::parse(scenario)?;
    Replications { scenario: &scenario, seed, count: 1, threads: 1 }.play(&mut |_| true)
}

impl Replications<'_> {
    /// Plays all of them. `progress` is told about five times a second, on the calling thread, how many requests have
    /// come; when it answers no, what is done so far is what counts.
    pub fn play(&self, progress: &mut dyn FnMut(u64) -> bool) -> Result<Outcome, Fault> {
        let (next, done, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let replicas = Mutex::new(Vec::new());
        let work = || {
            loop {
                let number = next.fetch_add(1, Relaxed);
                if number >= self.count || stop.load(Relaxed) {
                    return;
                }
                let mut told = 0;
                let replica = self.one(number, None, &mut |requests| {
                    done.fetch_add(requests - told, Relaxed);
                    told = requests;
                    !stop.load(Relaxed)
                });
                replicas.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(replica);
            }
        };
        std::thread::scope(|scope| {
            let (ended, news) = channel::<()>();
            for _ in 0..self.threads.clamp(1, self.count.max(1) as usize) {
                let ended = ended.clone();
                scope.spawn(move || {
                    work();
                    drop(ended);
                });
            }
            drop(ended);
            while news.recv_timeout(TELL) == Err(RecvTimeoutError::Timeout) {
                if !progress(done.load(Relaxed)) {
                    stop.store(true, Relaxed);
                }
            }
        });
        let replicas = replicas.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.sum_up(replicas)
    }

    /// Plays all of them one after the other on the calling thread, with strategies that the caller brings along.
    pub fn play_custom(
        &self,
        custom: &dyn Custom,
        progress: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Outcome, Fault> {
        let (mut replicas, mut before, mut going) = (Vec::new(), 0, true);
        let mut told = Instant::now();
        for number in 0..self.count {
            if !going {
                break;
            }
            let mut requests = 0;
            replicas.push(self.one(number, Some(custom), &mut |now| {
                requests = now;
                if told.elapsed() >= TELL {
                    told = Instant::now();
                    going = progress(before + now);
                }
                going
            }));
            before += requests;
        }
        self.sum_up(replicas)
    }

    fn one(
        &self,
        number: u64,
        custom: Option<&dyn Custom>,
        go_on: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Replica, Fault> {
        let mut run = Run::new(self.scenario, self.seed, number, custom)?;
        let complete = run.play(go_on)?;
        Ok(Replica::of(run, number, complete))
    }

    fn sum_up(&self, replicas: Vec<Result<Replica, Fault>>) -> Result<Outcome, Fault> {
        let mut replicas = replicas.into_iter().collect::<Result<Vec<_>, _>>()?;
        replicas.sort_by_key(|replica| replica.number);
        Ok(summary(self.scenario, replicas, self.count))
    }
}
