//! Why a line is refused.

use thiserror::Error;

/// Why a line of statsd is refused.
///
/// A line is refused as a whole, and stops no other line of its datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The line is not valid UTF-8.
    #[error("line is not valid UTF-8")]
    NotUtf8,
    /// The line does not have the form of a metric.
    #[error("line is not of the form `name:value|kind`")]
    Malformed,
    /// The name is empty, has control characters, or is longer than 4,096 bytes with its tags.
    #[error("name is empty, has control characters, or has more than 4096 bytes with its tags")]
    Name,
    /// A value is not a number that its kind can have.
    #[error("value is not a finite number, or is negative and not of a gauge")]
    Value,
    /// The line is a set, of which the members would have to be kept.
    #[error("sets (`s`) are not supported, send a counter or a tag instead")]
    Set,
    /// There is no such kind.
    #[error("kind is not one of `c`, `ms`, `h`, `d` and `g`")]
    Kind,
    /// The sample rate is below 0.000001 or above 1.
    #[error("sample rate is not from 0.000001 to 1")]
    Rate,
    /// A tag has no name, a control character, or the name of another tag.
    #[error("tags are not of the form `#name:value,name:value` with different names")]
    Tags,
    /// A part of the line is not known, or is given twice.
    #[error("part of the line is unknown or given twice, known are `|@rate` and `|#tags`")]
    Part,
    /// The line says when it was measured.
    #[error("timestamps (`|T`) are not supported, send values when they are measured")]
    Timestamp,
    /// The line is an event or a service check of dogstatsd.
    #[error("events and service checks are not supported")]
    Event,
    /// Another line with this name has values of another unit.
    #[error("name has values in milliseconds (`ms`) and values without a unit (`h`, `d`)")]
    Unit,
    /// There are too many names of histograms to know the unit of one more.
    #[error("number of histogram names is at its limit")]
    Full,
    /// The line is longer than 65,535 bytes, or the end of its datagram was cut off.
    #[error("line is longer than 65535 bytes, or the end of its datagram is missing")]
    TooLong,
}

impl Refusal {
    /// All reasons with the text that a page has for each.
    pub(crate) const ALL: [(Self, &'static str); 14] = [
        (Self::NotUtf8, "utf8"),
        (Self::Malformed, "form"),
        (Self::Name, "name"),
        (Self::Value, "value"),
        (Self::Set, "set"),
        (Self::Kind, "kind"),
        (Self::Rate, "rate"),
        (Self::Tags, "tags"),
        (Self::Part, "part"),
        (Self::Timestamp, "timestamp"),
        (Self::Event, "event"),
        (Self::Unit, "unit"),
        (Self::Full, "full"),
        (Self::TooLong, "too_long"),
    ];

    /// Returns the position among [`ALL`](Self::ALL), which has the order of the variants.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// A line that was refused, shortened to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedLine {
    /// Why.
    pub reason: Refusal,
    /// Its first 100 bytes, with `\` before what cannot be shown.
    pub text: String,
}

impl RefusedLine {
    pub(crate) fn new(reason: Refusal, line: &[u8]) -> Self {
        const BYTES: usize = 100;
        let text = line[..line.len().min(BYTES)].escape_ascii().to_string();
        Self { reason, text }
    }
}

impl std::fmt::Display for RefusedLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (line `{}`)", self.reason, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_in_the_order_of_their_variants() {
        for (index, (reason, _)) in Refusal::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), index, "{reason:?}");
        }
    }

    #[test]
    fn shown_line_is_short_and_readable() {
        let line = RefusedLine::new(Refusal::Set, b"users\x00:1|s");
        let expected = "sets (`s`) are not supported, send a counter or a tag instead \
                        (line `users\\x00:1|s`)";
        assert_eq!(line.to_string(), expected);
        assert_eq!(RefusedLine::new(Refusal::Set, &[b'a'; 101]).text, "a".repeat(100));
    }
}
