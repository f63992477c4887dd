//! Errors of stores, publishers and readers.

use std::time::Duration;

use core_actions::{BinaryError, FleetError, NameError};
use core_time::{Instance, SpecError, WindowError};
use thiserror::Error;

/// Why a store did not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be reached or does not answer in time. Trying later may help.
    ///
    /// What was sent may be stored or not.
    #[error("store does not answer: {0}")]
    Away(String),
    /// The store refuses a request, and will refuse it again until somebody changes it.
    #[error("store refuses the request: {0}")]
    Refused(String),
    /// The store may drop values when its memory is full.
    #[error(
        "store may evict values, its maxmemory-policy is `{policy}`, expected `noeviction`; \
         run `CONFIG SET maxmemory-policy noeviction`"
    )]
    Evicts {
        /// The policy of the store.
        policy: String,
    },
    /// A key of the store has contents that no writer writes.
    #[error("key `{key}` of the store has {found}, expected {expected}")]
    Foreign {
        /// The key.
        key: String,
        /// What it has, shortened.
        found: String,
        /// What a writer writes.
        expected: &'static str,
    },
    /// A name of a set cannot be part of a key.
    #[error("name of the set is {0:?}, expected 1 to 64 letters, digits, `.`, `-` and `_`")]
    SetName(String),
    /// The URL does not name a store.
    #[error(
        "URL of the store is not valid: {0}; expected redis://HOST:PORT, rediss://HOST:PORT or \
         unix:///PATH"
    )]
    Url(&'static str),
}

/// An error of a [`Publisher`](crate::Publisher).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The store did not take everything. The next flush sends the rest.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No tier of the tracker or counter has buckets that fit into those of the store.
    #[error(
        "buckets of the store are {resolution:?} wide, expected a multiple of {finest:?}, the \
         resolution of what is published"
    )]
    Resolution {
        /// The width of the buckets of the store.
        resolution: Duration,
        /// The finest resolution of the source.
        finest: Duration,
    },
    /// The specification is not valid.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The name of the counter is not valid.
    #[error("name of the counter is not valid")]
    Name(#[from] NameError),
    /// The source has the records of several instances, which would count twice.
    #[error("source has the records of {found} instances, expected those of 1")]
    Instances {
        /// The number of instances.
        found: usize,
    },
    /// The store has later values under the same identity.
    #[error(
        "store has later values of {cells} cells under the identity {writer}; another process \
         publishes a copy of the same tracker, or it was restored from an old snapshot"
    )]
    Foreign {
        /// The identity.
        writer: Instance,
        /// The number of cells.
        cells: usize,
    },
    /// An action has more records in a bucket than a statistic can count.
    #[error("action {action:?} has too many records in one bucket")]
    TooManyRecords {
        /// The action.
        action: String,
    },
}

/// An error of a [`Reader`](crate::Reader).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The window is not valid.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The specification is not valid.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The rows do not make a window.
    #[error(transparent)]
    Fleet(#[from] FleetError),
}

/// Why a cell cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum CellError {
    #[error(transparent)]
    Binary(#[from] BinaryError),
    #[error("{what} is {found}, expected {expected}")]
    Other { what: &'static str, found: String, expected: String },
}
