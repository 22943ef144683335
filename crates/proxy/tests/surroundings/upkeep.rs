//! Upkeep checks nodes, follows names, and survives what it looks after.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use evenly_core::{
    Balancer, CheckSettings, CheckStatus, Reason, Settings, Spec, Standing, StrategySpec,
};
use evenly_proxy::clock;
use evenly_proxy::upkeep::{Engine, Name, Notice, Watch};

use crate::dns::Dns;
use crate::node::Node;
use crate::probe::http;
use crate::stage::until;

fn engine() -> (Engine, Receiver<Notice>) {
    let (sender, notices) = channel();
    let sender = parking_lot::Mutex::new(sender);
    let tell = move |notice| {
        // A test that has seen enough no longer listens.
        let _ = sender.lock().send(notice);
    };
    (Engine::lazy(Arc::new(tell)), notices)
}

fn balancer(nodes: Vec<Spec>, checked: bool) -> Arc<Balancer> {
    let check = CheckSettings {
        every: clock::span(http().every),
        fast: clock::span(http().fast),
        ..CheckSettings::default()
    };
    let settings = Settings { check: checked.then_some(check), ..Settings::default() };
    Balancer::new("users", nodes, &StrategySpec::named("round_robin"), settings, clock::now(), 1)
        .expect("valid")
}

fn watch(balancer: &Arc<Balancer>) -> Watch {
    Watch { balancer: Arc::downgrade(balancer), health: None, names: Vec::new(), resolver: None }
}

fn ids(balancer: &Balancer) -> Vec<String> {
    let mut ids: Vec<_> =
        balancer.nodes(clock::now()).iter().map(|node| node.id.to_string()).collect();
    ids.sort();
    ids
}

fn users(weight: u32) -> Name {
    Name {
        id: "users.test:80".into(),
        host: "users.test".into(),
        port: 80,
        weight,
        capacity: Some(7),
        admin: None,
    }
}

/// A node that stops answering well is taken out with its reason, and comes back when it is well.
#[test]
fn a_sick_node_leaves_and_comes_back() {
    let node = Node::new(200, "");
    let cluster =
        balancer(vec![Spec::new(&node.address.to_string()), Spec::new("127.0.0.1:1")], true);
    let (engine, notices) = engine();
    engine.watch(Watch { health: Some(Arc::new(http())), ..watch(&cluster) });
    let status = |index: usize| cluster.nodes(clock::now())[index].health;
    until("the first check", || {
        status(0) == CheckStatus::Healthy && status(1) == CheckStatus::Unhealthy
    });
    assert_eq!(
        cluster.nodes(clock::now())[1].last_error.as_deref(),
        Some("cannot connect: Connection refused")
    );
    node.now_says(500, "");
    until("the failure", || status(0) == CheckStatus::Unhealthy);
    node.now_says(200, "");
    until("the return", || status(0) == CheckStatus::Healthy);
    let back = notices.iter().find(|notice| {
        matches!(notice, Notice::Changed { event, .. } if (event.from, event.to) == (Standing::Failing, Standing::Serving))
    });
    assert!(back.is_some(), "the change was told");
}

/// One node per address, with the name's weight and capacity; a change of addresses keeps the nodes that stay.
#[test]
fn a_name_is_followed_as_its_addresses_change() {
    let dns = Dns::new();
    dns.set("users.test", 0, &["10.0.0.1", "10.0.0.2"]);
    let cluster = balancer(vec![Spec::new("10.9.9.9:80")], false);
    let (engine, notices) = engine();
    engine.watch(Watch { names: vec![users(3)], resolver: Some(dns.address), ..watch(&cluster) });
    until("both", || {
        ids(&cluster) == ["10.9.9.9:80", "users.test:80@10.0.0.1", "users.test:80@10.0.0.2"]
    });
    let stays = cluster.find("users.test:80@10.0.0.2").expect("it is a member");
    let report =
        cluster.nodes(clock::now()).into_iter().find(|node| &*node.id == "users.test:80@10.0.0.2");
    assert_eq!(report.map(|node| (node.weight, node.capacity)), Some((3, Some(7))));

    dns.set("users.test", 0, &["10.0.0.2", "10.0.0.3"]);
    until("the move", || {
        ids(&cluster) == ["10.9.9.9:80", "users.test:80@10.0.0.2", "users.test:80@10.0.0.3"]
    });
    assert!(Arc::ptr_eq(&stays, &cluster.find("users.test:80@10.0.0.2").expect("still a member")));
    let left = notices.iter().find_map(|notice| match notice {
        Notice::Left { node, .. } => Some(node.id().to_string()),
        _ => None,
    });
    assert_eq!(left.as_deref(), Some("users.test:80@10.0.0.1"));
}

/// At a start all nodes are new, although one name is resolved before the other: nobody starts slowly.
#[test]
fn names_resolved_at_a_start_are_no_newcomers() {
    let dns = Dns::new();
    dns.set("users.test", 60, &["10.0.0.1", "10.0.0.2"]);
    dns.set("more.test", 60, &["10.0.0.3"]);
    let cluster = balancer(vec![Spec::new("10.9.9.9:80")], false);
    let more = Name { id: "more.test:80".into(), host: "more.test".into(), ..users(1) };
    let (engine, _notices) = engine();
    let names = vec![users(1), more];
    engine.watch(Watch { names, resolver: Some(dns.address), ..watch(&cluster) });
    until("all", || ids(&cluster).len() == 4);
    assert!(cluster.nodes(clock::now()).iter().all(|node| node.reason == Reason::Serving));
}

/// A name server that forgets a name does not empty the cluster: the last good addresses stay, and the fault is told.
#[test]
fn a_failed_look_up_keeps_the_last_good_addresses() {
    let dns = Dns::new();
    dns.set("users.test", 0, &["10.0.0.1"]);
    let cluster = balancer(Vec::new(), false);
    let (engine, notices) = engine();
    engine.watch(Watch { names: vec![users(1)], resolver: Some(dns.address), ..watch(&cluster) });
    until("the first answer", || ids(&cluster) == ["users.test:80@10.0.0.1"]);
    dns.unset("users.test");
    let told = notices.iter().find_map(|notice| match notice {
        Notice::Unresolved { why, kept, .. } => Some((why, kept)),
        _ => None,
    });
    assert_eq!(told, Some(("users.test cannot be resolved: there is no such name".to_owned(), 1)));
    assert_eq!(ids(&cluster), ["users.test:80@10.0.0.1"]);
}

/// Names come and go while the cluster runs, and a changed weight reaches the nodes that are there.
#[test]
fn names_can_be_added_changed_and_removed() {
    let dns = Dns::new();
    dns.set("users.test", 60, &["10.0.0.1"]);
    let cluster = balancer(Vec::new(), false);
    let (engine, _notices) = engine();
    let number = engine.watch(Watch { resolver: Some(dns.address), ..watch(&cluster) });
    engine.add_name(number, users(1));
    until("the name", || ids(&cluster) == ["users.test:80@10.0.0.1"]);
    engine.add_name(number, users(5));
    until("the weight", || cluster.nodes(clock::now())[0].weight == 5);
    assert!(engine.remove_name(number, "users.test:80"));
    assert!(!engine.remove_name(number, "users.test:80"));
    until("the removal", || ids(&cluster).is_empty());
}

/// Looking after a balancer does not keep it alive, and the next round forgets it.
#[test]
fn a_balancer_that_nobody_uses_is_let_go() {
    let cluster = balancer(vec![Spec::new("10.0.0.1:80")], true);
    let weak = Arc::downgrade(&cluster);
    let (engine, _notices) = engine();
    engine.watch(Watch { health: Some(Arc::new(http())), ..watch(&cluster) });
    drop(cluster);
    until("the release", || weak.strong_count() == 0);
}

/// Between a pause and its end nothing is done to a balancer, so a fork finds no lock held; afterwards work goes on.
#[test]
fn nothing_happens_while_paused() {
    let node = Node::new(200, "");
    let cluster = balancer(vec![Spec::new(&node.address.to_string())], true);
    let (engine, _notices) = engine();
    let pause = {
        engine.watch(Watch { health: Some(Arc::new(http())), ..watch(&cluster) });
        engine.pause()
    };
    let before = cluster.nodes(clock::now())[0].last_check;
    std::thread::sleep(Duration::from_millis(150));
    assert_eq!(cluster.nodes(clock::now())[0].last_check, before);
    drop(pause);
    until("a further check", || cluster.nodes(clock::now())[0].last_check > before);
}
