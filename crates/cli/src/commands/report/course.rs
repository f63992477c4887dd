//! The charts over time, and their values.

use facade::Quantile;
use facade::actions::{HasCount, HasMean};
use maud::{Markup, html};

use super::IntervalStats;
use super::content::{Content, Course, shown};
use super::picture::{self, Axis, Panel, Values};
use crate::output::figures::Figures;
use crate::output::render::{counted, grouped};
use crate::timeline::{Combined, Timeline};
use crate::timestamps;

/// The figures of an interval.
#[derive(Debug, Clone, Copy, Default)]
struct Point {
    count: u64,
    mean: Option<f64>,
    p99: Option<f64>,
}

impl Point {
    fn of((mean, min_max, quantiles): &IntervalStats) -> Self {
        let p99 = quantiles.quantile(Quantile::P99);
        Self {
            count: mean.count(),
            mean: mean.mean(),
            p99: p99.map(|p99| min_max.clamp(p99).as_f64()),
        }
    }
}

impl Course<'_> {
    fn points(&self) -> Vec<Point> {
        let point = |row: &Combined<IntervalStats>| row.0.as_ref().map(Point::of);
        let intervals = self.timeline.intervals();
        intervals.map(|(_, row)| row.and_then(point).unwrap_or_default()).collect()
    }

    fn axis(&self) -> Axis {
        let (timeline, width) = (self.timeline, self.timeline.width());
        let starts: Vec<_> = timeline.intervals().map(|(start, _)| start).collect();
        let label = |stamp| timestamps::write(timeline.zone(), stamp, width);
        let ends = [starts.first().copied(), timeline.end()];
        let last = starts.len().saturating_sub(1);
        let partial = |index| (index == 0 && self.partial[0]) || (index == last && self.partial[1]);
        Axis {
            ends: ends.map(|end| end.map(label).unwrap_or_default()),
            partial: (0..starts.len()).map(partial).collect(),
            intervals: starts.into_iter().map(label).collect(),
        }
    }

    /// Describes the partial intervals.
    fn note(&self) -> Option<Markup> {
        let sides = match self.partial {
            [false, false] => return None,
            [true, false] => "begins inside of the first interval",
            [false, true] => "ends inside of the last interval",
            [true, true] => "begins inside of the first interval and ends inside of the last",
        };
        let (first, last) = self.timeline.ends()?;
        let moment = |stamp| {
            let text = timestamps::write(self.timeline.zone(), stamp, timestamps::SECOND);
            html! { span.moment { (text) } }
        };
        Some(html! {
            p.partial {
                "The log " (sides) ": its records are from " (moment(first)) " to " (moment(last))
                ". An interval that is partial is marked like this, with dashed lines: it may have "
                "fewer actions than a whole one."
            }
        })
    }
}

/// Returns the section of the charts.
pub(super) fn course(course: &Course<'_>, content: &Content<'_>) -> Markup {
    let timeline = course.timeline;
    let (points, axis) = (course.points(), course.axis());
    html! {
        section aria-labelledby="course" {
            h2 id="course" { "Over time" }
            @if timeline.unstamped() > 0 {
                p.warning role="note" {
                    (counted(timeline.unstamped(), "action")) " without "
                    code { (shown(&course.field)) } ": not shown here."
                }
            }
            @for sentence in timeline.left_out(content.result.accepted) {
                p.warning role="note" { (sentence.lines().next().unwrap_or_default()) "." }
            }
            @if !points.is_empty() {
                @if let Some(note) = course.note() { (note) }
                @for panel in panels(&points, timeline, content) { (picture::chart(&panel, &axis)) }
                (values(&points, &axis, content))
            }
        }
    }
}

/// Returns the panels: counts, and two figures of the times, each with its own axis.
fn panels(
    points: &[Point],
    timeline: &Timeline<Combined<IntervalStats>>,
    content: &Content<'_>,
) -> Vec<Panel> {
    let each = timestamps::span(timeline.width());
    let unit = if content.figures.have_unit() { "" } else { ", in the unit of the log" };
    let counts = points.iter().map(|point| point.count).collect();
    let line = |of: fn(&Point) -> Option<f64>| Values::Line(points.iter().map(of).collect());
    let mut panels = vec![Panel {
        title: format!("Actions in each {each}"),
        class: "count",
        values: Values::Bars(counts),
        figures: Figures::default(),
    }];
    if !content.counts_only {
        panels.push(Panel {
            title: format!("Mean time in each {each}{unit}"),
            class: "mean",
            values: line(|point| point.mean),
            figures: content.figures,
        });
        panels.push(Panel {
            title: format!("p99 in each {each}{unit}"),
            class: "p99",
            values: line(|point| point.p99),
            figures: content.figures,
        });
    }
    panels
}

/// Returns the values of the charts as a table, for keyboards and screen readers.
fn values(points: &[Point], axis: &Axis, content: &Content<'_>) -> Markup {
    let time = |time: Option<f64>| time.map_or("-".into(), |time| content.figures.time(time));
    html! {
        details {
            summary { "Values of the charts" }
            div.scroll tabindex="0" role="region" aria-label="Values of the charts" {
                table.values {
                    thead {
                        tr {
                            th.name scope="col" { "interval from" }
                            th scope="col" { "actions" }
                            @if !content.counts_only {
                                th scope="col" { "mean" }
                                th scope="col" { "p99" }
                            }
                        }
                    }
                    tbody {
                        @for (index, point) in points.iter().enumerate() {
                            tr {
                                th.name scope="row" {
                                    (moment(&axis.intervals[index]))
                                    @if axis.partial[index] { " (partial)" }
                                }
                                td { (grouped(point.count)) }
                                @if !content.counts_only {
                                    td { (time(point.mean)) }
                                    td { (time(point.p99)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Splits a moment where it may be wrapped: after the day.
fn moment(text: &str) -> Markup {
    let time = text.find('T').map_or(0, |at| at + 1);
    let (day, time) = text.split_at(time);
    html! { span.moment { (day) } span.moment { (time) } }
}
