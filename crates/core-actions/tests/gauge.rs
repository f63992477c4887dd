//! Gauges, compared with a list of all values that were set.

#![cfg(feature = "tracker")]

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use allocation_counter::measure;
use core_actions::{Gauge, GaugeError, GaugeWindow, Level, SignedValue, Statistic};
use core_time::{ManualClock, RecordError, Stamp, Tier, WindowError, WindowSpec};
use proptest::collection::vec;
use proptest::prelude::*;

const SEC: i64 = 1_000_000_000;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn gauge() -> (ManualClock, Gauge) {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let gauge = Gauge::with_clock(WindowSpec::default(), clock.clone());
    (clock, gauge)
}

fn means(series: &[GaugeWindow]) -> Vec<Option<f64>> {
    series.iter().map(|bucket| bucket.level.mean()).collect()
}

/// Three tiers: 4 buckets of a second, 5 of five seconds, 3 of a minute.
fn tiers() -> WindowSpec {
    let tier = |resolution, span| Tier { resolution: secs(resolution), span: secs(span) };
    let spec = WindowSpec::builder().span(secs(4)).tier(tier(5, 25)).tier(tier(60, 180));
    spec.tolerance(Duration::ZERO).build().unwrap()
}

/// All values that were set, in their order, in nanoseconds.
#[derive(Default)]
struct Naive(Vec<(i64, i64)>);

impl Naive {
    /// Checks the level in the buckets of an answer at the present.
    #[track_caller]
    fn check(&self, found: &GaugeWindow, now: i64) {
        let interval = found.coverage.interval;
        let (from, to) = (interval.from.as_nanos(), interval.to.as_nanos());
        let mut expected = (None, None, None);
        let (mut weighted, mut held) = (0_i128, 0_i128);
        for (at, &(set, value)) in self.0.iter().enumerate() {
            let until = self.0.get(at + 1).map_or(now.max(set), |next| next.0);
            let overlap = until.min(to).min(now) - set.max(from);
            // A value that was replaced at once is in the bucket in which it was set, and the
            // present value in that of the present.
            let is_present = at + 1 == self.0.len() && from <= now && set < to;
            let touches = overlap > 0 || (from <= set && set < to) || is_present;
            if touches {
                let (min, max, _) = expected;
                let least = min.map_or(value, |min: i64| min.min(value));
                let most = max.map_or(value, |max: i64| max.max(value));
                expected = (Some(least), Some(most), Some(value));
                weighted += i128::from(value) * i128::from(overlap.max(0));
                held += i128::from(overlap.max(0));
            }
        }
        let level = &found.level;
        let (min, max, last) = expected;
        let value = |value: Option<i64>| value.map(SignedValue::from);
        assert_eq!((level.min(), level.max()), (value(min), value(max)), "{interval:?} at {now}");
        assert_eq!(level.held().as_nanos() as i128, held, "{interval:?} at {now}");
        let mean = (held > 0).then(|| weighted as f64 / held as f64);
        assert_eq!(level.mean(), mean, "{interval:?} at {now}");
        assert_eq!(level.last(), value(last), "{interval:?} at {now}");
    }
}

/// A value is set after a time, or only the time passes.
type Step = (Option<i64>, u64);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let millis = prop_oneof![Just(0), 1_u64..300, 900..1_100_u64, 1_000..9_000_u64, 0..90_000_u64];
    let whole = prop_oneof![Just(0_u64), Just(1_000), Just(5_000), Just(60_000)];
    vec((prop::option::weighted(0.7, -9_i64..9), prop_oneof![millis, whole]), 1..25)
}

fn check_steps(spec: &WindowSpec, steps: &[Step]) {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let gauge = Gauge::with_clock(spec.clone(), clock.clone());
    let mut naive = Naive::default();
    for &(value, millis) in steps {
        clock.advance(Duration::from_millis(millis));
        let now = gauge.now().as_nanos();
        if let Some(value) = value {
            gauge.set(value);
            naive.0.push((now, value));
        }
        for tier in spec.tiers() {
            for window in [tier.resolution, tier.span / 2, tier.span] {
                naive.check(&gauge.window(window).unwrap(), now);
                let series = gauge.series(window).unwrap();
                series.iter().for_each(|bucket| naive.check(bucket, now));
            }
        }
        let span = spec.span().as_nanos() as i64;
        for (from, to) in [(span, 0), (span / 2, span / 3), (3 * SEC, SEC), (1, -3 * SEC)] {
            let interval = Stamp::from_nanos(now - from)..Stamp::from_nanos(now - to);
            naive.check(&gauge.between(interval).unwrap(), now);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_window_has_the_values_that_held_in_it(steps in steps()) {
        check_steps(&tiers(), &steps);
        let one = WindowSpec::builder().span(secs(7)).tolerance(Duration::ZERO).build().unwrap();
        check_steps(&one, &steps);
    }
}

#[test]
fn a_value_holds_until_the_next_one_and_until_the_present() -> Result<(), WindowError> {
    let (clock, gauge) = gauge();
    gauge.set(4);
    clock.advance(secs(3));
    gauge.set(-2);
    clock.advance(secs(1));
    let found = gauge.window(secs(10))?;
    assert_eq!((found.level.mean(), found.level.held()), (Some(2.5), secs(4)));
    assert_eq!(found.coverage.elapsed, secs(4));
    clock.advance(secs(1_000)); // All buckets of the ring are too old.
    let found = gauge.window(secs(300))?;
    assert_eq!((found.level.mean(), found.level.max()), (Some(-2.0), Some((-2).into())));
    assert_eq!(found.level.last_set(), Some(Stamp::from_secs(1_003)));
    Ok(())
}

#[test]
fn a_gauge_without_a_value_has_none() -> Result<(), WindowError> {
    let (clock, gauge) = gauge();
    clock.advance(secs(5));
    let found = gauge.window(secs(10))?;
    assert_eq!((gauge.last(), &found.level), (None, &Level::default()));
    assert_eq!(found.coverage.elapsed, Duration::ZERO);
    gauge.set(7);
    assert_eq!(gauge.window(Duration::ZERO)?.level, Level::default());
    assert_eq!(gauge.window(secs(1))?.level.last(), Some(7.into()));
    assert_eq!(gauge.window(secs(1))?.level.mean(), None); // No time has passed.
    gauge.reset();
    assert_eq!((gauge.last(), gauge.window(secs(10))?.level), (None, Level::default()));
    Ok(())
}

#[test]
fn the_future_has_no_value_but_those_set_ahead() -> Result<(), Box<dyn std::error::Error>> {
    let (_, gauge) = gauge();
    gauge.set(7);
    let [soon, later] = [1_001, 1_002].map(Stamp::from_secs);
    assert_eq!(gauge.between(soon..later)?.level, Level::default());
    gauge.set_at(9, soon)?;
    assert_eq!(gauge.between(soon..later)?.level.last(), Some(9.into()));
    assert_eq!(gauge.between(Stamp::from_secs(1_000)..soon)?.level.mean(), Some(7.0));
    Ok(())
}

#[test]
fn a_read_changes_nothing() -> Result<(), WindowError> {
    let (clock, gauge) = gauge();
    gauge.set(7);
    clock.advance(secs(100));
    let first = gauge.window(secs(60))?;
    assert_eq!(gauge.window(secs(60))?, first);
    clock.advance(secs(1));
    gauge.series(secs(60))?;
    gauge.set(9);
    assert_eq!(means(&gauge.series(secs(3))?), [Some(7.0), Some(7.0), None]);
    Ok(())
}

#[test]
fn values_replaced_at_once_are_minimum_and_maximum_but_not_the_last() -> Result<(), WindowError> {
    let (clock, gauge) = gauge();
    [5, 99, -99, 6].into_iter().for_each(|value| gauge.set(value));
    let level = gauge.window(secs(1))?.level;
    assert_eq!((level.max(), level.min()), (Some(99.into()), Some((-99).into())));
    assert_eq!(level.last(), Some(6.into()));
    clock.advance(secs(2));
    gauge.set(0);
    let then = gauge.between(Stamp::from_secs(1_000)..Stamp::from_secs(1_002))?.level;
    assert_eq!((then.last(), then.mean()), (Some(6.into()), Some(6.0)));
    Ok(())
}

#[test]
fn values_are_set_with_their_times_in_order() {
    let (clock, gauge) = gauge();
    gauge.set_at(5, Stamp::from_secs(-50_000)).unwrap(); // Older than the span, and still holds.
    assert_eq!(gauge.window(secs(300)).unwrap().level.held(), secs(299));
    gauge.set_at(7, Stamp::from_secs(990)).unwrap();
    gauge.set_at(8, Stamp::from_secs(990)).unwrap();
    let late = gauge.set_at(9, Stamp::from_secs(989));
    assert_eq!(late, Err(GaugeError::BeforeLast { behind: secs(1) }));
    assert_eq!(
        late.unwrap_err().to_string(),
        "value is of 1s before the last one, set values in the order of their times"
    );
    let ahead = gauge.set_at(9, Stamp::from_secs(2_000)).unwrap_err();
    assert!(matches!(ahead, GaugeError::Stamp(RecordError::TooNew { .. })), "{ahead}");
    assert_eq!(gauge.last(), Some(8.into()));
    assert_eq!(gauge.window(secs(10)).unwrap().level.mean(), Some(8.0));
    assert_eq!(gauge.window(secs(11)).unwrap().level.max(), Some(8.into()));
    clock.advance(secs(1));
    gauge.set(3);
    assert_eq!(gauge.last(), Some(3.into()));
}

#[test]
fn a_clock_that_steps_back_takes_no_time_back() -> Result<(), WindowError> {
    let (clock, gauge) = gauge();
    gauge.set(1);
    clock.advance(secs(10));
    gauge.set(2);
    clock.set(Stamp::from_secs(1_005));
    gauge.set(3); // As of 1,010.
    clock.set(Stamp::from_secs(1_020));
    let level = gauge.window(secs(100))?.level;
    assert_eq!((level.mean(), level.held()), (Some(2.0), secs(20)));
    assert_eq!((level.last(), level.last_set()), (Some(3.into()), Some(Stamp::from_secs(1_010))));
    Ok(())
}

#[test]
fn additions_of_all_threads_are_one_after_the_other() {
    let gauge = Gauge::default();
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..500 {
                    let level = gauge.add(1);
                    assert!(level >= 1.into() && level <= 4.into(), "{level}");
                    assert!(gauge.window(secs(60)).unwrap().level.max() >= Some(1.into()));
                    gauge.add(-1);
                }
            });
        }
    });
    assert_eq!(gauge.last(), Some(0.into()));
}

#[test]
fn gauges_of_several_processes_merge() -> Result<(), WindowError> {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let gauges = [(); 2].map(|()| Gauge::with_clock(Default::default(), clock.clone()));
    gauges[0].set(10);
    clock.advance(secs(10));
    gauges[1].set(-20);
    clock.advance(secs(10));
    let [mut all, two] = gauges.each_ref().map(|gauge| gauge.window(secs(60)).unwrap().level);
    all.merge(&two);
    assert_eq!((all.mean(), all.held()), (Some(0.0), secs(30))); // 20 s of 10, 10 s of -20.
    assert_eq!((all.min(), all.max()), (Some((-20).into()), Some(10.into())));
    assert_eq!(all.last(), Some((-20).into())); // It was set last.
    Ok(())
}

/// The figure of the documentation of `Gauge`.
#[test]
fn a_gauge_of_300_buckets_takes_at_most_what_it_says() {
    assert_eq!(Gauge::bytes_max(&WindowSpec::default()).div_ceil(10_000), 43);
}

#[test]
fn memory_is_within_the_bound() {
    for spec in [WindowSpec::default(), tiers()] {
        let bound = Gauge::bytes_max(&spec);
        let mut kept = None;
        let used = measure(|| {
            let clock = ManualClock::new(Stamp::from_secs(1_000));
            let gauge = Gauge::with_clock(spec.clone(), clock.clone());
            for step in 0..2_000_i64 {
                let sizes = [1e300, -1e300, -5e-324, 5e-324];
                gauge.set(SignedValue::try_from(sizes[step as usize % 4]).unwrap());
                clock.advance(Duration::from_millis(step as u64 % 3 * 700));
            }
            kept = Some(gauge);
        });
        let used = used.bytes_max as usize;
        assert!(used <= bound && bound <= 20 * used, "{used} of {bound}");
    }
}
