//! A cluster of the configuration in the core's terms.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use evenly_core::{
    Balancer, CheckSettings, EjectionSettings, Nanos, QueueSettings, RetrySettings, Settings, Spec,
    StrategySpec, SubsetSettings, Value,
};

use crate::address::Address;
use crate::clock::{self, span};
use crate::config::{Cluster, Health};
use crate::upkeep::{Name, Watch};

/// The balancer of a cluster. Nodes given by name join it when they are resolved.
pub fn balancer(cluster: &Cluster) -> Result<Arc<Balancer>, String> {
    make(cluster, literal(cluster))
}

/// Whether a balancer can be made of a cluster with these nodes; the error says why not.
pub fn check(cluster: &Cluster, nodes: &[Spec]) -> Result<(), String> {
    make(cluster, nodes.to_vec()).map(drop)
}

fn make(cluster: &Cluster, nodes: Vec<Spec>) -> Result<Arc<Balancer>, String> {
    let strategy = strategy(cluster)?;
    // Each start draws its own chance, so that proxies side by side do not choose alike.
    let seed = RandomState::new().hash_one(&cluster.name);
    Balancer::new(&cluster.name, nodes, &strategy, settings(cluster), clock::now(), seed)
        .map_err(|what| fault(cluster, &what))
}

/// Tells a balancer what its cluster is like now: all in one step, or nothing.
pub fn reconfigure(
    balancer: &Arc<Balancer>,
    cluster: &Cluster,
    nodes: Vec<Spec>,
    now: Nanos,
) -> Result<(), String> {
    balancer
        .reconfigure(nodes, &strategy(cluster)?, settings(cluster), now)
        .map_err(|what| fault(cluster, &what))
}

fn fault(cluster: &Cluster, what: &impl std::fmt::Display) -> String {
    format!("cluster.{}: {what}", cluster.name)
}

/// The nodes that were given by address.
pub fn literal(cluster: &Cluster) -> Vec<Spec> {
    let literal = cluster.nodes.iter().filter(|node| !matches!(node.address, Address::Name { .. }));
    literal
        .map(|node| Spec {
            id: node.id.as_str().into(),
            address: node.address.to_string().into(),
            weight: node.weight,
            capacity: node.capacity,
            admin: Some(node.admin),
        })
        .collect()
}

/// The nodes that were given by name.
pub fn names(cluster: &Cluster) -> Vec<Name> {
    let named = cluster.nodes.iter().filter_map(|node| match &node.address {
        Address::Name { host, port } => Some(Name {
            id: node.id.as_str().into(),
            host: host.clone(),
            port: *port,
            weight: node.weight,
            capacity: node.capacity,
            admin: Some(node.admin),
        }),
        Address::Ip(_) | Address::Unix(_) => None,
    });
    named.collect()
}

/// What upkeep is told of a cluster.
pub fn watch(cluster: &Cluster, balancer: &Arc<Balancer>, names: Vec<Name>) -> Watch {
    Watch {
        balancer: Arc::downgrade(balancer),
        health: cluster.health.clone().map(Arc::new),
        names,
        resolver: cluster.resolver,
    }
}

/// When a cluster's nodes are checked.
pub fn check_settings(health: &Health) -> CheckSettings {
    CheckSettings {
        every: span(health.every),
        fast: span(health.fast),
        rise: health.rise,
        fall: health.fall,
        jitter: health.jitter,
        required: health.required,
    }
}

fn settings(cluster: &Cluster) -> Settings {
    Settings {
        ejection: cluster.ejection.as_ref().map(|ejection| EjectionSettings {
            consecutive: ejection.consecutive,
            window: span(ejection.window),
            min_requests: ejection.min_requests,
            base: span(ejection.base),
            max: span(ejection.max),
            max_share: ejection.max_share,
        }),
        slow_start: span(cluster.slow_start),
        check: cluster.health.as_ref().map(check_settings),
        retry: RetrySettings {
            extra: cluster.retries.extra,
            backoff: span(cluster.retries.backoff),
            share: cluster.retries.budget_share,
            per_second: cluster.retries.budget_per_second,
        },
        queue: QueueSettings { length: cluster.queue.length, timeout: span(cluster.queue.timeout) },
        hash_seed: cluster.hash_seed,
        subset: cluster.subset.map(|subset| SubsetSettings {
            size: subset.size,
            instance: subset.instance,
            instances: subset.instances,
        }),
        ..Settings::default()
    }
}

fn strategy(cluster: &Cluster) -> Result<StrategySpec, String> {
    let given = &cluster.strategy;
    let mut spec = StrategySpec::named(&given.name);
    for (name, value) in &given.options {
        let value = match value {
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::String(value) => Value::Text(value.clone()),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Value::Int(whole),
                (None, Some(float)) => Value::Float(float),
                (None, None) => {
                    let what =
                        format!("strategy.{name}: {number} is not a number the engine can hold");
                    return Err(fault(cluster, &what));
                }
            },
            other => {
                let what = format!("strategy.{name}: {other} is neither a number nor a text");
                return Err(fault(cluster, &what));
            }
        };
        spec = spec.with(name, value);
    }
    Ok(spec)
}
