//! The thinking of Evenly: which node gets the next request, and what may be done about the rest.
//!
//! There is no socket, clock, thread or dice in here: time ([`Nanos`]) and chance ([`Rng`]) are arguments. Three verbs
//! run everything: [`Balancer::pick`] chooses and secures a node, [`Balancer::leave`] tells how it went,
//! [`Balancer::tick`] lets time pass and says what the edge must do ([`Act`]).
//!
//! ```
//! use evenly_core::{Balancer, Key, Nanos, Outcome, Rng, Settings, Spec, StrategySpec, Tried};
//!
//! let nodes = vec![Spec::new("10.0.0.1:80"), Spec::new("10.0.0.2:80").weight(2)];
//! let users = Balancer::new("users", nodes, &StrategySpec::named("round_robin"), Settings::default(), Nanos::ZERO, 7)?;
//! let mut rng = Rng::seeded(1);
//! let loan = users.pick(Key::None, &Tried::default(), Nanos::ZERO, &mut rng).expect("both nodes serve");
//! loan.leave(Outcome::Success, Nanos::from_millis(3));
//! # Ok::<(), evenly_core::Fault>(())
//! ```
#![forbid(unsafe_code)]

mod balancer;
mod budget;
mod cluster;
mod explain;
mod fault;
mod hash;
mod health;
mod lend;
pub mod load;
pub mod pick;
mod queue;
mod reason;
mod report;
mod retry;
mod rng;
mod settings;
mod state;
mod subset;
pub mod sync;
mod time;

pub use balancer::{Act, Balancer, Event, Owners};
pub use cluster::{Cluster, Member, Spec};
pub use explain::{Candidate, Explanation, Proposal, Stage, Trace};
pub use fault::Fault;
pub use hash::hash64;
pub use health::{Admin, BREAKER_MOVES, BreakerEvent, BreakerState, CheckStatus, Standing};
pub use lend::{Held, Loan};
pub use pick::{Ground, Key, Strategy, StrategySpec, Tried, Value, View, strategies};
pub use queue::Ticket;
pub use reason::Reason;
pub use report::{Counts, NodeReport, Refusal};
pub use retry::{Attempt, Failure, Mishap, Outcome, UNREACHED, Verdict};
pub use rng::Rng;
pub use settings::{CheckSettings, EjectionSettings, QueueSettings, RetrySettings, Settings};
pub use state::State;
pub use subset::SubsetSettings;
pub use time::Nanos;
