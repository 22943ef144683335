//! Time and chance for the library: one monotonic clock shared with the engine thread, or a test's own.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use evenly_core::{Nanos, Rng};
use pyo3::prelude::*;
use rustix::rand::{GetRandomFlags, getrandom};
use rustix::time::{ClockId, clock_gettime};

/// How far the kernel's monotonic clock is ahead of the engine's, which starts at its first reading.
static AHEAD: LazyLock<u64> =
    LazyLock::new(|| kernel(ClockId::Monotonic).saturating_sub(evenly_proxy::clock::now().0));

fn kernel(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Where a balancer reads the time.
pub enum Time {
    /// The clock of the process.
    Real,
    /// A test's clock.
    Virtual(Arc<AtomicU64>),
}

impl Time {
    /// The moment; `coarse` allows an error of a few milliseconds for a third of the cost.
    #[inline]
    pub fn now(&self, coarse: bool) -> Nanos {
        match self {
            Self::Real => {
                let clock = if coarse { ClockId::MonotonicCoarse } else { ClockId::Monotonic };
                Nanos(kernel(clock).saturating_sub(*AHEAD))
            }
            Self::Virtual(nanos) => Nanos(nanos.load(Relaxed)),
        }
    }
}

/// Where a balancer draws from: a stream whose state is read before a pick and written after it. Two threads that
/// read the same state draw the same numbers once, which does no harm; a lock would cost more than the draw.
pub struct Dice(AtomicU64);

impl Dice {
    /// The stream that belongs to `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// In a forked child: parent and child must not draw the same.
    pub fn reseed(&self) {
        self.0.store(entropy(), Relaxed);
    }

    /// The stream as the next pick finds it.
    pub fn peek(&self) -> Rng {
        Rng::seeded(self.0.load(Relaxed))
    }

    /// Lends the stream.
    #[inline(always)]
    pub fn with<R>(&self, roll: impl FnOnce(&mut Rng) -> R) -> R {
        let mut rng = Rng::seeded(self.0.load(Relaxed));
        let rolled = roll(&mut rng);
        self.0.store(rng.next_u64(), Relaxed);
        rolled
    }
}

/// A seed from the kernel.
pub fn entropy() -> u64 {
    let mut bytes = [0; 8];
    // Without the kernel's chance the time must do: it differs between processes, which is what matters here.
    match getrandom(&mut bytes, GetRandomFlags::empty()) {
        Ok(8) => u64::from_ne_bytes(bytes),
        _ => kernel(ClockId::Monotonic),
    }
}

/// A clock that stands still until a test moves it.
#[pyclass(frozen, module = "evenly._engine")]
pub struct Clock {
    nanos: Arc<AtomicU64>,
}

#[pymethods]
impl Clock {
    #[new]
    fn new() -> Self {
        // Not at 0: a moment of 0 stands for "never" in some of the engine's words.
        Self { nanos: Arc::new(AtomicU64::new(1_000_000_000)) }
    }

    /// Seconds since the clock was made.
    #[getter]
    fn now(&self) -> f64 {
        Nanos(self.nanos.load(Relaxed) - 1_000_000_000).as_secs_f64()
    }

    /// Lets time pass.
    fn advance(&self, seconds: f64) {
        self.nanos.fetch_add(Nanos::from_secs_f64(seconds).0, Relaxed);
    }
}

impl Clock {
    /// The same clock for a balancer.
    pub fn share(&self) -> Time {
        Time::Virtual(self.nanos.clone())
    }
}
