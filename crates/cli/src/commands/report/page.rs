//! The HTML page.
//!
//! Names and lines are untrusted. All text passes through `visible`, which replaces characters
//! that hide or reorder other text, and through the template, which escapes it. As a second
//! defence, the content security policy forbids scripts and external resources.

use facade::actions::{Row, Variance};
use facade::time::Statistic;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::about;
use super::content::{Content, Course};
use super::course;
use super::distributions;
use super::table;
use crate::diagnostics::{self, Refused};
use crate::input::result::ReadResult;
use crate::output::render::grouped;
use crate::output::scale::Scale;
use crate::timestamps::{self, SECOND};

/// The content security policy: no external resources and no scripts.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Returns the page.
pub(super) fn page(content: &Content<'_>) -> String {
    let style = include_str!("style.css").to_owned() + &table::style(content);
    let inputs = content.inputs.join(", ");
    let scale = Scale::over(content.shown().iter().map(Row::statistic));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Windrow report: " (inputs) }
                style { (PreEscaped(style)) }
            }
            body {
                header {
                    h1 { "Action report" }
                    p.quiet { bdi { (inputs) } }
                    (about::byline(content))
                }
                main {
                    (totals(content))
                    (table::actions(content, scale))
                    @if !content.counts_only { (distributions::distributions(content, scale)) }
                    @if let Some(course) = &content.course { (course::course(course, content)) }
                    (refused(content.result))
                }
                footer { (about::about(content)) }
            }
        }
    };
    page.into_string() + "\n"
}

fn totals(content: &Content<'_>) -> Markup {
    let result = content.result;
    html! {
        section.totals aria-label="Totals" {
            dl {
                (total("records read", &grouped(result.lines), ""))
                (total("actions counted", &grouped(result.accepted), ""))
                (total("different actions", &grouped(content.rows.len() as u64), ""))
                @if !content.counts_only { (total("total time", &total_time(content), "")) }
                (total("records refused", &grouped(result.refused), bad(result.refused)))
                @if result.skipped > 0 { (total("records skipped", &grouped(result.skipped), "")) }
                @if result.filtered > 0 {
                    (total("records filtered", &grouped(result.filtered), ""))
                }
                @if let Some([first, last]) = content.course.as_ref().and_then(ends) {
                    div.wide { dt { "first to last" } dd { (first) br; "to " (last) } }
                }
            }
            @if result.is_interrupted {
                p.warning role="note" {
                    "Interrupted: the report has only the records read before."
                }
            }
            @for file in &result.unreadable {
                p.warning role="note" {
                    "Could not be read to the end: "
                    bdi { (file.name) } ": " (diagnostics::reason(&file.error))
                }
            }
        }
    }
}

fn bad(refused: u64) -> &'static str {
    if refused > 0 { "bad" } else { "" }
}

fn total(name: &str, value: &str, class: &str) -> Markup {
    html! { div class=[(!class.is_empty()).then_some(class)] { dt { (name) } dd { (value) } } }
}

/// Returns the exact sum of all times, rounded once.
fn total_time(content: &Content<'_>) -> String {
    let mut all = Variance::default();
    content.rows.iter().for_each(|row| all.merge(&row.statistic().0));
    content.figures.time(all.sum())
}

/// Returns the first and the last moment of the course.
fn ends(course: &Course<'_>) -> Option<[String; 2]> {
    let (first, last) = course.timeline.ends()?;
    let width = course.timeline.width().min(SECOND);
    Some([first, last].map(|end| timestamps::write(course.timeline.zone(), end, width)))
}

fn refused(result: &ReadResult) -> Markup {
    let mut reasons: Vec<_> = result.reasons.iter().collect();
    reasons.sort_by_key(|&(reason, &count)| (std::cmp::Reverse(count), *reason));
    html! {
        @if result.refused > 0 {
            section aria-labelledby="refused" {
                h2 id="refused" { "Refused records" }
                p { "These are not actions. The other sections do not count them." }
                table.reasons {
                    thead { tr { th.name scope="col" { "reason" } th scope="col" { "records" } } }
                    tbody {
                        @for (reason, &count) in reasons {
                            tr { th.name scope="row" { (reason) } td { (grouped(count)) } }
                        }
                    }
                }
                h3 { "The first" @if result.refusals.len() > 1 { " " (result.refusals.len()) } }
                @for refusal in &result.refusals { (refusal_of(refusal)) }
            }
        }
    }
}

fn refusal_of(refusal: &Refused) -> Markup {
    let Refused { place, reason, spot } = refusal;
    html! {
        div.refusal {
            p { strong { bdi { (place) } } ": " (reason) }
            pre tabindex="0" { (spot.text) "\n" (" ".repeat(spot.column)) span.caret { "^" } }
        }
    }
}
