//! The line below the table: what is typed, the filter, and the most important keys.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line as Text, Span};
use unicode_truncate::UnicodeTruncateStr;
use unicode_width::UnicodeWidthStr;

use super::{DIM, TITLE};
use crate::commands::top::app::{App, Screen};
use crate::commands::top::layout::{cut, cut_front};
use crate::commands::top::prompt::{Prompt, Question};
use crate::output::render::{GAP, counted, grouped};

/// The keys of the table, the most important first.
const TABLE_KEYS: [&str; 9] = [
    "q quit",
    "? help",
    "/ filter",
    "Enter details",
    "←→ sort",
    "f columns",
    "space pause",
    "-+ window",
    "o order",
];
/// The keys of an action in depth.
const DETAILS_KEYS: [&str; 5] = ["Esc back", "↑↓ scroll", "space pause", "-+ window", "q quit"];

/// Draws the line, and places the cursor where text is typed.
pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let columns = usize::from(area.width);
    let text = match &app.screen {
        Screen::Typing(prompt) => {
            let (text, cursor) = typed(app, prompt, columns);
            let x = area.x.saturating_add(cursor.try_into().unwrap_or(u16::MAX));
            frame.set_cursor_position(Position { x: x.min(area.right().max(1) - 1), y: area.y });
            text
        }
        Screen::Details(_) => Text::styled(hints(&DETAILS_KEYS, columns), DIM),
        Screen::Table | Screen::Help(_) => keys(app, columns),
    };
    frame.render_widget(text, area);
}

/// Formats the filter, if there is one, and the keys.
fn keys(app: &App, columns: usize) -> Text<'static> {
    if app.view.filter().is_empty() {
        return Text::styled(hints(&TABLE_KEYS, columns), DIM);
    }
    let filter = format!("/{}  {}, Esc ends it", app.view.filter(), matches(app));
    let filter = cut(&filter, columns);
    let left = columns.saturating_sub(filter.width() + GAP);
    let keys = hints(&TABLE_KEYS, left);
    Text::from(vec![
        Span::styled(filter, TITLE),
        Span::raw(format!("{:GAP$}", "")),
        Span::styled(keys, DIM),
    ])
}

/// Formats what is being typed, and returns the column of the cursor.
fn typed(app: &App, prompt: &Prompt, columns: usize) -> (Text<'static>, usize) {
    let (label, note) = match prompt.question {
        Question::Filter => ("/", format!("{}, Enter keeps, Esc ends it", matches(app))),
        Question::Columns => ("columns: ", "Enter shows them, Esc keeps those before".to_owned()),
    };
    // The end is where text is typed, and the cursor is behind it.
    let room = columns.saturating_sub(label.width() + 1);
    let text = format!("{label}{}", cut_front(&prompt.text, room));
    let (text, cursor) = text.unicode_truncate(columns);
    let left = columns.saturating_sub(cursor + 1 + GAP);
    let note = if note.width() <= left { note } else { String::new() };
    let spans = vec![
        Span::styled(text.to_owned(), TITLE),
        Span::raw(format!("{:1$}", "", 1 + GAP)),
        Span::styled(note, DIM),
    ];
    (Text::from(spans), cursor)
}

fn matches(app: &App) -> String {
    let all = counted(app.view.lines().len() as u64, "action");
    format!("{} of {all}", grouped(app.view.matches() as u64))
}

/// Joins as many hints as fit.
fn hints(keys: &[&str], columns: usize) -> String {
    let mut text = String::new();
    for key in keys {
        let gap = if text.is_empty() { 0 } else { GAP };
        if text.width() + gap + key.width() > columns {
            break;
        }
        text = format!("{text}{:gap$}{key}", "");
    }
    text
}
