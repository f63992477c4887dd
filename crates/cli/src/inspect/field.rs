//! What is known about one field of a sample.

use std::collections::HashSet;

use facade::codec::{Quantity, TimestampFormat, Zone};

use super::words::Words;

/// The number of values shown for each field.
const SAMPLES: usize = 3;
/// The first moments of 2001 and of 2101, in seconds since 1970.
const YEARS: [i64; 2] = [978_307_200, 4_133_980_800];

/// A value of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    /// As it is written.
    Number(String),
    Text(String),
}

impl Value {
    fn text(&self) -> &str {
        match self {
            Self::Null => "null",
            Self::Boolean(true) => "true",
            Self::Boolean(false) => "false",
            Self::Number(text) | Self::Text(text) => text,
        }
    }

    /// Returns whether a record with this value lacks the field.
    fn is_missing(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => matches!(text.trim(), "" | "-"),
            _ => false,
        }
    }
}

/// How the moments of a field are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written(pub(super) &'static str);

/// What is known about one field.
#[derive(Debug, Default)]
pub(super) struct Field {
    /// The path, as one writes it on a command line.
    pub(super) path: String,
    /// The path without the last key.
    pub(super) parent: String,
    /// The last key.
    pub(super) key: String,
    /// The number of records with a value.
    pub(super) present: u64,
    /// The number of the last of them.
    last: Option<u64>,
    pub(super) numbers: u64,
    pub(super) texts: u64,
    pub(super) booleans: u64,
    /// Numbers, also in quotes, that are 0 or more.
    pub(super) quantities: u64,
    /// Durations with a unit.
    pub(super) durations: u64,
    /// Texts that would be a quantity if a comma were a point.
    pub(super) commas: u64,
    /// Moments between 2001 and 2100.
    pub(super) moments: u64,
    /// How the first moment is written.
    pub(super) written: Option<Written>,
    /// Texts that are JSON objects.
    pub(super) objects: u64,
    /// Whether a text is a path or an address, which may have identifiers.
    pub(super) has_paths: bool,
    /// Whether a text has control characters.
    pub(super) has_controls: bool,
    distinct: HashSet<Box<str>>,
    /// The first distinct values.
    pub(super) samples: Vec<String>,
}

impl Field {
    pub(super) fn new(path: String, parent: String, key: String) -> Self {
        Self { path, parent, key, ..Self::default() }
    }

    /// Adds the value of a record.
    pub(super) fn insert(&mut self, record: u64, value: &Value) {
        // A repeated key counts once.
        if value.is_missing() || self.last == Some(record) {
            return;
        }
        self.last = Some(record);
        self.present += 1;
        let text = value.text();
        match value {
            Value::Number(_) => self.numbers += 1,
            Value::Text(_) => self.texts += 1,
            _ => self.booleans += 1,
        }
        if !matches!(value, Value::Boolean(_)) {
            self.insert_text(text);
        }
        if self.distinct.insert(text.into()) && self.samples.len() < SAMPLES {
            self.samples.push(text.to_owned());
        }
    }

    fn insert_text(&mut self, text: &str) {
        let quantity = Quantity::parse(text).ok().filter(|quantity| quantity.to_time(None).is_ok());
        match quantity {
            Some(quantity) if quantity.has_unit() => self.durations += 1,
            Some(_) => self.quantities += 1,
            None => self.commas += u64::from(has_comma(text)),
        }
        if let Some(written) = moment(text) {
            self.moments += 1;
            self.written.get_or_insert(written);
        }
        self.has_controls |= text.contains(|letter: char| letter.is_control());
        let text = text.trim();
        let is_object = text.starts_with('{') && text.ends_with('}');
        self.objects +=
            u64::from(is_object && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
        self.has_paths |= text.starts_with('/') || text.contains("://") || text.contains(" /");
    }

    /// Returns the number of distinct values.
    pub(super) fn distinct(&self) -> u64 {
        self.distinct.len() as u64
    }

    /// Returns whether several records have the same value, and none another.
    pub(super) fn is_constant(&self) -> bool {
        self.present > 1 && self.distinct() == 1
    }

    /// Returns whether nearly all values are of a kind.
    pub(super) fn is_mostly(&self, number: u64) -> bool {
        number > 0 && number * 10 >= self.present * 9
    }

    /// Returns whether at least half of the values are of a kind.
    pub(super) fn is_often(&self, number: u64) -> bool {
        number > 0 && number * 2 >= self.present
    }

    /// Returns the words of the key.
    pub(super) fn words(&self) -> Words {
        Words::of(&self.key)
    }

    /// Returns the names of the types, the most frequent first.
    ///
    /// In flat forms all are texts, so that a text that is a number is one.
    pub(super) fn types(&self, is_flat: bool) -> String {
        let (numbers, texts) = match is_flat {
            true => (self.quantities, self.texts.saturating_sub(self.quantities)),
            false => (self.numbers, self.texts),
        };
        let mut types = [(numbers, "number"), (texts, "text"), (self.booleans, "boolean")];
        types.sort_by_key(|&(count, _)| std::cmp::Reverse(count));
        let names = types.iter().filter(|(count, _)| *count > 0).map(|(_, name)| *name);
        let names: Vec<_> = names.collect();
        if names.is_empty() { "null".to_owned() } else { names.join(", ") }
    }
}

/// Returns whether a text is a quantity with a comma in place of the point.
fn has_comma(text: &str) -> bool {
    let parts = text.split_once(',').filter(|(_, decimals)| !decimals.contains(','));
    parts.is_some_and(|(whole, decimals)| {
        Quantity::parse(&format!("{whole}.{decimals}"))
            .is_ok_and(|quantity| quantity.to_time(None).is_ok())
    })
}

/// Returns how a text is written, if it is a moment of this century.
fn moment(text: &str) -> Option<Written> {
    let stamp = TimestampFormat::Auto.parse(text, &Zone::UTC).ok()?.stamp;
    let [from, to] = YEARS.map(facade::Stamp::from_secs);
    if !(from..to).contains(&stamp) {
        return None;
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_number = text.parse::<f64>().is_ok();
    let named = [
        (TimestampFormat::Rfc3339, "RFC 3339"),
        (TimestampFormat::Clf, "CLF"),
        (TimestampFormat::Http, "HTTP date"),
    ];
    let named = named.iter().find(|(format, _)| format.parse(text, &Zone::UTC).is_ok());
    Some(Written(match (is_number, digits, named) {
        (true, ..=11, _) => "s",
        (true, ..=14, _) => "ms",
        (true, ..=17, _) => "µs",
        (true, ..) => "ns",
        (false, _, Some((_, name))) => name,
        (false, ..) => "text",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(values: &[&str]) -> Field {
        let mut field = Field::default();
        for (record, value) in values.iter().enumerate() {
            field.insert(record as u64, &Value::Text((*value).to_owned()));
        }
        field
    }

    #[test]
    fn values_are_counted_by_kind() {
        let field = field(&["12.5ms", "7", "-", "", "abc", "abc", "{\"a\":1}", "/x\t"]);
        assert_eq!((field.present, field.durations, field.quantities), (6, 1, 1));
        assert_eq!((field.objects, field.distinct()), (1, 5));
        assert!(field.has_paths && field.has_controls);
        assert_eq!(field.samples, ["12.5ms", "7", "abc"]);
    }

    #[test]
    fn commas_are_those_of_decimals() {
        for (text, expected) in [
            ("12,5", true),
            ("0,034 s", true),
            ("1,234", true),
            ("1,234,567", false),
            ("a,b", false),
            ("12.5", false),
            (",", false),
        ] {
            assert_eq!(field(&[text]).commas > 0, expected, "{text}");
        }
    }

    #[test]
    fn field_counts_once_in_a_record() {
        let mut field = Field::default();
        for value in ["1", "2"] {
            field.insert(0, &Value::Number(value.to_owned()));
        }
        assert_eq!((field.present, field.numbers), (1, 1));
    }

    #[test]
    fn moments_have_a_format() {
        for (text, expected) in [
            ("1714557600", Some("s")),
            ("1714557600.5", Some("s")),
            ("1714557600089", Some("ms")),
            ("1714557600089000", Some("µs")),
            ("1714557600089000000", Some("ns")),
            ("2024-05-01T12:00:00+02:00", Some("RFC 3339")),
            ("2024-05-01 12:00:00", Some("text")),
            ("01/May/2024:12:00:00 +0200", Some("CLF")),
            ("Wed, 01 May 2024 10:00:00 GMT", Some("HTTP date")),
            ("12", None),
            ("01/02/2024", None),
            ("1999-01-01", None),
        ] {
            assert_eq!(moment(text).map(|Written(name)| name), expected, "{text}");
        }
    }
}
