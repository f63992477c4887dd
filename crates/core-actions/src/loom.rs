//! Models of a shard that a writer shares with readers; `cargo xtask loom` explores them.
//!
//! Each model asks one question, with two or three threads and a buffer of four words. Each record
//! is a different bit, so that a read identifies its records. `cargo xtask mutants` shows that each
//! model can fail.

mod removal;
mod shared_handle;

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use ::loom::sync::Arc;
use ::loom::thread;
use core_time::{Statistic, Tag};

use crate::action::words::AsWords;
use crate::sync::AtomicU64;
use crate::tracker::shard::{Numbering, Retired, Shard};

/// Explores all interleavings in which threads are interrupted no more than three times.
///
/// The reader is the thread that is spawned; the models of `core-time` say why. For the same reason
/// a record that takes the lock hides an earlier one that does not, so a model has one of the two.
/// A model with one interleaving checks nothing.
#[expect(clippy::print_stdout, reason = "shown by `cargo xtask loom` alone")]
fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = ::loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    let runs = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&runs);
    builder.check(move || {
        counted.fetch_add(1, Relaxed);
        model();
    });
    let runs = runs.load(Relaxed);
    assert!(runs > 1, "threads never met");
    println!("{runs} interleavings");
}

/// A record: one bit, in one word or in two equal ones.
#[derive(Debug, Clone, Copy)]
struct Bit<const WORDS: usize>(u64);

impl<const WORDS: usize> AsWords for Bit<WORDS> {
    const WORDS: usize = WORDS;

    fn write_words(self, words: &mut [u64]) -> bool {
        words.fill(self.0);
        true
    }

    fn from_words(words: &[u64]) -> Self {
        assert!(
            words.iter().all(|&word| word == words[0] && word != 0),
            "half a record: {words:?}"
        );
        Self(words[0])
    }
}

/// Keeps the records, and their number.
#[derive(Debug, Clone, Default)]
struct Recorded<const WORDS: usize> {
    bits: u64,
    count: u32,
}

impl<const WORDS: usize> Statistic for Recorded<WORDS> {
    type Value = Bit<WORDS>;

    const TAG: Tag = Tag::own("x-recorded");

    const NEVER_PANICS: bool = true; // But when a model fails.

    fn insert(&mut self, Bit(bit): Bit<WORDS>) {
        assert_eq!(self.bits & bit, 0, "record {bit} was inserted before: {self:?}");
        self.bits |= bit;
        self.count += 1;
    }

    fn merge(&mut self, other: &Self) {
        assert_eq!(self.bits & other.bits, 0, "{other:?} was inserted before: {self:?}");
        self.bits |= other.bits;
        self.count += other.count;
    }
}

/// A shard, and the counter that numbers its first records.
struct Shared<const WORDS: usize> {
    shard: Shard<Recorded<WORDS>>,
    next: AtomicU64,
}

/// The result of a read without a record.
const NOTHING: (u64, Option<u64>) = (0, None);

impl<const WORDS: usize> Shared<WORDS> {
    /// Runs a model on a shard that has a first record.
    fn explore(model: fn(Arc<Self>)) {
        explore(move || {
            let shard = Shard::new("jump".into(), Recorded::default());
            let shared = Arc::new(Self { shard, next: AtomicU64::new(10) });
            shared.record(1).unwrap();
            model(shared);
        });
    }

    fn record(&self, bit: u64) -> Result<(), Retired> {
        self.shard.record(Bit(bit), &self.next)
    }

    fn record_all(&self, bits: &[u64]) {
        bits.iter().for_each(|&bit| self.record(bit).unwrap());
    }

    fn reset(&self) {
        self.shard.reset(&Recorded::default());
    }

    /// Returns the records that a reader finds, and the number of the first.
    fn read(&self) -> (u64, Option<u64>) {
        let read = self.shard.read(&self.next, |first, statistic, buffered| {
            let mut recorded = statistic.clone();
            recorded.insert_all(buffered.values());
            assert_eq!(recorded.bits.count_ones(), recorded.count, "a count of other records");
            (recorded.bits, Some(first))
        });
        read.unwrap_or(NOTHING)
    }

    /// Reads in another thread.
    fn reader(shared: &Arc<Self>, check: fn(u64)) -> thread::JoinHandle<()> {
        let shared = Arc::clone(shared);
        thread::spawn(move || check(shared.read().0))
    }
}

/// Checks that only the latest records are missing.
fn in_order(bits: u64) {
    assert!((bits + 1).is_power_of_two(), "records {bits:b}, with an earlier one missing");
    assert_ne!(bits, 0, "the first record is missing");
}

#[test]
fn a_reader_absorbs_each_record_once() {
    Shared::<1>::explore(|shared| {
        let reader = Arc::clone(&shared);
        let read = thread::spawn(move || {
            reader.shard.cut().absorb(&reader.next);
            reader.read()
        });
        shared.record_all(&[2, 4, 8, 16]); // One more than fit, so that the buffer is flushed.
        let (found, first) = read.join().unwrap();
        assert!([1, 3, 7, 15, 31].contains(&found) && first == Some(10), "{found}, {first:?}");
        assert_eq!(shared.read(), (31, Some(10)));
    });
}

#[test]
fn a_reader_sees_whole_records() {
    Shared::<2>::explore(|shared| {
        let reader = Shared::reader(&shared, in_order);
        shared.record_all(&[2]); // Buffered without the lock.
        reader.join().unwrap();
        assert_eq!(shared.read(), (3, Some(10)));
    });
}

#[test]
fn a_flush_neither_loses_nor_doubles_values() {
    Shared::<2>::explore(|shared| {
        let reader = Shared::reader(&shared, in_order);
        shared.record_all(&[2, 4, 8]); // The second takes the lock.
        reader.join().unwrap();
        assert_eq!(shared.read(), (15, Some(10)));
    });
}

#[test]
fn an_insert_concurrent_with_the_writer_is_kept() {
    Shared::<2>::explore(|shared| {
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.shard.insert(Bit(16), Numbering::Given(3)).unwrap();
                let (bits, first) = shared.read();
                assert_eq!((bits & 17, first), (17, Some(3)));
            })
        };
        shared.record_all(&[2, 4]);
        other.join().unwrap();
        assert_eq!(shared.read(), (23, Some(3)));
    });
}

/// Resets concurrently with a buffered record, and with one more that takes the lock.
fn reset_concurrent_with<const LAST: u64>(shared: Arc<Shared<2>>) {
    let reset = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            shared.reset();
            let (bits, _) = shared.read();
            assert_eq!(bits & 1, 0, "after the reset there are {bits:b}");
        })
    };
    let concurrent: Vec<_> = [2, 4].into_iter().filter(|&bit| bit <= LAST).collect();
    shared.record_all(&concurrent);
    reset.join().unwrap();
    let (bits, _) = shared.read();
    // The discarded records are earlier than the kept ones.
    assert!([0, LAST, 6 & (2 * LAST - 1)].contains(&bits), "at the end there are {bits:b}");
    shared.record_all(&[8, 16, 32]);
    assert_eq!(shared.read().0, bits | 56);
}

#[test]
fn reset_discards_only_earlier_records() {
    Shared::explore(reset_concurrent_with::<2>);
}

#[test]
fn reset_concurrent_with_a_flush_discards_only_earlier_records() {
    Shared::explore(reset_concurrent_with::<4>);
}

#[test]
fn a_second_reset_discards_the_rest() {
    Shared::<1>::explore(|shared| {
        let reset = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || [(), ()].iter().for_each(|()| shared.reset()))
        };
        shared.record_all(&[2]);
        reset.join().unwrap();
        assert!([0, 2].contains(&shared.read().0));
        shared.reset();
        assert_eq!(shared.read(), NOTHING);
        shared.record_all(&[4]);
        assert_eq!(shared.read().0, 4);
    });
}

#[test]
fn a_record_after_a_reset_is_numbered() {
    Shared::<1>::explore(|shared| {
        let reset = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.reset())
        };
        shared.record_all(&[2]);
        reset.join().unwrap();
        shared.record_all(&[4]);
        // Numbered when it was recorded, not when it is read.
        let later = shared.next.fetch_add(1, Relaxed);
        let (bits, first) = shared.read();
        let is_between = first.is_some_and(|first| 10 < first && first < later);
        assert!(is_between, "{bits:b} has the number {first:?}, before {later}");
        shared.shard.record_numbered(Bit(8), 7).unwrap();
        shared.shard.record_numbered(Bit(16), 9).unwrap();
        assert_eq!(shared.read(), (bits | 24, Some(7)));
    });
}

#[test]
fn a_retired_shard_refuses_values_and_counts_stragglers() {
    Shared::<1>::explore(|shared| {
        let evicts = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.shard.cut().retire(&Recorded::default()))
        };
        let concurrent = [2, 4].map(|bit| shared.record(bit));
        let evicted = evicts.join().unwrap();
        assert_eq!(shared.record(8), Err(Retired), "went into a retired shard");
        assert_eq!(shared.shard.record_numbered(Bit(8), 0), Err(Retired));
        assert_eq!(shared.shard.insert(Bit(8), Numbering::Given(0)), Err(Retired));
        let accepted = 1 + concurrent.iter().filter(|recorded| recorded.is_ok()).count() as u64;
        let stragglers = shared.shard.stragglers();
        assert_eq!(evicted + stragglers, accepted, "{evicted} evicted, {stragglers} stragglers");
    });
}

#[test]
fn a_shard_of_the_next_writer_is_not_read_twice() {
    Shared::<2>::explore(|shared| {
        let first = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record_all(&[2]))
        };
        // The next writer of a shard is ordered after this one in the same way.
        first.join().unwrap();
        let second = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record_all(&[4, 8]))
        };
        in_order(shared.read().0);
        second.join().unwrap();
        assert_eq!(shared.read(), (15, Some(10)));
    });
}
