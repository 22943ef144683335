//! From one edition to the next, under load.
//!
//! Everything that can fail is done first and aside: reading, tables of strategies, sockets, names. Then the change
//! is carried out, which cannot fail and takes no longer than building tables. Requests that have begun end by the
//! edition they began in.

mod difference;
mod members;

use std::collections::HashMap;
use std::sync::Arc;

use evenly_core::Spec;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::clock;
use crate::clusters;
use crate::config::{Cluster, Config};
use crate::edition::{Edition, LiveCluster, Source};
use crate::event::Event;
use crate::listener::Crew;
use crate::openings::{self, Openings};
use crate::phase::Phase;
use crate::rules::Rules;
use crate::say::{self, say};
use crate::shared::Shared;
use crate::upkeep::Engine;
use crate::worker::Worker;
use members::Members;

/// A wish for another configuration.
pub struct Wish {
    /// The whole new configuration.
    pub config: Config,
    /// Its texts.
    pub source: Source,
    /// Who wants it and how, for the log.
    pub why: String,
    /// Told what became of it: what changed, or why nothing did.
    pub answer: oneshot::Sender<Result<Value, String>>,
}

/// Carries out changes of the configuration, one after the other.
pub struct Reloader {
    shared: Arc<Shared>,
    crew: Arc<Crew>,
    engine: Engine,
    /// The engine's number of each cluster that it looks after.
    watched: HashMap<Arc<str>, u64>,
}

/// A cluster that is in both editions and differs, with all that was made ready for it.
struct Changed<'a> {
    given: &'a Cluster,
    live: &'a Arc<LiveCluster>,
    nodes: Vec<Spec>,
}

impl Reloader {
    /// Begins with the first edition, whose clusters are looked after from now on.
    pub fn new(shared: &Arc<Shared>, crew: &Arc<Crew>, engine: Engine) -> Self {
        let edition = shared.edition();
        let clusters = edition.config.clusters.iter().zip(&edition.clusters);
        let watched = clusters.map(|(given, live)| {
            let names = clusters::names(given);
            (
                live.balancer.name().clone(),
                engine.watch(clusters::watch(given, &live.balancer, names)),
            )
        });
        let watched = watched.collect();
        Self { shared: Arc::clone(shared), crew: Arc::clone(crew), engine, watched }
    }

    /// Puts another configuration in force: all of it, or, with an error that says why, nothing.
    pub async fn change(
        &mut self,
        openings: &mut Openings,
        mut config: Config,
        source: Source,
        why: &str,
    ) -> Result<Value, String> {
        let before = self.shared.edition();
        let needs_restart = difference::keep_what_needs_a_restart(&before.config, &mut config);
        let edition = before.next(config, source)?;
        Rules::check(&edition)?;
        let opens = openings.prepare(&edition)?;
        let changed = match self.make_ready(&before, &edition).await {
            Ok(changed) => changed,
            Err(why) => {
                openings::give_back(&opens);
                return Err(why);
            }
        };

        // From here on nothing fails.
        say::write_as(edition.config.log.events);
        let told = difference::between(&before.config, &edition.config, needs_restart);
        for Changed { given, live, nodes } in changed {
            self.follow(given, live, nodes);
        }
        let closing = openings.close(&edition, opens);
        let number = edition.number;
        let edition = Arc::new(edition);
        self.shared.publish(Arc::clone(&edition));
        self.crew.workers().iter().for_each(|worker| worker.follow(&edition));
        openings.open(closing.opens);
        self.forget(&before, &edition);
        self.end_later(closing.gone, &edition);
        say(Event::EditionApplied {
            edition: number,
            why: why.to_owned(),
            changes: difference::sentence(&told),
        });
        Ok(difference::answer(number, &told))
    }

    /// The last that can fail: names are found, tables tried, the access log opened. Nothing is waited for afterwards,
    /// so that what a name stands for is what it stands for when the change is carried out.
    async fn make_ready<'a>(
        &self,
        before: &Edition,
        edition: &'a Edition,
    ) -> Result<Vec<Changed<'a>>, String> {
        let mut all = Vec::new();
        for (given, live) in edition.config.clusters.iter().zip(&edition.clusters) {
            let old = before.config.cluster(&given.name);
            if old != Some(given) {
                all.push((given, live, Members::begin(given, old)));
            }
        }
        for (_, _, members) in &mut all {
            members.wait().await;
        }
        for (given, live, members) in &all {
            // What was a name before is an address now, and tables hang on how many there are. Large ones take a
            // while, and this thread accepts connections.
            let (given, nodes) = ((*given).clone(), members.specs(given, &live.balancer));
            let checked = spawn_blocking(move || clusters::check(&given, &nodes)).await;
            checked.unwrap_or_else(|why| Err(why.to_string()))?;
        }
        let ready = all.into_iter().map(|(given, live, members)| {
            let nodes = members.specs(given, &live.balancer);
            Changed { given, live, nodes }
        });
        let ready = ready.collect();
        let log = &edition.config.log;
        if log.access != before.config.log.access {
            self.shared.access.switch(&log.access).map_err(|why| {
                format!("log.access: {} cannot be opened: {why}; choose a path in a folder this user may write to", log.access)
            })?;
        }
        Ok(ready)
    }

    /// Tells a balancer of its new nodes and settings, together with whoever looks after it.
    fn follow(&mut self, given: &Cluster, live: &Arc<LiveCluster>, nodes: Vec<Spec>) {
        let balancer = &live.balancer;
        let names = clusters::names(given);
        let change = || clusters::reconfigure(balancer, given, nodes, clock::now());
        let watch = clusters::watch(given, &live.balancer, names);
        let done = if let Some(&number) = self.watched.get(balancer.name()) {
            self.engine.change(number, watch, change)
        } else {
            let done = change();
            self.watched.insert(balancer.name().clone(), self.engine.watch(watch));
            done
        };
        if let Err(fault) = done {
            // The same nodes and settings made a balancer a moment ago.
            debug_assert!(false, "{fault}");
            let edition = self.shared.edition().number;
            say(Event::EditionRefused { edition, why: fault });
        }
    }

    /// Looks after clusters no more that the configuration has forgotten, and closes what waited for their nodes.
    fn forget(&mut self, before: &Edition, edition: &Edition) {
        for live in &before.clusters {
            let name = live.balancer.name();
            if edition.cluster(name).is_none() {
                if let Some(number) = self.watched.remove(name) {
                    self.engine.forget(number);
                }
                for member in &live.balancer.cluster().members {
                    self.crew.workers().iter().for_each(|worker| worker.close_node(&member.state));
                }
            }
        }
    }

    /// Gives the connections of closed listeners the time of a drain.
    fn end_later(&self, gone: Vec<Arc<crate::edition::LiveListener>>, edition: &Edition) {
        if gone.is_empty() {
            return;
        }
        let (crew, patience) = (Arc::clone(&self.crew), edition.config.proxy.drain);
        tokio::spawn(async move {
            sleep(patience).await;
            for live in gone {
                live.phase.enter(Phase::Ended);
            }
            crew.workers().iter().for_each(Worker::wake);
        });
    }
}
