//! The options of a balancer, by the attributes of the classes in `evenly.balancer.settings`.

use std::time::Duration;

use evenly_core::{
    CheckSettings, EjectionSettings, Nanos, QueueSettings, RetrySettings, Settings, SubsetSettings,
};
use evenly_proxy::config::{Health as Check, HealthKind};
use pyo3::prelude::*;
use pyo3::types::PyDict;

fn span(seconds: f64) -> Nanos {
    Nanos::from_secs_f64(seconds)
}

fn length(seconds: f64) -> Duration {
    Duration::from_nanos(span(seconds).0)
}

#[derive(FromPyObject)]
struct Ejection {
    consecutive: u32,
    window: f64,
    min_requests: u32,
    base: f64,
    max: f64,
    max_share: f64,
}

#[derive(FromPyObject)]
struct Retries {
    backoff: f64,
    budget_share: f64,
    budget_per_second: f64,
}

#[derive(FromPyObject)]
struct Queue {
    length: usize,
    timeout: f64,
}

#[derive(FromPyObject)]
struct Subset {
    size: usize,
    instance: usize,
    instances: usize,
}

#[derive(FromPyObject)]
struct Health {
    http: Option<String>,
    status: (u16, u16),
    body: Option<String>,
    every: f64,
    fast: f64,
    timeout: f64,
    rise: u32,
    fall: u32,
    jitter: f64,
    required: bool,
}

/// All options of a balancer.
#[derive(FromPyObject)]
pub struct Options {
    health: Option<Health>,
    ejection: Option<Ejection>,
    slow_start: f64,
    retries: Retries,
    queue: Queue,
    hash_seed: u64,
    subset: Option<Subset>,
}

impl Options {
    /// What the core wants, and what the one who checks the nodes wants.
    pub fn split(self) -> (Settings, Option<Check>) {
        let check = self.health.as_ref().map(|health| CheckSettings {
            every: span(health.every),
            fast: span(health.fast),
            rise: health.rise,
            fall: health.fall,
            jitter: health.jitter,
            required: health.required,
        });
        let settings = Settings {
            ejection: self.ejection.map(|ejection| EjectionSettings {
                consecutive: ejection.consecutive,
                window: span(ejection.window),
                min_requests: ejection.min_requests,
                base: span(ejection.base),
                max: span(ejection.max),
                max_share: ejection.max_share,
            }),
            slow_start: span(self.slow_start),
            check,
            retry: RetrySettings {
                backoff: span(self.retries.backoff),
                share: self.retries.budget_share,
                per_second: self.retries.budget_per_second,
                ..RetrySettings::default()
            },
            queue: QueueSettings { length: self.queue.length, timeout: span(self.queue.timeout) },
            hash_seed: self.hash_seed,
            subset: self.subset.map(|subset| SubsetSettings {
                size: subset.size,
                instance: subset.instance,
                instances: subset.instances,
            }),
            ..Settings::default()
        };
        let health = self.health.map(|health| Check {
            kind: if health.http.is_some() { HealthKind::Http } else { HealthKind::Tcp },
            path: health.http,
            status: Some(health.status),
            body: health.body,
            every: length(health.every),
            fast: length(health.fast),
            timeout: length(health.timeout),
            rise: health.rise,
            fall: health.fall,
            jitter: health.jitter,
            required: health.required,
        });
        (settings, health)
    }
}

/// The engine's own defaults: what a test compares those of Python with.
#[pyfunction]
pub fn defaults(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let settings = Settings::default();
    let all = PyDict::new(py);
    let table = |name: &str, pairs: &[(&str, f64)]| -> PyResult<()> {
        let table = PyDict::new(py);
        for (key, value) in pairs {
            table.set_item(key, value)?;
        }
        all.set_item(name, table)
    };
    let check = CheckSettings::default();
    let health = [
        ("every", check.every.as_secs_f64()),
        ("fast", check.fast.as_secs_f64()),
        ("rise", check.rise.into()),
        ("fall", check.fall.into()),
        ("jitter", check.jitter),
        ("required", f64::from(u8::from(check.required))),
    ];
    table("health", &health)?;
    if let Some(ejection) = &settings.ejection {
        let pairs = [
            ("consecutive", ejection.consecutive.into()),
            ("window", ejection.window.as_secs_f64()),
            ("min_requests", ejection.min_requests.into()),
            ("base", ejection.base.as_secs_f64()),
            ("max", ejection.max.as_secs_f64()),
            ("max_share", ejection.max_share),
        ];
        table("ejection", &pairs)?;
    }
    let retries = [
        ("backoff", settings.retry.backoff.as_secs_f64()),
        ("budget_share", settings.retry.share),
        ("budget_per_second", settings.retry.per_second),
    ];
    table("retries", &retries)?;
    let queue = [
        ("length", settings.queue.length as f64),
        ("timeout", settings.queue.timeout.as_secs_f64()),
    ];
    table("queue", &queue)?;
    all.set_item("slow_start", settings.slow_start.as_secs_f64())?;
    all.set_item("hash_seed", settings.hash_seed)?;
    Ok(all)
}
