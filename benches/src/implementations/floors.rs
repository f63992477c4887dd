//! The floors, which do less work than asked.

use std::hint::black_box;
use std::sync::atomic::{
    AtomicU64,
    Ordering::{Relaxed, Release},
};
use std::time::Duration;

use codec::decode;
use core_time::Stamp;

use super::mutex_map::StatsRow;
use super::{Add, AddAction, Count, CountBetween, GetStats, Record, RecordAt};
use crate::harness::actions::{NAMES, Sample, THOUSANDTHS};

// ORDERING: Relaxed throughout this file: the numbers are read after all threads are done. Release
// where a floor stands for a number that others read concurrently; it costs nothing here.

/// A sum and a count for each action, by a known index.
///
/// Batches are summed in local variables and stored at their end. Nothing is looked up, locked or
/// kept exact; the actions of lines are recognised by the length of their name.
#[derive(Debug, Default)]
pub struct FloorRows([FloorRow; NAMES.len()]);

#[derive(Debug, Default)]
struct FloorRow {
    thousandths: AtomicU64,
    count: AtomicU64,
}

impl FloorRows {
    fn put_down(&self, id: usize, thousandths: u64, count: u64) {
        self.0[id].thousandths.fetch_add(thousandths, Relaxed);
        self.0[id].count.fetch_add(count, Relaxed);
    }
}

/// A number above the length of every name.
const LENGTHS: usize = 16;

/// Accepts only integer times.
impl AddAction for FloorRows {
    fn add_lines(&self, lines: &[&[u8]]) {
        let mut rows = [(0, 0); LENGTHS];
        for line in lines {
            let action = decode(line).expect("the workload holds only valid actions");
            let row = &mut rows[action.name.as_str().len() % LENGTHS];
            row.0 += action.time.as_integer().expect("a whole time");
            row.1 += 1;
        }
        for (id, name) in NAMES.iter().enumerate() {
            let (sum, count) = rows[name.len()];
            self.put_down(id, sum * THOUSANDTHS, count);
        }
    }
}

impl Add for FloorRows {
    type Parsed = (usize, u64);

    fn parsed(sample: Sample) -> Self::Parsed {
        (sample.id, sample.thousandths)
    }

    fn add_parsed(&self, actions: &[Self::Parsed]) {
        let mut rows = [(0, 0); NAMES.len()];
        for &(id, thousandths) in actions {
            rows[id].0 += thousandths;
            rows[id].1 += 1;
        }
        for (id, (thousandths, count)) in rows.into_iter().enumerate() {
            self.put_down(id, thousandths, count);
        }
    }
}

/// A number above the length of every answer.
const TEXT_BYTES: usize = 256;

/// Divides and encodes into a buffer of sufficient capacity, the part that cannot be avoided.
impl GetStats for FloorRows {
    fn stats_text(&self) -> String {
        let rows = std::array::from_fn::<_, { NAMES.len() }, _>(|id| {
            let row = &self.0[id];
            let (sum, count) = (row.thousandths.load(Relaxed), row.count.load(Relaxed));
            StatsRow { action: NAMES[id], avg: sum as f64 / (count * THOUSANDTHS) as f64 }
        });
        let mut text = Vec::with_capacity(TEXT_BYTES);
        serde_json::to_writer(&mut text, &rows).expect("rows are plain data");
        String::from_utf8(text).expect("names are text")
    }
}

/// A number in a local variable, stored at the end of a batch; without time windows.
#[derive(Debug, Default)]
pub struct FloorAdd(AtomicU64);

impl Record for FloorAdd {
    fn record_all(&self, events: u64) {
        let added: u64 = (0..events).map(|_| black_box(1)).sum();
        self.0.fetch_add(added, Relaxed);
    }
}

impl RecordAt for FloorAdd {
    fn record_all_at(&self, _: Stamp, events: u64) {
        self.record_all(events);
    }
}

impl Count for FloorAdd {
    fn count_past(&self, _: Duration) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A thread-local atomic number, incremented for each event without a locked instruction.
///
/// This is the minimum if other threads must see each event at once. The total is stored at the end
/// of a batch, without time windows.
#[derive(Debug, Default)]
pub struct FloorOwnAtomic(AtomicU64);

impl Record for FloorOwnAtomic {
    fn record_all(&self, events: u64) {
        let local = AtomicU64::new(0);
        let shown: &AtomicU64 = black_box(&local); // As if others looked at it.
        for _ in 0..events {
            shown.store(shown.load(Relaxed) + 1, Release);
        }
        self.0.fetch_add(local.load(Relaxed), Relaxed);
    }
}

impl Count for FloorOwnAtomic {
    fn count_past(&self, _: Duration) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A clock that is read for each event and each count. It counts the events.
#[derive(Debug)]
pub struct FloorClock<F> {
    read: F,
    events: AtomicU64,
}

impl<F: Fn() -> R, R> FloorClock<F> {
    /// Reads a clock with `read`.
    pub fn new(read: F) -> Self {
        Self { read, events: AtomicU64::new(0) }
    }
}

impl<F: Fn() -> R + Send + Sync, R> Record for FloorClock<F> {
    fn record_all(&self, events: u64) {
        for _ in 0..events {
            black_box((self.read)());
        }
        self.events.fetch_add(events, Relaxed);
    }
}

impl<F: Fn() -> R + Send + Sync, R> Count for FloorClock<F> {
    fn count_past(&self, _: Duration) -> u64 {
        black_box((self.read)());
        self.events.load(Relaxed)
    }
}

/// An answer that is known beforehand, and is loaded.
#[derive(Debug)]
pub struct FloorLoad(AtomicU64);

impl FloorLoad {
    /// Stores the answer.
    #[must_use]
    pub fn of(answer: u64) -> Self {
        Self(AtomicU64::new(answer))
    }
}

impl Count for FloorLoad {
    fn count_past(&self, _: Duration) -> u64 {
        self.0.load(Relaxed)
    }
}

impl CountBetween for FloorLoad {
    fn count_between(&self, _: Stamp, _: Stamp) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Records nothing: the answer is known.
impl Record for FloorLoad {
    fn record_all(&self, _: u64) {}
}
