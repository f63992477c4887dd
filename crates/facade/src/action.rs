//! Handles of actions: recording without a look-up, and windows of one action.

use std::fmt;
use std::time::Duration;

use core_actions::{
    ActionRecorder, ActionTime, ActionWindow, Mean, Quantile, Row, SharedHandle,
    SharedWindowedHandle, Summary, TimeError, Unit,
};
use core_time::{Coverage, Interval};

use crate::error::Error;

/// Records one action, and returns its statistics over any window.
///
/// [`Windrow::action`](crate::Windrow::action) makes one. It is cheap to clone, and can be shared
/// by threads, put into a `static`, or kept in the state of a server.
///
/// What a handle records is in [`get_stats`](crate::Windrow::get_stats) too. The action keeps its
/// row as long as one of its handles exists.
///
/// # Complexity
///
/// A record looks up the data of the calling thread, reads the clock, and does a few plain stores.
/// The first record of each thread allocates.
///
/// # Concurrency
///
/// A window contains every record that happened before the call. A record made concurrently is in
/// it or not, and all its statistics are of the same records.
///
/// # Examples
///
/// ```
/// use facade::Windrow;
/// use std::time::Duration;
///
/// let windrow = Windrow::default();
/// let checkout = windrow.action("checkout")?;
/// for millis in [12, 15, 900] {
///     checkout.record(Duration::from_millis(millis));
/// }
/// let last5 = checkout.window(Duration::from_secs(300))?;
/// assert_eq!(last5.count(), 3);
/// assert_eq!(last5.mean(), Some(Duration::from_millis(309)));
/// assert_eq!(last5.p99(), Some(Duration::from_millis(900)));
/// # Ok::<(), facade::Error>(())
/// ```
#[derive(Clone)]
pub struct ActionHandle {
    total: SharedHandle<Mean>,
    windows: SharedWindowedHandle<Summary>,
    unit: Unit,
}

impl ActionHandle {
    pub(crate) fn new(
        total: SharedHandle<Mean>,
        windows: SharedWindowedHandle<Summary>,
        unit: Unit,
    ) -> Self {
        Self { total, windows, unit }
    }

    /// Returns the name of the action, or that of the row it is folded into.
    #[must_use]
    pub fn name(&self) -> &str {
        self.total.name()
    }

    /// Records one occurrence of the action, which ended now.
    ///
    /// The duration is converted to the [unit](crate::WindrowBuilder::unit) of the builder.
    #[inline]
    pub fn record(&self, duration: Duration) {
        self.record_valid(ActionTime::from_duration(duration, self.unit));
    }

    /// Records one occurrence of the action with a time in the builder's unit.
    ///
    /// # Errors
    ///
    /// [`Error::Action`] if the time is negative or not finite. Nothing changes then.
    #[inline]
    pub fn record_time<T>(&self, time: T) -> Result<(), Error>
    where
        T: TryInto<ActionTime, Error: Into<TimeError>>,
    {
        let time = time.try_into().map_err(|error| Error::Action(error.into().into()))?;
        self.record_valid(time);
        Ok(())
    }

    #[inline]
    fn record_valid(&self, time: ActionTime) {
        self.total.record(time);
        self.windows.record(time);
    }

    /// Returns the row of the action, of all time, `None` without a record.
    ///
    /// It is the row that [`Windrow::stats`](crate::Windrow::stats) has for the action. Other
    /// actions cost nothing. For durations use a [`window`](Self::window).
    #[must_use]
    pub fn stats(&self) -> Option<Row<Mean>> {
        self.total.stats()
    }

    /// Returns the statistics of the past `window`.
    ///
    /// The window covers the newest `ceil(window / resolution)` buckets, the one that is filling
    /// included, but nothing from before the first call of
    /// [`Windrow::action`](crate::Windrow::action).
    ///
    /// # Errors
    ///
    /// [`Error::Window`] if `window` is longer than the span.
    ///
    /// # Complexity
    ///
    /// For each thread that recorded the action, merges of four times the square root of the
    /// buckets at most. Other actions cost nothing.
    pub fn window(&self, window: Duration) -> Result<WindowSummary, Error> {
        let answer = self.windows.window(window)?;
        Ok(WindowSummary { answer, unit: self.unit })
    }

    /// Returns the statistics of an interval `from..to`.
    ///
    /// It covers every bucket that the interval touches, but nothing from before the first call of
    /// [`Windrow::action`](crate::Windrow::action). An interval whose ends are edges of buckets has
    /// an exact answer.
    ///
    /// # Errors
    ///
    /// [`Error::Window`] if it begins further back than the span, or ends before it begins.
    ///
    /// # Examples
    ///
    /// ```
    /// use facade::Windrow;
    /// use facade::time::ManualClock;
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(facade::Stamp::from_secs(1_000));
    /// let windrow = Windrow::builder().clock(clock.clone()).build()?;
    /// let checkout = windrow.action("checkout")?;
    /// checkout.record(Duration::from_millis(31));
    /// clock.advance(Duration::from_secs(60));
    /// let minute = checkout.between(windrow.now() - Duration::from_secs(60)..windrow.now())?;
    /// assert_eq!((minute.at_least(), minute.count(), minute.at_most()), (1, 1, 1));
    /// # Ok::<(), facade::Error>(())
    /// ```
    pub fn between(&self, interval: impl Into<Interval>) -> Result<WindowSummary, Error> {
        let answer = self.windows.between(interval)?;
        Ok(WindowSummary { answer, unit: self.unit })
    }

    /// Returns the statistics of each bucket of the past `window`, the oldest first.
    ///
    /// The [`coverage`](WindowSummary::coverage) of each has its interval, and says whether it is
    /// partial.
    ///
    /// # Errors
    ///
    /// As [`window`](Self::window).
    pub fn series(&self, window: Duration) -> Result<Vec<WindowSummary>, Error> {
        let series = self.windows.series(window)?;
        let summary = |answer| WindowSummary { answer, unit: self.unit };
        Ok(series.into_iter().map(summary).collect())
    }
}

/// Measures times with [`start`](ActionRecorder::start), and records several equal ones at once.
///
/// # Examples
///
/// ```
/// use facade::Windrow;
/// use facade::actions::ActionRecorder;
///
/// let windrow = Windrow::default();
/// let checkout = windrow.action("checkout")?;
/// let timer = checkout.start();
/// let elapsed = timer.stop();
/// checkout.record_n(0_u64, 3);
/// let row = checkout.stats().expect("there are records");
/// assert_eq!((row.count(), row.mean()), (4, elapsed.as_nanos() as f64 / 4.0));
/// # Ok::<(), facade::Error>(())
/// ```
impl ActionRecorder for ActionHandle {
    type Value = ActionTime;

    #[inline]
    fn record_value(&self, time: ActionTime) {
        self.record_valid(time);
    }

    fn record_values(&self, time: ActionTime, n: u64) {
        self.total.record_n(time, n);
        self.windows.record_n(time, n);
    }

    fn unit(&self) -> Unit {
        self.unit
    }
}

impl fmt::Debug for ActionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionHandle").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// The statistics of one action in one window, as durations.
///
/// All are of the same records. Times that were recorded without a unit count as in the
/// [unit](crate::WindrowBuilder::unit) of the builder.
///
/// # Accuracy
///
/// As [`Summary`]; then converted once, to the nearest nanosecond. What is longer than
/// [`Duration::MAX`] is returned as that.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowSummary {
    answer: ActionWindow<Summary>,
    unit: Unit,
}

impl WindowSummary {
    /// Returns the number of records.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.summary().count()
    }

    /// Returns the number of records that are certainly in the window.
    ///
    /// As [`Window::at_least`](crate::Window::at_least) of events.
    #[must_use]
    pub fn at_least(&self) -> u64 {
        self.answer.at_least().count()
    }

    /// Returns the number of records that may be in the window.
    ///
    /// As [`Window::at_most`](crate::Window::at_most) of events: up to one bucket more than
    /// [`count`](Self::count).
    #[must_use]
    pub fn at_most(&self) -> u64 {
        self.answer.at_most().count()
    }

    /// Returns the records per second, over the time that the window covers.
    ///
    /// That is less than the window at first. Returns 0 while no time has passed.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.answer.rate().unwrap_or_default()
    }

    /// Returns the mean, `None` without a record.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        // A mean is finite and not negative.
        self.summary().mean().and_then(|mean| ActionTime::try_from(mean).ok()).map(|t| self.of(t))
    }

    /// Returns the minimum, `None` without a record.
    #[must_use]
    pub fn min(&self) -> Option<Duration> {
        self.summary().min().map(|time| self.of(time))
    }

    /// Returns the maximum, `None` without a record.
    #[must_use]
    pub fn max(&self) -> Option<Duration> {
        self.summary().max().map(|time| self.of(time))
    }

    /// Returns a quantile, `None` without a record.
    #[must_use]
    pub fn quantile(&self, quantile: Quantile) -> Option<Duration> {
        self.summary().quantile(quantile).map(|time| self.of(time))
    }

    /// Returns the median, `None` without a record.
    #[must_use]
    pub fn p50(&self) -> Option<Duration> {
        self.quantile(Quantile::MEDIAN)
    }

    /// Returns the 90th percentile, `None` without a record.
    #[must_use]
    pub fn p90(&self) -> Option<Duration> {
        self.quantile(Quantile::P90)
    }

    /// Returns the 99th percentile, `None` without a record.
    #[must_use]
    pub fn p99(&self) -> Option<Duration> {
        self.quantile(Quantile::P99)
    }

    /// Returns the statistics as they were recorded, in the builder's unit.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        self.answer.statistic()
    }

    /// Returns the time that the window covers, and how much of it has passed.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.answer.coverage()
    }

    fn of(&self, time: ActionTime) -> Duration {
        time.to_duration(self.unit).unwrap_or(Duration::MAX)
    }
}
