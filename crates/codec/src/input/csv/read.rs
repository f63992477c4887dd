//! Reading one row: the columns that are read fill slots.

use memchr::{memchr, memchr_iter};

use super::layout::Layout;
use super::row::{Field, Fields};
use crate::error::code::{ErrorCode, ScanError};
use crate::fields::found::{Fault, Found, Slot};
use crate::scan::swar;

impl Layout {
    /// Fills the slots of the columns that are read from a row without its line end.
    ///
    /// # Errors
    ///
    /// A row with another number of columns, or with a quote that is not closed.
    #[inline]
    pub(crate) fn read<'a>(&self, row: &'a [u8], slots: &mut [Slot<'a>]) -> Result<(), Fault> {
        let columns = match memchr(b'"', row) {
            None => self.read_plain(row, slots),
            Some(_) => self.read_quoted(row, slots)?,
        };
        if columns == self.columns {
            return Ok(());
        }
        let code = ErrorCode::ColumnCount;
        Err(Fault::Refused(ScanError { code, at: self.columns, detail: columns }))
    }

    /// Reads a row without quotes. Returns its number of columns.
    #[inline]
    fn read_plain<'a>(&self, row: &'a [u8], slots: &mut [Slot<'a>]) -> usize {
        let mut delimiters = Delimiters::new(row, self.delimiter);
        // The first column that was not read, and its start.
        let (mut column, mut start) = (0, 0);
        let mut text = 0..0;
        for wanted in &self.wanted {
            // Otherwise two slots have the same column.
            if wanted.column >= column {
                if wanted.column > column {
                    let Some(at) = delimiters.nth(wanted.column - column) else { break };
                    start = at + 1;
                }
                if start > row.len() {
                    break; // The row has ended.
                }
                let end = delimiters.nth(1).unwrap_or(row.len());
                text = start..end;
                (column, start) = (wanted.column + 1, end + 1);
            }
            slots[wanted.slot] = Slot::text(row, text.clone());
        }
        match row.get(start..) {
            Some(rest) => column + 1 + memchr_iter(self.delimiter, rest).count(),
            None => column,
        }
    }

    /// Reads any row. Returns its number of columns.
    fn read_quoted<'a>(&self, row: &'a [u8], slots: &mut [Slot<'a>]) -> Result<usize, Fault> {
        let mut wanted = self.wanted.iter().peekable();
        let mut columns = 0;
        for field in Fields::new(row, self.delimiter) {
            let field = field.map_err(|at| {
                Fault::Refused(ScanError { code: ErrorCode::UnclosedQuote, at, detail: 0 })
            })?;
            while let Some(wanted) = wanted.next_if(|wanted| wanted.column == columns) {
                slots[wanted.slot] = slot(&field, row);
            }
            columns += 1;
        }
        Ok(columns)
    }
}

/// Returns the slot of a field.
fn slot<'a>(field: &Field, row: &'a [u8]) -> Slot<'a> {
    let mut slot = Slot::text(row, field.text.clone());
    if let (Found::Text(text), true) = (slot.found, field.is_doubled) {
        slot.found = Found::Doubled(text);
    }
    slot
}

/// The delimiters of a row, eight bytes at a time.
struct Delimiters<'a> {
    row: &'a [u8],
    delimiter: u8,
    /// The offset of the word in `marks`.
    at: usize,
    /// The delimiters of the word that were not passed.
    marks: u64,
}

impl<'a> Delimiters<'a> {
    #[inline(always)]
    fn new(row: &'a [u8], delimiter: u8) -> Self {
        Self { row, delimiter, at: 0, marks: swar::all_equal(swar::word_of(row), delimiter) }
    }

    /// Passes `count` delimiters, and returns the offset of the last of them.
    #[inline(always)]
    fn nth(&mut self, mut count: usize) -> Option<usize> {
        loop {
            let marked = self.marks.count_ones() as usize;
            if marked >= count {
                break;
            }
            count -= marked;
            self.at += swar::BYTES;
            let rest = self.row.get(self.at..)?;
            self.marks = swar::all_equal(swar::word_of(rest), self.delimiter);
        }
        for _ in 1..count {
            self.marks &= self.marks - 1;
        }
        let found = self.at + swar::before(self.marks);
        self.marks &= self.marks - 1;
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Columns, Delimiter, Key, RowEnds};
    use super::*;
    use crate::fields::found::undouble;

    /// Returns the texts of all columns, or `None` if the row is refused.
    fn read(row: &[u8]) -> Option<Vec<Vec<u8>>> {
        let columns = Fields::new(row, b',').count();
        let keys = (0..columns).map(|column| (column, Key::Column(column)));
        let layout = Layout::new(Delimiter::COMMA, &Columns::Numbered, row, keys).ok()?;
        let mut slots = vec![Slot::default(); columns];
        layout.read(row, &mut slots).ok()?;
        let texts = slots.iter().map(|slot| match slot.found {
            Found::Text(text) => text.as_bytes().to_vec(),
            Found::Doubled(raw) => {
                let mut text = String::new();
                undouble(raw, &mut text);
                text.into()
            }
            found => panic!("{found:?}"),
        });
        Some(texts.collect())
    }

    /// Returns the rows of a text by the crate `csv`, which leaves out empty ones.
    fn oracle(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.has_headers(false).flexible(true).buffer_capacity(64);
        let rows = reader.from_reader(text).into_byte_records().map(Result::unwrap);
        rows.map(|row| row.iter().map(<[u8]>::to_vec).collect()).collect()
    }

    #[test]
    fn rows_are_those_of_the_crate_csv() {
        for len in 0..=7 {
            for number in 0..4_usize.pow(len) {
                let byte = |place| b"a,\"\n"[number / 4_usize.pow(place) % 4];
                let text: Vec<u8> = (0..len).map(byte).collect();
                let (mut rows, mut rest) = (Vec::new(), &text[..]);
                while !rest.is_empty() {
                    let end = RowEnds::new(Delimiter::COMMA).first(rest).unwrap_or(rest.len());
                    let row = &rest[..end];
                    rest = &rest[end..];
                    let row = row.strip_suffix(b"\n").unwrap_or(row);
                    if !row.is_empty() {
                        rows.push(read(row));
                    }
                }
                let mut expected: Vec<_> = oracle(&text).into_iter().map(Some).collect();
                // The crate accepts a quote that is not closed; only the last row can have one.
                if let (Some(None), Some(last)) = (rows.last(), expected.last_mut()) {
                    *last = None;
                }
                assert_eq!(rows, expected, "{}", text.escape_ascii());
            }
        }
    }

    #[test]
    fn each_choice_of_columns_is_read() {
        for text in
            ["a,b,,dd,e", ",,,,", "aaaaaaaaaaaa,b,cccccccc,,e", "é,\"b\",\"\"\"\",d,\"e,f\""]
        {
            let all = read(text.as_bytes()).unwrap();
            for set in 0..1 << 5 {
                let chosen: Vec<_> = (0..5).filter(|column| set >> column & 1 == 1).collect();
                // The last one twice: two slots may have one column. The order does not matter.
                let chosen: Vec<usize> =
                    chosen.iter().chain(chosen.last()).rev().copied().collect();
                let keys = chosen.iter().map(|&column| Key::Column(column)).enumerate();
                let row = text.as_bytes();
                let layout = Layout::new(Delimiter::COMMA, &Columns::Numbered, row, keys).unwrap();
                let mut slots = vec![Slot::default(); chosen.len()];
                layout.read(row, &mut slots).unwrap();
                for (slot, column) in slots.iter().zip(&chosen) {
                    let mut found = String::new();
                    match slot.found {
                        Found::Text(text) => found.push_str(text),
                        Found::Doubled(raw) => undouble(raw, &mut found),
                        _ => {}
                    }
                    assert_eq!(found.as_bytes(), all[*column], "{text} {set:b}");
                    // The place of a text in quotes is after its opening quote.
                    let start = text.as_bytes()[slot.at..].iter().take(1);
                    assert!(
                        found.is_empty() || start.eq(found.as_bytes().iter().take(1)),
                        "{text}"
                    );
                }
                for other in
                    ["", "a", "a,b", "a,b,c,d", "a,b,c,d,e,f", "\"a\",b", ",,,,,,,,,,,,,,,,"]
                {
                    let error = layout.read(other.as_bytes(), &mut slots).unwrap_err();
                    let columns = 1 + other.matches(',').count();
                    let code = ErrorCode::ColumnCount;
                    let expected = ScanError { code, at: 5, detail: columns };
                    assert_eq!(error, Fault::Refused(expected), "{other} {set:b}");
                }
            }
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_only_if_it_is_read() {
        let row = b"a,b\xFF,c";
        let layout = |column| {
            let keys = [(0, Key::Column(column))].into_iter();
            Layout::new(Delimiter::COMMA, &Columns::Numbered, row, keys).unwrap()
        };
        let mut slots = [Slot::default()];
        layout(0).read(row, &mut slots).unwrap();
        assert_eq!(slots[0].found, Found::Text("a"));
        layout(1).read(row, &mut slots).unwrap();
        assert_eq!(slots[0].found, Found::NotUtf8 { at: 3 });
    }
}
