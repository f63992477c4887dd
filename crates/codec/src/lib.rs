#![doc = include_str!("../README.md")]

mod batch;
#[cfg(feature = "encode")]
mod encode;
mod error;
#[cfg(feature = "regex")]
mod expression;
mod fields;
mod input;
mod moment;
mod options;
mod quantity;
mod scan;
mod schema;
mod tokens;

pub use batch::{
    Counts, InputFault, ReadError, Record, Refusal, RefusedLine, Report, Sink, SkippedRecord,
    threads_within_memory,
};
pub use core_actions::{ActionName, ActionTime, KeyedName};
pub use core_time::Stamp;
#[cfg(feature = "encode")]
pub use encode::{Field, Format, encode, encode_means, encode_rows, write_records};
pub use error::{
    DecodeError, DecodeErrorKind, Excerpt, FieldExpected, JsonType, ObjectKeys, TimeMax,
};
#[cfg(feature = "snippet")]
pub use error::{Snippet, visible};
pub use fields::{
    FieldTypes, Fields, Filter, FilterError, FilterErrorKind, FilterWarning, NameRules, OnMissing,
    Path, PathError, PathErrorKind, Skip, Timestamp,
};
#[cfg(feature = "regex")]
pub use fields::{Replace, ReplaceError, ReplaceErrorKind};
#[cfg(feature = "csv")]
pub use input::{Columns, ColumnsError, CsvOptions, Delimiter, DelimiterError};
pub use input::{Detected, Form, Input, Unsupported, detect, logfmt_pairs, split_embedded};
#[cfg(feature = "regex")]
pub use input::{LinePattern, LinePatternError};
pub use moment::{FormatError, Moment, MomentError, MomentZone, TimestampFormat, Zone, ZoneError};
#[cfg(feature = "timestamps")]
pub use moment::{Pattern, PatternError};
pub use options::{DecodeOptions, Fractions, Limits};
pub use quantity::{Quantity, QuantityError, QuantityErrorKind};
pub use schema::{Action, decode};
