//! The retry budget: retries are a share of the requests, so that a sick cluster is not buried under repetitions.

use parking_lot::Mutex;

use crate::Nanos;
use crate::settings::RetrySettings;

/// What the budget holds before any request: enough for a first mishap.
const START: f64 = 10.0;
/// How long unspent retries are good for, as in Finagle.
const KEEP: f64 = 10.0;

/// Attempts never exceed (1 + share) · requests + per second · time + [`START`].
#[derive(Debug)]
pub struct Budget(Mutex<Account>);

#[derive(Debug)]
struct Account {
    tokens: f64,
    picks: u64,
    /// Retries that were granted and whose own pick has not been seen yet.
    owed: u64,
    at: Nanos,
}

impl Budget {
    pub(crate) fn new(now: Nanos) -> Self {
        Self(Mutex::new(Account { tokens: START, picks: 0, owed: 0, at: now }))
    }

    /// Takes one retry out, if there is one. `picks` counts all loans so far: who asks tells it, so that a pick that
    /// is not a retry costs the budget nothing.
    pub(crate) fn spend(&self, settings: &RetrySettings, picks: u64, now: Nanos) -> bool {
        let mut account = self.0.lock();
        let seconds = now.since(account.at).as_secs_f64();
        // Fewer than before when a node has left and taken its counts along.
        let seen = picks.saturating_sub(account.picks);
        // The pick of a retry is not a request, however late it comes after its backoff.
        let retries = seen.min(account.owed);
        account.owed -= retries;
        let requests = seen - retries;
        let earned = settings.share * requests as f64 + settings.per_second * seconds;
        // What was earned in a long quiet time counts for its last seconds only, and older savings fade.
        let fresh = if seconds > KEEP { earned * KEEP / seconds } else { earned };
        account.tokens = account.tokens * (-seconds / KEEP).exp() + fresh;
        account.picks = picks;
        account.at = account.at.max(now);
        let granted = account.tokens >= 1.0;
        if granted {
            account.tokens -= 1.0;
            account.owed += 1;
        }
        granted
    }
}
