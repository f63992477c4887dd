//! Statistics of the actions of a tracker.

use core_actions::{
    ActionTime, Count, HasMean, Histogram, Last, Mean, MergedTracker, MinMax, Quantiles,
    Timestamped, TopK, Values, Variance,
};
use core_time::Stamp;

use crate::values::of;

#[test]
fn every_statistic_works_in_a_tracker() {
    type All = (Variance, MinMax, Quantiles, (Values, TopK<2>, Histogram, Count, Mean));
    let tracker = MergedTracker::<All>::default();
    std::thread::scope(|scope| {
        for thread in 1..=4_u64 {
            let tracker = &tracker;
            scope.spawn(move || tracker.record("jump", thread * 10).unwrap());
        }
    });
    let stats = tracker.stats();
    let times = [10_u64, 20, 30, 40].map(ActionTime::from);
    assert_eq!(stats[0].statistic(), &of::<All>(&times));
    assert_eq!((stats[0].count(), stats[0].mean()), (4, 25.0));
}

#[test]
fn stamped_values_work_in_a_tracker() {
    let tracker = MergedTracker::<(Last, Mean)>::default();
    for (nanos, time) in [(3, 30_u64), (7, 10), (7, 20), (5, 40)] {
        let stamp = Stamp::from_nanos(nanos);
        tracker.record("jump", Timestamped { stamp, time: time.into() }).unwrap();
    }
    let stats = tracker.stats();
    let (last, mean) = stats[0].statistic();
    let expected = Timestamped { stamp: Stamp::from_nanos(7), time: ActionTime::from(20_u64) };
    assert_eq!(last.last(), Some(expected));
    assert_eq!(mean.mean(), Some(25.0));
}
