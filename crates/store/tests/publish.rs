//! Publishers and readers on a store in memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use core_actions::{
    Count, Mean, MinMax, Row, TrackerSpec, Unit, WhenFull, WindowedSnapshot, WindowedSpec,
    WindowedTracker,
};
use core_time::{Clock, EventCounter, ManualClock, Stamp};
use store::{
    Batch, Contents, Fault, Faulty, MemoryStore, PublishError, Publisher, Reader, Reply, Store,
    StoreError, StoreSpec, Version,
};

const SECOND: Duration = Duration::from_secs(1);
const SPAN: Duration = Duration::from_secs(300);

type Tracker = WindowedTracker<Mean>;

/// A store and trackers with the same clock.
struct Setup {
    clock: ManualClock,
    store: MemoryStore,
}

impl Setup {
    fn new() -> Self {
        let clock = ManualClock::new(Stamp::from_secs(1_700_000_003));
        Self { store: MemoryStore::with_clock(clock.clone()), clock }
    }

    fn tracker(&self) -> Arc<Tracker> {
        self.tracker_with(WindowedSpec::default())
    }

    fn tracker_with(&self, spec: WindowedSpec) -> Arc<Tracker> {
        Arc::new(Tracker::with_clock(spec, self.clock.clone()).unwrap())
    }

    fn restored(&self, snapshot: &WindowedSnapshot<Mean>) -> Arc<Tracker> {
        let spec = WindowedSpec::default();
        Arc::new(Tracker::restore_with_clock(spec, snapshot, self.clock.clone()).unwrap())
    }

    fn publisher(&self, tracker: &Arc<Tracker>) -> Publisher<Mean> {
        publish(tracker, self.store.clone())
    }

    fn reader(&self) -> Reader<Mean> {
        Reader::new(self.store.clone(), &StoreSpec::default(), Unit::default()).unwrap()
    }

    /// Returns the name and count of each row, and whether the view is complete.
    fn read(&self, reader: &mut Reader<Mean>) -> (Vec<(String, u64)>, bool) {
        let view = reader.read(SPAN).unwrap();
        let window = view.window(SPAN).unwrap();
        let rows = window.rows().iter().map(|row| (row.name().to_owned(), row.count()));
        (rows.collect(), view.is_complete())
    }
}

fn publish(tracker: &Arc<Tracker>, store: impl Store + 'static) -> Publisher<Mean> {
    Publisher::of_tracker(Arc::clone(tracker), store, StoreSpec::default()).unwrap()
}

fn rows<const N: usize>(rows: [(&str, u64); N]) -> Vec<(String, u64)> {
    rows.map(|(name, count)| (name.to_owned(), count)).to_vec()
}

#[test]
fn removed_and_reset_actions_leave_the_view() {
    let setup = Setup::new();
    let (tracker, mut reader) = (setup.tracker(), setup.reader());
    let mut publisher = setup.publisher(&tracker);
    for name in ["jump", "run"] {
        tracker.record(name, 1).unwrap();
    }
    publisher.flush().unwrap();
    assert_eq!(setup.read(&mut reader), (rows([("jump", 1), ("run", 1)]), true));
    assert_eq!(tracker.remove("jump"), Ok(true));
    publisher.flush().unwrap();
    assert_eq!(setup.read(&mut reader), (rows([("run", 1)]), true));
    tracker.reset();
    publisher.flush().unwrap();
    assert_eq!(setup.read(&mut reader), (rows([]), true));
    tracker.record("jump", 1).unwrap();
    publisher.flush().unwrap();
    assert_eq!(setup.read(&mut reader), (rows([("jump", 1)]), true));
}

#[test]
fn folded_actions_stay_apart_from_an_action_of_that_name() {
    let setup = Setup::new();
    let mut spec = WindowedSpec::default();
    spec.tracker = TrackerSpec { actions: 1, when_full: WhenFull::Fold, ..spec.tracker };
    let tracker = setup.tracker_with(spec);
    tracker.record("(other)", 1).unwrap();
    tracker.record("jump", 1).unwrap();
    setup.publisher(&tracker).end().unwrap();
    let mut reader = setup.reader();
    let view = reader.read(SPAN).unwrap();
    let window = view.window(SPAN).unwrap();
    assert!(window.rows().iter().map(Row::is_other).eq([false, true]));
}

#[test]
fn a_writer_is_missing_when_it_is_silent_for_three_intervals() {
    let setup = Setup::new();
    let (tracker, mut reader) = (setup.tracker(), setup.reader());
    assert_eq!(setup.read(&mut reader), (vec![], false), "no writer is not a complete answer");
    let mut publisher = setup.publisher(&tracker);
    publisher.flush().unwrap();
    setup.clock.advance(3 * SECOND);
    let view = reader.read(SECOND).unwrap();
    assert_eq!((view.is_complete(), view.oldest_age()), (true, Some(3 * SECOND)));
    assert_eq!(view.writers()[0].instance(), publisher.writer());
    setup.clock.advance(Duration::from_millis(1));
    assert!(!reader.read(SECOND).unwrap().is_complete());
    publisher.flush().unwrap();
    assert!(reader.read(SECOND).unwrap().is_complete());

    drop(publisher); // Says that it ended.
    setup.clock.advance(100 * SECOND);
    let view = reader.read(SECOND).unwrap();
    assert_eq!((view.is_complete(), view.oldest_age()), (true, None));
    assert!(view.writers()[0].has_ended());
    setup.clock.advance(271 * SECOND);
    assert_eq!(reader.read(SECOND).unwrap().writers(), [], "its records have left the span");
}

#[test]
fn a_wiped_store_is_not_complete_until_all_have_written_again() {
    let setup = Setup::new();
    let trackers = [setup.tracker(), setup.tracker()];
    let mut publishers = trackers.each_ref().map(|tracker| setup.publisher(tracker));
    let mut reader = setup.reader();
    for (tracker, publisher) in trackers.iter().zip(&mut publishers) {
        tracker.record("jump", 1).unwrap();
        publisher.flush().unwrap();
    }
    assert_eq!(setup.read(&mut reader), (rows([("jump", 2)]), true));
    setup.clock.advance(SECOND);
    setup.store.wipe();
    assert_eq!(setup.read(&mut reader), (vec![], true), "as old as one interval at most");
    setup.clock.advance(3 * SECOND);
    assert_eq!(publishers[0].flush().unwrap().lost, 16);
    assert_eq!(setup.read(&mut reader), (rows([("jump", 1)]), false));
    publishers[1].flush().unwrap();
    assert_eq!(setup.read(&mut reader), (rows([("jump", 2)]), true));
}

#[test]
fn a_store_that_is_away_is_made_up_for_and_what_leaves_the_span_is_counted() {
    let setup = Setup::new();
    let tracker = setup.tracker();
    let mut store = Faulty::new(setup.store.clone());
    store.fail([Fault::Dropped; 3]);
    let mut publisher = publish(&tracker, store);
    tracker.record("old", 1).unwrap();
    let away = PublishError::Store(StoreError::Away("Dropped".to_owned()));
    assert_eq!(publisher.flush(), Err(away.clone()));
    assert_eq!((publisher.unflushed(), publisher.lost()), (1, 0));
    setup.clock.advance(SPAN);
    tracker.record("jump", 1).unwrap();
    assert_eq!(publisher.flush(), Err(away.clone()));
    assert_eq!((publisher.unflushed(), publisher.lost()), (2, 0));
    setup.clock.advance(10 * SECOND);
    assert_eq!(publisher.flush(), Err(away));
    assert_eq!((publisher.unflushed(), publisher.lost()), (1, 1));
    assert_eq!(publisher.flush().unwrap().stored, 1);
    assert_eq!(setup.read(&mut setup.reader()), (rows([("jump", 1)]), true));
}

#[test]
fn a_restored_tracker_replaces_what_it_has_published() {
    let setup = Setup::new();
    let tracker = setup.tracker();
    tracker.record("jump", 1).unwrap();
    let mut publisher = setup.publisher(&tracker);
    publisher.flush().unwrap();
    std::mem::forget(publisher); // Killed.
    let snapshot = tracker.snapshot();
    let restored = setup.restored(&snapshot);
    restored.record("run", 1).unwrap();
    setup.publisher(&restored).end().unwrap();
    assert_eq!(setup.read(&mut setup.reader()), (rows([("jump", 1), ("run", 1)]), true));

    // An older copy of it does not get through, and says so.
    tracker.record("jump", 1).unwrap();
    let copy = setup.restored(&snapshot);
    let mut behind = setup.publisher(&copy);
    for _ in 0..3 {
        restored.record("run", 1).unwrap();
        setup.publisher(&restored).end().unwrap();
    }
    copy.record("run", 5).unwrap();
    let error = behind.flush().unwrap_err();
    let expected = format!(
        "store has later values of 2 cells under the identity {}; another process publishes a \
         copy of the same tracker, or it was restored from an old snapshot",
        behind.writer()
    );
    assert_eq!(error.to_string(), expected);
}

#[test]
fn cells_of_another_form_are_named_and_left_out() {
    let setup = Setup::new();
    let tracker = setup.tracker();
    tracker.record("jump", 1).unwrap();
    let mut publisher = setup.publisher(&tracker);
    publisher.flush().unwrap();

    let other = WindowedTracker::<MinMax>::with_clock(WindowedSpec::default(), setup.clock.clone());
    let other = Arc::new(other.unwrap());
    other.record("jump", 1).unwrap();
    let spec = StoreSpec::default();
    Publisher::of_tracker(other, setup.store.clone(), spec).unwrap().end().unwrap();
    let mut spec = WindowedSpec::default();
    spec.tracker.unit = Unit::Seconds;
    let seconds = setup.tracker_with(spec);
    seconds.record("jump", 1).unwrap();
    setup.publisher(&seconds).end().unwrap();

    let mut reader = setup.reader();
    assert_eq!(setup.read(&mut reader), (rows([("jump", 1)]), false));
    let view = reader.read(SPAN).unwrap();
    let mut reasons: Vec<_> = view.unreadable().iter().map(|(_, why)| why.as_str()).collect();
    reasons.sort_unstable();
    let expected = [
        "rows have the statistic `minmax`, expected `mean` (byte 5)",
        "unit is Some(Seconds), expected Some(Nanoseconds)",
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn counts_of_several_processes_are_added_and_follow_a_reset() {
    let setup = Setup::new();
    let spec = StoreSpec::counts();
    let new = || EventCounter::with_clock(Default::default(), setup.clock.clone());
    let counters = [Arc::new(new()), Arc::new(new())];
    let mut publishers = counters.each_ref().map(|counter| {
        let (counter, store) = (Arc::clone(counter), setup.store.clone());
        Publisher::of_counter("logins", counter, store, spec.clone()).unwrap()
    });
    let mut reader = Reader::<Count>::new(setup.store.clone(), &spec, Unit::default()).unwrap();
    let mut check = |publishers: &mut [Publisher<Count>], expected: [u64; 2]| {
        publishers.iter_mut().for_each(|publisher| _ = publisher.flush().unwrap());
        let view = reader.read(SPAN).unwrap();
        let count = |window| view.get("logins", window).unwrap().count();
        assert_eq!([count(SECOND), count(SPAN)], expected);
    };
    counters[0].record_many(3);
    counters[1].record_many(4);
    check(&mut publishers, [7, 7]);
    setup.clock.advance(SECOND);
    counters[0].record_many(5);
    counters[1].record_at(setup.clock.now() - SECOND, 1).unwrap();
    check(&mut publishers, [5, 13]);
    counters[0].reset();
    check(&mut publishers, [0, 5]);
}

#[test]
fn sources_that_do_not_fit_are_refused() {
    let setup = Setup::new();
    let tracker = setup.tracker();
    let refused = |resolution, span| {
        let spec = StoreSpec { resolution, span, ..StoreSpec::default() };
        let made = Publisher::of_tracker(Arc::clone(&tracker), setup.store.clone(), spec);
        made.unwrap_err().to_string()
    };
    let half = Duration::from_millis(1_500);
    let expected = "buckets of the store are 1.5s wide, expected a multiple of 1s, the resolution \
                    of what is published";
    assert_eq!(refused(half, half * 10), expected);
    let expected = "span is 25s, it must be a whole number of buckets of 10s";
    assert_eq!(refused(10 * SECOND, 25 * SECOND), expected);
    tracker.record("jump", 1).unwrap();
    let both = setup.tracker();
    both.record("jump", 1).unwrap();
    both.merge(&tracker.snapshot()).unwrap();
    let made = Publisher::of_tracker(both, setup.store.clone(), StoreSpec::default());
    let expected = "source has the records of 2 instances, expected those of 1";
    assert_eq!(made.unwrap_err().to_string(), expected);
}

/// Notes the sizes of writes, and the buckets that are read.
#[derive(Debug, Clone)]
struct Noting {
    store: MemoryStore,
    writes: Arc<Mutex<Vec<usize>>>,
    reads: Arc<Mutex<Vec<i64>>>,
}

impl Noting {
    fn new(store: MemoryStore) -> Self {
        Self { store, writes: Arc::default(), reads: Arc::default() }
    }
}

impl Store for Noting {
    fn write(&mut self, batches: &[Batch<'_>]) -> Vec<Result<Reply, StoreError>> {
        let bytes = batches.iter().flat_map(|batch| &batch.cells).map(|cell| cell.value.len());
        self.writes.lock().unwrap().push(bytes.sum());
        self.store.write(batches)
    }

    fn now(&mut self) -> Result<Stamp, StoreError> {
        self.store.now()
    }

    fn read(&mut self, known: &[(i64, Option<Version>)]) -> Result<Contents, StoreError> {
        let contents = self.store.read(known)?;
        self.reads.lock().unwrap().extend(contents.buckets.iter().map(|bucket| bucket.bucket));
        Ok(contents)
    }
}

#[test]
fn no_more_than_a_mebibyte_is_sent_before_an_answer() {
    let setup = Setup::new();
    let noting = Noting::new(setup.store.clone());
    let mut outbox = store::Outbox::new(core_time::Instance::draw(), SECOND, SPAN);
    for bucket in 0..40 {
        let place = store::Place { bucket, chunk: 0 };
        outbox.put(store::Cell { place, revision: 1, value: vec![0; 300 << 10] });
    }
    let (mut store, writes) = (noting.clone(), noting.writes);
    assert_eq!(outbox.flush(&mut store).unwrap().stored, 40);
    let writes = writes.lock().unwrap().clone();
    assert_eq!(writes.iter().sum::<usize>(), 40 * (300 << 10));
    assert!(writes.iter().all(|&bytes| bytes <= 1 << 20), "{writes:?}");
    assert_eq!(outbox.flush(&mut store).unwrap().stored, 0);
    setup.store.wipe();
    assert_eq!(outbox.flush(&mut store).unwrap().stored, 40);
}

#[test]
fn what_did_not_change_is_neither_sent_nor_read_again() {
    let setup = Setup::new();
    let tracker = setup.tracker();
    let noting = Noting::new(setup.store.clone());
    let mut publisher = publish(&tracker, noting.clone());
    let spec = StoreSpec::default();
    let mut reader = Reader::<Mean>::new(noting.clone(), &spec, Unit::default()).unwrap();
    for _ in 0..5 {
        tracker.record("jump", 1).unwrap();
        tracker.record("run", 1).unwrap();
        publisher.flush().unwrap();
        setup.clock.advance(10 * SECOND);
    }
    tracker.record("jump", 1).unwrap();
    assert_eq!(publisher.flush().unwrap().stored, 1);
    assert_eq!(setup.read(&mut reader).0, rows([("jump", 6), ("run", 5)]));
    noting.reads.lock().unwrap().clear();
    assert_eq!(setup.read(&mut reader).0, rows([("jump", 6), ("run", 5)]));
    assert!(noting.reads.lock().unwrap().is_empty());
    tracker.record("run", 1).unwrap();
    assert_eq!(publisher.flush().unwrap().stored, 1);
    assert_eq!(setup.read(&mut reader).0, rows([("jump", 6), ("run", 6)]));
    assert_eq!(*noting.reads.lock().unwrap(), [170_000_005]);

    // Where an action opened two buckets, changes name the one before them once more.
    for _ in 0..2 {
        setup.clock.advance(10 * SECOND);
        tracker.record("run", 1).unwrap();
    }
    assert_eq!(publisher.flush().unwrap().stored, 2);
}

#[test]
fn a_publisher_in_the_background_flushes_once_more_when_it_is_dropped() {
    let setup = Setup::new();
    let tracker = setup.tracker();
    let mut store = Faulty::new(setup.store.clone());
    store.fail([Fault::Dropped, Fault::ReplyLost]);
    let spec = StoreSpec { interval: Duration::from_secs(1_000), ..StoreSpec::default() };
    let publisher = Publisher::of_tracker(Arc::clone(&tracker), store, spec).unwrap();
    let background = publisher.spawn();
    tracker.record("jump", 1).unwrap();
    for failures in 1..=2 {
        background.flush().unwrap_err();
        let status = background.status();
        assert_eq!((status.failures, status.unflushed, status.lost), (failures, 1, 0));
        assert!(status.error.is_some());
    }
    background.flush().unwrap();
    assert_eq!(background.status(), store::Status::default());
    tracker.record("jump", 1).unwrap();
    drop(background);
    let mut reader = setup.reader();
    assert_eq!(setup.read(&mut reader), (rows([("jump", 2)]), true));
    assert!(reader.read(SPAN).unwrap().writers()[0].has_ended());
}
