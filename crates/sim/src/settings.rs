//! The balancers' settings, by the names they have in Python and TOML; what is not written is the core's default.

use evenly_core::{
    CheckSettings, EjectionSettings, Fault, Nanos, QueueSettings, RetrySettings, Settings,
    SubsetSettings,
};

use crate::read::{Fits, Table};

/// How long an active check may take unless it is said, in seconds; Python's default, too.
pub const CHECK_TIMEOUT: f64 = 2.0;

/// The settings, and how long an active check may take in seconds.
pub fn read(mut table: Table) -> Result<(Settings, f64), Fault> {
    let mut settings = Settings::default();
    if table.has("ejection") {
        settings.ejection = table.table("ejection")?.map(ejection).transpose()?;
    } else {
        table.value("ejection");
    }
    settings.slow_start = if table.has("slow_start") {
        span(&mut table, "slow_start", Nanos::ZERO, Fits::FromZero)?
    } else {
        table.value("slow_start");
        settings.slow_start
    };
    let mut timeout = CHECK_TIMEOUT;
    for key in ["health", "check"] {
        if let Some(found) = table.table(key)? {
            let (check, longest) = check(found)?;
            settings.check = Some(check);
            timeout = longest;
        }
    }
    for key in ["retries", "retry"] {
        if let Some(found) = table.table(key)? {
            settings.retry = retry(found)?;
        }
    }
    if let Some(found) = table.table("queue")? {
        settings.queue = queue(found)?;
    }
    settings.hash_seed = table.take("hash_seed")?.unwrap_or(settings.hash_seed);
    settings.subset = table.table("subset")?.map(subset).transpose()?;
    settings.decay = span(&mut table, "decay", settings.decay, Fits::Positive)?;
    settings.failure_penalty =
        span(&mut table, "failure_penalty", settings.failure_penalty, Fits::FromZero)?;
    table.end()?;
    Ok((settings, timeout))
}

fn span(table: &mut Table, key: &'static str, default: Nanos, fits: Fits) -> Result<Nanos, Fault> {
    Ok(table.maybe(key, fits)?.map_or(default, Nanos::from_secs_f64))
}

fn ejection(mut table: Table) -> Result<EjectionSettings, Fault> {
    let default = EjectionSettings::default();
    let settings = EjectionSettings {
        consecutive: table.take("consecutive")?.unwrap_or(default.consecutive),
        window: span(&mut table, "window", default.window, Fits::Positive)?,
        min_requests: table.take("min_requests")?.unwrap_or(default.min_requests),
        base: span(&mut table, "base", default.base, Fits::Positive)?,
        max: span(&mut table, "max", default.max, Fits::Positive)?,
        max_share: table.number("max_share", Some(default.max_share), Fits::Share)?,
    };
    table.end()?;
    Ok(settings)
}

/// What a check asks for does not matter here: whether a node is alive is known.
fn check(mut table: Table) -> Result<(CheckSettings, f64), Fault> {
    for key in ["kind", "http", "tcp", "path", "status", "body"] {
        table.value(key);
    }
    let default = CheckSettings::default();
    let settings = CheckSettings {
        every: span(&mut table, "every", default.every, Fits::Positive)?,
        fast: span(&mut table, "fast", default.fast, Fits::Positive)?,
        rise: table.take("rise")?.unwrap_or(default.rise),
        fall: table.take("fall")?.unwrap_or(default.fall),
        jitter: table.number("jitter", Some(default.jitter), Fits::Share)?,
        required: table.take("required")?.unwrap_or(default.required),
    };
    let timeout = table.number("timeout", Some(CHECK_TIMEOUT), Fits::Positive)?;
    table.end()?;
    Ok((settings, timeout))
}

fn retry(mut table: Table) -> Result<RetrySettings, Fault> {
    table.value("body_bytes"); // every request here is kept
    let default = RetrySettings::default();
    let settings = RetrySettings {
        extra: table.take("extra")?.unwrap_or(default.extra),
        backoff: span(&mut table, "backoff", default.backoff, Fits::FromZero)?,
        share: table.number("budget_share", Some(default.share), Fits::Share)?,
        per_second: table.number("budget_per_second", Some(default.per_second), Fits::FromZero)?,
    };
    table.end()?;
    Ok(settings)
}

fn queue(mut table: Table) -> Result<QueueSettings, Fault> {
    let default = QueueSettings::default();
    let settings = QueueSettings {
        length: table.take("length")?.unwrap_or(default.length),
        timeout: span(&mut table, "timeout", default.timeout, Fits::FromZero)?,
    };
    table.end()?;
    Ok(settings)
}

fn subset(mut table: Table) -> Result<SubsetSettings, Fault> {
    let settings = SubsetSettings {
        size: table.need("size")?,
        instance: table.take("instance")?.unwrap_or(0),
        instances: table.need("instances")?,
    };
    let path = table.path("");
    table.end()?;
    settings
        .check()
        .map_err(|fault| Fault::new(format!("{}: {fault}", path.trim_end_matches('.'))))?;
    Ok(settings)
}
