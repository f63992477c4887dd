//! What `changes` of a counter returns, against full snapshots.

#![cfg(feature = "counter")]

use std::collections::BTreeMap;
use std::time::Duration;

use core_time::{CounterCursor, EventCounter, ManualClock, Stamp, Tier, WindowSpec};
use proptest::collection::vec;
use proptest::prelude::*;

const SECOND: i64 = 1_000_000_000;
/// The widths and the spans of the tiers in seconds.
const TIERS_S: [(u64, u64); 2] = [(1, 6), (4, 24)];

type Buckets = BTreeMap<(usize, Stamp), u64>;

fn spec() -> WindowSpec {
    let [(_, span), coarser] = TIERS_S.map(|(width, span)| (width, Duration::from_secs(span)));
    let coarser = Tier { resolution: Duration::from_secs(coarser.0), span: coarser.1 };
    let spec = WindowSpec::builder().span(span).tolerance(Duration::from_secs(2));
    spec.tier(coarser).build().unwrap()
}

/// Returns the buckets with events that a window touches.
fn touchable(mut buckets: Buckets, now: Stamp) -> Buckets {
    buckets.retain(|&(tier, start), events| {
        let (width, span) = TIERS_S[tier];
        let oldest = (now - Duration::from_secs(span)).as_nanos();
        start.as_nanos() >= oldest.div_euclid(width as i64 * SECOND) * width as i64 * SECOND
            && *events > 0
    });
    buckets
}

fn of_snapshot(counter: &EventCounter) -> Buckets {
    let mut buckets = Buckets::new();
    for (tier, series) in counter.snapshot().series().enumerate() {
        let start = |at: usize| series.from + series.resolution * at as u32;
        buckets.extend(series.counts.iter().enumerate().map(|(at, &n)| ((tier, start(at)), n)));
    }
    buckets
}

#[derive(Debug, Clone)]
enum Step {
    Advance { millis: u64 },
    Record { events: u64 },
    RecordAt { millis: i64, events: u64 },
    Merge { millis: i64 },
    Reset,
    Restart,
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    let millis = || prop_oneof![-6_500_i64..2_000, -24_500_i64..0];
    prop_oneof![
        6 => prop_oneof![0..1_500_u64, 0..20_000_u64].prop_map(|millis| Step::Advance { millis }),
        6 => (0..5_u64).prop_map(|events| Step::Record { events }),
        6 => (millis(), 1..5_u64).prop_map(|(millis, events)| Step::RecordAt { millis, events }),
        2 => millis().prop_map(|millis| Step::Merge { millis }),
        1 => Just(Step::Reset),
        1 => Just(Step::Restart),
        6 => Just(Step::Look),
    ]
}

#[derive(Default)]
struct Reader {
    cursor: CounterCursor,
    buckets: Buckets,
    revision: u64,
}

impl Reader {
    fn check(&mut self, counter: &EventCounter) {
        let changes = counter.changes(&mut self.cursor);
        assert!(changes.revision() > self.revision);
        assert_eq!((changes.at(), changes.spec()), (counter.now(), counter.spec()));
        if changes.is_complete() {
            self.buckets.clear();
        }
        let now = counter.now();
        let known = touchable(self.buckets.clone(), now);
        for tier in 0..2 {
            for (start, events) in changes.buckets(tier) {
                let before = known.get(&(tier, start)).copied().unwrap_or_default();
                assert!(before != events, "{start:?} has {events} events, as before");
                self.buckets.insert((tier, start), events);
            }
        }
        assert_eq!(touchable(self.buckets.clone(), now), touchable(of_snapshot(counter), now));
        assert!(counter.changes(&mut self.cursor).is_empty());
        self.revision = changes.revision();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changes_lead_from_one_snapshot_to_the_next(steps in vec(step(), 0..40)) {
        let clock = ManualClock::new(Stamp::from_secs(1_000));
        let mut counter = EventCounter::with_clock(spec(), clock.clone());
        let mut readers = [Reader::default(), Reader::default()];
        for step in steps.into_iter().chain([Step::Look]) {
            let stamp = |millis: i64| {
                Stamp::from_nanos(counter.now().as_nanos() + millis * 1_000_000)
            };
            // A refusal is as good as any other step.
            match step {
                Step::Advance { millis } => clock.advance(Duration::from_millis(millis)),
                Step::Record { events } => counter.record_many(events),
                Step::RecordAt { millis, events } => {
                    drop(counter.record_at(stamp(millis), events));
                }
                Step::Merge { millis } => {
                    let other = EventCounter::with_clock(spec(), clock.clone());
                    drop(other.record_at(stamp(millis), 3));
                    counter.merge(&other.snapshot()).unwrap();
                }
                Step::Reset => counter.reset(),
                Step::Restart => {
                    let snapshot = counter.snapshot();
                    counter = EventCounter::restore_with_clock(&snapshot, clock.clone()).unwrap();
                }
                Step::Look => readers[1].check(&counter),
            }
            readers[0].check(&counter);
        }
    }
}

#[test]
fn a_cursor_of_another_counter_begins_from_the_start() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let new = || EventCounter::with_clock(spec(), clock.clone());
    let (one, two) = (new(), new());
    one.record_many(3);
    two.record_many(3);
    let mut cursor = CounterCursor::default();
    for counter in [&one, &two, &one] {
        let changes = counter.changes(&mut cursor);
        assert!(changes.is_complete() && !changes.is_empty());
        assert!(changes.buckets(0).eq([(Stamp::from_secs(1_000), 3)]));
        assert!(changes.buckets(2).eq([]));
        assert_eq!(changes.latest(), Stamp::from_nanos(1_001 * SECOND - 1));
    }
}
