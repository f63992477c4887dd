//! The layout of the table on a terminal.
//!
//! A number is shown whole or not at all: without some digits it would be wrong. Names are
//! shortened first, with a mark, then sparklines are omitted, then numbers.

use std::borrow::Cow;

use unicode_truncate::UnicodeTruncateStr;
use unicode_width::UnicodeWidthStr;

use super::answers::Line;
use super::columns::Column;
use super::marks::{self, SIGN};
use crate::output::figures::Figures;
use crate::output::names::shorten_all;
use crate::output::render::GAP;
use crate::stat::Whole;

/// The minimum width of a column of numbers: `rate/s` with a mark.
const NUMBER_COLUMNS_MIN: usize = 7;
const NAME_COLUMNS_MIN: usize = 12;
const NAME_COLUMNS_MAX: usize = 48;
/// The minimum width of a sparkline.
const SERIES_COLUMNS_MIN: usize = 8;
const SERIES_COLUMNS_MAX: usize = 60;
/// The width of the sign of a mark before a name.
const SIGN_COLUMNS: usize = 2;

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

/// What a table shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contents<'t> {
    pub(crate) lines: &'t [&'t Line],
    /// The width of the longest name of all lines, so that scrolling moves no column.
    pub(crate) longest: usize,
    /// The columns of numbers.
    pub(crate) columns: &'t [Column],
    pub(crate) sort: &'t Column,
    /// Whether lines may be marked.
    pub(crate) has_marks: bool,
    pub(crate) whole: &'t Whole,
    pub(crate) figures: Figures,
}

impl Layout {
    /// Lays out a table.
    ///
    /// The sorted column has priority, then the others from the left, then the sparkline.
    pub(crate) fn new(contents: Contents<'_>, width: usize) -> Self {
        let Contents { lines, longest, columns, sort, has_marks, .. } = contents;
        let sign_width = if has_marks { SIGN_COLUMNS } else { 0 };
        let longest = longest + sign_width;
        let wanted = longest.clamp(NUMBER_COLUMNS_MIN, NAME_COLUMNS_MAX);
        let mut name_width = wanted.min(NAME_COLUMNS_MIN).min(width);
        let mut left = width - name_width;
        let mut numbers = Vec::new();
        let sorted = columns.iter().filter(|&column| column == sort);
        for column in sorted.chain(columns.iter().filter(|&column| column != sort)) {
            let texts: Vec<_> = lines.iter().map(|line| text(&contents, line, column)).collect();
            let widest = texts.iter().map(|text| text.width()).max().unwrap_or_default();
            // The title has room for the mark of the sort order.
            let width = widest.max(column.title().width() + 1).max(NUMBER_COLUMNS_MIN);
            if GAP + width <= left {
                left -= GAP + width;
                numbers.push(Numbers { column: column.clone(), texts, width });
            }
        }
        numbers.sort_by_key(|numbers| columns.iter().position(|at| *at == numbers.column));
        // A name has a third of the width at first, which leaves room for the sparkline.
        let more = left.min(wanted.min(width / 3).saturating_sub(name_width));
        (name_width, left) = (name_width + more, left - more);
        let is_complete =
            numbers.len() == columns.len() && lines.iter().any(|line| line.course.is_some());
        let series_width = match left.saturating_sub(GAP) {
            wide if is_complete && wide >= SERIES_COLUMNS_MIN => wide.min(SERIES_COLUMNS_MAX),
            _ => 0,
        };
        if series_width == 0 {
            name_width += left.min(wanted - name_width.min(wanted));
        }
        let names = names(lines, name_width, has_marks);
        Self { name_width, names, numbers, series_width }
    }
}

/// Formats a cell, with a sign before a number that is marked.
fn text(contents: &Contents<'_>, line: &Line, column: &Column) -> String {
    let text = column.text(line, contents.whole, contents.figures);
    if marks::is_marked(line, column) { format!("{SIGN}{text}") } else { text }
}

/// Shortens the names to a width, with a sign before each that is marked.
fn names(lines: &[&Line], width: usize, has_marks: bool) -> Vec<String> {
    let names: Vec<_> = lines.iter().map(|line| line.action.as_str()).collect();
    if !has_marks {
        return shorten_all(&names, width).into_iter().map(Cow::into_owned).collect();
    }
    // A terminal may be narrower than the sign.
    let names = shorten_all(&names, width.saturating_sub(SIGN_COLUMNS));
    let signed = lines.iter().zip(names).map(|(line, name)| {
        let sign = if line.marks.is_empty() { ' ' } else { SIGN };
        cut(&format!("{sign} {name}"), width)
    });
    signed.collect()
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
    use crate::commands::top::answers::{Course, Point};
    use crate::commands::top::offer::Offer;
    use crate::commands::top::samples::{self, MINUTE, column};
    use crate::fail_if::FailIf;

    /// Returns a line with a count, and a course of one part.
    fn line(action: &str, count: u64) -> Line {
        let mut line = samples::line(action, &[count as f64 + 0.125]);
        line.rate = Some(count as f64 / 60.0);
        line.course = Some(Course { points: vec![Point::default()], ..Course::default() });
        line
    }

    fn layout(lines: &[Line], longest: usize, sort: &str, has_marks: bool, width: usize) -> Layout {
        let (columns, sort) = (Offer::Times.defaults(MINUTE), column(sort));
        let contents = Contents {
            lines: &lines.iter().collect::<Vec<_>>(),
            longest,
            columns: &columns,
            sort: &sort,
            has_marks,
            whole: &Whole::default(),
            figures: Figures::default(),
        };
        Layout::new(contents, width)
    }

    fn shown(layout: &Layout) -> Vec<&str> {
        layout.numbers.iter().map(|numbers| numbers.column.title()).collect()
    }

    #[test]
    fn text_is_whole_or_marked_at_any_width() {
        let mark = || vec![FailIf::on_value("p99 > 1").unwrap()];
        for width in 1..=260 {
            for (name, count) in [(1, 1), (12, 3), (33, 1_000), (90, 1_234_567), (49, u64::MAX)] {
                let mut lines = [line(&"n".repeat(name), count), line("跳跳跳跳跳跳跳跳跳跳", 5)];
                lines[0].marks = mark();
                for (sort, has_marks) in [("action", true), ("p99", false), ("max", true)] {
                    let layout = layout(&lines, name.max(20), sort, has_marks, width);
                    let case = format!("{width} {name} {count} {sort}: {layout:?}");
                    let mut taken = layout.name_width;
                    for numbers in &layout.numbers {
                        taken += GAP + numbers.width;
                        assert!(numbers.texts.iter().all(|text| text.width() <= numbers.width));
                        assert!(numbers.column.title().width() < numbers.width, "{case}");
                        let is_signed = numbers.texts[0].starts_with(SIGN);
                        assert_eq!(is_signed, numbers.column == column("p99"), "{case}");
                    }
                    taken += if layout.series_width > 0 { GAP + layout.series_width } else { 0 };
                    assert!(taken <= width, "{case}");
                    for (line, name) in lines.iter().zip(&layout.names) {
                        assert!(name.width() <= layout.name_width, "{case}");
                        let is_whole = name.trim_start_matches(['!', ' ']) == line.action;
                        assert!(is_whole || name.contains('…'), "{case}");
                    }
                    let signs: Vec<_> = layout.names.iter().map(|name| name.get(..2)).collect();
                    let expected = [Some("! "), Some("  ")];
                    assert!(!has_marks || width < 3 || signs == expected, "{case}");
                    // A sparkline has room only if all numbers have.
                    assert!(layout.series_width == 0 || layout.numbers.len() == 8, "{case}");
                }
            }
        }
    }

    #[test]
    fn numbers_but_the_last_fit_80_columns() {
        let lines = [line(&"n".repeat(60), 999_999)];
        let layout = layout(&lines, 60, "rate", false, 80);
        assert_eq!(shown(&layout), ["count", "rate/s", "total", "share", "mean", "p50", "p99"]);
        assert!(layout.name_width >= NAME_COLUMNS_MIN, "{layout:?}");
    }

    #[test]
    fn sparkline_without_data_has_no_room() {
        let mut lines = [line("jump", 1)];
        assert_eq!(layout(&lines, 4, "rate", false, 110).series_width, 29);
        lines[0].course = None;
        assert_eq!(layout(&lines, 4, "rate", false, 110).series_width, 0);
    }

    #[test]
    fn sorted_column_is_omitted_last() {
        let lines = [line("jump", 1_000)];
        for (sort, expected) in [
            ("action", ["count", "rate/s", "total"]),
            ("rate", ["count", "rate/s", "total"]),
            ("max", ["count", "rate/s", "max"]),
        ] {
            assert_eq!(shown(&layout(&lines, 4, sort, false, 40)), expected);
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
