//! Rows as text: JSON, NDJSON or CSV.

use std::io::{self, Write};
use std::ops::Not;

use core_actions::{ActionTime, HasMean, Row};
use serde::{Serialize, Serializer};

/// 2^53. Below it every integer is an exact float.
const INTEGERS_END: f64 = 9_007_199_254_740_992.0;
/// The size of one write.
const PIECE_BYTES: usize = 64 * 1024;

/// Encodes rows of action and mean as a JSON array.
///
/// Keeps the order and repeated names, and writes no spaces. In names, `"`, `\` and control
/// characters are escaped.
///
/// # Accuracy
///
/// A mean without a fraction and below 2^53 in magnitude is written as an integer (-0 as 0), any
/// other with the shortest digits that read back to the same `f64`. A mean is always finite;
/// infinities and NaN, which JSON lacks, are written as `null`.
///
/// # Complexity
///
/// Linear in the length of the text. Allocates the text.
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

/// Encodes the mean of each row of a tracker as [`encode`] does.
///
/// Only the row of [folded](core_actions::WhenFull::Fold) actions has the key `other`, because an
/// action may have the name of that row.
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
    // Enough for short names and means: growing the vector took most of the time.
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

/// The JSON form of a row. The names and the order of the fields are part of the format.
#[derive(Serialize)]
struct ActionMean<'a> {
    action: &'a str,
    #[serde(skip_serializing_if = "Not::not")]
    other: bool,
    avg: Number,
}

/// A float that is written as an integer if it is one.
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.abs() < INTEGERS_END && self.0.trunc() == self.0 {
            // Exact, by the condition.
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// The format of encoded rows.
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
    /// One array of objects, without spaces or line ends.
    Json,
    /// One object per line.
    Ndjson,
    /// A header line and one line per row, as in RFC 4180 but with `\n` as the line end.
    ///
    /// Text is quoted if it contains a comma, a quote or a line end, starts or ends with a space,
    /// or is empty, so that it differs from a missing value. Nothing else is changed: text that a
    /// spreadsheet reads as a formula stays one.
    Csv,
}

/// One value of a row.
///
/// # Accuracy
///
/// A float without a fraction and below 2^53 in magnitude is written as an integer (-0 as 0), any
/// other with the shortest digits that read back to the same `f64`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Field<'a> {
    /// Text, escaped or quoted as the format requires.
    Text(&'a str),
    /// An integer, with all its digits.
    Integer(u64),
    /// A float.
    ///
    /// In CSV, infinities are written as `inf` and `-inf`. In JSON they are written as
    /// [`Missing`](Self::Missing), and so is NaN in both.
    Float(f64),
    /// A flag. If it is `false`, an object lacks the key, and a CSV field is empty.
    Flag(bool),
    /// No value: `null`, or an empty CSV field.
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
    /// Keeps the number exactly, so that decoding it returns the same time.
    fn from(time: ActionTime) -> Self {
        time.as_integer().map_or(Self::Float(time.as_f64()), Self::Integer)
    }
}

impl<'a, T: Into<Field<'a>>> From<Option<T>> for Field<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}

/// Encodes rows of any columns, in the given order.
///
/// # Panics
///
/// If [`write_records`] does.
///
/// # Complexity
///
/// Linear in the length of the text. Allocates the text.
///
/// # Examples
///
/// ```
/// use codec::{ActionTime, Field, Record, Format, DecodeOptions, encode_rows};
///
/// // Actions, in the form that is decoded.
/// let time = ActionTime::try_from(0.1)?;
/// let lines = encode_rows(Format::Ndjson, ["action", "time"], [["\"hi\"".into(), time.into()]]);
/// assert_eq!(lines, "{\"action\":\"\\\"hi\\\"\",\"time\":0.1}\n");
/// DecodeOptions::default().decode_slice(lines.as_bytes(), &mut |record: Record<'_>| {
///     assert_eq!((record.name.as_str(), record.time), ("\"hi\"", time));
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
    // Writing to a vector does not fail.
    let _ = write_records(&mut text, format, &columns, rows);
    into_string(text)
}

/// Writes rows of columns that are known at run time.
///
/// Works as [`encode_rows`], but writes the text in pieces of about 64 KiB.
///
/// # Errors
///
/// The first error of the output, which has received part of the text.
///
/// # Panics
///
/// If the number of fields of a row differs from the number of columns. In the JSON formats, also
/// if two columns have the same name: JSON readers differ in which of two equal keys they keep.
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
        "columns of JSON objects need different names, found {columns:?}"
    );
    let mut text = Vec::new();
    match format {
        Format::Json => text.push(b'['),
        Format::Ndjson => {}
        Format::Csv => write_record(&mut text, columns.iter().map(|column| Field::Text(column))),
    }
    for (index, row) in rows.into_iter().enumerate() {
        let row = row.as_ref();
        assert_eq!(row.len(), columns.len(), "a row needs one field per column");
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
    let kept = columns.iter().zip(row).filter(|(_, field)| **field != Field::Flag(false));
    for (index, (column, &field)) in kept.enumerate() {
        if index > 0 {
            text.push(b',');
        }
        write_json(text, column);
        text.push(b':');
        match field {
            Field::Text(value) => write_json(text, value),
            Field::Integer(integer) => write_json(text, &integer),
            Field::Float(float) => write_json(text, &Number(float)),
            Field::Flag(flag) => write_json(text, &flag),
            Field::Missing => write_json(text, &()),
        }
    }
    text.push(b'}');
}

fn write_record<'a>(text: &mut Vec<u8>, row: impl Iterator<Item = Field<'a>>) {
    for (index, field) in row.enumerate() {
        if index > 0 {
            text.push(b',');
        }
        match field {
            Field::Text(value) => write_text(text, value),
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

fn write_text(text: &mut Vec<u8>, value: &str) {
    let has_edge = value.starts_with(' ') || value.ends_with(' ');
    if !value.is_empty() && !has_edge && !value.contains([',', '"', '\r', '\n']) {
        text.extend_from_slice(value.as_bytes());
        return;
    }
    text.push(b'"');
    for (index, part) in value.split('"').enumerate() {
        if index > 0 {
            text.extend_from_slice(b"\"\"");
        }
        text.extend_from_slice(part.as_bytes());
    }
    text.push(b'"');
}

fn write_json(text: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(text, value)
        .expect("writing to a vector does not fail, and a field is plain data");
}

fn into_string(text: Vec<u8>) -> String {
    String::from_utf8(text).expect("serde_json writes UTF-8")
}
