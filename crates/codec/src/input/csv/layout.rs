//! The columns of one input: how many there are, and which of them are read.

use super::options::{Columns, Delimiter};
use super::row::{Fields, undouble};

/// A field that is read: its key or column, by the index of its slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The number of the column, counted from 0.
    pub(super) column: usize,
    pub(super) slot: usize,
}

/// The columns of one input.
///
/// Decided by its first row, before any other row is read, and the same for all threads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Layout {
    pub(super) delimiter: u8,
    /// The number of columns that each row has.
    pub(super) columns: usize,
    /// The columns that are read, in order.
    pub(super) wanted: Box<[Wanted]>,
}

/// The header of an input cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LayoutError {
    /// Two columns, counted from 1, have a name that is read.
    Repeated { name: Box<str>, first: usize, second: usize },
    /// A quote of the header is not closed.
    Unclosed { at: usize },
}

/// The key of one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key<'k> {
    /// A name.
    Name(&'k str),
    /// The number of a column, counted from 0.
    Column(usize),
}

impl Layout {
    /// Reads the layout of an input from its first row.
    ///
    /// Each key has the index of its slot. A key that is not a column is never found.
    pub(crate) fn new<'k>(
        delimiter: Delimiter,
        columns: &Columns,
        first_row: &[u8],
        keys: impl Iterator<Item = (usize, Key<'k>)>,
    ) -> Result<Self, LayoutError> {
        let delimiter = delimiter.byte();
        let names = match columns {
            Columns::Header => texts(delimiter, first_row)?,
            Columns::Named(names) => names.iter().map(|name| name.as_bytes().into()).collect(),
            Columns::Numbered => vec![Box::default(); texts(delimiter, first_row)?.len()],
        };
        let mut wanted = Vec::new();
        for (slot, key) in keys {
            let column = match key {
                Key::Column(column) => (column < names.len()).then_some(column),
                Key::Name(_) if *columns == Columns::Numbered => None,
                Key::Name(name) => position(&names, name)?,
            };
            wanted.extend(column.map(|column| Wanted { column, slot }));
        }
        wanted.sort_by_key(|wanted| wanted.column);
        Ok(Self { delimiter, columns: names.len(), wanted: wanted.into() })
    }
}

/// Returns the texts of a row.
fn texts(delimiter: u8, row: &[u8]) -> Result<Vec<Box<[u8]>>, LayoutError> {
    let mut text = String::new();
    Fields::new(row, delimiter)
        .map(|field| {
            let field = field.map_err(|at| LayoutError::Unclosed { at })?;
            let raw = &row[field.text];
            // No key is equal to a name that is not UTF-8.
            match str::from_utf8(raw) {
                Ok(raw) if field.is_doubled => undouble(raw, &mut text),
                _ => return Ok(raw.into()),
            }
            Ok(text.as_bytes().into())
        })
        .collect()
}

/// Returns the texts of a row, or `None` if a quote is not closed.
pub(crate) fn cells(delimiter: Delimiter, row: &[u8]) -> Option<Vec<Box<[u8]>>> {
    texts(delimiter.byte(), row).ok()
}

/// Returns the column with a name, which must be the only one.
fn position(names: &[Box<[u8]>], name: &str) -> Result<Option<usize>, LayoutError> {
    let mut columns = (0..names.len()).filter(|&column| *names[column] == *name.as_bytes());
    match (columns.next(), columns.next()) {
        (Some(first), Some(second)) => {
            Err(LayoutError::Repeated { name: name.into(), first: first + 1, second: second + 1 })
        }
        (first, _) => Ok(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(columns: &Columns, row: &str, keys: &[Key<'_>]) -> Result<Vec<usize>, LayoutError> {
        let keys = keys.iter().copied().enumerate();
        let layout = Layout::new(Delimiter::COMMA, columns, row.as_bytes(), keys)?;
        Ok(layout.wanted.iter().map(|wanted| wanted.column).collect())
    }

    #[test]
    fn columns_are_found_by_name_and_number() {
        let name = |name| [Key::Name(name)];
        let header = &Columns::Header;
        assert_eq!(layout(header, "a,b.c,\"d \"\"e\"\"\"", &name("b.c")), Ok(vec![1]));
        assert_eq!(layout(header, "a,b,\"d \"\"e\"\"\"", &name("d \"e\"")), Ok(vec![2]));
        assert_eq!(layout(header, "a,b", &name("B")), Ok(vec![]));
        assert_eq!(layout(header, "a,b", &[Key::Column(1), Key::Name("a")]), Ok(vec![0, 1]));
        assert_eq!(layout(header, "a,b", &[Key::Column(2)]), Ok(vec![]));
        let named = &"x,y".parse().unwrap();
        assert_eq!(layout(named, "a,b", &name("y")), Ok(vec![1]));
        assert_eq!(layout(&Columns::Numbered, "a,b", &name("a")), Ok(vec![]));
    }

    #[test]
    fn a_name_that_is_read_is_not_repeated() {
        let header = &Columns::Header;
        let error = LayoutError::Repeated { name: "a".into(), first: 1, second: 3 };
        assert_eq!(layout(header, "a,b,a", &[Key::Name("a")]), Err(error));
        assert_eq!(layout(header, "a,b,a", &[Key::Name("b")]), Ok(vec![1]));
        assert_eq!(layout(header, "a,\"b", &[]), Err(LayoutError::Unclosed { at: 2 }));
    }
}
