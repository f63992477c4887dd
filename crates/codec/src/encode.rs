//! Rows of results as JSON: the text that `get_stats` answers with.

use serde::{Serialize, Serializer};

/// 2^53: below it a float knows every integer, so that one without a fraction is meant as one.
const INTEGERS_END: f64 = 9_007_199_254_740_992.0;

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
    let rows = rows.into_iter();
    // A guess that short names and means do not outgrow: growing by pieces took most of the time.
    let mut text = Vec::with_capacity(64 + 48 * rows.size_hint().0);
    text.push(b'[');
    for (action, mean) in rows {
        if text.len() > 1 {
            text.push(b',');
        }
        Row { action, avg: Mean(mean) }.write(&mut text);
    }
    text.push(b']');
    into_string(text)
}

/// A row as it is written. The names and the order of the fields are the format.
#[derive(Serialize)]
struct Row<'a> {
    action: &'a str,
    avg: Mean,
}

impl Row<'_> {
    fn write(&self, text: &mut Vec<u8>) {
        serde_json::to_writer(text, self)
            .expect("a vector takes every write, and a row is plain data");
    }
}

/// A mean as it is written.
struct Mean(f64);

impl Serialize for Mean {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.abs() < INTEGERS_END && self.0.trunc() == self.0 {
            // Without loss, by the condition.
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

fn into_string(text: Vec<u8>) -> String {
    String::from_utf8(text).expect("serde_json writes UTF-8")
}
