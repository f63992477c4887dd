//! Which fields of a record are its name, its value and its timestamp.

pub(crate) mod assemble;
pub(crate) mod error;
mod filter;
pub(crate) mod found;
pub(crate) mod json;
mod listed;
pub(crate) mod missing;
mod names;
pub(crate) mod path;
mod place;
pub(crate) mod plan;
pub(crate) mod tree;

pub use filter::{Filter, FilterError, FilterErrorKind, FilterWarning};
pub use found::Skip;
pub use names::NameRules;
pub(crate) use names::ShortNames;
#[cfg(feature = "regex")]
pub use names::{Replace, ReplaceError, ReplaceErrorKind};
pub use path::{Path, PathError, PathErrorKind};

use core_actions::Unit;
use core_time::Stamp;

use crate::moment::{TimestampFormat, Zone};
use path::{Alternative, Source, Step};

/// Selects the fields of a record, and the records that count.
///
/// The default is the strict form `{"action":"jump","time":100}`: the name is the string `action`,
/// the value is the number `time`, and a record without one of them is refused. [`Fields::any`]
/// reads the same fields from logs of other programs, where a record without them is skipped.
///
/// # Examples
///
/// ```
/// use codec::{FieldTypes, Fields, OnMissing, Path};
///
/// let fields = Fields { by: vec![Path::parse("request.uri")?], ..Fields::any() };
/// assert_eq!(fields.by[0].to_string(), "request.uri");
/// assert_eq!((fields.types, fields.on_missing), (FieldTypes::Any, OnMissing::Skip));
/// # Ok::<(), codec::PathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// The fields whose texts are joined to the name of the action. `action` by default.
    pub by: Vec<Path>,
    /// The field of the value, or `None` to count only; the time of each record is then 0.
    ///
    /// `time` by default.
    pub value: Option<Path>,
    /// The field of the timestamp. None by default.
    pub timestamp: Option<Timestamp>,
    /// The conditions that a record meets to be counted; other records are filtered.
    pub filters: Vec<Filter>,
    /// The first moment that counts. A record before it, or without a timestamp, is filtered.
    pub from: Option<Stamp>,
    /// The first moment that no longer counts.
    pub to: Option<Stamp>,
    /// How a joined name is changed.
    pub names: NameRules,
    /// The unit of values without one, and of the times of all records.
    ///
    /// Without it, times have the unit of the input, and those written with a unit are in seconds.
    pub unit: Option<Unit>,
    /// Texts that mean that a value is missing, in addition to those of [`OnMissing`].
    pub missing: Vec<Box<str>>,
    /// Whether a record without a name or a value is refused or skipped.
    pub on_missing: OnMissing,
    /// Which types of values are read.
    pub types: FieldTypes,
}

impl Fields {
    /// Returns the fields `action` and `time` of any type, in records that may lack them.
    #[must_use]
    pub fn any() -> Self {
        Self { on_missing: OnMissing::Skip, types: FieldTypes::Any, ..Self::default() }
    }

    /// Returns whether every record is read as by the default, without an allocation.
    pub(crate) fn are_default(&self) -> bool {
        let Self { by, value, timestamp, filters, from, to, names, unit: _, missing, .. } = self;
        let has_default_paths = matches!(&**by, [name] if is_key(name, "action"))
            && value.as_ref().is_some_and(|value| is_key(value, "time"));
        has_default_paths
            && (self.on_missing, self.types) == (OnMissing::Refuse, FieldTypes::Strict)
            && (timestamp.is_none() && from.is_none() && to.is_none())
            && (filters.is_empty() && missing.is_empty())
            && (names.change_nothing() && names.max_bytes.is_none())
    }
}

/// Returns whether a path is a key of the record.
fn is_key(path: &Path, key: &str) -> bool {
    let [Alternative { source: Source::Record, steps, .. }] = &*path.alternatives else {
        return false;
    };
    matches!(&**steps, [Step::Key(only)] if **only == *key)
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            by: vec![Path::key("action")],
            value: Some(Path::key("time")),
            timestamp: None,
            filters: Vec::new(),
            from: None,
            to: None,
            names: NameRules::default(),
            unit: None,
            missing: Vec::new(),
            on_missing: OnMissing::Refuse,
            types: FieldTypes::Strict,
        }
    }
}

/// Names the field of the timestamp, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timestamp {
    /// The field.
    pub path: Path,
    /// How the moment is written. Each value is recognised by itself by default.
    pub format: TimestampFormat,
    /// The time zone of moments that are written without one. UTC by default.
    pub zone: Zone,
}

impl Timestamp {
    /// Creates the timestamp of a field, in UTC where it has no time zone.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{DecodeOptions, Fields, Path, Stamp, Timestamp, TimestampFormat};
    ///
    /// let timestamp = Timestamp::new(Path::key("at"), TimestampFormat::Milliseconds);
    /// let fields = Fields { timestamp: Some(timestamp), ..Fields::default() };
    /// let options = DecodeOptions { fields, ..DecodeOptions::default() };
    /// let line = br#"{"action":"jump","time":100,"at":1700000000250}"#;
    /// let (_, stamp) = options.decode_stamped(line)?;
    /// assert_eq!(stamp, Some(Stamp::from_millis(1_700_000_000_250)));
    /// # Ok::<(), codec::DecodeError>(())
    /// ```
    #[must_use]
    pub fn new(path: Path, format: TimestampFormat) -> Self {
        Self { path, format, zone: Zone::default() }
    }
}

/// Whether a record without a name or a value is refused or skipped.
///
/// A field is missing if the record lacks it, or if it is `null`, empty, white space, or `-`. With
/// [`FieldTypes::Strict`], `-` is a name like any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnMissing {
    /// Refuses the record.
    #[default]
    Refuse,
    /// Skips the record.
    Skip,
}

/// Which types of values are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FieldTypes {
    /// A name is a string, and a value is a number.
    #[default]
    Strict,
    /// A name is a string, a number or a boolean. A value is a number or a text such as `12.5ms`.
    Any,
}
