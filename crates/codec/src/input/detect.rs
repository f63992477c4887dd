//! Which form an input has, by its first bytes.

#[cfg(feature = "csv")]
use super::csv::{CsvOptions, Delimiter, RowEnds, cells};
use super::values::{Extent, Values};
use super::{Form, embedded, logfmt};
use crate::scan::cursor::Cursor;

/// What the first bytes of an input show.
///
/// Returned by [`detect`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Detected {
    /// The form of the input.
    Form(Form),
    /// A file format or an encoding that is not read.
    Unsupported(Unsupported),
    /// No form.
    Unknown {
        /// Whether most lines are text with a JSON object at their end, as
        /// [`Input::embedded`](crate::Input::embedded) reads.
        has_objects: bool,
    },
}

/// A file format or an encoding that is not read, and the command that converts it.
///
/// # Examples
///
/// ```
/// use codec::{Detected, Unsupported, detect};
///
/// let Detected::Unsupported(found) = detect(b"\xFF\xFE{\0}\0", true) else { panic!() };
/// assert_eq!((found.name, found.command), ("UTF-16", "iconv -f UTF-16 -t UTF-8"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Unsupported {
    /// The name of the format or encoding.
    pub name: &'static str,
    /// The command that converts a file, whose name follows, to its standard output.
    pub command: &'static str,
}

/// Returns the form of an input whose first bytes are `sample`.
///
/// The sample may have a byte order mark of UTF-8, and is not compressed. It need not end at a line
/// end; `is_whole` says whether it is all of the input. The first 64 KiB are enough. An input
/// without a line that is not blank is JSON.
///
/// # Complexity
///
/// Linear in the length of the sample.
///
/// # Examples
///
/// ```
/// use codec::{Detected, Form, detect};
///
/// let logfmt = b"level=info path=/cart took=12ms\nlevel=warn path=/ took=7ms\n";
/// assert_eq!(detect(logfmt, true), Detected::Form(Form::Logfmt));
/// assert_eq!(detect(b"Hello, world!\n", true), Detected::Unknown { has_objects: false });
/// ```
#[must_use]
pub fn detect(sample: &[u8], is_whole: bool) -> Detected {
    if let Some(&(_, name, command)) = MARKS.iter().find(|(mark, ..)| sample.starts_with(mark)) {
        return Detected::Unsupported(Unsupported { name, command });
    }
    if let [0x20..0x7F, 0, 0x20..0x7F, 0, ..] | [0, 0x20..0x7F, 0, 0x20..0x7F, ..] = sample {
        // Without a mark, the order of the bytes must be named.
        let command = match sample[0] {
            0 => "iconv -f UTF-16BE -t UTF-8",
            _ => "iconv -f UTF-16LE -t UTF-8",
        };
        return Detected::Unsupported(Unsupported { name: "UTF-16", command });
    }
    let text = sample.strip_prefix(MARK).unwrap_or(sample);
    let Some(first) = text.iter().copied().find(|byte| !byte.is_ascii_whitespace()) else {
        return Detected::Form(Form::Json);
    };
    if matches!(first, b'{' | b'[' | 0x1E) {
        return Detected::Form(json(text, is_whole));
    }
    let lines = whole_lines(text, is_whole);
    let begins_object = |line: &&[u8]| line.trim_ascii_start().starts_with(b"{");
    if is_share(&lines, 50, begins_object) {
        return Detected::Form(Form::Json);
    }
    if is_share(&lines, 80, |line| logfmt::named_values(line) >= 2) {
        return Detected::Form(Form::Logfmt);
    }
    #[cfg(feature = "csv")]
    for delimiter in [Delimiter::TAB, Delimiter::COMMA, Delimiter::SEMICOLON] {
        if is_csv(text, is_whole, delimiter) {
            return Detected::Form(Form::Csv(CsvOptions { delimiter, ..CsvOptions::default() }));
        }
    }
    let ends_object = |line: &&[u8]| embedded::find(line).is_ok() && line.ends_with(b"}");
    Detected::Unknown { has_objects: is_share(&lines, 50, ends_object) }
}

/// The byte order mark of UTF-8.
pub(crate) const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The first bytes of formats and encodings, the longer mark first where one begins with another.
const MARKS: [(&[u8], &str, &str); 9] = [
    (b"\xFD7zXZ\0", "xz", "xz -dc"),
    (b"BZh", "bzip2", "bzip2 -dc"),
    (b"\x04\x22\x4D\x18", "lz4", "lz4 -dc"),
    (b"PK\x03\x04", "zip", "unzip -p"),
    (b"\x1F\x9D", "compress (.Z)", "uncompress -c"),
    (b"\xFF\xFE\0\0", "UTF-32", "iconv -f UTF-32 -t UTF-8"),
    (b"\0\0\xFE\xFF", "UTF-32", "iconv -f UTF-32 -t UTF-8"),
    (b"\xFF\xFE", "UTF-16", "iconv -f UTF-16 -t UTF-8"),
    (b"\xFE\xFF", "UTF-16", "iconv -f UTF-16 -t UTF-8"),
];

/// Returns the lines that are not blank, without the last one if it is cut.
fn whole_lines(text: &[u8], is_whole: bool) -> Vec<&[u8]> {
    let mut lines: Vec<_> = text.split(|&byte| byte == b'\n').collect();
    if !is_whole && lines.len() > 1 {
        lines.pop();
    }
    lines.iter().map(|line| line.trim_ascii_end()).filter(|line| !line.is_empty()).collect()
}

/// Returns whether at least `percent` of the lines are of a kind.
fn is_share<'l>(
    lines: &[&'l [u8]],
    percent: usize,
    is_of_kind: impl Fn(&&'l [u8]) -> bool,
) -> bool {
    let found = lines.iter().filter(|line| is_of_kind(line)).count();
    !lines.is_empty() && found * 100 >= lines.len() * percent
}

/// Returns whether JSON has an object on each line, or is a stream.
fn json(text: &[u8], is_whole: bool) -> Form {
    let text = text.trim_ascii_start();
    match text {
        [0x1E, ..] => return Form::JsonStream,
        [b'[', rest @ ..] => {
            let is_stream = matches!(rest.trim_ascii_start().first(), Some(b'{' | b']'));
            return if is_stream { Form::JsonStream } else { Form::Json };
        }
        _ => {}
    }
    let len = text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len());
    let (first, rest) = text.split_at(len);
    let next = rest.trim_ascii_start();
    let has_next =
        if is_whole { !next.is_empty() } else { rest.contains(&b'\n') && !next.is_empty() };
    // A first line that was cut is one line to refuse, and does not make the others a stream.
    if has_next && !next.starts_with(b"{") && is_beginning(first) {
        return Form::JsonStream;
    }
    Form::Json
}

/// Returns whether a line is the beginning of an object, without a fault.
fn is_beginning(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let mut cursor = Cursor::new(line);
    let ended = cursor.skip_value(0, usize::MAX);
    // A string that is cut by the end of the line is a fault.
    let mut values = Values::new(usize::MAX);
    let is_open = values.extent(line) == Extent::Open && values.extent(b"\n") == Extent::Open;
    is_open && ended.is_err_and(|error| error.at == line.len())
}

/// Returns whether a text looks like CSV with a header.
#[cfg(feature = "csv")]
fn is_csv(text: &[u8], is_whole: bool, delimiter: Delimiter) -> bool {
    let mut ends = RowEnds::new(delimiter);
    let mut rows = Vec::new();
    let mut rest = text;
    while let Some(len) = ends.first(rest) {
        rows.push(&rest[..len]);
        rest = &rest[len..];
    }
    if is_whole || rows.is_empty() {
        rows.push(rest);
    }
    let rows = rows.into_iter().map(<[u8]>::trim_ascii_end).filter(|row| !row.is_empty());
    let rows: Vec<_> = rows.map(|row| cells(delimiter, row)).collect();
    let Some((Some(names), others)) = rows.split_first() else { return false };
    let is_unique = |index: usize| !names[..index].contains(&names[index]);
    let same = others.iter().flatten().filter(|row| row.len() == names.len()).count();
    names.len() >= 2
        && (0..names.len()).all(is_unique)
        && names.iter().all(|name| is_name(name, others.is_empty()))
        && same * 100 >= others.len() * 90
}

/// Returns whether a field of the first row may be the name of a column.
///
/// Not a number, and not a date, with which lines of text often start. If it is the only row, a
/// name is a single word, because a sentence with a comma is not CSV.
#[cfg(feature = "csv")]
fn is_name(name: &[u8], is_only_row: bool) -> bool {
    let Ok(name) = str::from_utf8(name) else { return false };
    let is_word = !name.contains(char::is_whitespace);
    let name = name.trim();
    let is_date =
        name.starts_with(|first: char| first.is_ascii_digit()) && name.contains(['-', '/', ':']);
    !name.is_empty() && name.parse::<f64>().is_err() && !is_date && (is_word || !is_only_row)
}
