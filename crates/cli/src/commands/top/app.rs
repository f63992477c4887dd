//! The state of `top` and the effects of keys, without a terminal.

use std::mem;
use std::time::Duration;

use facade::Unit;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::answers::{Answer, Course, Line};
use super::columns::Column;
use super::layout::Layout;
use super::marks::Marks;
use super::offer::Offer;
use super::prompt::{Edit, Prompt, Question};
use super::span::Span;
use super::status::Status;
use super::view::View;
use crate::output::figures::Figures;

/// A request of a key to the owner of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    Quit,
    /// Like `Quit`, by Ctrl-C.
    Interrupt,
    /// Read the statistics again.
    Refresh,
}

/// What the screen shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Screen {
    Table,
    /// The table, and a line of text that is being typed.
    Typing(Prompt),
    /// All keys, from this line on.
    Help(usize),
    /// One action in depth.
    Details(Details),
}

/// The screen of one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Details {
    /// Whether it is the shared row, and the name.
    pub(crate) action: (bool, String),
    /// The number of lines above the first visible one.
    pub(crate) above: usize,
}

/// What `top` was started with.
#[derive(Debug)]
pub(crate) struct Setup {
    /// The name of the input, or the number of its files, as printable characters.
    pub(crate) source: String,
    pub(crate) span: Span,
    /// The maximum number of actions with a row each.
    pub(crate) actions_max: usize,
    pub(crate) figures: Figures,
    /// The columns of numbers.
    pub(crate) columns: Vec<Column>,
    /// The column to sort by, if one is chosen.
    pub(crate) sort: Option<Column>,
    /// The columns that can be chosen.
    pub(crate) offer: Offer,
    pub(crate) marks: Marks,
}

/// The state of `top`.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) source: String,
    pub(crate) actions_max: usize,
    pub(crate) figures: Figures,
    pub(crate) status: Status,
    pub(crate) span: Span,
    /// The windows to choose from, the shortest first.
    windows: Vec<Duration>,
    pub(crate) view: View,
    pub(crate) offer: Offer,
    pub(crate) marks: Marks,
    pub(crate) screen: Screen,
    pub(crate) is_paused: bool,
    /// The maximum number of parts of a course that fit the terminal.
    pub(crate) parts: usize,
}

impl App {
    /// Creates the state. The first window is the longest.
    ///
    /// Without a column to sort by, it is the rate, or the first column without rates.
    pub(crate) fn new(setup: Setup) -> Self {
        let Setup { source, span, actions_max, figures, mut columns, sort, offer, marks } = setup;
        let windows = span.windows();
        let rate = [Column::Rate].into_iter().find(|rate| span.has(rate) && columns.contains(rate));
        let sort = sort.or(rate).or(columns.first().cloned()).unwrap_or(Column::Action);
        if sort != Column::Action && !columns.contains(&sort) {
            columns.push(sort.clone());
        }
        Self {
            source,
            actions_max,
            figures,
            status: Status::default(),
            span,
            windows,
            view: View::new(columns, sort),
            offer,
            marks,
            screen: Screen::Table,
            is_paused: false,
            parts: 1,
        }
    }

    /// Lays out the visible lines.
    pub(crate) fn layout(&self, width: usize) -> Layout {
        self.view.layout(width, self.marks.any(), self.figures)
    }

    /// Replaces the lines, unless paused.
    pub(crate) fn show(&mut self, status: Status, answer: impl FnOnce(Span) -> Answer) {
        self.status = status;
        if self.status.has_units && !self.figures.have_unit() {
            // Values with a unit of their own are converted to seconds.
            self.figures = Figures::new(Some(Unit::Seconds));
        }
        if !self.is_paused {
            let mut answer = answer(self.span);
            self.marks.set(&mut answer.lines, &answer.whole, self.figures.unit());
            self.view.replace(answer);
        }
    }

    /// Requests the course of what is visible, in at most [`parts`](Self::parts).
    pub(crate) fn fill(&mut self, course: impl Fn(&Line, Duration, usize) -> Course) {
        let (Span::Last(window), parts) = (self.span, self.parts) else { return };
        let course = |line: &Line| course(line, window, parts);
        match &self.screen {
            Screen::Details(details) => self.view.fill_one(&details.action, course),
            _ => self.view.fill(course),
        }
    }

    /// Requests the course of all lines.
    pub(crate) fn fill_all(&mut self, course: impl Fn(&Line, Duration, usize) -> Course) {
        if let (Span::Last(window), parts) = (self.span, self.parts) {
            self.view.fill_all(|line| course(line, window, parts));
        }
    }

    /// Handles a key.
    pub(crate) fn press(&mut self, key: KeyEvent) -> Option<Request> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        let has_control = key.modifiers.contains(KeyModifiers::CONTROL);
        if has_control && key.code == KeyCode::Char('c') {
            return Some(Request::Interrupt);
        }
        if let Screen::Typing(_) = self.screen {
            self.press_while_typing(key);
            return None;
        }
        if has_control {
            return None;
        }
        match key.code {
            KeyCode::Char('q') => return Some(Request::Quit),
            KeyCode::Char(' ' | 'p') if !matches!(self.screen, Screen::Help(_)) => {
                self.is_paused = !self.is_paused;
                return Some(Request::Refresh);
            }
            KeyCode::Char('+' | '=') => return self.choose_window(1),
            KeyCode::Char('-') => return self.choose_window(-1),
            _ => {}
        }
        if let Some(step) = self.step(key.code) {
            self.scroll(step);
        } else if self.screen == Screen::Table {
            self.press_on_table(key.code);
        } else if self.is_end(key.code) {
            self.screen = Screen::Table;
        }
        None
    }

    /// Returns whether a key ends what covers the table: any ends the help.
    fn is_end(&self, key: KeyCode) -> bool {
        matches!(self.screen, Screen::Help(_)) || matches!(key, KeyCode::Esc | KeyCode::Enter)
    }

    fn press_on_table(&mut self, key: KeyCode) {
        match key {
            KeyCode::Char('?' | 'h') => self.screen = Screen::Help(0),
            KeyCode::Char('/') => self.ask(Question::Filter, self.view.filter().to_owned()),
            KeyCode::Char('f') => {
                let words: Vec<_> = self.view.columns().iter().map(Column::word).collect();
                self.ask(Question::Columns, words.join(","));
            }
            KeyCode::Enter => {
                let selected = self.view.selected();
                let action = selected.map(|line| (line.is_other, line.name.clone()));
                if let Some(action) = action {
                    self.screen = Screen::Details(Details { action, above: 0 });
                }
            }
            KeyCode::Esc => self.view.filter_by(""),
            KeyCode::Char('o') => {
                let (column, order) = self.view.sorted_by();
                self.view.sort_by(column.clone(), order.reversed());
            }
            KeyCode::Left => self.view.move_sort(-1),
            KeyCode::Right => self.view.move_sort(1),
            KeyCode::Char(key) => self.view.sort_by_key(key),
            _ => {}
        }
    }

    /// Returns the number of lines by which a key moves.
    fn step(&self, key: KeyCode) -> Option<isize> {
        let page = self.view.page() as isize;
        Some(match key {
            KeyCode::Up | KeyCode::Char('k') => -1,
            KeyCode::Down | KeyCode::Char('j') => 1,
            KeyCode::PageUp => -page,
            KeyCode::PageDown => page,
            KeyCode::Home | KeyCode::Char('g') => isize::MIN,
            KeyCode::End | KeyCode::Char('G') => isize::MAX,
            _ => return None,
        })
    }

    fn scroll(&mut self, lines: isize) {
        match &mut self.screen {
            Screen::Table | Screen::Typing(_) => self.view.select(lines),
            // The end is known when it is drawn.
            Screen::Help(above) | Screen::Details(Details { above, .. }) => {
                *above = above.saturating_add_signed(lines);
            }
        }
    }

    fn ask(&mut self, question: Question, text: String) {
        self.screen = Screen::Typing(Prompt::new(question, text));
    }

    fn press_while_typing(&mut self, key: KeyEvent) {
        let Screen::Typing(mut prompt) = mem::replace(&mut self.screen, Screen::Table) else {
            return;
        };
        let edit = prompt.press(key);
        match (prompt.question, edit) {
            (Question::Filter, Edit::Changed) => self.view.filter_by(&prompt.text),
            (Question::Filter, Edit::Accepted) => return,
            (Question::Filter, Edit::Cancelled) => return self.view.filter_by(""),
            (Question::Columns, Edit::Accepted) => match self.offer.parse(&prompt.text) {
                Ok(columns) => return self.view.choose(columns),
                Err(problem) => prompt.problem = Some(problem),
            },
            (Question::Columns, Edit::Cancelled) => return,
            (Question::Columns, Edit::Changed) => {}
            (_, Edit::Unused) => {
                if let Some(step) = self.step(key.code) {
                    self.view.select(step);
                }
            }
        }
        self.screen = Screen::Typing(prompt);
    }

    fn choose_window(&mut self, step: isize) -> Option<Request> {
        let Span::Last(chosen) = self.span else { return None };
        let chosen = self.windows.iter().position(|&window| window == chosen)?;
        self.span = Span::Last(*self.windows.get(chosen.saturating_add_signed(step))?);
        // While paused, the lines would be of another window than the title.
        self.is_paused = false;
        Some(Request::Refresh)
    }
}

#[cfg(test)]
mod tests;
