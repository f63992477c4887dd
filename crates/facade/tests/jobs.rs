//! The jobs of a service, one test each, through the public paths of the front door.

use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use facade::actions::{
    ActionError, ActionRecorder, ActionTime, CORRECTED_MAX, Gauge, GaugeError, GaugeWindow,
    HasCount, HasMean, Held, LabeledName, Level, Mean, MergedTracker, MinMax, Outcome, Outcomes,
    RunningTracker, SharedHandle, Signed, SignedValue, Timer, TrackerSpec, Values, WindowedSpec,
    WindowedTracker, group_by,
};
use facade::time::{
    EventCounter, InFlight, InFlightGuard, KeyedCounter, Limit, Limiter, Limits, ManualClock,
    Statistic, Tier, TooManyInFlight, WindowSpec,
};
use facade::{Stamp, Summary, Windrow};

type Done = Result<(), Box<dyn std::error::Error>>;

fn clock() -> ManualClock {
    ManualClock::new(Stamp::from_secs(1_000))
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[test]
fn a_call_is_accepted_below_a_limit_only() -> Done {
    let limiter = Limiter::with_clock(Limits::new([Limit::per_second(2)])?, clock());
    let accepted: Vec<_> = (0..3).map(|_| limiter.try_record().is_ok()).collect();
    assert_eq!(accepted, [true, true, false]);
    Ok(())
}

#[test]
fn a_refused_call_is_accepted_after_retry_after() -> Done {
    let clock = clock();
    let limiter = Limiter::with_clock(Limits::new([Limit::per_second(1)])?, clock.clone());
    assert!(limiter.try_record().is_ok());
    let refused = limiter.try_record().unwrap_err();
    clock.advance(refused.retry_after.ok_or("never")?);
    assert!(limiter.try_record().is_ok());
    Ok(())
}

#[test]
fn events_of_one_key_are_counted() -> Done {
    let logins = KeyedCounter::<String>::new(Default::default())?;
    logins.record_many("alice", 3)?;
    logins.record("bob")?;
    let alice = logins.count("alice", secs(60))?;
    assert_eq!((alice.events, alice.at_most), (3, 3));
    Ok(())
}

#[test]
fn one_handle_is_read() -> Done {
    let tracker = RunningTracker::default();
    let jump = tracker.action("jump")?;
    jump.record(100_u64);
    tracker.record("run", 5)?;
    assert_eq!(jump.stats().map(|row| row.mean()), Some(100.0));
    assert_eq!(tracker.get("jump").map(|row| row.count()), Some(1));
    Ok(())
}

#[test]
fn two_numbers_are_of_one_moment() -> Done {
    let calls = MergedTracker::<Outcomes>::default();
    let payment = calls.action("payment")?;
    payment.record(Outcome { failed: true, slow: false });
    payment.record(Outcome::default());
    let row = payment.stats().ok_or("no row")?;
    assert_eq!((row.statistic().calls(), row.statistic().failed()), (2, 1));
    Ok(())
}

#[test]
fn an_action_is_removed() -> Done {
    let tracker = RunningTracker::default();
    tracker.record("jump", 100)?;
    let removed = tracker.remove("jump")?.ok_or("no row")?;
    assert_eq!((removed.mean(), tracker.stats().len()), (100.0, 0));
    Ok(())
}

#[test]
fn a_late_time_is_recorded_by_a_windowed_handle() -> Done {
    let tracker = WindowedTracker::<Mean>::with_clock(Default::default(), clock())?;
    let jump = tracker.action("jump")?;
    jump.record_at(100_u64, tracker.now() - secs(90))?;
    assert_eq!(jump.window(secs(60))?.count(), 0);
    assert_eq!(jump.window(secs(120))?.count(), 1);
    Ok(())
}

#[test]
fn a_duration_is_recorded_by_a_windowed_handle() -> Done {
    let tracker = WindowedTracker::<Summary>::with_clock(Default::default(), clock())?;
    let jump = tracker.action("jump")?;
    jump.record_duration(Duration::from_micros(3));
    assert_eq!(jump.window(secs(60))?.statistic().mean(), Some(3_000.0));
    Ok(())
}

#[test]
fn a_handle_is_in_a_static_and_in_shared_state() -> Done {
    static TRACKER: LazyLock<RunningTracker> = LazyLock::new(RunningTracker::default);
    static JUMP: LazyLock<SharedHandle<Mean>> =
        LazyLock::new(|| TRACKER.shared("jump").expect("a valid name, and room for it"));
    let state = Arc::new(JUMP.clone());
    let threads: Vec<_> = (0..4_u64)
        .map(|thread| {
            let state = Arc::clone(&state);
            thread::spawn(move || {
                state.record(thread);
                JUMP.record(thread);
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(JUMP.stats().map(|row| (row.count(), row.mean())), Some((8, 1.5)));
    Ok(())
}

#[test]
fn an_owned_recorder_moves_into_a_thread() {
    let counter = Arc::new(EventCounter::default());
    let mut recorder = counter.owned_recorder();
    thread::spawn(move || recorder.record_many(3)).join().unwrap();
    assert_eq!(counter.total(), 3);
}

#[test]
fn a_counter_is_in_a_static() -> Done {
    static EVENTS: LazyLock<EventCounter> = LazyLock::new(EventCounter::default);
    EVENTS.record();
    assert_eq!(EVENTS.count(secs(300))?.events, 1);
    Ok(())
}

#[test]
fn a_value_is_recorded_n_times() -> Done {
    let tracker = RunningTracker::default();
    tracker.record_n("jump", 100, 3_000_000_000)?;
    let jump = tracker.action("jump")?;
    jump.record_n(200_u64, 1_000_000_000);
    assert_eq!(jump.stats().map(|row| (row.count(), row.mean())), Some((4_000_000_000, 125.0)));
    let request = MergedTracker::<Values>::default();
    let request = request.action("request")?;
    assert_eq!(request.record_corrected(35_u64, 10_u64)?, 3);
    assert!(request.record_corrected(u64::MAX, ActionTime::from(1_u64)).is_err());
    assert_eq!(request.stats().map(|row| row.count()), Some(3));
    assert_eq!(CORRECTED_MAX, 1 << 20);
    Ok(())
}

#[test]
fn a_time_is_measured_by_a_guard() -> Done {
    let (windrow, clock) = (Windrow::default(), clock());
    let jump = windrow.action("jump")?;
    fn start<R: ActionRecorder<Value = ActionTime>>(
        recorder: R,
        clock: &ManualClock,
    ) -> Timer<R, ManualClock> {
        Timer::new(recorder, clock.clone())
    }
    let timer = start(&jump, &clock);
    clock.advance(Duration::from_nanos(100));
    drop(timer);
    let timer = windrow.actions().start("run")?;
    timer.cancel();
    assert_eq!(windrow.get_stats(), r#"[{"action":"jump","avg":100}]"#);
    let tracker = WindowedTracker::<Mean>::new(Default::default())?;
    let elapsed = tracker.start("jump")?.stop();
    tracker.start("jump")?.cancel();
    let jump = tracker.get("jump", secs(60))?;
    assert_eq!((jump.count(), jump.statistic().sum()), (1, elapsed.as_nanos() as f64));
    assert!(tracker.start(" ").is_err());
    Ok(())
}

#[test]
fn an_idle_action_expires() -> Done {
    let clock = clock();
    let tracker = TrackerSpec { idle: Some(secs(60)), ..TrackerSpec::default() };
    let spec = WindowedSpec { tracker, ..WindowedSpec::default() };
    let tracker = WindowedTracker::<Mean>::with_clock(spec, clock.clone())?;
    tracker.record("jump", 100)?;
    clock.advance(secs(61));
    tracker.record("run", 100)?;
    assert_eq!(tracker.overflow().expired, 1);
    let rows = tracker.window(secs(300))?;
    assert_eq!(rows.rows().iter().map(|row| row.name()).collect::<Vec<_>>(), ["run"]);
    Ok(())
}

#[test]
fn actions_are_counted_in_an_interval() -> Done {
    let tracker = WindowedTracker::<Mean>::with_clock(Default::default(), clock())?;
    let at = |back| tracker.now() - secs(back);
    for back in [30, 20, 10] {
        tracker.record_at("jump", back, at(back))?;
    }
    let between = tracker.between(at(20)..at(10))?;
    assert_eq!((between.rows()[0].count(), between.rows()[0].mean()), (1, 20.0));
    Ok(())
}

#[test]
fn windows_of_actions_have_tiers() -> Done {
    let clock = clock();
    let hour = Tier { resolution: secs(60), span: secs(3_600) };
    let window = WindowSpec::builder().tier(hour).build()?;
    let spec = WindowedSpec { window, ..WindowedSpec::default() };
    let tracker = WindowedTracker::<Mean>::with_clock(spec, clock.clone())?;
    tracker.record("jump", 100)?;
    clock.advance(secs(1_800));
    assert!(tracker.window(secs(300))?.rows().is_empty());
    assert_eq!(tracker.window(secs(3_600))?.rows()[0].count(), 1);
    Ok(())
}

#[test]
fn windows_of_actions_have_bounds() -> Done {
    let clock = ManualClock::new(Stamp::from_millis(1_000_500));
    let tracker = WindowedTracker::<Mean>::with_clock(Default::default(), clock.clone())?;
    let jump = tracker.action("jump")?;
    jump.record(1_u64); // In the bucket in which the window of a second begins.
    clock.advance(secs(1));
    jump.record(2_u64);
    let second = jump.window(secs(1))?;
    assert_eq!((second.count(), second.at_most().count()), (1, 2));
    assert!(second.at_least().count() <= 1);
    Ok(())
}

#[test]
fn a_name_has_labels_and_rows_are_grouped_by_one() -> Done {
    let tracker = RunningTracker::default();
    for (method, time) in [("GET", 1_u64), ("GET", 2), ("POST", 9)] {
        let name = LabeledName::new("request")?.with("method", method)?.with("path", "/")?;
        tracker.record(&name, time)?;
    }
    assert_eq!(tracker.stats()[0].name(), r#"request{method="GET",path="/"}"#);
    let groups = group_by(&tracker.stats(), &["method"])?;
    assert_eq!(groups.iter().map(|row| row.count()).collect::<Vec<_>>(), [2, 1]);
    Ok(())
}

#[test]
fn a_rate_has_the_time_that_has_elapsed() -> Done {
    let clock = clock();
    let spec = WindowSpec::builder().span(secs(300)).build()?;
    let counter = EventCounter::with_clock(spec, clock.clone());
    counter.record_many(30);
    clock.advance(secs(10));
    let window = counter.count(secs(60))?;
    assert_eq!(window.rate(), Some(3.0));
    assert_eq!(window.coverage.elapsed, secs(10));
    let tracker = WindowedTracker::<Mean>::with_clock(Default::default(), clock.clone())?;
    let jump = tracker.action("jump")?;
    jump.record_n(5_u64, 20);
    clock.advance(secs(4));
    assert_eq!(jump.window(secs(60))?.rate(), Some(5.0));
    assert_eq!(jump.window(secs(60))?.coverage().elapsed, secs(4));
    Ok(())
}

#[test]
fn the_events_between_two_snapshots_are_a_value() -> Done {
    let counter = EventCounter::default();
    counter.record_many(2);
    let earlier = counter.snapshot();
    counter.record_many(5);
    assert_eq!(counter.snapshot().diff(&earlier)?.events, 5);
    Ok(())
}

#[test]
fn signed_values_are_recorded() -> Done {
    let drift = WindowedTracker::<(Signed<Mean>, Signed<MinMax>)>::with_clock(
        WindowedSpec::default(),
        clock(),
    )?;
    drift.record("db-1", 3)?;
    drift.record("db-1", -0.25)?;
    let handle = drift.action("db-1")?;
    handle.record(-7);
    handle.record(SignedValue::try_from(0.5)?);
    let minute = handle.window(secs(60))?;
    let (mean, min_max) = minute.statistic();
    assert_eq!((minute.count(), mean.sum(), mean.mean()), (4, -3.75, Some(-0.9375)));
    assert_eq!((min_max.min(), min_max.max()), (Some((-7).into()), Some(3.into())));
    assert_eq!(drift.window(secs(60))?.rows()[0].mean(), -0.9375);
    assert!(matches!(drift.record("db-1", f64::NAN), Err(ActionError::Time(_))));
    Ok(())
}

#[test]
fn a_gauge_has_its_level_over_a_window() -> Done {
    let clock = clock();
    let queue = Gauge::with_clock(WindowSpec::default(), clock.clone());
    queue.set(10);
    clock.advance(secs(30));
    assert_eq!(queue.add(-6), 4.into());
    clock.advance(secs(29));
    let minute: GaugeWindow = queue.window(secs(60))?;
    let mut level: Level = minute.level;
    assert_eq!((level.last(), level.min()), (Some(4.into()), Some(4.into())));
    assert_eq!(level.max(), Some(10.into()));
    assert_eq!(level.mean(), Some(416.0 / 59.0)); // Each value by the time that it held.
    clock.advance(secs(60));
    assert_eq!(queue.window(secs(60))?.level.mean(), Some(4.0)); // Without another change.
    let late: GaugeError = queue.set_at(5, Stamp::from_secs(1_000)).unwrap_err();
    assert_eq!(late, GaugeError::BeforeLast { behind: secs(30) });
    // Of another process, which had 40 for 59 s.
    level.insert(Held { value: 40.into(), set: Stamp::UNIX_EPOCH, nanos: 59_000_000_000 });
    assert_eq!(level.mean(), Some((416.0 + 59.0 * 40.0) / 118.0));
    Ok(())
}

#[test]
fn calls_in_flight_are_counted() -> Done {
    static CALLS: InFlight = InFlight::new();
    let first: InFlightGuard<_> = CALLS.enter();
    let second = CALLS.try_enter(2)?;
    let refused: TooManyInFlight = CALLS.try_enter(2).unwrap_err();
    assert_eq!((refused.current, refused.max), (2, 2));
    thread::spawn(move || drop(second)).join().unwrap();
    assert_eq!((CALLS.current(), CALLS.peak()), (1, 2));
    drop(first);
    assert_eq!((CALLS.current(), CALLS.reset_peak(), CALLS.peak()), (0, 2, 0));
    let jobs = Arc::new(InFlight::default());
    let job = jobs.enter_owned();
    thread::spawn(move || drop(job)).join().unwrap();
    assert_eq!((jobs.current(), jobs.peak()), (0, 1));
    Ok(())
}
