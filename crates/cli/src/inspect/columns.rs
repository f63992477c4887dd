//! CSV that is not recognised: without a header, or with a delimiter that is seldom meant.

use std::iter;

use super::sample::Sample;

/// The delimiters that are tried, each with the option that names it.
const DELIMITERS: [(u8, &str); 4] = [
    (b'\t', "--input tsv"),
    (b',', "--input csv"),
    (b';', "--delimiter ';'"),
    (b'|', "--delimiter '|'"),
];
/// The maximum number of names in an example.
const NAMES_MAX: usize = 6;

/// Rows of equal length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Columns {
    delimiter: u8,
    option: &'static str,
    columns: usize,
    has_header: bool,
}

impl Columns {
    /// Returns the columns of a sample, if at least 90 % of its rows have as many as the first.
    pub(super) fn of(sample: &Sample) -> Option<Self> {
        DELIMITERS.into_iter().find_map(|(delimiter, option)| {
            let mut rows = csv::ReaderBuilder::new();
            let rows = rows.has_headers(false).flexible(true).delimiter(delimiter);
            let rows = rows.from_reader(sample.bytes()).into_byte_records();
            let rows: Vec<_> = rows.map_while(Result::ok).collect();
            let (first, others) = rows.split_first()?;
            let same = others.iter().filter(|row| row.len() == first.len()).count();
            let is_even = !others.is_empty() && same * 100 >= others.len() * 90;
            (is_even && is_row(first)).then(|| Self {
                delimiter,
                option,
                columns: first.len(),
                has_header: is_header(first),
            })
        })
    }

    /// Returns whether the first row has names.
    pub(crate) fn has_header(self) -> bool {
        self.has_header
    }

    /// Returns what the input looks like.
    pub(crate) fn text(self) -> String {
        let Self { delimiter, columns, has_header, .. } = self;
        match has_header {
            true => {
                format!("CSV with `{}` between columns", char::from(delimiter).escape_default())
            }
            false => format!("CSV without a header, with {columns} columns"),
        }
    }

    /// Returns the options that read it.
    pub(crate) fn options(self) -> String {
        let Self { option, columns, has_header, .. } = self;
        if has_header {
            return option.to_owned();
        }
        let names = (b'a'..=b'z').map(|letter| char::from(letter).to_string());
        let names = names.take(columns.min(NAMES_MAX));
        let more = iter::repeat_n("…".to_owned(), usize::from(columns > NAMES_MAX));
        format!("{option} --columns {}", names.chain(more).collect::<Vec<_>>().join(","))
    }
}

/// Returns whether a first row is not a sentence with commas.
fn is_row(row: &csv::ByteRecord) -> bool {
    let is_trim = |cell: &[u8]| cell.trim_ascii().len() == cell.len();
    let is_word = |cell: &[u8]| !cell.iter().any(u8::is_ascii_whitespace);
    // The decimals of a time follow a comma in the logs of some programs.
    row.len() >= 2 && row.iter().all(is_trim) && (row.len() > 2 || row.iter().all(is_word))
}

/// Returns whether all cells begin with a letter.
fn is_header(row: &csv::ByteRecord) -> bool {
    row.iter().all(|cell| {
        let text = String::from_utf8_lossy(cell);
        text.starts_with(|first: char| first.is_alphabetic() || first == '_')
    })
}
