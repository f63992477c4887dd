//! Windows of a fleet, with bounds, as those of a tracker.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use core_time::{CoveredBuckets, Interval, ManualClock, Stamp, Statistic, TimeAxis, WindowError};

use super::{Fleet, FleetError};
use crate::action::key::FOLDED;
use crate::row::{Row, shown};
use crate::window::read::Parts;
use crate::window::rows::{ActionWindow, WindowRows};

/// What an action has in the parts of a window; `None` without a record.
struct Sums<S> {
    first: u64,
    counted: Option<S>,
    inside: Option<S>,
    before: Option<S>,
}

impl<S> Default for Sums<S> {
    fn default() -> Self {
        Self { first: u64::MAX, counted: None, inside: None, before: None }
    }
}

/// Merges a statistic into a sum, if they fit.
fn add<S: Statistic>(sum: &mut Option<S>, more: &S, name: &str) -> Result<(), FleetError> {
    match sum {
        None => *sum = Some(more.clone()),
        Some(sum) if sum.can_merge(more) => sum.merge(more),
        Some(_) => return Err(FleetError::TooManyRecords { action: shown(name).to_owned() }),
    }
    Ok(())
}

impl<S: Statistic> Sums<S> {
    fn add(
        &mut self,
        parts: &Parts,
        (name, tick, first, more): (&Arc<str>, i64, u64, &S),
    ) -> Result<(), FleetError> {
        let has = |ticks: &Option<RangeInclusive<i64>>| {
            ticks.as_ref().is_some_and(|ticks| ticks.contains(&tick))
        };
        self.first = self.first.min(first);
        if parts.covered.ticks.contains(&tick) {
            add(&mut self.counted, more, name)?;
        }
        if has(&parts.inside) {
            add(&mut self.inside, more, name)?;
        }
        if has(&parts.before) {
            add(&mut self.before, more, name)?;
        }
        Ok(())
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
    /// A merge for each instance, action and bucket in the window.
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
        let mut sums = Sums::default();
        for cell in self.cells_of(action, &parts.covered) {
            sums.add(&parts, cell)?;
        }
        Ok(ActionWindow {
            statistic: sums.counted.unwrap_or_default(),
            inside: parts.has_inside().then(|| Box::new(sums.inside.unwrap_or_default())),
            before: sums.before.map(Box::new),
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
        let mut sums = BTreeMap::<i64, Option<S>>::new();
        for (name, tick, _, more) in self.cells_of(action, &parts.covered) {
            add(sums.entry(tick).or_default(), more, name)?;
        }
        let window = |(tick, coverage)| ActionWindow {
            statistic: sums.remove(&tick).flatten().unwrap_or_default(),
            inside: None,
            before: None,
            coverage,
        };
        Ok(parts.covered.each(self.since(now)).map(window).collect())
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
        let touched = parts.covered.touched();
        let ticks = (*touched.start(), *touched.end());
        let mut actions = BTreeMap::<&Arc<str>, Sums<S>>::new();
        for member in self.members.values() {
            for (name, cells) in member.actions(parts.covered.tier, ticks) {
                let mut cells = cells.peekable();
                if cells.peek().is_some() {
                    let sums = actions.entry(name).or_default();
                    cells.try_for_each(|cell| sums.add(parts, cell))?;
                }
            }
        }
        let [mut rows, mut inside, mut before] = [const { Vec::new() }; 3];
        for (name, sums) in actions {
            let row = |statistic| Row::new(Arc::clone(name), sums.first, statistic);
            rows.extend(sums.counted.map(row));
            inside.extend(sums.inside.map(row));
            before.extend(sums.before.map(row));
        }
        rows.sort_unstable_by(Row::by_first);
        inside.sort_unstable_by(Row::by_first);
        let inside = parts.has_inside().then_some(inside);
        let covered = parts.covered.clone();
        let since = self.since(covered.now);
        Ok(WindowRows { rows, inside, before, covered, since })
    }

    /// Returns the cells of an action that a window touches.
    fn cells_of<'a>(
        &'a self,
        action: &'a str,
        covered: &CoveredBuckets,
    ) -> impl Iterator<Item = (&'a Arc<str>, i64, u64, &'a S)> {
        let (tier, touched) = (covered.tier, covered.touched());
        let ticks = (*touched.start(), *touched.end());
        let members = self.members.values().filter(move |_| action != FOLDED);
        members.flat_map(move |member| member.cells_of(action, tier, ticks))
    }

    /// Returns when the first instance began to record.
    fn since(&self, now: Stamp) -> Stamp {
        self.members.values().map(|member| member.newest.1).min().unwrap_or(now)
    }
}
