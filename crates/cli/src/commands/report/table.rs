//! The table of actions, which is sorted by radio buttons.
//!
//! The page has no script, so each row has its position in every order, and the style sheet uses
//! that of the chosen order. In a browser that cannot do so, the rows stay in the default order.
//! Rejected: a table for each order, as the page would be ten times as large.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::iter;

use facade::WhenFull;
use facade::actions::Row;
use maud::{Markup, html};

use super::ActionStats;
use super::content::{Content, name};
use super::picture;
use crate::output::render::counted;
use crate::output::scale::Scale;
use crate::stat::{self, Stat, Whole};

/// A column of figures.
struct Column {
    /// The title, and that of a narrow screen.
    title: &'static str,
    /// The name of the order, if rows can be sorted by the column.
    order: Option<&'static str>,
    stat: Stat,
}

/// The name of the order by name.
const BY_NAME: &str = "name";

fn columns(counts_only: bool) -> Vec<Column> {
    let column = |title, order, stat| Column { title, order: Some(order), stat };
    // The order by share is that by total, or by count.
    let share = Column { title: "share", order: None, stat: Stat::Share };
    let count = column("count", "count", Stat::Count);
    if counts_only {
        return vec![count, share];
    }
    vec![
        count,
        column("total", "total", Stat::Sum("total")),
        share,
        column("mean", "mean", Stat::Mean),
        column("std. dev.", "stddev", Stat::Deviation),
        column("min", "min", Stat::Min),
        column("p50", "p50", Stat::percentile(50)),
        column("p90", "p90", Stat::percentile(90)),
        column("p99", "p99", Stat::percentile(99)),
        column("max", "max", Stat::Max),
    ]
}

/// The orders of rows.
struct Orders<'a> {
    names: Vec<&'a str>,
    /// For each row, its position in each order, from 1.
    positions: Vec<Vec<usize>>,
}

impl<'a> Orders<'a> {
    /// Sorts rows by name, and by each column, largest first. Equal rows keep their order.
    fn of(rows: &[Row<ActionStats>], columns: &'a [Column]) -> Self {
        let mut orders = Self { names: Vec::new(), positions: vec![Vec::new(); rows.len()] };
        orders.add(BY_NAME, |one, other| rows[one].name().cmp(rows[other].name()));
        for Column { order, stat, .. } in columns {
            let Some(order) = order else { continue };
            let whole = Whole::default();
            let values: Vec<_> = rows.iter().map(|row| stat.of(row.statistic(), &whole)).collect();
            orders.add(order, |one, other| stat::compare(&values[other], &values[one]));
        }
        orders
    }

    fn add(&mut self, name: &'a str, compare: impl Fn(usize, usize) -> Ordering) {
        let mut sorted: Vec<_> = (0..self.positions.len()).collect();
        sorted.sort_by(|&one, &other| compare(one, other));
        for (position, row) in (1..).zip(sorted) {
            self.positions[row].push(position);
        }
        self.names.push(name);
    }

    /// Returns the positions of a row as a style.
    fn style(&self, row: usize) -> String {
        let mut style = String::new();
        for (name, position) in self.names.iter().zip(&self.positions[row]) {
            let _ = write!(style, "--{name}:{position};");
        }
        style.pop();
        style
    }
}

/// Returns the style sheet of the orders, and of the titles of columns on narrow screens.
pub(super) fn style(content: &Content<'_>) -> String {
    let columns = columns(content.counts_only);
    let names = iter::once(BY_NAME).chain(columns.iter().filter_map(|column| column.order));
    let mut style = String::new();
    for name in names.clone() {
        let _ = write!(style, "#by-{name}:checked~div tbody tr{{--at:var(--{name})}}");
    }
    let headings = |state: &str, end: &str| {
        let heading = |name| format!("#by-{name}:{state}~div [for=by-{name}]{end}");
        names.clone().map(heading).collect::<Vec<_>>().join(",")
    };
    style += &headings("checked", "");
    style += "{color:var(--text)}";
    style += &headings("checked", "::after");
    style += "{content:\"▼\"}";
    let _ = write!(style, "#by-{BY_NAME}:checked~div [for=by-{BY_NAME}]::after{{content:\"▲\"}}");
    style += &headings("focus-visible", "");
    style += "{outline:2px solid var(--one)}@media (max-width:68rem){";
    for (index, Column { title, .. }) in (2..).zip(&columns) {
        let _ = write!(style, ".actions td:nth-child({index})::before{{content:\"{title}\"}}");
    }
    style + "}"
}

/// Returns the section of the actions.
pub(super) fn actions(content: &Content<'_>, scale: Scale) -> Markup {
    let rows = content.shown();
    let columns = columns(content.counts_only);
    let orders = Orders::of(rows, &columns);
    let default = if content.counts_only { "count" } else { "total" };
    html! {
        section aria-labelledby="actions" {
            h2 id="actions" { "Actions" }
            @if content.rows.is_empty() {
                p { "There were none." }
            } @else {
                p id="about-actions" { (caption(content)) }
            }
            @if !rows.is_empty() {
                div.actions {
                    @for name in &orders.names {
                        @let class = (*name == default).then_some("default");
                        input class=[class] type="radio" name="order" id={ "by-" (name) }
                            checked[*name == default]
                            aria-label={ "Sort by " (order(name, &columns)) };
                    }
                    div.scroll tabindex="0" role="region" aria-labelledby="actions" {
                        (table(content, scale, &columns, &orders))
                    }
                }
            }
        }
    }
}

/// Describes an order.
fn order(name: &str, columns: &[Column]) -> String {
    match columns.iter().find(|column| column.order == Some(name)) {
        Some(column) => format!("{}, largest first", column.title),
        None => "name, A to Z".into(),
    }
}

fn table(content: &Content<'_>, scale: Scale, columns: &[Column], orders: &Orders<'_>) -> Markup {
    let whole = Whole::of(content.rows.iter().map(Row::statistic));
    let cell = |stat: &Stat, row: &Row<ActionStats>| {
        content.figures.value(stat, &stat.of(row.statistic(), &whole))
    };
    let has_pictures = !content.counts_only;
    let figures = columns.len() + usize::from(has_pictures);
    html! {
        table aria-describedby="about-actions" style={ "--columns:" (figures) } {
            thead {
                tr {
                    th.name scope="col" { label for={ "by-" (BY_NAME) } { "action" } }
                    @for Column { title, order, .. } in columns {
                        th scope="col" {
                            @match order {
                                Some(order) => label for={ "by-" (order) } { (title) },
                                None => (title),
                            }
                        }
                    }
                    @if has_pictures { th.picture scope="col" { "distribution" } }
                }
            }
            tbody {
                @for (index, row) in content.shown().iter().enumerate() {
                    tr style=(orders.style(index)) {
                        th.name scope="row" { (name(row)) }
                        @for Column { stat, .. } in columns { td { (cell(stat, row)) } }
                        @if has_pictures {
                            td.picture {
                                (picture::small(&row.statistic().2.histogram(), scale))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn caption(content: &Content<'_>) -> String {
    let mut sentences = Vec::new();
    if !content.shown().is_empty() {
        sentences.push("Choose the heading of a column to sort by it.".to_owned());
    }
    if !content.counts_only && !content.figures.have_unit() {
        sentences.push("Times are in the unit of the log.".to_owned());
    }
    if !content.counts_only {
        sentences.push("All distributions have one scale of time.".to_owned());
    }
    let hidden = &content.rows[content.shown().len()..];
    if !hidden.is_empty() {
        let records: u64 = hidden.iter().map(Row::count).sum();
        let (hidden, records) =
            (counted(hidden.len() as u64, "more action"), counted(records, "record"));
        let rank = if content.counts_only { "less frequent" } else { "with smaller totals" };
        sentences.push(format!("Not shown: {hidden}, {rank}, with {records}."));
    }
    if content.folded > 0 {
        let (records, other) = (counted(content.folded, "record"), WhenFull::OTHER);
        sentences.push(format!(
            "The row `{other}` in italics has {records} of actions beyond the limit."
        ));
    }
    sentences.join(" ")
}
