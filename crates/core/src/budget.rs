//! The retry budget: retries are a share of the requests, so that a sick cluster is not buried under repetitions.

use parking_lot::Mutex;

use crate::Nanos;
use crate::settings::RetrySettings;
use crate::sync::{AtomicU64, Relaxed};

/// What the budget holds before any request: enough for a first mishap.
const START: f64 = 10.0;
/// How long unspent retries are good for, as in Finagle.
const KEEP: f64 = 10.0;

/// Attempts never exceed (1 + share) · requests + per second · time + [`START`].
#[derive(Debug)]
pub struct Budget {
    requests: AtomicU64,
    account: Mutex<Account>,
}

#[derive(Debug)]
struct Account {
    tokens: f64,
    requests: u64,
    at: Nanos,
}

impl Budget {
    pub(crate) fn new(now: Nanos) -> Self {
        Self {
            requests: AtomicU64::new(0),
            account: Mutex::new(Account { tokens: START, requests: 0, at: now }),
        }
    }

    /// Counts a request (not a retry).
    pub(crate) fn earn(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    /// Takes one retry out, if there is one.
    pub(crate) fn spend(&self, settings: &RetrySettings, now: Nanos) -> bool {
        let mut account = self.account.lock();
        let requests = self.requests.load(Relaxed);
        let seconds = now.since(account.at).as_secs_f64();
        let earned =
            settings.share * (requests - account.requests) as f64 + settings.per_second * seconds;
        // What was earned in a long quiet time counts for its last seconds only, and older savings fade.
        let fresh = if seconds > KEEP { earned * KEEP / seconds } else { earned };
        account.tokens = account.tokens * (-seconds / KEEP).exp() + fresh;
        account.requests = requests;
        account.at = account.at.max(now);
        let granted = account.tokens >= 1.0;
        if granted {
            account.tokens -= 1.0;
        }
        granted
    }
}
