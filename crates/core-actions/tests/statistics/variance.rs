//! Promise A2: variance and standard deviation are exact but for one rounding.

use core_actions::{ActionTime, HasCount, HasMean, Mean, Statistic, Variance};
use num_bigint::BigUint;
use num_rational::Ratio;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::oracle::{check_nearest, check_nearest_root};
use crate::values::{any_time, edges, of, time, units};

/// Compares all figures with those of rational arithmetic.
#[track_caller]
fn check(times: &[ActionTime]) {
    let variance = of::<Variance>(times);
    assert_eq!((variance.count(), variance.mean()), {
        let mean = of::<Mean>(times);
        (mean.count(), mean.mean())
    });
    let divisors = [times.len(), times.len().saturating_sub(1)];
    let found = [
        (variance.population_variance(), variance.population_deviation()),
        (variance.sample_variance(), variance.sample_deviation()),
    ];
    for (divisor, (variance, deviation)) in divisors.into_iter().zip(found) {
        if divisor == 0 {
            assert_eq!((variance, deviation), (None, None), "of {times:?}");
            continue;
        }
        let truth = variance_of(times, divisor);
        check_nearest(variance.unwrap(), &truth);
        check_nearest_root(deviation.unwrap(), &truth);
        assert!(deviation.unwrap().is_finite());
    }
}

/// The squared distances from the mean, each times the square of the count to be an integer.
fn variance_of(times: &[ActionTime], divisor: usize) -> Ratio<BigUint> {
    let sum: BigUint = times.iter().map(|&time| units(time)).sum();
    let distances = times.iter().map(|&time| {
        let time = units(time) * times.len();
        if time > sum { time - &sum } else { &sum - time }
    });
    let squares: BigUint = distances.map(|distance| &distance * &distance).sum();
    Ratio::new_raw(squares, BigUint::from(times.len().pow(2) * divisor) << 2_148)
}

/// Times that differ by little, where `n q` and `s²` agree in most of their digits.
fn close() -> impl Strategy<Value = Vec<ActionTime>> {
    let integers = (any::<u64>(), vec(0_u64..3, 1..8))
        .prop_map(|(base, more)| more.iter().map(|m| (base.saturating_add(*m)).into()).collect());
    let bits = 0..f64::MAX.to_bits() - 3;
    let floats = (bits, vec(0_u64..3, 1..8))
        .prop_map(|(base, more)| more.iter().map(|m| time(f64::from_bits(base + m))).collect());
    prop_oneof![integers, floats]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn figures_are_the_nearest_floats(times in vec(any_time(), 0..20)) {
        check(&times);
    }

    #[test]
    fn figures_of_integers_are_the_nearest_floats(times in vec(any::<u64>(), 0..20)) {
        check(&times.into_iter().map(ActionTime::from).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_cancels(times in close()) {
        check(&times);
    }
}

#[test]
fn figures_of_edges_are_the_nearest_floats() {
    check(&[]);
    check(&edges());
    for a in edges() {
        check(&[a]);
        check(&[a; 3]);
        for b in edges() {
            check(&[a, b]);
            check(&[a, b, b]);
        }
    }
}

#[test]
fn the_largest_floats_have_a_deviation_though_no_variance() {
    let variance = of::<Variance>(&[time(f64::MAX), time(0.0)]);
    assert_eq!(variance.population_variance(), Some(f64::INFINITY));
    assert_eq!(variance.population_deviation(), Some(f64::MAX / 2.0));
    assert_eq!((variance.sum(), variance.mean()), (f64::MAX, Some(f64::MAX / 2.0)));
    let variance = of::<Variance>(&[time(f64::MAX); 2]);
    assert_eq!((variance.sum(), variance.mean()), (f64::INFINITY, Some(f64::MAX)));
    assert_eq!(variance.population_variance(), Some(0.0));
}

/// Merges a statistic with itself `doublings` times.
fn doubled<S: Statistic>(mut statistic: S, doublings: u32) -> S {
    for _ in 0..doublings {
        let copy = statistic.clone();
        statistic.merge(&copy);
    }
    statistic
}

#[test]
fn there_is_room_for_two_to_the_64_values_of_the_largest_size() {
    for largest in [ActionTime::from(u64::MAX), time(f64::MAX)] {
        let variance = doubled(of::<Variance>(&[largest]), 63);
        assert_eq!((variance.count(), variance.mean()), (1 << 63, Some(largest.as_f64())));
        assert_eq!(variance.population_variance(), Some(0.0));
        assert_eq!(variance.sample_deviation(), Some(0.0));

        let half = doubled(of::<Variance>(&[largest, time(0.0)]), 62);
        assert_eq!(half.mean(), Some(largest.as_f64() / 2.0));
        assert_eq!(half.population_deviation(), Some(largest.as_f64() / 2.0));
        let mut most = half.clone();
        most.merge(&variance);
        most.insert(time(0.0)); // 2^64 + 1 values wrap around: one is left of the count.
        assert_eq!(most.count(), 1);
    }
}
