//! Draws the state on a terminal.

mod details;
mod foot;
mod head;
mod help;
mod table;

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Modifier, Style};
use ratatui::widgets::Paragraph;

use super::answers::{Course, Line};
use super::app::{App, Screen};

const TITLE: Style = Style::new().add_modifier(Modifier::BOLD);
const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const BAD: Style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
const LIMIT: Style = Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD);
const HEADER: Style = Style::new().add_modifier(Modifier::REVERSED);
const SORTED: Style = HEADER.add_modifier(Modifier::BOLD).add_modifier(Modifier::UNDERLINED);

/// Draws the state, sets its size, and requests the course of visible actions.
pub(crate) fn draw(
    app: &mut App,
    frame: &mut Frame<'_>,
    course: impl Fn(&Line, Duration, usize) -> Course,
) {
    let rows = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(2),
        Constraint::Length(1),
    ]);
    let [title, status, body, foot] = frame.area().layout(&rows);
    app.view.resize(usize::from(body.height.saturating_sub(1)));
    app.parts = details::course_columns(body.width.into());
    app.fill(course);
    head::draw_title(app, frame, title);
    let text = head::status_text(app, usize::from(status.width));
    frame.render_widget(Paragraph::new(text), status);
    match &app.screen {
        Screen::Details(details) => {
            let above = details::draw(app, details, frame, body);
            if let Screen::Details(details) = &mut app.screen {
                details.above = above;
            }
        }
        _ => table::draw(app, frame, body),
    }
    foot::draw(app, frame, foot);
    if let Screen::Help(above) = &mut app.screen {
        *above = help::draw(app.view.columns(), *above, frame);
    }
}

#[cfg(test)]
mod tests;
