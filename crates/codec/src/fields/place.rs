//! Where in a record the characters of a field are.

use super::found::{Found, Slot};
use crate::scan::cursor::Cursor;
use crate::scan::string::Text;

/// Returns the offset in the record of a character of a text, or of the text if it was decoded.
pub(super) fn place_of(wanted: char, slot: Slot<'_>, record: &[u8]) -> Option<usize> {
    let mut scratch = String::new();
    let text = slot.found.text(&mut scratch)?;
    let at = text.find(wanted)?;
    if let Some(string) = string_at(record, slot) {
        return Some(string.locate(at));
    }
    let is_here = record.get(slot.at..).is_some_and(|rest| rest.starts_with(text.as_bytes()));
    Some(if is_here { slot.at + at } else { slot.at })
}

/// Returns the JSON string of a slot, if the slot was filled from one.
fn string_at<'a>(record: &'a [u8], slot: Slot<'_>) -> Option<Text<'a>> {
    let mut cursor = Cursor::new(record).placed(slot.at);
    let text = if cursor.peek() == b'"' { cursor.string().ok()? } else { return None };
    matches!(slot.found, Found::Text(raw) | Found::Escaped(raw) if raw.as_bytes() == text.raw())
        .then_some(text)
}
