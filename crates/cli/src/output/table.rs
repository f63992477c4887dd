//! Tables that fit the width of a terminal.
//!
//! A number is never split over two lines or shortened: without some digits it would be wrong. On
//! a narrow terminal, names are shortened first, in the middle, because names differ at either end.
//! Then pictures are omitted, and then the columns are split into several tables, each with the
//! names. Output to a pipe or a file has no limit of width.

use std::fmt::{self, Display, Write as _};
use std::hint::black_box;
use std::iter;
use std::ops::Range;
use std::slice;

use clap::builder::styling::Style;
use facade::actions::ActionTime;

use crate::output::figures::Figures;
use crate::output::names::{shorten, shorten_all};
use crate::output::render::{GAP, Styled, width};
use crate::stat::{Stat, Stats, Whole};

/// The minimum width of names while other columns can be omitted or moved.
const NAME_COLUMNS: usize = 16;

/// The number of rows that are fetched from memory together.
const FETCHED: usize = 16;

/// Columns of text with titles. The first is aligned left, the others right.
///
/// A table may have 100,000 rows, so it stores little more than their text. Rejected: a library
/// that also breaks lines within cells. It needed two kilobytes and 24,000 instructions for a row
/// of eight cells.
#[derive(Debug, Default)]
pub(crate) struct Table {
    columns: Vec<Column>,
    /// Whether the first column has names, which may be shortened.
    has_names: bool,
    /// The other columns of each table after a split; empty if the table is not split.
    blocks: Vec<Range<usize>>,
}

#[derive(Debug)]
struct Column {
    title: String,
    /// The text of all cells, concatenated.
    text: String,
    /// The end of each cell in the text.
    ends: Vec<usize>,
    /// The width of the widest cell.
    width: usize,
}

impl Table {
    /// Adds a first column of names.
    pub(crate) fn names(&mut self, title: &str, cells: impl IntoIterator<Item: Display>) {
        self.has_names = true;
        self.column(title, cells);
    }

    /// Adds a column. All columns must have the same number of cells.
    pub(crate) fn column(&mut self, title: &str, cells: impl IntoIterator<Item: Display>) {
        let (text, ends) = Default::default();
        let mut column = Column { title: title.to_owned(), text, ends, width: width(title) };
        cells.into_iter().for_each(|cell| column.push(cell));
        self.columns.push(column);
    }

    /// Adds a column for each statistic of these rows, which are a part of a whole.
    pub(crate) fn stats<'r, S: Stats + 'r>(
        &mut self,
        stats: &[Stat],
        rows: impl Iterator<Item = &'r S>,
        whole: &Whole,
        figures: Figures,
    ) {
        let first = self.columns.len();
        stats.iter().for_each(|stat| self.column(stat.name(), iter::empty::<&str>()));
        let columns = &mut self.columns[first..];
        // Row by row, because sorted rows are anywhere in memory: each is fetched once, together
        // with its neighbours.
        let mut rows = rows.fuse();
        let mut fetched = Vec::with_capacity(FETCHED);
        loop {
            fetched.extend(rows.by_ref().take(FETCHED));
            for row in &fetched {
                black_box(row.count() ^ row.prefetch(ActionTime::ZERO));
            }
            if fetched.is_empty() {
                break;
            }
            for row in fetched.drain(..) {
                for (stat, column) in stats.iter().zip(&mut *columns) {
                    column.push(figures.value(stat, &stat.of(row, whole)));
                }
            }
        }
    }

    /// Removes the column with this title.
    pub(crate) fn remove(&mut self, title: &str) {
        self.columns.retain(|column| column.title != title);
    }

    /// Returns whether the table fits the width of a terminal without being split.
    pub(crate) fn fits(&self, columns: Option<usize>) -> bool {
        let taken = self.first_min() + self.width_of(1..self.columns.len());
        columns.is_none_or(|columns| taken <= columns)
    }

    /// Returns the width left for one more column on a terminal with `columns` columns.
    pub(crate) fn left(&self, columns: Option<usize>) -> usize {
        let taken = self.first_min() + self.width_of(1..self.columns.len()) + GAP;
        columns.map_or(usize::MAX, |columns| columns.saturating_sub(taken))
    }

    /// Fits the table to the width of a terminal; `None` is a pipe or a file.
    pub(crate) fn fit(&mut self, columns: Option<usize>) {
        let (Some(columns), Some(first)) = (columns, self.columns.first()) else { return };
        let (first, first_min, mut from) = (first.width, self.first_min(), 1);
        let mut widest = 0;
        while from < self.columns.len() {
            let fits = |to: &usize| first_min + self.width_of(from..*to) <= columns;
            // At least one column, on a terminal of any width.
            let to = (from + 2..=self.columns.len()).take_while(fits).last().unwrap_or(from + 1);
            widest = widest.max(self.width_of(from..to));
            self.blocks.push(from..to);
            from = to;
        }
        if self.has_names {
            let wide = first.min(columns.saturating_sub(widest).max(1));
            self.columns[0] = self.columns[0].shortened(wide);
        }
    }

    /// Returns the minimum width of the first column while other columns can be omitted or moved.
    fn first_min(&self) -> usize {
        let first = self.columns.first().map_or(0, |column| column.width);
        if self.has_names { first.min(NAME_COLUMNS) } else { first }
    }

    /// Returns the width of columns that follow another one.
    fn width_of(&self, columns: Range<usize>) -> usize {
        self.columns[columns].iter().map(|column| GAP + column.width).sum()
    }

    /// Lays out a line: one cell of the first column and of each column of a block.
    fn lay<'c>(
        &'c self,
        line: &mut String,
        block: &Range<usize>,
        text: impl Fn(&'c Column) -> &'c str,
    ) {
        line.clear();
        for (index, column) in
            self.columns[..1].iter().chain(&self.columns[block.clone()]).enumerate()
        {
            let text = text(column);
            let blank = column.width.saturating_sub(width(text));
            if index == 0 {
                line.push_str(text);
                line.extend(iter::repeat_n(' ', blank));
            } else {
                line.extend(iter::repeat_n(' ', GAP + blank));
                line.push_str(text);
            }
        }
        line.truncate(line.trim_end().len());
    }
}

impl Column {
    fn push(&mut self, cell: impl Display) {
        let start = self.text.len();
        // Writing to a string succeeds.
        let _ = write!(self.text, "{cell}");
        self.width = self.width.max(width(&self.text[start..]));
        self.ends.push(self.text.len());
    }

    /// Returns the column with its title and names shortened to a width.
    fn shortened(&self, columns: usize) -> Self {
        let names: Vec<_> = (0..self.ends.len()).map(|row| self.cell(row)).collect();
        let title = shorten(&self.title, columns).into_owned();
        let (text, ends) = Default::default();
        let mut column = Self { width: columns.max(width(&title)), title, text, ends };
        shorten_all(&names, columns).into_iter().for_each(|name| column.push(name));
        column
    }

    fn cell(&self, row: usize) -> &str {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[row]]
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.columns.first() else { return Ok(()) };
        let whole = 1..self.columns.len();
        let blocks = if self.blocks.is_empty() { slice::from_ref(&whole) } else { &self.blocks };
        let mut line = String::new();
        for (index, block) in blocks.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            self.lay(&mut line, block, |column| &column.title);
            writeln!(f, "{}", Styled(Style::new().bold(), &line))?;
            for row in 0..first.ends.len() {
                self.lay(&mut line, block, |column| column.cell(row));
                line.push('\n');
                f.write_str(&line)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(table: &Table) -> String {
        anstream::adapter::strip_str(&table.to_string()).to_string()
    }

    #[test]
    fn wide_names_keep_the_columns() {
        let mut table = Table::default();
        table.column("a", ["跳", "abc"]);
        table.column("b", [1, 100]);
        assert_eq!(plain(&table), "a      b\n跳     1\nabc  100\n");
    }

    /// A table of a name and four numbers.
    fn table(name: &str) -> Table {
        let mut table = Table::default();
        table.names("action", [name, "run"]);
        for (title, number) in [("count", 1), ("mean", 22_222), ("p99", 333), ("max", 4_444_444)] {
            table.column(title, [number, 5]);
        }
        table
    }

    #[test]
    fn lines_fit_and_numbers_are_whole() {
        for name in ["jump", "a name that is longer than all numbers", "名前が長い場合の名前です"]
        {
            // The widest number, the gap and one column for the name.
            for columns in 10..120 {
                let mut table = table(name);
                table.fit(Some(columns));
                let text = plain(&table);
                assert!(text.lines().all(|line| width(line) <= columns), "{columns}:\n{text}");
                for number in ["1", "22222", "333", "4444444"] {
                    let words = text.split_whitespace().filter(|word| *word == number).count();
                    assert_eq!(words, 1, "{number} of {columns}:\n{text}");
                }
            }
        }
    }

    #[test]
    fn names_make_room_before_columns_do() {
        let fit = |columns| {
            let mut table = table("the name of an action");
            table.fit(columns);
            plain(&table)
        };
        let whole = "action                 count   mean  p99      max\n\
                     the name of an action      1  22222  333  4444444\n\
                     run                        5      5    5        5\n";
        assert_eq!(fit(None), whole);
        assert_eq!(fit(Some(49)), whole);
        assert_eq!(
            fit(Some(44)),
            "action            count   mean  p99      max\n\
             the name… action      1  22222  333  4444444\n\
             run                   5      5    5        5\n"
        );
        assert_eq!(
            fit(Some(40)),
            "action                 count   mean  p99\n\
             the name of an action      1  22222  333\n\
             run                        5      5    5\n\
             \n\
             action                     max\n\
             the name of an action  4444444\n\
             run                          5\n"
        );
        let left = |columns| table("the name of an action").left(columns);
        assert_eq!((left(None), left(Some(80)), left(Some(44))), (usize::MAX, 34, 0));
    }
}
