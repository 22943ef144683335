//! `sync::Estimate`: a latency and its time in one word.

use evenly_core::sync::Estimate;
use evenly_core::{Nanos, Rng};

const DECAY: Nanos = Nanos::from_secs(2);
const STEP: u64 = 1 << 14;

/// The same estimator in plain floating point; time goes in the same steps of 16 µs.
#[derive(Default)]
struct Reference(Option<(f64, u64)>);

impl Reference {
    fn update(&mut self, sample: f64, now: Nanos, peak: bool) {
        let step = now.0 / STEP;
        self.0 = Some(match self.0 {
            None => (sample, step),
            Some((value, seen)) => {
                let keep = (-((step - seen) as f64 * STEP as f64) / DECAY.0 as f64).exp();
                if peak && sample >= value * keep {
                    (sample, step)
                } else {
                    (value * keep + sample * (1.0 - keep), step)
                }
            }
        });
    }
}

/// Rounding of a word's 26-bit fraction to either side with the right probability has a standard deviation of at
/// most 2^-27, and averaging over 2 s in steps of 16 µs makes that 2^-19 at most: 2^-15 is 16 of those.
fn follows_the_reference(seed: u64, longest_gap: u64, spread: f64, peak: bool) {
    let mut rng = Rng::seeded(seed);
    let (estimate, mut reference) = (Estimate::default(), Reference::default());
    let mut now = Nanos(rng.next_u64() >> 8);
    for count in 0..400_000 {
        now = now.plus(Nanos(rng.below(longest_gap as usize) as u64));
        let sample = 5e6 * (1.0 + spread * rng.unit());
        reference.update(sample, now, peak);
        if peak {
            estimate.peak(sample, now, DECAY);
        } else {
            estimate.blend(sample, now, DECAY);
        }
        let (have, want) = (estimate.read().unwrap(), reference.0.unwrap().0);
        let error = (have - want).abs() / want;
        assert!(error < 1.0 / 32_768.0, "after {count} samples: {have} instead of {want}");
    }
}

#[test]
fn many_tiny_steps_add_up_to_the_same_average_as_in_floating_point() {
    for (seed, gap) in [(1, 5_000), (2, 40_000), (3, 400_000), (4, 50_000_000), (5, 3_000_000_000)]
    {
        follows_the_reference(seed, gap, 3.0, false);
        follows_the_reference(seed, gap, 0.001, false);
    }
}

#[test]
fn the_peak_follows_the_same_rule_in_floating_point() {
    for (seed, gap) in [(6, 5_000), (7, 40_000), (8, 400_000), (9, 50_000_000)] {
        follows_the_reference(seed, gap, 3.0, true);
    }
}

/// 20 µs steps move the estimate by a hundred-thousandth of the gap each, far below the word's last place.
#[test]
fn rounding_does_not_freeze_an_estimate_near_its_goal() {
    let estimate = Estimate::default();
    estimate.blend(1e6, Nanos::ZERO, DECAY);
    let mut now = Nanos::ZERO;
    while now < Nanos::from_secs(20) {
        now = now.plus(Nanos(20_000));
        estimate.blend(1e6 - 100.0, now, DECAY);
    }
    let value = estimate.read().unwrap();
    assert!((value - (1e6 - 100.0)).abs() < 5.0, "{value}");
}

#[test]
fn a_peak_jumps_up_at_once_and_comes_down_slowly() {
    let estimate = Estimate::default();
    estimate.peak(1e6, Nanos::ZERO, DECAY);
    estimate.peak(1e8, Nanos(10), DECAY);
    assert!((estimate.read().unwrap() / 1e8 - 1.0).abs() < 1e-7);
    estimate.peak(1e6, Nanos::from_millis(20), DECAY);
    // One step of 20 ms with a time constant of 2 s gives up 1 % of the way.
    let value = estimate.read().unwrap();
    assert!((value - (1e8 - 0.00995 * 9.9e7)).abs() < 1e4, "{value}");
}

#[test]
fn reading_fades_the_estimate_and_changes_nothing() {
    let estimate = Estimate::default();
    estimate.blend(1e6, Nanos::ZERO, DECAY);
    for seconds in [0_u32, 1, 2, 10] {
        let want = 1e6 * (-f64::from(seconds) / 2.0).exp();
        let have = estimate.at(Nanos::from_secs(u64::from(seconds)), DECAY).unwrap();
        // One step of 16 µs is 8 millionths of the time constant.
        assert!((have - want).abs() <= want * 1e-5, "{have} {want}");
    }
    assert!((estimate.at(Nanos::ZERO, DECAY).unwrap() - 1e6).abs() < 1.0);
}

/// A word of 40 bits of time read as a moment forgot every estimate on a machine that had been up for 208 days.
#[test]
fn an_estimate_works_on_a_machine_that_has_been_up_for_years() {
    for days in [0, 1, 19, 207, 209, 300, 3_000] {
        let (estimate, start) = (Estimate::default(), Nanos::from_secs(86_400 * days));
        estimate.blend(1e6, start, DECAY);
        let soon = estimate.at(start.plus(Nanos::from_secs(2)), DECAY).unwrap();
        assert!((soon - 1e6 * (-1.0_f64).exp()).abs() < 100.0, "after {days} days: {soon}");
        estimate.blend(2e6, start.plus(Nanos::from_secs(2)), DECAY);
        let value = estimate.read().unwrap();
        assert!(
            (value - (2e6 - 1e6 * (-1.0_f64).exp())).abs() < 100.0,
            "after {days} days: {value}"
        );
    }
}

#[test]
fn a_reading_from_a_thread_whose_clock_is_a_moment_behind_fades_nothing() {
    let estimate = Estimate::default();
    estimate.blend(1e6, Nanos::from_secs(5), DECAY);
    let before = estimate.at(Nanos::from_millis(4_500), DECAY).unwrap();
    assert!((before - 1e6).abs() < 1.0, "{before}");
}

#[test]
fn there_is_no_estimate_before_the_first_sample() {
    let estimate = Estimate::default();
    assert_eq!(estimate.read(), None);
    assert_eq!(estimate.at(Nanos::from_secs(1), DECAY), None);
    estimate.blend(1.0, Nanos::ZERO, DECAY);
    assert!(estimate.read().is_some(), "the least sample at time zero is a sample too");
}
