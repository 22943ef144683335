//! What several tests need: a proxy's shared parts without its threads, and a patient eye.

use std::sync::Arc;
use std::time::{Duration, Instant};

use evenly_proxy::access::Access;
use evenly_proxy::config::{AccessTo, Config};
use evenly_proxy::shared::Shared;

/// Long enough for the slowest machine; reached only by a failing test.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The shared parts of the example configuration: listener `web`, cluster `users` with one literal node.
pub fn shared() -> Arc<Shared> {
    let config = Config::from_json(include_str!("../../src/config/example.json"))
        .expect("the example is valid");
    let (access, _writer) = Access::open(&AccessTo::Off).expect("nothing to open");
    Arc::new(Shared::new(config, access).expect("the example is valid"))
}

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what} did not come true");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The same within a runtime whose tasks go on meanwhile.
pub async fn soon(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what} did not come true");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
