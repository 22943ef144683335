//! What a run gives back.

use std::collections::BTreeMap;

use serde::Serialize;

/// A figure and how sure it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure; nothing when there was nothing to measure.
    pub value: Option<f64>,
    /// Half the width of the 95 % confidence interval (Student's t over the batches of all replications).
    pub half_width: Option<f64>,
    /// Standard error.
    pub se: Option<f64>,
}

/// Response times as clients see them, in seconds, of requests that came after the warm-up and were answered well.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Response {
    /// Mean.
    pub mean: Estimate,
    /// By the quantile as it was asked for; exact to one in a thousand.
    pub quantiles: BTreeMap<String, Estimate>,
    /// Longest.
    pub max: Option<f64>,
}

/// One node over the whole run, the warm-up apart where times are concerned.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NodeOutcome {
    /// Its name.
    pub id: String,
    /// Tries that were sent to it.
    pub picks: u64,
    /// Those that were answered well.
    pub ok: u64,
    /// Those that failed.
    pub failed: u64,
    /// Its share of all tries.
    pub share: f64,
    /// Busy servers / servers; nothing when every request has its own.
    pub utilisation: Option<f64>,
    /// Mean number of requests at it, waiting or served.
    pub in_system: f64,
    /// Largest number of requests at it.
    pub peak: u64,
    /// Mean time of a try that was answered well, in seconds.
    pub response: Option<f64>,
}

/// Little's law on the whole run: both sides are equal, in whole nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Little {
    /// Integral of the number of requests in the system, in seconds.
    pub integral: f64,
    /// Sum of all sojourns, in seconds.
    pub sojourns: f64,
    /// The integral in nanoseconds.
    pub integral_nanoseconds: u128,
    /// The sum in nanoseconds.
    pub sojourns_nanoseconds: u128,
}

/// One node in a slice of the series.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SliceNode {
    /// Tries sent to it.
    pub picks: u64,
    /// Mean number of requests at it.
    pub in_system: f64,
    /// Tries that failed.
    pub failed: u64,
}

/// A slice of the series.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Slice {
    /// Seconds from the start of the run to the start of the slice.
    pub at: f64,
    /// Requests answered well.
    pub ok: u64,
    /// Requests that failed or were refused.
    pub failed: u64,
    /// Mean response time of those that were answered well.
    pub mean: Option<f64>,
    /// 99th percentile of it.
    pub p99: Option<f64>,
    /// The nodes in their order.
    pub nodes: Vec<SliceNode>,
}

/// What came out of all replications together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// Whether every replication was played to its end.
    pub complete: bool,
    /// Requests that came: the sum of `ok`, `failed` and `refused`.
    pub requests: u64,
    /// Answered well.
    pub ok: u64,
    /// Failed as the client sees it, after all tries.
    pub failed: u64,
    /// Never sent to a node, for want of one.
    pub refused: u64,
    /// Tries beyond the first.
    pub retries: u64,
    /// All tries.
    pub tries: u64,
    /// Virtual seconds, from the start to the last answer.
    pub seconds: f64,
    /// Events played.
    pub events: u64,
    /// Response times.
    pub response: Response,
    /// Greatest load / mean load, where a node's load is its mean number of requests per capacity (or else weight).
    pub peak_to_mean: Estimate,
    /// Least load / greatest load (definition 1.3.2, corrected).
    pub balance_ratio: Estimate,
    /// Jain's index of the loads.
    pub jain: Estimate,
    /// Mean number of requests in the system, from arrival to answer.
    pub in_system: Estimate,
    /// The largest number of requests at any node; a mean over replications.
    pub peak_in_flight: Estimate,
    /// Requests answered well per second.
    pub throughput: Estimate,
    /// The nodes in their order.
    pub nodes: Vec<NodeOutcome>,
    /// Little's law.
    pub little: Little,
    /// The first replication in slices, when they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<Vec<Slice>>,
    /// The number of the first node of every request of the first replication (-1: none), when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picks: Option<Vec<i64>>,
}

impl Outcome {
    /// The outcome as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("tables of numbers and texts can be written as JSON")
    }
}
