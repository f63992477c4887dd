//! Implementations that keep statistics by name over the past x seconds.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use codec::ActionTime;
use core_actions::{TrackerSpec, WindowedSpec, WindowedTracker};
use core_time::{Clock, Stamp, WindowSpec};

use super::by_name::{Figures, Plain, found, time};
use crate::harness::names::{Draw, Found};

/// Keeps statistics by name over the past 300 s, in buckets of one second.
pub trait Windows<C: Clock>: Send + Sync {
    /// The form in which a time is passed.
    type Time: Copy + Send + Sync;

    /// Makes an empty implementation.
    fn fresh(clock: C) -> Self;

    /// Converts a time to that form.
    fn time(draw: Draw<'_>) -> Self::Time;

    /// Adds actions that end now, one by one.
    fn add_all(&self, actions: &[(&str, Self::Time)]);

    /// Adds actions that ended at another time.
    fn add_all_at(&self, actions: &[(&str, Self::Time)], stamp: Stamp);

    /// Returns the sum of the means of all names over the past seconds.
    fn means(&self, seconds: u64) -> f64;

    /// Returns the rows of all names over the past seconds.
    fn found(&self, seconds: u64) -> Vec<Found>;
}

const VALID: &str = "the workload holds only valid actions";

impl<C: Clock, S: Figures> Windows<C> for WindowedTracker<S> {
    type Time = ActionTime;

    fn fresh(clock: C) -> Self {
        let (window, tracker) = (WindowSpec::default(), TrackerSpec::default());
        let spec = WindowedSpec { window, tracker, bytes: usize::MAX };
        Self::with_clock(spec, clock).expect("a window of one tier")
    }

    fn time(draw: Draw<'_>) -> ActionTime {
        time(draw)
    }

    fn add_all(&self, actions: &[(&str, ActionTime)]) {
        for &(name, time) in actions {
            self.record(name, time).expect(VALID);
        }
    }

    fn add_all_at(&self, actions: &[(&str, ActionTime)], stamp: Stamp) {
        for &(name, time) in actions {
            self.record_at(name, time, stamp).expect(VALID);
        }
    }

    fn means(&self, seconds: u64) -> f64 {
        let window = self.window(Duration::from_secs(seconds)).expect("within the span");
        window.rows().iter().map(core_actions::Row::mean).sum()
    }

    fn found(&self, seconds: u64) -> Vec<Found> {
        let window = self.window(Duration::from_secs(seconds)).expect("within the span");
        window.rows().iter().map(found).collect()
    }
}

type Deques = HashMap<String, VecDeque<(Stamp, f64)>>;

/// All times of each name with their timestamps, in order, under one lock.
///
/// Times older than the span are dropped when the name is added to.
pub struct MutexDeques<C> {
    clock: C,
    all: Mutex<Deques>,
}

/// The span.
const SPAN: Duration = Duration::from_secs(300);

impl<C: Clock> MutexDeques<C> {
    fn lock(&self) -> MutexGuard<'_, Deques> {
        self.all.lock().expect("no thread panicked with the lock")
    }

    fn add(&self, name: &str, time: f64, stamp: Stamp, now: Stamp) {
        let mut all = self.lock();
        let deque = match all.get_mut(name) {
            Some(deque) => deque,
            None => all.entry(name.to_owned()).or_default(),
        };
        let at = match deque.back() {
            Some(&(newest, _)) if newest > stamp => deque.partition_point(|&(at, _)| at <= stamp),
            _ => deque.len(),
        };
        deque.insert(at, (stamp, time));
        let oldest = now - SPAN;
        while deque.front().is_some_and(|&(stamp, _)| stamp < oldest) {
            deque.pop_front();
        }
    }

    /// Returns the start of the first bucket of a window.
    fn start(&self, seconds: u64) -> Stamp {
        const NANOS: i64 = 1_000_000_000;
        let first = self.clock.now().as_nanos().div_euclid(NANOS) - seconds.cast_signed() + 1;
        Stamp::from_nanos(first * NANOS)
    }

    /// Computes the statistics of each name since the start of the first bucket of the window.
    fn rows(&self, seconds: u64) -> Vec<(String, Plain)> {
        let from = self.start(seconds);
        let rows = self.lock();
        let rows = rows.iter().filter_map(|(name, deque)| Some((name.clone(), row(deque, from)?)));
        rows.collect()
    }

    /// Computes the statistics of one name.
    pub(crate) fn row(&self, name: &str, seconds: u64) -> Option<Plain> {
        let from = self.start(seconds);
        row(self.lock().get(name)?, from)
    }
}

/// Computes the statistics of the times from a stamp on, if there are any.
fn row(deque: &VecDeque<(Stamp, f64)>, from: Stamp) -> Option<Plain> {
    let mut times = deque.iter().rev().take_while(|&&(stamp, _)| stamp >= from).peekable();
    times.peek()?;
    let mut row = Plain::default();
    times.for_each(|&(_, time)| row.insert(time));
    Some(row)
}

impl<C: Clock> Windows<C> for MutexDeques<C> {
    type Time = f64;

    fn fresh(clock: C) -> Self {
        Self { clock, all: Mutex::default() }
    }

    fn time(draw: Draw<'_>) -> f64 {
        draw.time()
    }

    fn add_all(&self, actions: &[(&str, f64)]) {
        for &(name, time) in actions {
            let now = self.clock.now();
            self.add(name, time, now, now);
        }
    }

    fn add_all_at(&self, actions: &[(&str, f64)], stamp: Stamp) {
        for &(name, time) in actions {
            self.add(name, time, stamp, self.clock.now());
        }
    }

    fn means(&self, seconds: u64) -> f64 {
        self.rows(seconds).iter().map(|(_, row)| row.mean()).sum()
    }

    fn found(&self, seconds: u64) -> Vec<Found> {
        self.rows(seconds).iter().map(|(name, row)| row.found(name)).collect()
    }
}
