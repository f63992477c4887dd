//! The usual statistics in one, against the same statistics one by one.

use core_actions::{
    ActionTime, HasCount, HasMean, Mean, MinMax, Quantile, Quantiles, Statistic, Summary, laws,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::values::any_time;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn summary_keeps_the_laws(times in vec(any_time(), 0..80)) {
        laws::check_merge::<Summary>(&times);
    }

    #[test]
    fn summary_answers_as_its_parts_do(times in vec(any_time(), 0..200)) {
        let (mut one, mut all) = (Summary::default(), Summary::default());
        let mut parts = <(Mean, MinMax, Quantiles)>::default();
        times.iter().for_each(|&time| one.insert(time));
        all.insert_all(times.iter().copied());
        parts.insert_all(times.iter().copied());
        prop_assert_eq!(&one, &all);
        let (mean, extent, quantiles) = parts;
        prop_assert_eq!(one.count(), mean.count());
        prop_assert_eq!(one.sum(), mean.sum());
        prop_assert_eq!(one.mean(), mean.mean());
        prop_assert_eq!((one.min(), one.max()), (extent.min(), extent.max()));
        for quantile in [Quantile::MEDIAN, Quantile::P90, Quantile::P99] {
            let clamped = quantiles.quantile(quantile).map(|time| extent.clamp(time));
            prop_assert_eq!(one.quantile(quantile), clamped);
        }
        prop_assert_eq!(
            [one.p50(), one.p90(), one.p99()],
            [Quantile::MEDIAN, Quantile::P90, Quantile::P99].map(|q| one.quantile(q))
        );
    }
}

#[test]
fn quantiles_stay_within_minimum_and_maximum() {
    let mut summary = Summary::default();
    for _ in 0..33 {
        summary.insert(ActionTime::from(1_007_u64));
    }
    assert_eq!(summary.p50(), Some(1_007_u64.into()));
    assert_eq!(summary.p99(), Some(1_007_u64.into()));
}

#[test]
fn empty_summary_has_no_values() {
    let empty = Summary::default();
    assert_eq!((empty.count(), empty.sum(), empty.mean()), (0, 0.0, None));
    assert_eq!((empty.min(), empty.max(), empty.p99()), (None, None, None));
}
