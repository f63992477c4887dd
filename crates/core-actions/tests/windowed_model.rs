//! Random histories of a windowed tracker against a plain list of all records.
//!
//! Promises A6 and A9, T5 and T7: every way out (rows of every window, series, snapshot, its wire
//! form, merging into another tracker, restoring) equals the list; whichever thread or handle
//! recorded, while others are idle longer than the span and leave values buffered, with late
//! stamps, threads that end, resets, snapshots that are merged, restarts and a clock that is set
//! back.

#![cfg(feature = "tracker")]

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use core_actions::{
    ActionError, ActionTime, Mean, MinMax, TrackerSnapshotError, Values, WindowedHandle,
    WindowedSnapshot, WindowedSpec, WindowedTracker,
};
use core_time::{Clock as _, ManualClock, RecordError, Stamp, WindowError, WindowSpec};
use proptest::collection::vec;
use proptest::prelude::*;

mod support;

use support::{Batched, Checked, NAMES, THREADS, Unpromising, Worker, check_figures, time};

const SECOND: i64 = 1_000_000_000;
/// How many seconds ahead of the clock a stamp may be.
const TOLERANCE: i64 = 2;

#[derive(Debug, Clone)]
enum Step {
    Advance {
        millis: i64,
    },
    GoBack {
        millis: i64,
    },
    Add {
        thread: usize,
        name: usize,
        time: ActionTime,
    },
    AddAt {
        thread: usize,
        name: usize,
        time: ActionTime,
        offset: i64,
    },
    ByHandle {
        name: usize,
        time: ActionTime,
    },
    DropHandle {
        name: usize,
    },
    ThreadEnds {
        thread: usize,
    },
    Reset,
    /// Merges another tracker, of which the records are these.
    Merge {
        records: Vec<(usize, ActionTime, i64)>,
    },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..3_usize;
    let millis = || prop_oneof![4 => 0..1_500_i64, 2 => 0..20_000_i64];
    let offset = || -9_000_i64..3_000;
    prop_oneof![
        16 => millis().prop_map(|millis| Step::Advance { millis }),
        1 => millis().prop_map(|millis| Step::GoBack { millis }),
        24 => (0..THREADS, name.clone(), time())
            .prop_map(|(thread, name, time)| Step::Add { thread, name, time }),
        16 => (0..THREADS, name.clone(), time(), offset())
            .prop_map(|(thread, name, time, offset)| Step::AddAt { thread, name, time, offset }),
        12 => (name.clone(), time()).prop_map(|(name, time)| Step::ByHandle { name, time }),
        2 => name.clone().prop_map(|name| Step::DropHandle { name }),
        2 => (0..THREADS).prop_map(|thread| Step::ThreadEnds { thread }),
        1 => Just(Step::Reset),
        2 => vec((name, time(), offset()), 0..6).prop_map(|records| Step::Merge { records }),
        1 => Just(Step::Restart),
    ]
}

/// A record that was accepted.
#[derive(Debug, Clone, Copy)]
struct Record {
    name: usize,
    tick: i64,
    time: ActionTime,
}

/// Every record since the last reset, and the newest bucket there ever was.
struct Oracle {
    span: i64,
    now: i64,
    newest: i64,
    since: i64,
    refused_old: u64,
    records: Vec<Record>,
}

impl Oracle {
    fn reach(&self) -> i64 {
        self.span + 1 + TOLERANCE
    }

    fn tick(&self) -> i64 {
        self.now.div_euclid(SECOND)
    }

    /// Takes a record if its stamp is believed and its bucket was not given up.
    fn record(&mut self, name: usize, time: ActionTime, stamp: i64) -> Result<(), &'static str> {
        let tick = stamp.div_euclid(SECOND);
        if stamp < self.now - self.span * SECOND {
            self.refused_old += 1;
            return Err("too old");
        }
        if stamp > self.now + TOLERANCE * SECOND {
            return Err("too new");
        }
        if tick < self.newest.saturating_sub(self.reach()) {
            self.refused_old += 1;
            return Err("evicted");
        }
        self.newest = self.newest.max(tick);
        self.records.push(Record { name, tick, time });
        Ok(())
    }

    fn times(&self, name: usize, ticks: &RangeInclusive<i64>) -> Vec<ActionTime> {
        let fits = |record: &&Record| record.name == name && ticks.contains(&record.tick);
        self.records.iter().filter(fits).map(|record| record.time).collect()
    }

    /// Compares every window, and every series of the whole span, unless the newest bucket that the
    /// tracker has had is too far ahead.
    #[track_caller]
    fn check_windows<S: Checked>(&self, tracker: &WindowedTracker<S>, newest: i64) {
        for len in 0..=self.span {
            let window = Duration::from_secs(len.unsigned_abs());
            let ticks = self.tick() - len + 1..=self.tick();
            let found = tracker.window(window);
            // One more is touched, unless it is just about to be.
            let ends_with_bucket = (self.now + 1).rem_euclid(SECOND) == 0;
            let touched = ticks.start() - i64::from(!ends_with_bucket);
            if len > 0 && touched < newest.saturating_sub(self.reach()) {
                assert!(matches!(found, Err(WindowError::Evicted { .. })), "{found:?}");
                assert!(matches!(tracker.series("a", window), Err(WindowError::Evicted { .. })));
                continue;
            }
            let found = found.unwrap();
            assert_eq!(found.covered().ticks.is_empty(), len == 0);
            for (name, action) in NAMES.iter().enumerate() {
                let expected = self.times(name, &ticks);
                match found.rows().iter().find(|row| row.name() == *action) {
                    Some(row) => row.statistic().check(&expected),
                    None => assert!(expected.is_empty(), "{action} is missing in {ticks:?}"),
                }
                let series = tracker.series(action, window).unwrap();
                assert_eq!(series.len() as i64, len);
                for (tick, bucket) in ticks.clone().zip(&series) {
                    self.check_bucket(bucket.statistic(), name, tick);
                }
            }
        }
    }

    #[track_caller]
    fn check_bucket<S: Checked>(&self, bucket: &S, name: usize, tick: i64) {
        match &self.times(name, &(tick..=tick))[..] {
            [] => assert_eq!(*bucket, S::default()),
            times => bucket.check(times),
        }
    }

    /// Compares each bucket of each action.
    #[track_caller]
    fn check_snapshot<S: Checked>(&self, snapshot: &WindowedSnapshot<S>) {
        assert_eq!((snapshot.at().as_nanos(), snapshot.since().as_nanos()), (self.now, self.since));
        let mut held = BTreeMap::<&str, BTreeMap<i64, usize>>::new();
        for (name, action) in NAMES.iter().enumerate() {
            let ticks = || self.records.iter().filter(|one| one.name == name).map(|one| one.tick);
            let Some(newest) = ticks().max() else { continue };
            let reached = ticks().filter(|&tick| tick >= newest - self.reach());
            held.insert(action, reached.map(|tick| (tick, name)).collect());
        }
        let actions: Vec<_> = snapshot.rows().iter().map(|row| row.name()).collect();
        assert_eq!(actions.len(), held.len(), "{actions:?} of {held:?}");
        for row in snapshot.rows() {
            let (buckets, expected) = (row.statistic().finest().buckets(), &held[row.name()]);
            assert!(buckets.keys().eq(expected.keys()), "{} has {buckets:?}", row.name());
            for (tick, bucket) in &buckets {
                self.check_bucket(bucket, expected[tick], *tick);
            }
        }
    }

    /// Checks the wire form of a snapshot, and trackers that merge or restore it.
    #[track_caller]
    fn check_ways_out<S: Wired>(&self, tracker: &WindowedTracker<S>, clock: &ManualClock) {
        let snapshot = tracker.snapshot();
        self.check_snapshot(&snapshot);
        let snapshot = S::there_and_back(snapshot);
        self.check_snapshot(&snapshot);
        let newest = self.records.iter().map(|record| record.tick).max();
        let ahead = newest.map_or(0, |newest| newest * SECOND - self.now);
        let spec = || self.spec();
        let into = WindowedTracker::<S>::with_clock(spec(), clock.clone()).unwrap();
        let restored = WindowedTracker::restore_with_clock(spec(), &snapshot, clock.clone());
        if ahead > (TOLERANCE + 1) * SECOND {
            let is_too_new = |error| matches!(error, TrackerSnapshotError::TooNew { .. });
            assert!(into.merge(&snapshot).is_err_and(is_too_new));
            assert!(restored.is_err_and(is_too_new));
            return;
        }
        into.merge(&snapshot).unwrap();
        for tracker in [into, restored.unwrap()] {
            self.check_windows(&tracker, newest.unwrap_or(i64::MIN));
            let again = tracker.snapshot();
            assert_eq!(again, snapshot);
            assert_eq!(again.since(), snapshot.since().min(clock.now()));
        }
    }

    fn spec(&self) -> WindowedSpec {
        let [span, tolerance] =
            [self.span, TOLERANCE].map(|secs| Duration::from_secs(secs.unsigned_abs()));
        let window = WindowSpec::builder().span(span).tolerance(tolerance).build().unwrap();
        WindowedSpec { window, ..WindowedSpec::default() }
    }
}

/// A statistic that has a wire form, where that is compiled in.
trait Wired: Checked {
    fn there_and_back(snapshot: WindowedSnapshot<Self>) -> WindowedSnapshot<Self>;
}

impl Wired for (Values, Mean, MinMax) {
    #[cfg(feature = "serde")]
    fn there_and_back(snapshot: WindowedSnapshot<Self>) -> WindowedSnapshot<Self> {
        let text = serde_json::to_string(&snapshot).unwrap();
        let read: WindowedSnapshot<Self> = serde_json::from_str(&text).unwrap();
        let bytes = postcard::to_allocvec(&read).unwrap();
        postcard::from_bytes(&bytes).unwrap()
    }

    #[cfg(not(feature = "serde"))]
    fn there_and_back(snapshot: WindowedSnapshot<Self>) -> WindowedSnapshot<Self> {
        snapshot
    }
}

impl Wired for Batched {
    fn there_and_back(snapshot: WindowedSnapshot<Self>) -> WindowedSnapshot<Self> {
        snapshot
    }
}

impl Wired for Unpromising {
    fn there_and_back(snapshot: WindowedSnapshot<Self>) -> WindowedSnapshot<Self> {
        snapshot
    }
}

impl Checked for (Values, Mean, MinMax) {
    fn check(&self, times: &[ActionTime]) {
        check_figures(&self.0, &self.1, times);
        let expected = (times.iter().min().copied(), times.iter().max().copied());
        assert_eq!((self.2.min(), self.2.max()), expected);
    }
}

/// The tracker and what it should hold, with those who record in it.
struct History<S: Wired> {
    clock: ManualClock,
    tracker: Arc<WindowedTracker<S>>,
    workers: Vec<Worker>,
    handles: [Option<WindowedHandle<S>>; 3],
    oracle: Oracle,
}

impl<S: Wired> History<S> {
    fn run(span: i64, steps: &[Step]) {
        let start = Stamp::from_secs(1_000);
        let clock = ManualClock::new(start);
        let now = start.as_nanos();
        let (newest, records) = (i64::MIN, Vec::new());
        let oracle = Oracle { span, now, newest, since: now, refused_old: 0, records };
        let tracker = WindowedTracker::with_clock(oracle.spec(), clock.clone()).unwrap();
        let workers = (0..THREADS).map(|_| Worker::start()).collect();
        let tracker = Arc::new(tracker);
        let mut history = Self { clock, tracker, workers, handles: [None, None, None], oracle };
        for step in steps {
            history.step(step.clone());
            let Self { tracker, oracle, clock, .. } = &history;
            assert_eq!(clock.now().as_nanos(), oracle.now);
            assert_eq!(tracker.refused().too_old, oracle.refused_old);
            oracle.check_windows(tracker, oracle.newest);
            oracle.check_ways_out(tracker, clock);
        }
        history.workers.iter_mut().for_each(Worker::end);
    }

    fn step(&mut self, step: Step) {
        let tracker = Arc::clone(&self.tracker);
        match step {
            Step::Advance { millis } => {
                self.clock.advance(Duration::from_millis(millis.unsigned_abs()));
                self.oracle.now += millis * 1_000_000;
            }
            Step::GoBack { millis } => {
                self.oracle.now -= millis * 1_000_000;
                self.clock.set(Stamp::from_nanos(self.oracle.now));
            }
            Step::Add { thread, name, time } => {
                let added = self.workers[thread].run(move || tracker.record(NAMES[name], time));
                let expected = self.oracle.record(name, time, self.oracle.now);
                assert_eq!(added.map_err(refusal), expected);
            }
            Step::AddAt { thread, name, time, offset } => {
                let stamp = self.oracle.now + offset * 1_000_000;
                let job = move || tracker.record_at(NAMES[name], time, Stamp::from_nanos(stamp));
                let added = self.workers[thread].run(job);
                let expected = self.oracle.record(name, time, stamp);
                if expected.is_ok() {
                    self.oracle.since = self.oracle.since.min(stamp);
                }
                assert_eq!(added.map_err(refusal), expected);
            }
            Step::ByHandle { name, time } => {
                let handle = &mut self.handles[name];
                handle.get_or_insert_with(|| tracker.action(NAMES[name]).unwrap()).record(time);
                let _ = self.oracle.record(name, time, self.oracle.now);
            }
            Step::DropHandle { name } => self.handles[name] = None,
            Step::ThreadEnds { thread } => {
                self.workers[thread].end();
                self.workers[thread] = Worker::start();
            }
            Step::Reset => {
                tracker.reset();
                self.oracle.records.clear();
                (self.oracle.since, self.oracle.refused_old) = (self.oracle.now, 0);
            }
            Step::Merge { records } => self.merge(&records),
            Step::Restart => self.restart(),
        }
    }

    fn merge(&mut self, records: &[(usize, ActionTime, i64)]) {
        let (spec, now) = (self.oracle.spec(), self.oracle.now);
        let other = WindowedTracker::<S>::with_clock(spec, self.clock.clone()).unwrap();
        let (newest, records_of_other) = (i64::MIN, Vec::new());
        let span = self.oracle.span;
        let mut theirs =
            Oracle { span, now, newest, since: now, refused_old: 0, records: records_of_other };
        for &(name, time, offset) in records {
            let stamp = now + offset * 1_000_000;
            let added = other.record_at(NAMES[name], time, Stamp::from_nanos(stamp));
            let expected = theirs.record(name, time, stamp);
            assert_eq!(added.is_ok(), expected.is_ok());
            if expected.is_ok() {
                self.oracle.since = self.oracle.since.min(stamp);
            }
        }
        self.tracker.merge(&other.snapshot()).unwrap();
        self.oracle.newest = self.oracle.newest.max(theirs.newest);
        self.oracle.since = self.oracle.since.min(now);
        self.oracle.records.extend(theirs.records);
    }

    /// Goes on with a tracker made from a snapshot, if one can be.
    fn restart(&mut self) {
        let (spec, snapshot) = (self.oracle.spec(), self.tracker.snapshot());
        let restored = WindowedTracker::restore_with_clock(spec, &snapshot, self.clock.clone());
        let Ok(restored) = restored else { return };
        self.handles = [None, None, None];
        self.tracker = Arc::new(restored);
        let newest = self.oracle.records.iter().map(|record| record.tick).max();
        (self.oracle.newest, self.oracle.refused_old) = (newest.unwrap_or(i64::MIN), 0);
        self.oracle.since = self.oracle.since.min(self.oracle.now);
    }
}

fn refusal(error: ActionError) -> &'static str {
    match error {
        ActionError::Stamp(RecordError::TooOld { .. }) => "too old",
        ActionError::Stamp(RecordError::TooNew { .. }) => "too new",
        ActionError::Stamp(RecordError::Evicted { .. }) => "evicted",
        _ => "for another reason",
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn every_answer_is_that_of_a_list_of_all_records(
        span in 1_i64..8, steps in vec(step(), 0..40),
    ) {
        History::<(Values, Mean, MinMax)>::run(span, &steps);
        History::<Batched>::run(span, &steps);
        History::<Unpromising>::run(span, &steps);
    }
}

#[test]
fn a_snapshot_has_the_newest_records_of_an_action_of_which_a_writer_is_idle() {
    let time = ActionTime::from(1_u64);
    let steps = [
        Step::Add { thread: 1, name: 0, time },
        Step::Add { thread: 0, name: 0, time },
        Step::Advance { millis: 1_000_000 },
        Step::Add { thread: 1, name: 0, time },
    ];
    History::<(Values, Mean, MinMax)>::run(7, &steps);
}
