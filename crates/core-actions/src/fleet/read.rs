//! Windows of a fleet, with bounds, as those of a tracker.

use std::iter;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use core_time::{CoveredBuckets, Interval, ManualClock, Stamp, Statistic, TimeAxis, WindowError};

use super::merged::{ActionSums, TooMany};
use super::{Fleet, FleetError};
use crate::action::key::FOLDED;
use crate::row::{Row, shown};
use crate::window::read::Parts;
use crate::window::rows::{ActionWindow, WindowRows};

/// What an action has in the parts of a window; `None` without a record.
struct Found<S> {
    first: u64,
    counted: Option<S>,
    inside: Option<S>,
    before: Option<S>,
}

impl<S> Default for Found<S> {
    fn default() -> Self {
        Self { first: u64::MAX, counted: None, inside: None, before: None }
    }
}

impl<S: Statistic> Found<S> {
    /// Merges the parts of a window from sums that are not stale.
    fn of(sums: &mut ActionSums<S>, parts: &Parts) -> Result<Self, TooMany> {
        let mut first = u64::MAX;
        let mut part = |ticks: Option<&RangeInclusive<i64>>| {
            let sum = ticks.map_or(Ok(None), |ticks| sums.sum(parts.covered.tier, ticks))?;
            Ok(sum.map(|sum| {
                first = first.min(sum.first);
                sum.statistic
            }))
        };
        let counted = part(Some(&parts.covered.ticks))?;
        let inside = part(parts.inside.as_ref())?;
        let before = part(parts.before.as_ref())?;
        Ok(Self { first, counted, inside, before })
    }
}

impl<S: Statistic> Fleet<S> {
    /// Returns the statistics of all instances over the past `window` before `now`.
    ///
    /// As [`WindowedTracker::window`](crate::WindowedTracker::window), with its
    /// [bounds](WindowRows), of what has arrived. Rows are in the order of the first records of
    /// their instances, and of their names.
    ///
    /// # Errors
    ///
    /// [`FleetError::Window`] if `window` is longer than the span, [`FleetError::Forgotten`] if it
    /// begins in a bucket that was forgotten for a later present, [`FleetError::TooManyRecords`] if
    /// an action has more than a statistic can count.
    ///
    /// # Complexity
    ///
    /// For each action, a merge for each instance and bucket in the window that changed since it
    /// was read, and up to 14 merges for each power of 8 in the number of its buckets.
    ///
    /// # Concurrency
    ///
    /// Reads of several threads wait for each other.
    pub fn window(&self, now: Stamp, window: Duration) -> Result<WindowRows<S>, FleetError> {
        self.rows(&self.parts(now, |axis| axis.past(window))?)
    }

    /// Returns the statistics of all instances in an interval `from..to`, asked at `now`.
    ///
    /// As [`WindowedTracker::between`](crate::WindowedTracker::between).
    ///
    /// # Errors
    ///
    /// As [`window`](Self::window); also if the interval ends before it begins.
    pub fn between(
        &self,
        now: Stamp,
        interval: impl Into<Interval>,
    ) -> Result<WindowRows<S>, FleetError> {
        let interval = interval.into();
        self.rows(&self.parts(now, |axis| axis.between(interval))?)
    }

    /// Returns the statistics of one action over the past `window` before `now`.
    ///
    /// They are empty for an action without records.
    ///
    /// # Errors
    ///
    /// As [`window`](Self::window).
    pub fn get(
        &self,
        now: Stamp,
        action: &str,
        window: Duration,
    ) -> Result<ActionWindow<S>, FleetError> {
        let parts = self.parts(now, |axis| axis.past(window))?;
        let found = self.sums_of(action, &parts, |sums| Found::of(sums, &parts))?;
        let found = found.unwrap_or_default();
        Ok(ActionWindow {
            statistic: found.counted.unwrap_or_default(),
            inside: parts.has_inside().then(|| Box::new(found.inside.unwrap_or_default())),
            before: found.before.map(Box::new),
            coverage: parts.covered.coverage(self.since(now)),
        })
    }

    /// Returns the statistics of one action in each bucket of the past `window`, oldest first.
    ///
    /// As [`WindowedTracker::series`](crate::WindowedTracker::series).
    ///
    /// # Errors
    ///
    /// As [`window`](Self::window).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Count, Fleet, WindowedTracker};
    /// use core_time::{ManualClock, Stamp};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let tracker = WindowedTracker::<Count>::with_clock(Default::default(), clock.clone())?;
    /// tracker.record("jump", 1)?;
    /// clock.advance(Duration::from_secs(1));
    /// (0..2).try_for_each(|_| tracker.record("jump", 1))?;
    /// let mut fleet = Fleet::new(tracker.window_spec().clone(), tracker.spec().unit);
    /// fleet.apply(&(&tracker.snapshot()).into())?;
    /// let series = fleet.series(tracker.now(), "jump", Duration::from_secs(3))?;
    /// assert!(series.iter().map(|bucket| bucket.count()).eq([0, 1, 2]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn series(
        &self,
        now: Stamp,
        action: &str,
        window: Duration,
    ) -> Result<Vec<ActionWindow<S>>, FleetError> {
        let parts = self.parts(now, |axis| axis.past(window))?;
        let CoveredBuckets { tier, ticks, .. } = &parts.covered;
        let statistic =
            |sums: &ActionSums<S>, tick| Some(sums.bucket(*tier, tick)?.statistic.clone());
        let found = self.sums_of(action, &parts, |sums| {
            Ok(ticks.clone().map(|tick| statistic(sums, tick)).collect::<Vec<_>>())
        })?;
        let found = found.into_iter().flatten().chain(iter::repeat(None));
        let window = |((_, coverage), statistic): (_, Option<S>)| ActionWindow {
            statistic: statistic.unwrap_or_default(),
            inside: None,
            before: None,
            coverage,
        };
        Ok(parts.covered.each(self.since(now)).zip(found).map(window).collect())
    }

    /// Returns the buckets of a query, if all of them are remembered.
    fn parts(
        &self,
        now: Stamp,
        covered: impl Fn(&TimeAxis) -> Result<CoveredBuckets, WindowError>,
    ) -> Result<Parts, FleetError> {
        let axis = TimeAxis::with_clock(self.spec.clone(), ManualClock::new(now));
        let covered = covered(&axis)?;
        let (first, oldest) = (*covered.touched().start(), self.horizon.oldest(covered.tier));
        if first < oldest && !covered.touched().is_empty() {
            let [from, held] = [first, oldest].map(|tick| self.horizon.start(covered.tier, tick));
            return Err(FleetError::Forgotten { from, held });
        }
        // As in `Timeline::read`.
        let is_at_end = self.members.values().all(|member| member.latest <= now);
        let inside = if is_at_end { covered.inside_and_filling() } else { covered.inside() };
        Ok(Parts::new(covered, inside))
    }

    fn rows(&self, parts: &Parts) -> Result<WindowRows<S>, FleetError> {
        let [mut rows, mut inside, mut before] = [const { Vec::new() }; 3];
        for (name, sums) in self.merged.lock().iter_mut() {
            let found = self.renew(name, sums, parts).and_then(|()| Found::of(sums, parts));
            let found = found.map_err(|TooMany| too_many(name))?;
            let row = |statistic| Row::new(Arc::clone(name), found.first, statistic);
            rows.extend(found.counted.map(row));
            inside.extend(found.inside.map(row));
            before.extend(found.before.map(row));
        }
        for rows in [&mut rows, &mut inside, &mut before] {
            rows.sort_unstable_by(Row::by_first);
        }
        let inside = parts.has_inside().then_some(inside);
        let covered = parts.covered.clone();
        let since = self.since(covered.now);
        Ok(WindowRows { rows, inside, before, covered, since })
    }

    /// Reads the sums of an action that a window touches; `None` without the action.
    fn sums_of<R>(
        &self,
        action: &str,
        parts: &Parts,
        read: impl FnOnce(&mut ActionSums<S>) -> Result<R, TooMany>,
    ) -> Result<Option<R>, FleetError> {
        let mut merged = self.merged.lock();
        let Some(sums) = merged.get_mut(action).filter(|_| action != FOLDED) else {
            return Ok(None);
        };
        let found = self.renew(action, sums, parts).and_then(|()| read(sums));
        found.map(Some).map_err(|TooMany| too_many(action))
    }

    /// Makes the stale sums of an action that a window touches.
    fn renew(&self, action: &str, sums: &mut ActionSums<S>, parts: &Parts) -> Result<(), TooMany> {
        let tier = parts.covered.tier;
        sums.renew(tier, &parts.covered.touched(), |ticks, add| {
            let mut cells = self.members.values().flat_map(|m| m.cells(action, tier, ticks));
            cells.try_for_each(|(at, first, more)| add(at, first, more))
        })
    }

    /// Returns when the first instance began to record.
    fn since(&self, now: Stamp) -> Stamp {
        self.members.values().map(|member| member.newest.1).min().unwrap_or(now)
    }
}

fn too_many(action: &str) -> FleetError {
    FleetError::TooManyRecords { action: shown(action).to_owned() }
}
