//! Promises A6 and A7: memory by formula, which is an upper bound whatever the values.

#![cfg(feature = "tracker")]

use std::time::Duration;

use allocation_counter::measure;
use core_actions::{
    ActionTime, AsWords, Count, Histogram, Last, Level, Mean, MergedTracker, MinMax, Quantiles,
    Signed, Statistic, Summary, TopK, TrackerSpec, Values, Variance, WhenFull, WindowedCursor,
    WindowedSpec, WindowedSpecError, WindowedTracker,
};
use core_time::{ManualClock, Stamp, Tier, WindowSpec};

fn spec(actions: usize, when_full: WhenFull) -> TrackerSpec {
    TrackerSpec { actions, when_full, ..TrackerSpec::default() }
}

/// How many bytes there are at most while this is done, and when it is.
fn bytes<T>(run: impl FnOnce() -> T) -> (usize, usize) {
    let mut kept = None;
    let used = measure(|| kept = Some(run()));
    drop(kept);
    (used.bytes_max as usize, used.bytes_current as usize)
}

#[track_caller]
fn check_bytes<S: Statistic<Value = ActionTime>>(actions: usize, name_bytes: usize) {
    let spec = TrackerSpec { name_bytes, ..spec(actions, WhenFull::Refuse) };
    let most = spec.bytes_max::<S>();
    let (used, kept) = bytes(|| {
        let tracker = MergedTracker::<S>::new(spec);
        for number in 0..actions {
            tracker.record(&format!("{number:0name_bytes$}"), number as u64).unwrap();
        }
        tracker
    });
    let case = format!("{kept} to {used} bytes of {most}, {actions} names of {name_bytes}");
    assert!(used <= most, "{case}");
    assert!(actions < 1_000 || most <= 3 * kept, "{case}");
}

#[test]
fn memory_follows_the_formula() {
    for (actions, name_bytes) in [(1, 1), (10, 10), (1_000, 8), (1_793, 200), (30_000, 20)] {
        check_bytes::<Count>(actions, name_bytes);
        check_bytes::<Mean>(actions, name_bytes);
        check_bytes::<(Mean, MinMax)>(actions, name_bytes);
    }
}

#[test]
fn quantiles_take_the_bytes_that_they_say() {
    #[track_caller]
    fn check(times: impl IntoIterator<Item = u64>, expected: usize) {
        let (_, kept) = bytes(|| {
            let mut quantiles = Quantiles::default();
            times.into_iter().for_each(|time| quantiles.insert(ActionTime::from(time)));
            quantiles
        });
        assert_eq!(kept, expected);
    }
    let spread = |count| (0..count).map(|at| 64 + at % 100 * 40); // From 2^6 to nearly 2^12.
    const MANY: usize = 120;
    const RARE: usize = 48;
    check([], 0);
    check([1; 1], 9 * 8);
    check([1; 9], 9 * 8);
    check([1; 10], 32 * 8);
    check(spread(32), 32 * 8);
    // The minimum and the maximum need no bin.
    check([1; 33], MANY);
    check(std::iter::repeat_n(1, 100_000), MANY);
    check([1, 2, 3].into_iter().cycle().take(33), MANY + 16 * 2);
    check([1, 2, 3].into_iter().cycle().take(3 * 255), MANY + 16);
    check([1, 2, 3].into_iter().cycle().take(3 * 256), MANY + 16 + RARE + 16 * 8);
    // Between the ends are times from 104 on, in the third quarter of the first power of two.
    const BINS: usize = 6 * 64 - 2 * 16;
    check(spread(100), MANY + 128 * 2); // A list is less.
    check(spread(100 * 100), MANY + BINS);
    check(spread(100 * 300), MANY + RARE + BINS * 9);
}

#[track_caller]
fn check_windowed<S: Statistic<Value = ActionTime>>(actions: usize, span: u64) {
    let span_of = Duration::from_secs(span);
    let window = WindowSpec::builder().span(span_of).tolerance(Duration::ZERO).build().unwrap();
    let tracker = TrackerSpec { name_bytes: 10, ..spec(actions, WhenFull::Refuse) };
    let spec = WindowedSpec { window, tracker, bytes: usize::MAX };
    let most = spec.bytes_max::<S>();
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let (used, kept) = bytes(|| {
        let tracker = WindowedTracker::<S>::with_clock(spec, clock.clone()).unwrap();
        for _ in 0..2 * span + 40 {
            for number in 0..actions {
                tracker.record(&format!("{number:010}"), 1).unwrap();
            }
            clock.advance(Duration::from_secs(1));
        }
        tracker
    });
    let case = format!("{kept} to {used} bytes of {most}, {actions} actions, {span} buckets");
    assert!(used <= most, "{case}");
    assert!(actions < 100 || most <= 5 * kept, "{case}");
}

#[test]
fn windowed_memory_follows_the_formula() {
    for (actions, span) in [(1, 1), (3, 300), (200, 60)] {
        check_windowed::<Count>(actions, span);
        check_windowed::<(Mean, MinMax)>(actions, span);
    }
}

/// The documentation of `WindowedCursor`.
#[test]
fn a_cursor_takes_the_bytes_that_it_says() {
    const ACTIONS: usize = 1_000;
    let day = Tier { resolution: Duration::from_secs(300), span: Duration::from_secs(86_400) };
    let two = WindowSpec::builder().tier(day).build().unwrap();
    for window in [WindowSpec::default(), two] {
        let tiers = window.tiers().len();
        let spec = WindowedSpec { window, ..WindowedSpec::default() };
        let clock = ManualClock::new(Stamp::UNIX_EPOCH);
        let tracker = WindowedTracker::<Count>::with_clock(spec, clock).unwrap();
        for number in 0..ACTIONS {
            tracker.record(&format!("{number}"), 1).unwrap();
        }
        let (_, kept) = bytes(|| {
            let mut cursor = WindowedCursor::default();
            let changes = tracker.changes(&mut cursor);
            assert!(changes.buckets().iter().all(|bucket| bucket.rows().len() == ACTIONS));
            assert_eq!(changes.buckets().len(), tiers);
            cursor
        });
        assert_eq!(kept, ACTIONS * (48 + 72 + 40 * (tiers - 1)));
    }
}

/// The table of README.md.
#[test]
fn statistics_take_the_bytes_that_the_readme_says() {
    #[track_caller]
    fn check<S: Statistic<Value = ActionTime>>(near: usize, far: usize) {
        let (min, end) = (2_f64.powi(-76), 2_f64.powi(64));
        let near_times = [[1.0, 2.0], [0.5, 0.1], [min, end.next_down()]];
        let far_times = [[min.next_down(), 1.0], [1.0, end]];
        let cases = near_times.map(|times| (times, near)).into_iter();
        for (times, expected) in cases.chain(far_times.map(|times| (times, far))) {
            let (_, kept) = bytes(|| {
                let mut statistic = S::default();
                for time in times {
                    statistic.insert(ActionTime::try_from(time).unwrap());
                }
                statistic
            });
            assert_eq!(size_of::<S>() + kept, expected);
        }
    }
    check::<Count>(8, 8);
    check::<Mean>(48, 320);
    check::<Variance>(112, 920);
    check::<MinMax>(32, 32);
    assert_eq!((size_of::<Last>(), size_of::<Quantiles>()), (24, 40));
    assert_eq!(size_of::<Summary>(), 120);
}

/// Returns times in every bin of the slice, and 300 at both of its ends, which widen all counts.
///
/// Of the bins outside of the slice, one in `one_of` gets a time.
fn worst_times(one_of: u64) -> impl Iterator<Item = f64> {
    let (near, bins) = ((1_023 - 32) << 6..(1_023 + 64) << 6, 1..=2_046_u64 << 6);
    let chosen = move |bin: &u64| near.contains(bin) || bin.is_multiple_of(one_of);
    let every_bin = bins.filter(chosen).map(|bin| f64::from_bits(bin << 46));
    let ends = [2_f64.powi(-32), 2_f64.powi(63)];
    every_bin.chain(ends.into_iter().flat_map(|end| std::iter::repeat_n(end, 300)))
}

/// Fills a tracker, and a windowed one that evicts names, with the worst times.
#[track_caller]
fn check_filled<S: Statistic<Value: AsWords + From<ActionTime>>>() {
    let value = |time: f64| S::Value::from(ActionTime::try_from(time).unwrap());
    let tracker_spec = TrackerSpec { name_bytes: 10, ..spec(1, WhenFull::Refuse) };
    let most = tracker_spec.bytes_max::<S>();
    let (used, _) = bytes(|| {
        let tracker = MergedTracker::<S>::new(tracker_spec.clone());
        worst_times(1).for_each(|time| tracker.record("name", value(time)).unwrap());
        tracker
    });
    assert!(used <= most, "{used} bytes of {most}");

    let span = Duration::from_secs(2);
    let window = WindowSpec::builder().span(span).tolerance(Duration::ZERO).build().unwrap();
    let spec = WindowedSpec { window, tracker: tracker_spec, bytes: 1 << 30 };
    let most = spec.bytes_max::<S>();
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let (used, _) = bytes(|| {
        let tracker = WindowedTracker::<S>::with_clock(spec, clock.clone()).unwrap();
        for (name, seconds) in [("a", 6), ("b", 3)] {
            for _ in 0..seconds {
                worst_times(16).for_each(|time| tracker.record(name, value(time)).unwrap());
                clock.advance(Duration::from_secs(1));
            }
            clock.advance(span);
        }
        tracker
    });
    assert!(used <= most, "{used} bytes of {most}, windowed");
}

#[test]
fn no_values_take_more_than_the_bound() {
    check_filled::<Mean>();
    check_filled::<Variance>();
    check_filled::<Histogram>();
    check_filled::<Quantiles>();
    check_filled::<TopK<1>>();
    check_filled::<TopK<1_000>>();
    check_filled::<Summary>();
    check_filled::<(Mean, MinMax, Quantiles)>();
}

#[test]
fn bounds_of_what_has_no_limit_have_none() {
    assert_eq!(Values::HEAP_BYTES_MAX, usize::MAX);
    assert_eq!(<(Count, Values, MinMax)>::HEAP_BYTES_MAX, usize::MAX);
    assert_eq!(TrackerSpec::default().bytes_max::<Values>(), usize::MAX);
    assert_eq!(WindowedSpec::default().bytes_max::<(Count, Values)>(), usize::MAX);
}

#[test]
fn default_settings_fit_every_statistic() {
    #[track_caller]
    fn check<S: Statistic<Value: AsWords>>(least: usize) {
        let actions = WindowedSpec::default().actions_max::<S>();
        assert!((least..=4_096).contains(&actions), "{actions} actions");
    }
    check::<Count>(4_096);
    check::<Mean>(4_096);
    check::<Variance>(4_096);
    check::<MinMax>(4_096);
    check::<Last>(4_096);
    check::<Histogram>(4_096);
    check::<Quantiles>(4_096);
    check::<TopK<1_000>>(4_096);
    check::<Values>(4_096);
    check::<Summary>(4_096);
    check::<Signed<Mean>>(4_096);
    check::<Signed<Quantiles>>(4_096);
    check::<Signed<Variance>>(3_918);
    check::<Level>(4_096);
    check::<(Variance, MinMax, Quantiles)>(3_500);
    type Eight = (Variance, Variance, Values, Quantiles, Histogram, MinMax, Count, TopK<7>);
    check::<Eight>(1_000);
    let tracker = WindowedTracker::<Eight>::new(WindowedSpec::default()).unwrap();
    assert_eq!(tracker.spec().actions, WindowedSpec::default().actions_max::<Eight>());
}

#[test]
fn there_are_as_many_actions_as_fit() {
    let spec = WindowedSpec { bytes: 1 << 20, ..WindowedSpec::default() };
    let actions = spec.actions_max::<Count>();
    assert!((10..100).contains(&actions), "{actions} actions");
    assert!(spec.bytes_max::<Count>() <= spec.bytes);
    let tracker = WindowedTracker::<Count>::new(spec).unwrap();
    let added =
        (0..1_000).filter(|name| tracker.record(&format!("name {name}"), 1).is_ok()).count();
    assert_eq!((added, tracker.spec().actions), (actions, actions));

    // Of one action, to the byte.
    let tracker = TrackerSpec { actions: 1, ..TrackerSpec::default() };
    let spec = WindowedSpec { tracker, ..WindowedSpec::default() };
    let bytes = spec.bytes_max::<Count>();
    assert!(WindowedTracker::<Count>::new(WindowedSpec { bytes, ..spec.clone() }).is_ok());
    let refused = WindowedTracker::<Count>::new(WindowedSpec { bytes: bytes - 1, ..spec });
    let max = bytes - 1;
    assert_eq!(refused.unwrap_err(), WindowedSpecError::TooLarge { buckets: 300, bytes, max });
}

#[test]
fn a_specification_that_fits_no_action_is_refused() {
    let spec = WindowedSpec { bytes: 1_000, ..WindowedSpec::default() };
    let refused = WindowedTracker::<Count>::new(spec).unwrap_err().to_string();
    assert!(refused.starts_with("one action in 300 buckets takes up to "), "{refused}");
    assert!(refused.ends_with(" bytes, limit is 1000"), "{refused}");
}
