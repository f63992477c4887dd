//! Promise J2: a recorder that is dropped leaves its memory to the next.
//!
//! In a process of its own, because the recorders of other tests would take the places.

#![cfg(feature = "counter")]

use std::sync::Arc;

use core_time::{EventCounter, ManualClock, OwnedRecorder, Stamp};

#[test]
fn a_recorder_keeps_its_counter_and_leaves_its_cell_to_the_next() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let counter = Arc::new(EventCounter::with_clock(Default::default(), clock));
    let mut recorder: OwnedRecorder = counter.owned_recorder();
    recorder.record();
    let used = allocation_counter::measure(|| {
        for _ in 0..100 {
            drop(counter.owned_recorder());
            recorder = counter.owned_recorder();
            recorder.record();
        }
    });
    assert!(used.bytes_current <= 2 * 128, "{} bytes for 100 recorders", used.bytes_current);
    drop(counter);
    recorder.record();
    assert_eq!(recorder.counter().total(), 102);
    assert_eq!(Arc::strong_count(recorder.counter()), 1);
}
