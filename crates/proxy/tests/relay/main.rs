//! Claims about the relay, on real sockets.

mod bodies;
mod ends;
mod failures;
mod requests;
mod stage;
mod tunnels;
