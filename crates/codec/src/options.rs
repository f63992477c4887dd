//! The options of decoding, and its limits.

use core_actions::NAME_BYTES_MAX;

use crate::fields::Fields;
use crate::fields::plan::Plan;
use crate::input::Input;

/// Configures decoding: limits, fractions, fields, the form of the input, refusals kept.
///
/// The defaults are safe for untrusted input: every size is limited, and the memory for refused
/// lines is bounded. Write `DecodeOptions { refusals_kept: 5, ..DecodeOptions::default() }`, so
/// that the code compiles when a field is added later.
///
/// # Examples
///
/// ```
/// use codec::{DecodeOptions, Fractions};
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
    /// The maximum length of a line, depth of its nesting and length of its name.
    pub limits: Limits,
    /// Whether a time may be a fraction. Allowed by default.
    pub fractions: Fractions,
    /// The maximum number of refusals that the report of a batch lists. 100 by default.
    ///
    /// The first refusals are listed; all are counted. Each takes at most about 1 KiB, whatever the
    /// length of the line.
    pub refusals_kept: usize,
    /// The fields of the name, the value and the timestamp, and which records count.
    pub fields: Fields,
    /// The form of the input. JSON by default, an object on each line.
    pub input: Input,
}

impl DecodeOptions {
    /// Returns the plan of the fields, or `None` for the default form, which needs none.
    pub(crate) fn plan(&self) -> Option<Plan> {
        let is_default = self.fields.are_default() && self.input.has_plain_lines();
        (!is_default).then(|| Plan::new(&self.fields))
    }
}

impl Default for DecodeOptions {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            fractions: Fractions::Allowed,
            refusals_kept: 100,
            fields: Fields::default(),
            input: Input::default(),
        }
    }
}

/// Whether a time may be a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fractions {
    /// Accepts any finite number of 0 or more.
    #[default]
    Allowed,
    /// Accepts only integers below 2^64.
    ///
    /// The value decides, after a number with a point or an exponent was rounded to a float: `1.0`
    /// and `1e2` are integers.
    Refused,
}

/// Limits the length of an input, the depth of its nesting and the length of a name.
///
/// Every combination is valid. Write `Limits { nesting: 8, ..Limits::default() }`, so that the code
/// compiles when a limit is added later.
///
/// # Accuracy
///
/// Each limit is inclusive: an input of exactly [`input_bytes`](Self::input_bytes) bytes is
/// accepted, and one byte more is refused.
///
/// # Complexity
///
/// The limits bound the memory of decoding: a name with escapes is copied (at most `name_bytes`),
/// and nesting beyond 128 levels takes one bit per level, doubled while the buffer grows.
///
/// # Examples
///
/// ```
/// use codec::{DecodeErrorKind, Limits};
///
/// let strict = Limits { name_bytes: 4, ..Limits::default() };
/// assert!(strict.decode(br#"{"action":"jump","time":1}"#).is_ok());
/// let error = strict.decode(br#"{"action":"jumps","time":1}"#).unwrap_err();
/// assert_eq!(error.kind, DecodeErrorKind::NameTooLong { len: 5, max: 4 });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The maximum length of a name, in bytes of UTF-8 after decoding escapes. 256 by default.
    pub name_bytes: usize,
    /// The maximum number of objects and arrays open at once. 128 by default.
    ///
    /// The object of the action is the first, so 0 refuses every input.
    pub nesting: usize,
    /// The maximum length of an input, in bytes, white space included. 1 MiB by default.
    pub input_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { name_bytes: NAME_BYTES_MAX, nesting: 128, input_bytes: 1 << 20 }
    }
}
