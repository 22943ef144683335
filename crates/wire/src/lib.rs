//! Evenly's wire.
