//! Which fields of a record are its name, its value and its timestamp.

#[allow(dead_code, reason = "used by the field form")]
mod filter;
#[allow(dead_code, reason = "used by the field form")]
pub(crate) mod found;
#[allow(dead_code, reason = "used by the field form")]
mod names;
#[allow(dead_code, reason = "used by the field form")]
mod path;

pub use filter::{Filter, FilterError, FilterErrorKind};
pub use found::Skip;
pub use names::NameRules;
#[cfg(feature = "regex")]
pub use names::{Replace, ReplaceError, ReplaceErrorKind};
pub use path::{Path, PathError, PathErrorKind};

use core_actions::Unit;
use core_time::Stamp;

use crate::moment::{TimestampFormat, Zone};

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
