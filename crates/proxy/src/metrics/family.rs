//! Samples gathered by the family they belong to, in the order in which families first appear.

use std::collections::HashMap;

use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType,
};

use super::table::{Family, Kind};
use crate::meter::BOUNDS;

/// The page under construction.
#[derive(Default)]
pub struct Page {
    families: Vec<MetricFamily>,
    index: HashMap<&'static str, usize>,
}

type Labels<'a> = [(&'a str, &'a str)];

impl Page {
    /// What has been gathered.
    pub fn families(self) -> Vec<MetricFamily> {
        self.families
    }

    /// Adds a count that only grows.
    pub fn counter(&mut self, family: &Family, labels: &Labels, value: u64) {
        let mut counter = Counter::default();
        counter.set_value(value as f64);
        let mut metric = labelled(labels);
        metric.set_counter(counter);
        self.add(family, metric);
    }

    /// Adds a value that moves both ways.
    pub fn gauge(&mut self, family: &Family, labels: &Labels, value: f64) {
        let mut gauge = Gauge::default();
        gauge.set_value(value);
        let mut metric = labelled(labels);
        metric.set_gauge(gauge);
        self.add(family, metric);
    }

    /// Adds a distribution: counts per bucket of [`BOUNDS`] and one beyond, and the sum of what was observed.
    pub fn histogram(
        &mut self,
        family: &Family,
        labels: &Labels,
        counts: &[u64; BOUNDS.len() + 1],
        sum: f64,
    ) {
        let mut total = 0;
        let mut buckets = Vec::with_capacity(BOUNDS.len());
        for (&bound, count) in BOUNDS.iter().zip(counts) {
            total += count;
            let mut bucket = Bucket::default();
            bucket.set_cumulative_count(total);
            bucket.set_upper_bound(bound as f64 / 1e9);
            buckets.push(bucket);
        }
        // The unbounded bucket is written from the count.
        total += counts[BOUNDS.len()];
        let mut histogram = Histogram::default();
        histogram.set_bucket(buckets);
        histogram.set_sample_count(total);
        histogram.set_sample_sum(sum);
        let mut metric = labelled(labels);
        metric.set_histogram(histogram);
        self.add(family, metric);
    }

    fn add(&mut self, given: &Family, metric: Metric) {
        let index = *self.index.entry(given.name).or_insert_with(|| {
            let mut family = MetricFamily::default();
            family.set_name(given.name.to_owned());
            family.set_help(given.help.to_owned());
            family.set_field_type(match given.kind {
                Kind::Counter => MetricType::COUNTER,
                Kind::Gauge => MetricType::GAUGE,
                Kind::Histogram => MetricType::HISTOGRAM,
            });
            self.families.push(family);
            self.families.len() - 1
        });
        self.families[index].mut_metric().push(metric);
    }
}

fn labelled(labels: &Labels) -> Metric {
    let pair = |(name, value): &(&str, &str)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    };
    Metric::from_label(labels.iter().map(pair).collect())
}
