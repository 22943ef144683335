//! The data plane: listens, relays, watches nodes and drains; every decision is the core's.
#![forbid(unsafe_code)]

pub mod access;
pub mod account;
pub mod address;
pub mod admin;
pub mod alarm;
pub mod clock;
pub mod clusters;
pub mod config;
pub mod control;
pub mod descriptors;
pub mod edition;
pub mod event;
pub mod inherited;
pub mod listener;
pub mod meter;
pub mod metrics;
pub mod network;
pub mod notify;
pub mod orphans;
pub mod phase;
pub mod pool;
pub mod probe;
pub mod relay;
pub mod resolve;
pub mod rules;
pub mod run;
pub mod say;
pub mod shared;
pub mod signals;
pub mod sockets;
pub mod state;
pub mod stream;
pub mod upkeep;
pub mod watchdog;
pub mod worker;
