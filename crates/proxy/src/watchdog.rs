//! Tells the service manager that the process lives, as long as every worker proves it.

use std::sync::Arc;

use tokio::time::sleep;

use crate::listener::Crew;
use crate::notify::Manager;

/// Asks every worker and passes the good news on, twice per period of the manager's. A worker that is stuck never
/// answers, so the news end, and the manager starts the process anew. A worker that has ended was not stuck.
pub async fn watch(manager: Arc<Manager>, crew: Arc<Crew>) {
    let Some(period) = manager.watchdog() else { return };
    loop {
        // All are asked before the first is waited for.
        let answers: Vec<_> = crew.workers().iter().map(crate::worker::Worker::ping).collect();
        for answer in answers {
            let _ = answer.await;
        }
        manager.alive();
        sleep(period / 2).await;
    }
}
