//! Reading a counter: windows, intervals and series.

use std::time::Duration;

use super::EventCounter;
use super::error::WindowError;
use super::query::{Query, QueryState};
use super::window::{Series, Window};
use crate::stamp::Interval;

impl EventCounter {
    /// Counts the events of the past `window`, with bounds.
    ///
    /// Includes the bucket that is filling. With buckets of one second and a window of x seconds,
    /// [`Window::events`] sums the seconds `floor(now) - x + 1` to `floor(now)`. A read changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// - [`WindowError::LongerThanSpan`] if `window` is longer than the span.
    /// - [`WindowError::Evicted`] if the clock stepped back and buckets of the window were evicted
    ///   before.
    pub fn count(&self, window: Duration) -> Result<Window, WindowError> {
        self.answer(Query::past(self.spec(), window)?)
    }

    /// Counts the events of several windows at the same time, each as [`count`](Self::count).
    ///
    /// All answers are of one state and one present. So of two windows that are answered from the
    /// same tier, the longer never has fewer events. Reads the clock twice.
    ///
    /// # Errors
    ///
    /// As [`count`](Self::count), for the first window with an error.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::EventCounter;
    /// # use std::time::Duration;
    /// let counter = EventCounter::default();
    /// counter.record_many(3);
    /// let [ten, all] = counter.count_each([10, 300].map(Duration::from_secs))?;
    /// assert_eq!((ten.events, all.events), (3, 3));
    /// # Ok::<(), core_time::WindowError>(())
    /// ```
    pub fn count_each<const N: usize>(
        &self,
        windows: [Duration; N],
    ) -> Result<[Window; N], WindowError> {
        let mut queries = [Query::Past(0); N];
        for (query, window) in queries.iter_mut().zip(windows) {
            *query = Query::past(self.spec(), window)?;
        }
        let mut states = [None; N];
        let (may_step_back, ()) = self.run(&queries, &mut states, |_| ())?;
        Ok(self.finish(&queries, states, may_step_back))
    }

    /// Counts the events of an interval `from..to`, with bounds.
    ///
    /// The interval may end ahead of the clock: events stamped ahead, within the tolerance, are
    /// counted. If it begins and ends at edges of buckets, the answer is exact.
    ///
    /// # Errors
    ///
    /// - [`WindowError::BeforeSpan`] if it begins further back than the span.
    /// - [`WindowError::Backwards`] if it ends before it begins.
    /// - [`WindowError::Evicted`] as [`count`](Self::count).
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::{EventCounter, ManualClock, Stamp};
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let counter = EventCounter::with_clock(Default::default(), clock);
    /// counter.record_at(Stamp::from_secs(990), 3)?;
    /// let found = counter.count_between(Stamp::from_secs(990)..Stamp::from_secs(991))?;
    /// assert_eq!((found.at_least, found.at_most), (3, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn count_between(&self, interval: impl Into<Interval>) -> Result<Window, WindowError> {
        self.answer(Query::between(interval.into())?)
    }

    /// Returns the number of events in each bucket of the past `window`.
    ///
    /// The buckets are those of [`Window::events`], the oldest first.
    ///
    /// # Errors
    ///
    /// As [`count`](Self::count).
    ///
    /// # Complexity
    ///
    /// Linear in the number of buckets, and allocates for them.
    ///
    /// # Concurrency
    ///
    /// All buckets are of one state: events that move from a cell to the ring during the read are
    /// counted in their bucket, once.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::{EventCounter, ManualClock, Stamp};
    /// # use std::time::Duration;
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let counter = EventCounter::with_clock(Default::default(), clock.clone());
    /// counter.record_many(2);
    /// clock.advance(Duration::from_secs(2));
    /// counter.record();
    /// assert_eq!(counter.series(Duration::from_secs(4))?.counts, [0, 2, 0, 1]);
    /// # Ok::<(), core_time::WindowError>(())
    /// ```
    pub fn series(&self, window: Duration) -> Result<Series, WindowError> {
        let query = Query::past(self.spec(), window)?;
        let mut states = [None];
        let (_, series) = self.run(&[query], &mut states, |[state]| {
            state.map(|QueryState { tier, range, .. }| Series {
                from: tier.grid.start(*range.counted().start()),
                resolution: tier.grid.resolution(),
                counts: self.counts.read_each(&self.cells, tier, range.counted()),
            })
        })?;
        let now = self.axis.clock.now();
        series.ok_or_else(|| self.counts.unanswered(query, now))
    }

    /// Answers one query from one state.
    #[inline(always)]
    fn answer(&self, query: Query) -> Result<Window, WindowError> {
        let mut states = [None];
        let (may_step_back, ()) = self.run(&[query], &mut states, |_| ())?;
        match &states {
            [Some(state)] if state.range.lasts => Ok(state.window(may_step_back)),
            _ => {
                let [window] = self.finish(&[query], states, may_step_back);
                Ok(window)
            }
        }
    }

    /// Reads the counts of all queries as one state, and whatever else `also` reads.
    ///
    /// Fills all `states`. Returns whether the clock may step back, and the result of `also`.
    ///
    /// If an oldest bucket was evicted, this thread may have been paused for long: then it reads
    /// the clock again and repeats, a few times.
    #[inline(always)]
    fn run<'a, const N: usize, R>(
        &'a self,
        queries: &[Query; N],
        states: &mut [Option<QueryState<'a>>; N],
        also: impl Fn(&[Option<QueryState<'a>>; N]) -> R,
    ) -> Result<(bool, R), WindowError> {
        const TRIES: usize = 16;
        let mut now = self.axis.clock.now_checked();
        for _ in 0..TRIES {
            let found = self.counts.lock.read(|| {
                self.counts.run(&self.cells, queries, now.stamp, states);
                also(states)
            });
            if states.iter().all(Option::is_some) {
                return Ok((now.may_step_back, found));
            }
            let longest = self.spec().longest();
            let then = self.axis.clock.now_checked();
            let all_fit = queries.iter().all(|query| query.fits(longest, now.stamp));
            if now.may_step_back || then.stamp <= now.stamp || !all_fit {
                break;
            }
            now = then;
        }
        let missing = states.iter().position(Option::is_none).unwrap_or_default();
        Err(self.counts.unanswered(queries[missing], now.stamp))
    }

    /// Returns the answers, all for one present.
    ///
    /// Other threads may have recorded during the read, with stamps later than its present. So the
    /// answers are for the time after the read, if the queries touch the same buckets then. If not,
    /// they are for the time before it, and leave out of the bounds what may be later.
    #[cold]
    fn finish<const N: usize>(
        &self,
        queries: &[Query; N],
        states: [Option<QueryState<'_>>; N],
        may_step_back: bool,
    ) -> [Window; N] {
        let then = self.axis.clock.now_checked();
        let mut moved = states;
        let all_moved = moved.iter_mut().zip(queries).all(|(state, &query)| {
            state.as_mut().is_some_and(|state| state.move_to(query, then.stamp))
        });
        let all_last = states.iter().flatten().all(|state| state.range.lasts);
        let (states, may_be_ahead) = if all_moved {
            (&moved, then.may_step_back)
        } else {
            (&states, may_step_back || !all_last)
        };
        states.each_ref().map(|state| {
            let empty = Window::empty(then.stamp, Duration::ZERO);
            state.as_ref().map_or(empty, |state| state.window(may_be_ahead))
        })
    }
}
