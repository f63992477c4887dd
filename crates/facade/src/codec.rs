//! Reading actions from text, and writing rows: what the front door uses of `codec`.

pub use ::codec::{
    Action, DecodeError, DecodeErrorKind, DecodeOptions, Excerpt, Field, Format, Fractions,
    JsonType, Limits, Moment, MomentError, MomentZone, Quantity, QuantityError, QuantityErrorKind,
    ReadError, Record, Refusal, RefusedLine, Report, Sink, Snippet, StampForm, StampKey,
    StampKeyError, TimeMax, TimestampFormat, Zone, decode, encode, encode_means, encode_rows,
    threads_within_memory, visible, write_records,
};
