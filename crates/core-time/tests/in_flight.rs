//! Counts of what is in flight: exact from any number of threads, with peak and limit.

#![cfg(feature = "counter")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread;

use core_time::{InFlight, InFlightGuard, TooManyInFlight};

const THREADS: u32 = 4;

#[test]
fn level_and_peak_are_exact_from_many_threads() {
    let in_flight = InFlight::default();
    let (all_entered, all_seen) = (Barrier::new(4), Barrier::new(4));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..50_000 {
                    let _outer = in_flight.enter();
                    let _inner = in_flight.enter();
                    assert!((2..=2 * THREADS).contains(&in_flight.current()));
                }
                let _guard = in_flight.enter();
                all_entered.wait();
                assert_eq!(in_flight.current(), THREADS);
                all_seen.wait();
            });
        }
    });
    assert_eq!(in_flight.current(), 0);
    assert!((THREADS..=2 * THREADS).contains(&in_flight.peak()));
}

#[test]
fn a_limit_is_reached_and_never_exceeded() {
    const MAX: u32 = 2;
    let (in_flight, entered) = (InFlight::default(), AtomicU32::new(0));
    let (all_begin, all_tried) = (Barrier::new(4), Barrier::new(4));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..100 {
                    all_begin.wait();
                    let guard = in_flight.try_enter(MAX);
                    entered.fetch_add(u32::from(guard.is_ok()), Relaxed);
                    all_tried.wait();
                }
            });
        }
    });
    // In each round the guards are kept until all have tried.
    assert_eq!(entered.into_inner(), 100 * MAX);
    assert_eq!((in_flight.current(), in_flight.peak()), (0, MAX));
}

#[test]
fn a_refusal_says_how_many_are_in_flight_and_counts_nothing() {
    let in_flight = Arc::new(InFlight::default());
    let _two = [in_flight.enter_owned(), in_flight.enter_owned()];
    let refused: [TooManyInFlight; 2] =
        [in_flight.try_enter(2).unwrap_err(), in_flight.try_enter_owned(1).unwrap_err()];
    assert_eq!(refused.map(|refused| (refused.current, refused.max)), [(2, 2), (2, 1)]);
    assert_eq!(refused[0].to_string(), "2 in flight, limit is 2, retry when one has ended");
    assert_eq!((in_flight.current(), in_flight.peak()), (2, 2));
    assert!(InFlight::new().try_enter(0).is_err());
    assert_eq!(format!("{in_flight:?}"), "InFlight { current: 2, peak: 2 }");
}

#[test]
fn a_panic_leaves() {
    let in_flight = InFlight::default();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _guard = in_flight.enter();
        panic!("a call fails");
    }));
    assert!(panicked.is_err());
    assert_eq!((in_flight.current(), in_flight.peak()), (0, 1));
}

#[test]
fn a_peak_begins_at_the_present_level() {
    let in_flight = InFlight::default();
    let open = in_flight.enter();
    drop((in_flight.enter(), in_flight.enter()));
    assert_eq!((in_flight.reset_peak(), in_flight.peak()), (3, 1));
    drop(open);
    assert_eq!((in_flight.reset_peak(), in_flight.reset_peak()), (1, 0));
}

#[test]
fn guards_go_where_threads_and_tasks_go() {
    fn moves<T: Send + Sync + 'static>(_: &T) {}
    let in_flight = Arc::new(InFlight::default());
    let guard: InFlightGuard<Arc<InFlight>> = in_flight.enter_owned();
    moves(&guard);
    moves(&in_flight);
    let other = thread::spawn(move || drop(guard));
    other.join().unwrap();
    assert_eq!((in_flight.current(), Arc::strong_count(&in_flight)), (0, 1));
}
