//! Reading actions from text, and writing rows: what the front door uses of `codec`.

pub use ::codec::{
    Action, Counts, DecodeError, DecodeErrorKind, DecodeOptions, Detected, Excerpt, Field,
    FieldExpected, FieldTypes, Fields, Filter, FilterError, FilterErrorKind, FilterWarning, Form,
    Format, FormatError, Fractions, Input, InputFault, JsonType, Limits, Moment, MomentError,
    MomentZone, NameRules, ObjectKeys, OnMissing, Path, PathError, PathErrorKind, Pattern,
    PatternError, Quantity, QuantityError, QuantityErrorKind, ReadError, Record, Refusal,
    RefusedLine, Report, Sink, Skip, SkippedRecord, Snippet, TimeMax, Timestamp, TimestampFormat,
    Unsupported, Zone, ZoneError, decode, detect, encode, encode_means, encode_rows, logfmt_pairs,
    split_embedded, threads_within_memory, visible, write_records,
};
#[cfg(feature = "csv")]
pub use ::codec::{Columns, ColumnsError, CsvOptions, Delimiter, DelimiterError};
#[cfg(feature = "regex")]
pub use ::codec::{LinePattern, LinePatternError, Replace, ReplaceError, ReplaceErrorKind};
