//! Nodes given by name: which nodes a name stands for, and what to add and remove when its addresses change.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use evenly_core::{Admin, Balancer, Nanos, Spec};

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
    /// What the administrator wants of each of its nodes; nothing when he says it of them one by one.
    pub admin: Option<Admin>,
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
                admin: self.admin,
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
                admin: None,
            })
            .collect()
    }

    /// The same node as this name would have it.
    pub fn like(&self, node: Spec) -> Spec {
        Spec { weight: self.weight, capacity: self.capacity, admin: self.admin, ..node }
    }

    /// What a client that used the name would send as Host.
    pub fn host(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// Brings a balancer from the nodes that a name stood for to those that it stands for now, in one step: nodes in both
/// keep their state, and a name that has moved entirely leaves no moment without a node. While a cluster is
/// `gathering`, nobody who joins starts slowly.
pub fn move_over(
    balancer: &Arc<Balancer>,
    before: &[Spec],
    after: &[Spec],
    gathering: bool,
    now: Nanos,
) {
    if before == after {
        return;
    }
    let has = |specs: &[Spec], id: &Arc<str>| specs.iter().any(|spec| spec.id == *id);
    let change = |members: &mut Vec<Spec>| {
        members.retain(|member| !has(before, &member.id) || has(after, &member.id));
        for spec in after {
            match members.iter_mut().find(|member| member.id == spec.id) {
                // Somebody else's node of that name, or one whose weight or capacity may have changed.
                Some(member) if has(before, &spec.id) => *member = spec.clone(),
                Some(_) => {}
                None => members.push(spec.clone()),
            }
        }
        Ok(())
    };
    let changed = if gathering { balancer.gather(now, change) } else { balancer.edit(now, change) };
    // What the configuration and the library let through, the core takes; if not, the members stay as they are.
    debug_assert!(changed.is_ok(), "{changed:?}");
}
