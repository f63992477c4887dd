//! The distributions of the first actions.

use facade::Quantile;
use facade::actions::{ActionTime, MinMax, Quantiles, Row, Variance};
use maud::{Markup, html};

use super::ActionStats;
use super::content::{Content, name, shown};
use super::picture;
use crate::output::figures::Figures;
use crate::output::render::counted;
use crate::output::scale::Scale;

/// The maximum number of distributions.
const DISTRIBUTIONS: usize = 12;

/// Returns the section of the distributions, on the scale of the table.
pub(super) fn distributions(content: &Content<'_>, scale: Scale) -> Markup {
    let rows = content.shown();
    let rows = &rows[..rows.len().min(DISTRIBUTIONS)];
    let all = content.rows.len() as u64;
    let steps = match scale {
        Scale::Linear { .. } => "Equal distances are equal differences of time.",
        Scale::Logarithmic { .. } => "Equal distances are equal ratios of times.",
    };
    html! {
        @if !rows.is_empty() {
            section aria-labelledby="distributions" {
                h2 id="distributions" { "Distributions" }
                p {
                    @if rows.len() < content.rows.len() {
                        (rows.len()) " of " (counted(all, "action")) ", the largest totals first. "
                    }
                    "All have the scale of time of the table. " (steps)
                    " The tallest bar of each has full height, and its share of the records is "
                    "named."
                }
                div.figures { @for row in rows { (distribution(row, scale, content.figures)) } }
            }
        }
    }
}

fn distribution(row: &Row<ActionStats>, scale: Scale, figures: Figures) -> Markup {
    let (_, min_max, quantiles): &(Variance, MinMax, Quantiles) = row.statistic();
    let histogram = quantiles.histogram();
    let marks = [("p50", Quantile::MEDIAN), ("p99", Quantile::P99)];
    // The middle of a bin may be outside of the recorded range.
    let mark = |(name, quantile)| Some((name, min_max.clamp(quantiles.quantile(quantile)?)));
    let marks: Vec<_> = marks.into_iter().filter_map(mark).collect();
    let time = |time: Option<ActionTime>| figures.time(time.map_or(0.0, ActionTime::as_f64));
    let title = format!(
        "{}: {} from {} to {}",
        shown(row.name()),
        counted(row.count(), "time"),
        time(min_max.min()),
        time(min_max.max()),
    );
    html! {
        figure {
            figcaption {
                strong { (name(row)) }
                @for (name, at) in &marks {
                    span class={ "mark " (name) } { (name) " " (figures.time(at.as_f64())) }
                }
                span { "tallest bar " (picture::tallest(&histogram, scale, row.count())) }
            }
            (picture::histogram(&title, &histogram, scale, &marks, figures))
            (picture::ticks(scale, figures))
        }
    }
}
