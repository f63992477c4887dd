//! The table: which lines it has, in which order, and which of them is selected.

use std::mem;

use unicode_width::UnicodeWidthStr;

use super::answers::{Answer, Course, Line};
use super::columns::{Column, Order};
use super::layout::{Contents, Layout};
use crate::output::figures::Figures;
use crate::stat::Whole;

/// The lines of the table that match a filter, sorted.
#[derive(Debug)]
pub(crate) struct View {
    /// All lines, sorted.
    lines: Vec<Line>,
    pub(crate) whole: Whole,
    /// The columns of numbers.
    columns: Vec<Column>,
    sort: Column,
    order: Order,
    /// A part of the names that are shown; all are if it is empty.
    filter: String,
    /// The indices of the lines that match.
    shown: Vec<usize>,
    /// The position of the selected line among those shown.
    selected: usize,
    /// The selected action, once a key has moved the selection: it is kept while lines move.
    held: Option<(bool, String)>,
    /// The number of shown lines above the first visible one.
    above: usize,
    /// The number of lines that fit the terminal.
    page: usize,
}

impl View {
    /// Creates a table without lines.
    pub(crate) fn new(columns: Vec<Column>, sort: Column) -> Self {
        let order = sort.order();
        Self {
            lines: Vec::new(),
            whole: Whole::default(),
            columns,
            sort,
            order,
            filter: String::new(),
            shown: Vec::new(),
            selected: 0,
            held: None,
            above: 0,
            page: 1,
        }
    }

    /// Returns all lines, sorted.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Returns the columns of numbers.
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(crate) fn sorted_by(&self) -> (&Column, Order) {
        (&self.sort, self.order)
    }

    pub(crate) fn filter(&self) -> &str {
        &self.filter
    }

    /// Returns the number of lines that match the filter.
    pub(crate) fn matches(&self) -> usize {
        self.shown.len()
    }

    /// Returns the lines that fit the terminal.
    pub(crate) fn visible(&self) -> impl Iterator<Item = &Line> {
        self.shown.iter().skip(self.above).take(self.page).map(|&index| &self.lines[index])
    }

    /// Returns the position of the selected line among the visible ones.
    pub(crate) fn selected_row(&self) -> usize {
        self.selected.saturating_sub(self.above)
    }

    /// Returns the selected line, if there is any.
    pub(crate) fn selected(&self) -> Option<&Line> {
        self.shown.get(self.selected).map(|&index| &self.lines[index])
    }

    /// Returns the line of an action, shown or not.
    pub(crate) fn find(&self, (is_other, name): &(bool, String)) -> Option<&Line> {
        self.lines.iter().find(|line| line.is_other == *is_other && line.name == *name)
    }

    /// Lays out the visible lines.
    pub(crate) fn layout(&self, width: usize, has_marks: bool, figures: Figures) -> Layout {
        let lines: Vec<_> = self.visible().collect();
        let widths = self.shown.iter().map(|&index| self.lines[index].action.width());
        let contents = Contents {
            lines: &lines,
            longest: widths.max().unwrap_or_default(),
            columns: &self.columns,
            sort: &self.sort,
            has_marks,
            whole: &self.whole,
            figures,
        };
        Layout::new(contents, width)
    }

    /// Replaces the lines. The selected action stays selected.
    pub(crate) fn replace(&mut self, answer: Answer) {
        Answer { lines: self.lines, whole: self.whole } = answer;
        self.arrange();
    }

    /// Requests the course of each visible line without one.
    pub(crate) fn fill(&mut self, course: impl Fn(&Line) -> Course) {
        for &index in self.shown.iter().skip(self.above).take(self.page) {
            fill(&mut self.lines[index], &course);
        }
    }

    /// Requests the course of all lines.
    pub(crate) fn fill_all(&mut self, course: impl Fn(&Line) -> Course) {
        self.lines.iter_mut().for_each(|line| fill(line, &course));
    }

    /// Requests the course of an action.
    pub(crate) fn fill_one(
        &mut self,
        (is_other, name): &(bool, String),
        course: impl Fn(&Line) -> Course,
    ) {
        let mut lines = self.lines.iter_mut();
        if let Some(line) = lines.find(|line| line.is_other == *is_other && line.name == *name) {
            fill(line, &course);
        }
    }

    /// Sets the number of lines that fit the terminal.
    pub(crate) fn resize(&mut self, page: usize) {
        self.page = page.max(1);
        self.scroll();
    }

    /// Returns the number of lines that fit the terminal.
    pub(crate) fn page(&self) -> usize {
        self.page
    }

    /// Selects the line that is this number of lines below the selected one.
    pub(crate) fn select(&mut self, lines: isize) {
        self.selected = self.selected.saturating_add_signed(lines);
        self.selected = self.selected.min(self.shown.len().saturating_sub(1));
        // The first place is that of the first line, whichever that is.
        let held = self.selected().filter(|_| self.selected > 0);
        self.held = held.map(|line| (line.is_other, line.name.clone()));
        self.scroll();
    }

    /// Shows only the names with this text. Without capital letters, it matches those too.
    ///
    /// The first match is selected, unless the selected action is one.
    pub(crate) fn filter_by(&mut self, text: &str) {
        text.clone_into(&mut self.filter);
        self.match_lines();
        self.selected = 0;
        self.hold();
    }

    /// Sorts by a column, and selects the first line.
    pub(crate) fn sort_by(&mut self, column: Column, order: Order) {
        (self.sort, self.order) = (column, order);
        (self.held, self.selected) = (None, 0);
        self.arrange();
    }

    /// Sorts by the column of a key; of several, by the one after the sorted column.
    pub(crate) fn sort_by_key(&mut self, key: char) {
        let all = [Column::Action].into_iter().chain(self.columns.iter().cloned());
        let with_key: Vec<_> = all.filter(|column| column.key() == key).collect();
        let after = with_key.iter().position(|column| *column == self.sort).map_or(0, |at| at + 1);
        if let Some(column) = with_key.get(after).or(with_key.first()).cloned() {
            let order = column.order();
            self.sort_by(column, order);
        }
    }

    /// Sorts by the column that is this number of columns to the right.
    pub(crate) fn move_sort(&mut self, step: isize) {
        let all: Vec<_> = [Column::Action].iter().chain(&self.columns).cloned().collect();
        let sorted = all.iter().position(|column| *column == self.sort);
        let next = sorted.unwrap_or_default().saturating_add_signed(step);
        if let Some(column) = all.get(next).cloned() {
            let order = column.order();
            self.sort_by(column, order);
        }
    }

    /// Shows other columns. A sorted column that is not among them is replaced by the first.
    pub(crate) fn choose(&mut self, columns: Vec<Column>) {
        self.columns = columns;
        if self.sort != Column::Action && !self.columns.contains(&self.sort) {
            let first = self.columns.first().cloned().unwrap_or(Column::Action);
            let order = first.order();
            self.sort_by(first, order);
        }
    }

    fn arrange(&mut self) {
        let mut lines = mem::take(&mut self.lines);
        self.order.sort(&mut lines, &self.sort, &self.whole);
        self.lines = lines;
        self.match_lines();
        self.hold();
    }

    fn match_lines(&mut self) {
        let is_any_case = !self.filter.chars().any(char::is_uppercase);
        let is_match = |line: &Line| match is_any_case {
            _ if self.filter.is_empty() => true,
            true => line.action.to_lowercase().contains(&self.filter),
            false => line.action.contains(&self.filter),
        };
        let indexed = self.lines.iter().enumerate();
        self.shown = indexed.filter(|(_, line)| is_match(line)).map(|(index, _)| index).collect();
    }

    /// Selects the line of the held action, or the one that has taken its place.
    fn hold(&mut self) {
        let is_held = |&index: &usize| {
            let line = &self.lines[index];
            self.held
                .as_ref()
                .is_some_and(|(is_other, name)| line.is_other == *is_other && line.name == *name)
        };
        if let Some(place) = self.shown.iter().position(is_held) {
            self.selected = place;
        }
        self.scroll();
    }

    /// Scrolls as little as possible, so that the selected line is visible.
    fn scroll(&mut self) {
        self.selected = self.selected.min(self.shown.len().saturating_sub(1));
        let last = self.shown.len().saturating_sub(self.page);
        let from = (self.selected + 1).saturating_sub(self.page);
        self.above = self.above.clamp(from, self.selected).min(last);
    }
}

fn fill(line: &mut Line, course: impl Fn(&Line) -> Course) {
    if line.course.is_none() {
        line.course = Some(course(line));
    }
}
