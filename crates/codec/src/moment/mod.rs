//! Moments: how a timestamp is written, and in which time zone.
//!
//! The forms that logs have are read by `text.rs`, with arithmetic of our own (`civil.rs`), because
//! each line has one. Time zones by name and patterns are those of `jiff`. A text that has none of
//! the forms is looked at a second time by `refusal.rs`, only to find what is missing in it.

mod civil;
mod error;
mod format;
mod instant;
mod number;
#[cfg(feature = "timestamps")]
mod pattern;
mod prefix;
mod refusal;
mod text;
mod zone;

pub use error::MomentError;
pub use format::{FormatError, TimestampFormat};
pub(crate) use format::{read_number, read_text};
pub use instant::{Moment, MomentZone};
#[cfg(feature = "timestamps")]
pub use pattern::{Pattern, PatternError};
pub(crate) use prefix::read_prefix;
pub use zone::{Zone, ZoneError};
