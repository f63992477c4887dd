//! One test for each fault that was reported.

#![cfg(feature = "counter")]

use std::fmt::Write as _;
use std::sync::atomic::{
    AtomicI64,
    Ordering::{AcqRel, Release},
};
use std::sync::{Arc, OnceLock, Weak};
use std::thread;
use std::time::Duration;

use core_time::{
    Clock, EventCounter, ExactCounter, ManualClock, SnapshotError, Stamp, Tier, WindowError,
    WindowSpec,
};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn at(secs: i64) -> Stamp {
    Stamp::from_secs(secs)
}

/// A clock that moves with each read.
#[derive(Debug)]
struct Moving {
    nanos: AtomicI64,
    step: i64,
}

impl Moving {
    fn new(step: i64) -> Arc<Self> {
        Arc::new(Self { nanos: AtomicI64::new(at(100_000).as_nanos()), step })
    }
}

impl Clock for Moving {
    fn now(&self) -> Stamp {
        Stamp::from_nanos(self.nanos.fetch_add(self.step, AcqRel))
    }
}

#[test]
fn refusal_does_not_wait_for_the_clock_to_stand() {
    let counter = EventCounter::with_clock(WindowSpec::default(), Moving::new(1));
    let refused = counter.count_between(at(1)..at(2)).unwrap_err();
    assert!(matches!(refused, WindowError::BeforeSpan { .. }), "{refused}");
}

#[test]
fn evicted_buckets_are_refused_by_a_clock_that_moves() {
    let clock = Moving::new(50);
    let counter = EventCounter::with_clock(WindowSpec::default(), Arc::clone(&clock));
    counter.record();
    clock.nanos.store(at(50_000).as_nanos(), Release);
    let evicted = |error| matches!(error, WindowError::Evicted { .. });
    assert!(evicted(counter.count(secs(300)).unwrap_err()));
    assert!(evicted(counter.count_each([secs(300)]).unwrap_err()));
    assert!(evicted(counter.series(secs(300)).unwrap_err()));
}

#[test]
fn clock_that_moves_a_bucket_at_each_look_is_answered() {
    let counter = EventCounter::with_clock(WindowSpec::default(), Moving::new(1_000_000_000));
    counter.record();
    for window in [ms(1), ms(1_500), secs(100)] {
        assert!(counter.count(window).unwrap().at_most <= 1);
        assert!(counter.count_each([window, secs(2)]).is_ok());
        assert!(counter.series(window).is_ok());
    }
}

/// A clock that, on demand, moves after a read, and then another thread records.
struct Interrupted<C> {
    clock: ManualClock,
    until: AtomicI64,
    counter: OnceLock<Weak<C>>,
    record: fn(&C),
}

impl<C> std::fmt::Debug for Interrupted<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Interrupted")
    }
}

impl<C: Send + Sync + 'static> Clock for Interrupted<C> {
    fn now(&self) -> Stamp {
        let now = self.clock.now();
        let until = self.until.swap(0, AcqRel);
        if until > 0 {
            self.clock.set(Stamp::from_nanos(until));
            let counter = self.counter.get().and_then(Weak::upgrade).unwrap();
            thread::scope(|scope| {
                scope.spawn(|| (self.record)(&counter));
            });
        }
        now
    }

    fn may_step_back(&self) -> bool {
        false
    }
}

/// A counter with such a clock, which shows `now` and will move to `until`.
fn interrupted<C: Send + Sync + 'static>(
    now: Stamp,
    make: fn(WindowSpec, Arc<Interrupted<C>>) -> C,
    record: fn(&C),
) -> (Arc<C>, Arc<Interrupted<C>>) {
    let (clock, until, counter) = (ManualClock::new(now), AtomicI64::new(0), OnceLock::new());
    let clock = Arc::new(Interrupted { clock, until, counter, record });
    let counter = Arc::new(make(WindowSpec::default(), Arc::clone(&clock)));
    clock.counter.set(Arc::downgrade(&counter)).unwrap();
    (counter, clock)
}

#[test]
fn at_least_is_true_at_some_time_for_a_window_that_begins_with_a_bucket() {
    let cases = [
        (9_100, 10_400, 10_800, 1_400_000_001), // Begins at 9 s, to the nanosecond.
        (10_000, 10_000, 10_800, 1),
        (10_100, 10_400, 10_800, 400_000_001),
    ];
    for (first, now, until, window) in cases {
        let (counter, clock) =
            interrupted(Stamp::from_millis(first), EventCounter::with_clock, EventCounter::record);
        counter.record();
        clock.clock.set(Stamp::from_millis(now));
        clock.until.store(Stamp::from_millis(until).as_nanos(), Release);
        let found = counter.count(Duration::from_nanos(window)).unwrap();
        assert!(
            found.at_least <= 1,
            "one was in the window at {now}, and one at {until}: {found:?}"
        );
    }
}

#[test]
fn exact_counter_is_exact_during_a_record_that_evicts_stamps() {
    let (counter, clock) = interrupted(at(1_000), ExactCounter::with_clock, ExactCounter::record);
    (0..7).for_each(|_| counter.record());
    clock.until.store(at(1_400).as_nanos(), Release);
    let found = counter.count(secs(300)).unwrap().events;
    assert!(found == 7 || found == 1, "{found}, where there were 7 at 1000 s and one at 1400 s");
}

#[test]
fn exact_counter_may_be_read_by_a_writer() {
    struct Records(Arc<ExactCounter>);
    impl std::fmt::Write for Records {
        fn write_str(&mut self, _: &str) -> std::fmt::Result {
            self.0.record();
            Ok(())
        }
    }
    let counter = Arc::new(ExactCounter::with_clock(WindowSpec::default(), ManualClock::default()));
    write!(Records(Arc::clone(&counter)), "{counter:?}").unwrap();
    assert!(counter.total() > 0);
}

#[test]
fn exact_counter_never_refuses_the_present() {
    let counter = ExactCounter::with_clock(WindowSpec::default(), Moving::new(-10_000_000_000));
    counter.record();
    assert_eq!((counter.total(), counter.refused()), (1, Default::default()));
}

#[test]
fn snapshots_of_counters_with_other_tolerances_merge_either_way() {
    let clock = ManualClock::new(at(100_000));
    let counter = |tolerance| {
        let spec = WindowSpec::builder().tolerance(secs(tolerance)).build().unwrap();
        EventCounter::with_clock(spec, clock.clone())
    };
    let (one, two) = (counter(5), counter(10_000));
    one.record_many(3);
    two.record_at(at(110_000), 1).unwrap();
    let (one, two) = (one.snapshot(), two.snapshot());
    let (mut first, mut second) = (one.clone(), two.clone());
    first.merge(&two).unwrap();
    second.merge(&one).unwrap();
    assert_eq!(first, second);
    assert_eq!(first.series().next().unwrap().counts.iter().sum::<u64>(), 4);
}

#[test]
fn counter_is_restored_as_often_as_its_process_is_started() {
    let clock = ManualClock::new(at(100_000));
    let mut counter = EventCounter::with_clock(WindowSpec::default(), clock.clone());
    for restart in 0..1_100 {
        counter.record();
        clock.advance(secs(60));
        let snapshot = counter.snapshot();
        assert_eq!(snapshot.instances().len(), 1, "restart {restart}");
        counter = EventCounter::restore_with_clock(&snapshot, clock.clone()).unwrap();
    }
    assert_eq!(counter.total(), 1_100);
}

#[test]
fn total_has_a_limit_that_is_refused_and_not_wrapped() {
    let clock = ManualClock::new(at(100_000));
    let counter = EventCounter::with_clock(WindowSpec::default(), clock.clone());
    for _ in 0..2_048 {
        counter.record_many(1 << 53);
        clock.advance(secs(1));
    }
    assert_eq!((counter.total(), counter.refused().full), (1 << 63, 1 << 63));
    counter.record();
    assert!(counter.snapshot().total() >= 1 << 63);
}

#[test]
fn restored_counter_is_right_if_its_clock_is_a_little_behind() {
    let clock = ManualClock::new(Stamp::from_millis(699_950));
    let counter = EventCounter::with_clock(WindowSpec::default(), clock.clone());
    counter.record_many(5);
    clock.set(Stamp::from_millis(1_000_001));
    let behind = ManualClock::new(Stamp::from_millis(999_940));
    let restored = EventCounter::restore_with_clock(&counter.snapshot(), behind).unwrap();
    assert!(restored.count(secs(300)).unwrap().at_most >= 5);
}

#[test]
fn snapshot_of_a_clock_far_ahead_is_refused() {
    let coarse = Tier { resolution: secs(60), span: secs(600) };
    let spec = WindowSpec::builder().span(secs(8)).tier(coarse).build().unwrap();
    let here = EventCounter::with_clock(spec.clone(), ManualClock::new(at(60_000)));
    let there = EventCounter::with_clock(spec, ManualClock::new(at(60_050)));
    there.record_at(at(60_030), 1).unwrap(); // Late there, and ahead here.
    assert!(here.merge(&there.snapshot()).is_err());
}

#[test]
fn buckets_of_a_century_are_counted_from_end_to_end_of_time() {
    let century = secs(100 * 366 * 86_400);
    let spec = WindowSpec::builder().resolution(century).span(century).tolerance(century);
    let clock = ManualClock::new(Stamp::MAX);
    let counter = EventCounter::with_clock(spec.build().unwrap(), clock.clone());
    counter.record_many(4);
    clock.set(Stamp::MIN + secs(5));
    assert_eq!(counter.count_between(Stamp::MIN..Stamp::MAX).unwrap().at_most, 4);
}

#[test]
fn one_event_too_many_ahead_leaves_no_trace_by_a_clock_that_stepped_back() {
    let clock = ManualClock::new(at(1_000));
    let counter = EventCounter::with_clock(WindowSpec::default(), clock.clone());
    counter.record_many(2);
    clock.set(at(999));
    counter.record_at(at(1_000), u64::MAX).unwrap_err();
    assert_eq!(counter.total(), 2);
}

/// A tier that evicted buckets before its clock stepped back does not claim to hold them after a
/// restart: only the coarser tier has the event.
#[test]
fn a_restored_counter_knows_which_buckets_were_evicted() {
    let spec = WindowSpec::builder()
        .span(secs(7))
        .tolerance(Duration::ZERO)
        .tier(Tier { resolution: secs(5), span: secs(35) })
        .build()
        .unwrap();
    let clock = ManualClock::new(at(1_000));
    let counter = EventCounter::with_clock(spec.clone(), clock.clone());
    clock.set(at(985));
    counter.record();
    clock.set(at(991));
    let answer = |counter: &EventCounter| {
        let found = counter.count(secs(7)).unwrap();
        (found.coverage.resolution, found.at_least, found.at_most)
    };
    assert_eq!(answer(&counter), (secs(5), 1, 1));
    let restored = EventCounter::restore_with_clock(&counter.snapshot(), clock.clone()).unwrap();
    assert_eq!(answer(&restored), (secs(5), 1, 1));

    // A counter whose clock never came so far would have to evict its own buckets.
    let running = EventCounter::with_clock(spec, clock);
    running.record();
    let refused = running.merge(&counter.snapshot());
    assert!(matches!(refused, Err(SnapshotError::TooNew { .. })), "{refused:?}");
    assert_eq!((running.total(), running.count(secs(7)).unwrap().events), (1, 1));
}

/// A clock that steps back after a restore asks for buckets that had left the span when the
/// snapshot was taken, but that the counter still held.
#[test]
fn restored_counter_holds_what_the_counter_held() {
    let spec = WindowSpec::builder().span(secs(7)).tolerance(secs(1)).build().unwrap();
    let clock = ManualClock::new(at(100_000));
    let counter = EventCounter::with_clock(spec.clone(), clock.clone());
    counter.record_many(4);
    clock.advance(secs(9));
    counter.record();
    let snapshot = counter.snapshot();
    let restored = EventCounter::restore_with_clock(&snapshot, clock.clone()).unwrap();
    let merged = EventCounter::with_clock(spec, clock.clone());
    merged.merge(&snapshot).unwrap();
    clock.set(at(100_002));
    for counter in [&counter, &restored, &merged] {
        let found = counter.count(secs(3)).unwrap();
        assert_eq!((found.at_least, found.at_most), (4, 4));
    }
}

/// The same with tiers: the event is too old for the finest, and in the next one has left the span.
#[test]
fn restored_tiers_hold_what_the_tiers_held() {
    let tier = |resolution, span| Tier { resolution: secs(resolution), span: secs(span) };
    let spec = WindowSpec::builder()
        .span(secs(7))
        .tolerance(Duration::ZERO)
        .tier(tier(5, 35))
        .tier(tier(35, 175))
        .build()
        .unwrap();
    let clock = ManualClock::new(at(100_000));
    let counter = EventCounter::with_clock(spec, clock.clone());
    counter.record_at(at(99_957), 1).unwrap();
    let restored = EventCounter::restore_with_clock(&counter.snapshot(), clock.clone()).unwrap();
    clock.set(at(99_960));
    let answers = |counter: &EventCounter| {
        counter.count(secs(5)).map(|found| (found.at_least, found.at_most))
    };
    assert_eq!(answers(&counter), answers(&restored));
    assert!(matches!(answers(&restored), Err(_) | Ok((_, 1))));
}
