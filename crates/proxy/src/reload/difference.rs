//! What differs between two configurations, as it is told to whoever asked for the change.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::config::{Config, Listener, Node};

/// What has changed.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    listeners: Listeners,
    clusters: Clusters,
    nodes: Nodes,
    needs_restart: Vec<&'static str>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Listeners {
    kept: Vec<String>,
    opened: Vec<String>,
    closed: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Clusters {
    kept: Vec<String>,
    changed: Vec<String>,
    added: Vec<String>,
    removed: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Nodes {
    added: usize,
    removed: usize,
    changed: usize,
}

/// Leaves as it is what only a new process can change, and says what that was.
pub fn keep_what_needs_a_restart(old: &Config, new: &mut Config) -> Vec<&'static str> {
    let mut kept = Vec::new();
    if new.proxy.workers != old.proxy.workers {
        new.proxy.workers = old.proxy.workers;
        kept.push("proxy.workers");
    }
    if (&new.proxy.user, &new.proxy.group) != (&old.proxy.user, &old.proxy.group) {
        new.proxy.user.clone_from(&old.proxy.user);
        new.proxy.group.clone_from(&old.proxy.group);
        kept.push("proxy.user");
    }
    kept
}

/// What differs.
pub fn between(old: &Config, new: &Config, needs_restart: Vec<&'static str>) -> Difference {
    let mut told = Difference { needs_restart, ..Difference::default() };
    let same =
        |one: &Listener, other: &Listener| one.name == other.name && one.address == other.address;
    for listener in &new.listeners {
        let kept = old.listeners.iter().any(|before| same(before, listener));
        let list = if kept { &mut told.listeners.kept } else { &mut told.listeners.opened };
        list.push(listener.name.clone());
    }
    let closed =
        old.listeners.iter().filter(|before| !new.listeners.iter().any(|now| same(now, before)));
    told.listeners.closed = closed.map(|listener| listener.name.clone()).collect();
    for cluster in &new.clusters {
        let before = old.cluster(&cluster.name);
        let list = match before {
            None => &mut told.clusters.added,
            Some(before) if before == cluster => &mut told.clusters.kept,
            Some(_) => &mut told.clusters.changed,
        };
        list.push(cluster.name.clone());
        told.nodes.count(before.map_or(&[], |before| &before.nodes), &cluster.nodes);
    }
    for cluster in old.clusters.iter().filter(|before| new.cluster(&before.name).is_none()) {
        told.clusters.removed.push(cluster.name.clone());
        told.nodes.count(&cluster.nodes, &[]);
    }
    told
}

impl Nodes {
    fn count(&mut self, old: &[Node], new: &[Node]) {
        // A node that moved to another address is another node.
        let key = |node: &Node| (node.id.clone(), node.address.to_string());
        let mut known: HashMap<_, _> = old.iter().map(|node| (key(node), node)).collect();
        for node in new {
            match known.remove(&key(node)) {
                None => self.added += 1,
                Some(before) if before != node => self.changed += 1,
                Some(_) => {}
            }
        }
        self.removed += known.len();
    }
}

/// The answer to the wish.
pub fn answer(edition: u64, told: &Difference) -> Value {
    let mut answer = json!(told);
    answer["edition"] = edition.into();
    answer
}

/// The same for people.
pub fn sentence(told: &Difference) -> String {
    let mut parts = Vec::new();
    let mut say = |count: usize, what: (&str, &str)| {
        let (noun, verb) = what;
        match count {
            0 => {}
            1 => parts.push(format!("1 {noun} {verb}")),
            _ => parts.push(format!("{count} {noun}s {verb}")),
        }
    };
    say(told.listeners.opened.len(), ("listener", "opened"));
    say(told.listeners.closed.len(), ("listener", "closed"));
    say(told.clusters.added.len(), ("cluster", "added"));
    say(told.clusters.removed.len(), ("cluster", "removed"));
    say(told.clusters.changed.len(), ("cluster", "changed"));
    say(told.nodes.added, ("node", "added"));
    say(told.nodes.removed, ("node", "removed"));
    say(told.nodes.changed, ("node", "changed"));
    if parts.is_empty() {
        parts.push("nothing of listeners, clusters and nodes has changed".into());
    }
    for key in &told.needs_restart {
        parts.push(format!("{key} waits for a restart"));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Config {
        Config::from_json(include_str!("../config/example.json")).expect("the example is valid")
    }

    /// The same configuration twice differs in nothing.
    #[test]
    fn the_same_configuration_changes_nothing() {
        let told = between(&example(), &example(), Vec::new());
        let (kept, cluster) = (vec!["web".to_owned()], vec!["users".to_owned()]);
        assert_eq!((told.listeners.kept, told.clusters.kept), (kept, cluster));
        assert_eq!(told.nodes, Nodes::default());
    }

    /// A node that changes its weight is changed; one that changes its address has gone and another has come.
    #[test]
    fn nodes_are_known_by_name_and_address() {
        let (old, mut new) = (example(), example());
        new.clusters[0].nodes[0].weight += 1;
        new.clusters[0].nodes[1].address = "10.9.9.9:1".parse().expect("an address");
        let told = between(&old, &new, Vec::new());
        assert_eq!(told.nodes, Nodes { added: 1, removed: 1, changed: 1 });
        assert_eq!(told.clusters.changed, ["users"]);
    }

    /// The number of workers stays until a restart, and that is told.
    #[test]
    fn workers_wait_for_a_restart() {
        let (old, mut new) = (example(), example());
        new.proxy.workers += 3;
        let kept = keep_what_needs_a_restart(&old, &mut new);
        assert_eq!((kept, new.proxy.workers), (vec!["proxy.workers"], old.proxy.workers));
        assert!(sentence(&between(&old, &new, vec!["proxy.workers"])).contains("restart"));
    }
}
