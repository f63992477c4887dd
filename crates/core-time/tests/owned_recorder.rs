//! Promise J2: a recorder that moves into threads and tasks, and counts as those that borrow.

#![cfg(feature = "counter")]

use std::sync::{Arc, Barrier, LazyLock, mpsc};
use std::thread;
use std::time::Duration;

use core_time::{EventCounter, ManualClock, OwnedRecorder, RecordError, Recorder, Stamp};

fn counter() -> (Arc<EventCounter>, ManualClock) {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    (Arc::new(EventCounter::with_clock(Default::default(), clock.clone())), clock)
}

#[test]
fn a_recorder_moves_between_threads_and_loses_nothing() {
    fn can_move<T: Send + 'static>(_: &T) {}
    let (counter, clock) = counter();
    let mut recorder = counter.owned_recorder();
    can_move(&recorder);
    for _ in 0..3 {
        recorder.record();
        recorder = thread::spawn(move || {
            recorder.record_many(2);
            recorder
        })
        .join()
        .unwrap();
        clock.advance(Duration::from_secs(1));
    }
    recorder.record_at(Stamp::from_secs(1_001), 10).unwrap();
    assert_eq!(counter.total(), 19);
    let each = counter.series(Duration::from_secs(4)).unwrap();
    assert_eq!(each.counts, [3, 13, 3, 0]);
    let refused = recorder.record_at(Stamp::from_secs(1), 7);
    assert!(matches!(refused, Err(RecordError::TooOld { .. })));
    assert_eq!((counter.refused().too_old, counter.total()), (7, 19));
}

#[test]
fn recorders_of_several_kinds_and_threads_have_cells_of_their_own() {
    const EACH: u64 = 100_000;
    let (counter, _clock) = counter();
    let mut recorders = None;
    let used = allocation_counter::measure(|| {
        recorders = Some([(); 4].map(|()| counter.owned_recorder()));
    });
    assert!(used.bytes_current >= 4 * 128, "{} bytes for four recorders", used.bytes_current);
    let begin = Arc::new(Barrier::new(5));
    let owned = recorders.unwrap().map(|mut recorder| {
        let begin = Arc::clone(&begin);
        thread::spawn(move || {
            begin.wait();
            (0..EACH).for_each(|_| recorder.record());
        })
    });
    let mut borrowed: Recorder<'_> = counter.recorder();
    begin.wait();
    (0..EACH).for_each(|_| {
        borrowed.record();
        counter.record();
    });
    owned.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(counter.total(), 6 * EACH);
}

/// The counter is of the whole program, and a thread of the program has a recorder.
#[test]
fn a_counter_in_a_static_has_recorders_for_threads() {
    static REQUESTS: LazyLock<Arc<EventCounter>> = LazyLock::new(Arc::default);
    static FOR_EVER: LazyLock<EventCounter> = LazyLock::new(EventCounter::default);
    let (send, receive) = mpsc::channel::<OwnedRecorder>();
    let task =
        thread::spawn(move || receive.into_iter().for_each(|mut recorder| recorder.record()));
    send.send(REQUESTS.owned_recorder()).unwrap();
    drop(send);
    // Of a counter that lives for ever, a borrowed one is as good.
    let mut recorder: Recorder<'static> = FOR_EVER.recorder();
    thread::spawn(move || recorder.record()).join().unwrap();
    task.join().unwrap();
    assert_eq!((REQUESTS.total(), FOR_EVER.total()), (1, 1));
}
