//! The first fact: what the active check says.

use crate::settings::CheckSettings;
use crate::{Nanos, Rng};

/// The reference document's `HealthStatus`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CheckStatus {
    /// Not checked yet.
    #[default]
    Unknown,
    /// Passed its last checks.
    Healthy,
    /// Failed its last checks.
    Unhealthy,
}

impl CheckStatus {
    /// The name shown to people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// The check of one node: its status, the run of results that speak against it, and when the next one is due.
#[derive(Debug)]
pub struct Check {
    pub(crate) status: CheckStatus,
    pub(crate) last: Option<Nanos>,
    pub(crate) note: Option<String>,
    against: u32,
    out: bool,
    due: Nanos,
}

impl Check {
    pub(crate) fn new(now: Nanos) -> Self {
        Self {
            status: CheckStatus::Unknown,
            last: None,
            note: None,
            against: 0,
            out: false,
            due: now,
        }
    }

    /// When the next check is due; never while one is out.
    pub(crate) fn due(&self) -> Nanos {
        if self.out { Nanos::NEVER } else { self.due }
    }

    /// Makes the next check due at once.
    pub(crate) fn hurry(&mut self, now: Nanos) {
        self.due = now;
    }

    /// Makes the next check due at `then` at the latest.
    pub(crate) fn within(&mut self, then: Nanos) {
        self.due = self.due.min(then);
    }

    /// A check starts.
    pub(crate) fn start(&mut self) {
        self.out = true;
    }

    /// A check that was out will never end: it was another process's.
    pub(crate) fn forget(&mut self) {
        self.out = false;
    }

    /// A check ended. Only a run of `rise` or `fall` results changes a settled mind; the first success counts at once.
    pub(crate) fn finish(
        &mut self,
        result: Result<(), String>,
        settings: &CheckSettings,
        now: Nanos,
        rng: &mut Rng,
    ) {
        self.out = false;
        self.last = Some(now);
        let (wanted, needed) = match result {
            Ok(()) => (
                CheckStatus::Healthy,
                if self.status == CheckStatus::Unknown { 1 } else { settings.rise },
            ),
            Err(_) => (CheckStatus::Unhealthy, settings.fall),
        };
        self.note = result.err();
        if wanted == self.status {
            self.against = 0;
        } else {
            self.against += 1;
            if self.against >= needed {
                self.status = wanted;
                self.against = 0;
            }
        }
        let wait =
            if self.against > 0 { settings.fast.min(settings.every) } else { settings.every };
        self.due = now.plus(wait.times(1.0 + settings.jitter * (2.0 * rng.unit() - 1.0)));
    }
}
