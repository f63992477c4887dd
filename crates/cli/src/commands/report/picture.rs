//! The SVG pictures of the page. Its style sheet sets colours and fonts.

use std::fmt::Write as _;

use facade::actions::{ActionTime, Histogram, MinMax};
use maud::{Markup, html};

use crate::output::axis;
use crate::output::figures::Figures;

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 150.0;
/// The height of the labels at the bottom.
const FOOT: f64 = 22.0;
/// The height of the label at the top.
const HEAD: f64 = 20.0;
const BARS: usize = 48;

/// The maximum ratio of times on a linear scale.
const RATIO_MAX: f64 = 12.0;

/// Maps a time between the minimum and the maximum to 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scale {
    Linear { from: f64, to: f64 },
    Logarithmic { from: f64, to: f64 },
}

impl Scale {
    /// Returns the scale for these times. Zeros are at its start.
    fn of(min_max: &MinMax, histogram: &Histogram) -> Self {
        let ends = [min_max.min(), min_max.max()].map(|end| end.map_or(0.0, ActionTime::as_f64));
        let [min, max] = ends;
        // Zero has no logarithm: the scale starts at the first bin above it.
        let least = histogram.bins().find(|bin| bin.from > 0.0).map_or(max, |bin| bin.from);
        if least > 0.0 && max / least > RATIO_MAX {
            Self::Logarithmic { from: least.max(min), to: max }
        } else {
            Self::Linear { from: min, to: max }
        }
    }

    fn place(self, time: f64) -> f64 {
        let (place, width) = match self {
            Self::Linear { from, to } => (time - from, to - from),
            Self::Logarithmic { from, to } => (time.ln() - from.ln(), to.ln() - from.ln()),
        };
        if width > 0.0 { (place / width).clamp(0.0, 1.0) } else { 0.5 }
    }
}

/// Returns the number of times in each of equal parts of a scale.
fn bars(histogram: &Histogram, scale: Scale) -> [f64; BARS] {
    let mut bars = [0.0; BARS];
    for bin in histogram.bins() {
        let (from, to) = (scale.place(bin.from), scale.place(bin.to));
        let (from, to) = (from * BARS as f64, to * BARS as f64);
        let first = (from as usize).min(BARS - 1);
        if to - from < 1e-9 {
            bars[first] += bin.count as f64;
            continue;
        }
        // The count of a bin across several bars is divided between them.
        let last = ((to.ceil() as usize).max(first + 1)).min(BARS);
        for (bar, count) in (first..).zip(&mut bars[first..last]) {
            let overlap = to.min(bar as f64 + 1.0) - from.max(bar as f64);
            *count += bin.count as f64 * overlap.max(0.0) / (to - from);
        }
    }
    bars
}

/// Draws a histogram with marks at the quantiles.
pub(super) fn histogram(
    title: &str,
    min_max: &MinMax,
    histogram: &Histogram,
    marks: &[(&str, ActionTime)],
    figures: Figures,
) -> Markup {
    let scale = Scale::of(min_max, histogram);
    let bars = bars(histogram, scale);
    let greatest = bars.iter().copied().fold(0.0, f64::max).max(1.0);
    let (width, base) = (WIDTH / BARS as f64, HEIGHT - FOOT);
    let [min, max] = [min_max.min(), min_max.max()].map(|end| end.map_or(0.0, ActionTime::as_f64));
    let steps = match scale {
        Scale::Linear { .. } => "equal steps",
        Scale::Logarithmic { .. } => "steps of equal ratio",
    };
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" {
            title { (title) ", in " (steps) }
            g.bars {
                @for (index, &count) in bars.iter().enumerate() {
                    @if count > 0.0 {
                        @let height = (count / greatest * (base - HEAD)).max(1.0);
                        rect x=(short(index as f64 * width + 0.5)) y=(short(base - height))
                            width=(short(width - 1.0)) height=(short(height)) {}
                    }
                }
            }
            line.axis x1="0" y1=(base) x2=(WIDTH) y2=(base) {}
            @for &(name, time) in marks {
                @let x = scale.place(time.as_f64()) * WIDTH;
                line.mark x1=(short(x)) y1=(HEAD) x2=(short(x)) y2=(base) {}
                text.label x=(short(x.clamp(16.0, WIDTH - 16.0))) y="13" text-anchor="middle" {
                    (name)
                }
            }
            text.label x="0" y=(HEIGHT - 6.0) { (figures.label(min)) }
            text.label x=(WIDTH / 2.0) y=(HEIGHT - 6.0) text-anchor="middle" { (steps) }
            text.label x=(WIDTH) y=(HEIGHT - 6.0) text-anchor="end" { (figures.label(max)) }
        }
    }
}

/// Draws a small histogram for a table.
pub(super) fn small(min_max: &MinMax, histogram: &Histogram) -> Markup {
    let bars = bars(histogram, Scale::of(min_max, histogram));
    let greatest = bars.iter().copied().fold(0.0, f64::max).max(1.0);
    let mut path = String::new();
    for (index, &count) in bars.iter().enumerate() {
        if count > 0.0 {
            let height = (count / greatest * 20.0).max(1.0);
            let (x, y) = (index * 2, short(20.0 - height));
            let _ = write!(path, "M{x} 20V{y}h2V20z");
        }
    }
    html! {
        svg.small viewBox="0 0 96 20" aria-hidden="true" { path.bars d=(path) {} }
    }
}

/// A curve of a chart.
pub(super) struct Curve<'a> {
    pub(super) name: &'a str,
    /// Its class in the style sheet.
    pub(super) class: &'a str,
    /// The value of each interval; `None` if it has no actions.
    pub(super) values: Vec<Option<f64>>,
}

const CHART_WIDTH: f64 = 960.0;
const CHART_HEIGHT: f64 = 220.0;
const MARGIN: f64 = 64.0;

/// Draws curves over time, with labels for the start and the end.
pub(super) fn chart(
    title: &str,
    curves: &[Curve<'_>],
    ends: [&str; 2],
    figures: Figures,
) -> Markup {
    let values = curves.iter().flat_map(|curve| curve.values.iter().flatten());
    let top = axis::end(values.copied().fold(0.0, f64::max));
    let (base, right) = (CHART_HEIGHT - FOOT, CHART_WIDTH - 8.0);
    html! {
        div.pan tabindex="0" role="region" aria-label=(title) {
            svg.chart viewBox=(format!("0 0 {CHART_WIDTH} {CHART_HEIGHT}")) role="img" {
                title { (title) }
                @for part in [0.0, 0.5, 1.0] {
                    @let y = base - part * (base - HEAD);
                    line.grid x1=(MARGIN) y1=(short(y)) x2=(right) y2=(short(y)) {}
                    text.label x=(MARGIN - 8.0) y=(short(y + 4.0)) text-anchor="end" {
                        (figures.label(top * part))
                    }
                }
                @for curve in curves {
                    @let path = path(&curve.values, top, right, base);
                    path class={ "curve " (curve.class) } d=(path) {}
                }
                text.label x=(MARGIN) y=(CHART_HEIGHT - 4.0) { (ends[0]) }
                text.label x=(right) y=(CHART_HEIGHT - 4.0) text-anchor="end" { (ends[1]) }
            }
        }
        @if curves.len() > 1 {
            p.legend {
                @for curve in curves { span class=(curve.class) { (curve.name) } " " }
            }
        }
    }
}

/// Returns the path through the values, with gaps at missing ones.
fn path(values: &[Option<f64>], top: f64, right: f64, base: f64) -> String {
    let step = (right - MARGIN) / (values.len().saturating_sub(1).max(1)) as f64;
    let (mut path, mut is_down) = (String::new(), false);
    for (index, value) in values.iter().enumerate() {
        let Some(value) = value else {
            is_down = false;
            continue;
        };
        let x = short(MARGIN + index as f64 * step);
        let y = short(base - value / top * (base - HEAD));
        // A single point is a line of length zero, of which the round ends are visible.
        let draw = if is_down { format!("L{x} {y}") } else { format!("M{x} {y}h0") };
        path += &draw;
        is_down = true;
    }
    path
}

/// Formats a coordinate with at most one decimal.
fn short(place: f64) -> String {
    format!("{place:.1}").trim_end_matches(".0").to_owned()
}

#[cfg(test)]
mod tests {
    use facade::time::Statistic;

    use super::*;

    fn summary(times: &[f64]) -> (MinMax, Histogram) {
        let mut both = <(MinMax, Histogram)>::default();
        for &time in times {
            both.insert(ActionTime::try_from(time).unwrap());
        }
        both
    }

    #[track_caller]
    fn check(times: &[f64], scale: Scale) {
        let (min_max, histogram) = summary(times);
        assert_eq!(Scale::of(&min_max, &histogram), scale);
        let sum: f64 = bars(&histogram, scale).iter().sum();
        assert!((sum - times.len() as f64).abs() < 1e-6, "{sum} of {times:?}");
        let places = times.iter().map(|&time| scale.place(time));
        assert!(places.into_iter().all(|place| (0.0..=1.0).contains(&place)));
    }

    #[test]
    fn every_time_is_in_a_bar() {
        check(&[], Scale::Linear { from: 0.0, to: 0.0 });
        check(&[0.0], Scale::Linear { from: 0.0, to: 0.0 });
        check(&[5.0, 5.0], Scale::Linear { from: 5.0, to: 5.0 });
        check(&[5.0, 6.0, 7.5], Scale::Linear { from: 5.0, to: 7.5 });
        check(&[1.0, 1_000.0], Scale::Logarithmic { from: 1.0, to: 1_000.0 });
        check(&[0.0, 1.0, 1_000.0], Scale::Logarithmic { from: 1.0, to: 1_000.0 });
        check(&[0.0, 5e-324, f64::MAX], Scale::Logarithmic { from: 5e-324, to: f64::MAX });
    }

    #[test]
    fn curve_is_interrupted_where_nothing_happened() {
        let values = [Some(0.0), Some(1.0), None, Some(0.5)];
        assert_eq!(path(&values, 1.0, MARGIN + 30.0, 116.0), "M64 116h0L74 20M94 68h0");
    }
}
