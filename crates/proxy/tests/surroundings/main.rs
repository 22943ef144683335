//! Claims about what surrounds the relay: checks, names, logs, metrics and the admin listener.

mod access;
mod dns;
mod node;
mod probe;
mod resolve;
mod upkeep;
