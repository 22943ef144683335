//! Claims about what surrounds the relay: checks, names, logs, metrics and the admin listener.

mod access;
mod admin;
mod control;
mod dns;
mod metrics;
mod node;
mod probe;
mod resolve;
mod sockets;
mod stage;
mod upkeep;
