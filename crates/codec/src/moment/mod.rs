//! Moments: how a timestamp is written, and in which time zone.

/// How a timestamp is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TimestampFormat {
    /// Recognises each value by itself.
    #[default]
    Auto,
    /// A number of seconds since 1970.
    Seconds,
    /// A number of milliseconds since 1970.
    Milliseconds,
    /// A number of microseconds since 1970.
    Microseconds,
    /// A number of nanoseconds since 1970.
    Nanoseconds,
    /// A text of RFC 3339.
    Rfc3339,
}

/// The time zone of moments that are written without one. UTC by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Zone {}
