//! Verifies and times the implementations of one scenario, which all do the same work.
//!
//! Each implementation does the work once, on as many threads as it is timed on, and its answer is
//! verified. A wrong answer ends the run, so only correct implementations are timed. A benchmark
//! that the command line filters out does no work.
//!
//! With several threads, each thread does the whole work of a round, and a round takes as long as
//! its slowest thread. A time is therefore what one thread waits for one element while the others
//! do the same: it stays flat if the threads do not contend, and grows with their number if they
//! queue. Threads are started before the clock is, and begin each round together.

pub mod actions;
pub mod events;
pub mod lines;
pub mod names;
mod threads;

use std::mem;
use std::sync::atomic::AtomicBool;

use criterion::measurement::WallTime;
use criterion::{BatchSize, Bencher, BenchmarkGroup, Criterion, Throughput};

use threads::{at_once, time, time_reads, time_rounds, time_steady, with_reader};

/// Seeds every random number of the benchmarks.
const SEED: u64 = 0x5EED;

/// The number of samples of long rounds, the smallest that criterion allows.
///
/// With as many as elsewhere, a dozen groups would take as long as all others.
const SAMPLES_OF_LONG_ROUNDS: usize = 10;

/// Measures the implementations of one scenario.
pub struct Harness<'a> {
    name: String,
    group: BenchmarkGroup<'a, WallTime>,
    threads: usize,
}

impl<'a> Harness<'a> {
    /// Opens the group of a scenario named `operation/scenario`.
    ///
    /// `elements` is the work that each thread does in one round.
    pub fn new(criterion: &'a mut Criterion, name: &str, threads: usize, elements: u64) -> Self {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(elements));
        Self { name: name.to_owned(), group, threads }
    }

    /// Sets the number of bytes in all elements of a round.
    pub fn of_bytes(&mut self, elements: u64, bytes: u64) {
        self.group.throughput(Throughput::ElementsAndBytes { elements, bytes });
    }

    /// Takes fewer samples, for rounds of which each takes tens of milliseconds.
    #[must_use]
    pub fn of_long_rounds(mut self) -> Self {
        self.group.sample_size(SAMPLES_OF_LONG_ROUNDS);
        self
    }

    /// Returns the number of concurrent threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Verifies and times writes. Each round starts with a fresh implementation.
    ///
    /// # Panics
    ///
    /// If the implementation gives a wrong answer.
    pub fn bench_writer<S: Send + Sync>(
        &mut self,
        name: &str,
        fresh: impl Fn() -> S + Sync,
        write: impl Fn(&S) + Sync,
        verify: impl Fn(&S) -> Result<(), String>,
    ) {
        let (scenario, threads) = (&self.name, self.threads);
        let mut verified = false;
        self.group.bench_function(name, |bencher| {
            if !mem::replace(&mut verified, true) {
                let implementation = fresh();
                at_once(threads, |_| write(&implementation));
                require(scenario, name, verify(&implementation));
            }
            match threads {
                1 => bencher.iter_batched_ref(&fresh, |s| write(s), BatchSize::PerIteration),
                _ => bencher.iter_custom(|rounds| {
                    time_rounds(threads, rounds, &fresh, |_, one| time(|| write(one)))
                }),
            }
        });
    }

    /// Verifies and times writes of one thread while another thread reads.
    ///
    /// The reader reads every microsecond, or as often as it can. Only the writer is timed.
    ///
    /// # Panics
    ///
    /// If the implementation gives a wrong answer.
    pub fn bench_writer_with_reader<S: Send + Sync, R>(
        &mut self,
        name: &str,
        fresh: impl Fn() -> S + Sync,
        write: impl Fn(&S) + Sync,
        read: impl Fn(&S) -> R + Sync,
        verify: impl Fn(&S) -> Result<(), String>,
    ) {
        let scenario = &self.name;
        let mut verified = false;
        self.group.bench_function(name, |bencher| {
            let is_done = AtomicBool::new(false);
            let work = |role, one: &S| with_reader(role, &is_done, one, &write, &read);
            if !mem::replace(&mut verified, true) {
                let implementation = fresh();
                at_once(2, |role| work(role, &implementation));
                require(scenario, name, verify(&implementation));
            }
            bencher.iter_custom(|rounds| time_rounds(2, rounds, &fresh, work));
        });
    }

    /// Verifies and times reads of an implementation that is filled once.
    ///
    /// # Panics
    ///
    /// If the implementation gives a wrong answer.
    pub fn bench_reader<S: Sync, R>(
        &mut self,
        name: &str,
        filled: impl Fn() -> S,
        read: impl Fn(&S) -> R + Sync,
        verify: impl Fn(&S) -> Result<(), String>,
    ) {
        let (scenario, threads) = (&self.name, self.threads);
        let mut implementation = None;
        self.group.bench_function(name, |bencher: &mut Bencher| {
            let implementation = &*implementation.get_or_insert_with(|| {
                let implementation = filled();
                require(scenario, name, verify(&implementation));
                implementation
            });
            match threads {
                1 => bencher.iter(|| read(implementation)),
                _ => {
                    bencher.iter_custom(|reads| time_reads(threads, reads, || read(implementation)))
                }
            }
        });
    }

    /// Verifies and times work that continues from round to round.
    ///
    /// # Panics
    ///
    /// If the implementation gives a wrong answer.
    pub fn bench_steady<S: Steady>(&mut self, name: &str, made: impl Fn() -> S) {
        let (scenario, threads) = (&self.name, self.threads);
        let mut implementation = None;
        self.group.bench_function(name, |bencher| {
            let implementation = &*implementation.get_or_insert_with(|| {
                let implementation = made();
                at_once(threads, |_| {
                    let mut local = implementation.local();
                    implementation.work(&mut local);
                    implementation.collect(local);
                });
                require(scenario, name, implementation.verify());
                implementation
            });
            bencher.iter_custom(|rounds| time_steady(threads, rounds, implementation));
        });
    }
}

/// Does the same work round after round, on an implementation that is made once.
///
/// The cost of the first use, such as adding a name, is therefore not measured.
pub trait Steady: Sync {
    /// The state of one thread: a handle, a map or nothing.
    type Local;

    /// Makes the state of one thread, and does the work that is needed only once.
    fn local(&self) -> Self::Local;

    /// Does the work of one round.
    fn work(&self, local: &mut Self::Local);

    /// Frees memory after a round; this is not timed.
    fn make_room(&self) {}

    /// Collects the state of one thread, to be verified.
    fn collect(&self, local: Self::Local);

    /// Checks the answer after each thread did one round.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the answer.
    fn verify(&self) -> Result<(), String>;
}

/// Panics if the answer is wrong.
fn require(scenario: &str, name: &str, verified: Result<(), String>) {
    if let Err(wrong) = verified {
        panic!("{scenario}/{name} gives a wrong answer and is not timed: {wrong}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "add/threads_01/ring gives a wrong answer and is not timed: 2 are 3")]
    fn wrong_implementation_is_not_timed() {
        let mut criterion = Criterion::default();
        let mut harness = Harness::new(&mut criterion, "add/threads_01", 1, 1);
        let timed = |_: &()| unreachable!("it is verified first");
        harness.bench_reader("ring", || (), timed, |()| Err("2 are 3".to_owned()));
    }
}
