//! `n` equal values at once are `n` values, to the bit, for any `n`. (`laws.rs` checks this for
//! every statistic and small `n`.)

use core_actions::{
    ActionTime, Count, HasCount, HasMean, Histogram, Mean, MinMax, Outcome, Outcomes, Quantiles,
    Statistic, Summary, TopK, Variance,
};
use num_bigint::BigUint;
use num_rational::Ratio;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::oracle::{check_nearest, check_nearest_root};
use crate::values::{any_time, time, units};

fn counted<S: Statistic>(values: &[(S::Value, u64)]) -> S {
    let mut statistic = S::default();
    values.iter().for_each(|&(value, n)| statistic.insert_n(value, n));
    statistic
}

/// Compares the figures of counted times with those of rational arithmetic.
#[track_caller]
fn check(times: &[(ActionTime, u64)]) {
    let count: u64 = times.iter().map(|&(_, n)| n).sum();
    let sum: BigUint = times.iter().map(|&(time, n)| units(time) * n).sum();
    let squares: BigUint = times.iter().map(|&(time, n)| units(time).pow(2) * n).sum();
    let variance = counted::<Variance>(times);
    let mean = counted::<Mean>(times);
    assert_eq!((mean.count(), variance.count()), (count, count));
    assert_eq!((mean.mean(), mean.sum()), (variance.mean(), variance.sum()));
    let Some(found) = mean.mean() else { return };
    let n = BigUint::from(count);
    check_nearest(found, &Ratio::new_raw(sum.clone(), &n << 1_074));
    let distances = Ratio::new_raw(squares * &n - sum.pow(2), (&n * &n) << 2_148);
    check_nearest(variance.population_variance().unwrap(), &distances);
    check_nearest_root(variance.population_deviation().unwrap(), &distances);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sums_of_counted_times_are_exact(
        times in vec((any_time(), prop_oneof![0_u64..4, any::<u64>().prop_map(|n| n >> 4)]), 0..9),
    ) {
        check(&times);
    }

    /// Halves, quarters and so on of the number give the same statistic.
    #[test]
    fn counts_add_up(times in vec((any_time(), any::<u64>().prop_map(|n| n >> 4)), 1..9)) {
        fn split<S>(times: &[(ActionTime, u64)])
        where
            S: Statistic<Value = ActionTime> + PartialEq + std::fmt::Debug,
        {
            let halves = times.iter().flat_map(|&(time, n)| {
                [(time, n / 3), (time, 0), (time, n - n / 3)]
            });
            let halves: Vec<_> = halves.rev().collect();
            assert_eq!(counted::<S>(&halves), counted::<S>(times), "of {times:?}");
        }
        split::<Count>(&times);
        split::<Mean>(&times);
        split::<Variance>(&times);
        split::<MinMax>(&times);
        split::<Histogram>(&times);
        split::<Quantiles>(&times);
        split::<TopK<3>>(&times);
        split::<Summary>(&times);
        split::<(Variance, MinMax, (Quantiles, TopK<1>))>(&times);
    }
}

#[test]
fn the_largest_counts_of_the_largest_times_are_exact() {
    let far = [f64::MAX, f64::from_bits(1), 2_f64.powi(64), 2_f64.powi(-76), 0.1, 1.5];
    for a in far.map(time).into_iter().chain([0, 1, u64::MAX].map(ActionTime::from)) {
        check(&[(a, u64::MAX)]);
        check(&[(a, u64::MAX >> 1), (time(0.5), 1 << 62), (ActionTime::from(u64::MAX), 7)]);
    }
}

#[test]
fn counts_wrap_around_as_those_of_single_values_do() {
    let one = ActionTime::from(1_u64);
    assert_eq!(counted::<Count>(&[(one, u64::MAX), (one, 3)]).count(), 2);
    assert_eq!(counted::<Mean>(&[(one, u64::MAX), (one, 3)]).count(), 2);
}

#[test]
fn outcomes_are_counted() {
    let [good, bad] = [false, true].map(|failed| Outcome { failed, slow: !failed });
    let outcomes = counted::<Outcomes>(&[(good, 1 << 40), (bad, 5), (bad, 0)]);
    assert_eq!((outcomes.calls(), outcomes.failed(), outcomes.slow()), ((1 << 40) + 5, 5, 1 << 40));
}
