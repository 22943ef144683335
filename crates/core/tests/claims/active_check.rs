//! Active checks: rise, fall, the first success, pace and jitter.

use std::sync::Arc;

use evenly_core::{
    Act, Balancer, CheckSettings, CheckStatus, Key, Nanos, Reason, Rng, Settings, StrategySpec,
    Tried,
};

use crate::common::{balancer_of, nodes};

fn cluster(count: usize, required: bool) -> Arc<Balancer> {
    let check = CheckSettings { required, ..CheckSettings::default() };
    let settings = Settings { check: Some(check), slow_start: Nanos::ZERO, ..Settings::default() };
    balancer_of(&StrategySpec::named("round_robin"), nodes(count), settings)
}

/// Lets time pass to the next check of the only node, which passes or fails; returns its moment.
fn check(balancer: &Arc<Balancer>, mut now: Nanos, passes: bool) -> Nanos {
    loop {
        let probe = balancer.tick(now).into_iter().find_map(|act| match act {
            Act::Probe(state) => Some(state),
            _ => None,
        });
        if let Some(state) = probe {
            let result = if passes { Ok(()) } else { Err("HTTP 503".to_owned()) };
            balancer.checked(&state, result, now);
            return now;
        }
        let next = balancer.next_tick(now);
        assert!(next > now, "a tick that is due must do something");
        now = next;
    }
}

fn statuses(results: &str) -> Vec<CheckStatus> {
    let balancer = cluster(1, false);
    let mut now = Nanos::ZERO;
    results
        .chars()
        .map(|result| {
            now = check(&balancer, now, result == '+');
            balancer.nodes(now)[0].health
        })
        .collect()
}

use CheckStatus::{Healthy as H, Unhealthy as U, Unknown as N};

#[test]
fn the_first_success_counts_at_once_and_two_bring_a_node_back() {
    assert_eq!(statuses("+"), [H]);
    assert_eq!(statuses("-+"), [N, H]);
    assert_eq!(statuses("---+-++"), [N, N, U, U, U, U, H]);
}

#[test]
fn three_failures_in_a_row_take_a_node_down_and_two_do_not() {
    assert_eq!(statuses("+--+--+---"), [H, H, H, H, H, H, H, H, H, U]);
    assert_eq!(statuses("---"), [N, N, U]);
}

#[test]
fn a_settled_node_is_checked_every_five_seconds_and_a_changing_one_every_second_within_the_jitter()
{
    let balancer = cluster(1, false);
    let mut now = check(&balancer, Nanos::ZERO, true);
    let mut gaps = Vec::new();
    let mut until = |passes: bool, every: f64, gaps: &mut Vec<f64>| {
        let next = check(&balancer, now, passes);
        let gap = next.since(now).as_secs_f64() / every;
        assert!((0.85 - 1e-9..=1.15 + 1e-9).contains(&gap), "{gap} of {every} s");
        gaps.push(gap);
        now = next;
    };
    for _ in 0..40 {
        until(true, 5.0, &mut gaps);
    }
    until(false, 5.0, &mut gaps);
    until(false, 1.0, &mut gaps);
    until(false, 1.0, &mut gaps);
    // Down is settled too.
    until(true, 5.0, &mut gaps);
    until(true, 1.0, &mut gaps);
    until(true, 5.0, &mut gaps);
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    // Uniform within ±15 %: standard deviation 0.087, of the mean of 46: 0.0128.
    assert!((mean - 1.0).abs() < 5.0 * 0.0128, "{mean}");
}

#[test]
fn no_second_check_goes_out_while_one_is_out() {
    let balancer = cluster(3, false);
    let probes = |now| balancer.tick(now).iter().filter(|act| matches!(act, Act::Probe(_))).count();
    assert_eq!(probes(Nanos::ZERO), 3);
    assert_eq!(probes(Nanos::from_secs(60)), 0);
    balancer.check_now(Nanos::from_secs(61));
    assert_eq!(
        probes(Nanos::from_secs(61)),
        0,
        "asking for a check does not double one that is out"
    );
    balancer.forked();
    assert_eq!(
        probes(Nanos::from_secs(62)),
        3,
        "a check of the parent process never ends in the child"
    );
}

#[test]
fn a_node_not_yet_checked_serves_unless_a_check_is_required() {
    for required in [false, true] {
        let balancer = cluster(1, required);
        let loan =
            balancer.pick(Key::None, &Tried::default(), Nanos::ZERO, &mut Rng::seeded(1)).unwrap();
        assert_eq!(loan.panicked(), required);
        let reason = balancer.nodes(Nanos::ZERO)[0].reason;
        assert_eq!(reason, if required { Reason::NotChecked } else { Reason::Serving });
        let now = check(&balancer, Nanos::ZERO, true);
        assert_eq!(balancer.nodes(now)[0].reason, Reason::Serving);
    }
}

#[test]
fn a_failing_node_says_why_and_when() {
    let balancer = cluster(1, false);
    let mut now = Nanos::ZERO;
    for _ in 0..3 {
        now = check(&balancer, now, false);
    }
    let node = &balancer.nodes(now)[0];
    assert_eq!(
        (node.reason, node.serving, node.last_check),
        (Reason::CheckFailed, false, Some(now))
    );
    assert_eq!(node.last_error.as_deref(), Some("HTTP 503"));
}

/// Polling more often than the interval must not put the check off (fault 18 of the reference document's sketch).
#[test]
fn ticking_often_does_not_put_a_check_off() {
    let balancer = cluster(1, false);
    let mut now = check(&balancer, Nanos::ZERO, true);
    let mut probes = 0;
    for _ in 0..6_000 {
        now = now.plus(Nanos::from_millis(1));
        for act in balancer.tick(now) {
            if let Act::Probe(state) = act {
                balancer.checked(&state, Ok(()), now);
                probes += 1;
            }
        }
    }
    assert_eq!(probes, 1);
}
