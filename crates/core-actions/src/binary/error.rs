//! The error of bytes that are not a statistic or not rows.

use core_time::{Instance, Stamp, counted};
use thiserror::Error;

use crate::action::name::NameError;
use crate::statistics::valid::Invalid;

/// The error returned when bytes are not a statistic or not rows in the binary form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem} (byte {at})")]
pub struct BinaryError {
    at: usize,
    problem: Problem,
}

impl BinaryError {
    pub(crate) fn new(at: usize, problem: Problem) -> Self {
        Self { at, problem }
    }

    /// Returns the number of bytes before the place of the problem.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Problem {
    #[error("bytes end within {what}")]
    End { what: &'static str },
    #[error("number is longer than necessary")]
    Longer,
    #[error("number is 2^64 or more")]
    TooLarge,
    #[error("time is {float}, expected a positive number that is not an integer below 2^64")]
    NoTime { float: String },
    #[error("text is not UTF-8")]
    NoText,
    #[error("number of parts is {found}, the bytes left hold at most {most}")]
    TooMany { found: u64, most: usize },
    #[error("{reason}")]
    Impossible { reason: String },
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("not a file of {content}, which begins with `{magic}`")]
    OtherFile { content: &'static str, magic: &'static str },
    #[error("{content} have version {found}, supported is {known}")]
    OtherVersion { content: &'static str, found: u64, known: u64 },
    #[error("checksum is {found:08x}, expected {expected:08x}: bytes are missing or damaged")]
    Checksum { found: u32, expected: u32 },
    #[error("{content} have the statistic `{found}`, expected `{expected}`")]
    OtherTag { content: &'static str, found: String, expected: String },
    #[error("unit has the number {found}, expected 0 to {max}")]
    NoUnit { found: u64, max: usize },
    #[error("instance {instance} is there twice")]
    InstanceTwice { instance: Instance },
    #[error("block at {start:?} follows one at {before:?}, blocks must ascend")]
    BlocksDescend { start: Stamp, before: Stamp },
    #[error("row `{name}` follows one that is seen later or has the same number and a larger name")]
    RowsDescend { name: String },
    #[error("row `{name}` is there twice")]
    RowTwice { name: String },
    #[error("{} after the last block", counted(*left as u64, "byte"))]
    Trailing { left: usize },
}
