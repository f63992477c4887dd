//! Distributions, all on one scale.

use std::fmt::Write as _;

use facade::actions::{ActionTime, Histogram};
use maud::{Markup, html};

use super::{HEIGHT, short};
use crate::output::figures::{Figures, percent};
use crate::output::render::counted;
use crate::output::scale::Scale;

/// The minimum and the maximum number of bars.
const BARS: (f64, f64) = (48.0, 96.0);
const BARS_PER_DECADE: f64 = 24.0;
const SMALL_BARS: usize = 48;
const SMALL_HEIGHT: f64 = 20.0;

/// Returns the maximum of the counts, or 1 if that is less.
fn max(counts: &[f64]) -> f64 {
    counts.iter().copied().fold(1.0, f64::max)
}

/// Returns the number of bars of a scale.
///
/// Bars of few percent would be empty between whole numbers such as 6, 7 and 8, as in many logs.
fn bars(scale: Scale) -> usize {
    let decades = match scale {
        Scale::Linear { .. } => 0.0,
        Scale::Logarithmic { from, to } => to.log10() - from.log10(),
    };
    (decades * BARS_PER_DECADE).clamp(BARS.0, BARS.1) as usize
}

/// Draws a histogram with marks at times; the class of each is that of its name.
pub(in super::super) fn histogram(
    title: &str,
    histogram: &Histogram,
    scale: Scale,
    marks: &[(&str, ActionTime)],
    figures: Figures,
) -> Markup {
    let bars = bars(scale);
    let counts = scale.counts(histogram.bins(), bars);
    let max = max(&counts);
    let label = |bar: usize| figures.label(scale.time(bar as f64 / bars as f64));
    html! {
        svg.plot viewBox=(format!("0 0 {bars} {HEIGHT}")) preserveAspectRatio="none" role="img" {
            title { (title) }
            g.bars {
                @for (bar, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
                    @let height = (count / max * HEIGHT).max(1.0);
                    rect x=(bar) y=(short(HEIGHT - height)) width="1" height=(short(height)) {
                        // Bins end within bars, whose counts are then not whole.
                        title { (label(bar)) " to " (label(bar + 1)) ": " (times(count)) }
                    }
                }
            }
            @for &(name, time) in marks {
                @let x = short(scale.place(time.as_f64()) * bars as f64);
                line class={ "mark " (name) } x1=(x) y1="0" x2=(x) y2=(HEIGHT) {
                    title { (name) " " (figures.label(time.as_f64())) }
                }
            }
        }
    }
}

fn times(count: f64) -> String {
    let whole = count.round();
    let about = if (count - whole).abs() < 1e-6 { "" } else { "about " };
    if whole < 1.0 {
        "less than 1 time".into()
    } else {
        about.to_owned() + &counted(whole as u64, "time")
    }
}

/// Returns the share of the times in the tallest bar.
pub(in super::super) fn tallest(histogram: &Histogram, scale: Scale, count: u64) -> String {
    let counts = scale.counts(histogram.bins(), bars(scale));
    percent(max(&counts) / count.max(1) as f64)
}

/// Draws the labels of a scale.
pub(in super::super) fn ticks(scale: Scale, figures: Figures) -> Markup {
    html! {
        div.ticks aria-hidden="true" {
            @for tick in scale.ticks(figures.unit()) {
                @let place = scale.place(tick);
                @let class = match place {
                    ..0.08 => "start",
                    0.92.. => "end",
                    _ => "middle",
                };
                span class=(class) style=(format!("left:{}%", short(place * 100.0))) {
                    (figures.label(tick))
                }
            }
        }
    }
}

/// Draws a small histogram for a table.
pub(in super::super) fn small(histogram: &Histogram, scale: Scale) -> Markup {
    let path = outline(&scale.counts(histogram.bins(), SMALL_BARS));
    let (width, height) = (SMALL_BARS * 2, SMALL_HEIGHT);
    html! {
        svg.small viewBox=(format!("0 0 {width} {height}")) preserveAspectRatio="none"
            aria-hidden="true" { path.bars d=(path) {} }
    }
}

/// Returns the outline of bars, each two units wide; adjacent ones are one shape.
fn outline(counts: &[f64]) -> String {
    let max = max(counts);
    let mut path = String::new();
    let mut is_down = true;
    for (bar, &count) in counts.iter().enumerate() {
        if count > 0.0 {
            if is_down {
                let _ = write!(path, "M{} {SMALL_HEIGHT}", bar * 2);
            }
            let height = (count / max * SMALL_HEIGHT).max(1.0);
            let _ = write!(path, "V{}h2", short(SMALL_HEIGHT - height));
        } else if !is_down {
            let _ = write!(path, "V{SMALL_HEIGHT}");
        }
        is_down = count <= 0.0;
    }
    if !is_down {
        let _ = write!(path, "V{SMALL_HEIGHT}");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_wide_where_the_scale_is_short() {
        for (from, to, expected) in [(1.0, 20.0, 48), (1.0, 1e3, 72), (1e-9, 1e9, 96)] {
            assert_eq!(bars(Scale::Logarithmic { from, to }), expected);
        }
        assert_eq!(bars(Scale::Linear { from: 0.0, to: 1e9 }), 48);
    }

    #[test]
    fn outline_encloses_the_bars() {
        assert_eq!(outline(&[0.0, 4.0, 2.0, 0.0, 0.01]), "M2 20V0h2V10h2V20M8 20V19h2V20");
        assert_eq!(outline(&[0.0, 0.0]), "");
    }

    #[test]
    fn count_of_a_bar_says_whether_it_is_exact() {
        for (count, expected) in [
            (1.0, "1 time"),
            (1_234.000_000_01, "1,234 times"),
            (12.4, "about 12 times"),
            (0.4, "less than 1 time"),
        ] {
            assert_eq!(times(count), expected);
        }
    }
}
