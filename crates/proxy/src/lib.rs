//! The data plane: listens, relays, watches nodes and drains; every decision is the core's.
#![forbid(unsafe_code)]

pub mod access;
pub mod address;
pub mod alarm;
pub mod clock;
pub mod config;
pub mod listener;
pub mod meter;
pub mod network;
pub mod pool;
pub mod probe;
pub mod relay;
pub mod resolve;
pub mod rules;
pub mod shared;
pub mod stream;
pub mod upkeep;
pub mod worker;
