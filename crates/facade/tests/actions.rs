//! Handles of actions: what they record, and the windows they return.

use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use facade::actions::{ActionWindow, WindowedTracker};
use facade::time::{ManualClock, Tier};
use facade::{
    ActionHandle, Coverage, Quantile, Stamp, Summary, Unit, WhenFull, WindowSummary, Windrow,
};

const SECOND: Duration = Duration::from_secs(1);

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn by_hand() -> (Windrow, ManualClock) {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let windrow = Windrow::builder().clock(clock.clone()).unit(Unit::Milliseconds).build().unwrap();
    (windrow, clock)
}

#[test]
fn four_lines_answer_p99_of_the_last_five_minutes() {
    let windrow = Windrow::default();
    let checkout: ActionHandle = windrow.action("checkout").unwrap();
    checkout.record(millis(900));
    let last5: WindowSummary = checkout.window(Duration::from_secs(300)).unwrap();
    assert!(last5.p99() > Some(millis(800)));
}

#[test]
fn window_holds_what_is_in_its_buckets() {
    let (windrow, clock) = by_hand();
    let checkout = windrow.action("checkout").unwrap();
    checkout.record(millis(100));
    clock.advance(SECOND * 10);
    checkout.record(millis(200));
    checkout.record(millis(300));

    let last = checkout.window(SECOND * 10).unwrap();
    assert_eq!((last.count(), last.mean()), (2, Some(millis(250))));
    assert_eq!((last.min(), last.max()), (Some(millis(200)), Some(millis(300))));
    let all = checkout.window(SECOND * 300).unwrap();
    assert_eq!((all.count(), all.mean()), (3, Some(millis(200))));
    assert_eq!([all.p50(), all.p90()], [Some(millis(200)), Some(millis(300))]);
    assert_eq!(all.quantile(Quantile::P99), all.p99());
    assert_eq!(all.rate(), 0.3); // Three in the ten seconds since the first.
    assert_eq!(all.coverage().elapsed, SECOND * 10);

    clock.advance(SECOND * 300);
    let empty = checkout.window(SECOND * 300).unwrap();
    assert_eq!((empty.count(), empty.mean(), empty.p99(), empty.rate()), (0, None, None, 0.0));
    assert!(checkout.window(SECOND * 301).unwrap_err().is_request());
}

#[test]
fn one_action_is_read_by_name_and_by_its_handle() {
    let (windrow, _) = by_hand();
    let checkout = windrow.action("checkout").unwrap();
    assert_eq!((windrow.get("checkout"), checkout.stats()), (None, None));
    checkout.record(millis(100));
    windrow.add_action(r#"{"action":"checkout","time":200}"#).unwrap();
    windrow.add_action(r#"{"action":"search","time":1}"#).unwrap();
    let row = windrow.get("checkout").unwrap();
    assert_eq!((row.name(), row.count(), row.mean()), ("checkout", 2, 150.0));
    assert_eq!(checkout.stats().as_ref(), Some(&row));
    assert_eq!(windrow.stats()[0], row);
}

#[test]
fn handles_answer_for_intervals_and_series() {
    let (windrow, clock) = by_hand(); // At the start of second 1,000.
    let checkout = windrow.action("checkout").unwrap();
    checkout.record(millis(100));
    clock.advance(millis(1_500));
    checkout.record(millis(300));

    let second = |secs| Stamp::from_secs(secs);
    let first = checkout.between(second(1_000)..second(1_001)).unwrap();
    assert_eq!((first.at_least(), first.count(), first.at_most()), (1, 1, 1));
    assert_eq!((first.mean(), first.coverage().is_partial()), (Some(millis(100)), false));
    let cut = checkout.between(Stamp::from_millis(1_000_500)..second(1_002)).unwrap();
    assert_eq!((cut.at_least(), cut.count(), cut.at_most()), (1, 2, 2));
    let past = checkout.window(SECOND).unwrap();
    assert_eq!((past.at_least(), past.count(), past.at_most()), (1, 1, 2));

    let series: Vec<WindowSummary> = checkout.series(SECOND * 3).unwrap();
    let each = series.iter().map(|bucket| {
        let coverage = bucket.coverage();
        (coverage.interval.from, bucket.count(), coverage.is_partial())
    });
    assert!(each.eq([(second(999), 0, true), (second(1_000), 1, false), (second(1_001), 1, true)]));
    assert!(checkout.between(second(1)..second(2)).unwrap_err().is_request());
}

#[test]
fn windows_of_actions_have_the_tiers_of_the_events() {
    let clock = ManualClock::new(Stamp::from_secs(100_000));
    let day = Tier { resolution: SECOND * 300, span: SECOND * 86_400 };
    let windrow = Windrow::builder().clock(clock.clone()).tier(day).build().unwrap();
    let checkout = windrow.action("checkout").unwrap();
    checkout.record(millis(7));
    clock.advance(SECOND * 80_000);
    checkout.record(millis(9));
    assert_eq!(checkout.window(SECOND * 300).unwrap().count(), 1);
    let today = checkout.window(day.span).unwrap();
    assert_eq!((today.count(), today.min()), (2, Some(millis(7))));
    assert_eq!(today.coverage().resolution, day.resolution);
    assert_eq!(checkout.series(day.span).unwrap().len(), 288);
}

#[test]
fn equal_times_and_timers_are_recorded_by_name() {
    let (windrow, _) = by_hand();
    windrow.add_action_times("checkout", 2, 3).unwrap(); // Before windows are kept.
    windrow.add_action_times("new", 1, 0).unwrap();
    assert!(windrow.windows().is_none() && windrow.get("new").is_none());

    let timer = windrow.start("checkout").unwrap();
    windrow.add_action_times("checkout", 5, 4).unwrap();
    assert_eq!(windrow.get("checkout").map(|row| row.mean()), Some(26.0 / 7.0));
    let past = |window: &WindowSummary| (window.count(), window.min(), window.max());
    let checkout = windrow.action("checkout").unwrap();
    let window = checkout.window(SECOND).unwrap();
    assert_eq!(past(&window), (4, Some(millis(5)), Some(millis(5))));
    drop(timer);
    assert_eq!(checkout.stats().map(|row| row.count()), Some(8));
    assert_eq!(checkout.window(SECOND).unwrap().count(), 5);

    let refused = windrow.add_action_times("checkout", -1, 0).unwrap_err();
    assert!(refused.is_input(), "{refused}");
    assert!(windrow.start(" ").unwrap_err().is_input());
    assert_eq!(windrow.stats().len(), 1);
}

#[test]
fn handles_and_text_record_the_same_action() {
    let (windrow, _) = by_hand();
    windrow.add_action(r#"{"action":"checkout","time":1}"#).unwrap(); // Before windows are kept.
    let checkout = windrow.action("checkout").unwrap();
    checkout.record(millis(100));
    windrow.add_action(r#"{"action":"checkout","time":200}"#).unwrap();
    windrow.add_actions(&b"{\"action\":\"checkout\",\"time\":299}\n"[..]).unwrap();
    windrow.add_action_time("checkout", 400).unwrap();
    windrow.add_action_duration("checkout", millis(500)).unwrap();
    windrow.action("checkout").unwrap().record_time(600).unwrap();

    assert_eq!(windrow.get_stats(), r#"[{"action":"checkout","avg":300}]"#);
    let window = checkout.window(SECOND).unwrap();
    assert_eq!((window.count(), window.summary().sum()), (6, 2_099.0));
    assert_eq!(checkout.name(), "checkout");

    windrow.reset();
    assert_eq!((windrow.get_stats(), checkout.window(SECOND).unwrap().count()), ("[]".into(), 0));
    checkout.record(millis(7));
    assert_eq!(checkout.window(SECOND).unwrap().mean(), Some(millis(7)));
}

#[test]
fn invalid_times_and_names_change_nothing() {
    let (windrow, _) = by_hand();
    assert!(windrow.action(" ").unwrap_err().is_input());
    let checkout = windrow.action("checkout").unwrap();
    assert!(checkout.record_time(-1).unwrap_err().is_input());
    assert!(checkout.record_time(f64::NAN).unwrap_err().is_input());
    assert_eq!(checkout.window(SECOND).unwrap().count(), 0);
    assert_eq!(windrow.get_stats(), "[]");
}

#[test]
fn full_tracker_has_no_handle_for_a_new_action() {
    let windrow = Windrow::builder().actions(1, WhenFull::Refuse).build().unwrap();
    let first = windrow.action("first").unwrap();
    let refused = windrow.action("second").unwrap_err();
    assert!(refused.is_full() && !refused.is_input());
    first.record(millis(1));
    assert_eq!(windrow.action("first").unwrap().window(SECOND).unwrap().count(), 1);
}

#[test]
fn handle_is_shared_by_threads_that_come_and_go() {
    static WINDROW: LazyLock<Windrow> = LazyLock::new(|| by_hand().0);
    let checkout = WINDROW.action("checkout").unwrap();
    for _ in 0..3 {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| checkout.record(millis(2))));
            }
        });
    }
    let window = checkout.window(SECOND).unwrap();
    assert_eq!((window.count(), window.mean()), (12_000, Some(millis(2))));
    assert_eq!(WINDROW.stats()[0].count(), 12_000);
}

#[test]
fn handle_of_a_windowed_tracker_returns_its_window() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let tracker =
        WindowedTracker::<Summary>::with_clock(Default::default(), clock.clone()).unwrap();
    let (jump, run) = (tracker.action("jump").unwrap(), tracker.action("run").unwrap());
    jump.record(100_u64);
    run.record(75_u64);
    clock.advance(SECOND);
    jump.record(200_u64);
    let window: ActionWindow<Summary> = jump.window(SECOND * 60).unwrap();
    let coverage: Coverage = window.coverage();
    assert_eq!((window.count(), window.rate(), coverage.elapsed), (2, Some(2.0), SECOND));
    assert_eq!(tracker.window(SECOND * 60).unwrap().rows()[0].statistic(), window.statistic());
    assert_eq!(tracker.window(SECOND * 60).unwrap().coverage(), coverage);
    assert_eq!(run.window(SECOND).unwrap().count(), 0);
}

#[test]
fn lines_of_many_actions_are_those_recorded_one_by_one() {
    const LIMIT: usize = 5_000;
    // Each new action twice, and then known ones.
    let action = |line: usize| if line < 3 * LIMIT { line / 2 } else { line % LIMIT };
    let line = |line| format!("{{\"action\":\"user {}\",\"time\":{line}}}\n", action(line));
    let lines: Vec<_> = (0..4 * LIMIT).map(line).collect();
    for with_windows in [false, true] {
        let new = || Windrow::builder().actions(LIMIT, WhenFull::Refuse).build().unwrap();
        let [single, batched] = [new(), new()];
        if with_windows {
            let _ = batched.action("user 0").unwrap();
        }
        let dropped = lines.iter().filter(|line| single.add_action(line).is_err()).count();
        assert_eq!(dropped, LIMIT);
        let report = batched.add_actions(lines.concat().as_bytes()).unwrap();
        assert_eq!((report.accepted, report.dropped), (3 * LIMIT as u64, LIMIT as u64));
        assert!(single.get_stats() == batched.get_stats(), "with windows: {with_windows}");
    }
}
