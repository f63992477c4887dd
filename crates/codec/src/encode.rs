//! Rows of results as text: JSON, a line of JSON for each, or comma-separated values.

use std::io::{self, Write};
use std::ops::Not;

use core_actions::{ActionTime, HasMean, Row};
use serde::{Serialize, Serializer};

/// 2^53: below it a float knows every integer, so that one without a fraction is meant as one.
const INTEGERS_END: f64 = 9_007_199_254_740_992.0;
/// So much is written at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Encodes rows of action and mean as a JSON array, in the order given and without spaces.
///
/// Repeated names are written as often as they are given. Names are escaped where JSON has it so
/// (`"`, `\` and control characters) and are otherwise written as they are.
///
/// # Accuracy
///
/// A mean without a fraction and below 2^53 in magnitude is written as an integer (-0 as 0), any
/// other with the shortest digits that read back to the same `f64`. A mean is always finite; an
/// infinity or not a number, which JSON cannot say, is written as `null`.
///
/// # Complexity
///
/// Linear in the length of the text, which is what it allocates.
///
/// # Examples
///
/// ```
/// let rows = [("jump", 150.0), ("run", 75.0)];
/// assert_eq!(codec::encode(rows), r#"[{"action":"jump","avg":150},{"action":"run","avg":75}]"#);
///
/// let nap = codec::encode([("nap", 0.1 + 0.2)]);
/// assert_eq!(nap, r#"[{"action":"nap","avg":0.30000000000000004}]"#);
/// assert_eq!(codec::encode([]), "[]");
/// ```
#[must_use]
pub fn encode<'a>(rows: impl IntoIterator<Item = (&'a str, f64)>) -> String {
    let row = |(action, mean)| ActionMean { action, other: false, avg: Number(mean) };
    encode_all(rows.into_iter().map(row))
}

/// Encodes the mean of each row as [`encode`] does, and marks the row of folded actions.
///
/// The row of [folded](core_actions::WhenFull::Fold) actions has the key `other`, which no other
/// row has: an action may have the same name.
///
/// # Examples
///
/// ```
/// use core_actions::{RunningTracker, TrackerSpec, WhenFull};
///
/// let spec = TrackerSpec { actions: 1, when_full: WhenFull::Fold, ..TrackerSpec::default() };
/// let tracker = RunningTracker::new(spec);
/// tracker.record("jump", 150)?;
/// tracker.record("run", 75)?;
/// assert_eq!(
///     codec::encode_means(&tracker.stats()),
///     r#"[{"action":"jump","avg":150},{"action":"(other)","other":true,"avg":75}]"#,
/// );
/// # Ok::<(), core_actions::ActionError>(())
/// ```
#[must_use]
pub fn encode_means<S: HasMean>(rows: &[Row<S>]) -> String {
    encode_all(rows.iter().map(|row| ActionMean {
        action: row.name(),
        other: row.is_other(),
        avg: Number(row.mean()),
    }))
}

fn encode_all<'a>(rows: impl Iterator<Item = ActionMean<'a>>) -> String {
    // A guess that short names and means do not outgrow: growing by pieces took most of the time.
    let mut text = Vec::with_capacity(64 + 48 * rows.size_hint().0);
    text.push(b'[');
    for row in rows {
        if text.len() > 1 {
            text.push(b',');
        }
        write_json(&mut text, &row);
    }
    text.push(b']');
    into_string(text)
}

/// A row as it is written. The names and the order of the fields are the format.
#[derive(Serialize)]
struct ActionMean<'a> {
    action: &'a str,
    #[serde(skip_serializing_if = "Not::not")]
    other: bool,
    avg: Number,
}

/// A float as it is written.
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.abs() < INTEGERS_END && self.0.trunc() == self.0 {
            // Without loss, by the condition.
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// How rows are written.
///
/// # Examples
///
/// ```
/// use codec::{Field, Format, encode_rows};
///
/// let write = |format| {
///     let rows = [["a,b".into(), Field::from(2), Field::from(0.5)]];
///     encode_rows(format, ["action", "count", "avg"], rows)
/// };
/// assert_eq!(write(Format::Json), r#"[{"action":"a,b","count":2,"avg":0.5}]"#);
/// assert_eq!(write(Format::Ndjson), "{\"action\":\"a,b\",\"count\":2,\"avg\":0.5}\n");
/// assert_eq!(write(Format::Csv), "action,count,avg\n\"a,b\",2,0.5\n");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// One array of objects, without spaces and line ends.
    Json,
    /// An object on a line of its own for each row.
    Ndjson,
    /// A line of the columns' names, then one for each row, by RFC 4180 but for its line ends,
    /// which are `\n` here.
    ///
    /// Text is in quotes where it has to be: with a comma, a quote, a line end or a space at either
    /// end, and if it is empty, which tells it from what is missing. Nothing else is changed, so
    /// that what a spreadsheet takes for a formula remains one.
    Csv,
}

/// A value in a row.
///
/// # Accuracy
///
/// A float without a fraction and below 2^53 in magnitude is written as an integer (-0 as 0), any
/// other with the shortest digits that read back to the same `f64`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Field<'a> {
    /// Text, escaped as the format has it.
    Text(&'a str),
    /// An integer, with all its digits.
    Integer(u64),
    /// A float.
    ///
    /// CSV has `inf` and `-inf` for the infinities, JSON has nothing for them: there they are
    /// written as [`Missing`](Self::Missing), as is what is not a number in either.
    Float(f64),
    /// Whether something holds. Where it does not, an object lacks the key and a field is empty.
    Flag(bool),
    /// Nothing: `null`, or an empty field.
    Missing,
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Field<'_> {
    fn from(integer: u64) -> Self {
        Self::Integer(integer)
    }
}

impl From<f64> for Field<'_> {
    fn from(float: f64) -> Self {
        Self::Float(float)
    }
}

impl From<ActionTime> for Field<'_> {
    /// The same number: what is decoded again is the same time.
    fn from(time: ActionTime) -> Self {
        time.as_integer().map_or(Self::Float(time.as_f64()), Self::Integer)
    }
}

impl<'a, T: Into<Field<'a>>> From<Option<T>> for Field<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}

/// Encodes rows of any columns, in the order given.
///
/// # Panics
///
/// As [`write_records`].
///
/// # Complexity
///
/// Linear in the length of the text, which is what it allocates.
///
/// # Examples
///
/// ```
/// use codec::{ActionTime, Field, Record, Format, DecodeOptions, encode_rows};
///
/// // Actions, as they are decoded.
/// let time = ActionTime::try_from(0.1)?;
/// let lines = encode_rows(Format::Ndjson, ["action", "time"], [["\"hi\"".into(), time.into()]]);
/// assert_eq!(lines, "{\"action\":\"\\\"hi\\\"\",\"time\":0.1}\n");
/// DecodeOptions::default().decode_slice(lines.as_bytes(), &mut |entry: Record<'_>| {
///     assert_eq!((entry.name.as_str(), entry.time), ("\"hi\"", time));
/// });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn encode_rows<'a, const N: usize>(
    format: Format,
    columns: [&str; N],
    rows: impl IntoIterator<Item = [Field<'a>; N]>,
) -> String {
    let mut text = Vec::new();
    // A vector takes every write.
    let _ = write_records(&mut text, format, &columns, rows);
    into_string(text)
}

/// Writes rows of columns that are chosen at run time; otherwise as [`encode_rows`].
///
/// The text is written in pieces of some 64 KiB, and there is never more of it in memory.
///
/// # Errors
///
/// The first of the output, which has a part of the text then.
///
/// # Panics
///
/// If a row has not as many cells as there are columns, or if two columns of objects have the same
/// name: readers of JSON differ in which of two equal keys they keep.
///
/// # Examples
///
/// ```
/// use codec::{Field, Format, write_records};
///
/// let rows = (1..=3_u64).map(|number| [Field::from(number), Field::from(number * number)]);
/// let mut output = Vec::new();
/// write_records(&mut output, Format::Csv, &["number", "square"], rows)?;
/// assert_eq!(output, b"number,square\n1,1\n2,4\n3,9\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_records<'a>(
    output: &mut (impl Write + ?Sized),
    format: Format,
    columns: &[&str],
    rows: impl IntoIterator<Item: AsRef<[Field<'a>]>>,
) -> io::Result<()> {
    let is_repeated = |(at, name)| columns[..at].contains(name);
    assert!(
        format == Format::Csv || !columns.iter().enumerate().any(is_repeated),
        "each column of objects has a name of its own, found {columns:?}"
    );
    let mut text = Vec::new();
    match format {
        Format::Json => text.push(b'['),
        Format::Ndjson => {}
        Format::Csv => write_record(&mut text, columns.iter().map(|column| Field::Text(column))),
    }
    for (index, row) in rows.into_iter().enumerate() {
        let row = row.as_ref();
        assert_eq!(row.len(), columns.len(), "a row has a cell for each column");
        match format {
            Format::Json => {
                if index > 0 {
                    text.push(b',');
                }
                write_object(&mut text, columns, row);
            }
            Format::Ndjson => {
                write_object(&mut text, columns, row);
                text.push(b'\n');
            }
            Format::Csv => write_record(&mut text, row.iter().copied()),
        }
        if text.len() >= PIECE_BYTES {
            output.write_all(&text)?;
            text.clear();
        }
    }
    if format == Format::Json {
        text.push(b']');
    }
    output.write_all(&text)
}

fn write_object(text: &mut Vec<u8>, columns: &[&str], row: &[Field<'_>]) {
    text.push(b'{');
    let kept = columns.iter().zip(row).filter(|(_, cell)| **cell != Field::Flag(false));
    for (index, (column, &cell)) in kept.enumerate() {
        if index > 0 {
            text.push(b',');
        }
        write_json(text, column);
        text.push(b':');
        match cell {
            Field::Text(words) => write_json(text, words),
            Field::Integer(integer) => write_json(text, &integer),
            Field::Float(float) => write_json(text, &Number(float)),
            Field::Flag(flag) => write_json(text, &flag),
            Field::Missing => write_json(text, &()),
        }
    }
    text.push(b'}');
}

fn write_record<'a>(text: &mut Vec<u8>, row: impl Iterator<Item = Field<'a>>) {
    for (index, cell) in row.enumerate() {
        if index > 0 {
            text.push(b',');
        }
        match cell {
            Field::Text(words) => write_field(text, words),
            Field::Integer(integer) => write_json(text, &integer),
            Field::Float(float) if float.is_finite() => write_json(text, &Number(float)),
            Field::Float(f64::INFINITY) => text.extend_from_slice(b"inf"),
            Field::Float(f64::NEG_INFINITY) => text.extend_from_slice(b"-inf"),
            Field::Flag(true) => text.extend_from_slice(b"true"),
            Field::Float(_) | Field::Flag(false) | Field::Missing => {}
        }
    }
    text.push(b'\n');
}

fn write_field(text: &mut Vec<u8>, words: &str) {
    let has_edge = words.starts_with(' ') || words.ends_with(' ');
    if !words.is_empty() && !has_edge && !words.contains([',', '"', '\r', '\n']) {
        text.extend_from_slice(words.as_bytes());
        return;
    }
    text.push(b'"');
    for (index, part) in words.split('"').enumerate() {
        if index > 0 {
            text.extend_from_slice(b"\"\"");
        }
        text.extend_from_slice(part.as_bytes());
    }
    text.push(b'"');
}

fn write_json(text: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(text, value).expect("a vector takes every write, and a cell is data");
}

fn into_string(text: Vec<u8>) -> String {
    String::from_utf8(text).expect("serde_json writes UTF-8")
}
