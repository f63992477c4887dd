//! What the screen shows and what keys do to it, without a terminal.

use std::cmp::Ordering;
use std::mem;
use std::time::Duration;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::render::{self, grouped};

/// How much shorter than the longest a window may be.
const SHORTER_MAX: u32 = 30;

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Action,
    Count,
    Rate,
    Mean,
    P50,
    P99,
    Max,
}

impl Column {
    pub(crate) const ALL: [Self; 7] =
        [Self::Action, Self::Count, Self::Rate, Self::Mean, Self::P50, Self::P99, Self::Max];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Count => "count",
            Self::Rate => "rate/s",
            Self::Mean => "mean",
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::Max => "max",
        }
    }

    /// The key that sorts by it.
    pub(crate) fn key(self) -> char {
        match self {
            Self::Action => 'a',
            Self::Count => 'c',
            Self::Rate => 'r',
            Self::Mean => 'm',
            Self::P50 => '5',
            Self::P99 => '9',
            Self::Max => 'x',
        }
    }

    /// What stands in it for these lines; numbers share their digits.
    pub(crate) fn texts(self, lines: &[Line]) -> Vec<String> {
        let means = |mean: fn(&Line) -> f64| {
            render::means(&lines.iter().map(mean).collect::<Vec<_>>()).collect()
        };
        let rate = |line: &Line| line.rate.map(render::rate).unwrap_or_default();
        match self {
            Self::Action => lines.iter().map(|line| line.action.clone()).collect(),
            Self::Count => lines.iter().map(|line| grouped(line.count)).collect(),
            Self::Rate => lines.iter().map(rate).collect(),
            Self::Mean => means(|line| line.mean),
            Self::P50 => means(|line| line.p50),
            Self::P99 => means(|line| line.p99),
            Self::Max => means(|line| line.max),
        }
    }

    /// Names are looked for from A, and of numbers the great ones.
    fn order(self) -> Order {
        if self == Self::Action { Order::Ascending } else { Order::Descending }
    }
}

/// Which end of a column comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Ascending,
    Descending,
}

impl Order {
    fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// What is known of one action in the window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) name: String,
    /// The same, made fit for a terminal.
    pub(crate) action: String,
    pub(crate) count: u64,
    /// Per second; nothing while no time has passed.
    pub(crate) rate: Option<f64>,
    pub(crate) mean: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
    /// Counts of equal parts of the window, the oldest first; asked once it is seen.
    pub(crate) series: Option<Vec<u64>>,
}

impl Line {
    fn compare(&self, other: &Self, column: Column) -> Ordering {
        match column {
            Column::Action => self.action.cmp(&other.action),
            Column::Count => self.count.cmp(&other.count),
            Column::Rate => {
                self.rate.unwrap_or_default().total_cmp(&other.rate.unwrap_or_default())
            }
            Column::Mean => self.mean.total_cmp(&other.mean),
            Column::P50 => self.p50.total_cmp(&other.p50),
            Column::P99 => self.p99.total_cmp(&other.p99),
            Column::Max => self.max.total_cmp(&other.max),
        }
    }
}

/// What became of the input so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Status {
    /// Lines that are actions.
    pub(crate) accepted: u64,
    /// Lines that are none.
    pub(crate) refused: u64,
    /// Why the last of them is none.
    pub(crate) refusal: Option<String>,
    /// Actions whose stamp is too long ago or too far ahead to be shown.
    pub(crate) outside: u64,
    /// What happened to the input besides, last.
    pub(crate) note: Option<String>,
    /// Whether there will be no more.
    pub(crate) is_ended: bool,
}

/// What is to be done beyond the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    Quit,
    /// As `Quit`, but the person was in a hurry.
    Interrupt,
    /// Another window is to be shown.
    Look,
}

/// The state of the screen.
#[derive(Debug)]
pub(crate) struct Screen {
    /// What is read, made fit for a terminal.
    pub(crate) source: String,
    pub(crate) status: Status,
    pub(crate) window: Duration,
    /// The windows that can be chosen, the shortest first.
    windows: Vec<Duration>,
    pub(crate) sort: Column,
    pub(crate) order: Order,
    pub(crate) is_paused: bool,
    pub(crate) shows_help: bool,
    /// How many lines are above the first that is shown.
    pub(crate) above: usize,
    lines: Vec<Line>,
    /// How many lines were shown last.
    page: usize,
}

impl Screen {
    /// A screen that shows the longest window first, and offers shorter ones.
    pub(crate) fn new(source: String, window: Duration) -> Self {
        let shorter = [1, 10, 60, 300, 900, 3_600, 21_600].map(Duration::from_secs);
        // Much shorter ones would be made of too few buckets to be smooth.
        let is_even = |&shorter: &Duration| shorter < window && shorter * SHORTER_MAX >= window;
        let windows = shorter.into_iter().filter(is_even);
        Self {
            source,
            status: Status::default(),
            window,
            windows: windows.chain([window]).collect(),
            sort: Column::Rate,
            order: Order::Descending,
            is_paused: false,
            shows_help: false,
            above: 0,
            lines: Vec::new(),
            page: 1,
        }
    }

    /// The lines in the order in which they are to be shown.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Takes a new look, unless the person still looks at the last one.
    pub(crate) fn show(&mut self, status: Status, lines: impl FnOnce(Duration) -> Vec<Line>) {
        self.status = status;
        if !self.is_paused {
            self.lines = lines(self.window);
            self.sort_lines();
        }
    }

    /// Asks for the course of each line that is seen and has none yet.
    pub(crate) fn fill(&mut self, series: impl Fn(&Line, Duration) -> Vec<u64>) {
        let (window, above, page) = (self.window, self.above, self.page);
        for line in self.lines.iter_mut().skip(above).take(page) {
            if line.series.is_none() {
                line.series = Some(series(line, window));
            }
        }
    }

    /// The same of all lines.
    pub(crate) fn fill_all(&mut self, series: impl Fn(&Line, Duration) -> Vec<u64>) {
        let (above, page) = (mem::take(&mut self.above), mem::replace(&mut self.page, usize::MAX));
        self.fill(series);
        (self.above, self.page) = (above, page);
    }

    /// Makes room for so many lines.
    pub(crate) fn resize(&mut self, page: usize) {
        self.page = page.max(1);
        self.scroll(0);
    }

    /// Does what a key means.
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
        let chosen = self.windows.iter().position(|&window| window == self.window)?;
        self.window = *self.windows.get(chosen.saturating_add_signed(step))?;
        // What is shown would otherwise be of another window than is said.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn line(action: &str, count: u64, mean: f64) -> Line {
        Line {
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
        let mut screen = Screen::new("a.ndjson".into(), Duration::from_secs(60));
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
            assert_eq!(screen.window, Duration::from_secs(expected), "{key}");
            screen.show(Status::default(), |window| {
                assert_eq!(window.as_secs(), expected);
                Vec::new()
            });
        }
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
