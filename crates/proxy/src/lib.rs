//! The data plane: listens, relays, watches nodes and drains; every decision is the core's.

pub mod address;
pub mod config;
