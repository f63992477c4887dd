//! A contest: one scenario of one operation, the same work for everyone who takes part.
//!
//! A benchmark is a test that also keeps time: everyone does the work once, on as many threads as
//! it is then timed on, and the answer is verified. Only what passes is timed, and what is filtered
//! out on the command line does no work at all.
//!
//! Where several threads work at once, each does the whole work of a round, and a round takes as
//! long as the slowest thread. So a time is what one thread waits for one element while the others
//! do the same: it stays flat in the number of threads if they are not in each other's way, and
//! doubles with it if they queue up. Threads are started before the time is taken, and begin a
//! round together.

use std::hint;
use std::mem;
use std::sync::RwLock;
use std::sync::atomic::{
    AtomicBool, AtomicU64, AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use std::thread;
use std::time::Duration;

use criterion::measurement::{Measurement, WallTime};
use criterion::{BatchSize, Bencher, BenchmarkGroup, Criterion, Throughput};

/// What verifying a subject found: nothing wrong, or what.
pub type Verdict = Result<(), String>;

/// One scenario, and the group criterion makes of it.
pub struct Contest<'a> {
    name: String,
    group: BenchmarkGroup<'a, WallTime>,
    threads: usize,
}

impl<'a> Contest<'a> {
    /// Opens a contest named `operation/scenario`.
    ///
    /// `elements` is the work that each of the threads does in one round.
    pub fn new(criterion: &'a mut Criterion, name: &str, threads: usize, elements: u64) -> Self {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(elements));
        Self { name: name.to_owned(), group, threads }
    }

    /// Says how many bytes those elements are, all together.
    pub fn of_bytes(&mut self, elements: u64, bytes: u64) {
        self.group.throughput(Throughput::ElementsAndBytes { elements, bytes });
    }

    /// How many threads work at once.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Verifies and times work that changes what it is done on, which is made afresh for each
    /// round.
    ///
    /// # Panics
    ///
    /// If the subject is found to be wrong.
    pub fn enter_writer<S: Send + Sync>(
        &mut self,
        implementation: &str,
        fresh: impl Fn() -> S + Sync,
        write: impl Fn(&S) + Sync,
        verify: impl Fn(&S) -> Verdict,
    ) {
        let (name, threads) = (&self.name, self.threads);
        let mut verified = false;
        self.group.bench_function(implementation, |bencher| {
            if !mem::replace(&mut verified, true) {
                let subject = fresh();
                at_once(threads, |_| write(&subject));
                accept(name, implementation, verify(&subject));
            }
            match threads {
                1 => bencher.iter_batched_ref(&fresh, |s| write(s), BatchSize::PerIteration),
                _ => bencher.iter_custom(|rounds| {
                    time_rounds(threads, rounds, &fresh, |_, subject| time(|| write(subject)))
                }),
            }
        });
    }

    /// Verifies and times work as [`enter_writer`](Self::enter_writer) does, on one thread, while
    /// another asks a question every microsecond, or as often as it can.
    ///
    /// # Panics
    ///
    /// If the subject is found to be wrong.
    pub fn enter_writer_beside_reader<S: Send + Sync, R>(
        &mut self,
        implementation: &str,
        fresh: impl Fn() -> S + Sync,
        write: impl Fn(&S) + Sync,
        read: impl Fn(&S) -> R + Sync,
        verify: impl Fn(&S) -> Verdict,
    ) {
        let name = &self.name;
        let mut verified = false;
        self.group.bench_function(implementation, |bencher| {
            if !mem::replace(&mut verified, true) {
                let (subject, is_done) = (fresh(), AtomicBool::new(false));
                at_once(2, |role| beside_reader(role, &is_done, &subject, &write, &read));
                accept(name, implementation, verify(&subject));
            }
            let is_done = AtomicBool::new(false);
            let work = |role, subject: &S| beside_reader(role, &is_done, subject, &write, &read);
            bencher.iter_custom(|rounds| time_rounds(2, rounds, &fresh, work));
        });
    }

    /// Verifies and times a question that changes nothing. What is asked is filled once.
    ///
    /// # Panics
    ///
    /// If the subject is found to be wrong.
    pub fn enter_reader<S: Sync, R>(
        &mut self,
        implementation: &str,
        filled: impl Fn() -> S,
        read: impl Fn(&S) -> R + Sync,
        verify: impl Fn(&S) -> Verdict,
    ) {
        let (name, threads) = (&self.name, self.threads);
        let mut subject = None;
        self.group.bench_function(implementation, |bencher: &mut Bencher| {
            let subject = &*subject.get_or_insert_with(|| {
                let subject = filled();
                accept(name, implementation, verify(&subject));
                subject
            });
            match threads {
                1 => bencher.iter(|| read(subject)),
                _ => bencher.iter_custom(|reads| time_reads(threads, reads, || read(subject))),
            }
        });
    }
}

/// Work that goes on round after round, on what was made once.
///
/// So what happens only at first, such as to meet a name, is no part of the time.
pub trait Steady: Sync {
    /// What a thread has for itself: a handle, a map, nothing.
    type Own;

    /// Makes what a thread has for itself, and does what happens only at first.
    fn own(&self) -> Self::Own;

    /// Does the work of one round.
    fn work(&self, own: &mut Self::Own);

    /// Makes room after a round; that is not timed.
    fn make_room(&self) {}

    /// Takes what a thread had for itself, to be verified.
    fn hand_in(&self, own: Self::Own);

    /// Checks the answer after each thread did one round.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    fn verify(&self) -> Verdict;
}

impl Contest<'_> {
    /// Verifies and times work that goes on.
    ///
    /// # Panics
    ///
    /// If the subject is found to be wrong.
    pub fn enter_steady<S: Steady>(&mut self, implementation: &str, made: impl Fn() -> S) {
        let (name, threads) = (&self.name, self.threads);
        let mut subject = None;
        self.group.bench_function(implementation, |bencher| {
            let subject = &*subject.get_or_insert_with(|| {
                let subject = made();
                at_once(threads, |_| {
                    let mut own = subject.own();
                    subject.work(&mut own);
                    subject.hand_in(own);
                });
                accept(name, implementation, subject.verify());
                subject
            });
            bencher.iter_custom(|rounds| time_steady(threads, rounds, subject));
        });
    }
}

/// Goes on only if nothing is wrong.
fn accept(contest: &str, implementation: &str, verdict: Verdict) {
    if let Err(wrong) = verdict {
        panic!("{contest}/{implementation} is wrong and was not timed: {wrong}");
    }
}

/// Works on several threads, of which this one is the leader, and returns what the leader's work
/// did.
fn at_once<R: Send>(threads: usize, work: impl Fn(Role) -> R + Sync) -> R {
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| work(Role::Follower));
        }
        work(Role::Leader)
    })
}

/// Who a thread is among those that work at once: one leads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Leader,
    Follower,
}

/// Times rounds of work on several threads, each of which tells how long it took: of each round
/// what the slowest told.
fn time_rounds<S: Send + Sync>(
    threads: usize,
    rounds: u64,
    fresh: impl Fn() -> S + Sync,
    work: impl Fn(Role, &S) -> Duration + Sync,
) -> Duration {
    let (gate, slowest) = (Gate::new(threads), Slowest::default());
    let stage = RwLock::new(None);
    at_once(threads, |role| {
        let mut total = Duration::ZERO;
        for _ in 0..rounds {
            if role == Role::Leader {
                *stage.write().expect("no thread panicked on stage") = Some(fresh());
            }
            gate.pass(); // There is a subject to take hold of.
            let held = stage.read().expect("no thread panicked on stage");
            let subject = held.as_ref().expect("the leader went first");
            gate.pass(); // All hold it.
            slowest.note(work(role, subject));
            drop(held);
            gate.pass(); // All are done.
            if role == Role::Leader {
                total += slowest.take();
            }
        }
        total
    })
}

/// Times rounds of work that goes on, on several threads: of each round what the slowest took.
fn time_steady<S: Steady>(threads: usize, rounds: u64, subject: &S) -> Duration {
    let (gate, slowest) = (Gate::new(threads), Slowest::default());
    at_once(threads, |role| {
        let (mut own, mut total) = (subject.own(), Duration::ZERO);
        for _ in 0..rounds {
            gate.pass(); // All are ready.
            slowest.note(time(|| subject.work(&mut own)));
            gate.pass(); // All are done.
            if role == Role::Leader {
                total += slowest.take();
                subject.make_room();
            }
        }
        total
    })
}

/// Times so many reads on each of several threads at once: what the slowest took for all of its
/// own.
fn time_reads<R>(threads: usize, reads: u64, read: impl Fn() -> R + Sync) -> Duration {
    let (gate, slowest) = (Gate::new(threads), Slowest::default());
    at_once(threads, |_| {
        gate.pass();
        slowest.note(time(|| (0..reads).for_each(|_| drop(hint::black_box(read())))));
    });
    slowest.take()
}

/// Times work by criterion's own clock.
fn time(work: impl FnOnce()) -> Duration {
    let start = WallTime.start();
    work();
    WallTime.end(start)
}

/// What lies between two questions of a reader beside a writer.
const PAUSE: Duration = Duration::from_micros(1);

/// A round of the writer, who leads and is timed, or of the reader, who is not and asks until the
/// writer is done.
fn beside_reader<S, R>(
    role: Role,
    is_done: &AtomicBool,
    subject: &S,
    write: impl Fn(&S),
    read: impl Fn(&S) -> R,
) -> Duration {
    // ORDERING: Release store, Acquire load; Relaxed to take the flag down.
    // Needs: the flag is down when a round begins.
    // Gives: the reader takes it down before the gate behind the round.
    // Not needed: that the reader sees it soon; nobody waits for it who is timed.
    if role == Role::Leader {
        let took = time(|| write(subject));
        is_done.store(true, Release);
        return took;
    }
    let (start, mut next) = (WallTime.start(), PAUSE);
    while !is_done.load(Acquire) {
        if WallTime.end(start) >= next {
            hint::black_box(read(subject));
            next += PAUSE;
        }
        hint::spin_loop();
    }
    is_done.store(false, Relaxed);
    Duration::ZERO
}

/// The longest of the times that several threads took.
#[derive(Default)]
struct Slowest(AtomicU64);

impl Slowest {
    fn note(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        // ORDERING: Relaxed, here and in `take`: the gate, or the end of the thread, lies between.
        self.0.fetch_max(nanos, Relaxed);
    }

    /// Tells the longest, and begins anew.
    fn take(&self) -> Duration {
        Duration::from_nanos(self.0.swap(0, Relaxed))
    }
}

/// A barrier that threads spin at, so that they leave it within a fraction of a microsecond.
///
/// The standard one puts threads to sleep; the first to wake would be done with a short round
/// before the last has begun it, and no two would ever be in each other's way. A thread that panics
/// leaves the others waiting for ever: what could panic was verified before.
struct Gate {
    threads: usize,
    arrived: AtomicUsize,
    opened: AtomicUsize,
}

/// How often a thread looks before it lets others run: some microseconds, if it has a core of its
/// own.
const SPINS: u32 = 10_000;

impl Gate {
    fn new(threads: usize) -> Self {
        Self { threads, arrived: AtomicUsize::new(0), opened: AtomicUsize::new(0) }
    }

    /// Waits until all threads are here.
    fn pass(&self) {
        // ORDERING: AcqRel add, Release store, Acquire load.
        // Needs: what any thread did before the gate is seen by all of them behind it; and the gate
        // is back at none arrived before anyone comes to it again.
        // Gives: the last to arrive receives the others' adds, and releases all to who sees it
        // open.
        let opened = self.opened.load(Relaxed); // Cannot change before this thread arrives.
        if self.arrived.fetch_add(1, AcqRel) + 1 == self.threads {
            self.arrived.store(0, Relaxed);
            self.opened.store(opened + 1, Release);
            return;
        }
        let mut spins = 0;
        while self.opened.load(Acquire) == opened {
            spins += 1;
            if spins % SPINS == 0 {
                thread::yield_now();
            }
            hint::spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_works_on_every_round_and_on_that_alone() {
        let finished = AtomicU64::new(0);
        let fresh = || AtomicU64::new(0);
        let work = |_, subject: &AtomicU64| {
            let _ = (0..100).map(|_| subject.fetch_add(1, Relaxed)).max();
            finished.fetch_max(subject.load(Relaxed), Relaxed);
            Duration::from_nanos(1)
        };
        assert_eq!(time_rounds(3, 50, fresh, work), Duration::from_nanos(50));
        assert_eq!(
            finished.into_inner(),
            300,
            "a round is shared by three, a subject by one round"
        );
    }

    #[test]
    fn reader_asks_in_every_round_until_the_writer_is_done() {
        let (is_done, rounds_read) = (AtomicBool::new(false), AtomicU64::new(0));
        let fresh = || AtomicU64::new(0);
        let write = |asked: &AtomicU64| while asked.load(Relaxed) < 3 {};
        let read = |asked: &AtomicU64| {
            if asked.fetch_add(1, Relaxed) == 2 {
                rounds_read.fetch_add(1, Relaxed);
            }
        };
        let work = |role, asked: &AtomicU64| beside_reader(role, &is_done, asked, write, read);
        time_rounds(2, 20, fresh, work);
        assert_eq!((rounds_read.into_inner(), is_done.into_inner()), (20, false));
    }

    /// Counts rounds, and what became of them.
    #[derive(Default)]
    struct Rounds {
        begun: AtomicU64,
        worked: AtomicU64,
        made_room: AtomicU64,
    }

    impl Steady for Rounds {
        type Own = ();

        fn own(&self) {
            self.begun.fetch_add(1, Relaxed);
        }

        fn work(&self, (): &mut ()) {
            self.worked.fetch_add(1, Relaxed);
        }

        fn make_room(&self) {
            let rounds = self.made_room.fetch_add(1, Relaxed) + 1;
            assert_eq!(self.worked.load(Relaxed), rounds * 3, "all are done, none has gone on");
        }

        fn hand_in(&self, (): ()) {}

        fn verify(&self) -> Verdict {
            Ok(())
        }
    }

    #[test]
    fn steady_work_begins_once_and_makes_room_between_rounds() {
        let rounds = Rounds::default();
        time_steady(3, 50, &rounds);
        let Rounds { begun, worked, made_room } = rounds;
        let found = [begun, worked, made_room].map(AtomicU64::into_inner);
        assert_eq!(found, [3, 150, 50]);
    }

    #[test]
    fn every_thread_reads_as_often_as_asked() {
        let reads = AtomicU64::new(0);
        time_reads(3, 70, || reads.fetch_add(1, Relaxed));
        assert_eq!(reads.into_inner(), 210);
    }

    #[test]
    #[should_panic(expected = "add/threads_01/ring is wrong and was not timed: 2 are 3")]
    fn subject_that_is_wrong_is_not_timed() {
        let mut criterion = Criterion::default();
        let mut contest = Contest::new(&mut criterion, "add/threads_01", 1, 1);
        let timed = |_: &()| unreachable!("is verified first");
        contest.enter_reader("ring", || (), timed, |()| Err("2 are 3".to_owned()));
    }
}
