//! Why a request would go where it would go, in JSON.

use std::hash::{BuildHasher, RandomState};

use evenly_core::{Explanation, Key, Reason, Rng, Tried};
use serde_json::{Value, json};

use crate::clock;
use crate::config::Cluster;
use crate::decisions::proposals;
use crate::edition::Edition;

/// What a pick in this cluster would do now, with this key and with chance as it may come; `None` when there is no
/// such cluster.
pub fn json(edition: &Edition, cluster: &str, key: Option<&str>) -> Option<Value> {
    let live = edition.cluster(cluster)?;
    let given = edition.config.clusters.iter().find(|given| given.name == cluster)?;
    let mut rng = Rng::seeded(RandomState::new().hash_one(cluster));
    let bytes = key.map_or(Key::None, |key| Key::Bytes(key.as_bytes()));
    let told = live.balancer.explain(bytes, &Tried::default(), clock::now(), &mut rng);
    Some(tell(&told, given, key, edition.number))
}

fn tell(told: &Explanation, given: &Cluster, key: Option<&str>, edition: u64) -> Value {
    let mut strategy = given.strategy.options.clone();
    strategy.insert("name".to_owned(), given.strategy.name.clone().into());
    if let Some(key) = &given.strategy.key {
        strategy.insert("key".to_owned(), key.clone().into());
    }
    let candidates = told.candidates.iter().map(|it| {
        json!({
            "id": *it.id,
            "address": *it.address,
            "weight": it.weight,
            "in_flight": it.in_flight,
            "score": it.score,
            "excluded": it.excluded.map(Reason::name),
        })
    });
    json!({
        "cluster": *told.cluster,
        "strategy": strategy,
        "key": key,
        "edition": edition,
        "stage": told.trace.stage.name(),
        "candidates": candidates.collect::<Vec<_>>(),
        "proposals": proposals(&told.trace),
        "pick": told.pick.as_deref().ok(),
        "reason": told.reason().map(Reason::name),
        "sentence": told.to_string(),
    })
}
