//! What comes of looking after clusters: people are told, workers let go of nodes that have left, and a start waits a
//! moment for names.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::edition::Edition;
use crate::event::Event;
use crate::listener::Crew;
use crate::say::say;
use crate::shared::Shared;
use crate::upkeep::{Engine, Notice};

/// How long a start waits for names to be resolved; afterwards it serves what it has.
const NAMES: Duration = Duration::from_secs(3);
/// How often it looks whether they are.
const LOOK: Duration = Duration::from_millis(10);

/// Who lets time pass for every cluster, and tells people and workers what comes of it.
pub fn upkeep(shared: &Arc<Shared>, crew: &Arc<Crew>) -> Engine {
    let (shared, crew) = (Arc::clone(shared), Arc::clone(crew));
    Engine::new(Arc::new(move |notice| match notice {
        Notice::Left { cluster, node } => {
            crew.workers().iter().for_each(|worker| worker.close_node(&node));
            if let Some(live) = shared.edition().cluster(&cluster) {
                live.forget_nodes();
            }
        }
        Notice::Changed { cluster, event } => {
            let (from, to) = (event.from.reason().name(), event.to.reason().name());
            let (cluster, node) = (cluster.to_string(), event.node.to_string());
            say(Event::NodeChanged { cluster, node, from, to });
        }
        Notice::Unresolved { cluster, why, kept } => {
            say(Event::NameUnresolved { cluster: cluster.to_string(), why, kept });
        }
    }))
}

/// Gives names a moment to be resolved. Late ones join when they come.
pub async fn wait_for_names(edition: &Edition) {
    let resolved = async {
        while edition.clusters.iter().any(|live| live.balancer.cluster().members.is_empty()) {
            sleep(LOOK).await;
        }
    };
    let _ = timeout(NAMES, resolved).await;
}
