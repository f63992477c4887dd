//! One action in depth: its figures, percentiles, course of time and histogram.

use std::time::Duration;

use anstream::adapter::strip_str;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line as Text, Span};
use ratatui::widgets::Paragraph;

use super::{BAD, DIM, LIMIT, TITLE};
use crate::commands::top::answers::{Course, Line, Point};
use crate::commands::top::app::{App, Details};
use crate::commands::top::columns::Column;
use crate::commands::top::marks::SIGN;
use crate::commands::top::offer::Offer;
use crate::commands::top::span;
use crate::output::depth::Depth;
use crate::output::figures::Figures;
use crate::output::human;
use crate::output::render::{GAP, counted};
use crate::output::spark::bars;
use crate::output::table::Table;
use crate::timestamps;

/// The minimum width of a terminal on which the histogram is next to the percentiles.
const WIDE: usize = 110;
/// The height of the bars of a course.
const BAR_ROWS: usize = 3;
/// The figures above the percentiles; those that are not kept are left out.
const FIGURES: [&str; 7] = ["count", "rate", "total", "share", "mean", "stddev", "min"];

/// Returns the maximum number of parts of a course on a terminal of this width.
pub(super) fn course_columns(width: usize) -> usize {
    if width < WIDE { width } else { (width - GAP) / 2 }
}

/// Draws an action, scrolled to a line as far as there are lines. Returns that line.
pub(super) fn draw(app: &App, details: &Details, frame: &mut Frame<'_>, area: Rect) -> usize {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let lines = match app.view.find(&details.action) {
        Some(line) => lines(app, line, width),
        None => {
            let name = facade::codec::visible(details.action.1.as_bytes());
            let text = format!("No records of `{name}` in this window; + shows a longer one.");
            wrapped(&text, width, DIM)
        }
    };
    let above = details.above.min(lines.len().saturating_sub(height));
    let visible: Vec<_> = lines.into_iter().skip(above).take(height).collect();
    frame.render_widget(Paragraph::new(visible), area);
    above
}

fn lines(app: &App, line: &Line, width: usize) -> Vec<Text<'static>> {
    let mut lines = wrapped(&line.action, width, TITLE);
    if line.is_other {
        let limit = counted(app.actions_max as u64, "action");
        let folded = counted(app.status.folded, "record");
        let text = format!(
            "So far, it holds {folded} of actions beyond the limit of {limit}; raise it with \
             --max-actions."
        );
        lines.extend(wrapped(&text, width, LIMIT));
    }
    for condition in &line.marks {
        lines.extend(wrapped(&format!("{SIGN} {}", condition.shown()), width, BAD));
    }
    lines.extend(block(&figures(app, line, width)));
    let depth =
        Depth { figures: app.figures, columns: Some(course_columns(width)), histogram: true };
    let mut left = Vec::new();
    if let Some(ladder) = line.kept.ladder(&depth, &app.view.whole) {
        left.extend(after_blank(block(&ladder)));
    }
    left.extend(after_blank(course(app, line, course_columns(width))));
    let depth = Depth { columns: Some(width - if width < WIDE { 0 } else { width / 2 }), ..depth };
    let histogram = line.kept.histogram(&depth).map(|table| after_blank(block(&table)));
    let histogram = histogram.into_iter().flatten().collect();
    if width < WIDE {
        lines.extend(left);
        lines.extend::<Vec<_>>(histogram);
    } else {
        lines.extend(side_by_side(left, histogram, course_columns(width) + GAP));
    }
    lines
}

/// Returns the figures of the whole window.
fn figures(app: &App, line: &Line, width: usize) -> Table {
    let mut table = Table::default();
    for column in FIGURES.iter().filter_map(|name| name.parse::<Column>().ok()) {
        if app.offer.has(&column) && app.span.has(&column) {
            let text = column.text(line, &app.view.whole, app.figures);
            table.column(column.title(), [text]);
        }
    }
    table.fit(Some(width));
    table
}

/// Draws the counts and the percentiles of the parts of the window.
fn course(app: &App, line: &Line, columns: usize) -> Vec<Text<'static>> {
    let span::Span::Last(window) = app.span else {
        return wrapped("No course of time without --timestamp.", columns, DIM);
    };
    let Some(Course { part, points }) = &line.course else { return Vec::new() };
    let part = human::duration(*part);
    let mut lines =
        wrapped(&format!("last {}, in parts of {part}", timestamps::span(window)), columns, TITLE);
    let counts = |point: &Point| (point.count > 0).then_some(point.count as f64);
    lines.extend(panel("count", points, counts, Figures::default(), columns));
    if app.offer != Offer::Counts {
        lines.extend(panel("p50", points, |point| point.p50, app.figures, columns));
        lines.extend(panel("p99", points, |point| point.p99, app.figures, columns));
    }
    lines.push(axis(window, points.len() * repeat(points.len(), columns)));
    lines
}

/// Returns the number of columns of a part, so that the parts fill the width.
fn repeat(parts: usize, columns: usize) -> usize {
    (columns / parts.max(1)).max(1)
}

/// Draws one figure of all parts, on an axis from 0 to its maximum.
fn panel(
    name: &str,
    points: &[Point],
    value: impl Fn(&Point) -> Option<f64>,
    figures: Figures,
    columns: usize,
) -> Vec<Text<'static>> {
    let values: Vec<_> = points.iter().map(value).collect();
    let max = values.iter().flatten().copied().fold(0.0, f64::max);
    let mut lines = wrapped(&format!("{name}, maximum {}", figures.time(max)), columns, DIM);
    let repeat = repeat(points.len(), columns);
    let wide: Vec<_> =
        values.iter().flat_map(|&value| std::iter::repeat_n(value, repeat)).collect();
    let color = Style::new().fg(ratatui::style::Color::Cyan);
    lines.extend(bars(&wide, BAR_ROWS).into_iter().map(|row| Text::styled(row, color)));
    lines
}

/// Labels the ends of the course.
fn axis(window: Duration, columns: usize) -> Text<'static> {
    let (from, to) = (format!("-{}", timestamps::span(window)), "end");
    let columns = columns.saturating_sub(from.len() + to.len());
    Text::styled(format!("{from}{:columns$}{to}", ""), DIM)
}

/// Returns the lines of a table, with the titles in bold.
fn block(table: &Table) -> Vec<Text<'static>> {
    let text = table.to_string();
    let text = strip_str(&text).to_string();
    let mut is_title = true;
    let styled = text.lines().map(|line| {
        let style = if is_title { TITLE } else { Style::new() };
        is_title = line.is_empty(); // A table that is split has an empty line between its parts.
        Text::styled(line.to_owned(), style)
    });
    styled.collect()
}

fn after_blank(lines: Vec<Text<'static>>) -> Vec<Text<'static>> {
    [Text::default()].into_iter().chain(lines).collect()
}

fn wrapped(text: &str, columns: usize, style: Style) -> Vec<Text<'static>> {
    let lines = textwrap::wrap(text, columns.max(1));
    lines.into_iter().map(|line| Text::styled(line.into_owned(), style)).collect()
}

/// Puts lines next to others, which begin at a column.
fn side_by_side(
    left: Vec<Text<'static>>,
    right: Vec<Text<'static>>,
    column: usize,
) -> Vec<Text<'static>> {
    let rows = left.len().max(right.len());
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    let row = |_| {
        let (one, two) = (left.next().unwrap_or_default(), right.next().unwrap_or_default());
        let blank = column.saturating_sub(one.width());
        let parts = [(one.style, one.spans), (two.style, two.spans)].map(|(style, spans)| {
            spans.into_iter().map(move |span| span.patch_style(style)).collect::<Vec<_>>()
        });
        let [one, two] = parts;
        let blank = [Span::raw(" ".repeat(blank))];
        Text::from(one.into_iter().chain(blank).chain(two).collect::<Vec<_>>())
    };
    (0..rows).map(row).collect()
}
