//! The engine on a virtual clock: a discrete-event simulator whose balancers are those of `evenly-core`.
//!
//! A [`Scenario`] and a seed go in, an [`Outcome`] comes out, and nothing else has a say: not the clock of the machine,
//! not the number of threads. Picks, retries, ejection, slow start, checks and the queue are decisions of the core; the
//! simulator only plays the clients, the network and the nodes.
//!
//! ```
//! let scenario = r#"{"nodes": [{"id": "n0"}, {"id": "n1"}], "strategy": {"name": "round_robin"}, "requests": 1000,
//!                    "arrivals": {"kind": "poisson", "rate": 1.0}, "service": {"kind": "exponential", "mean": 1.0}}"#;
//! let outcome = evenly_sim::simulate(scenario, 7)?;
//! assert_eq!(outcome.ok, 1000);
//! # Ok::<(), evenly_core::Fault>(())
//! ```
#![forbid(unsafe_code)]

mod arrivals;
mod chance;
mod dispatcher;
mod events;
mod flow;
mod keys;
mod node;
mod read;
mod replicate;
mod request;
mod result;
mod run;
mod scenario;
mod series;
mod service;
mod settings;
mod stats;
mod summary;
mod timeline;
mod upkeep;
mod world;

pub use dispatcher::Custom;
pub use replicate::{Replications, simulate};
pub use result::{Estimate, Little, NodeOutcome, Outcome, Response, Slice, SliceNode};
pub use scenario::{Chooser, Discipline, Do, Moment, NodeSpec, Scenario};
