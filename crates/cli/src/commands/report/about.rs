//! What a page was made of, and when.

use facade::Stamp;
use facade::codec::Zone;
use maud::{Markup, html};

use super::content::Content;
use crate::input::result::ReadResult;
use crate::output::render::{counted, grouped};
use crate::timestamps;

/// The program with its version.
const PROGRAM: &str = concat!("windrow ", env!("CARGO_PKG_VERSION"));

/// Formats the moment when a page was made, with its zone.
fn moment(made: Stamp, zone: &Zone) -> Markup {
    let text = timestamps::write(zone, made, timestamps::SECOND);
    html! { time datetime=(text) { (text) } }
}

/// Returns the line below the title.
pub(super) fn byline(content: &Content<'_>) -> Markup {
    html! { p.quiet { "Made " (moment(content.made, content.zone)) " by " (PROGRAM) } }
}

/// Returns the section about the origin of the page.
pub(super) fn about(content: &Content<'_>) -> Markup {
    html! {
        section aria-labelledby="about" {
            h2 id="about" { "About this report" }
            dl.about {
                dt { "Made" }
                dd {
                    (moment(content.made, content.zone))
                    ", time zone " (content.zone) ", by " (PROGRAM)
                }
                dt { (if content.inputs.len() == 1 { "File" } else { "Files" }) }
                @for input in &content.inputs { dd { bdi { code { (input) } } } }
                dt { "Options" }
                @for option in content.options { dd { code { (option) } } }
                @if content.options.is_empty() { dd { "none" } }
                dt { "Records" }
                dd { (outcomes(content.result)) }
            }
            (notes(content.counts_only))
        }
    }
}

/// Lists how many records had which outcome.
fn outcomes(result: &ReadResult) -> String {
    let ReadResult { lines, accepted, refused, skipped, filtered, blank, .. } = *result;
    let mut outcomes = vec![(accepted, "counted"), (refused, "refused"), (skipped, "skipped")];
    if filtered > 0 {
        outcomes.push((filtered, "filtered"));
    }
    let count = |(records, outcome)| format!("{} {outcome}", grouped(records));
    let outcomes: Vec<_> = outcomes.into_iter().map(count).collect();
    let blank = match blank {
        0 => String::new(),
        blank => format!("; {}", counted(blank, "blank line")),
    };
    format!("{} read: {}{blank}", grouped(lines), outcomes.join(", "))
}

fn notes(counts_only: bool) -> Markup {
    html! {
        @if !counts_only {
            p {
                "Counts, totals, means, deviations, minima and maxima are exact. Quantiles are "
                "exact for up to 32 times of an action, and within 0.8 % beyond: 99 % of the times "
                "are at most p99. Histograms show the bins from which the quantiles are computed."
            }
        }
        p { "This page needs no network and runs no script." }
    }
}
