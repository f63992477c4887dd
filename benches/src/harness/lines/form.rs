//! The forms of lines, with their names.

/// Selects how lines are written.
///
/// Unless stated otherwise, a line holds an `action` and a `time`, which is an integer of up to
/// four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Two keys, no spaces.
    Canonical,
    /// A space after the comma: `{"action":"jump", "time":150}`.
    Common,
    /// A space after each colon and comma.
    Spaced,
    /// `time` first.
    Reordered,
    /// Canonical, spaced, reordered, or a time with three decimals, at random.
    Mixed,
    /// Times of 15 to 17 digits.
    Floats,
    /// A `\u` escape in each name.
    Escapes,
    /// Five more keys, which are ignored.
    ExtraKeys,
    /// No valid action: a string for a number, a missing key, an extra comma, a truncated line.
    Refused,

    /// A log of a service: twelve keys, three of them with nested objects, about 430 bytes.
    ServiceLog,
    /// An ignored message of 400 bytes in Cyrillic.
    Cyrillic,
    /// An ignored message of 400 bytes in Chinese.
    Chinese,
    /// An ignored message that is JSON itself, so that every eighth byte is an escape.
    JsonText,
    /// An ignored stack trace of twelve lines, with escaped line ends and tabs.
    StackTrace,
    /// An ignored message of 2 KB in ASCII.
    LongText,
    /// Thirty short keys, two of them read.
    ShortKeys,
    /// Two ignored arrays of numbers.
    NumberArrays,

    /// `{"action":"jump", "time":12.3}`.
    Actions,
    /// The same records under keys of the same lengths: `{"method":"jump", "took":12.3}`.
    Renamed,
    /// The same records with the time in quotes: `{"action":"jump", "time":"12.3"}`.
    Quoted,
    /// The same records with a unit: `{"action":"jump", "time":"12.3ms"}`.
    Units,
    /// The same records, each over several lines.
    Pretty,

    /// Access logs of the web server Caddy: nested JSON, about 430 bytes a line.
    Caddy,
    /// `key=value` pairs, one of them in quotes.
    Logfmt,
    /// A header of 16 columns, then requests. One row in eight has a field in quotes.
    Csv,
    /// The combined log format of web servers, with the time of each request at the end.
    Combined,
}

/// The forms in which `action` and `time` are the only keys, or nearly so.
pub const SHORT: [(&str, Form); 8] = [
    ("canonical", Form::Canonical),
    ("spaced", Form::Spaced),
    ("reordered", Form::Reordered),
    ("mixed", Form::Mixed),
    ("floats", Form::Floats),
    ("escapes", Form::Escapes),
    ("extra_keys", Form::ExtraKeys),
    ("refused", Form::Refused),
];

/// The forms in which most of a line is ignored.
pub const WIDE: [(&str, Form); 9] = [
    ("service_log", Form::ServiceLog),
    ("caddy", Form::Caddy),
    ("cyrillic", Form::Cyrillic),
    ("chinese", Form::Chinese),
    ("json_text", Form::JsonText),
    ("stack_trace", Form::StackTrace),
    ("long_text", Form::LongText),
    ("short_keys", Form::ShortKeys),
    ("number_arrays", Form::NumberArrays),
];

/// All other forms.
const OTHERS: [(&str, Form); 9] = [
    ("common", Form::Common),
    ("actions", Form::Actions),
    ("renamed", Form::Renamed),
    ("quoted", Form::Quoted),
    ("units", Form::Units),
    ("pretty", Form::Pretty),
    ("logfmt", Form::Logfmt),
    ("csv", Form::Csv),
    ("combined", Form::Combined),
];

impl Form {
    /// Iterates over every form with its name.
    pub fn all() -> impl Iterator<Item = (&'static str, Self)> {
        SHORT.into_iter().chain(WIDE).chain(OTHERS)
    }

    /// Returns the form with a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|(known, _)| *known == name).map(|(_, form)| form)
    }
}
