//! The claims of the engine's core, one file a theme. Every test is a sentence; chance has a seed, and a bound is exact
//! or derived beside it.
#![cfg(not(loom))]
#![allow(
    clippy::disallowed_methods,
    reason = "the tests own the threads that the core must not have"
)]

mod common;

mod consistent_hash;
mod estimate;
mod exploration;
mod least_connections;
mod power_of_two;
mod random;
mod round_robin;
mod weighted_round_robin;
mod window;
