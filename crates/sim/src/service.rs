//! How much work a request is.

use evenly_core::Fault;
use rand_distr::{Distribution, Exp1, StandardNormal};

use crate::chance::Stream;
use crate::read::{Fits, Table, unknown};

/// The law of service times, in seconds on a node of speed 1.
#[derive(Clone, Debug)]
pub enum Law {
    /// Memoryless.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// Always the same.
    Deterministic {
        /// The time.
        mean: f64,
    },
    /// Log-normal, by the mean and deviation of its logarithm.
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// A heavy tail that is cut off (Harchol-Balter 2013, 20.5).
    BoundedPareto {
        /// The exponent; the smaller the heavier.
        shape: f64,
        /// Shortest.
        low: f64,
        /// Longest.
        high: f64,
    },
    /// A mixture of two exponential laws, each with half of the work (balanced means).
    Hyperexponential {
        /// How often the first one is drawn.
        share: f64,
        /// Mean of the first.
        first: f64,
        /// Mean of the second.
        second: f64,
    },
    /// One of these, all as likely.
    Empirical {
        /// What was measured.
        samples: Vec<f64>,
    },
    /// Anything between two times, all as likely.
    Uniform {
        /// Shortest.
        low: f64,
        /// Longest.
        high: f64,
    },
}

const KINDS: &[&str] = &[
    "exponential",
    "deterministic",
    "log_normal",
    "bounded_pareto",
    "hyperexponential",
    "empirical",
    "uniform",
];

impl Law {
    pub(crate) fn read(mut table: Table) -> Result<Self, Fault> {
        let kind: String = table.need("kind")?;
        let law = match &*kind {
            "exponential" => {
                Self::Exponential { mean: table.number("mean", None, Fits::Positive)? }
            }
            "deterministic" => {
                Self::Deterministic { mean: table.number("mean", None, Fits::FromZero)? }
            }
            "log_normal" => {
                let mean = table.number("mean", None, Fits::Positive)?;
                let cv = table.number("cv", None, Fits::FromZero)?;
                let variance = (1.0 + cv * cv).ln();
                Self::LogNormal { mu: mean.ln() - variance / 2.0, sigma: variance.sqrt() }
            }
            "bounded_pareto" => {
                let shape = table.number("shape", None, Fits::Positive)?;
                let (low, high) = ordered(&mut table, Fits::Positive)?;
                Self::BoundedPareto { shape, low, high }
            }
            "hyperexponential" => {
                let mean = table.number("mean", None, Fits::Positive)?;
                let cv2 = table.number("cv2", None, Fits::FromZero)?;
                if cv2 < 1.0 {
                    return Err(Fault::new(format!(
                        "{} = {cv2} is not allowed: a mixture of exponential laws has one from 1",
                        table.path("cv2")
                    )));
                }
                let share = 0.5 + ((cv2 - 1.0) / (cv2 + 1.0)).sqrt() / 2.0;
                let half = mean / 2.0;
                Self::Hyperexponential { share, first: half / share, second: half / (1.0 - share) }
            }
            "empirical" => Self::Empirical { samples: table.numbers("samples", Fits::FromZero)? },
            "uniform" => {
                let (low, high) = ordered(&mut table, Fits::FromZero)?;
                Self::Uniform { low, high }
            }
            _ => return Err(unknown(&table.path("kind"), &kind, KINDS)),
        };
        table.end()?;
        Ok(law)
    }

    /// The work of the request that drew `lot`, in whole nanoseconds, at least one. The same lot is the same draw
    /// under every law, so a request that is tried again, elsewhere, is still the same request.
    #[inline]
    pub fn work(&self, lot: u64) -> f64 {
        let stream = &mut Stream::seeded(lot);
        let seconds = match self {
            Self::Exponential { mean } => mean * exponential(stream),
            Self::Deterministic { mean } => *mean,
            Self::LogNormal { mu, sigma } => {
                let normal: f64 = StandardNormal.sample(stream);
                (mu + sigma * normal).exp()
            }
            Self::BoundedPareto { shape, low, high } => {
                let cut = 1.0 - (low / high).powf(*shape);
                low * (1.0 - stream.unit() * cut).powf(-1.0 / shape)
            }
            Self::Hyperexponential { share, first, second } => {
                let mean = if stream.unit() < *share { first } else { second };
                mean * exponential(stream)
            }
            Self::Empirical { samples } => samples[stream.below(samples.len())],
            Self::Uniform { low, high } => low + (high - low) * stream.unit(),
        };
        ((seconds * 1e9 + 0.5) as i64).max(1) as f64
    }
}

fn ordered(table: &mut Table, fits: Fits) -> Result<(f64, f64), Fault> {
    let low = table.number("low", None, fits)?;
    let high = table.number("high", None, fits)?;
    if high < low {
        return Err(Fault::new(format!(
            "{} = {high} lies below low = {low}: write low first",
            table.path("high")
        )));
    }
    Ok((low, high))
}

#[inline]
fn exponential(stream: &mut Stream) -> f64 {
    Exp1.sample(stream)
}
