//! Revisions order the snapshots of a counter or a tracker as their contents, whatever happens
//! between them: records, merges, resets, restores, and snapshots by several threads.

#![cfg(feature = "tracker")]

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use core_actions::{
    Count, MergedTracker, TrackerSnapshot, TrackerSpec, WindowedSnapshot, WindowedTracker,
};
use core_time::{
    CounterSnapshot, EventCounter, KeyedCounter, KeyedSnapshot, ManualClock, Stamp, WindowSpec,
};
use proptest::prelude::*;

/// How many records a snapshot holds, and its moment if it has one.
type Contents = (u64, Option<Stamp>);

/// A counter or a tracker, by the same clock as others of its kind.
trait Subject: Sized + Sync {
    type Snapshot: Send;

    fn new(clock: &ManualClock) -> Self;
    fn record(&self);
    fn reset(&self);
    fn snapshot(&self) -> Self::Snapshot;
    fn merge(&self, snapshot: &Self::Snapshot);
    fn restore(snapshot: &Self::Snapshot, clock: &ManualClock) -> Self;
    fn merge_snapshots(one: &mut Self::Snapshot, two: &Self::Snapshot);
    fn revision(snapshot: &Self::Snapshot) -> u64;
    fn contents(snapshot: &Self::Snapshot) -> Contents;
}

impl Subject for EventCounter {
    type Snapshot = CounterSnapshot;

    fn new(clock: &ManualClock) -> Self {
        Self::with_clock(WindowSpec::default(), clock.clone())
    }

    fn record(&self) {
        self.record();
    }

    fn reset(&self) {
        self.reset();
    }

    fn snapshot(&self) -> CounterSnapshot {
        self.snapshot()
    }

    fn merge(&self, snapshot: &CounterSnapshot) {
        self.merge(snapshot).unwrap();
    }

    fn restore(snapshot: &CounterSnapshot, clock: &ManualClock) -> Self {
        Self::restore_with_clock(snapshot, clock.clone()).unwrap()
    }

    fn merge_snapshots(one: &mut CounterSnapshot, two: &CounterSnapshot) {
        one.merge(two).unwrap();
    }

    fn revision(snapshot: &CounterSnapshot) -> u64 {
        snapshot.revision()
    }

    fn contents(snapshot: &CounterSnapshot) -> Contents {
        (snapshot.total(), Some(snapshot.at()))
    }
}

impl Subject for KeyedCounter<String> {
    type Snapshot = KeyedSnapshot<String>;

    fn new(clock: &ManualClock) -> Self {
        Self::with_clock(Default::default(), clock.clone()).unwrap()
    }

    fn record(&self) {
        self.record("jump").unwrap();
    }

    fn reset(&self) {
        self.reset();
    }

    fn snapshot(&self) -> Self::Snapshot {
        self.snapshot()
    }

    fn merge(&self, snapshot: &Self::Snapshot) {
        self.merge(snapshot).unwrap();
    }

    fn restore(snapshot: &Self::Snapshot, clock: &ManualClock) -> Self {
        Self::restore_with_clock(Default::default(), snapshot, clock.clone()).unwrap()
    }

    fn merge_snapshots(one: &mut Self::Snapshot, two: &Self::Snapshot) {
        one.merge(two).unwrap();
    }

    fn revision(snapshot: &Self::Snapshot) -> u64 {
        snapshot.revision()
    }

    fn contents(snapshot: &Self::Snapshot) -> Contents {
        (snapshot.rows().map(|row| row.events()).sum(), Some(snapshot.at()))
    }
}

impl Subject for MergedTracker<Count> {
    type Snapshot = TrackerSnapshot<Count>;

    fn new(_: &ManualClock) -> Self {
        Self::default()
    }

    fn record(&self) {
        self.record("jump", 1).unwrap();
    }

    fn reset(&self) {
        self.reset();
    }

    fn snapshot(&self) -> Self::Snapshot {
        self.snapshot()
    }

    fn merge(&self, snapshot: &Self::Snapshot) {
        self.merge(snapshot).unwrap();
    }

    fn restore(snapshot: &Self::Snapshot, _: &ManualClock) -> Self {
        Self::restore(TrackerSpec::default(), snapshot).unwrap()
    }

    fn merge_snapshots(one: &mut Self::Snapshot, two: &Self::Snapshot) {
        one.merge(two).unwrap();
    }

    fn revision(snapshot: &Self::Snapshot) -> u64 {
        snapshot.revision()
    }

    fn contents(snapshot: &Self::Snapshot) -> Contents {
        (snapshot.rows().iter().map(|row| row.count()).sum(), None)
    }
}

impl Subject for WindowedTracker<Count> {
    type Snapshot = WindowedSnapshot<Count>;

    fn new(clock: &ManualClock) -> Self {
        Self::with_clock(Default::default(), clock.clone()).unwrap()
    }

    fn record(&self) {
        self.record("jump", 1).unwrap();
    }

    fn reset(&self) {
        self.reset();
    }

    fn snapshot(&self) -> Self::Snapshot {
        self.snapshot()
    }

    fn merge(&self, snapshot: &Self::Snapshot) {
        self.merge(snapshot).unwrap();
    }

    fn restore(snapshot: &Self::Snapshot, clock: &ManualClock) -> Self {
        Self::restore_with_clock(Default::default(), snapshot, clock.clone()).unwrap()
    }

    fn merge_snapshots(one: &mut Self::Snapshot, two: &Self::Snapshot) {
        one.merge(two).unwrap();
    }

    fn revision(snapshot: &Self::Snapshot) -> u64 {
        snapshot.revision()
    }

    fn contents(snapshot: &Self::Snapshot) -> Contents {
        let buckets = snapshot.rows().iter().flat_map(|row| row.statistic().finest().buckets());
        let count = |count: Count| core_actions::HasCount::count(&count);
        (buckets.map(|(_, bucket)| count(bucket)).sum(), Some(snapshot.at()))
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Record,
    Snapshot,
    Merge,
    Reset,
    /// Goes on from the last snapshot, of this alone or merged with one of another.
    Restore {
        merged: bool,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Record),
        4 => Just(Step::Snapshot),
        1 => Just(Step::Merge),
        1 => Just(Step::Reset),
        1 => any::<bool>().prop_map(|merged| Step::Restore { merged }),
    ];
    prop::collection::vec(step, 0..60)
}

fn run<T: Subject>(steps: &[Step]) {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let mut subject = T::new(&clock);
    // What the contents should be, and the revision of the last snapshot.
    let (mut records, mut last) = (0, 0);
    let mut take = |subject: &T, records| {
        let snapshot = subject.snapshot();
        let revision = T::revision(&snapshot);
        assert!(revision > last, "{revision} comes after {last}");
        assert_eq!(T::contents(&snapshot).0, records);
        last = revision;
        snapshot
    };
    for step in steps {
        let another = || {
            let another = T::new(&clock);
            another.record();
            (0..3).for_each(|_| drop(another.snapshot()));
            another.snapshot()
        };
        match step {
            Step::Record => {
                subject.record();
                records += 1;
            }
            Step::Snapshot => drop(take(&subject, records)),
            Step::Merge => {
                subject.merge(&another());
                records += 1;
            }
            Step::Reset => {
                subject.reset();
                records = 0;
            }
            Step::Restore { merged } => {
                let mut snapshot = take(&subject, records);
                if *merged {
                    let (another, before) = (another(), T::revision(&snapshot));
                    T::merge_snapshots(&mut snapshot, &another);
                    assert_eq!(T::revision(&snapshot), before + T::revision(&another));
                    records += 1;
                }
                subject = T::restore(&snapshot, &clock);
            }
        }
    }
    take(&subject, records);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn a_later_snapshot_has_a_larger_revision(steps in steps()) {
        run::<EventCounter>(&steps);
        run::<KeyedCounter<String>>(&steps);
        run::<MergedTracker<Count>>(&steps);
        run::<WindowedTracker<Count>>(&steps);
    }
}

/// Records and takes snapshots in several threads at once.
fn race<T: Subject>() {
    const THREADS: u64 = 4;
    const EACH: u64 = 200;
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let (subject, all) = (T::new(&clock), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    subject.record();
                    clock.advance(Duration::from_micros(1));
                    let snapshot = subject.snapshot();
                    all.lock().unwrap().push((T::revision(&snapshot), T::contents(&snapshot)));
                }
            });
        }
    });
    let mut all = all.into_inner().unwrap();
    all.sort_unstable();
    let revisions = all.iter().map(|&(revision, _)| revision);
    assert!(revisions.eq(1..=THREADS * EACH));
    for pair in all.windows(2) {
        let [(_, (fewer, before)), (_, (more, after))] = [pair[0], pair[1]];
        assert!(fewer <= more && before <= after, "{pair:?}");
    }
}

#[test]
fn revisions_order_what_threads_take_at_once() {
    race::<EventCounter>();
    race::<KeyedCounter<String>>();
    race::<MergedTracker<Count>>();
    race::<WindowedTracker<Count>>();
}
