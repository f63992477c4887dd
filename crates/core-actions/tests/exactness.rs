//! Promise A2: the mean is exact, so trackers agree to the bit for any order, threads and merging.

use core_actions::{ActionTime, ActionTracker, ExactMean, PostTracker, Raw, RunningTracker};
use core_time::Statistic;
use num_bigint::BigUint;
use num_rational::Ratio;
use proptest::prelude::*;

fn time(float: f64) -> ActionTime {
    ActionTime::try_from(float).unwrap()
}

/// Adds the times from so many threads, each a share of them, and tells the bits of the mean.
fn mean_of(tracker: impl ActionTracker, times: &[ActionTime], threads: usize) -> u64 {
    std::thread::scope(|scope| {
        for share in times.chunks(times.len().div_ceil(threads)) {
            let tracker = &tracker;
            scope.spawn(move || share.iter().for_each(|&time| tracker.add("a", time).unwrap()));
        }
    });
    let stats = tracker.stats();
    assert_eq!(stats[0].count(), times.len() as u64);
    stats[0].mean().to_bits()
}

/// Both trackers, forwards and backwards and strided, on one to three threads, give this very
/// float.
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

fn any_time() -> impl Strategy<Value = ActionTime> {
    prop_oneof![
        any::<u64>().prop_map(ActionTime::from),
        (0_u64..5_000).prop_map(ActionTime::from),
        (0.0..5_000.0).prop_map(time),
        (0_u64..f64::INFINITY.to_bits()).prop_map(|bits| time(f64::from_bits(bits))),
    ]
}

fn of<S: Statistic<Value = ActionTime>>(times: &[ActionTime]) -> S {
    let mut statistic = S::default();
    times.iter().for_each(|&time| statistic.insert(time));
    statistic
}

fn merged<S: Statistic>(a: &S, b: &S) -> S {
    let mut merged = a.clone();
    merged.merge(b);
    merged
}

/// The laws that every statistic keeps: the identity, and merging in any order and grouping, is the
/// same as taking in all values.
fn check_laws<S>(a: &[ActionTime], b: &[ActionTime], c: &[ActionTime])
where
    S: Statistic<Value = ActionTime> + PartialEq + std::fmt::Debug,
{
    let (whole, [a, b, c]) = (of::<S>(&[a, b, c].concat()), [a, b, c].map(of::<S>));
    assert_eq!(merged(&merged(&a, &b), &c), whole, "(a b) c");
    assert_eq!(merged(&a, &merged(&b, &c)), whole, "a (b c)");
    assert_eq!(merged(&merged(&c, &b), &a), whole, "(c b) a");
    assert_eq!(merged(&a, &S::default()), a, "a and the identity");
    assert_eq!(merged(&S::default(), &a), a, "the identity and a");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn statistics_keep_the_laws_of_merging(
        a in prop::collection::vec(any_time(), 0..20),
        b in prop::collection::vec(any_time(), 0..20),
        c in prop::collection::vec(any_time(), 0..20),
    ) {
        check_laws::<ExactMean>(&a, &b, &c);
        check_laws::<Raw>(&a, &b, &c);
        check_laws::<(ExactMean, Raw)>(&a, &b, &c);
    }

    #[test]
    fn trackers_agree_with_a_map_of_all_times(
        actions in prop::collection::vec((0_usize..4, any_time()), 1..60),
    ) {
        const NAMES: [&str; 4] = ["jump", "sprint", "hop", "barrel roll"];
        let (post, running) = (PostTracker::default(), RunningTracker::default());
        let mut oracle: Vec<(&str, Vec<ActionTime>)> = Vec::new();
        for &(name, time) in &actions {
            let name = NAMES[name];
            post.add(name, time).unwrap();
            running.add(name, time).unwrap();
            match oracle.iter_mut().find(|(known, _)| *known == name) {
                Some((_, times)) => times.push(time),
                None => oracle.push((name, vec![time])),
            }
        }
        let (post, running) = (post.stats(), running.stats());
        prop_assert_eq!(post.len(), oracle.len());
        for ((name, times), (post, running)) in oracle.iter().zip(post.iter().zip(&running)) {
            prop_assert_eq!((post.action(), running.action()), (*name, *name));
            prop_assert_eq!(post.count(), times.len() as u64);
            prop_assert_eq!(running.count(), times.len() as u64);
            prop_assert_eq!(post.mean().to_bits(), running.mean().to_bits());
            prop_assert!(is_nearest(running.mean(), times), "{} of {times:?}", running.mean());
            let mut kept: Vec<_> = post.statistic().times().collect();
            let mut all = times.clone();
            kept.sort_unstable();
            all.sort_unstable();
            prop_assert_eq!(kept, all);
        }
    }
}

/// Whether no other float is nearer to the mean than this one, by exact rational arithmetic.
fn is_nearest(mean: f64, times: &[ActionTime]) -> bool {
    let rational = |time: ActionTime| match time.as_integer() {
        Some(integer) => Ratio::from(BigUint::from(integer)),
        None => exact(time.as_f64()),
    };
    let sum =
        times.iter().map(|&time| rational(time)).fold(Ratio::from(BigUint::ZERO), |a, b| a + b);
    let truth = sum / BigUint::from(times.len());
    let distance = |float: f64| {
        let float = exact(float);
        if float > truth { float - &truth } else { &truth - float }
    };
    let below = if mean > 0.0 { mean.next_down() } else { mean };
    [below, mean.next_up()]
        .into_iter()
        .filter(|float| float.is_finite())
        .all(|neighbour| distance(mean) <= distance(neighbour))
}

/// A float as an exact fraction, from its three fields.
fn exact(float: f64) -> Ratio<BigUint> {
    let (exponent, fraction) = (float.to_bits() >> 52, float.to_bits() & ((1 << 52) - 1));
    let mantissa = BigUint::from(if exponent == 0 { fraction } else { fraction | 1 << 52 });
    Ratio::new(mantissa << exponent.max(1), BigUint::from(1_u8) << 1_075_u32)
}
