//! Every family of metrics that the proxy shows; this is the one table of them. `docs/metrics.md` is made from it.
//!
//! Names follow Prometheus: base units, `_total` on what only grows. The comment above a family is its paragraph.

/// How a family's samples behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, from 0 at the start.
    Counter,
    /// Moves both ways.
    Gauge,
    /// Counts by upper bound, with sum and count.
    Histogram,
}

/// A name on the page with all its samples.
#[derive(Debug)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// One line on the page itself.
    pub help: &'static str,
    /// How its samples behave.
    pub kind: Kind,
    /// The labels that each of its samples carries.
    pub labels: &'static [&'static str],
}

macro_rules! families {
    ($($(#[doc = $doc:literal])* $constant:ident => $name:literal $kind:ident [$($label:literal),*] $help:literal,)*) => {
        $($(#[doc = $doc])*
        pub const $constant: Family = Family { name: $name, help: $help, kind: Kind::$kind, labels: &[$($label),*] };)*

        /// Every family there is, in the order of the table.
        pub const ALL: &[Family] = &[$($constant,)*];
    };
}

families! {
    /// Always 1; the version is in the label. Join it to other series to see which version an instance ran, and look for
    /// more than one value of `version` during an upgrade.
    BUILD_INFO => "evenly_build_info" Gauge ["version"] "The version that runs.",

    /// The number of the configuration in force, from 1 at the start. Each reload or change at run time that is applied
    /// makes it one more; a refused one does not. Instances that should be alike and differ here are not alike.
    EDITION => "evenly_edition" Gauge [] "The number of the configuration in force.",

    /// When the configuration in force came into force, in seconds since 1970. `time() - evenly_edition_seconds` is its age:
    /// put changes on a graph by it.
    EDITION_SECONDS => "evenly_edition_seconds" Gauge [] "When the configuration in force came into force, in seconds since 1970.",

    /// 1 from the first SIGTERM or SIGINT on, or when a worker has died. An instance that shows 1 for longer than
    /// `proxy.drain` hangs.
    DRAINING => "evenly_draining" Gauge [] "1 while the proxy ends and takes no new connections.",

    /// 0 while there is no control process: requests are balanced, but nothing can be changed. Alert on 0 for a minute.
    CONTROL_UP => "evenly_control_up" Gauge [] "1 while the control process runs.",

    /// How often a control process was started in place of a dead one. Any growth is worth a look into the events.
    CONTROL_RESTARTS => "evenly_control_restarts_total" Counter [] "Control processes started in place of dead ones.",

    /// Lines that the access log has taken. With the log on for all the time, it grows as the sum of `evenly_requests_total`
    /// does, less what is dropped.
    ACCESS_LINES => "evenly_access_log_lines_total" Counter [] "Lines written to the access log.",

    /// Whole lines lost because the log was full, unread, or slower than the traffic. Alert on any growth when the log is
    /// what you bill or audit by; requests are not affected.
    ACCESS_DROPPED => "evenly_access_log_dropped_total" Counter [] "Lines that the access log lost because it was slower than the traffic, or full.",

    /// Open client connections of each worker thread. They should be near each other; one that stays far above the others
    /// has long-lived connections (WebSockets).
    WORKER_CONNECTIONS => "evenly_worker_connections" Gauge ["worker"] "Open client connections of a worker.",

    /// Client connections accepted. Near the rate of requests, clients do not keep their connections, which costs both sides
    /// a handshake for each request.
    CONNECTIONS_TOTAL => "evenly_connections_total" Counter ["listener"] "Client connections accepted.",

    /// Client connections open now, idle ones and tunnels included. Compare it with half of `process_max_fds`: beyond that
    /// new clients wait in the listener's backlog.
    CONNECTIONS => "evenly_connections" Gauge ["listener"] "Client connections open.",

    /// Answers that the proxy gave itself, and requests that it gave up. The `reason` is one of the named ones (docs/reasons.md), with
    /// its rule where one was broken. What could not be read has the listener and no cluster, all else the cluster and no
    /// listener. A reason appears with its first count. Alert on `no_node` and `retry_budget_spent`; `at_capacity` and
    /// `queue_timeout` mean too little capacity.
    REFUSALS => "evenly_refusals_total" Counter ["cluster", "listener", "reason"] "Requests that the proxy answered itself, by the reason.",

    /// Requests accepted only because their listener relaxes the `rule` (docs/rules.md). At zero for long, take the switch out of the file.
    RELAXED => "evenly_relaxed_total" Counter ["listener", "rule"] "Requests accepted only because a framing rule is relaxed.",

    /// Requests that have ended, by what the client got: a class of statuses, or `none` when it left before. The ratio of
    /// `5xx` to all is what clients see of failures: alert on it first.
    REQUESTS => "evenly_requests_total" Counter ["cluster", "status"] "Requests ended, by the class of the answer that the client got.",

    /// How long clients waited for a response's head, from the end of the request's head: waiting for a place, retries and
    /// their pauses included, the body excluded. `histogram_quantile(0.99, …)` of its buckets is the latency to watch.
    REQUEST_DURATION => "evenly_request_duration_seconds" Histogram ["cluster"] "From a request's head to its response's head, retries and waiting included.",

    /// Tries beyond each request's first. Near 20 % of the requests the retry budget ends, and failures reach clients.
    RETRIES => "evenly_retries_total" Counter ["cluster"] "Further tries made.",

    /// Picks of a node that was known to be bad, because no good one was left. Any growth means that a cluster is, or
    /// believes itself, wholly out: alert on it.
    PANICS => "evenly_panics_total" Counter ["cluster"] "Picks of an unhealthy node for want of a healthy one.",

    /// Bytes read from clients, heads and framing included.
    RECEIVED_BYTES => "evenly_received_bytes_total" Counter ["cluster"] "Bytes read from clients.",

    /// Bytes written to clients, heads and framing included.
    SENT_BYTES => "evenly_sent_bytes_total" Counter ["cluster"] "Bytes written to clients.",

    /// Requests in the waiting queue: every node that serves is at its capacity. Above 0 for long, capacity is lacking.
    WAITING => "evenly_waiting" Gauge ["cluster"] "Requests that wait for a free place.",

    /// The least loaded node's requests in flight over the most loaded node's, each per unit of weight, at this moment:
    /// from 0 to 1, and 1 when idle. With few requests in flight it is 0 most of the time, and nothing is wrong; average it.
    BALANCE_RATIO => "evenly_balance_ratio" Gauge ["cluster"] "Least load / greatest load, each per unit of weight; 1 when idle.",

    /// The most loaded node's requests in flight per unit of weight over those of the whole cluster per unit of weight, at
    /// this moment: from 1, which is even, up to one node having all. What the busiest node must bear beyond its share.
    PEAK_TO_MEAN => "evenly_peak_to_mean" Gauge ["cluster"] "Greatest load / mean load, each per unit of weight; 1 when even or idle.",

    /// Jain's fairness index of the requests in flight per unit of weight, at this moment: 1 when all nodes are loaded
    /// alike, 1/k when one of k nodes has all, 1 when idle.
    JAIN_INDEX => "evenly_jain_index" Gauge ["cluster"] "Jain's fairness index of the loads per unit of weight; 1 when idle.",

    /// Requests that a node works on now, as the balancer lends it: the load that strategies compare.
    IN_FLIGHT => "evenly_in_flight" Gauge ["cluster", "node"] "Requests that a node is working on.",

    /// The node's weight in the configuration in force.
    NODE_WEIGHT => "evenly_node_weight" Gauge ["cluster", "node"] "A node's share beside the others.",

    /// 1 while the node may be picked. The sum over a cluster is what it has to serve with: alert when it falls below what
    /// the traffic needs, not at the first 0.
    NODE_SERVING => "evenly_node_serving" Gauge ["cluster", "node"] "1 while a node takes requests.",

    /// Always 1; what the active check says (`health`) and why the node stands as it does (`reason`, docs/reasons.md) are in
    /// the labels. Join it to the other series of the node to see why its share is small.
    NODE_STANDING => "evenly_node_standing" Gauge ["cluster", "node", "health", "reason"] "How a node stands, with the reason; always 1.",

    /// Times the balancer lent the node. Its rate over the cluster's is the node's share of the traffic.
    NODE_PICKS => "evenly_node_picks_total" Counter ["cluster", "node"] "Times a node was picked.",

    /// Picks that ended in a failure of the node: no connection, no answer in time, a bad one, or a status of 5xx other than
    /// 501 and 505. Ejection and the retry budget count the same.
    NODE_FAILURES => "evenly_node_failures_total" Counter ["cluster", "node"] "Tries that ended in a node's failure.",

    /// Picks that said nothing about the node, because the client left or broke a rule. Growth follows impatient clients.
    NODE_CANCELLED => "evenly_node_cancelled_total" Counter ["cluster", "node"] "Tries that ended without a verdict on the node.",

    /// Tries sent to the node, by the class of its answer; `none` when it gave none. Retries count on each node they were made on.
    NODE_REQUESTS => "evenly_node_requests_total" Counter ["cluster", "node", "status"] "Tries sent to a node, by the class of its answer.",

    /// How long the node took to its response's head, a new connection included. Beside those of its neighbours it shows
    /// which node is slow, whatever the balancer makes of it.
    NODE_LATENCY => "evenly_node_latency_distribution_seconds" Histogram ["cluster", "node"] "From a try's start to the node's response head.",

    /// New connections to the node. Near the rate of its requests, the node does not keep connections: raise its keep-alive
    /// timeout above `node_idle`.
    NODE_CONNECTIONS => "evenly_node_connections_total" Counter ["cluster", "node"] "Connections made to a node.",

    /// Bytes written to the node, heads and framing included.
    NODE_SENT_BYTES => "evenly_node_sent_bytes_total" Counter ["cluster", "node"] "Bytes sent to a node.",

    /// Bytes read from the node, heads and framing included.
    NODE_RECEIVED_BYTES => "evenly_node_received_bytes_total" Counter ["cluster", "node"] "Bytes received from a node.",

    /// The most requests that the node works on at once; only nodes that have such a limit show it.
    /// `evenly_in_flight / evenly_node_capacity` is how full the node is.
    NODE_CAPACITY => "evenly_node_capacity" Gauge ["cluster", "node"] "Most requests that a node works on at once.",

    /// The balancer's own average of the node's latency, which its default strategy goes by; shown from the first answer on.
    /// It follows changes within seconds: the histogram is for percentiles, this is for seeing what the balancer sees.
    NODE_AVERAGE_LATENCY => "evenly_node_latency_seconds" Gauge ["cluster", "node"] "A node's average latency as the balancer sees it.",
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What only grows ends in `_total`, nothing else does, and no name stands twice: as Prometheus's conventions have it.
    #[test]
    fn names_keep_the_conventions() {
        let mut names: Vec<_> = ALL.iter().map(|family| family.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        for family in ALL {
            assert!(family.name.starts_with("evenly_"), "{}", family.name);
            assert_eq!(
                family.name.ends_with("_total"),
                family.kind == Kind::Counter,
                "{}",
                family.name
            );
            assert!(family.help.ends_with('.'), "{}", family.name);
        }
    }
}
