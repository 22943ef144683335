//! Retries: the whole table of decisions, and the budget's bound.

use evenly_core::{
    Attempt, Mishap, Nanos, Outcome, Reason, RetrySettings, Rng, Settings, StrategySpec, Verdict,
};
use proptest::prelude::*;

use crate::common::{balancer, balancer_of, nodes, pick, plain};

const MISHAPS: [Mishap; 7] = [
    Mishap::Connect,
    Mishap::NothingWritten,
    Mishap::Refused,
    Mishap::Reset,
    Mishap::Status,
    Mishap::Timeout,
    Mishap::Midway,
];

/// What RFC 9110, 9.2.2 and the defaults say, written out: the node did not work on it / it may be repeated.
fn expected(mishap: Mishap, idempotent: bool) -> bool {
    match mishap {
        Mishap::Connect | Mishap::NothingWritten | Mishap::Refused => true,
        Mishap::Reset | Mishap::Status => idempotent,
        Mishap::Timeout | Mishap::Midway => false,
    }
}

/// How often a request may be tried beyond the first time when it failed like that: once, thrice while no node was reached.
fn extra(mishap: Mishap) -> u32 {
    match mishap {
        Mishap::Connect | Mishap::NothingWritten | Mishap::Refused => 3,
        Mishap::Reset | Mishap::Status | Mishap::Timeout | Mishap::Midway => 1,
    }
}

#[test]
fn every_way_to_fail_has_its_decision() {
    for mishap in MISHAPS {
        for idempotent in [false, true] {
            for replayable in [false, true] {
                for made in 1..6 {
                    let balancer = balancer("round_robin", nodes(2));
                    let attempt = Attempt { made, mishap, idempotent, replayable };
                    let verdict = balancer.retry(&attempt, Nanos::ZERO, &mut Rng::seeded(1));
                    let want = if made > extra(mishap) {
                        Err(Reason::TriesSpent)
                    } else if !expected(mishap, idempotent) {
                        Err(Reason::NotIdempotent)
                    } else if replayable {
                        Ok(())
                    } else {
                        Err(Reason::NotReplayable)
                    };
                    let have = match verdict {
                        Verdict::Again { after } => {
                            assert!(after <= Nanos::from_millis(25), "{after:?}");
                            Ok(())
                        }
                        Verdict::Stop(reason) => Err(reason),
                    };
                    assert_eq!(have, want, "{attempt:?}");
                }
            }
        }
    }
}

/// Who wants no retries gets none, also when no node was reached.
#[test]
fn none_is_none() {
    let retry = RetrySettings { extra: 0, ..RetrySettings::default() };
    let settings = Settings { retry, ..plain() };
    let balancer = balancer_of(&StrategySpec::named("round_robin"), nodes(2), settings);
    for mishap in MISHAPS {
        let attempt = Attempt { made: 1, mishap, idempotent: true, replayable: true };
        let verdict = balancer.retry(&attempt, Nanos::ZERO, &mut Rng::seeded(1));
        assert_eq!(verdict, Verdict::Stop(Reason::TriesSpent), "{mishap:?}");
    }
}

const AGAIN: Attempt =
    Attempt { made: 1, mishap: Mishap::Connect, idempotent: false, replayable: true };

#[test]
fn the_wait_before_a_retry_is_spread_over_the_whole_backoff() {
    let balancer = balancer("round_robin", nodes(2));
    let mut rng = Rng::seeded(111);
    let waits: Vec<f64> = (0..2_000)
        .filter_map(|second| match balancer.retry(&AGAIN, Nanos::from_secs(second), &mut rng) {
            Verdict::Again { after } => Some(after.as_secs_f64() / 0.025),
            Verdict::Stop(_) => None,
        })
        .collect();
    let mean = waits.iter().sum::<f64>() / waits.len() as f64;
    // Uniform from 0 to 1: standard deviation 0.2887.
    assert!((mean - 0.5).abs() < 5.0 * 0.2887 / (waits.len() as f64).sqrt(), "{mean}");
    assert!(waits.len() > 1_900 && waits.iter().all(|wait| (0.0..=1.0).contains(wait)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    /// Attempts ≤ (1 + share) · requests + rate · time + start, on every prefix of any trace, whether a retry is picked at
    /// once or (`late`) after its backoff, when others have been granted meanwhile.
    #[test]
    fn retries_never_exceed_the_budget(
        share in prop_oneof![Just(0.0), Just(0.2), Just(1.0)],
        late in any::<bool>(),
        per_second in prop_oneof![Just(0.0), Just(10.0), Just(100.0)],
        trace in prop::collection::vec((0_u32..12, 0_u32..12, prop_oneof![0_u64..5, 0_u64..3_000, Just(60_000)]), 200),
    ) {
        let retry = RetrySettings { share, per_second, ..RetrySettings::default() };
        let balancer = balancer_of(&StrategySpec::named("round_robin"), nodes(3), Settings { retry, ..plain() });
        let mut rng = Rng::seeded(112);
        let (mut requests, mut retries, mut waiting, mut now) = (0_u32, 0_u32, 0, Nanos::ZERO);
        for (picks, asks, wait) in trace {
            now = now.plus(Nanos::from_millis(wait));
            for _ in 0..std::mem::take(&mut waiting) {
                pick(&balancer, now, &mut rng).leave(Outcome::Success, now);
            }
            for _ in 0..picks {
                pick(&balancer, now, &mut rng).leave(Outcome::Success, now);
                requests += 1;
            }
            for _ in 0..asks {
                if let Verdict::Again { .. } = balancer.retry(&AGAIN, now, &mut rng) {
                    retries += 1;
                    waiting += 1;
                    if !late {
                        // The retry's own pick.
                        pick(&balancer, now, &mut rng).leave(Outcome::Success, now);
                        waiting -= 1;
                    }
                }
                let bound = share * f64::from(requests) + per_second * now.as_secs_f64() + 10.0;
                prop_assert!(f64::from(retries) <= bound + 1e-6, "{retries} retries, {requests} requests");
            }
        }
    }
}

#[test]
fn a_healthy_cluster_always_has_a_retry_for_a_rare_mishap_and_a_sick_one_is_not_buried() {
    let balancer = balancer("round_robin", nodes(3));
    let mut rng = Rng::seeded(113);
    let (mut granted, mut spent) = (0, 0);
    for milli in 0..10_000 {
        let now = Nanos::from_millis(milli);
        pick(&balancer, now, &mut rng).leave(Outcome::Success, now);
        // One in ten fails: within 20 %.
        if milli % 10 == 0 {
            match balancer.retry(&AGAIN, now, &mut rng) {
                Verdict::Again { .. } => granted += 1,
                Verdict::Stop(reason) => panic!("{reason} after {granted} retries"),
            }
        }
    }
    for milli in 10_000..20_000 {
        let now = Nanos::from_millis(milli);
        pick(&balancer, now, &mut rng).leave(Outcome::Success, now);
        spent += u32::from(matches!(
            balancer.retry(&AGAIN, now, &mut rng),
            Verdict::Stop(Reason::RetryBudgetSpent)
        ));
    }
    // All fail: 20 % of 10,000 and 10 a second are granted, and what ten seconds had saved.
    assert!((5_500..=7_900).contains(&spent), "{spent} of 10,000 were refused");
}
