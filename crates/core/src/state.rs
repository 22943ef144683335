//! What is known of one node. It lives beside the snapshots, survives their swaps, and is shared by all threads.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::health::{Facts, Standing};
use crate::sync::{
    AtomicBool, AtomicU8, AtomicU32, AtomicU64, Estimate, Places, Recent, Relaxed, Window,
};
use crate::{Nanos, Settings};

/// One node's identity and everything that changes about it. Aligned so that two nodes never share a cache line, and
/// in this order: what a pick and its return touch comes first, so that among ten thousand nodes they fetch two lines.
#[derive(Debug)]
#[repr(C, align(128))]
pub struct State {
    pub(crate) places: Places,
    /// Peak estimate of latency in nanoseconds: failures are in it at their penalty.
    pub(crate) peak: Estimate,
    /// Average latency in nanoseconds of what succeeded.
    pub(crate) mean: Estimate,
    /// Since when somebody has been waiting here without a sign of life.
    pub(crate) quiet_since: AtomicU64,
    pub(crate) recent: Recent,
    /// From when on a request must begin for its success to end the penalty of the last failure; 0 without a penalty.
    pub(crate) well_from: AtomicU64,
    pub(crate) streak: AtomicU32,
    standing: AtomicU8,
    /// Whether the single request that tries an ejected node is out.
    pub(crate) probing: AtomicBool,
    /// When the slow start began; 0 when there is none.
    pub(crate) ramp_from: AtomicU64,
    pub(crate) completed: AtomicU64,
    pub(crate) window: Window,
    /// Where the current snapshot holds this node.
    pub(crate) index: AtomicU32,
    pub(crate) cancelled: AtomicU64,
    pub(crate) failed: AtomicU64,
    reported: AtomicU64,
    id: Arc<str>,
    address: Arc<str>,
    pub(crate) facts: Mutex<Facts>,
}

/// No slow start admits less than this share: a node must get some traffic to warm up at all.
pub const RAMP_FLOOR: f64 = 0.1;

impl State {
    pub(crate) fn new(id: Arc<str>, address: Arc<str>, settings: &Settings, now: Nanos) -> Self {
        let facts = Facts::new(settings, now);
        Self {
            places: Places::default(),
            peak: Estimate::default(),
            mean: Estimate::default(),
            quiet_since: AtomicU64::new(0),
            recent: Recent::default(),
            well_from: AtomicU64::new(0),
            standing: AtomicU8::new(facts.standing() as u8),
            ramp_from: AtomicU64::new(0),
            streak: AtomicU32::new(0),
            probing: AtomicBool::new(false),
            completed: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            window: Window::default(),
            reported: AtomicU64::new(f64::NAN.to_bits()),
            index: AtomicU32::new(0),
            id,
            address,
            facts: Mutex::new(facts),
        }
    }

    /// The node's stable name.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// Where the node listens.
    pub fn address(&self) -> &Arc<str> {
        &self.address
    }

    /// Where the snapshot in force holds this node, for who has just picked it.
    pub fn index(&self) -> usize {
        self.index.load(Relaxed) as usize
    }

    /// The answer that follows from the three facts of health.
    pub fn standing(&self) -> Standing {
        Standing::from_word(self.standing.load(Relaxed))
    }

    /// Changes the facts under their lock and derives the standing anew. Returns the old and the new one.
    pub(crate) fn amend<R>(&self, change: impl FnOnce(&mut Facts) -> R) -> (R, Standing, Standing) {
        let mut facts = self.facts.lock();
        let before = facts.standing();
        let result = change(&mut facts);
        let after = facts.standing();
        self.standing.store(after as u8, Relaxed);
        (result, before, after)
    }

    /// Loans ever made: the ledger read from its other side, so that a pick counts in one place only.
    pub fn picks(&self) -> u64 {
        self.completed.load(Relaxed) + self.failed.load(Relaxed) + u64::from(self.in_flight())
    }

    /// Loans that are out.
    pub fn in_flight(&self) -> u32 {
        self.places.in_flight()
    }

    /// The load the node last told, if it ever did.
    pub fn reported(&self) -> Option<f64> {
        let load = f64::from_bits(self.reported.load(Relaxed));
        (!load.is_nan()).then_some(load)
    }

    pub(crate) fn report(&self, load: f64) {
        self.reported.store(load.to_bits(), Relaxed);
    }

    /// The share of its traffic that a starting node takes at `now`; `None` when it is not starting.
    pub(crate) fn ramp(&self, now: Nanos, length: Nanos) -> Option<f64> {
        let from = self.ramp_from.load(Relaxed);
        if from == 0 {
            return None;
        }
        let share = now.since(Nanos(from)).0 as f64 / length.0.max(1) as f64;
        if share >= 1.0 {
            // Over; unless another one has begun since we looked.
            let _ = self.ramp_from.compare_exchange(from, 0, Relaxed, Relaxed);
            return None;
        }
        Some(share.max(RAMP_FLOOR))
    }

    pub(crate) fn start_ramp(&self, now: Nanos, length: Nanos) {
        if length > Nanos::ZERO {
            self.ramp_from.store(now.0.max(1), Relaxed);
        }
    }

    /// It comes back from an ejection: it has been away for its failures, and their penalty on top would keep it away
    /// for as long again.
    pub(crate) fn forgive(&self) {
        self.streak.store(0, Relaxed);
        self.window.clear();
        self.peak.clear();
    }

    /// In a forked child: none of the parent's loans is ours.
    pub(crate) fn forget_loans(&self) {
        self.places.clear();
        self.probing.store(false, Relaxed);
    }
}
