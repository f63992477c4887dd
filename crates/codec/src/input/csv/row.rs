//! The fields of one row, quoted or not.

use std::ops::Range;

use memchr::memchr;

use super::options::Delimiter;
pub(crate) use crate::fields::found::undouble;

/// The fields of a row, quoted or not.
pub(super) struct Fields<'a> {
    row: &'a [u8],
    delimiter: u8,
    /// The start of the next field, if there is one.
    next: Option<usize>,
}

/// One field of a row.
pub(super) struct Field {
    /// Its text. If it is quoted, without its opening quote.
    pub(super) text: Range<usize>,
    /// Whether [`undouble`] must be applied to the text.
    pub(super) is_doubled: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn new(row: &'a [u8], delimiter: u8) -> Self {
        Self { row, delimiter, next: Some(0) }
    }

    /// Returns the end of the field that has unquoted text from `at` on.
    fn end(&self, at: usize) -> usize {
        memchr(self.delimiter, &self.row[at..]).map_or(self.row.len(), |found| at + found)
    }
}

/// Returns the offset of the first carriage return outside of quotes.
pub(crate) fn lone_return(row: &[u8], delimiter: Delimiter) -> Option<usize> {
    let (mut is_quoted, mut is_start, mut closed) = (false, true, false);
    row.iter().position(|&byte| {
        // A quote directly after a closing one continues the text.
        let toggles = byte == b'"' && (is_quoted || is_start || closed);
        closed = toggles && is_quoted;
        is_quoted ^= toggles;
        is_start = !is_quoted && byte == delimiter.byte();
        byte == b'\r' && !is_quoted
    })
}

impl Iterator for Fields<'_> {
    /// The error is the offset of a quote that is not closed.
    type Item = Result<Field, usize>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next.take()?;
        let mut field = Field { text: start..start, is_doubled: false };
        let end = if self.row.get(start) == Some(&b'"') {
            field.text.start += 1;
            let mut at = start + 1;
            let close = loop {
                match memchr(b'"', &self.row[at..]) {
                    None => return Some(Err(start)),
                    Some(found) if self.row.get(at + found + 1) == Some(&b'"') => {
                        field.is_doubled = true;
                        at += found + 2;
                    }
                    Some(found) => break at + found,
                }
            };
            let end = self.end(close + 1);
            let has_more = end > close + 1;
            field.is_doubled |= has_more;
            field.text.end = if has_more { end } else { close };
            end
        } else {
            field.text.end = self.end(start);
            field.text.end
        };
        self.next = (end < self.row.len()).then_some(end + 1);
        Some(Ok(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carriage_returns_in_quotes_are_text() {
        for (row, expected) in [
            ("a,b", None),
            ("a\rb", Some(1)),
            ("\"a\rb\"", None),
            ("\"a\"\rb", Some(3)),
            ("\"a\"\"\rb\"", None),
            ("\"a\"b\"\r", Some(5)),
            ("a\"\r\"", Some(2)),
            ("a\"\"\r", Some(3)),
            ("a,\"\r\",\"\"\r", Some(8)),
        ] {
            assert_eq!(lone_return(row.as_bytes(), Delimiter::COMMA), expected, "{row:?}");
        }
    }
}
