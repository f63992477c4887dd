//! The statistics of recent actions, whatever is kept of them.
//!
//! What is kept is chosen by type when the program starts, so that unused statistics cost nothing.
//! The screen does not know that type.

use std::fmt::Debug;
use std::time::Duration;

use facade::actions::{Row, WindowRows, WindowedTracker};
use facade::codec::{Field, Record, visible};
use facade::{Quantile, Stamp};

use crate::fail_if::FailIf;
use crate::output::depth::Depth;
use crate::output::table::Table;
use crate::stat::{Stat, Stats, Whole};

/// The minimum time of a rate; over less time it would depend on when reading began.
const RATE_AFTER: Duration = Duration::from_secs(1);

/// The statistics of all actions in a window.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) lines: Vec<Line>,
    /// All actions together, of which each has a share.
    pub(crate) whole: Whole,
}

/// The statistics of one action in a window.
#[derive(Debug)]
pub(crate) struct Line {
    /// Whether this is the row of all actions beyond the limit. An action may have the same name.
    pub(crate) is_other: bool,
    pub(crate) name: String,
    /// The name as printable characters.
    pub(crate) action: String,
    /// The rate per second; `None` if it is unknown.
    pub(crate) rate: Option<f64>,
    pub(crate) kept: Box<dyn Kept>,
    /// The conditions that hold for it.
    pub(crate) marks: Vec<FailIf>,
    /// Computed when the line is visible.
    pub(crate) course: Option<Course>,
}

/// The statistics that are kept of an action.
pub(crate) trait Kept: Debug + Send {
    fn count(&self) -> u64;

    /// Returns the value of a statistic, as [`Stat::of`] does.
    fn value(&self, stat: &Stat, whole: &Whole) -> Field<'static>;

    /// Returns the percentiles, or `None` if only the count is kept.
    fn ladder(&self, depth: &Depth, whole: &Whole) -> Option<Table>;

    /// Returns the number of times in ranges of equal ratio, or `None` if only the count is kept.
    fn histogram(&self, depth: &Depth) -> Option<Table>;
}

impl<S: Stats + Debug + Send> Kept for S {
    fn count(&self) -> u64 {
        self.count()
    }

    fn value(&self, stat: &Stat, whole: &Whole) -> Field<'static> {
        stat.of(self, whole)
    }

    fn ladder(&self, depth: &Depth, whole: &Whole) -> Option<Table> {
        self.quantiles().map(|_| depth.ladder(self, whole))
    }

    fn histogram(&self, depth: &Depth) -> Option<Table> {
        self.quantiles().map(|_| depth.histogram(self))
    }
}

/// An action in equal parts of a window, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Course {
    /// The length of a part; the first may be shorter.
    pub(crate) part: Duration,
    pub(crate) points: Vec<Point>,
}

/// An action in a part of a window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Point {
    pub(crate) count: u64,
    pub(crate) p50: Option<f64>,
    pub(crate) p99: Option<f64>,
}

impl Point {
    fn of(stats: &impl Stats) -> Self {
        let at = |quantile| {
            let time = stats.quantiles()?.quantile(quantile)?;
            // The middle of a bin may be outside of minimum and maximum.
            Some(stats.min_max()?.clamp(time).as_f64())
        };
        Self { count: stats.count(), p50: at(Quantile::MEDIAN), p99: at(Quantile::P99) }
    }
}

/// A tracker of recent actions, whatever it keeps.
pub(crate) trait Recent: Debug + Send + Sync {
    /// Records one action, now without a timestamp, and returns whether it was counted.
    fn record(&self, record: Record<'_>, at: Option<Stamp>) -> bool;

    /// Returns the number of records in the shared row.
    fn folded(&self) -> u64;

    /// Returns the statistics of each action in the past `window`, without its course.
    fn answer(&self, window: Duration) -> Answer;

    /// Returns the course of an action in the past `window`, in at most `parts` parts.
    fn course(&self, line: &Line, window: Duration, parts: usize) -> Course;
}

impl<S: Stats + Debug + Send + Sync + 'static> Recent for WindowedTracker<S> {
    fn record(&self, record: Record<'_>, at: Option<Stamp>) -> bool {
        match at {
            None => self.record(record.name, record.time).is_ok(),
            Some(stamp) => self.record_at(record.name, record.time, stamp).is_ok(),
        }
    }

    fn folded(&self) -> u64 {
        self.overflow().folded
    }

    fn answer(&self, window: Duration) -> Answer {
        // The app offers no window longer than the span of the tracker.
        let Ok(rows) = self.window(window) else { return Answer::default() };
        let rate_after = RATE_AFTER.min(window).as_secs_f64();
        Answer {
            lines: rows.rows().iter().map(|row| line(&rows, row, rate_after)).collect(),
            whole: Whole::of(rows.rows().iter().map(Row::statistic)),
        }
    }

    fn course(&self, line: &Line, window: Duration, parts: usize) -> Course {
        let series = match line.is_other {
            true => self.series_of_other(window),
            false => self.series(&line.name, window),
        };
        let buckets = series.unwrap_or_default();
        let group = buckets.len().div_ceil(parts.max(1)).max(1);
        // The newest parts are whole.
        let parts = buckets.rchunks(group).rev().map(|part| {
            let mut sum = S::default();
            part.iter().for_each(|bucket| sum.merge(bucket.statistic()));
            Point::of(&sum)
        });
        let points = parts.collect();
        let resolution = self.window_spec().resolution();
        Course { part: resolution.saturating_mul(group.try_into().unwrap_or(u32::MAX)), points }
    }
}

fn line<S>(rows: &WindowRows<S>, row: &Row<S>, rate_after: f64) -> Line
where
    S: Stats + Debug + Send + 'static,
{
    let count = row.statistic().count();
    Line {
        is_other: row.is_other(),
        name: row.name().to_owned(),
        action: visible(row.name().as_bytes()),
        // The count divided by the rate is the covered time.
        rate: rows.rate(row).filter(|rate| count as f64 / rate >= rate_after),
        kept: Box::new(row.statistic().clone()),
        marks: Vec::new(),
        course: None,
    }
}
