//! Claims about the simulator; each test's name is the claim.

mod any_world;
mod common;
mod determinism;
mod flow;
mod ledger;
mod scenario;
mod theory;
mod timeline;
