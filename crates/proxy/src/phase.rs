//! How far something that serves connections is from its end.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// How far a worker or a listener is from its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Connections are kept alive.
    Serving,
    /// Each connection ends with its next response.
    Draining,
    /// Every connection ends now.
    Ended,
}

/// A phase that one thread sets and all workers read.
#[derive(Debug, Default)]
pub struct SharedPhase(AtomicU8);

impl SharedPhase {
    /// The phase as it stands.
    pub fn get(&self) -> Phase {
        match self.0.load(Relaxed) {
            0 => Phase::Serving,
            1 => Phase::Draining,
            _ => Phase::Ended,
        }
    }

    /// Goes on to a later phase; there is no way back.
    pub fn enter(&self, phase: Phase) {
        self.0.fetch_max(phase as u8, Relaxed);
    }
}
