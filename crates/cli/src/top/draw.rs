//! The screen as a terminal has it.

use std::ops::Add as _;
use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line as Text, Span};
use ratatui::widgets::{Block, Cell, Clear, Paragraph, Row, Table};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::screen::{Column, Line, Order, Screen, Status};
use crate::moment;
use crate::render::{self, grouped};
use crate::spark::{shorten, spark};

/// Room for a number, and for the gap before it.
const NUMBER_COLUMNS: u16 = 11;
const NAME_COLUMNS_MIN: u16 = 12;
const NAME_COLUMNS_MAX: u16 = 48;
/// What is narrower shows nothing.
const SERIES_COLUMNS_MIN: u16 = 8;
const SERIES_COLUMNS_MAX: u16 = 60;

const TITLE: Style = Style::new().add_modifier(Modifier::BOLD);
const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const BAD: Style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
const HEADER: Style = Style::new().add_modifier(Modifier::REVERSED);
const SORTED: Style = HEADER.add_modifier(Modifier::BOLD).add_modifier(Modifier::UNDERLINED);

/// Draws all of the screen, and tells it how many lines it had room for. Asks for the course of
/// those that are seen.
pub(crate) fn draw(
    screen: &mut Screen,
    frame: &mut Frame<'_>,
    series: impl Fn(&Line, Duration) -> Vec<u64>,
) {
    let rows = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(2),
        Constraint::Length(1),
    ]);
    let [title, status, table, keys] = frame.area().layout(&rows);
    screen.resize(usize::from(table.height.saturating_sub(1)));
    screen.fill(series);
    draw_title(screen, frame, title);
    frame.render_widget(Paragraph::new(tell(&screen.status)), status);
    draw_table(screen, frame, table);
    frame.render_widget(Paragraph::new(keys_text()).style(DIM), keys);
    if screen.shows_help {
        draw_help(frame);
    }
}

/// The title: what is looked at, and at the right whether it still changes. A path that is too long
/// loses its beginning, since its end tells more.
fn draw_title(screen: &Screen, frame: &mut Frame<'_>, area: Rect) {
    let Screen { source, window, is_paused, status, .. } = screen;
    let state = if *is_paused {
        Span::styled(" PAUSED ", Style::new().black().on_yellow())
    } else if status.is_ended {
        Span::styled(" END OF INPUT ", Style::new().black().on_cyan())
    } else {
        Span::default()
    };
    let [title, right] = area.layout(&Layout::horizontal([
        Constraint::Fill(1),
        Constraint::Length(state.width() as u16),
    ]));
    frame.render_widget(state, right);

    let count: u64 = screen.lines().iter().map(|line| line.count).sum();
    // A sum of nothing would be -0.
    let rate = screen.lines().iter().filter_map(|line| line.rate).fold(0.0, f64::add);
    let name = "windrow top  ";
    let (window, count, rate) = (moment::span(*window), grouped(count), render::rate(rate));
    let numbers = format!("  last {window}: {count} actions, {rate}/s ");
    let left = usize::from(title.width).saturating_sub(name.width() + numbers.width());
    let source = cut_front(source, left.max(usize::from(NAME_COLUMNS_MIN)));
    let text = vec![Span::styled(format!("{name}{source}"), TITLE), numbers.into()];
    frame.render_widget(Text::from(text), title);
}

fn tell(status: &Status) -> Text<'_> {
    let Status { accepted, refused, refusal, outside, note, .. } = status;
    let mut text = Text::default();
    let total = accepted + refused;
    text.push_span(format!("{} line{} read", grouped(total), if total == 1 { "" } else { "s" }));
    if *outside > 0 {
        text.push_span(format!(", {} outside the window", grouped(*outside)));
    }
    if *refused > 0 {
        text.push_span(", ");
        text.push_span(Span::styled(format!("{} refused", grouped(*refused)), BAD));
    }
    for note in note.iter().chain(refusal) {
        text.push_span("; ");
        text.push_span(note.as_str());
    }
    text
}

fn keys_text() -> &'static str {
    "q quit  space pause  ←→ sort  o order  -+ window  ↑↓ scroll  ? help"
}

fn draw_table(screen: &Screen, frame: &mut Frame<'_>, area: Rect) {
    let lines = screen.lines();
    if lines.is_empty() {
        let text = match (screen.status.is_ended, screen.status.accepted) {
            (false, 0) => "Waiting for actions, a line each: {\"action\":\"jump\",\"time\":100}",
            (true, 0) => "The input had no actions.",
            _ => "No actions in this window; + shows a longer one.",
        };
        frame.render_widget(Paragraph::new(text).style(DIM), area);
        return;
    }
    let name_columns = lines.iter().map(|line| Text::from(line.action.as_str()).width()).max();
    let widths = Widths::of(area.width, name_columns.unwrap_or_default());
    let columns = &Column::ALL[..1 + widths.numbers];
    let header = columns.iter().map(|&column| head(screen, column));
    let shown = &lines[screen.above..lines.len().min(screen.above + usize::from(area.height - 1))];
    let texts: Vec<_> = columns.iter().map(|column| column.texts(shown)).collect();
    let rows = (0..shown.len()).map(|index| {
        let numbers = columns.iter().zip(&texts).map(|(&column, texts)| {
            let text = texts[index].as_str();
            Cell::from(match column {
                Column::Action => Text::from(cut(text, widths.name.into())),
                _ => Text::from(text).right_aligned(),
            })
        });
        let series = shown[index].series.as_deref().unwrap_or_default();
        let series = shorten(series, usize::from(widths.series));
        // A bar for nothing would look like a little.
        let series = series.into_iter().map(|count| (count > 0).then_some(count as f64));
        Row::new(numbers.chain([Cell::from(format!(" {}", spark(series))).cyan()]))
    });
    let mut constraints = vec![Constraint::Length(widths.name)];
    constraints.extend((0..widths.numbers).map(|_| Constraint::Length(NUMBER_COLUMNS - 1)));
    constraints.push(Constraint::Length(widths.series + 1));
    let table = Table::new(rows, constraints)
        .column_spacing(1)
        .header(Row::new(header.chain([Cell::from(" when")])).style(HEADER));
    frame.render_widget(table, area);
}

fn head(screen: &Screen, column: Column) -> Cell<'static> {
    let (mark, style) = match (screen.sort == column, screen.order) {
        (false, _) => ("", HEADER),
        (true, Order::Ascending) => ("▲", SORTED),
        (true, Order::Descending) => ("▼", SORTED),
    };
    let text = Text::styled(format!("{}{mark}", column.name()), style);
    Cell::from(if column == Column::Action { text } else { text.right_aligned() })
}

/// How the columns share the width.
struct Widths {
    name: u16,
    /// How many columns of numbers there is room for.
    numbers: usize,
    series: u16,
}

impl Widths {
    fn of(width: u16, name: usize) -> Self {
        let name = u16::try_from(name).unwrap_or(u16::MAX);
        let name = name.clamp(NAME_COLUMNS_MIN, NAME_COLUMNS_MAX.min((width / 3).max(12)));
        let left = width.saturating_sub(name);
        let numbers = usize::from(left / NUMBER_COLUMNS).min(Column::ALL.len() - 1);
        let left = left.saturating_sub(numbers as u16 * NUMBER_COLUMNS + 2);
        let series = if left < SERIES_COLUMNS_MIN { 0 } else { left.min(SERIES_COLUMNS_MAX) };
        Self { name, numbers, series }
    }
}

/// Cuts the end off a text that is too wide, and shows that it did.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    text.chars().take_while(fits(columns)).chain(['…']).collect()
}

/// Cuts the beginning off a text that is too wide, and shows that it did.
fn cut_front(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let end: String = text.chars().rev().take_while(fits(columns)).collect();
    ['…'].into_iter().chain(end.chars().rev()).collect()
}

/// Whether a further character fits into so many columns beside a mark.
fn fits(columns: usize) -> impl FnMut(&char) -> bool {
    let mut width = 0;
    move |c| {
        width += c.width().unwrap_or_default();
        width < columns
    }
}

fn draw_help(frame: &mut Frame<'_>) {
    let sorting = Column::ALL.map(|column| {
        let key = if column.key() == ' ' { "space".into() } else { column.key().to_string() };
        format!("  {key}            sort by {}", column.name())
    });
    let mut text: Vec<String> = [
        "  ←  →         sort by the column before, after",
        "  o            turn the order round",
        "  -  +         a shorter, a longer window",
        "  space, p     pause, go on",
        "  ↑ ↓ PgUp PgDn Home End   scroll",
        "  q, Esc       quit; the last table stays on the screen",
        "",
        "  Quantiles are within 0.8 %; means, counts and extremes exact.",
    ]
    .map(String::from)
    .into();
    text.splice(1..1, sorting);
    let (width, height) = (68, text.len() as u16 + 2);
    let area = frame.area();
    let area = area.centered(
        Constraint::Length(width.min(area.width)),
        Constraint::Length(height.min(area.height)),
    );
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(" Keys ").title_alignment(Alignment::Center);
    let text: Vec<Text<'_>> = text.into_iter().map(Text::from).collect();
    frame.render_widget(Paragraph::new(text).block(block), area);
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::crossterm::event::KeyCode;

    use super::*;

    fn line(action: &str, count: u64, mean: f64) -> Line {
        let [name, action] = [action; 2].map(str::to_owned);
        let (rate, series) = (Some(count as f64 / 60.0), None);
        Line { name, action, count, rate, mean, p50: 99.0, p99: 400.0, max: 400.5, series }
    }

    fn series(line: &Line, _: Duration) -> Vec<u64> {
        vec![line.count, 0, 0, line.count / 2]
    }

    /// Without the blanks at the ends of lines.
    const WIDE: [&str; 8] = [
        "windrow top  a.ndjson  last 1m: 1,234 actions, 20.6/s",
        "1,235 lines read, 1 refused; time is `-1`, expected 0 or more",
        "action             count    rate/s▼       mean        p50        p99        max  when",
        "jump               1,200       20.0    150.500         99        400    400.500  █  ▅",
        "hop                   30       0.50     75.000         99        400    400.500  █  ▅",
        "name too long          4       0.07      1.000         99        400    400.500  █  ▅",
        "",
        "q quit  space pause  ←→ sort  o order  -+ window  ↑↓ scroll  ? help",
    ];

    /// A screen with three actions, after these keys were pressed.
    fn screen(keys: &[KeyCode]) -> Screen {
        let mut screen = Screen::new("a.ndjson".into(), Duration::from_secs(60));
        let refusal = Some("time is `-1`, expected 0 or more".into());
        let status = Status { accepted: 1_234, refused: 1, refusal, ..Status::default() };
        let name = "name too long";
        screen.show(status, |_| {
            vec![line("jump", 1_200, 150.5), line("hop", 30, 75.0), line(name, 4, 1.0)]
        });
        keys.iter().for_each(|&key| {
            screen.press(key.into());
        });
        screen
    }

    #[track_caller]
    fn check(mut screen: Screen, columns: u16, lines: u16, expected: &[&str]) {
        let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
        terminal.draw(|frame| draw(&mut screen, frame, series)).unwrap();
        let shown = terminal.backend().to_string();
        let shown: Vec<_> = shown.lines().map(|line| line.trim_matches('"').trim_end()).collect();
        assert_eq!(shown, expected, "{shown:#?}");
    }

    #[test]
    fn all_is_shown_where_there_is_room() {
        check(screen(&[]), 89, 8, &WIDE);
    }

    #[test]
    fn columns_go_where_there_is_none() {
        check(
            screen(&[KeyCode::Char('m'), KeyCode::Char('o')]),
            36,
            7,
            &[
                "windrow top  a.ndjson  last 1m: 1,23",
                "1,235 lines read, 1 refused; time is",
                "action            count     rate/s",
                "name too lo…          4       0.07",
                "hop                  30       0.50",
                "jump              1,200       20.0",
                "q quit  space pause  ←→ sort  o orde",
            ],
        );
    }

    #[test]
    fn pause_and_end_are_seen() {
        let mut screen = screen(&[KeyCode::Char(' ')]);
        screen.status.is_ended = true;
        screen.status.outside = 3;
        check(
            screen,
            70,
            5,
            &[
                "windrow top  a.ndjson  last 1m: 1,234 actions, 20.6/s          PAUSED",
                "1,235 lines read, 3 outside the window, 1 refused; time is `-1`, expec",
                "action             count    rate/s▼       mean        p50        p99",
                "jump               1,200       20.0    150.500         99        400",
                "q quit  space pause  ←→ sort  o order  -+ window  ↑↓ scroll  ? help",
            ],
        );
    }

    #[test]
    fn long_path_hides_neither_numbers_nor_state() {
        let mut screen = screen(&[]);
        screen.source = "/a/folder/of/a/folder/with/a/log.ndjson".into();
        screen.status.is_ended = true;
        check(
            screen,
            80,
            5,
            &[
                "windrow top  …r/with/a/log.ndjson  last 1m: 1,234 actions, 20.6/s  END OF INPUT",
                "1,235 lines read, 1 refused; time is `-1`, expected 0 or more",
                "action            count    rate/s▼       mean        p50        p99        max",
                "jump              1,200       20.0    150.500         99        400    400.500",
                "q quit  space pause  ←→ sort  o order  -+ window  ↑↓ scroll  ? help",
            ],
        );
    }

    #[test]
    fn who_waits_is_told_what_for() {
        let mut screen = screen(&[]);
        screen.show(Status::default(), |_| Vec::new());
        check(
            screen,
            70,
            5,
            &[
                "windrow top  a.ndjson  last 1m: 0 actions, 0.00/s",
                "0 lines read",
                "Waiting for actions, a line each: {\"action\":\"jump\",\"time\":100}",
                "",
                "q quit  space pause  ←→ sort  o order  -+ window  ↑↓ scroll  ? help",
            ],
        );
    }

    #[test]
    fn help_is_drawn_over_all() {
        check(
            screen(&[KeyCode::Char('?')]),
            70,
            20,
            &[
                "windrow top  a.ndjson  last 1m: 1,234 actions, 20.6/s",
                "1,235 lines read, 1 refused; time is `-1`, expected 0 or more",
                "a┌────────────────────────────── Keys ──────────────────────────────┐",
                "j│  ←  →         sort by the column before, after                   │",
                "h│  a            sort by action                                     │",
                "n│  c            sort by count                                      │",
                " │  r            sort by rate/s                                     │",
                " │  m            sort by mean                                       │",
                " │  5            sort by p50                                        │",
                " │  9            sort by p99                                        │",
                " │  x            sort by max                                        │",
                " │  o            turn the order round                               │",
                " │  -  +         a shorter, a longer window                         │",
                " │  space, p     pause, go on                                       │",
                " │  ↑ ↓ PgUp PgDn Home End   scroll                                 │",
                " │  q, Esc       quit; the last table stays on the screen           │",
                " │                                                                  │",
                " │  Quantiles are within 0.8 %; means, counts and extremes exact.   │",
                " └──────────────────────────────────────────────────────────────────┘",
                "q quit  space pause  ←→ sort  o order  -+ window  ↑↓ scroll  ? help",
            ],
        );
    }

    #[test]
    fn smallest_terminal_does_no_harm() {
        for (columns, lines) in [(1, 1), (1, 9), (9, 1), (12, 3), (300, 2)] {
            for keys in [&[][..], &[KeyCode::Char('?')]] {
                let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
                terminal.draw(|frame| draw(&mut screen(keys), frame, series)).unwrap();
            }
        }
    }
}
