//! A fleet against merged snapshots of all its instances, whatever is lost, doubled or late.

#![cfg(feature = "tracker")]

use std::collections::BTreeMap;
use std::time::Duration;

use core_actions::{
    ActionWindow, Count, Fleet, FleetError, HasCount, Mean, MinMax, Row, Unit, WhenFull,
    WindowRows, WindowedChanges, WindowedCursor, WindowedSpec, WindowedTracker,
};
use core_actions::{TrackerSpec, WindowedSnapshot};
use core_time::{
    Clock as _, CounterCursor, EventCounter, Instance, ManualClock, Stamp, Tier, WindowSpec,
};
use proptest::collection::vec;
use proptest::prelude::*;

const INSTANCES: usize = 3;
const NAMES: [&str; 4] = ["a", "jump", "more than sixteen bytes", "run"];
/// The windows that are compared, of both tiers.
const WINDOWS_S: [u64; 6] = [0, 1, 4, 18, 20, 70];

type Statistic = (Mean, MinMax);
type Tracker = WindowedTracker<Statistic>;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn spec() -> WindowedSpec {
    let coarser = Tier { resolution: secs(4), span: secs(80) };
    let window = WindowSpec::builder().span(secs(20)).tolerance(secs(2)).tier(coarser);
    let tracker =
        TrackerSpec { actions: 3, when_full: WhenFull::EvictIdle, ..TrackerSpec::default() };
    WindowedSpec { window: window.build().unwrap(), tracker, ..WindowedSpec::default() }
}

fn fleet() -> Fleet<Statistic> {
    Fleet::new(spec().window, Unit::default())
}

#[derive(Debug, Clone)]
enum Step {
    Advance { millis: u64 },
    Record { of: usize, name: usize, time: u64 },
    RecordAt { of: usize, name: usize, time: u64, offset: i64 },
    Remove { of: usize, name: usize },
    Reset { of: usize },
    Restart { of: usize },
    Look { of: usize },
    Snapshot { of: usize },
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    let (of, name, time) = (0..INSTANCES, 0..NAMES.len(), 0..100_u64);
    let offset = prop_oneof![-20_500_i64..2_000, -80_500_i64..0];
    prop_oneof![
        8 => prop_oneof![0..1_500_u64, 0..9_000_u64].prop_map(|millis| Step::Advance { millis }),
        12 => (of.clone(), name.clone(), time.clone())
            .prop_map(|(of, name, time)| Step::Record { of, name, time }),
        8 => (of.clone(), name.clone(), time, offset)
            .prop_map(|(of, name, time, offset)| Step::RecordAt { of, name, time, offset }),
        1 => (of.clone(), name).prop_map(|(of, name)| Step::Remove { of, name }),
        1 => of.clone().prop_map(|of| Step::Reset { of }),
        1 => of.clone().prop_map(|of| Step::Restart { of }),
        8 => of.clone().prop_map(|of| Step::Look { of }),
        1 => of.prop_map(|of| Step::Snapshot { of }),
        1 => Just(Step::Forget),
    ]
}

/// What instances send, and what all of them hold in the end.
struct History {
    clock: ManualClock,
    now: Stamp,
    sent: Vec<WindowedChanges<Statistic>>,
    /// Presents, each with the number of messages before it.
    forget: Vec<(usize, Stamp)>,
    all: Tracker,
}

fn run(steps: &[Step]) -> History {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let new = || Tracker::with_clock(spec(), clock.clone()).unwrap();
    let mut trackers = [new(), new(), new()];
    let mut cursors: [WindowedCursor<Statistic>; INSTANCES] = Default::default();
    let (mut sent, mut forget) = (Vec::new(), Vec::new());
    let looks = (0..INSTANCES).map(|of| Step::Look { of });
    for step in steps.iter().cloned().chain(looks) {
        // A refusal is as good as any other step.
        match step {
            Step::Advance { millis } => clock.advance(Duration::from_millis(millis)),
            Step::Record { of, name, time } => drop(trackers[of].record(NAMES[name], time)),
            Step::RecordAt { of, name, time, offset } => {
                let stamp = Stamp::from_nanos(clock.now().as_nanos() + offset * 1_000_000);
                drop(trackers[of].record_at(NAMES[name], time, stamp));
            }
            Step::Remove { of, name } => drop(trackers[of].remove(NAMES[name])),
            Step::Reset { of } => trackers[of].reset(),
            Step::Restart { of } => {
                let snapshot = WindowedSnapshot::from_bytes(&trackers[of].snapshot().to_bytes());
                let snapshot = snapshot.unwrap();
                trackers[of] =
                    Tracker::restore_with_clock(spec(), &snapshot, clock.clone()).unwrap();
            }
            Step::Look { of } => sent.push(trackers[of].changes(&mut cursors[of])),
            Step::Snapshot { of } => {
                sent.push((&trackers[of].snapshot()).into());
                cursors[of] = WindowedCursor::default();
            }
            Step::Forget => forget.push((sent.len(), clock.now())),
        }
    }
    let mut all: WindowedSnapshot<Statistic> = new().snapshot();
    trackers.iter().for_each(|tracker| all.merge(&tracker.snapshot()).unwrap());
    let roomy = WindowedSpec { tracker: TrackerSpec::default(), ..spec() };
    let all = Tracker::restore_with_clock(roomy, &all, clock.clone()).unwrap();
    History { now: clock.now(), clock, sent, forget, all }
}

/// Returns messages in another order, some of them twice.
fn disordered<T: Clone>(messages: &[T], seed: u64) -> Vec<T> {
    let mut state = seed;
    let mut next = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut all = messages.to_vec();
    (0..messages.len() / 2).for_each(|_| all.push(messages[next(messages.len())].clone()));
    (1..all.len()).rev().for_each(|at| all.swap(at, next(at + 1)));
    all
}

fn by_name(rows: &[Row<Statistic>]) -> BTreeMap<&str, &Statistic> {
    let map: BTreeMap<_, _> = rows.iter().map(|row| (row.name(), row.statistic())).collect();
    assert_eq!(map.len(), rows.len());
    map
}

#[track_caller]
fn same_rows(found: &WindowRows<Statistic>, expected: &WindowRows<Statistic>, is_settled: bool) {
    assert_eq!(by_name(found.rows()), by_name(expected.rows()));
    assert_eq!(by_name(&found.at_most()), by_name(&expected.at_most()));
    assert_eq!(found.covered(), expected.covered());
    let (inside, expected) = (by_name(found.at_least()), by_name(expected.at_least()));
    if is_settled {
        return assert_eq!(inside, expected);
    }
    let all = by_name(found.rows());
    for (name, least) in &expected {
        assert!((least.0.count()..=all[name].0.count()).contains(&inside[name].0.count()));
    }
}

fn statistics(series: &[ActionWindow<Statistic>]) -> Vec<&Statistic> {
    series.iter().map(ActionWindow::statistic).collect()
}

/// Compares windows in the end, and when the last bucket with a record has passed, in both tiers.
///
/// Only then is it inside: a clock that may step back may have been ahead of its present.
#[track_caller]
fn check(fleet: &Fleet<Statistic>, History { clock, now, all, .. }: &History) {
    let passed = Stamp::from_secs((now.as_nanos() / 4_000_000_000 + 2) * 4);
    for (now, is_settled) in [(*now, false), (passed, true)] {
        clock.set(now);
        for window in WINDOWS_S.map(secs) {
            let expected = all.window(window).unwrap();
            same_rows(&fleet.window(now, window).unwrap(), &expected, is_settled);
            let interval = now - window..now;
            let expected = all.between(interval.clone()).unwrap();
            same_rows(&fleet.between(now, interval).unwrap(), &expected, is_settled);
            for name in NAMES {
                let found = fleet.series(now, name, window).unwrap();
                let expected = all.series(name, window).unwrap();
                assert_eq!(statistics(&found), statistics(&expected));
                let found = fleet.get(now, name, window).unwrap();
                let expected = all.get(name, window).unwrap();
                assert_eq!(found.statistic(), expected.statistic());
                assert_eq!(found.at_most(), expected.at_most());
                assert!(!is_settled || found.at_least() == expected.at_least());
            }
        }
    }
}

fn of<'a>(sent: impl IntoIterator<Item = &'a WindowedChanges<Statistic>>) -> Fleet<Statistic> {
    let mut fleet = fleet();
    sent.into_iter().for_each(|changes| fleet.apply(changes).unwrap());
    fleet
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_fleet_has_what_one_tracker_of_all_would_have(steps in vec(step(), 0..60), seed: u64) {
        let history = run(&steps);
        let in_order = of(&history.sent);
        for sent in &history.sent {
            assert_eq!(&WindowedChanges::from_bytes(&sent.to_bytes()).unwrap(), sent);
        }
        check(&in_order, &history);
        let disordered = disordered(&history.sent, seed);
        assert_eq!(of(&disordered), in_order);
        // Twice changes nothing, to the bit.
        let mut twice = in_order.clone();
        disordered.iter().for_each(|changes| twice.apply(changes).unwrap());
        assert_eq!(twice, in_order);
    }

    #[test]
    fn merges_of_fleets_do_not_depend_on_their_order(steps in vec(step(), 0..60), seed: u64) {
        let history = run(&steps);
        let all = of(&history.sent);
        let sent = disordered(&history.sent, seed);
        let parts = [0, 1, 2].map(|part| of(sent.iter().skip(part).step_by(3)));
        let merged = |order: [usize; 3]| {
            let [one, two, three] = order.map(|at| parts[at].clone());
            let (mut left, mut right) = (one.clone(), two.clone());
            left.merge(&two).unwrap();
            left.merge(&three).unwrap();
            right.merge(&three).unwrap();
            let mut outer = one;
            outer.merge(&right).unwrap();
            assert_eq!(left, outer);
            left.merge(&outer).unwrap();
            assert_eq!(left, outer);
            left
        };
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            assert_eq!(merged(order), all);
        }
    }

    #[test]
    fn what_is_forgotten_is_in_no_answer(steps in vec(step(), 0..60), seed: u64) {
        let history = run(&steps);
        let mut fleets = [fleet(), fleet()];
        for (at, changes) in disordered(&history.sent, seed).iter().enumerate() {
            let due = history.forget.iter().filter(|(after, _)| *after == at);
            due.for_each(|&(_, now)| fleets[0].forget_before_span(now));
            fleets[at % 2].apply(changes).unwrap();
        }
        let [mut one, two] = fleets;
        one.merge(&two).unwrap();
        check(&one, &history);
        one.forget_before_span(history.now);
        check(&one, &history);
        // Nothing that is sent again comes back.
        let mut again = one.clone();
        history.sent.iter().for_each(|changes| again.apply(changes).unwrap());
        check(&again, &history);
        // All goes.
        let end = history.now + secs(120);
        again.forget_before_span(end);
        assert_eq!(again.members().len(), 0);
        history.sent.iter().for_each(|changes| again.apply(changes).unwrap());
        assert_eq!(again.members().len(), 0);
        assert!(again.window(end, secs(20)).unwrap().rows().is_empty());
    }

    #[test]
    fn reads_between_changes_do_not_change_answers(steps in vec(step(), 0..30), seed: u64) {
        let history = run(&steps);
        let sent = disordered(&history.sent, seed);
        let change = |fleet: &mut Fleet<Statistic>, at: usize| {
            let due = history.forget.iter().filter(|(after, _)| *after == at);
            due.for_each(|&(_, now)| fleet.forget_before_span(now));
            if at % 4 == 3 {
                fleet.merge(&of([&sent[at]])).unwrap();
            } else {
                fleet.apply(&sent[at]).unwrap();
            }
        };
        let mut read = fleet();
        for end in 1..=sent.len() {
            change(&mut read, end - 1);
            let mut unread = fleet();
            (0..end).for_each(|at| change(&mut unread, at));
            let now = sent[end - 1].at();
            for window in WINDOWS_S.map(secs) {
                assert_eq!(read.window(now, window), unread.window(now, window));
                let name = NAMES[end % NAMES.len()];
                assert_eq!(read.get(now, name, window), unread.get(now, name, window));
                assert_eq!(read.series(now, name, window), unread.series(now, name, window));
            }
        }
        let copy = read.clone();
        read.forget_before_span(history.now);
        check(&copy, &history);
        check(&read, &history);
    }
}

fn tracker(clock: &ManualClock) -> WindowedTracker<Count> {
    WindowedTracker::with_clock(WindowedSpec::default(), clock.clone()).unwrap()
}

fn counts() -> Fleet<Count> {
    Fleet::new(WindowSpec::default(), Unit::default())
}

fn count(fleet: &Fleet<Count>, now: i64, name: &str) -> u64 {
    fleet.get(Stamp::from_secs(now), name, secs(60)).unwrap().count()
}

#[test]
fn a_reader_with_another_clock_reads_what_is_in_its_window() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let tracker = tracker(&clock);
    let (mut fleet, mut cursor) = (counts(), WindowedCursor::default());
    for second in 1_000..1_010 {
        clock.set(Stamp::from_secs(second));
        tracker.record("jump", 1).unwrap();
        fleet.apply(&tracker.changes(&mut cursor)).unwrap();
    }
    // Seven seconds behind: the records up to then; and nothing is refused.
    let behind = fleet.window(Stamp::from_secs(1_002), secs(60)).unwrap();
    assert_eq!(behind.rows()[0].count(), 3);
    assert_eq!(behind.at_least()[0].count(), 2); // Records may be stamped after its present.
    let latest = fleet.latest().unwrap();
    let newest = fleet.window(latest, secs(60)).unwrap();
    assert_eq!((newest.rows()[0].count(), newest.at_least()[0].count()), (10, 10));
    fleet.forget_before_span(Stamp::from_secs(1_002));
    assert_eq!(count(&fleet, 1_009, "jump"), 10);
}

#[test]
fn windows_of_many_buckets_have_late_records() {
    let clock = ManualClock::new(Stamp::from_secs(10_000));
    let window = WindowSpec::builder().span(secs(1_200)).build().unwrap();
    let tracker = WindowedTracker::<Count>::with_clock(
        WindowedSpec { window: window.clone(), ..WindowedSpec::default() },
        clock.clone(),
    );
    let tracker = tracker.unwrap();
    let mut fleet = Fleet::new(window, tracker.spec().unit);
    let mut cursor = WindowedCursor::default();
    let mut counts = [0; 1_200];
    let seconds = |at: usize| Stamp::from_secs(10_000 + at as i64);
    let mut add = |fleet: &mut Fleet<Count>, at: usize| {
        clock.set(seconds(at).max(clock.now()));
        tracker.record_at("jump", 1, seconds(at)).unwrap();
        counts[at] += 1;
        fleet.apply(&tracker.changes(&mut cursor)).unwrap();
        counts
    };
    (0..1_200).filter(|at| at % 5 > 0).for_each(|at| _ = add(&mut fleet, at));
    let now = seconds(1_199);
    for late in [0, 7, 8, 63, 64, 511, 600, 1_024, 1_199] {
        let counts = add(&mut fleet, late);
        for [from, to] in [[0, 1_200], [1, 1_199], [8, 1_032], [7, 9], [63, 129], [500, 1_025]] {
            let found = fleet.between(now, seconds(from)..seconds(to)).unwrap();
            let sum = counts[from..to].iter().sum::<u64>();
            assert_eq!(found.rows()[0].count(), sum, "{late}: {from}..{to}");
        }
    }
}

#[test]
fn a_fleet_has_any_number_of_instances() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let mut fleet = counts();
    for _ in 0..3_000 {
        let tracker = tracker(&clock);
        tracker.record("jump", 1).unwrap();
        fleet.apply(&tracker.changes(&mut WindowedCursor::default())).unwrap();
    }
    assert_eq!((fleet.members().len(), count(&fleet, 1_000, "jump")), (3_000, 3_000));
}

#[test]
fn rows_of_a_store_replace_older_ones() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let tracker = tracker(&clock);
    let mut fleet = counts();
    let instance = Instance::draw();
    let rows = |times: u64| {
        (0..times).for_each(|_| tracker.record("jump", 1).unwrap());
        tracker.window(secs(60)).unwrap().rows().to_vec()
    };
    let (one, three) = (rows(1), rows(2));
    fleet.insert(instance, 9, Stamp::from_secs(1_000), &three);
    fleet.insert(instance, 8, Stamp::from_millis(1_000_900), &one);
    fleet.insert(instance, 8, Stamp::from_secs(999), &one);
    assert_eq!(count(&fleet, 1_000, "jump"), 4);
    // The filling bucket may have later records, which the rows do not say.
    let window = fleet.window(Stamp::from_secs(1_000), secs(60)).unwrap();
    assert_eq!(window.at_least()[0].count(), 1);
    assert_eq!(window.coverage().elapsed, window.coverage().interval.duration() - secs(1));
}

#[test]
fn copies_of_a_tracker_in_two_processes_are_ambiguous() {
    let instance =
        |process: u32| -> Instance { format!("0123456789abcdef-{process:08x}").parse().unwrap() };
    let mut fleet = counts();
    let mut send = |process, revision| {
        fleet.insert(instance(process), revision, Stamp::from_secs(1_000), &[]);
        let member = fleet.members().next().unwrap();
        assert_eq!(fleet.members().len(), 1);
        (member.instance() == instance(process), member.revision(), member.is_ambiguous())
    };
    assert_eq!([send(1, 5), send(1, 7)], [(true, 5, false), (true, 7, false)]);
    // Restored in another process, from the newest snapshot.
    assert_eq!([send(2, 8), send(2, 9)], [(true, 8, false), (true, 9, false)]);
    assert_eq!(send(1, 9), (false, 9, true));
}

#[test]
fn event_counters_are_actions_of_a_fleet() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let new = || EventCounter::with_clock(WindowSpec::default(), clock.clone());
    let (logins, calls) = (new(), new());
    let mut cursors = [CounterCursor::default(), CounterCursor::default()];
    let mut fleet = counts();
    for events in 1..4 {
        logins.record_many(events);
        calls.record_many(10);
        fleet.apply_events("logins", &logins.changes(&mut cursors[0])).unwrap();
        fleet.apply_events("calls", &calls.changes(&mut cursors[1])).unwrap();
    }
    fleet.apply_events("logins", &(&logins.snapshot()).into()).unwrap();
    assert_eq!((count(&fleet, 1_000, "logins"), count(&fleet, 1_000, "calls")), (6, 30));
    logins.reset();
    fleet.apply_events("logins", &logins.changes(&mut cursors[0])).unwrap();
    assert_eq!((count(&fleet, 1_000, "logins"), count(&fleet, 1_000, "calls")), (0, 30));
    assert!(matches!(
        fleet.apply_events(" ", &(&calls.snapshot()).into()),
        Err(FleetError::Name(_))
    ));
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let (one, two) = (tracker(&clock), tracker(&clock));
    let mut fleet = counts();
    let before = fleet.clone();
    one.record("jump", 1).unwrap();
    two.record("jump", 1).unwrap();
    one.merge(&two.snapshot()).unwrap();
    let changes = (&one.snapshot()).into();
    let refused = fleet.apply(&changes).unwrap_err();
    let expected = "changes have the records of 2 instances, expected those of 1";
    assert_eq!(refused.to_string(), expected);
    let hours = Fleet::<Count>::new(WindowSpec::default(), Unit::Hours);
    assert_eq!(
        fleet.merge(&hours).unwrap_err().to_string(),
        "times of the changes are in Hours, expected Nanoseconds",
    );
    let other = Fleet::<Count>::new(spec().window, Unit::default());
    let refused = fleet.merge(&other).unwrap_err();
    assert!(refused.to_string().starts_with("changes have the window WindowSpec"), "{refused}");
    assert_eq!(fleet, before);
    fleet.forget_before_span(Stamp::from_secs(2_000));
    let refused = fleet.window(Stamp::from_secs(1_800), secs(300)).unwrap_err();
    assert!(matches!(refused, FleetError::Forgotten { .. }), "{refused}");
    assert!(fleet.window(Stamp::from_secs(2_000), secs(300)).is_ok());
    let refused = fleet.window(Stamp::from_secs(2_000), secs(301)).unwrap_err();
    assert!(matches!(refused, FleetError::Window(_)), "{refused}");
}
