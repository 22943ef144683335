//! `/metrics`: everything that is counted, as Prometheus reads it.
//!
//! Nothing is registered and nothing is kept: a scrape reads the balancers and the workers' cells as they stand.

mod family;
mod nodes;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{Encoder, TextEncoder};

use crate::edition::{LiveCluster, LiveListener};
use crate::meter::{BOUNDS, CLASS_NAMES, Classes, ClusterMeter, Histogram};
use crate::shared::Shared;
use family::Page;

/// What the text is called in HTTP.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The whole page.
pub fn text(shared: &Shared) -> String {
    let mut page = Page::default();
    process(shared, &mut page);
    let edition = shared.edition();
    for listener in &edition.listeners {
        listener_metrics(listener, &mut page);
    }
    for live in &edition.clusters {
        cluster(live, &mut page);
    }
    let mut families = page.families();
    families.extend(ProcessCollector::for_self().collect());
    let mut out = Vec::new();
    // It fails only on families without samples, and the page makes none.
    if TextEncoder::new().encode(&families, &mut out).is_err() {
        out.clear();
    }
    String::from_utf8(out).unwrap_or_default()
}

fn process(shared: &Shared, page: &mut Page) {
    let status = &shared.status;
    page.gauge(
        "evenly_build_info",
        "The version that runs.",
        &[("version", env!("CARGO_PKG_VERSION"))],
        1.0,
    );
    page.gauge(
        "evenly_draining",
        "1 while the proxy ends and takes no new connections.",
        &[],
        flag(status.is_draining()),
    );
    page.gauge(
        "evenly_control_up",
        "1 while the control process runs.",
        &[],
        flag(status.has_control()),
    );
    page.counter(
        "evenly_control_restarts_total",
        "Control processes started in place of dead ones.",
        &[],
        status.restarts(),
    );
    page.counter(
        "evenly_access_log_lines_total",
        "Lines written to the access log.",
        &[],
        shared.access.written(),
    );
    page.counter(
        "evenly_access_log_dropped_total",
        "Lines that the access log lost because its disk was slower than the traffic, or full.",
        &[],
        shared.access.dropped(),
    );
    for (index, open) in shared.connections.iter().enumerate() {
        let help = "Open client connections of a worker.";
        page.gauge(
            "evenly_worker_connections",
            help,
            &[("worker", &index.to_string())],
            open.load(Relaxed) as f64,
        );
    }
}

fn listener_metrics(live: &LiveListener, page: &mut Page) {
    let name = &*live.name;
    let labels = [("listener", name)];
    let (mut opened, mut closed) = (0, 0);
    let (mut refused, mut relaxed) = (BTreeMap::new(), BTreeMap::new());
    for meter in &live.meters {
        opened += meter.opened.get();
        closed += meter.closed.get();
        meter.refused.add_to(&mut refused);
        meter.relaxed.add_to(&mut relaxed);
    }
    page.counter("evenly_connections_total", "Client connections accepted.", &labels, opened);
    page.gauge(
        "evenly_connections",
        "Client connections open.",
        &labels,
        opened.saturating_sub(closed) as f64,
    );
    for (reason, count) in refused {
        refusal(page, "", name, &reason, count);
    }
    for (rule, count) in relaxed {
        // The meter names a rule as a refusal would; here it was not refused.
        let rule = rule.rsplit(':').next().unwrap_or_default();
        let help = "Requests accepted only because a framing rule is relaxed.";
        page.counter("evenly_relaxed_total", help, &[("listener", name), ("rule", rule)], count);
    }
}

fn refusal(page: &mut Page, cluster: &str, listener: &str, reason: &str, count: u64) {
    let help = "Requests that the proxy answered itself, by the reason.";
    let labels = [("cluster", cluster), ("listener", listener), ("reason", reason)];
    page.counter("evenly_refusals_total", help, &labels, count);
}

fn cluster(live: &LiveCluster, page: &mut Page) {
    let balancer = &live.balancer;
    let name = &**balancer.name();
    let labels = [("cluster", name)];
    let meters: Vec<&ClusterMeter> = live.meters.iter().map(|meter| &**meter).collect();
    let sum = |cell: fn(&ClusterMeter) -> u64| meters.iter().map(|meter| cell(meter)).sum::<u64>();

    classes(
        page,
        "evenly_requests_total",
        "Requests ended, by the class of the answer that the client got.",
        &labels,
        meters.iter().map(|meter| &meter.answers),
    );
    histogram(
        page,
        "evenly_request_duration_seconds",
        "From a request's head to its response's head, retries and waiting included.",
        &labels,
        meters.iter().map(|meter| &meter.latency),
    );
    page.counter(
        "evenly_retries_total",
        "Further tries made.",
        &labels,
        sum(|meter| meter.retries.get()),
    );
    page.counter(
        "evenly_panics_total",
        "Picks of an unhealthy node for want of a healthy one.",
        &labels,
        sum(|meter| meter.panics.get()),
    );
    page.counter(
        "evenly_received_bytes_total",
        "Bytes read from clients.",
        &labels,
        sum(|meter| meter.received.get()),
    );
    page.counter(
        "evenly_sent_bytes_total",
        "Bytes written to clients.",
        &labels,
        sum(|meter| meter.sent.get()),
    );
    page.gauge(
        "evenly_waiting",
        "Requests that wait for a free place.",
        &labels,
        balancer.waiting() as f64,
    );
    page.gauge(
        "evenly_balance_ratio",
        "Least load / greatest load, each per unit of weight; 1 when idle.",
        &labels,
        balancer.balance_ratio(),
    );
    page.gauge(
        "evenly_jain_index",
        "Jain's fairness index of the loads per unit of weight; 1 when idle.",
        &labels,
        balancer.jain_index(),
    );
    let mut refused = BTreeMap::new();
    for meter in &meters {
        meter.refused.add_to(&mut refused);
    }
    for (reason, count) in refused {
        refusal(page, name, "", &reason, count);
    }
    nodes::nodes(balancer, &meters, name, page);
}

fn classes<'a>(
    page: &mut Page,
    name: &'static str,
    help: &'static str,
    labels: &[(&str, &str)],
    all: impl Iterator<Item = &'a Classes>,
) {
    let mut sum = [0; CLASS_NAMES.len()];
    for counts in all {
        sum.iter_mut().zip(counts.get()).for_each(|(sum, count)| *sum += count);
    }
    for (class, count) in CLASS_NAMES.into_iter().zip(sum) {
        page.counter(name, help, &[labels, &[("status", class)]].concat(), count);
    }
}

fn histogram<'a>(
    page: &mut Page,
    name: &'static str,
    help: &'static str,
    labels: &[(&str, &str)],
    all: impl Iterator<Item = &'a Histogram>,
) {
    let (mut counts, mut nanos) = ([0; BOUNDS.len() + 1], 0);
    all.for_each(|one| one.add_to(&mut counts, &mut nanos));
    page.histogram(name, help, labels, &counts, nanos as f64 / 1e9);
}

fn flag(on: bool) -> f64 {
    f64::from(u8::from(on))
}
