//! What `/metrics` says of nodes.

use std::collections::HashSet;

use super::family::Page;
use super::{classes, flag, histogram, table};
use crate::clock;
use crate::meter::{ClusterMeter, NodeMeter};

/// Every node as the balancer sees it and as the workers counted it.
pub fn nodes(
    balancer: &evenly_core::Balancer,
    meters: &[&ClusterMeter],
    cluster: &str,
    page: &mut Page,
) {
    let reports = balancer.nodes(clock::now());
    let members: HashSet<&str> = reports.iter().map(|report| &*report.id).collect();
    for meter in meters {
        meter.prune(|id| members.contains(id));
    }
    for report in &reports {
        let id = &report.id;
        let labels = [("cluster", cluster), ("node", &**id)];
        page.gauge(&table::IN_FLIGHT, &labels, f64::from(report.in_flight));
        page.gauge(&table::NODE_WEIGHT, &labels, f64::from(report.weight));
        page.gauge(&table::NODE_SERVING, &labels, flag(report.serving));
        let standing = [
            ("cluster", cluster),
            ("node", id),
            ("health", report.health.name()),
            ("reason", report.reason.name()),
        ];
        page.gauge(&table::NODE_STANDING, &standing, 1.0);
        page.counter(&table::NODE_PICKS, &labels, report.picks);
        page.counter(&table::NODE_FAILURES, &labels, report.failures);
        page.counter(&table::NODE_CANCELLED, &labels, report.cancelled);
        relayed(report.id.as_ref(), meters, &labels, page);
    }
    // What not every node has comes last, so that the page's order does not hang on who comes first.
    for report in &reports {
        let labels = [("cluster", cluster), ("node", &*report.id)];
        if let Some(capacity) = report.capacity {
            page.gauge(&table::NODE_CAPACITY, &labels, f64::from(capacity));
        }
        if let Some(latency) = report.latency {
            page.gauge(&table::NODE_AVERAGE_LATENCY, &labels, latency);
        }
    }
}

/// What the workers counted of one node.
fn relayed(id: &str, meters: &[&ClusterMeter], labels: &[(&str, &str)], page: &mut Page) {
    let mine: Vec<_> = meters.iter().filter_map(|meter| meter.seen(id)).collect();
    let sum = |cell: fn(&NodeMeter) -> u64| mine.iter().map(|meter| cell(meter)).sum::<u64>();
    classes(page, &table::NODE_REQUESTS, labels, mine.iter().map(|meter| &meter.answers));
    histogram(page, &table::NODE_LATENCY, labels, mine.iter().map(|meter| &meter.latency));
    page.counter(&table::NODE_CONNECTIONS, labels, sum(|meter| meter.connected.get()));
    page.counter(&table::NODE_SENT_BYTES, labels, sum(|meter| meter.sent.get()));
    page.counter(&table::NODE_RECEIVED_BYTES, labels, sum(|meter| meter.received.get()));
}
