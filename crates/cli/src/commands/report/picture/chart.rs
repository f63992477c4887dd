//! Charts over time, one panel for each figure.

use maud::{Markup, html};

use super::{HEIGHT, short};
use crate::output::axis;
use crate::output::figures::Figures;
use crate::output::render::grouped;

/// The axis of time that all panels share. An interval is one unit wide.
pub(in super::super) struct Axis {
    /// The intervals in words.
    pub(in super::super) intervals: Vec<String>,
    /// The start of the first interval and the end of the last.
    pub(in super::super) ends: [String; 2],
    /// Whether the log covers each interval only in part.
    pub(in super::super) partial: Vec<bool>,
}

/// A figure of each interval.
pub(in super::super) struct Panel {
    pub(in super::super) title: String,
    /// Its class in the style sheet.
    pub(in super::super) class: &'static str,
    pub(in super::super) values: Values,
    pub(in super::super) figures: Figures,
}

pub(in super::super) enum Values {
    /// Counts as bars.
    Bars(Vec<u64>),
    /// Times as a line; `None` without an action.
    Line(Vec<Option<f64>>),
}

/// Draws a panel with the labels of its axes.
pub(in super::super) fn chart(panel: &Panel, axis: &Axis) -> Markup {
    let Panel { title, class, values, figures } = panel;
    let largest = match values {
        Values::Bars(counts) => counts.iter().max().map_or(0.0, |&count| count as f64),
        Values::Line(times) => times.iter().flatten().copied().fold(0.0, f64::max),
    };
    let top = axis::end(largest);
    let width = axis.intervals.len();
    html! {
        figure.wide {
            figcaption { strong { (title) } }
            div.chart {
                div.scale aria-hidden="true" {
                    @for part in [1.0, 0.5, 0.0] { span { (figures.label(top * part)) } }
                }
                svg class={ "plot " (class) } viewBox=(format!("0 0 {width} {HEIGHT}"))
                    preserveAspectRatio="none" role="img" {
                    title { (title) ", from " (axis.ends[0]) " to " (axis.ends[1]) }
                    @for y in [0.0, HEIGHT / 2.0, HEIGHT] {
                        line.grid x1="0" y1=(y) x2=(width) y2=(y) {}
                    }
                    @for index in (0..width).filter(|&index| axis.partial[index]) {
                        rect.part x=(index) width="1" height=(HEIGHT) {}
                    }
                    @match values {
                        Values::Bars(counts) => (bars(counts, top, &axis.partial)),
                        Values::Line(times) => (line(times, top, &axis.partial)),
                    }
                    @for (index, interval) in axis.intervals.iter().enumerate() {
                        rect.hit x=(index) width="1" height=(HEIGHT) {
                            title { (interval) ": " (value(values, index, *figures)) }
                        }
                    }
                }
                div.ends { span { (axis.ends[0]) } span { (axis.ends[1]) } }
            }
        }
    }
}

/// Formats the value of an interval.
fn value(values: &Values, index: usize, figures: Figures) -> String {
    match values {
        Values::Bars(counts) => grouped(counts[index]),
        Values::Line(times) => times[index].map_or("-".into(), |time| figures.time(time)),
    }
}

fn bars(counts: &[u64], top: f64, partial: &[bool]) -> Markup {
    html! {
        g.bars {
            @for (index, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                @let height = (count as f64 / top * HEIGHT).max(1.0);
                rect.partial[partial[index]] x=(short(index as f64 + 0.1)) width="0.8"
                    y=(short(HEIGHT - height)) height=(short(height)) {}
            }
        }
    }
}

fn line(times: &[Option<f64>], top: f64, partial: &[bool]) -> Markup {
    let [whole, part] = paths(times, top, partial);
    html! {
        path.curve d=(whole) {}
        @if !part.is_empty() { path.curve.partial d=(part) {} }
    }
}

/// Returns the path through the values, with gaps at missing ones.
///
/// The second path has the segments to and from partial intervals.
fn paths(times: &[Option<f64>], top: f64, partial: &[bool]) -> [String; 2] {
    let mut paths = [String::new(), String::new()];
    let point = |index: usize| {
        let time = times.get(index).copied().flatten()?;
        let (x, y) = (short(index as f64 + 0.5), short(HEIGHT - time / top * HEIGHT));
        Some(format!("{x} {y}"))
    };
    // The path that ends at the last point.
    let mut open = None;
    for index in 0..times.len() {
        let Some(end) = point(index) else { continue };
        let start = index.checked_sub(1).and_then(|before| Some((before, point(before)?)));
        if let Some((before, start)) = start {
            let to = usize::from(partial[before] || partial[index]);
            if open != Some(to) {
                paths[to] += &format!("M{start}");
                open = Some(to);
            }
            paths[to] += &format!("L{end}");
        } else {
            open = None;
            if point(index + 1).is_none() {
                // A line of length zero, of which the round ends are visible.
                paths[usize::from(partial[index])] += &format!("M{end}h0");
            }
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(times: &[Option<f64>], partial: &[usize], expected: [&str; 2]) {
        let partial: Vec<_> = (0..times.len()).map(|index| partial.contains(&index)).collect();
        assert_eq!(paths(times, 1.0, &partial), expected);
    }

    #[test]
    fn curve_is_interrupted_where_nothing_happened() {
        let times = [Some(0.0), Some(1.0), None, Some(0.5)];
        check(&times, &[], ["M0.5 100L1.5 0M3.5 50h0", ""]);
        let times = [Some(0.0), Some(1.0), None, Some(0.5), Some(1.0)];
        check(&times, &[], ["M0.5 100L1.5 0M3.5 50L4.5 0", ""]);
        check(&[None, Some(0.25)], &[], ["M1.5 75h0", ""]);
        check(&[None, None], &[], ["", ""]);
    }

    #[test]
    fn segments_at_partial_intervals_are_apart() {
        let times = [Some(0.0), Some(1.0), Some(0.5), Some(0.0)];
        check(&times, &[0, 3], ["M1.5 0L2.5 50", "M0.5 100L1.5 0M2.5 50L3.5 100"]);
        check(&times[..2], &[0, 1], ["", "M0.5 100L1.5 0"]);
        check(&times[..1], &[0], ["", "M0.5 100h0"]);
    }
}
