//! The state of the screen and what keys do to it, without a terminal.

use std::mem;
use std::time::Duration;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use unicode_width::UnicodeWidthStr;

use super::columns::{Column, Layout, Line, Order};

/// How much shorter than the longest a window may be.
const SHORTER_MAX: u32 = 30;

/// The progress of the input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Status {
    /// Lines that are actions.
    pub(crate) accepted: u64,
    /// Lines that are not.
    pub(crate) refused: u64,
    /// The reason of the last refusal.
    pub(crate) refusal: Option<String>,
    /// Actions whose timestamp is too long ago or too far ahead to be shown.
    pub(crate) outside: u64,
    /// Actions without a row of their own.
    pub(crate) folded: u64,
    /// What else happened to the input last.
    pub(crate) note: Option<String>,
    /// Whether the input has ended.
    pub(crate) is_ended: bool,
}

/// What a key asks of the owner of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    Quit,
    /// As `Quit`, by Ctrl-C.
    Interrupt,
    /// Read the statistics again.
    Look,
}

/// The time that the table covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// The newest part of the input, at most this long.
    Last(Duration),
    /// All of an input whose actions have no time: there are no rates and no windows.
    Whole,
}

/// The state of the screen.
#[derive(Debug)]
pub(crate) struct Screen {
    /// The name of the input, with characters that a terminal shows.
    pub(crate) source: String,
    /// How many actions have a row of their own at most.
    pub(crate) actions_max: usize,
    pub(crate) status: Status,
    pub(crate) span: Span,
    /// The windows to choose from, the shortest first.
    windows: Vec<Duration>,
    pub(crate) sort: Column,
    pub(crate) order: Order,
    pub(crate) is_paused: bool,
    pub(crate) shows_help: bool,
    /// How many lines are above the first visible one.
    pub(crate) above: usize,
    lines: Vec<Line>,
    /// How many lines the terminal has room for.
    page: usize,
}

impl Screen {
    /// Creates a screen that shows the longest window first and offers shorter ones.
    pub(crate) fn new(source: String, span: Span, actions_max: usize) -> Self {
        let (sort, windows) = match span {
            Span::Last(window) => (Column::Rate, windows(window)),
            Span::Whole => (Column::Count, Vec::new()),
        };
        Self {
            source,
            actions_max,
            status: Status::default(),
            span,
            windows,
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

    /// Returns the lines that the terminal has room for.
    pub(crate) fn visible(&self) -> &[Line] {
        let end = self.lines.len().min(self.above + self.page);
        &self.lines[self.above.min(end)..end]
    }

    /// Lays out the visible lines.
    pub(crate) fn layout(&self, width: usize) -> Layout {
        let longest = self.lines.iter().map(|line| line.action.width()).max();
        Layout::new(self.visible(), longest.unwrap_or_default(), self.sort, width)
    }

    /// Replaces the lines, unless the screen is paused.
    pub(crate) fn show(&mut self, status: Status, lines: impl FnOnce(Span) -> Vec<Line>) {
        self.status = status;
        if !self.is_paused {
            self.lines = lines(self.span);
            self.sort_lines();
        }
    }

    /// Asks for the series of each visible line that has none yet.
    pub(crate) fn fill(&mut self, series: impl Fn(&Line, Duration) -> Vec<u64>) {
        let Span::Last(window) = self.span else { return };
        for line in self.lines.iter_mut().skip(self.above).take(self.page) {
            if line.series.is_none() {
                line.series = Some(series(line, window));
            }
        }
    }

    /// Asks for the series of all lines.
    pub(crate) fn fill_all(&mut self, series: impl Fn(&Line, Duration) -> Vec<u64>) {
        let (above, page) = (mem::take(&mut self.above), mem::replace(&mut self.page, usize::MAX));
        self.fill(series);
        (self.above, self.page) = (above, page);
    }

    /// Sets how many lines the terminal has room for.
    pub(crate) fn resize(&mut self, page: usize) {
        self.page = page.max(1);
        self.scroll(0);
    }

    /// Handles a key.
    pub(crate) fn press(&mut self, key: KeyEvent) -> Option<Ask> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return (key.code == KeyCode::Char('c')).then_some(Ask::Interrupt);
        }
        if self.shows_help && key.code != KeyCode::Char('q') {
            self.shows_help = false;
            return None;
        }
        let page = self.page as isize;
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return Some(Ask::Quit),
            KeyCode::Char('?' | 'h') => self.shows_help = true,
            KeyCode::Char(' ' | 'p') => {
                self.is_paused = !self.is_paused;
                return Some(Ask::Look);
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
                if let Some(column) = Column::ALL.into_iter().find(|column| column.key() == key) {
                    self.sort_by(column, column.order());
                }
            }
            _ => {}
        }
        None
    }

    fn choose_window(&mut self, step: isize) -> Option<Ask> {
        let Span::Last(chosen) = self.span else { return None };
        let chosen = self.windows.iter().position(|&window| window == chosen)?;
        self.span = Span::Last(*self.windows.get(chosen.saturating_add_signed(step))?);
        // Paused, the lines would be of another window than the title.
        self.is_paused = false;
        Some(Ask::Look)
    }

    fn move_sort(&mut self, step: isize) {
        let sorted = Column::ALL.iter().position(|&column| column == self.sort);
        let next = sorted.unwrap_or_default().saturating_add_signed(step);
        if let Some(&column) = Column::ALL.get(next) {
            self.sort_by(column, column.order());
        }
    }

    fn sort_by(&mut self, column: Column, order: Order) {
        (self.sort, self.order) = (column, order);
        self.sort_lines();
    }

    fn sort_lines(&mut self) {
        let (column, order) = (self.sort, self.order);
        // Equal lines would otherwise change places with each look.
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
    // Much shorter ones would consist of too few buckets to be smooth.
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
            mean,
            p50: mean,
            p99: mean,
            max: mean,
            series: None,
        }
    }

    fn screen() -> Screen {
        let mut screen = Screen::new("a.ndjson".into(), MINUTE, 1_024);
        let lines = vec![line("jump", 3, 150.0), line("hop", 1, 75.0), line("run", 3, 9.5)];
        screen.show(Status::default(), |_| lines);
        screen
    }

    fn press(screen: &mut Screen, key: char) -> Option<Ask> {
        screen.press(KeyCode::Char(key).into())
    }

    #[track_caller]
    fn check(screen: &Screen, expected: &[&str]) {
        let actions: Vec<_> = screen.lines().iter().map(|line| line.action.as_str()).collect();
        assert_eq!(actions, expected);
    }

    #[test]
    fn most_frequent_comes_first_and_equals_by_name() {
        check(&screen(), &["jump", "run", "hop"]);
    }

    #[test]
    fn key_sorts_by_its_column() {
        let mut screen = screen();
        let cases = [
            ('a', ["hop", "jump", "run"]),
            ('o', ["run", "jump", "hop"]),
            ('m', ["jump", "hop", "run"]),
            ('o', ["run", "hop", "jump"]),
            ('c', ["jump", "run", "hop"]),
        ];
        for (key, expected) in cases {
            assert_eq!(press(&mut screen, key), None);
            check(&screen, &expected);
        }
    }

    #[test]
    fn every_column_has_a_key_of_its_own() {
        for column in Column::ALL {
            let mut screen = screen();
            press(&mut screen, column.key());
            assert_eq!((screen.sort, screen.order), (column, column.order()));
        }
    }

    #[test]
    fn arrows_move_the_sorted_column_and_stop_at_the_ends() {
        let mut screen = screen();
        for (code, presses, expected) in
            [(KeyCode::Left, 9, Column::Action), (KeyCode::Right, 9, Column::Max)]
        {
            for _ in 0..presses {
                screen.press(code.into());
            }
            assert_eq!(screen.sort, expected);
        }
    }

    #[test]
    fn pause_holds_the_lines_but_not_what_became_of_the_input() {
        let mut screen = screen();
        assert_eq!(press(&mut screen, ' '), Some(Ask::Look));
        screen.show(Status { refused: 1, ..Status::default() }, |_| Vec::new());
        assert_eq!((screen.lines().len(), screen.status.refused), (3, 1));
        press(&mut screen, 'p');
        screen.show(Status::default(), |_| Vec::new());
        assert_eq!(screen.lines().len(), 0);
    }

    #[test]
    fn course_is_asked_of_what_is_seen_and_once() {
        let mut screen = screen();
        let asked = std::cell::RefCell::new(Vec::new());
        let series = |line: &Line, window: Duration| {
            asked.borrow_mut().push(line.action.clone());
            vec![window.as_secs()]
        };
        screen.resize(2);
        screen.fill(series);
        screen.fill(series);
        assert_eq!(*asked.borrow(), ["jump", "run"]);
        screen.press(KeyCode::Down.into());
        screen.fill(series);
        assert_eq!(*asked.borrow(), ["jump", "run", "hop"]);
        assert!(screen.lines().iter().all(|line| line.series == Some(vec![60])));

        screen.show(Status::default(), |_| vec![line("a", 1, 1.0), line("b", 1, 1.0)]);
        screen.resize(1);
        screen.fill_all(series);
        assert_eq!(asked.borrow()[3..], ["a", "b"]);
        assert_eq!((screen.above, screen.page), (0, 1));
    }

    #[test]
    fn window_is_chosen_among_shorter_ones() {
        let mut screen = screen();
        assert_eq!(press(&mut screen, '+'), None);
        for (key, expected) in [('-', 10), ('-', 10), ('+', 60), ('+', 60)] {
            press(&mut screen, key);
            let expected = Span::Last(Duration::from_secs(expected));
            assert_eq!(screen.span, expected, "{key}");
            screen.show(Status::default(), |span| {
                assert_eq!(span, expected);
                Vec::new()
            });
        }
    }

    #[test]
    fn input_without_times_has_no_windows_and_no_series() {
        let mut screen = Screen::new("a.ndjson".into(), Span::Whole, 1_024);
        screen.show(Status::default(), |span| {
            assert_eq!(span, Span::Whole);
            vec![line("jump", 3, 150.0), line("hop", 5, 75.0)]
        });
        check(&screen, &["hop", "jump"]);
        for key in ['-', '+'] {
            assert_eq!((press(&mut screen, key), screen.span), (None, Span::Whole));
        }
        screen.fill(|_, _| panic!("there is no series"));
    }

    #[test]
    fn scrolling_ends_where_the_lines_do() {
        let mut screen = screen();
        screen.resize(2);
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
            screen.press(code.into());
            assert_eq!(screen.above, above, "{code}");
        }
        screen.resize(3);
        assert_eq!(screen.above, 0);
    }

    #[test]
    fn quitting_and_interrupting_are_told_apart() {
        let mut screen = screen();
        assert_eq!(press(&mut screen, 'q'), Some(Ask::Quit));
        assert_eq!(screen.press(KeyCode::Esc.into()), Some(Ask::Quit));
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(screen.press(interrupt), Some(Ask::Interrupt));
    }

    #[test]
    fn any_key_closes_the_help() {
        let mut screen = screen();
        for key in ['?', 'h'] {
            press(&mut screen, key);
            assert!(screen.shows_help);
            assert_eq!(press(&mut screen, 'o'), None);
            assert_eq!((screen.shows_help, screen.order), (false, Order::Descending));
        }
    }
}
