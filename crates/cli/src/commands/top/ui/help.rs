//! The help: all keys.

use std::borrow::Cow;

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint};
use ratatui::text::Line as Text;
use ratatui::widgets::{Block, Clear, Paragraph};
use textwrap::Options;
use unicode_width::UnicodeWidthStr;

use crate::commands::top::columns::Column;
use crate::commands::top::layout::cut;
use crate::options;
use crate::output::render::GAP;

/// The width of the keys, with a gap, and of all text.
const KEYS_COLUMNS: usize = 19;
const TEXT_COLUMNS: usize = 70;

/// Draws all keys over the table, scrolled to a line where they do not fit. Returns that line.
pub(super) fn draw(columns: &[Column], above: usize, frame: &mut Frame<'_>) -> usize {
    let area = frame.area();
    let room = usize::from(area.width.saturating_sub(4)).min(TEXT_COLUMNS);
    let text = text(columns, room);
    let width = area.width.min(room as u16 + 4);
    let height = area.height.min(text.len() as u16 + 2);
    let area = area.centered(Constraint::Length(width), Constraint::Length(height));
    let page = usize::from(height.saturating_sub(2));
    let above = above.min(text.len().saturating_sub(page));
    frame.render_widget(Clear, area);
    let title = if page < text.len() { " Keys, ↑ ↓ scroll " } else { " Keys " };
    let block = Block::bordered().title(title).title_alignment(Alignment::Center);
    let text = text.iter().skip(above).map(|line| Text::from(format!(" {}", cut(line, room))));
    frame.render_widget(Paragraph::new(text.collect::<Vec<_>>()).block(block), area);
    above
}

/// Lays out all keys and their effects in this width.
fn text(columns: &[Column], room: usize) -> Vec<String> {
    let all = || [&Column::Action].into_iter().chain(columns);
    let letters: Vec<_> = all().map(|column| column.key().to_string()).collect();
    // Percentiles may have the same.
    let letters = options::distinct(&letters).join(" ");
    let titles: Vec<_> = all().map(Column::title).collect();
    let keys = [
        ("q, Ctrl-C", "quit; the table stays on the terminal".to_owned()),
        ("↑ ↓ k j", "select an action; also PgUp, PgDn, Home, End".to_owned()),
        ("Enter", "show it in depth, Esc returns".to_owned()),
        ("/", "filter names, Esc ends it".to_owned()),
        ("f", "choose columns: count, rate, any percentile, …".to_owned()),
        ("← →", "sort by the previous or next column".to_owned()),
        (&*letters, format!("sort by {}", titles.join(", "))),
        ("o", "reverse the order".to_owned()),
        ("- +", "shorten or lengthen the window".to_owned()),
        ("space, p", "pause or continue".to_owned()),
    ];
    let keys_width = KEYS_COLUMNS.min(room / 2);
    let (indent, room) = (" ".repeat(keys_width), room.max(1));
    let keys = keys.into_iter().map(|(keys, effect)| {
        // Many columns have many letters.
        let blank = keys_width.saturating_sub(keys.width()).max(GAP);
        (format!("{keys}{:blank$}{effect}", ""), &*indent)
    });
    let note = ("Quantiles are within 0.8 %, other values are exact.".to_owned(), "");
    let wrapped = keys.chain([note]).flat_map(|(text, indent)| {
        let lines = textwrap::wrap(&text, Options::new(room).subsequent_indent(indent));
        lines.into_iter().map(Cow::into_owned).collect::<Vec<_>>()
    });
    wrapped.collect()
}
