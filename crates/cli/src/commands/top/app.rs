//! The state of `top` and the effects of keys, without a terminal.

use std::mem;
use std::time::Duration;

use facade::Unit;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use unicode_width::UnicodeWidthStr;

use crate::output::figures::Figures;

use super::columns::{Column, Layout, Line, Order};

/// The maximum ratio of the longest window to a shorter one.
const SHORTER_MAX: u32 = 30;

/// The progress of the input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Status {
    /// The number of accepted lines.
    pub(crate) accepted: u64,
    /// The number of refused lines.
    pub(crate) refused: u64,
    /// The number of records that lack a field.
    pub(crate) skipped: u64,
    /// The number of records that do not meet a condition.
    pub(crate) filtered: u64,
    /// Whether values had units of their own.
    pub(crate) has_units: bool,
    /// The reason of the last refusal.
    pub(crate) refusal: Option<String>,
    /// The number of actions whose timestamp is outside of the window.
    pub(crate) outside: u64,
    /// The number of records in the shared row.
    pub(crate) folded: u64,
    /// The names of the followed files that do not exist yet.
    pub(crate) missing: Vec<String>,
    /// The last note about the input.
    pub(crate) note: Option<String>,
    /// Whether the input has ended.
    pub(crate) is_ended: bool,
}

impl Status {
    /// Describes the files that are waited for, if there are any.
    pub(crate) fn waits_for(&self) -> Option<String> {
        Some(match &self.missing[..] {
            [] => return None,
            [name] => format!("waiting for {name}, which does not exist yet"),
            names => format!("waiting for {} files that do not exist yet", names.len()),
        })
    }
}

/// A request of a key to the owner of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    Quit,
    /// Like `Quit`, by Ctrl-C.
    Interrupt,
    /// Read the statistics again.
    Refresh,
}

/// The time that the table covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// The newest part of the input, at most this long.
    Last(Duration),
    /// The whole input, if it has no timestamps. Rates and windows are then unavailable.
    Whole,
}

/// The state of `top`.
#[derive(Debug)]
pub(crate) struct App {
    /// The name of the input, or the number of its files, as printable characters.
    pub(crate) source: String,
    /// The maximum number of actions with a row each.
    pub(crate) actions_max: usize,
    pub(crate) figures: Figures,
    pub(crate) status: Status,
    pub(crate) span: Span,
    /// The windows to choose from, the shortest first.
    windows: Vec<Duration>,
    /// The columns that there are, fewer if records are only counted.
    pub(crate) columns: &'static [Column],
    pub(crate) sort: Column,
    pub(crate) order: Order,
    pub(crate) is_paused: bool,
    pub(crate) shows_help: bool,
    /// The number of lines above the first visible one.
    pub(crate) above: usize,
    lines: Vec<Line>,
    /// The number of lines that fit the terminal.
    page: usize,
}

impl App {
    /// Creates the state. The first window is the longest.
    pub(crate) fn new(source: String, span: Span, actions_max: usize, figures: Figures) -> Self {
        let (sort, windows) = match span {
            Span::Last(window) => (Column::Rate, windows(window)),
            Span::Whole => (Column::Count, Vec::new()),
        };
        Self {
            source,
            actions_max,
            figures,
            status: Status::default(),
            span,
            windows,
            columns: &Column::ALL,
            sort,
            order: Order::Descending,
            is_paused: false,
            shows_help: false,
            above: 0,
            lines: Vec::new(),
            page: 1,
        }
    }

    /// Returns all lines, sorted.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Returns the lines that fit the terminal.
    pub(crate) fn visible(&self) -> &[Line] {
        let end = self.lines.len().min(self.above + self.page);
        &self.lines[self.above.min(end)..end]
    }

    /// Lays out the visible lines.
    pub(crate) fn layout(&self, width: usize) -> Layout {
        let longest = self.lines.iter().map(|line| line.action.width()).max();
        let longest = longest.unwrap_or_default();
        Layout::new(self.visible(), longest, (self.columns, self.sort), width, self.figures)
    }

    /// Shows only the columns of records that are only counted.
    pub(crate) fn counting_only(self) -> Self {
        Self { columns: &Column::COUNTS, ..self }
    }

    /// Replaces the lines, unless paused.
    pub(crate) fn show(&mut self, status: Status, lines: impl FnOnce(Span) -> Vec<Line>) {
        self.status = status;
        if self.status.has_units && !self.figures.have_unit() {
            // Values with a unit of their own are converted to seconds.
            self.figures = Figures::new(Some(Unit::Seconds));
        }
        if !self.is_paused {
            self.lines = lines(self.span);
            self.sort_lines();
        }
    }

    /// Requests the series of each visible line without one.
    pub(crate) fn fill(&mut self, series: impl Fn(&Line, Duration) -> Vec<u64>) {
        let Span::Last(window) = self.span else { return };
        for line in self.lines.iter_mut().skip(self.above).take(self.page) {
            if line.series.is_none() {
                line.series = Some(series(line, window));
            }
        }
    }

    /// Requests the series of all lines.
    pub(crate) fn fill_all(&mut self, series: impl Fn(&Line, Duration) -> Vec<u64>) {
        let (above, page) = (mem::take(&mut self.above), mem::replace(&mut self.page, usize::MAX));
        self.fill(series);
        (self.above, self.page) = (above, page);
    }

    /// Sets the number of lines that fit the terminal.
    pub(crate) fn resize(&mut self, page: usize) {
        self.page = page.max(1);
        self.scroll(0);
    }

    /// Handles a key.
    pub(crate) fn press(&mut self, key: KeyEvent) -> Option<Request> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return (key.code == KeyCode::Char('c')).then_some(Request::Interrupt);
        }
        if self.shows_help && key.code != KeyCode::Char('q') {
            self.shows_help = false;
            return None;
        }
        let page = self.page as isize;
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return Some(Request::Quit),
            KeyCode::Char('?' | 'h') => self.shows_help = true,
            KeyCode::Char(' ' | 'p') => {
                self.is_paused = !self.is_paused;
                return Some(Request::Refresh);
            }
            KeyCode::Char('+' | '=') => return self.choose_window(1),
            KeyCode::Char('-') => return self.choose_window(-1),
            KeyCode::Char('o') => self.sort_by(self.sort, self.order.reversed()),
            KeyCode::Left => self.move_sort(-1),
            KeyCode::Right => self.move_sort(1),
            KeyCode::Up | KeyCode::Char('k') => self.scroll(-1),
            KeyCode::Down | KeyCode::Char('j') => self.scroll(1),
            KeyCode::PageUp => self.scroll(-page),
            KeyCode::PageDown => self.scroll(page),
            KeyCode::Home => self.scroll(isize::MIN),
            KeyCode::End => self.scroll(isize::MAX),
            KeyCode::Char(key) => {
                if let Some(&column) = self.columns.iter().find(|column| column.key() == key) {
                    self.sort_by(column, column.order());
                }
            }
            _ => {}
        }
        None
    }

    fn choose_window(&mut self, step: isize) -> Option<Request> {
        let Span::Last(chosen) = self.span else { return None };
        let chosen = self.windows.iter().position(|&window| window == chosen)?;
        self.span = Span::Last(*self.windows.get(chosen.saturating_add_signed(step))?);
        // While paused, the lines would be of another window than the title.
        self.is_paused = false;
        Some(Request::Refresh)
    }

    fn move_sort(&mut self, step: isize) {
        let sorted = self.columns.iter().position(|&column| column == self.sort);
        let next = sorted.unwrap_or_default().saturating_add_signed(step);
        if let Some(&column) = self.columns.get(next) {
            self.sort_by(column, column.order());
        }
    }

    fn sort_by(&mut self, column: Column, order: Order) {
        (self.sort, self.order) = (column, order);
        self.sort_lines();
    }

    fn sort_lines(&mut self) {
        let (column, order) = (self.sort, self.order);
        // Otherwise equal lines would change places with each update.
        self.lines.sort_by(|a, b| {
            let by_column = a.compare(b, column);
            let by_column =
                if order == Order::Descending { by_column.reverse() } else { by_column };
            by_column.then_with(|| a.action.cmp(&b.action))
        });
        self.scroll(0);
    }

    fn scroll(&mut self, lines: isize) {
        let last = self.lines.len().saturating_sub(self.page);
        self.above = self.above.saturating_add_signed(lines).min(last);
    }
}

/// Returns the windows to choose from, the longest last.
fn windows(longest: Duration) -> Vec<Duration> {
    let shorter = [1, 10, 60, 300, 900, 3_600, 21_600].map(Duration::from_secs);
    // Much shorter ones would have too few buckets.
    let is_smooth =
        |&shorter: &Duration| shorter < longest && shorter.saturating_mul(SHORTER_MAX) >= longest;
    shorter.into_iter().filter(is_smooth).chain([longest]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Span = Span::Last(Duration::from_secs(60));

    fn line(action: &str, count: u64, mean: f64) -> Line {
        Line {
            is_other: false,
            name: action.into(),
            action: action.into(),
            count,
            rate: Some(count as f64),
            total: count as f64 * mean,
            mean,
            p50: mean,
            p99: mean,
            max: mean,
            series: None,
        }
    }

    fn app() -> App {
        let mut app = App::new("a.ndjson".into(), MINUTE, 1_024, Figures::default());
        let lines = vec![line("jump", 3, 150.0), line("hop", 1, 75.0), line("run", 3, 9.5)];
        app.show(Status::default(), |_| lines);
        app
    }

    fn press(app: &mut App, key: char) -> Option<Request> {
        app.press(KeyCode::Char(key).into())
    }

    #[track_caller]
    fn check(app: &App, expected: &[&str]) {
        let actions: Vec<_> = app.lines().iter().map(|line| line.action.as_str()).collect();
        assert_eq!(actions, expected);
    }

    #[test]
    fn most_frequent_comes_first_and_equals_by_name() {
        check(&app(), &["jump", "run", "hop"]);
    }

    #[test]
    fn key_sorts_by_its_column() {
        let mut app = app();
        let cases = [
            ('a', ["hop", "jump", "run"]),
            ('o', ["run", "jump", "hop"]),
            ('m', ["jump", "hop", "run"]),
            ('o', ["run", "hop", "jump"]),
            ('c', ["jump", "run", "hop"]),
        ];
        for (key, expected) in cases {
            assert_eq!(press(&mut app, key), None);
            check(&app, &expected);
        }
    }

    #[test]
    fn every_column_has_a_key() {
        for column in Column::ALL {
            let mut app = app();
            press(&mut app, column.key());
            assert_eq!((app.sort, app.order), (column, column.order()));
        }
    }

    #[test]
    fn arrows_move_the_sorted_column_and_stop_at_the_ends() {
        let mut app = app();
        for (code, presses, expected) in
            [(KeyCode::Left, 9, Column::Action), (KeyCode::Right, 9, Column::Max)]
        {
            for _ in 0..presses {
                app.press(code.into());
            }
            assert_eq!(app.sort, expected);
        }
    }

    #[test]
    fn pause_keeps_the_lines_and_updates_the_status() {
        let mut app = app();
        assert_eq!(press(&mut app, ' '), Some(Request::Refresh));
        app.show(Status { refused: 1, ..Status::default() }, |_| Vec::new());
        assert_eq!((app.lines().len(), app.status.refused), (3, 1));
        press(&mut app, 'p');
        app.show(Status::default(), |_| Vec::new());
        assert_eq!(app.lines().len(), 0);
    }

    #[test]
    fn series_of_visible_lines_is_requested_once() {
        let mut app = app();
        let asked = std::cell::RefCell::new(Vec::new());
        let series = |line: &Line, window: Duration| {
            asked.borrow_mut().push(line.action.clone());
            vec![window.as_secs()]
        };
        app.resize(2);
        app.fill(series);
        app.fill(series);
        assert_eq!(*asked.borrow(), ["jump", "run"]);
        app.press(KeyCode::Down.into());
        app.fill(series);
        assert_eq!(*asked.borrow(), ["jump", "run", "hop"]);
        assert!(app.lines().iter().all(|line| line.series == Some(vec![60])));

        app.show(Status::default(), |_| vec![line("a", 1, 1.0), line("b", 1, 1.0)]);
        app.resize(1);
        app.fill_all(series);
        assert_eq!(asked.borrow()[3..], ["a", "b"]);
        assert_eq!((app.above, app.page), (0, 1));
    }

    #[test]
    fn window_is_chosen_among_shorter_ones() {
        let mut app = app();
        assert_eq!(press(&mut app, '+'), None);
        for (key, expected) in [('-', 10), ('-', 10), ('+', 60), ('+', 60)] {
            press(&mut app, key);
            let expected = Span::Last(Duration::from_secs(expected));
            assert_eq!(app.span, expected, "{key}");
            app.show(Status::default(), |span| {
                assert_eq!(span, expected);
                Vec::new()
            });
        }
    }

    #[test]
    fn input_without_times_has_no_windows_and_no_series() {
        let mut app = App::new("a.ndjson".into(), Span::Whole, 1_024, Figures::default());
        app.show(Status::default(), |span| {
            assert_eq!(span, Span::Whole);
            vec![line("jump", 3, 150.0), line("hop", 5, 75.0)]
        });
        check(&app, &["hop", "jump"]);
        for key in ['-', '+'] {
            assert_eq!((press(&mut app, key), app.span), (None, Span::Whole));
        }
        app.fill(|_, _| panic!("there is no series"));
    }

    #[test]
    fn scrolling_ends_at_the_last_line() {
        let mut app = app();
        app.resize(2);
        let cases = [
            (KeyCode::Up, 0),
            (KeyCode::Down, 1),
            (KeyCode::Down, 1),
            (KeyCode::Home, 0),
            (KeyCode::PageDown, 1),
            (KeyCode::PageUp, 0),
            (KeyCode::End, 1),
        ];
        for (code, above) in cases {
            app.press(code.into());
            assert_eq!(app.above, above, "{code}");
        }
        app.resize(3);
        assert_eq!(app.above, 0);
    }

    #[test]
    fn ctrl_c_differs_from_quit() {
        let mut app = app();
        assert_eq!(press(&mut app, 'q'), Some(Request::Quit));
        assert_eq!(app.press(KeyCode::Esc.into()), Some(Request::Quit));
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(app.press(interrupt), Some(Request::Interrupt));
    }

    #[test]
    fn any_key_closes_the_help() {
        let mut app = app();
        for key in ['?', 'h'] {
            press(&mut app, key);
            assert!(app.shows_help);
            assert_eq!(press(&mut app, 'o'), None);
            assert_eq!((app.shows_help, app.order), (false, Order::Descending));
        }
    }
}
