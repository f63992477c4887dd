//! The screen as a terminal has it.

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line as Text, Span};
use ratatui::widgets::{Block, Cell, Clear, Paragraph, Row, Table};

use super::screen::{Column, Line, Order, Screen, Status};
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

/// Draws all of the screen, and tells it how many lines it had room for.
pub(crate) fn draw(screen: &mut Screen, frame: &mut Frame<'_>) {
    let rows = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(2),
        Constraint::Length(1),
    ]);
    let [title, status, table, keys] = frame.area().layout(&rows);
    screen.resize(usize::from(table.height.saturating_sub(1)));
    frame.render_widget(Paragraph::new(describe(screen)), title);
    frame.render_widget(Paragraph::new(tell(&screen.status)), status);
    draw_table(screen, frame, table);
    frame.render_widget(Paragraph::new(keys_text()).style(DIM), keys);
    if screen.shows_help {
        draw_help(frame);
    }
}

fn describe(screen: &Screen) -> Text<'_> {
    let Screen { source, window, is_paused, status, .. } = screen;
    let count: u64 = screen.lines().iter().map(|line| line.count).sum();
    let rate: f64 = screen.lines().iter().filter_map(|line| line.rate).sum();
    let mut text = Text::from(vec![
        Span::styled(format!("windrow top  {source}"), TITLE),
        format!("  last {}: ", humantime::format_duration(*window)).into(),
        format!("{} actions, {}/s", grouped(count), render::rate(rate)).into(),
    ]);
    if *is_paused {
        text.push_span("  ");
        text.push_span(Span::styled(" PAUSED ", Style::new().black().on_yellow()));
    } else if status.is_ended {
        text.push_span("  ");
        text.push_span(Span::styled(" END OF INPUT ", Style::new().black().on_cyan()));
    }
    text
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
    let cells = Cells::of(shown);
    let rows = (0..shown.len()).map(|index| {
        let numbers = columns.iter().map(|&column| {
            let text = Text::from(cells.text(&shown[index], index, column));
            Cell::from(if column == Column::Action { text } else { text.right_aligned() })
        });
        let series = shorten(&shown[index].series, usize::from(widths.series));
        // A bar for nothing would look like a little.
        let series = series.into_iter().map(|count| (count > 0).then_some(count as f64));
        Row::new(numbers.chain([Cell::from(spark(series)).cyan()]))
    });
    let mut constraints = vec![Constraint::Length(widths.name)];
    constraints.extend((0..widths.numbers).map(|_| Constraint::Length(NUMBER_COLUMNS - 1)));
    constraints.push(Constraint::Length(widths.series));
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
        let left = left.saturating_sub(numbers as u16 * NUMBER_COLUMNS + 1);
        let series = if left < SERIES_COLUMNS_MIN { 0 } else { left.min(SERIES_COLUMNS_MAX) };
        Self { name, numbers, series }
    }
}

/// The numbers of all lines as text, for each column with digits of its own.
struct Cells {
    mean: Vec<String>,
    p50: Vec<String>,
    p99: Vec<String>,
    max: Vec<String>,
}

impl Cells {
    fn of(lines: &[Line]) -> Self {
        let column =
            |value: fn(&Line) -> f64| render::means(&lines.iter().map(value).collect::<Vec<_>>());
        Self {
            mean: column(|line| line.mean),
            p50: column(|line| line.p50),
            p99: column(|line| line.p99),
            max: column(|line| line.max),
        }
    }

    fn text(&self, line: &Line, index: usize, column: Column) -> String {
        match column {
            Column::Action => line.action.clone(),
            Column::Count => grouped(line.count),
            Column::Rate => line.rate.map(render::rate).unwrap_or_default(),
            Column::Mean => self.mean[index].clone(),
            Column::P50 => self.p50[index].clone(),
            Column::P99 => self.p99[index].clone(),
            Column::Max => self.max[index].clone(),
        }
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
