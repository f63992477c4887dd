//! Statistics of values of either sign: the laws, and figures compared with rational arithmetic.

use core_actions::{
    ActionTime, Count, HasCount, HasMean, Held, Histogram, Level, Mean, MinMax, Quantile,
    Quantiles, Signed, SignedValue, Statistic, Subtract, TopK, Variance, laws,
};
use core_time::Stamp;
use num_bigint::{BigInt, BigUint, Sign};
use num_rational::Ratio;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::oracle::{check_nearest, check_nearest_root, units_of};
use crate::values::{any_time, edges, of};

/// The value of a size, below zero or not.
fn signed(size: ActionTime, negative: bool) -> SignedValue {
    let float = if negative { -size.as_f64() } else { size.as_f64() };
    match size.as_integer() {
        Some(integer) if !negative => integer.into(),
        _ => SignedValue::try_from(float).unwrap(),
    }
}

pub(crate) fn any_value() -> impl Strategy<Value = SignedValue> {
    let of_time = (any_time(), any::<bool>()).prop_map(|(size, negative)| signed(size, negative));
    prop_oneof![any::<i64>().prop_map(SignedValue::from), (-9_i8..9).prop_map(Into::into), of_time]
}

pub(crate) fn signed_edges() -> Vec<SignedValue> {
    let both = edges().into_iter().flat_map(|size| [signed(size, false), signed(size, true)]);
    both.chain([i64::MIN, -(1 << 53) - 1].map(SignedValue::from)).collect()
}

/// A value as an integer times 2^-1074.
fn units(value: SignedValue) -> BigInt {
    match value.as_integer() {
        Some(integer) => BigInt::from(integer) << 1_074,
        None => {
            let sign = if value.is_negative() { Sign::Minus } else { Sign::Plus };
            BigInt::from_biguint(sign, units_of(value.as_f64().abs()))
        }
    }
}

#[track_caller]
fn check_figures(values: &[SignedValue]) {
    let sum: BigInt = values.iter().copied().map(units).sum();
    let mean = of::<Signed<Mean>>(values);
    let variance = of::<Signed<Variance>>(values);
    assert_eq!((mean.count(), variance.count()), (values.len() as u64, values.len() as u64));
    assert_eq!((mean.sum(), mean.mean()), (variance.sum(), variance.mean()));
    let n = BigUint::from(values.len());
    let nearest = |float: f64, denominator: BigUint| {
        assert_eq!(float < 0.0, sum < BigInt::ZERO && float != 0.0, "{float}");
        assert!(!(float == 0.0 && float.is_sign_negative()));
        check_nearest(float.abs(), &Ratio::new_raw(sum.magnitude().clone(), denominator));
    };
    nearest(mean.sum(), BigUint::from(1_u8) << 1_074);
    let Some(found) = mean.mean() else { return assert!(values.is_empty()) };
    nearest(found, &n << 1_074);
    let squares: BigInt = values.iter().map(|&value| units(value).pow(2)).sum();
    let distances = squares.magnitude() * &n - sum.magnitude().pow(2);
    let population = Ratio::new_raw(distances.clone(), (&n * &n) << 2_148);
    check_nearest(variance.population_variance().unwrap(), &population);
    check_nearest_root(variance.population_deviation().unwrap(), &population);
    if values.len() > 1 {
        let sample = Ratio::new_raw(distances, (&n * (&n - 1_u8)) << 2_148);
        check_nearest(variance.sample_variance().unwrap(), &sample);
        check_nearest_root(variance.sample_deviation().unwrap(), &sample);
    } else {
        assert_eq!((variance.sample_variance(), variance.sample_deviation()), (None, None));
    }
}

fn check_order(values: &[SignedValue]) {
    let min_max = of::<Signed<MinMax>>(values);
    assert_eq!(min_max.min(), values.iter().copied().min());
    assert_eq!(min_max.max(), values.iter().copied().max());
    let quantiles = of::<Signed<Quantiles>>(values);
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    for share in [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0] {
        let share = Quantile::try_from(share).unwrap();
        let expected = share.rank(values.len() as u64).map(|rank| sorted[rank as usize - 1]);
        assert_eq!(quantiles.quantile(share), expected, "{share:?} of {sorted:?}");
    }
}

fn check_laws(values: &[SignedValue]) {
    laws::check_merge::<Signed<Count>>(values);
    laws::check_merge::<Signed<Mean>>(values);
    laws::check_merge::<Signed<MinMax>>(values);
    laws::check_merge::<Signed<Quantiles>>(values);
    laws::check_merge::<Signed<TopK<3>>>(values);
    laws::check_merge::<(Signed<Variance>, Signed<MinMax>)>(values);
    laws::check_subtract::<Signed<Mean>>(values);
    laws::check_subtract::<Signed<Variance>>(values);
    laws::check_subtract::<(Signed<Count>, Signed<Histogram>)>(values);
}

pub(crate) fn any_held() -> impl Strategy<Value = Held> {
    let nanos = prop_oneof![Just(0), 0..9_u64, Just(86_400_000_000_000), 0..1_u64 << 50];
    (any_value(), -2_i64..3, nanos).prop_map(|(value, set, nanos)| Held {
        value,
        set: Stamp::from_nanos(set),
        nanos,
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn figures_are_the_nearest_floats(values in vec(any_value(), 0..30)) {
        check_figures(&values);
        check_order(&values);
    }

    #[test]
    fn statistics_of_signed_values_keep_the_laws(values in vec(any_value(), 0..30)) {
        check_laws(&values);
    }

    #[test]
    fn levels_keep_the_laws(values in vec(any_held(), 0..20)) {
        laws::check_merge::<Level>(&values);
    }
}

#[test]
fn edges_are_exact_and_keep_the_laws() {
    check_laws(&signed_edges());
    check_figures(&[]);
    check_figures(&signed_edges());
    for edge in signed_edges() {
        check_figures(&[edge]);
        check_figures(&[edge, 1.into(), SignedValue::ZERO]);
        check_laws(&[edge; 3]);
        check_order(&[edge, (-1).into(), 1.into()]);
    }
}

#[test]
fn values_that_cancel_are_zero_and_not_below_it() {
    let tiny = SignedValue::try_from(-f64::from_bits(1)).unwrap();
    let cancelled = of::<Signed<Mean>>(&[5.into(), (-5).into()]);
    assert_eq!((cancelled.sum().to_bits(), cancelled.mean()), (0, Some(0.0)));
    // Rounds to zero.
    let mean = of::<Signed<Mean>>(&[tiny, 0.into(), 0.into()]).mean();
    assert_eq!(mean.map(f64::to_bits), Some(0));
    // One float would lose the 1.
    let large = SignedValue::try_from(1e300).unwrap();
    let less = SignedValue::try_from(-1e300).unwrap();
    assert_eq!(of::<Signed<Mean>>(&[large, 1.into(), less]).sum(), 1.0);
}

#[test]
fn what_was_merged_is_subtracted_from_its_side() {
    let mut rest = of::<Signed<Mean>>(&[3.into(), (-4).into(), (-6).into()]);
    rest.subtract(&of(&[(-6).into()]));
    assert_eq!(rest, of(&[3.into(), (-4).into()]));
    assert!(!rest.can_subtract(&of(&[(-1).into(), (-2).into()])));
    assert!(rest.can_subtract(&of(&[(-4).into()])));
    assert!(!rest.can_subtract(&of(&[5.into()])));
}

#[test]
fn quantiles_of_many_are_near_on_both_sides() {
    let values: Vec<_> = (-1_000..=1_000).map(SignedValue::from).collect();
    let quantiles = of::<Signed<Quantiles>>(&values);
    for rank in 1..=2_001_u32 {
        let share = Quantile::try_from(f64::from(rank) / 2_001.0).unwrap();
        let (found, truth) = (quantiles.quantile(share).unwrap(), f64::from(rank) - 1_001.0);
        assert!((found.as_f64() - truth).abs() <= truth.abs() / 128.0, "{found} for {truth}");
    }
}

fn held(value: i64, set: i64, nanos: u64) -> Held {
    Held { value: value.into(), set: Stamp::from_nanos(set), nanos }
}

#[test]
fn a_level_is_weighted_by_time() {
    let level = of::<Level>(&[held(10, 0, 30), held(-20, 30, 10), held(99, 40, 0)]);
    assert_eq!((level.mean(), level.held().as_nanos()), (Some(2.5), 40));
    assert_eq!((level.min(), level.max()), (Some((-20).into()), Some(99.into())));
    assert_eq!((level.last(), level.last_set()), (Some(99.into()), Some(Stamp::from_nanos(40))));
    let none = Level::default();
    assert_eq!((none.mean(), none.last(), none.last_set(), none.min()), (None, None, None, None));
    assert_eq!(of::<Level>(&[held(7, 0, 0)]).mean(), None);
}

#[test]
fn the_last_of_several_set_at_one_time_is_one_that_held() {
    assert_eq!(of::<Level>(&[held(9, 5, 0), held(3, 5, 1)]).last(), Some(3.into()));
    assert_eq!(of::<Level>(&[held(4, 5, 2), held(3, 5, 1)]).last(), Some(4.into()));
    assert_eq!(of::<Level>(&[held(1, 6, 0), held(3, 5, 1)]).last(), Some(1.into()));
}

#[test]
fn many_intervals_at_once_are_as_many_alone() {
    let mut level = Level::default();
    level.insert_n(held(-3, 0, 1 << 40), 1 << 22);
    assert_eq!((level.mean(), level.held().as_nanos()), (Some(-3.0), 1 << 62));
    let (mut at_once, mut alone) = (Level::default(), Level::default());
    at_once.insert_n(held(-3, 0, u64::MAX / 2), 5); // More than 2^64 nanoseconds.
    (0..5).for_each(|_| alone.insert(held(-3, 0, u64::MAX / 2)));
    assert_eq!(at_once, alone);
}

#[test]
fn signed_statistics_take_twice_the_bytes() {
    assert_eq!([size_of::<SignedValue>(), size_of::<Held>()], [16, 32]);
    assert_eq!([size_of::<Signed<Mean>>(), size_of::<Signed<MinMax>>()], [96, 64]);
    assert_eq!(size_of::<Level>(), 192);
}
