//! The metrics page adds up what workers counted and is what Prometheus reads.

use std::collections::HashSet;
use std::sync::Arc;

use evenly_core::{Key, Nanos, Outcome, Reason, Rng, Tried};
use evenly_proxy::metrics::text;
use evenly_proxy::shared::Shared;

use crate::stage::{cluster, listener, shared};

/// The value of the sample that begins with `start`, up to its blank.
fn sample(shared: &Shared, start: &str) -> Option<f64> {
    let page = text(shared);
    let line = page
        .lines()
        .find(|line| line.strip_prefix(start).is_some_and(|rest| rest.starts_with(' ')))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// What two workers counted is one number on the page, for the cluster and for the node.
#[test]
fn shards_are_added_up() {
    let shared = shared();
    let id = Arc::from("10.0.0.1:8000");
    for worker in 0..2 {
        let (cluster, listener) = (cluster(&shared), listener(&shared));
        let (cluster, listener) = (&cluster.meters[worker], &listener.meters[worker]);
        cluster.answers.count(204);
        cluster.latency.observe(Nanos::from_millis(3));
        cluster.node(&id).answers.count(503);
        listener.opened.add(2);
        listener.closed.add(1);
    }
    assert_eq!(
        sample(&shared, r#"evenly_requests_total{cluster="users",status="2xx"}"#),
        Some(2.0)
    );
    assert_eq!(
        sample(
            &shared,
            r#"evenly_node_requests_total{cluster="users",node="10.0.0.1:8000",status="5xx"}"#
        ),
        Some(2.0)
    );
    assert_eq!(sample(&shared, r#"evenly_connections{listener="web"}"#), Some(2.0));
    for (bound, count) in [("0.0025", 0.0), ("0.005", 2.0), ("+Inf", 2.0)] {
        let name =
            format!(r#"evenly_request_duration_seconds_bucket{{cluster="users",le="{bound}"}}"#);
        assert_eq!(sample(&shared, &name), Some(count), "le {bound}");
    }
    assert_eq!(
        sample(&shared, r#"evenly_request_duration_seconds_sum{cluster="users"}"#),
        Some(0.006)
    );
}

/// Picks, failures and what is in flight come from the balancer itself.
#[test]
fn the_balancer_speaks_for_its_nodes() {
    let shared = shared();
    let (mut rng, now) = (Rng::seeded(1), evenly_proxy::clock::now());
    let balancer = &cluster(&shared).balancer;
    let pick =
        |rng: &mut Rng| balancer.pick(Key::None, &Tried::default(), now, rng).expect("it serves");
    pick(&mut rng).leave(Outcome::failed(Reason::NodeReset), now);
    let _held = pick(&mut rng);
    let node = r#"{cluster="users",node="10.0.0.1:8000"}"#;
    assert_eq!(sample(&shared, &format!("evenly_node_picks_total{node}")), Some(2.0));
    assert_eq!(sample(&shared, &format!("evenly_node_failures_total{node}")), Some(1.0));
    assert_eq!(sample(&shared, &format!("evenly_in_flight{node}")), Some(1.0));
}

/// A refusal and a relaxed rule carry their names.
#[test]
fn refusals_carry_their_reason() {
    let shared = shared();
    cluster(&shared).meters[0].refused.count(Reason::AtCapacity, None);
    listener(&shared).meters[0].refused.count(Reason::BadRequest, Some("obs_fold"));
    listener(&shared).meters[0].relaxed.count(Reason::BadRequest, Some("bare_lf"));
    let refused = |labels: &str| sample(&shared, &format!("evenly_refusals_total{{{labels}}}"));
    assert_eq!(refused(r#"cluster="users",listener="",reason="at_capacity""#), Some(1.0));
    assert_eq!(refused(r#"cluster="",listener="web",reason="bad_request:obs_fold""#), Some(1.0));
    assert_eq!(
        sample(&shared, r#"evenly_relaxed_total{listener="web",rule="bare_lf"}"#),
        Some(1.0)
    );
}

/// Every family has its help and its type once, and no sample stands twice: Prometheus refuses a page that differs.
#[test]
fn the_page_is_well_formed() {
    let page = text(&shared());
    let (mut types, mut samples) = (HashSet::new(), HashSet::new());
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert!(
                types.insert(rest.split(' ').next().expect("a name").to_owned()),
                "{line} stands twice"
            );
        } else if !line.starts_with('#') {
            let (name, _) = line.rsplit_once(' ').expect("a name and a value");
            assert!(samples.insert(name.to_owned()), "{line} stands twice");
            let bare = name.split('{').next().expect("a name");
            let family = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| bare.strip_suffix(end))
                .unwrap_or(bare);
            assert!(types.contains(family) || types.contains(bare), "{line} has no type");
        }
    }
    assert!(samples.len() > 40, "{page}");
}
