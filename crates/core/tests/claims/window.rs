//! `sync::Window`: exact counts over the last while.

use std::collections::VecDeque;

use evenly_core::sync::{BUCKETS, Window};
use evenly_core::{Nanos, Rng};

const SPAN: Nanos = Nanos::from_secs(10);

#[test]
fn a_window_counts_exactly_what_a_list_of_all_results_counts() {
    let mut rng = Rng::seeded(11);
    for start in [0, 65_500, 3_000_000] {
        let (window, mut list) = (Window::default(), VecDeque::new());
        let mut now = Nanos::from_secs(start);
        for _ in 0..20_000 {
            let gap = if rng.below(500) == 0 { 20_000_000_000 } else { 50_000_000 };
            now = now.plus(Nanos(rng.below(gap) as u64));
            let failed = rng.below(3) == 0;
            window.note(failed, now, SPAN);
            let slice = now.0 / (SPAN.0 / BUCKETS as u64);
            list.push_back((slice, failed));
            while list.front().is_some_and(|(old, _)| slice - old >= BUCKETS as u64) {
                list.pop_front();
            }
            let failures = list.iter().filter(|(_, failed)| *failed).count();
            assert_eq!(window.sum(now, SPAN), (list.len() as u64, failures as u64));
        }
    }
}

/// One slice later or earlier is another bucket; a whole window later is the same one.
#[test]
fn a_result_that_comes_a_whole_window_late_wipes_out_nothing() {
    let window = Window::default();
    let now = Nanos::from_secs(20);
    window.note(true, now, SPAN);
    window.note(true, Nanos::from_secs(10), SPAN);
    assert_eq!(window.sum(now, SPAN), (1, 1));
}

#[test]
fn a_window_left_alone_for_any_time_counts_again_at_once() {
    for hours in [1, 5, 10, 18, 19, 24, 1_000] {
        let window = Window::default();
        window.note(false, Nanos::from_secs(3), SPAN);
        let later = Nanos::from_secs(3_600 * hours + 3);
        window.note(true, later, SPAN);
        assert_eq!(window.sum(later, SPAN).1, 1, "after {hours} hours");
    }
}

#[test]
fn a_cleared_window_is_empty() {
    let window = Window::default();
    window.note(true, Nanos::from_secs(5), SPAN);
    window.clear();
    assert_eq!(window.sum(Nanos::from_secs(5), SPAN), (0, 0));
}

/// A bucket has 24 bits for each count: in a long window at a high rate it must not run over into its neighbours.
#[test]
fn a_bucket_that_is_full_counts_no_more() {
    let (window, now) = (Window::default(), Nanos::from_secs(5));
    for _ in 0..(1 << 24) + 10 {
        window.note(true, now, SPAN);
    }
    let most = (1 << 24) - (1 << 16);
    assert_eq!(window.sum(now, SPAN), (most, most));
}
