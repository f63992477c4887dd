//! Which actions are shown, and in which order.

use std::cmp::Reverse;
use std::num::NonZero;

use clap::ValueEnum;

use super::Row;
use crate::options::{self, STATISTICS_OPTIONS};

#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct OrderArgs {
    /// Sort by `total`, `verdict`, `action`, or `first` (order of appearance)
    ///
    /// The total is that of the times of both sides, descending. By verdict, slower actions are
    /// first, then faster, mixed, same, unclear, too few, new and gone. Without --sort, JSON
    /// without --top is in order of appearance, anything else sorted by total.
    #[arg(long, value_name = "KEY", value_enum, hide_possible_values = true)]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    sort: Option<SortKey>,

    /// Show only the first N actions
    ///
    /// All actions are compared, counted in the summary and judged by --fail-if.
    #[arg(long, value_name = "N", help_heading = STATISTICS_OPTIONS)]
    #[arg(value_parser = options::integer(NonZero::<usize>::MIN..=NonZero::<usize>::MAX))]
    top: Option<NonZero<usize>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SortKey {
    Total,
    Verdict,
    Action,
    First,
}

impl OrderArgs {
    /// Returns the rows to show, in order. `is_json` is whether a program reads them.
    ///
    /// Rows of one verdict are sorted by total, and those of one total are in order of appearance.
    pub(super) fn shown<'r, 'g>(&self, all: &'r [Row<'g>], is_json: bool) -> Vec<&'r Row<'g>> {
        let default = match (is_json, self.top) {
            (true, None) => SortKey::First,
            _ => SortKey::Total,
        };
        let sort = self.sort.unwrap_or(default);
        let mut rows: Vec<_> = all.iter().collect();
        if matches!(sort, SortKey::Total | SortKey::Verdict) {
            // Totals are 0 or more, and so in the order of their bits.
            rows.sort_by_cached_key(|row| Reverse((row.action.total() + 0.0).to_bits()));
        }
        match sort {
            SortKey::Total | SortKey::First => {}
            SortKey::Verdict => rows.sort_by_key(|row| (row.verdict.is_none(), row.verdict)),
            SortKey::Action => rows.sort_by_key(|row| row.action.name),
        }
        rows.truncate(self.top.map_or(usize::MAX, NonZero::get));
        rows
    }
}
