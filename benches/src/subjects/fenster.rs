//! `fenster`: a window of a fixed length that keeps its sum, for one thread; here under a lock.

use std::sync::Mutex;
use std::time::Duration;

use core_time::Clock;
use fenster::TimeWindow;

use super::{Count, Record};

/// Counts in slots of a second over a fixed window.
///
/// It knows no other window and no late event. Its window moves when an event comes, not when time
/// goes by, and then by a second too few: one second after the other is still the same slot to it.
/// So its answer is right only as long as nothing has to leave the window.
#[derive(Debug)]
pub struct Fenster<C> {
    clock: C,
    window: Mutex<TimeWindow>,
}

impl<C: Clock> Fenster<C> {
    /// Remembers so many seconds.
    pub fn new(span_s: u64, clock: C) -> Self {
        Self { clock, window: Mutex::new(TimeWindow::new(span_s as usize, 1_000, u64::MAX)) }
    }
}

impl<C: Clock> Record for Fenster<C> {
    fn record_all(&self, events: u64) {
        for _ in 0..events {
            let mut window = self.window.lock().expect("no thread panicked with the lock");
            let now = self.clock.now(); // Under the lock: it must not run backwards.
            window.inc_t(now.as_nanos().cast_unsigned()).expect("there is no limit");
        }
    }
}

impl<C: Clock> Count for Fenster<C> {
    fn count_past(&self, _: Duration) -> u64 {
        self.window.lock().expect("no thread panicked with the lock").count()
    }
}
