//! Evenly's proxy.
