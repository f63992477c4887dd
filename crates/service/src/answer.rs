//! The answers as JSON, which the page reads too.

use std::collections::BTreeMap;
use std::time::Duration;

use facade::actions::ActionTime;
use facade::{Coverage, Stamp, Summary, Window};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::axis::Axis;
use crate::names::Scale;
use crate::query::Stat;
use crate::read::Group;

/// Rows of one window.
#[derive(Debug, Serialize)]
pub(crate) struct Answer<'p> {
    pub(crate) title: &'p str,
    pub(crate) at_ms: i64,
    pub(crate) window_s: f64,
    /// The windows that one can ask for.
    pub(crate) windows_s: Vec<f64>,
    pub(crate) sources: Vec<SourceState<'p>>,
    pub(crate) rows: Vec<RowAnswer<'p>>,
}

/// What all rows of a source share.
#[derive(Debug, Serialize)]
pub(crate) struct SourceState<'p> {
    pub(crate) source: &'p str,
    /// How much of the window has passed since recording began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) covered_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) axis: Option<AxisAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_flight: Option<u64>,
    pub(crate) refused: u64,
    pub(crate) folded: u64,
    pub(crate) evicted: u64,
    /// Why the source has nothing to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct AxisAnswer {
    from_ms: i64,
    step_ms: u64,
    points: usize,
    /// The first interval in which recording was on.
    first: usize,
}

impl AxisAnswer {
    pub(crate) fn new(axis: Axis, first: usize) -> Self {
        let step_ms = u64::try_from(axis.step.as_millis()).unwrap_or(u64::MAX);
        Self { from_ms: millis(axis.from), step_ms, points: axis.points, first }
    }
}

/// One group of actions.
#[derive(Debug, Serialize)]
pub(crate) struct RowAnswer<'p> {
    pub(crate) source: &'p str,
    pub(crate) action: String,
    /// Whether the row has the folded actions.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) other: bool,
    pub(crate) unit: &'static str,
    #[serde(flatten)]
    pub(crate) figures: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at_least: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at_most: Option<u64>,
    pub(crate) errors: u64,
    pub(crate) cancelled: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) outcomes: BTreeMap<String, u64>,
    /// Records in each interval of the axis.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) series: Vec<u64>,
}

impl<'p> RowAnswer<'p> {
    pub(crate) fn new(source: &'p str, group: Group, stats: &[Stat], coverage: Coverage) -> Self {
        Self {
            source,
            figures: figures(&group.summary, stats, coverage, group.scale),
            at_least: Some(group.at_least),
            at_most: Some(group.at_most),
            errors: group.errors(),
            cancelled: group.cancelled(),
            action: group.name,
            other: group.is_other,
            unit: group.scale.unit,
            outcomes: group.outcomes,
            series: group.counts,
        }
    }
}

/// The course of one group.
#[derive(Debug, Serialize)]
pub(crate) struct SeriesAnswer<'p> {
    pub(crate) source: &'p str,
    pub(crate) action: String,
    pub(crate) unit: &'static str,
    pub(crate) at_ms: i64,
    pub(crate) axis: AxisAnswer,
    pub(crate) points: Vec<Point>,
}

/// One interval of a course. Its ends are edges of buckets, so the count is exact.
#[derive(Debug, Serialize)]
pub(crate) struct Point {
    pub(crate) from_ms: i64,
    pub(crate) covered_s: f64,
    #[serde(flatten)]
    pub(crate) figures: Map<String, Value>,
    /// Whether some of the interval has not passed, or passed before recording began.
    pub(crate) partial: bool,
}

/// Returns statistics by name. What there is none of is `null`.
pub(crate) fn figures(
    summary: &Summary,
    stats: &[Stat],
    coverage: Coverage,
    scale: Scale,
) -> Map<String, Value> {
    let time = |time: Option<ActionTime>| time.map(|time| scale.of(time)).into();
    let float = |value: Option<f64>| time(value.and_then(|value| value.try_into().ok()));
    let value = |stat: &Stat| match stat {
        Stat::Count => summary.count().into(),
        Stat::Rate => coverage.rate(summary.count()).into(),
        Stat::Sum => float(Some(summary.sum())),
        Stat::Mean => float(summary.mean()),
        Stat::Min => time(summary.min()),
        Stat::Max => time(summary.max()),
        Stat::Quantile(_, quantile) => time(summary.quantile(*quantile)),
    };
    stats.iter().map(|stat| (stat.name().to_owned(), value(stat))).collect()
}

/// The number of events of a source in a window.
#[derive(Debug, Serialize)]
pub(crate) struct EventsAnswer<'p> {
    source: &'p str,
    at_ms: i64,
    covered_s: f64,
    events: u64,
    at_least: u64,
    at_most: u64,
    rate: Option<f64>,
}

impl<'p> EventsAnswer<'p> {
    pub(crate) fn new(source: &'p str, window: &Window, now: Stamp) -> Self {
        Self {
            source,
            at_ms: millis(now),
            covered_s: seconds(window.coverage.elapsed),
            events: window.events,
            at_least: window.at_least,
            at_most: window.at_most,
            rate: window.coverage.rate(window.events),
        }
    }
}

pub(crate) fn millis(stamp: Stamp) -> i64 {
    stamp.as_nanos().div_euclid(1_000_000)
}

pub(crate) fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
