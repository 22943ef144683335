//! The one clock of the process: every thread of the proxy and of the library reads time here.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use evenly_core::Nanos;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Monotonic time since the first call in this process.
pub fn now() -> Nanos {
    Nanos(START.elapsed().as_nanos() as u64)
}

/// A configured duration in the core's unit.
pub fn span(duration: Duration) -> Nanos {
    Nanos(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

/// The moment `at` as tokio's timers want it.
pub fn instant(at: Nanos) -> tokio::time::Instant {
    // A moment that never comes is cut to a day: whoever waits looks again.
    let wait = at.since(now()).0.min(86_400_000_000_000);
    tokio::time::Instant::now() + Duration::from_nanos(wait)
}
