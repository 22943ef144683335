//! Nodes given by name: which nodes a name stands for, and what to add and remove when its addresses change.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use evenly_core::{Balancer, Nanos, Spec};

/// A node given by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Its stable name; each of its nodes is called `id@ip`.
    pub id: Arc<str>,
    /// What is looked up.
    pub host: String,
    /// The port on every address.
    pub port: u16,
    /// The weight of each of its nodes.
    pub weight: u32,
    /// The capacity of each of its nodes.
    pub capacity: Option<u32>,
}

impl Name {
    /// The nodes it stands for.
    pub fn specs(&self, addresses: &[IpAddr]) -> Vec<Spec> {
        addresses
            .iter()
            .map(|&ip| Spec {
                id: format!("{}@{ip}", self.id).into(),
                address: SocketAddr::new(ip, self.port).to_string().into(),
                weight: self.weight,
                capacity: self.capacity,
            })
            .collect()
    }

    /// The nodes that it stands for in a balancer already: in a forked child the parent put them there.
    pub fn adopt(&self, balancer: &Balancer) -> Vec<Spec> {
        let cluster = balancer.cluster();
        let mine = |id: &str| id.strip_prefix(&*self.id).is_some_and(|rest| rest.starts_with('@'));
        let nodes = cluster.members.iter().filter(|member| mine(member.state.id()));
        nodes
            .map(|member| Spec {
                id: member.state.id().clone(),
                address: member.state.address().clone(),
                weight: member.weight,
                capacity: (member.capacity > 0).then_some(member.capacity),
            })
            .collect()
    }

    /// What a client that used the name would send as Host.
    pub fn host(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// Brings a balancer from the nodes that a name stood for to those that it stands for now. Nodes in both keep their
/// state. New ones come first: a name that has moved entirely leaves no moment without a node.
pub fn move_over(balancer: &Arc<Balancer>, before: &[Spec], after: &[Spec], now: Nanos) {
    let by_id = |specs: &[Spec]| {
        specs.iter().map(|spec| (spec.id.clone(), spec.clone())).collect::<BTreeMap<_, _>>()
    };
    let (old, new) = (by_id(before), by_id(after));
    for (id, spec) in &new {
        // A fault means that somebody else has a node of this id, or has removed it: theirs is the last word.
        let _ = match old.get(id) {
            None => balancer.add(spec.clone(), now),
            Some(same) if same == spec => Ok(()),
            Some(_) => balancer.update(id, Some(spec.weight), Some(spec.capacity), now),
        };
    }
    for id in old.keys().filter(|id| !new.contains_key(*id)) {
        let _ = balancer.remove(id, now);
    }
}
