//! Models of the counter: records, turns, reads and resets.

use std::time::Duration;

use loom::sync::Arc;
use loom::thread;

use super::explore;
use crate::counter::RecordError;
use crate::counter::cell::Cell;
use crate::counter::cells::{Cells, Place, RecorderCells};
use crate::counter::query::{Query, QueryState};
use crate::counter::shared::SharedCounts;
use crate::ring::RangeCounts;
use crate::spec::WindowSpec;
use crate::stamp::Stamp;

/// The shared counts with the cells of two writers.
struct Shared {
    counts: SharedCounts,
    cells: [Cell; 2],
}

impl Cells for [Cell; 2] {
    fn for_each(&self, visit: impl FnMut(&Cell)) {
        self.iter().for_each(visit);
    }

    fn made(&self) -> usize {
        self.len()
    }
}

impl Shared {
    /// A ring for one bucket, the one that a window cuts and one more, at tick 0.
    fn new() -> Arc<Self> {
        Self::at(Stamp::UNIX_EPOCH)
    }

    fn at(now: Stamp) -> Arc<Self> {
        let (resolution, tolerance) = (Duration::from_millis(1), Duration::ZERO);
        let spec = WindowSpec::builder().resolution(resolution).span(resolution);
        let spec = spec.tolerance(tolerance).build().unwrap();
        let counts = SharedCounts::new(spec, now);
        Arc::new(Self { counts, cells: [Cell::new(), Cell::new()] })
    }

    /// Records events as a counter does: in the open bucket, or with a turn.
    fn record(&self, writer: usize, tick: i64, events: u64) {
        let (cell, stamp) = (&self.cells[writer], Stamp::from_millis(tick));
        if !cell.count(stamp, events) {
            self.counts.turn(cell, &self.cells, stamp, events).unwrap();
        }
    }

    fn late(&self, tick: i64, events: u64) {
        let stamp = Stamp::from_millis(tick);
        self.counts.record_in_rings(&self.cells, stamp, Stamp::from_millis(9), events).unwrap();
    }

    /// Reads buckets that are held.
    fn find(&self, oldest: i64, newest: i64) -> QueryState<'_> {
        let from = Stamp::from_millis(oldest);
        let query = Query::Between((from..Stamp::from_millis(newest + 1)).into());
        let mut states = [None];
        self.counts.lock.read(|| self.counts.run(&self.cells, &[query], from, &mut states));
        states[0].expect("buckets are held")
    }

    fn read(&self, oldest: i64, newest: i64) -> RangeCounts {
        self.find(oldest, newest).counts
    }

    fn sum(&self, oldest: i64, newest: i64) -> u64 {
        let RangeCounts { oldest, between, newest } = self.read(oldest, newest);
        oldest + between + newest
    }
}

#[test]
fn a_read_concurrent_with_a_turn_sees_one_state() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let RangeCounts { oldest, between, newest } = shared.read(0, 1);
                assert!((1..=2).contains(&oldest), "tick 0 has {oldest}");
                assert_eq!(between, 0);
                let is_one_state = newest == 0 || (oldest, newest) == (2, 1);
                assert!(is_one_state, "tick 0 has {oldest}, tick 1 {newest}");
            })
        };
        shared.record(0, 0, 1);
        shared.record(0, 1, 1); // Flushes two events of tick 0.
        reader.join().unwrap();
        assert_eq!(shared.read(0, 1), RangeCounts { oldest: 2, between: 0, newest: 1 });
    });
}

#[test]
fn turns_of_two_writers_and_a_late_event_lose_nothing() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        shared.record(1, 0, 2);
        let turns = [0, 1].map(|writer| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.record(writer, 1, 4);
                if writer == 1 {
                    shared.late(0, 8);
                }
            })
        });
        turns.into_iter().for_each(|turn| turn.join().unwrap());
        assert_eq!(shared.read(0, 1), RangeCounts { oldest: 11, between: 0, newest: 8 });
    });
}

#[test]
fn a_read_concurrent_with_a_late_event_sees_it_whole_and_nothing_else_moved() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        shared.record(0, 1, 1);
        let late = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.late(0, 1))
        };
        let found = shared.read(0, 1);
        assert!(found.oldest == 1 || found.oldest == 2, "tick 0 has {}", found.oldest);
        assert_eq!(found.newest, 1);
        late.join().unwrap();
        assert_eq!(shared.read(0, 1).oldest, 2);
    });
}

#[test]
fn reset_leaves_nothing_of_before_and_all_of_after() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let reset = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.counts.reset(&shared.cells, Stamp::UNIX_EPOCH);
                let found = shared.sum(0, 0);
                assert!(found == 0 || found == 2, "after the reset there are {found}");
            })
        };
        shared.record(0, 0, 2);
        reset.join().unwrap();
        let found = shared.sum(0, 0);
        assert!(found == 0 || found == 2, "after all there are {found}");
        shared.record(0, 0, 4);
        assert_eq!(shared.sum(0, 0), found + 4);
    });
}

#[test]
fn reset_concurrent_with_a_turn_leaves_nothing_of_before() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let writer = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record(0, 1, 2))
        };
        shared.counts.reset(&shared.cells, Stamp::UNIX_EPOCH);
        writer.join().unwrap();
        let found = shared.read(0, 1);
        assert_eq!(found.oldest, 0, "what was recorded before the reset came back");
        assert!(found.newest == 0 || found.newest == 2, "tick 1 has {}", found.newest);
    });
}

#[test]
fn a_thread_that_adopts_a_cell_counts_on() {
    explore(|| {
        let shared = Shared::new();
        let first = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record(0, 0, 1))
        };
        first.join().unwrap(); // Adopting a cell orders the two threads, as this does.
        let second = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record(0, 1, 2))
        };
        assert_eq!(shared.read(0, 1).oldest, 1);
        second.join().unwrap();
        assert_eq!(shared.read(0, 1), RangeCounts { oldest: 1, between: 0, newest: 2 });
    });
}

#[test]
fn an_event_ahead_of_the_clock_is_seen_with_its_stamp() {
    explore(|| {
        let (now, ahead) = (Stamp::UNIX_EPOCH, Stamp::from_nanos(1));
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let found = shared.find(0, 0);
                if found.counts.newest == 2 {
                    assert_eq!(found.latest_ahead, ahead.as_nanos(), "seen before its stamp");
                }
            })
        };
        shared.counts.observe(ahead, now);
        assert!(shared.cells[0].count(ahead, 1));
        reader.join().unwrap();
    });
}

#[test]
fn an_event_before_all_others_is_seen_with_when_counting_began() {
    explore(|| {
        let (first, now) = (Stamp::UNIX_EPOCH, Stamp::from_nanos(500));
        let shared = Shared::at(now);
        shared.counts.turn(&shared.cells[0], &shared.cells, now, 1).unwrap();
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let found = shared.find(0, 0);
                if found.counts.newest == 2 {
                    assert_eq!(found.since, first, "seen while counting began later");
                }
                let (since, total, _) = shared.counts.contents(&shared.cells, now);
                if total == 2 {
                    assert_eq!(since, first, "returned while counting began later");
                }
            })
        };
        shared.counts.observe(first, now);
        assert!(shared.cells[0].count(first, 1));
        reader.join().unwrap();
    });
}

#[test]
fn an_event_after_a_reset_is_not_seen_with_what_was_forgotten() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let found = shared.sum(0, 0);
                assert_ne!(found, 3, "of both sides of the reset");
            })
        };
        shared.counts.reset(&shared.cells, Stamp::UNIX_EPOCH);
        // Not the thread that reset, whose own fences would order the two.
        let writer = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record(0, 0, 2))
        };
        writer.join().unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn total_concurrent_with_a_turn_and_a_late_event_counts_each_once() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let found = shared.counts.total(&shared.cells);
                assert!([1, 3, 7].contains(&found), "in all there are {found}");
            })
        };
        shared.record(0, 1, 2);
        shared.late(0, 4);
        reader.join().unwrap();
        assert_eq!(shared.counts.total(&shared.cells), 7);
    });
}

/// The shared counts with the cells of recorders. Only one of them has a place without a lock.
struct Recorders {
    counts: SharedCounts,
    cells: RecorderCells,
}

impl Recorders {
    fn new() -> Arc<Self> {
        let (resolution, now) = (Duration::from_millis(1), Stamp::UNIX_EPOCH);
        let spec = WindowSpec::builder().resolution(resolution).span(resolution);
        let spec = spec.tolerance(Duration::ZERO).build().unwrap();
        let (counts, cells) = (SharedCounts::new(spec, now), RecorderCells::new());
        Arc::new(Self { counts, cells })
    }

    fn record(&self, place: &Place, events: u64) {
        let stamp = Stamp::UNIX_EPOCH;
        if !place.cell().count(stamp, events) {
            self.counts.turn(place.cell(), &self.cells, stamp, events).unwrap();
        }
    }

    fn end(&self, place: &Place) {
        self.counts.retire(&self.cells, place);
    }

    fn total(&self) -> u64 {
        self.counts.total(&self.cells)
    }
}

#[test]
fn a_recorder_that_is_dropped_loses_nothing() {
    explore(|| {
        let recorders = Recorders::new();
        let place = recorders.cells.take();
        recorders.record(&place, 1);
        let reader = {
            let recorders = Arc::clone(&recorders);
            thread::spawn(move || {
                let found = recorders.total();
                assert!(found == 1 || found == 3, "in all there are {found}");
            })
        };
        recorders.record(&place, 2);
        recorders.end(&place);
        reader.join().unwrap();
        assert_eq!((recorders.total(), recorders.cells.made()), (3, 0));
    });
}

#[test]
fn a_recorder_beyond_the_first_loses_nothing() {
    explore(|| {
        let recorders = Recorders::new();
        let [first, further] = [recorders.cells.take(), recorders.cells.take()];
        recorders.record(&further, 1);
        let reader = {
            let recorders = Arc::clone(&recorders);
            thread::spawn(move || assert_eq!(recorders.total(), 1))
        };
        recorders.end(&further);
        reader.join().unwrap();
        assert_eq!((recorders.total(), recorders.cells.made()), (1, 1));
        recorders.end(&first);
    });
}

#[test]
fn a_recorder_that_takes_a_place_counts_on() {
    explore(|| {
        let recorders = Recorders::new();
        let place = recorders.cells.take();
        let next = {
            let recorders = Arc::clone(&recorders);
            thread::spawn(move || {
                // The same place if the other recorder is gone, and a further one if not.
                let next = recorders.cells.take();
                recorders.record(&next, 2);
                recorders.record(&next, 4);
                next
            })
        };
        recorders.record(&place, 1);
        recorders.end(&place);
        let next = next.join().unwrap();
        assert_eq!(recorders.total(), 7);
        recorders.end(&next);
        assert_eq!((recorders.total(), recorders.cells.made()), (7, 0));
    });
}

#[test]
fn reset_concurrent_with_a_drop_leaves_nothing_of_before() {
    explore(|| {
        let recorders = Recorders::new();
        let place = recorders.cells.take();
        recorders.record(&place, 1);
        let dropped = {
            let recorders = Arc::clone(&recorders);
            thread::spawn(move || recorders.end(&place))
        };
        recorders.counts.reset(&recorders.cells, Stamp::UNIX_EPOCH);
        assert_eq!(recorders.total(), 0);
        dropped.join().unwrap();
        assert_eq!(recorders.total(), 0);
    });
}

/// A tick that pushes tick 0 out of the ring, and lies where tick 0 lay.
const LAP: i64 = 64;

#[test]
fn a_late_event_whose_bucket_is_evicted_is_refused_or_counted_before() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let turn = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record(0, LAP, 2))
        };
        let (stamp, now) = (Stamp::UNIX_EPOCH, Stamp::from_millis(9));
        let late = shared.counts.record_in_rings(&shared.cells, stamp, now, 4);
        turn.join().unwrap();
        let refused = matches!(late, Err(RecordError::Evicted { .. }));
        assert!(refused || late.is_ok(), "{late:?}");
        let found = shared.read(LAP - 1, LAP);
        assert_eq!(
            found,
            RangeCounts { oldest: 0, between: 0, newest: 2 },
            "late in another bucket"
        );
        assert_eq!(shared.counts.total(&shared.cells), if refused { 3 } else { 7 });
    });
}

#[test]
fn a_cell_older_than_the_ring_is_flushed_to_no_bucket() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let turn = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record(1, LAP, 2))
        };
        shared.record(0, LAP, 4);
        turn.join().unwrap();
        let found = shared.read(LAP - 1, LAP);
        assert_eq!(found, RangeCounts { oldest: 0, between: 0, newest: 6 });
    });
}
