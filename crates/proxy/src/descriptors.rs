//! How many connections the process may have.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How often a connection could not be made for want of a descriptor.
static WANTED: AtomicU64 = AtomicU64::new(0);

/// Somebody is short of a descriptor: each worker gives up the connections to nodes that only wait, with its next
/// sweep.
pub fn wanted() {
    WANTED.fetch_add(1, Relaxed);
}

/// How often that was.
pub fn shortages() -> u64 {
    WANTED.load(Relaxed)
}

/// Kept back for listeners, the admin listener, checks, logs and the control process.
const OTHERS: usize = 64;
/// Served even when the limit is absurd.
const FEW: usize = 8;

/// How many clients can be served at once: each may need a second descriptor, for its node. Accepting pauses before
/// they are used up, so that who is served already finds one, and no node is blamed for our want.
///
/// The limit that a shell sets by default is meant for programs that open files; what we may have without asking
/// anybody, we take.
pub fn room() -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // If it is refused, the limit stays what it was.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    match getrlimit(Resource::Nofile).current {
        Some(limit) => {
            (usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(OTHERS) / 2).max(FEW)
        }
        None => usize::MAX,
    }
}
