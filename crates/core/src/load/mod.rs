//! How loaded is a node? A load is one number; who compares them is a strategy's business, so products are free.

mod expected;
mod in_flight;
mod latency;
mod peak_ewma;
mod reported;

pub use expected::Expected;
pub use in_flight::InFlight;
pub use latency::Latency;
pub use peak_ewma::PeakEwma;
pub use reported::Reported;

use crate::pick::OptionEntry;
use crate::{Fault, Member, Nanos};

/// What a load may look at besides the node itself.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// The moment for which loads are compared.
    pub now: Nanos,
    /// Time constant of the latency estimates.
    pub decay: Nanos,
    /// What a node without a sample is taken to have: the cluster's median latency in nanoseconds.
    pub typical_latency: f64,
    /// The same for reported loads.
    pub typical_report: f64,
}

/// Reads how loaded a node is; the less the better. Reading changes nothing.
pub trait Load: Send + Sync + std::fmt::Debug {
    /// The load of `member` per unit of its weight.
    fn of(&self, member: &Member, scale: &Scale) -> f64;

    /// Whether this load looks at the clock: who uses one that does not saves reading it.
    fn reads_clock(&self) -> bool {
        false
    }
}

/// The option by which a strategy lets one choose its load.
pub(crate) const fn option(default: &'static str) -> OptionEntry {
    OptionEntry {
        name: "load",
        kind: "text",
        default,
        choices: NAMES,
        doc: "what makes a node loaded: peak latency times requests in flight, requests in flight, average latency, \
              or what the node reports",
    }
}

macro_rules! loads {
    ($($(#[$doc:meta])* $name:literal => $load:ident,)*) => {
        /// The names of all loads.
        pub const NAMES: &[&str] = &[$($name,)*];

        /// The load of that name.
        pub fn named(name: &str) -> Result<Box<dyn Load>, Fault> {
            match name {
                $($name => Ok(Box::new($load)),)*
                _ => Err(Fault::new(format!("unknown load {name:?}: the loads are {}", NAMES.join(", ")))),
            }
        }
    };
}

loads! {
    "in_flight" => InFlight,
    "latency" => Latency,
    "peak_ewma" => PeakEwma,
    "reported" => Reported,
}
