//! Models of a limiter: events that threads take from a grant while others renew it.

use std::time::Duration;

use loom::sync::Arc;
use loom::thread;

use super::explore;
use crate::clock::ManualClock;
use crate::limiter::{Exceeded, Limit, Limiter, Limits, Remaining};
use crate::stamp::Stamp;

const MS: Duration = Duration::from_millis(1);

/// A limiter with buckets of a millisecond, and its clock at 0.
struct Limited {
    limiter: Limiter,
    clock: ManualClock,
}

impl Limited {
    /// Makes a limiter of events in windows of milliseconds.
    fn new<const N: usize>(limits: [(u64, u32); N]) -> Arc<Self> {
        let limits = limits.map(|(events, ms)| Limit { events, window: ms * MS });
        let limits = Limits::new(limits).unwrap().with_resolution(MS).unwrap();
        let clock = ManualClock::new(Stamp::UNIX_EPOCH);
        Arc::new(Self { limiter: Limiter::with_clock(limits, clock.clone()), clock })
    }

    fn try_record(&self, events: u64) -> Result<Remaining, Exceeded> {
        self.limiter.try_record_many(events)
    }
}

/// Records an event in another thread.
fn spawn(limited: &Arc<Limited>) -> thread::JoinHandle<Result<Remaining, Exceeded>> {
    let limited = Arc::clone(limited);
    thread::spawn(move || limited.try_record(1))
}

#[test]
fn two_threads_take_no_more_than_is_left() {
    explore(|| {
        let limited = Limited::new([(2, 4)]);
        limited.try_record(1).unwrap();
        let other = spawn(&limited);
        let passed = limited.try_record(1).is_ok();
        assert_ne!(passed, other.join().unwrap().is_ok());
        assert_eq!(limited.try_record(0).unwrap().events, 0);
    });
}

#[test]
fn event_taken_while_a_bucket_begins_is_kept() {
    explore(|| {
        let limited = Limited::new([(9, 4)]);
        limited.try_record(1).unwrap();
        let other = spawn(&limited);
        limited.clock.advance(MS);
        limited.try_record(1).unwrap();
        other.join().unwrap().unwrap();
        assert_eq!(limited.try_record(0).unwrap().events, 6);
        limited.clock.advance(4 * MS); // The first bucket has left the window.
        let in_second = limited.try_record(0).unwrap().events;
        assert!(matches!(in_second, 7 | 8), "{in_second}");
    });
}

#[test]
fn refusal_is_that_of_one_grant() {
    explore(|| {
        let limited = Limited::new([(1, 2)]);
        limited.try_record(1).unwrap();
        limited.try_record(1).unwrap_err();
        let other = spawn(&limited);
        limited.clock.advance(3 * MS);
        let passed = limited.try_record(1).is_ok();
        limited.try_record(1).unwrap_err();
        let other = other.join().unwrap();
        assert!(passed || other.is_ok());
        if let Err(refused) = other {
            let retry_after = 3 * MS - Duration::from_nanos(1);
            assert!(passed && refused.retry_after == Some(retry_after), "{refused:?}");
        }
    });
}

#[test]
fn events_that_remain_are_those_of_one_grant() {
    explore(|| {
        let limited = Limited::new([(4, 2), (6, 8)]);
        limited.try_record(3).unwrap(); // Leaves 1 of the first limit and 3 of the second.
        let other = spawn(&limited);
        limited.clock.advance(3 * MS);
        limited.try_record(1).unwrap(); // Leaves 3 and 2, if the other thread recorded nothing.
        let remaining = other.join().unwrap().unwrap();
        let found = (remaining.events, remaining.limit.events);
        assert!(matches!(found, (0, 4) | (1 | 2, 6)), "{found:?}");
    });
}
