//! The table of actions.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Modifier, Style, Stylize};
use ratatui::text::Line as Text;
use ratatui::widgets::{Cell, Paragraph, Row, Table};

use super::{BAD, DIM, HEADER, LIMIT, SORTED};
use crate::commands::top::answers::Line;
use crate::commands::top::app::App;
use crate::commands::top::columns::{Column, Order};
use crate::commands::top::layout::{Layout, cut};
use crate::commands::top::marks;
use crate::output::render::GAP;
use crate::output::spark::{shorten, spark};

const SELECTED: Style = Style::new().add_modifier(Modifier::REVERSED);

/// Draws the lines that fit, or why there are none.
pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if app.view.matches() == 0 {
        let text = cut(&nothing(app), area.width.into());
        frame.render_widget(Paragraph::new(text).style(DIM), area);
        return;
    }
    let layout = app.layout(area.width.into());
    let has_series = layout.series_width > 0;
    let mut constraints = vec![Constraint::Length(layout.name_width as u16)];
    let mut header = vec![head(app, &Column::Action)];
    for numbers in &layout.numbers {
        constraints.push(Constraint::Length(numbers.width as u16));
        header.push(head(app, &numbers.column));
    }
    if has_series {
        constraints.push(Constraint::Length(layout.series_width as u16));
        header.push(Cell::from("when"));
    }
    let rows = app.view.visible().enumerate().map(|(index, line)| row(&layout, index, line));
    let selected = app.view.selected_row();
    let rows = rows.enumerate().map(
        |(index, row)| {
            if index == selected { row.style(SELECTED) } else { row }
        },
    );
    let table = Table::new(rows, constraints)
        .column_spacing(GAP as u16)
        .header(Row::new(header).style(HEADER));
    frame.render_widget(table, area);
}

/// Describes why no line is shown.
fn nothing(app: &App) -> String {
    if !app.view.lines().is_empty() {
        return format!("No name contains `{}`; Esc shows all.", app.view.filter());
    }
    let text = match (app.status.is_ended, app.status.accepted) {
        (false, 0) if app.status.skipped > 0 => "No record has the fields yet.",
        (false, 0) => "Waiting for actions, one per line: {\"action\":\"jump\",\"time\":100}",
        (true, 0) => "The input had no actions.",
        _ => "No actions in this window; + shows a longer one.",
    };
    text.to_owned()
}

/// Lays out a line, whose texts are those of this row of the layout.
fn row(layout: &Layout, index: usize, line: &Line) -> Row<'static> {
    let numbers = layout.numbers.iter().map(|numbers| {
        let is_marked = marks::is_marked(line, &numbers.column);
        let style = if is_marked { BAD } else { Style::new() };
        let text = Text::from(numbers.texts[index].clone());
        Cell::from(text.right_aligned()).style(style)
    });
    let style = match line {
        _ if !line.marks.is_empty() => BAD,
        Line { is_other: true, .. } => LIMIT,
        _ => Style::new(),
    };
    let name = Cell::from(layout.names[index].clone()).style(style);
    let picture =
        (layout.series_width > 0).then(|| Cell::from(picture(line, layout.series_width)).cyan());
    Row::new([name].into_iter().chain(numbers).chain(picture))
}

/// Formats the sparkline of an action.
fn picture(line: &Line, columns: usize) -> String {
    let points = line.course.iter().flat_map(|course| &course.points);
    let counts: Vec<_> = points.map(|point| point.count).collect();
    // A bar for zero would look like a low count.
    let counts = shorten(&counts, columns).into_iter();
    spark(counts.map(|count| (count > 0).then_some(count as f64)))
}

fn head(app: &App, column: &Column) -> Cell<'static> {
    let (sort, order) = app.view.sorted_by();
    let (mark, style) = match (sort == column, order) {
        (false, _) => ("", HEADER),
        (true, Order::Ascending) => ("▲", SORTED),
        (true, Order::Descending) => ("▼", SORTED),
    };
    let text = Text::styled(format!("{}{mark}", column.title()), style);
    Cell::from(if *column == Column::Action { text } else { text.right_aligned() })
}
