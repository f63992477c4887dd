//! Models of counts of what is in flight.

use loom::sync::Arc;
use loom::thread;

use super::explore;
use crate::in_flight::InFlight;
use crate::sync::{AtomicU64, Ordering::Relaxed};

#[test]
fn a_level_of_zero_comes_after_what_was_in_flight() {
    explore(|| {
        let (in_flight, done) = (Arc::new(InFlight::default()), Arc::new(AtomicU64::new(0)));
        let call = in_flight.enter();
        let reader = {
            let (in_flight, done) = (Arc::clone(&in_flight), Arc::clone(&done));
            thread::spawn(move || {
                if in_flight.current() == 0 {
                    assert_eq!(done.load(Relaxed), 1);
                }
            })
        };
        done.store(1, Relaxed);
        drop(call);
        reader.join().unwrap();
    });
}

#[test]
fn who_enters_below_a_limit_of_one_sees_what_the_call_before_did() {
    explore(|| {
        let (in_flight, done) = (Arc::new(InFlight::default()), Arc::new(AtomicU64::new(0)));
        let call = in_flight.enter();
        let next = {
            let (in_flight, done) = (Arc::clone(&in_flight), Arc::clone(&done));
            thread::spawn(move || {
                if let Ok(_guard) = in_flight.try_enter(1) {
                    assert_eq!(done.load(Relaxed), 1);
                }
            })
        };
        done.store(1, Relaxed);
        drop(call);
        next.join().unwrap();
        assert_eq!((in_flight.current(), in_flight.peak()), (0, 1));
    });
}
