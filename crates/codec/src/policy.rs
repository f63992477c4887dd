//! What is taken of what JSON and the schema allow: limits, and the choices besides.

use crate::decode::Rules;
use crate::limits::Limits;
use crate::stamp::StampKey;

/// What to take, what to read besides, and how much to remember of what was refused.
///
/// The defaults are safe for input from strangers: everything is limited, and what is kept of
/// refused lines is bounded. Build one from them with
/// `DecodeOptions { refusals_kept: 5, ..DecodeOptions::default() }`, and a field added later will
/// not break the line.
///
/// # Examples
///
/// ```
/// use codec::{Fractions, DecodeOptions};
///
/// let strict = DecodeOptions { fractions: Fractions::Refused, ..DecodeOptions::default() };
/// assert!(strict.decode(br#"{"action":"jump","time":100}"#).is_ok());
/// assert_eq!(
///     strict.decode(br#"{"action":"jump","time":99.5}"#).unwrap_err().to_string(),
///     "time is `99.5`, expected an integer (byte 24)"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeOptions {
    /// How long a line, how deep its nesting and how long a name may be.
    pub limits: Limits,
    /// Whether a time may be other than an integer. It may by default.
    pub fractions: Fractions,
    /// The key that says when an action happened. None by default: such keys are ignored.
    pub stamp: Option<StampKey>,
    /// How many refusals a batch keeps, the first ones. 100 by default; all are counted.
    ///
    /// Each takes about a kibibyte at most, whatever the line.
    pub refusals_kept: usize,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            fractions: Fractions::Allowed,
            stamp: None,
            refusals_kept: 100,
        }
    }
}

impl DecodeOptions {
    /// What one line is decoded by.
    #[inline]
    pub(crate) fn rules(&self) -> Rules<'_> {
        Rules { limits: self.limits, fractions: self.fractions, stamp: self.stamp.as_ref() }
    }
}

/// Whether a time may be other than an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fractions {
    /// Any finite number that is not negative.
    #[default]
    Allowed,
    /// Integers below 2^64 only. What counts is the value, after it was rounded to a float if it is
    /// written as one: `1.0` and `1e2` are integers.
    Refused,
}
