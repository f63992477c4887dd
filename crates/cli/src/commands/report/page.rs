//! The HTML page.
//!
//! Names and lines are untrusted. All text passes through `visible`, which replaces characters
//! that hide or reorder other text, and through the template, which escapes it. As a second
//! defence, the content security policy forbids scripts and external resources.

use facade::actions::{ActionTime, HasCount, HasMean, MinMax, Quantiles, Row, Variance};
use facade::codec::visible;
use facade::{Quantile, WhenFull};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::picture::{self, Curve};
use super::{ActionStats, IntervalStats};
use crate::diagnostics::{self, Refused};
use crate::input::result::ReadResult;
use crate::output::figures::Figures;
use crate::output::render::{counted, grouped};
use crate::stat::{Stat, Whole};
use crate::timeline::{Combined, Timeline};
use crate::timestamps;

/// The content of the page.
pub(super) struct Content<'a> {
    pub(super) inputs: Vec<String>,
    pub(super) result: &'a ReadResult,
    /// The rows, those with the largest totals first.
    pub(super) rows: &'a [Row<ActionStats>],
    /// The number of rows in the table.
    pub(super) shown: usize,
    /// The key of the timestamps and the timeline, if requested.
    pub(super) timeline: Option<(&'a str, &'a Timeline<Combined<IntervalStats>>)>,
    /// The number of records in the shared row.
    pub(super) folded: u64,
    pub(super) figures: Figures,
    /// Whether records are only counted, so that they have no times.
    pub(super) counts_only: bool,
}

/// The maximum number of distributions.
const DISTRIBUTIONS: usize = 12;

/// The content security policy: no external resources and no scripts.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Returns the page.
pub(super) fn page(content: &Content<'_>) -> String {
    let style = PreEscaped(include_str!("style.css"));
    let inputs = content.inputs.join(", ");
    let counted_actions = content.result.accepted;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Windrow report: " (inputs) }
                style { (style) }
            }
            body {
                header {
                    h1 { "Action report" }
                    p.inputs { (inputs) }
                }
                main {
                    (totals(content))
                    (actions(content))
                    @if !content.counts_only { (distributions(content)) }
                    @if let Some((key, timeline)) = content.timeline {
                        (trend(key, timeline, counted_actions, content))
                    }
                    (refused(content.result))
                }
                footer { (notes()) }
            }
        }
    };
    page.into_string() + "\n"
}

fn totals(content: &Content<'_>) -> Markup {
    let Content { result, rows, timeline, .. } = content;
    let ends = timeline.and_then(|(_, timeline)| Some((timeline.ends()?, timeline)));
    let ends = ends.map(|((first, last), timeline)| {
        let width = timeline.width().min(SECOND);
        [first, last].map(|end| timestamps::write(timeline.zone(), end, width))
    });
    html! {
        section.totals aria-label="Totals" {
            dl {
                (total("lines", &grouped(result.lines)))
                (total("actions counted", &grouped(result.accepted)))
                (total("different actions", &grouped(rows.len() as u64)))
                div class=(if result.refused > 0 { "bad" } else { "" }) {
                    dt { "lines refused" }
                    dd { (grouped(result.refused)) }
                }
                @if let Some([first, last]) = ends {
                    div.wide { dt { "first to last" } dd { (first) br; "to " (last) } }
                }
            }
            @if result.is_interrupted {
                p.warning role="note" { "Interrupted: the report has only the lines read before." }
            }
            @for file in &result.unreadable {
                p.warning role="note" {
                    "Could not be read to the end: "
                    (file.name) ": " (diagnostics::reason(&file.error))
                }
            }
        }
    }
}

const SECOND: std::time::Duration = std::time::Duration::from_secs(1);

fn total(name: &str, value: &str) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn actions(content: &Content<'_>) -> Markup {
    let rows = &content.rows[..content.shown];
    let [p50, p90, p99] = [50, 90, 99].map(Stat::percentile);
    let stats = [
        ("count", Stat::Count),
        ("total", Stat::Sum("total")),
        ("share", Stat::Share),
        ("mean", Stat::Mean),
        ("std. dev.", Stat::Deviation),
        ("min", Stat::Min),
        ("p50", p50),
        ("p90", p90),
        ("p99", p99),
        ("max", Stat::Max),
    ];
    let is_shown = |stat: &Stat| match content.counts_only {
        true => matches!(stat, Stat::Count | Stat::Share),
        false => true,
    };
    let stats: Vec<_> = stats.into_iter().filter(|(_, stat)| is_shown(stat)).collect();
    let whole = Whole::of(content.rows.iter().map(Row::statistic));
    let cell = |stat: &Stat, row: &Row<ActionStats>| {
        content.figures.value(stat, &stat.of(row.statistic(), &whole))
    };
    html! {
        section aria-labelledby="actions" {
            h2 id="actions" { "Actions" }
            @if rows.is_empty() {
                p { "There were none." }
            } @else {
                div.scroll tabindex="0" role="region" aria-labelledby="actions" {
                    table {
                        caption { (caption(content)) }
                        thead {
                            tr {
                                th.name scope="col" { "action" }
                                @for (name, _) in &stats { th scope="col" { (name) } }
                                @if !content.counts_only {
                                    th.picture scope="col" { "distribution" }
                                }
                            }
                        }
                        tbody {
                            @for row in rows {
                                tr {
                                    th.name scope="row" { (name(row)) }
                                    @for (_, stat) in &stats { td { (cell(stat, row)) } }
                                    @if !content.counts_only {
                                        td.picture { (small(row)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn caption(content: &Content<'_>) -> String {
    let order = if content.counts_only { "most frequent actions" } else { "largest totals" };
    let mut text = format!("The {order} come first");
    if !content.counts_only && !content.figures.have_unit() {
        text.insert_str(0, "Times are in the unit of the log. ");
    }
    let hidden = &content.rows[content.shown..];
    if !hidden.is_empty() {
        let lines: u64 = hidden.iter().map(Row::count).sum();
        let (hidden, lines) = (counted(hidden.len() as u64, "more action"), counted(lines, "line"));
        text += &format!("; not shown: {hidden} with {lines}");
    }
    if content.folded > 0 {
        let (lines, other) = (counted(content.folded, "line"), WhenFull::OTHER);
        text += &format!("; the row `{other}` in italics has {lines} of actions beyond the limit");
    }
    text + "."
}

fn shown(name: &str) -> String {
    visible(name.as_bytes())
}

/// Returns the name of a row. That of the shared row is in italics, as an action may have the same.
fn name(row: &Row<ActionStats>) -> Markup {
    html! { @if row.is_other() { i { (row.name()) } } @else { (shown(row.name())) } }
}

fn small(row: &Row<ActionStats>) -> Markup {
    let (_, min_max, quantiles) = row.statistic();
    picture::small(min_max, &quantiles.histogram())
}

fn distributions(content: &Content<'_>) -> Markup {
    let rows = &content.rows[..content.shown.min(DISTRIBUTIONS)];
    let all = content.rows.len() as u64;
    html! {
        @if !rows.is_empty() {
            section aria-labelledby="distributions" {
                h2 id="distributions" { "Distributions" }
                @if rows.len() < content.rows.len() {
                    p { (rows.len()) " of " (counted(all, "action")) ", the largest totals first." }
                }
                div.figures { @for row in rows { (distribution(row, content.figures)) } }
            }
        }
    }
}

fn distribution(row: &Row<ActionStats>, figures: Figures) -> Markup {
    let (_, min_max, quantiles): &(Variance, MinMax, Quantiles) = row.statistic();
    let marks = [("p50", Quantile::MEDIAN), ("p99", Quantile::P99)];
    // The middle of a bin may be outside of the recorded range.
    let mark = |(name, quantile)| Some((name, min_max.clamp(quantiles.quantile(quantile)?)));
    let marks: Vec<_> = marks.into_iter().filter_map(mark).collect();
    let label = |time: Option<ActionTime>| figures.label(time.map_or(0.0, ActionTime::as_f64));
    let title = format!(
        "{}: {} from {} to {}",
        shown(row.name()),
        counted(row.count(), "time"),
        label(min_max.min()),
        label(min_max.max()),
    );
    html! {
        figure {
            figcaption {
                strong { (name(row)) }
                @for (name, at) in &marks { span { (name) " " (figures.label(at.as_f64())) } }
            }
            (picture::histogram(&title, min_max, &quantiles.histogram(), &marks, figures))
        }
    }
}

fn trend(
    key: &str,
    timeline: &Timeline<Combined<IntervalStats>>,
    actions: u64,
    content: &Content<'_>,
) -> Markup {
    let figures = content.figures;
    let width = timeline.width();
    let each = timestamps::span(width);
    let intervals: Vec<_> = timeline.intervals().collect();
    let kept = |of: fn(&IntervalStats) -> Option<f64>| -> Vec<Option<f64>> {
        let value =
            |row: Option<&Combined<IntervalStats>>| row.and_then(|row| of(row.0.as_ref()?));
        intervals.iter().map(|&(_, row)| value(row)).collect()
    };
    let count = |kept: &IntervalStats| Some(kept.0.count() as f64);
    let counts = kept(count).into_iter().map(|count| Some(count.unwrap_or(0.0))).collect();
    let p99 = |(_, min_max, quantiles): &IntervalStats| {
        quantiles.quantile(Quantile::P99).map(|p99| min_max.clamp(p99).as_f64())
    };
    let from = |&(from, _): &_| timestamps::write(timeline.zone(), from, width);
    let froms: Vec<_> = intervals.iter().map(from).collect();
    let ends = [froms.first(), froms.last()].map(|end| end.map_or("", String::as_str));
    let counts = [Curve { name: "actions", class: "one", values: counts }];
    let times = [
        Curve { name: "mean", class: "one", values: kept(|kept| kept.0.mean()) },
        Curve { name: "p99", class: "two", values: kept(p99) },
    ];
    let titles = ["Actions", "Mean and p99"].map(|what| format!("{what} in each {each}"));
    html! {
        section aria-labelledby="course" {
            h2 id="course" { "Over time" }
            @if timeline.unstamped() > 0 {
                p.warning role="note" {
                    (counted(timeline.unstamped(), "action")) " without "
                    code { (shown(key)) } ": not shown here."
                }
            }
            @for sentence in timeline.left_out(actions) {
                p.warning role="note" { (sentence.lines().next().unwrap_or_default()) "." }
            }
            @if !intervals.is_empty() {
                figure.wide {
                    figcaption { strong { "Actions in " (each) } }
                    (picture::chart(&titles[0], &counts, ends, Figures::default()))
                }
                @if !content.counts_only {
                    figure.wide {
                        figcaption { strong { "Time of an action, in " (each) } }
                        (picture::chart(&titles[1], &times, ends, figures))
                    }
                }
            }
        }
    }
}

fn refused(result: &ReadResult) -> Markup {
    let mut reasons: Vec<_> = result.reasons.iter().collect();
    reasons.sort_by_key(|&(reason, &count)| (std::cmp::Reverse(count), *reason));
    html! {
        @if result.refused > 0 {
            section aria-labelledby="refused" {
                h2 id="refused" { "Refused lines" }
                p { "These lines are not actions. The other sections do not count them." }
                table.reasons {
                    thead { tr { th.name scope="col" { "reason" } th scope="col" { "lines" } } }
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
            p { strong { (place) } ": " (reason) }
            pre tabindex="0" { (spot.text) "\n" (" ".repeat(spot.column)) span.caret { "^" } }
        }
    }
}

fn notes() -> Markup {
    html! {
        p {
            "Counts, means, deviations, minima and maxima are exact. Quantiles are exact for up "
            "to 32 times of an action, and within 0.8 % beyond: 99 % of the times are at most p99. "
            "Histograms show the bins from which the quantiles are computed."
        }
        p { "Made by windrow. This page needs no network and runs no script." }
    }
}
