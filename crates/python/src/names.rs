//! Nodes given by host name. The engine thread puts one node per address of the name in their place, called `id@ip`;
//! until the first answer a node `id@host` stands in, whose name the caller's own client resolves.

use evenly_core::{Fault, Nanos, Spec};
use evenly_proxy::address::Address;
use evenly_proxy::upkeep::Name;

use crate::node::Node;
use crate::shared::Shared;

/// Tells nodes given by address from nodes given by name; for the latter, also who stands in.
pub fn apart(nodes: Vec<Node>) -> (Vec<Spec>, Vec<Name>) {
    let mut names = Vec::new();
    let specs = nodes
        .into_iter()
        .map(|node| match name(&node) {
            Some(name) => {
                let stand_in = format!("{}@{}", node.id, name.host);
                names.push(name);
                Spec { id: stand_in.into(), ..Spec::from(node) }
            }
            None => Spec::from(node),
        })
        .collect();
    (specs, names)
}

fn name(node: &Node) -> Option<Name> {
    match node.address.parse() {
        Ok(Address::Name { host, port }) => Some(Name {
            id: node.id.as_str().into(),
            host,
            port,
            weight: node.weight,
            capacity: node.capacity,
            admin: None,
        }),
        _ => None,
    }
}

/// The nodes that `id` stands for: itself, or those of the name it was given by.
pub fn behind(shared: &Shared, id: &str) -> Result<Vec<String>, Fault> {
    if shared.names.lock().iter().any(|name| &*name.id == id) {
        let mine = |node: &str| node.strip_prefix(id).is_some_and(|rest| rest.starts_with('@'));
        let ids = shared.core.ids();
        return Ok(ids.iter().filter(|node| mine(node)).map(ToString::to_string).collect());
    }
    shared.core.knows(id).map(|()| vec![id.to_owned()])
}

/// Adds a node.
pub fn add(shared: &Shared, node: Node, now: Nanos) -> Result<(), Fault> {
    if shared.names.lock().iter().any(|name| *name.id == *node.id) {
        return Err(Fault::new(format!(
            "node {:?} is there already: use update() to change it",
            node.id
        )));
    }
    let (specs, names) = apart(vec![node]);
    for spec in specs {
        shared.core.add(spec, now)?;
    }
    shared.names.lock().extend(names);
    Ok(())
}

/// Removes a node, or all nodes of a name.
pub fn remove(shared: &Shared, id: &str, now: Nanos) -> Result<(), Fault> {
    let nodes = behind(shared, id)?;
    shared.names.lock().retain(|name| &*name.id != id);
    nodes.iter().try_for_each(|node| shared.core.remove(node, now))
}

/// Keeps in mind what later addresses of a name shall have.
pub fn update(shared: &Shared, id: &str, weight: Option<u32>, capacity: Option<Option<u32>>) {
    for name in shared.names.lock().iter_mut().filter(|name| &*name.id == id) {
        name.weight = weight.unwrap_or(name.weight);
        name.capacity = capacity.unwrap_or(name.capacity);
    }
}

/// Puts these nodes in place of all. A name that stays keeps the nodes of its addresses.
pub fn replace(shared: &Shared, nodes: Vec<Node>, now: Nanos) -> Result<(), Fault> {
    let (specs, names) = apart(nodes);
    let known = shared.names.lock().clone();
    let kept: Vec<_> = names
        .iter()
        .filter(|name| {
            known
                .iter()
                .any(|old| (&old.id, &old.host, old.port) == (&name.id, &name.host, name.port))
        })
        .collect();
    let mut all = Vec::new();
    for spec in specs {
        let of_kept = kept.iter().find(|name| *spec.id == *format!("{}@{}", name.id, name.host));
        match of_kept {
            Some(name) => {
                let resolved = name.adopt(&shared.core).into_iter();
                all.extend(resolved.map(|node| Spec {
                    weight: name.weight,
                    capacity: name.capacity,
                    ..node
                }));
            }
            None => all.push(spec),
        }
    }
    shared.core.replace(all, now)?;
    *shared.names.lock() = names;
    Ok(())
}
