//! The data plane: listens, relays, watches nodes and drains; every decision is the core's.
#![forbid(unsafe_code)]

pub mod access;
pub mod address;
pub mod clock;
pub mod config;
pub mod meter;
pub mod probe;
pub mod resolve;
pub mod shared;
pub mod upkeep;
