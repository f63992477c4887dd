//! Reading a windowed tracker: all actions or one, the past or an interval, and series.

use std::sync::Arc;
use std::time::Duration;

use core_time::{CoveredBuckets, Interval, Statistic, TimeAxis, WindowError};

use crate::action::key::FOLDED;
use crate::action::words::AsWords;
use crate::row::Row;
use crate::window::WindowedTracker;
use crate::window::read::Found;
use crate::window::rows::{ActionWindow, WindowRows};

impl<S: Statistic<Value: AsWords>> WindowedTracker<S> {
    /// Returns the statistics of the past `window`: a row for each action with records in it.
    ///
    /// It covers the newest `ceil(window / resolution)` buckets, with the current one, as
    /// [`EventCounter::count`](core_time::EventCounter::count) does, of the finest tier that holds
    /// the window. The answer also has [bounds](WindowRows). A read changes nothing.
    ///
    /// # Errors
    ///
    /// [`WindowError::LongerThanSpan`] if `window` is longer than the span,
    /// [`WindowError::Evicted`] if the clock stepped back and the window begins in an evicted
    /// bucket.
    ///
    /// # Complexity
    ///
    /// For each action and thread, at most as many merges as four times the square root of the
    /// buckets.
    pub fn window(&self, window: Duration) -> Result<WindowRows<S>, WindowError> {
        self.rows_in(|axis| axis.past(window))
    }

    /// Returns the statistics of an interval `from..to`: a row for each action with records in it.
    ///
    /// It covers every bucket that the interval touches, of the finest tier that holds it. If it
    /// begins and ends at edges of buckets, the answer is exact, and so are its
    /// [bounds](WindowRows). It may end ahead of the clock: actions stamped ahead, within the
    /// tolerance, are in it.
    ///
    /// # Errors
    ///
    /// [`WindowError::BeforeSpan`] if it begins further back than the span,
    /// [`WindowError::Backwards`] if it ends before it begins, [`WindowError::Evicted`] as
    /// [`window`](Self::window).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Mean, WindowedTracker};
    /// use core_time::{ManualClock, Stamp};
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let tracker = WindowedTracker::<Mean>::with_clock(Default::default(), clock)?;
    /// for (secs, time) in [(990, 100), (991, 200), (995, 300)] {
    ///     tracker.record_at("jump", time, Stamp::from_secs(secs))?;
    /// }
    /// let found = tracker.between(Stamp::from_secs(990)..Stamp::from_secs(995))?;
    /// assert_eq!((found.rows()[0].count(), found.rows()[0].mean()), (2, 150.0));
    /// assert_eq!(found.at_least(), found.at_most());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn between(&self, interval: impl Into<Interval>) -> Result<WindowRows<S>, WindowError> {
        let interval = interval.into();
        self.rows_in(|axis| axis.between(interval))
    }

    fn rows_in(
        &self,
        covered: impl Fn(&TimeAxis) -> Result<CoveredBuckets, WindowError>,
    ) -> Result<WindowRows<S>, WindowError> {
        let (mut found, covered) = self.timeline.read(covered, |parts| {
            let [mut rows, mut inside, mut before] = [const { Vec::new() }; 3];
            self.rings.registry().for_each(|action| {
                let mut found = Found::default();
                let first = action.read(|ring, buffered| found.add(parts, ring, buffered));
                let row = |statistic| Row::new(Arc::clone(action.name), first, statistic);
                rows.extend(found.counted.map(row));
                inside.extend(found.inside.map(row));
                before.extend(found.before.map(row));
            });
            (rows, parts.has_inside().then_some(inside), before)
        })?;
        found.0.sort_unstable_by(Row::by_first);
        if let Some(inside) = &mut found.1 {
            inside.sort_unstable_by(Row::by_first);
        }
        let (rows, inside, before) = found;
        Ok(WindowRows { rows, inside, before, covered, since: self.timeline.since() })
    }

    /// Returns the statistics of one action over the past `window`.
    ///
    /// They are empty for an action that is unknown or has no records in the window.
    ///
    /// # Errors
    ///
    /// As [`window`](Self::window).
    ///
    /// # Complexity
    ///
    /// A lookup, and what [`window`](Self::window) costs for one action.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Summary, WindowedTracker};
    /// use std::time::Duration;
    ///
    /// let tracker = WindowedTracker::<Summary>::new(Default::default())?;
    /// tracker.record("checkout", 120)?;
    /// let minute = tracker.get("checkout", Duration::from_secs(60))?;
    /// assert_eq!((minute.count(), minute.statistic().mean()), (1, Some(120.0)));
    /// assert_eq!(tracker.get("search", Duration::from_secs(60))?.count(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self, action: &str, window: Duration) -> Result<ActionWindow<S>, WindowError> {
        self.one(kept(action), |axis| axis.past(window))
    }

    /// Returns the statistics of one action in an interval `from..to`.
    ///
    /// # Errors
    ///
    /// As [`between`](Self::between).
    pub fn get_between(
        &self,
        action: &str,
        interval: impl Into<Interval>,
    ) -> Result<ActionWindow<S>, WindowError> {
        let interval = interval.into();
        self.one(kept(action), |axis| axis.between(interval))
    }

    /// Returns the statistics of the [folded](crate::WhenFull::Fold) actions over the past
    /// `window`.
    ///
    /// # Errors
    ///
    /// As [`window`](Self::window).
    pub fn other(&self, window: Duration) -> Result<ActionWindow<S>, WindowError> {
        self.one(Some(FOLDED), |axis| axis.past(window))
    }

    fn one(
        &self,
        kept: Option<&str>,
        covered: impl Fn(&TimeAxis) -> Result<CoveredBuckets, WindowError>,
    ) -> Result<ActionWindow<S>, WindowError> {
        self.timeline.action_window(covered, |visit| {
            if let Some(kept) = kept {
                self.rings.registry().read_named(kept, visit);
            }
        })
    }

    /// Returns the statistics of one action in each bucket of the past `window`, oldest first.
    ///
    /// Each has the interval of its bucket in its [`coverage`](ActionWindow::coverage), which is
    /// [partial](core_time::Coverage::is_partial) for the bucket that is filling and for those
    /// before or in which recording began. All are empty for an action that is unknown or has no
    /// records.
    ///
    /// # Errors
    ///
    /// As [`window`](Self::window).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Count, WindowedTracker};
    /// use core_time::{ManualClock, Stamp};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let tracker = WindowedTracker::<Count>::with_clock(Default::default(), clock.clone())?;
    /// tracker.record("jump", 1)?;
    /// clock.set(Stamp::from_millis(1_001_500));
    /// tracker.record("jump", 1)?;
    /// tracker.record("jump", 1)?;
    /// let series = tracker.series("jump", Duration::from_secs(2))?;
    /// let each = series.iter().map(|bucket| {
    ///     let coverage = bucket.coverage();
    ///     (coverage.interval.from, bucket.count(), bucket.rate(), coverage.is_partial())
    /// });
    /// let expected = [
    ///     (Stamp::from_secs(1_000), 1, Some(1.0), false),
    ///     (Stamp::from_secs(1_001), 2, Some(4.0), true),
    /// ];
    /// assert!(each.eq(expected));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn series(
        &self,
        action: &str,
        window: Duration,
    ) -> Result<Vec<ActionWindow<S>>, WindowError> {
        self.series_of(kept(action), window)
    }

    /// Returns the same series for the row of the [folded](crate::WhenFull::Fold) actions.
    ///
    /// # Errors
    ///
    /// As [`window`](Self::window).
    pub fn series_of_other(&self, window: Duration) -> Result<Vec<ActionWindow<S>>, WindowError> {
        self.series_of(Some(FOLDED), window)
    }

    fn series_of(
        &self,
        kept: Option<&str>,
        window: Duration,
    ) -> Result<Vec<ActionWindow<S>>, WindowError> {
        self.timeline.action_series(
            |axis| axis.past(window),
            |visit| {
                if let Some(kept) = kept {
                    self.rings.registry().read_named(kept, visit);
                }
            },
        )
    }
}

/// Returns the name under which an action is kept, which is never that of the folded ones.
fn kept(action: &str) -> Option<&str> {
    Some(action).filter(|&action| action != FOLDED)
}
