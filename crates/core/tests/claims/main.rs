//! The claims of the engine's core, one file a theme. Every test is a sentence; chance has a seed, and a bound is exact
//! or derived beside it.
#![cfg(not(loom))]
#![allow(
    clippy::disallowed_methods,
    reason = "the tests own the threads that the core must not have"
)]

mod common;

mod active_check;
mod anchor;
mod bounded_load;
mod breaker;
mod consistent_hash;
mod deadline;
mod ejection;
mod estimate;
mod explain;
mod exploration;
mod first;
mod join_idle;
mod jump;
mod least_connections;
mod least_latency;
mod ledger;
mod maglev;
mod membership;
mod options;
mod panic;
mod power_of_two;
mod prequal;
mod queue;
mod random;
mod reconfigure;
mod rendezvous;
mod retry;
mod round_robin;
mod scenario;
mod simulation;
mod slots;
mod slow_start;
mod subset;
mod threads;
mod weighted_round_robin;
mod window;
