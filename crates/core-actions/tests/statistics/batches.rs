//! Inserting values in batches gives the same result, to the bit, as inserting them one by one.
//! (`laws.rs` checks this too, for values of all sizes.)

use core_actions::{
    ActionTime, Count, HasMean, Histogram, Last, Mean, MinMax, Quantiles, Statistic, Timestamped,
    TopK, Values, Variance,
};
use core_time::Stamp;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::values::{any_time, of, time};

fn check_one<S>(values: &[S::Value], batch: usize)
where
    S: Statistic<Value: std::fmt::Debug> + PartialEq + std::fmt::Debug,
{
    let mut statistic = S::default();
    values.chunks(batch).for_each(|batch| statistic.insert_all(batch.iter().copied()));
    assert_eq!(statistic, of::<S>(values), "in batches of {batch}: {values:?}");
}

fn check(times: &[ActionTime], batch: usize) {
    check_one::<Count>(times, batch);
    check_one::<Mean>(times, batch);
    check_one::<MinMax>(times, batch);
    check_one::<Histogram>(times, batch);
    check_one::<TopK<3>>(times, batch);
    check_one::<Quantiles>(times, batch);
    check_one::<Values>(times, batch);
    check_one::<Variance>(times, batch);
    check_one::<(Mean, MinMax, Quantiles)>(times, batch);
    check_one::<(Variance, (MinMax, Count), Values)>(times, batch);
    let stamped =
        |(at, &time): (i64, &ActionTime)| Timestamped { stamp: Stamp::from_nanos(at), time };
    let stamped: Vec<_> = (0..).map(|at| at * 7 % 5).zip(times).map(stamped).collect();
    check_one::<(Last, Variance, MinMax)>(&stamped, batch);
}

/// Generates times of similar size, and a few integers and times of any size.
fn similar() -> impl Strategy<Value = Vec<ActionTime>> {
    (0..2_047_u64, 1_u64..70).prop_flat_map(|(exponent, spread)| {
        let bits = exponent << 52..(exponent + spread).min(2_047) << 52;
        let float = bits.prop_map(|bits| time(f64::from_bits(bits)));
        let integer = (0_u64..5_000).prop_map(ActionTime::from);
        vec(prop_oneof![12 => float, 2 => integer, 1 => any_time()], 0..80)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn batches_equal_single_values(times in similar(), batch in 1_usize..80) {
        check(&times, batch);
    }
}

#[test]
fn long_batches_of_the_largest_and_the_smallest_are_exact() {
    for float in [f64::MAX, f64::MIN_POSITIVE, f64::from_bits(1), 2_f64.powi(64), 4.5] {
        for lead in [float, float / 1_024.0, float * 2_f64.powi(-40)] {
            // The sum of a batch of this length needs three limbs.
            let mut times = vec![time(float); 9_000];
            times[0] = time(lead);
            check_one::<Mean>(&times, times.len());
            check_one::<Variance>(&times, times.len());
        }
    }
}

#[test]
fn the_mean_of_many_raw_fractions_is_exact() {
    let spread = |i: u64, bits: i32| time(0.1 * 2_f64.powi(i as i32 % bits) + 1e-3 * i as f64);
    for (len, bits) in [(1, 9), (255, 9), (256, 9), (9_001, 9), (9_001, 36), (9_001, 60)] {
        let times: Vec<_> = (0..len).map(|i| spread(i, bits)).collect();
        assert_eq!(of::<Values>(&times).mean(), of::<Mean>(&times).mean(), "{len} of {bits}");
    }
}
