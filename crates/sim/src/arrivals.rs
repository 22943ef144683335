//! When requests come.

use evenly_core::Fault;
use rand_distr::{Distribution, Exp1};

use crate::chance::Stream;
use crate::read::{Fits, Table, unknown};

/// The process by which requests come. Rates per second, times in seconds.
#[derive(Clone, Debug)]
pub enum Arrivals {
    /// Independent of each other (Poisson process).
    Poisson {
        /// Requests per second.
        rate: f64,
    },
    /// At equal distances.
    Deterministic {
        /// Requests per second.
        rate: f64,
    },
    /// In bursts: a Poisson process whose rate changes (Markov-modulated), each for an exponential time, in turn.
    Mmpp {
        /// Requests per second in each state.
        rates: Vec<f64>,
        /// Mean stay in each state.
        dwell: Vec<f64>,
    },
    /// By day and night: a Poisson process of rate·(1 + amplitude·sin(2πt/period)).
    Diurnal {
        /// Mean requests per second.
        rate: f64,
        /// How far the rate swings, as a share of it.
        amplitude: f64,
        /// Length of a day.
        period: f64,
    },
    /// At these times.
    Trace {
        /// Seconds from the start, never falling.
        times: Vec<f64>,
    },
    /// From clients that send the next request when the last one is done and they have thought.
    Closed {
        /// How many there are.
        clients: usize,
        /// Mean of the exponential time between an answer and the next request; 0: at once.
        think: f64,
    },
}

const KINDS: &[&str] = &["poisson", "deterministic", "mmpp", "diurnal", "trace", "closed"];

impl Arrivals {
    pub(crate) fn read(mut table: Table) -> Result<Self, Fault> {
        let kind: String = table.need("kind")?;
        let arrivals = match &*kind {
            "poisson" => Self::Poisson { rate: table.number("rate", None, Fits::Positive)? },
            "deterministic" => {
                Self::Deterministic { rate: table.number("rate", None, Fits::Positive)? }
            }
            "mmpp" => {
                let rates = table.numbers("rates", Fits::FromZero)?;
                let dwell = table.numbers("dwell", Fits::Positive)?;
                if rates.len() != dwell.len() {
                    let (path, rates, dwell) = (table.path("dwell"), rates.len(), dwell.len());
                    return Err(Fault::new(format!(
                        "{path} has {dwell} numbers, rates has {rates}: write one for each state"
                    )));
                }
                if rates.iter().all(|&rate| rate <= 0.0) {
                    let path = table.path("rates");
                    return Err(Fault::new(format!("{path} are all 0: write one above 0")));
                }
                Self::Mmpp { rates, dwell }
            }
            "diurnal" => Self::Diurnal {
                rate: table.number("rate", None, Fits::Positive)?,
                amplitude: table.number("amplitude", None, Fits::Share)?,
                period: table.number("period", None, Fits::Positive)?,
            },
            "trace" => {
                let times = table.numbers("times", Fits::FromZero)?;
                if let Some(at) = times.windows(2).position(|pair| pair[1] < pair[0]) {
                    return Err(Fault::new(format!(
                        "{}[{}] = {} lies before the one in front of it: sort the times",
                        table.path("times"),
                        at + 1,
                        times[at + 1]
                    )));
                }
                Self::Trace { times }
            }
            "closed" => {
                let clients = table.need("clients")?;
                if clients == 0 {
                    let path = table.path("clients");
                    return Err(Fault::new(format!("{path} = 0 is not allowed: write one from 1")));
                }
                Self::Closed { clients, think: table.number("think", Some(0.0), Fits::FromZero)? }
            }
            _ => return Err(unknown(&table.path("kind"), &kind, KINDS)),
        };
        table.end()?;
        Ok(arrivals)
    }
}

/// The process at work.
#[derive(Debug)]
pub struct Source {
    arrivals: Arrivals,
    stream: Stream,
    /// Seconds from the start, beyond the nanosecond: rounding does not add up.
    at: f64,
    count: u64,
    state: usize,
    state_ends: f64,
}

impl Source {
    /// The process from the start of time.
    pub fn new(arrivals: Arrivals, stream: Stream) -> Self {
        let mut source = Self { arrivals, stream, at: 0.0, count: 0, state: 0, state_ends: 0.0 };
        if let Arrivals::Mmpp { dwell, .. } = &source.arrivals {
            // As it stands in the long run: each state by its share of the time.
            let mut lot = source.stream.unit() * dwell.iter().sum::<f64>();
            let state = dwell.iter().position(|&stay| {
                lot -= stay;
                lot < 0.0
            });
            source.state = state.unwrap_or(dwell.len() - 1);
            source.state_ends = exponential(&mut source.stream) * dwell[source.state];
        }
        source
    }

    /// When the next request comes, in nanoseconds from the start; nothing when clients decide or the trace has ended.
    #[inline]
    pub fn next(&mut self) -> Option<u64> {
        match &self.arrivals {
            Arrivals::Poisson { rate } => self.at += exponential(&mut self.stream) / rate,
            Arrivals::Deterministic { rate } => {
                self.count += 1;
                self.at = self.count as f64 / rate;
            }
            Arrivals::Mmpp { rates, dwell } => loop {
                let next = self.at + exponential(&mut self.stream) / rates[self.state];
                if next < self.state_ends {
                    self.at = next;
                    break;
                }
                // An exponential wait forgets: what was drawn beyond the change is drawn anew.
                self.at = self.state_ends;
                self.state = (self.state + 1) % rates.len();
                self.state_ends += exponential(&mut self.stream) * dwell[self.state];
            },
            Arrivals::Diurnal { rate, amplitude, period } => loop {
                // Thinning (Lewis and Shedler 1979).
                self.at += exponential(&mut self.stream) / (rate * (1.0 + amplitude));
                let now = 1.0 + amplitude * (std::f64::consts::TAU * self.at / period).sin();
                if self.stream.unit() * (1.0 + amplitude) < now {
                    break;
                }
            },
            Arrivals::Trace { times } => {
                self.at = *times.get(self.count as usize)?;
                self.count += 1;
            }
            Arrivals::Closed { .. } => return None,
        }
        Some((self.at * 1e9) as u64)
    }

    /// How many clients there are, when clients decide.
    pub fn clients(&self) -> Option<usize> {
        match self.arrivals {
            Arrivals::Closed { clients, .. } => Some(clients),
            _ => None,
        }
    }

    /// How long a client thinks now, in nanoseconds.
    pub fn think(&mut self) -> u64 {
        match self.arrivals {
            Arrivals::Closed { think, .. } if think > 0.0 => {
                (exponential(&mut self.stream) * think * 1e9) as u64
            }
            _ => 0,
        }
    }
}

/// Exponential with mean 1 (ziggurat).
#[inline]
fn exponential(stream: &mut Stream) -> f64 {
    Exp1.sample(stream)
}
