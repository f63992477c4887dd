//! Reading actions from text, and writing rows: what the front door uses of `codec`.

pub use ::codec::{
    Action, Counts, DecodeError, DecodeErrorKind, DecodeOptions, Excerpt, Field, FieldExpected,
    FieldTypes, Fields, Filter, FilterError, Form, Format, Fractions, Input, JsonType, Limits,
    Moment, MomentError, MomentZone, NameRules, ObjectKeys, OnMissing, Path, PathError,
    PathErrorKind, Quantity, QuantityError, QuantityErrorKind, ReadError, Record, Refusal,
    RefusedLine, Report, Sink, Skip, SkippedRecord, Snippet, TimeMax, Timestamp, TimestampFormat,
    Zone, decode, encode, encode_means, encode_rows, logfmt_pairs, split_embedded,
    threads_within_memory, visible, write_records,
};
