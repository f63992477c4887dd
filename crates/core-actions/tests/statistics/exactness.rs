//! Promise A2: the mean is exact, so trackers agree to the bit for any order, threads and merging.

use core_actions::{ActionTime, ActionTracker, HasMean, PostTracker, RunningTracker};
use num_bigint::BigUint;
use num_rational::Ratio;
use proptest::prelude::*;

use crate::oracle::check_nearest;
use crate::values::{any_time, time, units};

/// Records the times from `threads` threads, and returns the bits of the mean.
fn mean_of<T>(tracker: T, times: &[ActionTime], threads: usize) -> u64
where
    T: ActionTracker<Statistic: HasMean<Value = ActionTime>>,
{
    std::thread::scope(|scope| {
        for share in times.chunks(times.len().div_ceil(threads)) {
            let tracker = &tracker;
            scope.spawn(move || share.iter().for_each(|&time| tracker.record("a", time).unwrap()));
        }
    });
    let stats = tracker.stats();
    assert_eq!(stats[0].count(), times.len() as u64);
    stats[0].mean().to_bits()
}

/// Checks the mean of both trackers, forwards, backwards and strided, on one to three threads.
#[track_caller]
fn check(times: &[ActionTime], expected: f64) {
    let backwards: Vec<_> = times.iter().rev().copied().collect();
    let strided: Vec<_> = (0..7).flat_map(|at| times.iter().skip(at).step_by(7)).copied().collect();
    for (order, times) in [("forwards", times), ("backwards", &backwards), ("strided", &strided)] {
        for threads in 1..=3 {
            let post = mean_of(PostTracker::default(), times, threads);
            let running = mean_of(RunningTracker::default(), times, threads);
            let case = format!("{order} on {threads} threads");
            assert_eq!(f64::from_bits(running), expected, "running, {case}");
            assert_eq!(post, running, "post against running, {case}");
        }
    }
}

#[test]
fn large_and_tiny_do_not_hide_each_other() {
    check(&[time(1e300), time(1e-300)], 5e299);
    // Half a unit in the last place, and a tiny bit more: only exact sums round this up.
    let just_above_half = [time(1.0), time(f64::EPSILON / 2.0), time(1e-300), time(0.0)];
    check(&just_above_half, (1.0 + f64::EPSILON) / 4.0);
    check(&just_above_half[..2], 0.5);
}

#[test]
fn integers_that_floats_cannot_hold_are_not_rounded_before_the_end() {
    let above = (1_u64 << 53) + 1;
    check(&[ActionTime::from(above); 3], 9_007_199_254_740_992.0);
    check(&[ActionTime::from(above), ActionTime::from(above + 2)], 9_007_199_254_740_994.0);
    check(&[ActionTime::from(u64::MAX), ActionTime::from(0_u8)], 9_223_372_036_854_775_808.0);
    check(&[ActionTime::from(above), time(0.5), time(0.5)], 3_002_399_751_580_331.5);
}

#[test]
fn a_tenth_two_million_times_is_a_tenth() {
    let times = vec![time(0.1); 2_000_000];
    for threads in [1, 2] {
        assert_eq!(mean_of(PostTracker::default(), &times, threads), 0.1_f64.to_bits());
        assert_eq!(mean_of(RunningTracker::default(), &times, threads), 0.1_f64.to_bits());
    }
}

#[test]
fn the_largest_floats_do_not_overflow() {
    check(&[time(f64::MAX); 5], f64::MAX);
    check(&[time(f64::MAX), time(0.0)], f64::MAX / 2.0);
    check(&[time(f64::from_bits(1)); 5], f64::from_bits(1));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn trackers_agree_with_a_map_of_all_times(
        actions in prop::collection::vec((0_usize..4, any_time()), 1..60),
    ) {
        const NAMES: [&str; 4] = ["jump", "sprint", "hop", "barrel roll"];
        let (post, running) = (PostTracker::default(), RunningTracker::default());
        let mut oracle: Vec<(&str, Vec<ActionTime>)> = Vec::new();
        for &(name, time) in &actions {
            let name = NAMES[name];
            post.record(name, time).unwrap();
            running.record(name, time).unwrap();
            match oracle.iter_mut().find(|(known, _)| *known == name) {
                Some((_, times)) => times.push(time),
                None => oracle.push((name, vec![time])),
            }
        }
        let (post, running) = (post.stats(), running.stats());
        prop_assert_eq!(post.len(), oracle.len());
        for ((name, times), (post, running)) in oracle.iter().zip(post.iter().zip(&running)) {
            prop_assert_eq!((post.name(), running.name()), (*name, *name));
            prop_assert_eq!(post.count(), times.len() as u64);
            prop_assert_eq!(running.count(), times.len() as u64);
            prop_assert_eq!(post.mean().to_bits(), running.mean().to_bits());
            let sum: BigUint = times.iter().map(|&time| units(time)).sum();
            check_nearest(running.statistic().sum(), &Ratio::new_raw(sum.clone(), one_unit()));
            let truth = Ratio::new_raw(sum, one_unit() * times.len());
            check_nearest(running.mean(), &truth);
            let mut kept: Vec<_> = post.statistic().times().collect();
            let mut all = times.clone();
            kept.sort_unstable();
            all.sort_unstable();
            prop_assert_eq!(kept, all);
        }
    }
}

/// What times are integers of, as a denominator.
fn one_unit() -> BigUint {
    BigUint::from(1_u8) << 1_074
}
