//! Promise J2: a recorder that is dropped leaves its memory to the next.

#![cfg(feature = "counter")]

use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use core_time::{EventCounter, ManualClock, OwnedRecorder, Recorder, Stamp, WindowSpec};

#[test]
fn a_recorder_keeps_its_counter_and_leaves_its_cell_to_the_next() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let counter = Arc::new(EventCounter::with_clock(Default::default(), clock));
    let mut recorder: OwnedRecorder = counter.owned_recorder();
    recorder.record();
    let used = measure(|| {
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

/// What a recorder costs while it lives, and what stays when it is gone.
#[test]
fn recorders_that_are_gone_leave_no_cells() {
    const RECORDERS: usize = 100_000;
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let counter = EventCounter::with_clock(WindowSpec::default(), clock.clone());
    let mut recorders = Vec::with_capacity(RECORDERS);
    let made = measure(|| recorders.extend((0..RECORDERS).map(|_| counter.recorder())));
    let each = made.bytes_current / RECORDERS as i64;
    assert!((128..=168).contains(&each), "{each} bytes for a recorder");
    recorders.iter_mut().for_each(Recorder::record);
    assert_eq!(cells(&counter), RECORDERS);
    clock.advance(Duration::from_secs(1));
    let dropped = measure(|| recorders.drain(..).for_each(drop));
    assert_eq!((counter.total(), cells(&counter)), (RECORDERS as u64, 0));
    let window = counter.count(Duration::from_secs(2)).unwrap();
    assert_eq!((window.at_least, window.events), (RECORDERS as u64, RECORDERS as u64));
    // The cells of the first 32, and the pointers to them.
    let kept = made.bytes_current + dropped.bytes_current;
    assert!((32 * 128..=32 * 160).contains(&kept), "{kept} bytes are kept");
    // A first one and a further one, again.
    let again = measure(|| drop([(); 33].map(|()| counter.recorder())));
    assert_eq!((again.bytes_current, cells(&counter)), (0, 0));
}

/// Returns the number of cells of recorders that a read visits.
fn cells(counter: &EventCounter) -> usize {
    let debug = format!("{counter:?}");
    let (_, after) = debug.split_once("recorders: ").expect("the number is in the debug text");
    after[..after.find(',').unwrap()].parse().unwrap()
}
