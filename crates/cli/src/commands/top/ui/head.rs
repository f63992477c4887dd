//! The lines above the table: the input with its totals, and its progress.

use std::ops::Add as _;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line as Text, Span};
use unicode_width::UnicodeWidthStr;

use super::{BAD, LIMIT, TITLE};
use crate::commands::top::app::{App, Screen};
use crate::commands::top::layout::{cut, cut_front};
use crate::commands::top::marks;
use crate::commands::top::span;
use crate::commands::top::status::Status;
use crate::output::render::{self, GAP, counted, grouped};
use crate::timestamps;

/// The minimum width of a path.
const SOURCE_COLUMNS_MIN: usize = 8;
const PROGRAM: &str = "windrow top  ";

/// Draws the title: the input and its totals, and the state at the right.
pub(super) fn draw_title(app: &App, frame: &mut Frame<'_>, area: Rect) {
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
pub(super) fn title_texts(app: &App, columns: usize) -> [String; 2] {
    let lines = app.view.lines();
    let count: u64 = lines.iter().map(|line| line.kept.count()).sum();
    // An empty sum would be -0.
    let rates = lines.iter().filter_map(|line| line.rate);
    let rate = rates.clone().next().map(|_| rates.fold(0.0, f64::add));
    let count = counted(count, "action");
    let window = match app.span {
        span::Span::Last(window) => format!("last {}: ", timestamps::span(window)),
        span::Span::Whole => String::new(),
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
pub(super) fn status_text(app: &App, columns: usize) -> Text<'static> {
    if let Screen::Typing(prompt) = &app.screen
        && let Some(problem) = &prompt.problem
    {
        return Text::styled(cut(problem, columns), BAD);
    }
    let status = &app.status;
    let Status { accepted, refused, skipped, filtered, refusal, outside, folded, note, .. } =
        status;
    let total = accepted + refused + skipped + filtered;
    let lines = format!("{} read", counted(total, "line"));
    let mut parts = vec![("", lines, Style::new())];
    if let Some(marked) = marks::number(app.view.lines()) {
        parts.push((", ", marked, BAD));
    }
    if let Some(problem) = app.marks.problem(app.view.lines(), app.figures.unit()) {
        parts.push((", ", problem, BAD));
    }
    if *folded > 0 {
        let limit = counted(app.actions_max as u64, "action");
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
