//! What `/metrics` says of nodes.

use std::collections::HashSet;

use super::family::Page;
use super::{classes, flag, histogram};
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
        page.gauge(
            "evenly_in_flight",
            "Requests that a node is working on.",
            &labels,
            f64::from(report.in_flight),
        );
        page.gauge(
            "evenly_node_weight",
            "A node's share beside the others.",
            &labels,
            f64::from(report.weight),
        );
        page.gauge(
            "evenly_node_serving",
            "1 while a node takes requests.",
            &labels,
            flag(report.serving),
        );
        let standing = [
            ("cluster", cluster),
            ("node", id),
            ("health", report.health.name()),
            ("reason", report.reason.name()),
        ];
        page.gauge(
            "evenly_node_standing",
            "How a node stands, with the reason; always 1.",
            &standing,
            1.0,
        );
        page.counter("evenly_node_picks_total", "Times a node was picked.", &labels, report.picks);
        page.counter(
            "evenly_node_failures_total",
            "Tries that ended in a node's failure.",
            &labels,
            report.failures,
        );
        page.counter(
            "evenly_node_cancelled_total",
            "Tries that ended without a verdict on the node.",
            &labels,
            report.cancelled,
        );
        relayed(report.id.as_ref(), meters, &labels, page);
    }
    // What not every node has comes last, so that the page's order does not hang on who comes first.
    for report in &reports {
        let labels = [("cluster", cluster), ("node", &*report.id)];
        if let Some(capacity) = report.capacity {
            page.gauge(
                "evenly_node_capacity",
                "Most requests that a node works on at once.",
                &labels,
                f64::from(capacity),
            );
        }
        if let Some(latency) = report.latency {
            page.gauge(
                "evenly_node_latency_seconds",
                "A node's average latency as the balancer sees it.",
                &labels,
                latency,
            );
        }
    }
}

/// What the workers counted of one node.
fn relayed(id: &str, meters: &[&ClusterMeter], labels: &[(&str, &str)], page: &mut Page) {
    let mine: Vec<_> = meters.iter().filter_map(|meter| meter.seen(id)).collect();
    let sum = |cell: fn(&NodeMeter) -> u64| mine.iter().map(|meter| cell(meter)).sum::<u64>();
    classes(
        page,
        "evenly_node_requests_total",
        "Tries sent to a node, by the class of its answer.",
        labels,
        mine.iter().map(|meter| &meter.answers),
    );
    histogram(
        page,
        "evenly_node_latency_distribution_seconds",
        "From a try's start to the node's response head.",
        labels,
        mine.iter().map(|meter| &meter.latency),
    );
    page.counter(
        "evenly_node_connections_total",
        "Connections made to a node.",
        labels,
        sum(|meter| meter.connected.get()),
    );
    page.counter(
        "evenly_node_sent_bytes_total",
        "Bytes sent to a node.",
        labels,
        sum(|meter| meter.sent.get()),
    );
    page.counter(
        "evenly_node_received_bytes_total",
        "Bytes received from a node.",
        labels,
        sum(|meter| meter.received.get()),
    );
}
