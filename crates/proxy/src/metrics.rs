//! `/metrics`: everything that is counted, as Prometheus reads it.
//!
//! Nothing is registered and nothing is kept: a scrape reads the balancers and the workers' cells as they stand.

mod family;
mod nodes;
pub mod table;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{Encoder, TextEncoder};

use crate::edition::{Edition, LiveCluster, LiveListener};
use crate::event::unix;
use crate::meter::{BOUNDS, CLASS_NAMES, Classes, ClusterMeter, Histogram};
use crate::shared::Shared;
use family::Page;
use table::Family;

/// What the text is called in HTTP.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The whole page.
pub fn text(shared: &Shared) -> String {
    let mut page = Page::default();
    let edition = shared.edition();
    process(shared, &edition, &mut page);
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

fn process(shared: &Shared, edition: &Edition, page: &mut Page) {
    let status = &shared.status;
    page.gauge(&table::EDITION, &[], edition.number as f64);
    page.gauge(&table::EDITION_SECONDS, &[], unix(edition.since));
    page.gauge(&table::BUILD_INFO, &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    page.gauge(&table::DRAINING, &[], flag(status.is_draining()));
    page.gauge(&table::CONTROL_UP, &[], flag(status.has_control()));
    page.counter(&table::CONTROL_RESTARTS, &[], status.restarts());
    page.counter(&table::ACCESS_LINES, &[], shared.access.written());
    page.counter(&table::ACCESS_DROPPED, &[], shared.access.dropped());
    for (index, open) in shared.connections.iter().enumerate() {
        page.gauge(
            &table::WORKER_CONNECTIONS,
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
    page.counter(&table::CONNECTIONS_TOTAL, &labels, opened);
    page.gauge(&table::CONNECTIONS, &labels, opened.saturating_sub(closed) as f64);
    for (reason, count) in refused {
        refusal(page, "", name, &reason, count);
    }
    for (rule, count) in relaxed {
        // The meter names a rule as a refusal would; here it was not refused.
        let rule = rule.rsplit(':').next().unwrap_or_default();
        page.counter(&table::RELAXED, &[("listener", name), ("rule", rule)], count);
    }
}

fn refusal(page: &mut Page, cluster: &str, listener: &str, reason: &str, count: u64) {
    let labels = [("cluster", cluster), ("listener", listener), ("reason", reason)];
    page.counter(&table::REFUSALS, &labels, count);
}

fn cluster(live: &LiveCluster, page: &mut Page) {
    let balancer = &live.balancer;
    let name = &**balancer.name();
    let labels = [("cluster", name)];
    let meters: Vec<&ClusterMeter> = live.meters.iter().map(|meter| &**meter).collect();
    let sum = |cell: fn(&ClusterMeter) -> u64| meters.iter().map(|meter| cell(meter)).sum::<u64>();

    classes(page, &table::REQUESTS, &labels, meters.iter().map(|meter| &meter.answers));
    histogram(page, &table::REQUEST_DURATION, &labels, meters.iter().map(|meter| &meter.latency));
    page.counter(&table::RETRIES, &labels, sum(|meter| meter.retries.get()));
    page.counter(&table::PANICS, &labels, sum(|meter| meter.panics.get()));
    page.counter(&table::RECEIVED_BYTES, &labels, sum(|meter| meter.received.get()));
    page.counter(&table::SENT_BYTES, &labels, sum(|meter| meter.sent.get()));
    page.gauge(&table::WAITING, &labels, balancer.waiting() as f64);
    page.gauge(&table::BALANCE_RATIO, &labels, balancer.balance_ratio());
    page.gauge(&table::PEAK_TO_MEAN, &labels, balancer.peak_to_mean());
    page.gauge(&table::JAIN_INDEX, &labels, balancer.jain_index());
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
    family: &Family,
    labels: &[(&str, &str)],
    all: impl Iterator<Item = &'a Classes>,
) {
    let mut sum = [0; CLASS_NAMES.len()];
    for counts in all {
        sum.iter_mut().zip(counts.get()).for_each(|(sum, count)| *sum += count);
    }
    for (class, count) in CLASS_NAMES.into_iter().zip(sum) {
        page.counter(family, &[labels, &[("status", class)]].concat(), count);
    }
}

fn histogram<'a>(
    page: &mut Page,
    family: &Family,
    labels: &[(&str, &str)],
    all: impl Iterator<Item = &'a Histogram>,
) {
    let (mut counts, mut nanos) = ([0; BOUNDS.len() + 1], 0);
    all.for_each(|one| one.add_to(&mut counts, &mut nanos));
    page.histogram(family, labels, &counts, nanos as f64 / 1e9);
}

fn flag(on: bool) -> f64 {
    f64::from(u8::from(on))
}
