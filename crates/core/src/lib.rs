//! Evenly's core.
