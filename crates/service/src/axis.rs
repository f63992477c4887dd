//! The axis of time of a course.

use std::time::Duration;

use facade::actions::WindowedTracker;
use facade::time::Interval;
use facade::{Stamp, Summary};

/// The maximum number of points of an axis.
const POINTS: u128 = 60;

/// The intervals of a course over time. They are aligned, so that a later read has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) from: Stamp,
    pub(crate) step: Duration,
    pub(crate) points: usize,
}

impl Axis {
    /// Returns the axis of the past `window`, in steps of whole buckets.
    pub(crate) fn past(tracker: &WindowedTracker<Summary>, window: Duration) -> Self {
        let width = tracker.window_spec().resolution();
        let buckets = window.as_nanos().div_ceil(width.as_nanos()).max(1);
        let step = width * u32::try_from(buckets.div_ceil(POINTS)).unwrap_or(u32::MAX);
        let nanos = i64::try_from(step.as_nanos()).unwrap_or(i64::MAX);
        let now = tracker.now().as_nanos();
        let end = now.div_euclid(nanos).saturating_add(1);
        let points = i64::try_from(window.as_nanos() / step.as_nanos()).unwrap_or(1).max(1);
        let from = Stamp::from_nanos(end.saturating_sub(points).saturating_mul(nanos));
        Self { from, step, points: usize::try_from(points).unwrap_or(1) }
    }

    /// Returns the axis that a page shows: the past five minutes, or what is kept.
    pub(crate) fn shown(tracker: &WindowedTracker<Summary>) -> Self {
        Self::past(tracker, finest_span(tracker).min(Duration::from_secs(300)))
    }

    pub(crate) fn intervals(self) -> impl Iterator<Item = Interval> {
        (0..u32::try_from(self.points).unwrap_or(u32::MAX)).map(move |index| {
            let from = self.from + self.step * index;
            Interval::from(from..from + self.step)
        })
    }
}

/// Returns the span of the finest buckets.
pub(crate) fn finest_span(tracker: &WindowedTracker<Summary>) -> Duration {
    let spec = tracker.window_spec();
    spec.tiers().next().map_or(spec.span(), |tier| tier.span)
}
