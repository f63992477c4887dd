//! The columns of the table, and their layout on a terminal.
//!
//! A number is shown whole or not at all: without some digits it would be wrong. Names are
//! shortened first, with a mark, then sparklines are omitted, then numbers.

use std::borrow::Cow;
use std::cmp::Ordering;

use unicode_truncate::UnicodeTruncateStr;
use unicode_width::UnicodeWidthStr;

use crate::output::figures::Figures;
use crate::output::names::shorten_all;
use crate::output::render::{self, GAP, grouped};

/// The text for an unknown rate.
const MISSING: &str = "-";
/// The minimum width of a column of numbers: `rate/s` with a mark.
const NUMBER_COLUMNS_MIN: usize = 7;
const NAME_COLUMNS_MIN: usize = 12;
const NAME_COLUMNS_MAX: usize = 48;
/// The minimum width of a sparkline.
const SERIES_COLUMNS_MIN: usize = 8;
const SERIES_COLUMNS_MAX: usize = 60;

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Action,
    Count,
    Rate,
    Total,
    Mean,
    P50,
    P99,
    Max,
}

impl Column {
    pub(crate) const ALL: [Self; 8] = [
        Self::Action,
        Self::Count,
        Self::Rate,
        Self::Total,
        Self::Mean,
        Self::P50,
        Self::P99,
        Self::Max,
    ];

    /// The columns of records that are only counted.
    pub(crate) const COUNTS: [Self; 3] = [Self::Action, Self::Count, Self::Rate];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Count => "count",
            Self::Rate => "rate/s",
            Self::Total => "total",
            Self::Mean => "mean",
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::Max => "max",
        }
    }

    /// Returns the key that sorts by this column.
    pub(crate) fn key(self) -> char {
        match self {
            Self::Action => 'a',
            Self::Count => 'c',
            Self::Rate => 'r',
            Self::Total => 't',
            Self::Mean => 'm',
            Self::P50 => '5',
            Self::P99 => '9',
            Self::Max => 'x',
        }
    }

    /// Formats the cell of a line.
    pub(crate) fn text(self, line: &Line, figures: Figures) -> String {
        match self {
            Self::Action => line.action.clone(),
            Self::Count => grouped(line.count),
            Self::Rate => line.rate.map_or(MISSING.to_owned(), render::rate),
            Self::Total => figures.time(line.total),
            Self::Mean => figures.time(line.mean),
            Self::P50 => figures.time(line.p50),
            Self::P99 => figures.time(line.p99),
            Self::Max => figures.time(line.max),
        }
    }

    /// Returns the default order: names ascending, numbers descending.
    pub(crate) fn order(self) -> Order {
        if self == Self::Action { Order::Ascending } else { Order::Descending }
    }
}

/// The direction of a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Ascending,
    Descending,
}

impl Order {
    pub(crate) fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// The statistics of one action in the window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// Whether this is the row of all actions beyond the limit. An action may have the same name.
    pub(crate) is_other: bool,
    pub(crate) name: String,
    /// The name as printable characters.
    pub(crate) action: String,
    pub(crate) count: u64,
    /// The rate per second; `None` if it is unknown.
    pub(crate) rate: Option<f64>,
    pub(crate) total: f64,
    pub(crate) mean: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
    /// The counts of equal parts of the window, oldest first. Computed when the line is visible.
    pub(crate) series: Option<Vec<u64>>,
}

impl Line {
    pub(crate) fn compare(&self, other: &Self, column: Column) -> Ordering {
        match column {
            Column::Action => self.action.cmp(&other.action),
            Column::Count => self.count.cmp(&other.count),
            Column::Rate => {
                self.rate.unwrap_or_default().total_cmp(&other.rate.unwrap_or_default())
            }
            Column::Total => self.total.total_cmp(&other.total),
            Column::Mean => self.mean.total_cmp(&other.mean),
            Column::P50 => self.p50.total_cmp(&other.p50),
            Column::P99 => self.p99.total_cmp(&other.p99),
            Column::Max => self.max.total_cmp(&other.max),
        }
    }
}

/// A column of numbers that fits.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) column: Column,
    pub(crate) texts: Vec<String>,
    pub(crate) width: usize,
}

/// The columns that fit a width, with the texts of their cells.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) name_width: usize,
    pub(crate) names: Vec<String>,
    pub(crate) numbers: Vec<Numbers>,
    /// The width of a sparkline; 0 if it does not fit.
    pub(crate) series_width: usize,
}

impl Layout {
    /// Lays out the lines of a table of these columns, whose longest name has this width.
    ///
    /// The sorted column has priority, then the others from the left, then the sparkline.
    pub(crate) fn new(
        lines: &[Line],
        longest: usize,
        (columns, sort): (&[Column], Column),
        width: usize,
        figures: Figures,
    ) -> Self {
        let wanted = longest.clamp(NUMBER_COLUMNS_MIN, NAME_COLUMNS_MAX);
        let mut name_width = wanted.min(NAME_COLUMNS_MIN).min(width);
        let mut left = width - name_width;
        let mut numbers = Vec::new();
        let others = columns.iter().copied().filter(|&column| column != sort);
        for column in [sort].into_iter().chain(others) {
            if column == Column::Action {
                continue;
            }
            let texts: Vec<_> = lines.iter().map(|line| column.text(line, figures)).collect();
            let widest = texts.iter().map(|text| text.width()).max().unwrap_or_default();
            let width = widest.max(NUMBER_COLUMNS_MIN);
            if GAP + width <= left {
                left -= GAP + width;
                numbers.push(Numbers { column, texts, width });
            }
        }
        numbers.sort_by_key(|numbers| columns.iter().position(|&at| at == numbers.column));
        // A name has a third of the width at first, which leaves room for the sparkline.
        let more = left.min(wanted.min(width / 3).saturating_sub(name_width));
        (name_width, left) = (name_width + more, left - more);
        let is_complete =
            numbers.len() == columns.len() - 1 && lines.iter().any(|line| line.series.is_some());
        let series_width = match left.saturating_sub(GAP) {
            wide if is_complete && wide >= SERIES_COLUMNS_MIN => wide.min(SERIES_COLUMNS_MAX),
            _ => 0,
        };
        if series_width == 0 {
            name_width += left.min(wanted - name_width.min(wanted));
        }
        let names: Vec<_> = lines.iter().map(|line| line.action.as_str()).collect();
        let names = shorten_all(&names, name_width).into_iter().map(Cow::into_owned).collect();
        Self { name_width, names, numbers, series_width }
    }
}

/// Cuts the end of a text that is too wide, with a mark.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    match columns {
        _ if text.width() <= columns => text.to_owned(),
        0 => String::new(),
        _ => format!("{}…", text.unicode_truncate(columns - 1).0),
    }
}

/// Cuts the start of a text that is too wide, with a mark.
pub(crate) fn cut_front(text: &str, columns: usize) -> String {
    match columns {
        _ if text.width() <= columns => text.to_owned(),
        0 => String::new(),
        _ => format!("…{}", text.unicode_truncate_start(columns - 1).0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(action: &str, count: u64) -> Line {
        let [name, action] = [action; 2].map(str::to_owned);
        let mean = count as f64 + 0.125;
        let rate = Some(mean / 60.0);
        Line {
            is_other: false,
            name,
            action,
            count,
            rate,
            total: mean,
            mean,
            p50: mean,
            p99: mean,
            max: mean,
            series: Some(vec![1]),
        }
    }

    fn layout(lines: &[Line], longest: usize, sort: Column, width: usize) -> Layout {
        Layout::new(lines, longest, (&Column::ALL, sort), width, Figures::default())
    }

    fn shown(layout: &Layout) -> Vec<&'static str> {
        layout.numbers.iter().map(|numbers| numbers.column.name()).collect()
    }

    #[test]
    fn text_is_whole_or_marked_at_any_width() {
        for width in 1..=260 {
            for (name, count) in [(1, 1), (12, 3), (33, 1_000), (90, 1_234_567), (49, u64::MAX)] {
                let lines = [line(&"n".repeat(name), count), line("跳跳跳跳跳跳跳跳跳跳", 5)];
                for sort in Column::ALL {
                    let layout = layout(&lines, name.max(20), sort, width);
                    let case = format!("{width} {name} {count} {sort:?}: {layout:?}");
                    let mut taken = layout.name_width;
                    for numbers in &layout.numbers {
                        taken += GAP + numbers.width;
                        assert!(numbers.texts.iter().all(|text| text.width() <= numbers.width));
                    }
                    taken += if layout.series_width > 0 { GAP + layout.series_width } else { 0 };
                    assert!(taken <= width, "{case}");
                    for (line, name) in lines.iter().zip(&layout.names) {
                        assert!(name.width() <= layout.name_width, "{case}");
                        let is_whole = *name == line.action;
                        assert!(is_whole || name.contains('…'), "{case}");
                    }
                    // A sparkline has room only if all numbers have.
                    assert!(layout.series_width == 0 || layout.numbers.len() == 7, "{case}");
                }
            }
        }
    }

    #[test]
    fn all_numbers_fit_80_columns() {
        let lines = [line(&"n".repeat(60), 999_999)];
        let layout = layout(&lines, 60, Column::Rate, 80);
        assert_eq!(shown(&layout), ["count", "rate/s", "total", "mean", "p50", "p99", "max"]);
        assert!(layout.name_width >= NAME_COLUMNS_MIN, "{layout:?}");
    }

    #[test]
    fn sparkline_without_data_has_no_room() {
        let mut lines = [line("jump", 1)];
        assert_eq!(layout(&lines, 4, Column::Rate, 100).series_width, 28);
        lines[0].series = None;
        assert_eq!(layout(&lines, 4, Column::Rate, 100).series_width, 0);
    }

    #[test]
    fn sorted_column_is_omitted_last() {
        let lines = [line("jump", 1_000)];
        for (sort, expected) in [
            (Column::Action, ["count", "rate/s", "total"]),
            (Column::Rate, ["count", "rate/s", "total"]),
            (Column::Max, ["count", "rate/s", "max"]),
        ] {
            assert_eq!(shown(&layout(&lines, 4, sort, 40)), expected);
        }
    }

    #[test]
    fn cut_text_is_marked_and_fits() {
        let cases = [
            (0, "", ""),
            (1, "…", "…"),
            (3, "跳…", "…上"),
            (4, "跳…", "…x上"),
            (5, "跳上…", "…x上"),
            (6, "跳上x…", "…上x上"),
            (7, "跳上x上", "跳上x上"),
        ];
        for (columns, end, front) in cases {
            assert_eq!(
                (cut("跳上x上", columns).as_str(), cut_front("跳上x上", columns).as_str()),
                (end, front),
                "{columns}"
            );
        }
    }
}
