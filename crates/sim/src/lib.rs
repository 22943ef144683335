//! The engine on a virtual clock: a discrete-event simulator whose balancers are those of `evenly-core`.
#![forbid(unsafe_code)]
