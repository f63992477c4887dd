//! Models of what a part's writer shares with readers, each explored in all its interleavings:
//! `cargo xtask loom`.
//!
//! One question each, two or three threads, and room for four words that wait. A record is a bit of
//! its own, so that what is seen tells which records they are. `cargo xtask mutants` shows that
//! each model can fail.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use ::loom::sync::Arc;
use ::loom::thread;
use core_time::{Statistic, Tag};

use crate::action::words::AsWords;
use crate::sync::AtomicU64;
use crate::tracker::shard::{Numbering, Part, Retired};

/// Explores all interleavings in which threads are interrupted no more than three times.
///
/// The reader is the thread that is spawned, as in the models of `core-time`, which say why. For
/// the same reason a record that waits without the lock is hidden by one after it that takes it,
/// so models have the one or the other. A model of which nothing came but its first run is none.
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

/// A record of one word or of two that are the same, which is a bit.
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

/// Which records were taken in, and how many.
#[derive(Debug, Clone, Default)]
struct Taken<const WORDS: usize> {
    bits: u64,
    count: u32,
}

impl<const WORDS: usize> Statistic for Taken<WORDS> {
    type Value = Bit<WORDS>;

    const TAG: Tag = Tag::own("x-taken");

    const NEVER_PANICS: bool = true; // But when a model fails.

    fn insert(&mut self, Bit(bit): Bit<WORDS>) {
        assert_eq!(self.bits & bit, 0, "record {bit} was taken in before: {self:?}");
        self.bits |= bit;
        self.count += 1;
    }

    fn merge(&mut self, other: &Self) {
        assert_eq!(self.bits & other.bits, 0, "{other:?} was taken in before: {self:?}");
        self.bits |= other.bits;
        self.count += other.count;
    }
}

/// A part with what numbers its first records.
struct Shared<const WORDS: usize> {
    part: Part<Taken<WORDS>>,
    next: AtomicU64,
}

/// No record.
const NOTHING: (u64, Option<u64>) = (0, None);

impl<const WORDS: usize> Shared<WORDS> {
    /// Runs a model on a part in which the first of all records lies already.
    fn explore(model: fn(Arc<Self>)) {
        explore(move || {
            let part = Part::new("jump".into(), Taken::default());
            let shared = Arc::new(Self { part, next: AtomicU64::new(10) });
            shared.record(1).unwrap();
            model(shared);
        });
    }

    fn record(&self, bit: u64) -> Result<(), Retired> {
        self.part.record(Bit(bit), &self.next)
    }

    fn record_all(&self, bits: &[u64]) {
        bits.iter().for_each(|&bit| self.record(bit).unwrap());
    }

    fn reset(&self) {
        self.part.reset(&Taken::default());
    }

    /// Which records a reader finds, and the number of the first.
    fn read(&self) -> (u64, Option<u64>) {
        let read = self.part.read(&self.next, |first, statistic, waiting| {
            let mut taken = statistic.clone();
            taken.insert_all(waiting.values());
            assert_eq!(taken.bits.count_ones(), taken.count, "figures of other records");
            (taken.bits, Some(first))
        });
        read.unwrap_or(NOTHING)
    }

    /// Reads in another thread.
    fn reader(shared: &Arc<Self>, check: fn(u64)) -> thread::JoinHandle<()> {
        let shared = Arc::clone(shared);
        thread::spawn(move || check(shared.read().0))
    }
}

/// Checks that of records that came one after the other none is missing but the last.
fn in_order(bits: u64) {
    assert!((bits + 1).is_power_of_two(), "records {bits:b}, of which each came after the last");
    assert_ne!(bits, 0, "what was recorded before is missing");
}

#[test]
fn a_reader_sees_whole_records() {
    Shared::<2>::explore(|shared| {
        let reader = Shared::reader(&shared, in_order);
        shared.record_all(&[2]); // Waits, without the lock.
        reader.join().unwrap();
        assert_eq!(shared.read(), (3, Some(10)));
    });
}

#[test]
fn nothing_is_lost_or_doubled_beside_a_settle() {
    Shared::<2>::explore(|shared| {
        let reader = Shared::reader(&shared, in_order);
        shared.record_all(&[2, 4, 8]); // The second finds no room.
        reader.join().unwrap();
        assert_eq!(shared.read(), (15, Some(10)));
    });
}

#[test]
fn what_anybody_inserts_beside_the_writer_is_kept() {
    Shared::<2>::explore(|shared| {
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.part.insert(Bit(16), Numbering::Given(3)).unwrap();
                let (bits, first) = shared.read();
                assert_eq!((bits & 17, first), (17, Some(3)));
            })
        };
        shared.record_all(&[2, 4]);
        other.join().unwrap();
        assert_eq!(shared.read(), (23, Some(3)));
    });
}

/// Resets beside one record that waits, and beside one more that finds no room.
fn reset_beside<const LAST: u64>(shared: Arc<Shared<2>>) {
    let reset = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            shared.reset();
            let (bits, _) = shared.read();
            assert_eq!(bits & 1, 0, "after the reset there are {bits:b}");
        })
    };
    let beside: Vec<_> = [2, 4].into_iter().filter(|&bit| bit <= LAST).collect();
    shared.record_all(&beside);
    reset.join().unwrap();
    let (bits, _) = shared.read();
    // What is forgotten came before what is kept.
    assert!([0, LAST, 6 & (2 * LAST - 1)].contains(&bits), "after all there are {bits:b}");
    shared.record_all(&[8, 16, 32]);
    assert_eq!(shared.read().0, bits | 56);
}

#[test]
fn reset_forgets_all_of_before_and_nothing_of_after() {
    Shared::explore(reset_beside::<2>);
}

#[test]
fn reset_beside_a_settle_forgets_all_of_before_and_nothing_of_after() {
    Shared::explore(reset_beside::<4>);
}

#[test]
fn a_second_reset_forgets_what_the_first_left() {
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
fn what_comes_after_a_reset_is_numbered() {
    Shared::<1>::explore(|shared| {
        let reset = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.reset())
        };
        shared.record_all(&[2]);
        reset.join().unwrap();
        shared.record_all(&[4]);
        // Numbered when it was recorded, not when somebody looks.
        let later = shared.next.fetch_add(1, Relaxed);
        let (bits, first) = shared.read();
        let is_between = first.is_some_and(|first| 10 < first && first < later);
        assert!(is_between, "{bits:b} has the number {first:?}, before {later}");
        shared.part.record_numbered(Bit(8), 7).unwrap();
        shared.part.record_numbered(Bit(16), 9).unwrap();
        assert_eq!(shared.read(), (bits | 24, Some(7)));
    });
}

#[test]
fn a_retired_part_takes_nothing_in_and_counts_what_it_took() {
    Shared::<1>::explore(|shared| {
        let evicts = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.part.cut().retire(&Taken::default()))
        };
        let beside = [2, 4].map(|bit| shared.record(bit));
        let evicted = evicts.join().unwrap();
        assert_eq!(shared.record(8), Err(Retired), "went into a part that was given up");
        assert_eq!(shared.part.record_numbered(Bit(8), 0), Err(Retired));
        assert_eq!(shared.part.insert(Bit(8), Numbering::Given(0)), Err(Retired));
        let taken = 1 + beside.iter().filter(|taken| taken.is_ok()).count() as u64;
        let stragglers = shared.part.stragglers();
        assert_eq!(evicted + stragglers, taken, "{evicted} were evicted, and {stragglers} beside");
    });
}

#[test]
fn a_part_handed_on_is_not_seen_twice() {
    Shared::<2>::explore(|shared| {
        let first = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record_all(&[2]))
        };
        first.join().unwrap(); // What hands a part on orders the two threads, as this does.
        let second = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record_all(&[4, 8]))
        };
        in_order(shared.read().0);
        second.join().unwrap();
        assert_eq!(shared.read(), (15, Some(10)));
    });
}
