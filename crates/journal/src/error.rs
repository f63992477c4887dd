//! Why something is not durable, or cannot be read back.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a journal cannot be opened, or does not keep a batch.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process uses the folder.
    #[error("`{}` is used by another process, give each its own folder", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The system refuses to read or write a file.
    #[error("cannot {action} `{}`: {reason}", path.display())]
    System {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
        /// Its kind; [`StorageFull`](io::ErrorKind::StorageFull) for a full disk.
        kind: io::ErrorKind,
    },
    /// A file is not a log of this version.
    #[error("`{}` is not a log of version 1, move it out of the folder", path.display())]
    NotALog {
        /// The file.
        path: PathBuf,
    },
    /// The log has batches that were written for another purpose.
    #[error(
        "`{}` is of a server that was killed and had other options: start it with those once, end \
         it by SIGTERM, then change them",
        path.display()
    )]
    OtherPurpose {
        /// The file.
        path: PathBuf,
    },
    /// Batches are missing between two that are there.
    #[error(
        "batches {expected} to {} are missing in front of `{}`, restore its folder",
        found - 1,
        path.display()
    )]
    Missing {
        /// The first one that is missing.
        expected: u64,
        /// The one that is there instead.
        found: u64,
        /// The file that has it.
        path: PathBuf,
    },
    /// The store of what was folded cannot be used.
    #[error("cannot use `{}`: {reason}", path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// What the store says.
        reason: String,
    },
    /// A batch is too long.
    #[error("batch is {len} bytes, limit is {max}")]
    TooLong {
        /// Its length.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// The disk did not confirm earlier batches, so that later ones may follow a gap.
    #[error("the log was not synced, no batch is written until it is folded")]
    Unsynced,
}

impl JournalError {
    /// Makes an error of one of the system, for `map_err`.
    pub(crate) fn of(action: &'static str, path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |error| Self::System {
            action,
            path: path.clone(),
            reason: error.to_string(),
            kind: error.kind(),
        }
    }
}
