//! What several tests need: a proxy's shared parts without its threads, and a patient eye.

use std::sync::Arc;
use std::time::{Duration, Instant};

use evenly_proxy::access::Access;
use evenly_proxy::config::{AccessTo, Config};
use evenly_proxy::edition::{LiveCluster, LiveListener, Source};
use evenly_proxy::shared::Shared;

/// Long enough for the slowest machine; reached only by a failing test.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The shared parts of the example configuration: listener `web`, cluster `users` with one literal node.
pub fn shared() -> Arc<Shared> {
    let config = Config::from_json(include_str!("../../src/config/example.json"))
        .expect("the example is valid");
    let source = Source::read("{}", "null").expect("both are JSON");
    let access = Access::open(&AccessTo::Off).expect("nothing to open");
    Arc::new(Shared::new(config, source, access).expect("the example is valid"))
}

/// Its one cluster.
pub fn cluster(shared: &Shared) -> Arc<LiveCluster> {
    Arc::clone(&shared.edition().clusters[0])
}

/// Its one listener.
pub fn listener(shared: &Shared) -> Arc<LiveListener> {
    Arc::clone(&shared.edition().listeners[0])
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
