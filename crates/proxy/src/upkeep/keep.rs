//! The loop of upkeep.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use evenly_core::{Act, Balancer, Nanos, Spec, State};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::names::{Name, move_over};
use super::{Engine, Entry, Notice};
use crate::clock;
use crate::probe;
use crate::resolve::{self, Found};

/// How late a waiter's deadline may be noticed when it begins while we sleep.
const GLANCE: Nanos = Nanos::from_millis(100);

/// For how long after its start a cluster comes together: names that are resolved by then are no newcomers.
const GATHERING: Nanos = Nanos::from_secs(10);

/// What the loop knows of a cluster beside what it was told.
struct Kept {
    since: Nanos,
    edition: Option<u64>,
    next_tick: Nanos,
    names: HashMap<Arc<str>, Resolved>,
}

/// A name and what it stands for.
struct Resolved {
    name: Name,
    /// The nodes put into the balancer for it.
    specs: Vec<Spec>,
    /// When it is looked up again; never while a look-up is out.
    due: Nanos,
    /// Whether the last look-up failed: told once, not at every try.
    fails: bool,
    /// Whether it was ever resolved.
    met: bool,
}

enum Done {
    Checked { cluster: u64, node: Arc<State>, result: Result<(), String> },
    LookedUp { cluster: u64, id: Arc<str>, host: String, found: Result<Found, String> },
}

impl Engine {
    /// Looks after clusters for ever.
    pub async fn keep(self) {
        let wake = Arc::clone(&self.shared.lock().wake);
        let mut kept: HashMap<u64, Kept> = HashMap::new();
        let mut work: JoinSet<Done> = JoinSet::new();
        loop {
            let entries = self.shared.lock().watches.clone();
            kept.retain(|number, _| entries.contains_key(number));
            let mut next = Nanos::NEVER;
            for (&number, entry) in &entries {
                match entry.watch.balancer.upgrade() {
                    Some(balancer) => {
                        let cluster = kept.entry(number).or_insert_with(Kept::new);
                        next =
                            next.min(self.look_after(number, entry, &balancer, cluster, &mut work));
                    }
                    None => drop(self.shared.lock().watches.remove(&number)),
                }
            }
            tokio::select! {
                () = wake.notified() => {
                    // Somebody asked for a look now: at everything, as it costs microseconds.
                    for cluster in kept.values_mut() {
                        cluster.next_tick = Nanos::ZERO;
                    }
                }
                Some(done) = work.join_next() => if let Ok(done) = done {
                    self.finish(done, &entries, &mut kept);
                },
                () = sleep_until(clock::instant(next)), if next != Nanos::NEVER => {}
            }
        }
    }

    /// Does what is due for one cluster; says when to look again.
    fn look_after(
        &self,
        number: u64,
        entry: &Entry,
        balancer: &Arc<Balancer>,
        kept: &mut Kept,
        work: &mut JoinSet<Done>,
    ) -> Nanos {
        let now = clock::now();
        if kept.edition != Some(entry.edition) {
            let _gate = self.gate.lock();
            self.follow(number, balancer, kept, now);
        }
        for (id, resolved) in kept.names.iter_mut().filter(|(_, resolved)| resolved.due <= now) {
            resolved.due = Nanos::NEVER;
            let (id, host, server) =
                (Arc::clone(id), resolved.name.host.clone(), entry.watch.resolver);
            work.spawn(async move {
                let asked = host.clone();
                let found = whole(async move { resolve::look_up(&asked, server).await }).await;
                Done::LookedUp { cluster: number, id, host, found }
            });
        }
        if balancer.waiting() > 0 {
            // It looks at locked facts, which a fork must find unlocked.
            let _gate = self.gate.lock();
            kept.next_tick = kept.next_tick.min(balancer.next_tick(now));
        }
        if kept.next_tick <= now {
            let acts = {
                let _gate = self.gate.lock();
                let acts = balancer.tick(now);
                kept.next_tick = balancer.next_tick(now);
                acts
            };
            for act in acts {
                self.carry_out(act, number, entry, balancer, kept, work);
            }
        }
        let names = kept.names.values().map(|resolved| resolved.due).min().unwrap_or(Nanos::NEVER);
        kept.next_tick.min(names).min(now.plus(GLANCE))
    }

    /// Follows the names as they are now, not as they were when this round began: whoever changes them together with
    /// the members holds the gate, and so must the caller.
    fn follow(&self, number: u64, balancer: &Arc<Balancer>, kept: &mut Kept, now: Nanos) {
        let Some(entry) = self.shared.lock().watches.get(&number).cloned() else { return };
        if kept.edition != Some(entry.edition) {
            kept.edition = Some(entry.edition);
            kept.rename(&entry.watch.names, balancer, now);
        }
    }

    fn carry_out(
        &self,
        act: Act,
        number: u64,
        entry: &Entry,
        balancer: &Arc<Balancer>,
        kept: &Kept,
        work: &mut JoinSet<Done>,
    ) {
        let cluster = || Arc::clone(balancer.name());
        match act {
            Act::Close(node) => (self.tell)(Notice::Left { cluster: cluster(), node }),
            Act::Note(event) => (self.tell)(Notice::Changed { cluster: cluster(), event }),
            Act::Probe(node) => {
                let Some(health) = entry.watch.health.clone() else { return };
                let host = kept.host_of(node.id()).unwrap_or_else(|| plain_host(node.address()));
                work.spawn(async move {
                    let result = match node.address().parse() {
                        Ok(address) => {
                            let check = async move { probe::check(&health, &address, &host).await };
                            whole(check).await
                        }
                        Err(fault) => Err(format!("{fault}")),
                    };
                    Done::Checked { cluster: number, node, result }
                });
            }
        }
    }

    /// Tells a cluster how its work ended.
    fn finish(
        &self,
        done: Done,
        entries: &std::collections::BTreeMap<u64, Entry>,
        kept: &mut HashMap<u64, Kept>,
    ) {
        let number = match &done {
            Done::Checked { cluster, .. } | Done::LookedUp { cluster, .. } => *cluster,
        };
        let balancer =
            entries.get(&number).map(|entry| &entry.watch.balancer).and_then(Weak::upgrade);
        let (Some(balancer), Some(cluster)) = (balancer, kept.get_mut(&number)) else { return };
        let now = clock::now();
        match done {
            Done::Checked { node, result, .. } => {
                let _gate = self.gate.lock();
                balancer.checked(&node, result, now);
                // The result says when the next check is due, and may have news to tell.
                cluster.next_tick = now;
            }
            Done::LookedUp { id, host, found, .. } => {
                let gate = self.gate.lock();
                self.follow(number, &balancer, cluster, now);
                let Some(resolved) = cluster.names.get_mut(&id) else { return };
                if resolved.name.host != host {
                    // The answer to a question that nobody asks any more; the new one is out.
                    return;
                }
                let wait = match found {
                    Ok(found) => {
                        let specs = resolved.name.specs(&found.addresses);
                        let gathering = !resolved.met && now.since(cluster.since) < GATHERING;
                        move_over(&balancer, &resolved.specs, &specs, gathering, now);
                        resolved.met = true;
                        resolved.specs = specs;
                        resolved.fails = false;
                        drop(gate);
                        found.holds
                    }
                    Err(why) => {
                        drop(gate);
                        if !std::mem::replace(&mut resolved.fails, true) {
                            (self.tell)(Notice::Unresolved {
                                cluster: Arc::clone(balancer.name()),
                                why,
                                kept: resolved.specs.len(),
                            });
                        }
                        resolve::AFTER_FAILURE
                    }
                };
                resolved.due = now.plus(clock::span(wait.max(Duration::from_millis(1))));
                cluster.next_tick = now;
            }
        }
    }
}

/// Runs work as a task of its own, so that a panic in it is its failure and not a result that never comes.
async fn whole<T: Send + 'static>(
    work: impl Future<Output = Result<T, String>> + Send + 'static,
) -> Result<T, String> {
    tokio::spawn(work).await.unwrap_or_else(|_| Err("it panicked; please report it".into()))
}

impl Kept {
    fn new() -> Self {
        Self { since: clock::now(), edition: None, next_tick: Nanos::ZERO, names: HashMap::new() }
    }

    /// Follows a change of the names themselves.
    fn rename(&mut self, names: &[Name], balancer: &Arc<Balancer>, now: Nanos) {
        self.names.retain(|id, resolved| {
            let stays = names.iter().any(|name| name.id == *id);
            if !stays {
                move_over(balancer, &resolved.specs, &[], false, now);
            }
            stays
        });
        for name in names {
            let resolved = self.names.entry(name.id.clone()).or_insert_with(|| Resolved {
                name: name.clone(),
                specs: name.adopt(balancer),
                due: Nanos::ZERO,
                fails: false,
                met: false,
            });
            let there = name.adopt(balancer);
            if !alike(&resolved.specs, &there) {
                // It went and came back since: what stands in for it now waits for an answer of its own.
                resolved.specs = there;
                resolved.met = false;
                if resolved.due != Nanos::NEVER {
                    resolved.due = Nanos::ZERO;
                }
            }
            if resolved.name == *name {
                continue;
            }
            let moved = (&resolved.name.host, resolved.name.port) != (&name.host, name.port);
            let specs: Vec<_> = if moved {
                resolved.due = Nanos::ZERO;
                Vec::new()
            } else {
                resolved.specs.iter().cloned().map(|spec| name.like(spec)).collect()
            };
            move_over(balancer, &resolved.specs, &specs, false, now);
            resolved.specs = specs;
            resolved.name = name.clone();
        }
    }

    /// The Host that a node given by name is asked with.
    fn host_of(&self, id: &Arc<str>) -> Option<String> {
        let owner = self
            .names
            .values()
            .find(|resolved| resolved.specs.iter().any(|spec| spec.id == *id))?;
        Some(owner.name.host())
    }
}

/// Whether these are the same nodes; their weights may differ.
fn alike(one: &[Spec], other: &[Spec]) -> bool {
    one.len() == other.len() && one.iter().all(|spec| other.iter().any(|own| own.id == spec.id))
}

/// The Host of a node that was given by its address. A UNIX socket has none; `localhost` is what others send there.
fn plain_host(address: &str) -> String {
    if address.starts_with("unix:") { "localhost".into() } else { address.to_owned() }
}
