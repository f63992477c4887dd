//! Where the records of an input end.

use memchr::{memchr, memrchr};

use crate::input::Input;
#[cfg(feature = "csv")]
use crate::input::{Form, csv::RowEnds};

/// Finds the ends of records in an input that arrives in pieces.
#[derive(Debug, Clone)]
pub(super) enum Ends {
    /// At each line end.
    Lines,
    /// At each line end outside of quotes.
    #[cfg(feature = "csv")]
    Rows(RowEnds),
}

impl Ends {
    pub(super) fn new(input: &Input) -> Self {
        match &input.form {
            #[cfg(feature = "csv")]
            Form::Csv(options) => Self::Rows(RowEnds::new(options.delimiter)),
            _ => Self::Lines,
        }
    }

    /// Starts at the start of a record.
    pub(super) fn start(&mut self) {
        match self {
            Self::Lines => {}
            #[cfg(feature = "csv")]
            Self::Rows(ends) => ends.start(),
        }
    }

    /// Passes all bytes, and returns the end of the last record that ends there.
    pub(super) fn last(&mut self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Lines => memrchr(b'\n', bytes).map(|newline| newline + 1),
            #[cfg(feature = "csv")]
            Self::Rows(ends) => ends.last(bytes),
        }
    }

    /// Passes the first record that ends in `bytes`, and returns its end.
    ///
    /// Passes all bytes if no record ends there.
    pub(super) fn first(&mut self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Lines => memchr(b'\n', bytes).map(|newline| newline + 1),
            #[cfg(feature = "csv")]
            Self::Rows(ends) => ends.first(bytes),
        }
    }
}
