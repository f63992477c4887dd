//! Promise A5, and the first idea of the design: merging statistics is commutative and associative
//! to the bit, and what can be subtracted is what it was before merging.

use core_actions::{
    ActionTime, Count, HasMean, Histogram, Last, Mean, MinMax, Quantile, Quantiles, Statistic,
    Subtract, Timestamped, TopK, Values, Variance, laws,
};
use core_time::Stamp;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::values::{any_time, edges, of, time};

fn check(times: &[ActionTime]) {
    laws::check_merge::<Count>(times);
    laws::check_merge::<Mean>(times);
    laws::check_merge::<MinMax>(times);
    laws::check_merge::<Histogram>(times);
    laws::check_merge::<TopK<0>>(times);
    laws::check_merge::<TopK<3>>(times);
    laws::check_merge::<TopK<1_000>>(times);
    laws::check_merge::<Quantiles>(times);
    laws::check_merge::<Values>(times);
    laws::check_merge::<Variance>(times);
    laws::check_merge::<(Variance, MinMax, Quantiles)>(times);
    laws::check_subtract::<Count>(times);
    laws::check_subtract::<Mean>(times);
    laws::check_subtract::<Histogram>(times);
    laws::check_subtract::<Variance>(times);
    laws::check_subtract::<(Variance, Count, Histogram)>(times);
}

fn check_stamped(values: &[Timestamped]) {
    laws::check_merge::<Last>(values);
    laws::check_merge::<(Last, Mean, MinMax)>(values);
}

/// Few stamps and few times, so that both are often equal.
fn stamped() -> impl Strategy<Value = Timestamped> {
    let stamp = prop_oneof![(-2_i64..3).prop_map(Stamp::from_nanos), Just(Stamp::MIN)];
    let time = prop_oneof![(0_u64..3).prop_map(ActionTime::from), Just(time(0.5))];
    (stamp, time).prop_map(|(stamp, time)| Timestamped { stamp, time })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 16, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn statistics_keep_the_laws(times in vec(any_time(), 0..50)) {
        check(&times);
    }

    #[test]
    fn statistics_of_stamped_values_keep_the_laws(values in vec(stamped(), 0..12)) {
        check_stamped(&values);
    }
}

#[test]
fn edges_keep_the_laws() {
    check(&[]);
    check(&edges());
    for edge in edges() {
        check(&[edge]);
        check(&[edge; 40]);
    }
    check_stamped(&[]);
}

#[test]
fn counts_beyond_a_byte_keep_the_laws() {
    let both = [time(1.0), time(1.5)];
    for len in [255, 256, 600] {
        let times: Vec<_> = both.into_iter().cycle().take(2 * len).collect();
        laws::check_merge::<Histogram>(&times);
        laws::check_merge::<Quantiles>(&times);
        laws::check_subtract::<Histogram>(&times);
    }
}

#[test]
fn sums_of_equal_value_are_equal_however_they_came_about() {
    let (halves, whole) = ([time(0.5), time(0.5)], [time(0.0), time(1.0)]);
    assert_eq!(of::<Mean>(&halves), of::<Mean>(&whole));
    assert_ne!(of::<Variance>(&halves), of::<Variance>(&whole)); // The squares differ.
    assert_ne!(of::<Mean>(&halves), of::<Mean>(&whole[..1]));
    assert_ne!(of::<Mean>(&halves[..1]), of::<Mean>(&whole[..1]));

    let two_pow_64 = time(u64::MAX as f64);
    let [most, one] = [u64::MAX, 1].map(ActionTime::from);
    assert_eq!(of::<Mean>(&[two_pow_64, time(0.0)]), of::<Mean>(&[most, one]));
}

#[test]
fn equality_depends_on_minimum_and_maximum_alone() {
    let within = [time(1.0), time(1.5), time(2.0)];
    assert_eq!(of::<MinMax>(&within), of::<MinMax>(&[time(1.0), time(2.0)]));
    assert_ne!(of::<MinMax>(&within), of::<MinMax>(&[time(1.0), time(2.5)]));
}

#[test]
fn what_was_never_merged_can_be_subtracted_without_harm() {
    let twice = [edges(), edges()].concat();
    let many = |count| vec![time(1.0); count];
    for (a, b) in [
        (vec![], edges()),
        (vec![time(1.0)], edges()),
        (edges(), twice),
        (vec![], many(300)),
        (many(255), many(256)),
        (many(300), many(1_000)),
    ] {
        let (mut mean, mut variance) = (of::<Mean>(&a), of::<Variance>(&a));
        let mut histogram = of::<Histogram>(&a);
        mean.subtract(&of(&b));
        variance.subtract(&of(&b));
        histogram.subtract(&of(&b));
        let (_, _) = (mean.mean(), mean.sum());
        let (_, _) = (variance.sample_deviation(), variance.population_variance());
        let _ = histogram.quantile(Quantile::P99);
        mean.merge(&of(&b));
        variance.merge(&of(&b));
        histogram.merge(&of(&b));
        assert_eq!((mean, variance, histogram), (of(&a), of(&a), of(&a)));
    }
}

#[test]
fn statistics_take_the_bytes_that_they_say() {
    assert_eq!([size_of::<Count>(), size_of::<Mean>(), size_of::<Variance>()], [8, 48, 112]);
    assert_eq!([size_of::<MinMax>(), size_of::<Last>()], [32, 24]);
    assert_eq!([size_of::<Histogram>(), size_of::<Quantiles>()], [72, 40]);
    assert_eq!([size_of::<ActionTime>(), size_of::<TopK<9>>()], [16, 344 - 272]);
}
