//! Draws the state on a terminal.

use std::ops::Add as _;
use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line as Text, Span};
use ratatui::widgets::{Block, Cell, Clear, Paragraph, Row, Table};
use unicode_width::UnicodeWidthStr;

use super::app::{self, App, Status};
use super::columns::{Column, Line, Order, cut, cut_front};
use crate::output::render::{self, GAP, counted, grouped};
use crate::output::spark::{shorten, spark};
use crate::timestamps;

/// The minimum width of a path.
const SOURCE_COLUMNS_MIN: usize = 8;
const PROGRAM: &str = "windrow top  ";

const TITLE: Style = Style::new().add_modifier(Modifier::BOLD);
const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const BAD: Style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
const LIMIT: Style = Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD);
const HEADER: Style = Style::new().add_modifier(Modifier::REVERSED);
const SORTED: Style = HEADER.add_modifier(Modifier::BOLD).add_modifier(Modifier::UNDERLINED);

/// Draws the state, sets its page size, and requests the series of visible lines.
pub(crate) fn draw(
    app: &mut App,
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
    app.resize(usize::from(table.height.saturating_sub(1)));
    app.fill(series);
    draw_title(app, frame, title);
    let columns = usize::from(status.width);
    let text = status_text(&app.status, app.actions_max, columns);
    frame.render_widget(Paragraph::new(text), status);
    draw_table(app, frame, table);
    let text = cut(KEYS, usize::from(keys.width));
    frame.render_widget(Paragraph::new(text).style(DIM), keys);
    if app.shows_help {
        draw_help(app.columns, frame);
    }
}

/// Draws the title: the input and its totals, and the state at the right.
fn draw_title(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let App { is_paused, status, .. } = app;
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
    let [name, totals] = title_texts(app, title.width.into());
    frame.render_widget(Text::from(vec![Span::styled(name, TITLE), totals.into()]), title);
}

/// Returns the name of the input and its totals, cut to the width.
///
/// The totals have priority, since a cut number would be wrong. A long path is cut at the start,
/// since its end is more specific.
fn title_texts(app: &App, columns: usize) -> [String; 2] {
    let count: u64 = app.lines().iter().map(|line| line.count).sum();
    // An empty sum would be -0.
    let rates = app.lines().iter().filter_map(|line| line.rate);
    let rate = rates.clone().next().map(|_| rates.fold(0.0, f64::add));
    let count = counted(count, "action");
    let window = match app.span {
        app::Span::Last(window) => format!("last {}: ", timestamps::span(window)),
        app::Span::Whole => String::new(),
    };
    let rate = rate.map(|rate| format!(", {}/s", render::rate(rate))).unwrap_or_default();
    let totals = [format!("{window}{count}{rate} "), format!("{window}{count} "), count];
    let totals = totals.into_iter().find(|totals| totals.width() <= columns).unwrap_or_default();
    let left = columns.saturating_sub(totals.width() + GAP);
    let source_min = app.source.width().min(SOURCE_COLUMNS_MIN);
    let program = if left >= PROGRAM.width() + source_min { PROGRAM } else { "" };
    if left < source_min {
        return [String::new(), totals];
    }
    let source = cut_front(&app.source, left - program.width());
    [format!("{program}{source}"), format!("{:GAP$}{totals}", "")]
}

/// Formats the progress of the input, cut to the width.
fn status_text(status: &Status, actions_max: usize, columns: usize) -> Text<'static> {
    let Status { accepted, refused, skipped, filtered, refusal, outside, folded, note, .. } =
        status;
    let total = accepted + refused + skipped + filtered;
    let lines = format!("{} read", counted(total, "line"));
    let mut parts = vec![("", lines, Style::new())];
    if *folded > 0 {
        let limit = counted(actions_max as u64, "action");
        let text = format!("{} beyond {limit}", grouped(*folded));
        parts.push((", ", text, LIMIT));
    }
    if *outside > 0 {
        parts.push((", ", format!("{} outside the window", grouped(*outside)), Style::new()));
    }
    for (number, name) in [(*filtered, "filtered"), (*skipped, "skipped")] {
        if number > 0 {
            parts.push((", ", format!("{} {name}", grouped(number)), Style::new()));
        }
    }
    if *refused > 0 {
        parts.push((", ", format!("{} refused", grouped(*refused)), BAD));
    }
    let further = status.waits_for().into_iter();
    let further = further.chain(note.iter().chain(refusal).cloned());
    parts.extend(further.map(|text| ("; ", text, Style::new())));
    let mut line = Text::default();
    let mut left = columns;
    for (before, text, style) in parts {
        let is_whole = before.width() + text.width() <= left;
        let [before, text] = if is_whole {
            [before.to_owned(), text]
        } else {
            [String::new(), cut(&format!("{before}{text}"), left)]
        };
        left -= before.width() + text.width();
        line.push_span(before);
        line.push_span(Span::styled(text, style));
    }
    line
}

const KEYS: &str = "q quit  space pause  ←→ sort  o order  -+ window  ↑↓ scroll  ? help";

fn draw_table(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if app.lines().is_empty() {
        let text = match (app.status.is_ended, app.status.accepted) {
            (false, 0) if app.status.skipped > 0 => "No record has the fields yet.",
            (false, 0) => "Waiting for actions, one per line: {\"action\":\"jump\",\"time\":100}",
            (true, 0) => "The input had no actions.",
            _ => "No actions in this window; + shows a longer one.",
        };
        let text = cut(text, area.width.into());
        frame.render_widget(Paragraph::new(text).style(DIM), area);
        return;
    }
    let layout = app.layout(area.width.into());
    let has_series = layout.series_width > 0;
    let mut constraints = vec![Constraint::Length(layout.name_width as u16)];
    let mut header = vec![head(app, Column::Action)];
    for numbers in &layout.numbers {
        constraints.push(Constraint::Length(numbers.width as u16));
        header.push(head(app, numbers.column));
    }
    if has_series {
        constraints.push(Constraint::Length(layout.series_width as u16));
        header.push(Cell::from("when"));
    }
    let rows = app.visible().iter().enumerate().map(|(row, line)| {
        let numbers = layout.numbers.iter();
        let numbers = numbers.map(|numbers| Text::from(numbers.texts[row].as_str()));
        let style = if line.is_other { LIMIT } else { Style::new() };
        let name = Cell::from(layout.names[row].as_str()).style(style);
        let picture = has_series.then(|| Cell::from(picture(line, layout.series_width)).cyan());
        let numbers = numbers.map(|text| Cell::from(text.right_aligned()));
        Row::new([name].into_iter().chain(numbers).chain(picture))
    });
    let table = Table::new(rows, constraints)
        .column_spacing(GAP as u16)
        .header(Row::new(header).style(HEADER));
    frame.render_widget(table, area);
}

/// Formats the sparkline of an action.
fn picture(line: &Line, columns: usize) -> String {
    let series = shorten(line.series.as_deref().unwrap_or_default(), columns);
    // A bar for zero would look like a low count.
    spark(series.into_iter().map(|count| (count > 0).then_some(count as f64)))
}

fn head(app: &App, column: Column) -> Cell<'static> {
    let (mark, style) = match (app.sort == column, app.order) {
        (false, _) => ("", HEADER),
        (true, Order::Ascending) => ("▲", SORTED),
        (true, Order::Descending) => ("▼", SORTED),
    };
    let text = Text::styled(format!("{}{mark}", column.name()), style);
    Cell::from(if column == Column::Action { text } else { text.right_aligned() })
}

fn draw_help(columns: &[Column], frame: &mut Frame<'_>) {
    let keys = columns.iter().map(|column| column.key().to_string()).collect::<Vec<_>>().join(" ");
    let names = columns.iter().map(|column| column.name()).collect::<Vec<_>>().join(", ");
    let text = [
        "←  →       sort by the previous or next column".to_owned(),
        format!("{keys}  {names}"),
        "o          reverse the order".to_owned(),
        "-  +       shorten or lengthen the window".to_owned(),
        "space, p   pause or continue".to_owned(),
        "↑ ↓ PgUp PgDn Home End   scroll".to_owned(),
        "q, Esc     quit; the table stays on the terminal".to_owned(),
        "Quantiles are within 0.8 %, other values are exact.".to_owned(),
    ];
    let area = frame.area();
    let widest = text.iter().map(|line| line.width()).max().unwrap_or_default();
    let (width, height) =
        (area.width.min(widest as u16 + 4), area.height.min(text.len() as u16 + 2));
    let area = area.centered(Constraint::Length(width), Constraint::Length(height));
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(" Keys ").title_alignment(Alignment::Center);
    let room = usize::from(width.saturating_sub(4));
    let text = text.iter().map(|line| Text::from(format!(" {}", cut(line, room))));
    frame.render_widget(Paragraph::new(text.collect::<Vec<_>>()).block(block), area);
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::crossterm::event::KeyCode;

    use crate::output::figures::Figures;

    use super::*;

    const MINUTE: app::Span = app::Span::Last(Duration::from_secs(60));

    fn line(action: &str, count: u64, mean: f64) -> Line {
        let [name, action] = [action; 2].map(str::to_owned);
        let (rate, series) = (Some(count as f64 / 60.0), None);
        Line {
            is_other: false,
            name,
            action,
            count,
            rate,
            total: count as f64 * mean,
            mean,
            p50: 99.0,
            p99: 400.0,
            max: 400.5,
            series,
        }
    }

    fn series(line: &Line, _: Duration) -> Vec<u64> {
        vec![line.count, 0, 0, line.count / 2]
    }

    /// The lines of a wide terminal, without trailing spaces.
    const WIDE: [&str; 8] = [
        "windrow top  a.ndjson  last 1m: 1,234 actions, 20.6/s",
        "1,235 lines read, 1 refused; time is `-1`, expected 0 or more",
        "action           count  rate/s▼    total     mean      p50      p99      max  when",
        "jump             1,200     20.0  180,600    150.5       99      400    400.5  █  ▅",
        "hop                 30     0.50    2,250       75       99      400    400.5  █  ▅",
        "name too long        4     0.07        4        1       99      400    400.5  █  ▅",
        "",
        "q quit  space pause  ←→ sort  o order  -+ window  ↑↓ scroll  ? help",
    ];

    /// Returns a state with three actions after these keys.
    fn app(keys: &[KeyCode]) -> App {
        let mut app = App::new("a.ndjson".into(), MINUTE, 1_024, Figures::default());
        let refusal = Some("time is `-1`, expected 0 or more".into());
        let status = Status { accepted: 1_234, refused: 1, refusal, ..Status::default() };
        let name = "name too long";
        app.show(status, |_| {
            vec![line("jump", 1_200, 150.5), line("hop", 30, 75.0), line(name, 4, 1.0)]
        });
        keys.iter().for_each(|&key| {
            app.press(key.into());
        });
        app
    }

    #[track_caller]
    fn check(mut app: App, columns: u16, lines: u16, expected: &[&str]) {
        let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
        terminal.draw(|frame| draw(&mut app, frame, series)).unwrap();
        let shown = terminal.backend().to_string();
        let shown: Vec<_> = shown.lines().map(|line| line.trim_matches('"').trim_end()).collect();
        assert_eq!(shown, expected, "{shown:#?}");
    }

    #[test]
    fn wide_terminal_shows_all() {
        check(app(&[]), 98, 8, &WIDE);
    }

    #[test]
    fn narrow_terminal_omits_columns() {
        check(
            app(&[KeyCode::Char('m'), KeyCode::Char('o')]),
            36,
            7,
            &[
                "last 1m: 1,234 actions, 20.6/s",
                "1,235 lines read, 1 refused; time i…",
                "action           count    mean▲",
                "name too long        4        1",
                "hop                 30       75",
                "jump             1,200    150.5",
                "q quit  space pause  ←→ sort  o ord…",
            ],
        );
    }

    #[test]
    fn pause_and_end_are_shown() {
        let mut app = app(&[KeyCode::Char(' ')]);
        app.status.is_ended = true;
        app.status.outside = 3;
        check(
            app,
            70,
            5,
            &[
                "windrow top  a.ndjson  last 1m: 1,234 actions, 20.6/s          PAUSED",
                "1,235 lines read, 3 outside the window, 1 refused; time is `-1`, expe…",
                "action           count  rate/s▼    total     mean      p50      p99",
                "jump             1,200     20.0  180,600    150.5       99      400",
                "q quit  space pause  ←→ sort  o order  -+ window  ↑↓ scroll  ? help",
            ],
        );
    }

    #[test]
    fn long_path_hides_neither_numbers_nor_state() {
        let mut app = app(&[]);
        app.source = "/a/folder/of/a/folder/with/a/log.ndjson".into();
        app.status.is_ended = true;
        check(
            app,
            80,
            5,
            &[
                "windrow top  …r/with/a/log.ndjson  last 1m: 1,234 actions, 20.6/s  END OF INPUT",
                "1,235 lines read, 1 refused; time is `-1`, expected 0 or more",
                "action           count  rate/s▼    total     mean      p50      p99      max",
                "jump             1,200     20.0  180,600    150.5       99      400    400.5",
                "q quit  space pause  ←→ sort  o order  -+ window  ↑↓ scroll  ? help",
            ],
        );
    }

    #[test]
    fn empty_table_says_what_it_waits_for() {
        let mut app = app(&[]);
        app.show(Status::default(), |_| Vec::new());
        check(
            app,
            70,
            5,
            &[
                "windrow top  a.ndjson  last 1m: 0 actions",
                "0 lines read",
                "Waiting for actions, one per line: {\"action\":\"jump\",\"time\":100}",
                "",
                "q quit  space pause  ←→ sort  o order  -+ window  ↑↓ scroll  ? help",
            ],
        );
    }

    #[test]
    fn help_covers_the_table() {
        check(
            app(&[KeyCode::Char('?')]),
            70,
            20,
            &[
                "windrow top  a.ndjson  last 1m: 1,234 actions, 20.6/s",
                "1,235 lines read, 1 refused; time is `-1`, expected 0 or more",
                "action           count  rate/s▼    total     mean      p50      p99",
                "jump             1,200     20.0  180,600    150.5       99      400",
                "hop                 30     0.50    2,250       75       99      400",
                "┌─────────────────────────────── Keys ───────────────────────────────┐",
                "│ ←  →       sort by the previous or next column                     │",
                "│ a c r t m 5 9 x  action, count, rate/s, total, mean, p50, p99, max │",
                "│ o          reverse the order                                       │",
                "│ -  +       shorten or lengthen the window                          │",
                "│ space, p   pause or continue                                       │",
                "│ ↑ ↓ PgUp PgDn Home End   scroll                                    │",
                "│ q, Esc     quit; the table stays on the terminal                   │",
                "│ Quantiles are within 0.8 %, other values are exact.                │",
                "└────────────────────────────────────────────────────────────────────┘",
                "",
                "",
                "",
                "",
                "q quit  space pause  ←→ sort  o order  -+ window  ↑↓ scroll  ? help",
            ],
        );
    }

    #[test]
    fn records_beyond_the_limit_are_shown() {
        let mut app = app(&[]);
        app.status.folded = 1_200;
        check(
            app,
            60,
            5,
            &[
                "windrow top  a.ndjson  last 1m: 1,234 actions, 20.6/s",
                "1,235 lines read, 1,200 beyond 1,024 actions, 1 refused; ti…",
                "action           count  rate/s▼    total     mean      p50",
                "jump             1,200     20.0  180,600    150.5       99",
                "q quit  space pause  ←→ sort  o order  -+ window  ↑↓ scroll…",
            ],
        );
    }

    #[test]
    fn number_in_the_title_is_whole_at_any_width() {
        let mut app = app(&[]);
        app.source = "a-log-with-a-long-name.ndjson".into();
        let forms = ["last 1m: 1,234 actions, 20.6/s", "last 1m: 1,234 actions", "1,234 actions"];
        for columns in 0..120 {
            let [name, totals] = title_texts(&app, columns);
            assert!(name.width() + totals.width() <= columns, "{columns} {name:?} {totals:?}");
            let is_whole = forms.contains(&totals.trim());
            assert!(is_whole || (columns < 13 && totals.trim().is_empty()), "{columns} {totals:?}");
        }
    }

    #[test]
    fn tiny_terminal_does_not_panic() {
        for (columns, lines) in [(1, 1), (1, 9), (9, 1), (12, 3), (300, 2)] {
            for keys in [&[][..], &[KeyCode::Char('?')]] {
                let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
                terminal.draw(|frame| draw(&mut app(keys), frame, series)).unwrap();
            }
        }
    }
}
