//! What holds for every message: one module per fuzz target.
#![allow(dead_code, reason = "a target uses one of the modules")]

pub mod chunked;
mod input;
pub mod request;
pub mod response;
