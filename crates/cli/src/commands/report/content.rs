//! The content of the page.

use facade::Stamp;
use facade::actions::Row;
use facade::codec::{Zone, visible};
use maud::{Markup, html};

use super::{ActionStats, IntervalStats};
use crate::input::result::ReadResult;
use crate::output::figures::Figures;
use crate::timeline::{Combined, Timeline};

/// The content of the page.
pub(super) struct Content<'a> {
    pub(super) inputs: Vec<String>,
    /// The options that change the page.
    pub(super) options: &'a [String],
    pub(super) made: Stamp,
    pub(super) zone: &'a Zone,
    pub(super) result: &'a ReadResult,
    /// The rows, those with the largest totals first.
    pub(super) rows: &'a [Row<ActionStats>],
    /// The maximum number of rows in the table.
    pub(super) top: usize,
    /// The course over time, if there is a timestamp.
    pub(super) course: Option<Course<'a>>,
    /// The number of records in the shared row.
    pub(super) folded: u64,
    pub(super) figures: Figures,
    /// Whether records are only counted, so that they have no times.
    pub(super) counts_only: bool,
}

impl Content<'_> {
    /// Returns the rows that are shown.
    pub(super) fn shown(&self) -> &[Row<ActionStats>] {
        &self.rows[..self.rows.len().min(self.top)]
    }
}

/// The timeline of a page.
pub(super) struct Course<'a> {
    /// The field of the timestamps.
    pub(super) field: String,
    pub(super) timeline: &'a Timeline<Combined<IntervalStats>>,
    /// Whether the log covers the first and the last interval only in part.
    pub(super) partial: [bool; 2],
}

/// Returns a name as text that is safe to show.
pub(super) fn shown(name: &str) -> String {
    visible(name.as_bytes())
}

/// Returns the name of a row. That of the shared row is in italics, as an action may have the same.
pub(super) fn name(row: &Row<ActionStats>) -> Markup {
    html! {
        @if row.is_other() { i { (row.name()) } } @else { bdi { (shown(row.name())) } }
    }
}
