//! Promise A2 for figures in another unit: exact but for one rounding.

use core_actions::{ActionTime, Mean, Unit, Variance};
use num_bigint::BigUint;
use num_rational::Ratio;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::oracle::{check_nearest, check_nearest_root};
use crate::values::{any_time, edges, of, time, units};

/// The exact sum of times.
fn sum_of(times: &[ActionTime]) -> Ratio<BigUint> {
    let sum: BigUint = times.iter().map(|&time| units(time)).sum();
    Ratio::new_raw(sum, BigUint::from(1_u8) << 1_074)
}

/// The exact sum of squared distances from the mean.
fn distances_of(times: &[ActionTime]) -> Ratio<BigUint> {
    let square = |ratio: &Ratio<BigUint>| ratio * ratio;
    let squares: Ratio<BigUint> =
        times.iter().map(|&time| square(&sum_of(&[time]))).fold(Ratio::default(), |a, b| a + b);
    squares - square(&sum_of(times)) / BigUint::from(times.len())
}

/// Compares all figures in another unit with those of rational arithmetic.
#[track_caller]
fn check(times: &[ActionTime], from: Unit, to: Unit) {
    let ratio = Ratio::new(BigUint::from(from.nanos()), BigUint::from(to.nanos()));
    let (mean, variance) = (of::<Mean>(times), of::<Variance>(times));
    let (mean, variance) = (mean.converted(from.to(to)), variance.converted(from.to(to)));
    assert_eq!((variance.sum(), variance.mean()), (mean.sum(), mean.mean()));
    let sum = sum_of(times) * &ratio;
    check_nearest(mean.sum(), &sum);
    if let Some(&first) = times.first() {
        check_nearest(first.converted(from.to(to)), &(sum_of(&[first]) * &ratio));
        check_nearest(mean.mean().unwrap(), &(sum / BigUint::from(times.len())));
    }
    let found = [
        (variance.population_variance(), variance.population_deviation()),
        (variance.sample_variance(), variance.sample_deviation()),
    ];
    for (divisor, found) in [times.len(), times.len().saturating_sub(1)].into_iter().zip(found) {
        let (Some(variance), Some(deviation)) = found else {
            assert_eq!((divisor, found), (0, (None, None)));
            continue;
        };
        let truth = distances_of(times) * &ratio * &ratio / BigUint::from(divisor);
        check_nearest(variance, &truth);
        check_nearest_root(deviation, &truth);
    }
}

fn unit() -> impl Strategy<Value = Unit> {
    prop::sample::select(&Unit::ALL[..])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn figures_in_another_unit_are_the_nearest_floats(
        times in vec(any_time(), 0..12), from in unit(), to in unit(),
    ) {
        check(&times, from, to);
    }

    #[test]
    fn figures_of_integers_in_another_unit_are_the_nearest_floats(
        times in vec(any::<u64>(), 0..12), from in unit(), to in unit(),
    ) {
        check(&times.into_iter().map(ActionTime::from).collect::<Vec<_>>(), from, to);
    }
}

#[test]
fn edges_are_converted_exactly() {
    for from in Unit::ALL {
        for to in Unit::ALL {
            for pair in edges().windows(2) {
                check(pair, from, to);
            }
            check(&edges(), from, to);
        }
    }
}

#[test]
fn conversion_rounds_once() {
    let times = [time(0.1); 7];
    let mean = of::<Mean>(&times);
    let seconds = mean.converted(Unit::Milliseconds.to(Unit::Seconds)).sum();
    check_nearest(seconds, &(sum_of(&times) / BigUint::from(1_000_u32)));
    assert_ne!(seconds, mean.sum() / 1_000.0, "rounded twice");
}

#[test]
fn figure_beyond_the_floats_is_infinite_or_zero() {
    let largest = time(f64::MAX);
    assert_eq!(largest.converted(Unit::Hours.to(Unit::Seconds)), f64::INFINITY);
    assert_eq!(largest.converted(Unit::Seconds.to(Unit::Seconds)), f64::MAX);
    let smallest = time(f64::from_bits(1));
    assert_eq!(smallest.converted(Unit::Nanoseconds.to(Unit::Hours)), 0.0);
    // A deviation is exact although its square is above the largest float.
    let pair = of::<Variance>(&[largest, time(0.0)]);
    let seconds = pair.converted(Unit::Seconds.to(Unit::Minutes));
    assert_eq!(seconds.population_variance(), Some(f64::INFINITY));
    check_nearest(
        seconds.population_deviation().unwrap(),
        &(sum_of(&[largest]) / BigUint::from(120_u32)),
    );
}
