//! From what the replications measured to one outcome with its certainty.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::result::{Estimate, Little, NodeOutcome, Outcome, Response, Slice};
use crate::run::{Counts, Run, START};
use crate::scenario::Scenario;
use crate::stats::{Batch, Books, GROWS, Level, Means, at, seconds};

/// What one replication measured.
#[derive(Debug)]
pub struct Replica {
    pub number: u64,
    complete: bool,
    seconds: f64,
    counts: Counts,
    books: Vec<Books>,
    peaks: Vec<usize>,
    servers: Vec<Option<usize>>,
    times: Histogram<u64>,
    sum: u128,
    batches: Vec<Batch>,
    levels: Vec<Level>,
    whole: Option<Level>,
    means: Means,
    area: u128,
    sojourns: u128,
    series: Option<Vec<Slice>>,
    picks: Option<Vec<i64>>,
}

impl Replica {
    /// Closes the books of a run.
    pub fn of(mut run: Run<'_>, number: u64, complete: bool) -> Self {
        if !complete {
            run.forget();
        }
        let (now, nodes, books) = (run.now, &mut run.nodes, run.books);
        let series = run.series.take().map(|series| series.finish(now, nodes, &books));
        let (whole, means) = run.stats.finish(now, nodes, &books);
        Self {
            number,
            complete,
            seconds: seconds(now - START),
            counts: run.counts,
            books,
            peaks: run.nodes.iter().map(|node| node.peak).collect(),
            servers: run.nodes.iter().map(crate::node::Node::servers).collect(),
            times: run.stats.times,
            sum: run.stats.sum,
            batches: run.stats.batches,
            levels: run.stats.levels,
            whole,
            means,
            area: run.stats.area,
            sojourns: run.stats.sojourns,
            series,
            picks: run.picks,
        }
    }
}

/// Standard error and half the width of the 95 % interval, from values that are about independent.
fn certainty(values: &[f64]) -> (Option<f64>, Option<f64>) {
    let count = values.len() as f64;
    if values.len() < 2 {
        return (None, None);
    }
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let se = (variance / count).sqrt();
    let t = StudentsT::new(0.0, 1.0, count - 1.0).map(|law| law.inverse_cdf(0.975)).ok();
    (Some(se), t.map(|t| t * se))
}

fn estimate(value: Option<f64>, values: &[f64]) -> Estimate {
    let (se, half_width) = certainty(values);
    Estimate { value, half_width, se }
}

/// The mean of the whole runs, as certain as the batches agree.
fn levelled(replicas: &[Replica], read: impl Fn(&Level) -> Option<f64>) -> Estimate {
    let whole: Vec<f64> =
        replicas.iter().filter_map(|one| one.whole.as_ref().and_then(&read)).collect();
    let batches: Vec<f64> = replicas.iter().flat_map(|one| &one.levels).filter_map(&read).collect();
    estimate(mean(&whole), &batches)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn response(scenario: &Scenario, replicas: &[Replica]) -> Response {
    let Some(mut times) = replicas.first().map(|one| one.times.clone()) else {
        return Response::default();
    };
    for other in &replicas[1..] {
        times.add(&other.times).expect(GROWS);
    }
    let batches: Vec<&Batch> = replicas.iter().flat_map(|one| &one.batches).collect();
    let means: Vec<f64> = batches.iter().map(|batch| batch.mean).collect();
    let sum: u128 = replicas.iter().map(|one| one.sum).sum();
    let some = !times.is_empty();
    let value = some.then(|| sum as f64 / times.len() as f64 / 1e9);
    let mut quantiles = BTreeMap::new();
    for (place, &quantile) in scenario.quantiles.iter().enumerate() {
        let values: Vec<f64> = batches.iter().map(|batch| batch.quantiles[place]).collect();
        let value = some.then(|| at(&times, quantile));
        quantiles.insert(quantile.to_string(), estimate(value, &values));
    }
    Response { mean: estimate(value, &means), quantiles, max: some.then(|| seconds(times.max())) }
}

fn node(scenario: &Scenario, replicas: &[Replica], tries: u64, place: usize) -> NodeOutcome {
    let sum = |read: fn(&Books) -> u64| replicas.iter().map(|one| read(&one.books[place])).sum();
    let picks = sum(|books| books.picks);
    let answered = sum(|books| books.answered);
    let took: u128 = replicas.iter().map(|one| one.books[place].took).sum();
    let spans: f64 = replicas.iter().map(|one| one.means.span as f64).sum();
    let over = |read: fn(&(f64, f64)) -> f64| {
        let weighed = |one: &Replica| read(&one.means.nodes[place]) * one.means.span as f64;
        if spans > 0.0 { replicas.iter().map(weighed).sum::<f64>() / spans } else { 0.0 }
    };
    let servers = replicas.first().and_then(|one| one.servers[place]);
    NodeOutcome {
        id: scenario.nodes[place].id.clone(),
        picks,
        ok: sum(|books| books.ok),
        failed: sum(|books| books.failed),
        share: if tries > 0 { picks as f64 / tries as f64 } else { 0.0 },
        utilisation: servers.map(|servers| over(|means| means.1) / servers as f64),
        in_system: over(|means| means.0),
        peak: replicas.iter().map(|one| one.peaks[place]).max().unwrap_or(0) as u64,
        response: (answered > 0).then(|| took as f64 / answered as f64 / 1e9),
    }
}

/// All replications together.
pub fn summary(scenario: &Scenario, mut replicas: Vec<Replica>, wanted: u64) -> Outcome {
    let sum = |read: fn(&Counts) -> u64| replicas.iter().map(|one| read(&one.counts)).sum();
    let tries = sum(|counts| counts.tries);
    let peak = |one: &Replica| one.peaks.iter().copied().max().unwrap_or(0) as f64;
    let peaks: Vec<f64> = replicas.iter().map(peak).collect();
    let area: u128 = replicas.iter().map(|one| one.area).sum();
    let sojourns: u128 = replicas.iter().map(|one| one.sojourns).sum();
    let nodes = 0..scenario.nodes.len();
    let mut outcome = Outcome {
        complete: replicas.len() as u64 == wanted && replicas.iter().all(|one| one.complete),
        requests: sum(|counts| counts.requests),
        ok: sum(|counts| counts.ok),
        failed: sum(|counts| counts.failed),
        refused: sum(|counts| counts.refused),
        retries: sum(|counts| counts.retries),
        tries,
        seconds: replicas.iter().map(|one| one.seconds).sum(),
        events: sum(|counts| counts.events),
        response: response(scenario, &replicas),
        peak_to_mean: levelled(&replicas, |level| level.peak_to_mean),
        balance_ratio: levelled(&replicas, |level| Some(level.balance)),
        jain: levelled(&replicas, |level| Some(level.jain)),
        in_system: levelled(&replicas, |level| Some(level.in_system)),
        peak_in_flight: estimate(mean(&peaks), &peaks),
        throughput: levelled(&replicas, |level| Some(level.throughput)),
        nodes: nodes.map(|place| node(scenario, &replicas, tries, place)).collect(),
        little: Little {
            integral: area as f64 / 1e9,
            sojourns: sojourns as f64 / 1e9,
            integral_nanoseconds: area,
            sojourns_nanoseconds: sojourns,
        },
        series: None,
        picks: None,
    };
    if let Some(first) = replicas.first_mut().filter(|first| first.number == 0) {
        (outcome.series, outcome.picks) = (first.series.take(), first.picks.take());
    }
    outcome
}
