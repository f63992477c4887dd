//! The two text formats, which differ in a few words.

use std::borrow::Cow;
use std::io::Write;

use crate::format::Format;
use crate::number::Number;

/// The kinds of families, as both formats name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Summary,
    Histogram,
}

impl Kind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Summary => "summary",
            Self::Histogram => "histogram",
        }
    }

    /// Returns what the names of its samples have after the name of the family, in any format.
    ///
    /// No two families may share one of these names. Nothing here writes `_created`, but readers of
    /// OpenMetrics count it as taken.
    pub(crate) const fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Counter => &["", "_total", "_created"],
            Self::Gauge => &[""],
            Self::Summary => &["", "_sum", "_count", "_created"],
            Self::Histogram => &["", "_bucket", "_sum", "_count", "_created"],
        }
    }

    /// Returns the label that the format gives to samples of this kind.
    pub(crate) const fn own_label(self) -> Option<&'static str> {
        match self {
            Self::Counter | Self::Gauge => None,
            Self::Summary => Some("quantile"),
            Self::Histogram => Some("le"),
        }
    }
}

/// Writes a line. Writing to memory does not fail.
macro_rules! line {
    ($output:expr, $($argument:tt)*) => {
        let _ = writeln!($output, $($argument)*);
    };
}

/// Returns the help text of a family, with the error of its values if there is one.
pub(crate) fn help(kind: Kind, help: &str) -> Cow<'_, str> {
    const ERROR: &str = "Values are counted within 1.6 % of their size.";
    match kind {
        Kind::Histogram if help.is_empty() => ERROR.into(),
        Kind::Histogram => format!("{help} {ERROR}").into(),
        _ => help.into(),
    }
}

/// Writes what is known of a family, before its samples.
///
/// Text 0.0.4 names a counter as its samples are named, OpenMetrics without `_total`. Its unit is a
/// comment for readers of text 0.0.4.
pub(crate) fn metadata(
    output: &mut Vec<u8>,
    format: Format,
    kind: Kind,
    (name, unit): (&str, &str),
    help: &str,
) {
    let total = if kind == Kind::Counter && format == Format::Text { "_total" } else { "" };
    let help = escaped_help(help, format);
    line!(output, "# HELP {name}{total} {help}");
    line!(output, "# TYPE {name}{total} {}", kind.word());
    if !unit.is_empty() {
        line!(output, "# UNIT {name}{total} {unit}");
    }
}

/// Writes a sample; `more` is a label that the format adds, with its value.
pub(crate) fn sample(
    output: &mut Vec<u8>,
    (name, suffix): (&str, &str),
    labels: &str,
    more: Option<(&str, &str)>,
    value: Number,
) {
    // Not by a format string, which took half the time of a page.
    let mut write = |parts: &[&str]| {
        parts.iter().for_each(|part| output.extend_from_slice(part.as_bytes()));
    };
    write(&[name, suffix]);
    match more {
        Some((label, text)) => {
            let comma = if labels.is_empty() { "" } else { "," };
            write(&["{", labels, comma, label, "=\"", text, "\"}"]);
        }
        None if labels.is_empty() => {}
        None => write(&["{", labels, "}"]),
    }
    line!(output, " {value}");
}

/// Escapes the value of a label for double quotes.
pub(crate) fn escaped_value(value: &str) -> Cow<'_, str> {
    escaped(value, true)
}

/// Escapes a help text. Only OpenMetrics escapes double quotes there.
fn escaped_help(help: &str, format: Format) -> Cow<'_, str> {
    escaped(help, format == Format::OpenMetrics)
}

fn escaped(text: &str, quotes: bool) -> Cow<'_, str> {
    let needs = |c| matches!(c, '\\' | '\n' | '\0') || (quotes && c == '"');
    if !text.contains(needs) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str(r"\\"),
            '\n' => escaped.push_str(r"\n"),
            '"' if quotes => escaped.push_str("\\\""),
            // Readers take it for the end of the page.
            '\0' => escaped.push('\u{fffd}'),
            _ => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}
