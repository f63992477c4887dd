//! Reads a folder back after the process has ended, however it ended.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::JournalError;
use crate::folded::{Folded, Store};
use crate::journal::Journal;
use crate::log::Log;
use crate::segment;

/// A folder that is being read, before batches are appended.
#[derive(Debug)]
#[must_use = "a journal starts after the replay"]
pub struct Recovery {
    folder: PathBuf,
    purpose: u64,
    /// Held while the folder is used.
    lock: File,
    store: Store,
    folded: Folded,
}

/// What a replay found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveryReport {
    /// The number of batches that were replayed.
    pub batches: u64,
    /// What was left out, in the order of the log.
    pub cut: Vec<CutTail>,
}

/// The end of a file that is not a whole batch, because the process or the machine ended while it
/// was written.
///
/// No batch in it was acknowledged as synced. One that was acknowledged as written is in it only
/// if the machine ended, or the file was damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CutTail {
    /// The file.
    pub path: PathBuf,
    /// Where the last whole batch ends.
    pub at: u64,
    /// The number of bytes that were left out.
    pub bytes: u64,
}

impl std::fmt::Display for CutTail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, at, bytes } = self;
        let path = path.display();
        write!(
            f,
            "the last {bytes} bytes of `{path}` are left out: a batch that was not written to its \
             end (byte {at})"
        )
    }
}

impl Recovery {
    /// Opens a folder, which is created if there is none, and reads the state that was folded.
    ///
    /// `purpose` says what the batches mean: a log of another one is refused, so that no batch is
    /// replayed by rules that it was not written for.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if another process uses the folder, or it cannot be read or written.
    pub fn open(folder: impl AsRef<Path>, purpose: u64) -> Result<Self, JournalError> {
        let folder = folder.as_ref();
        fs::create_dir_all(folder).map_err(JournalError::of("create", folder))?;
        let path = folder.join("lock");
        let of = JournalError::of("lock", &path);
        let lock = File::options().create(true).append(true).open(&path).map_err(&of)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => JournalError::InUse { path: folder.to_owned() },
            TryLockError::Error(error) => of(error),
        })?;
        let store = Store::new(folder);
        let folded = store.read()?;
        Ok(Self { folder: folder.to_owned(), purpose, lock, store, folded })
    }

    /// Returns the state that was folded last; `None` if there is none.
    #[must_use]
    pub fn folded(&self) -> Option<&[u8]> {
        self.folded.state.as_deref()
    }

    /// Replays the batches since then, in the order of their numbers, and starts the journal.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if a file cannot be read, is not of this journal, or batches are missing
    /// between others. Nothing in the folder changes then.
    ///
    /// # Complexity
    ///
    /// Linear in the log; the memory of one batch.
    pub fn replay(
        self,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(Journal, RecoveryReport), JournalError> {
        let mut report = RecoveryReport::default();
        let mut last = self.folded.last;
        let mut bytes = 0;
        let segments = segment::list(&self.folder)?;
        for &index in &segments {
            let path = segment::path(&self.folder, index);
            let end = segment::read(&path, index, self.purpose, |number, batch, is_own| {
                if number <= last {
                    return Ok(()); // Folded before the file was removed.
                }
                if !is_own {
                    return Err(JournalError::OtherPurpose { path: path.clone() });
                }
                if number != last + 1 {
                    let (expected, path) = (last + 1, path.clone());
                    return Err(JournalError::Missing { expected, found: number, path });
                }
                each(batch);
                last = number;
                bytes += batch.len() as u64;
                report.batches += 1;
                Ok(())
            })?;
            if end.rest > 0 {
                report.cut.push(CutTail { path, at: end.at, bytes: end.rest });
            }
        }
        // Never after a tail that was cut, which the next reader would stop at.
        let index = segments.last().map_or(1, |index| index + 1);
        let file = segment::create(&self.folder, index, self.purpose)?;
        let log = Log::start(file, segment::path(&self.folder, index), last, bytes)?;
        let Self { folder, purpose, lock, store, .. } = self;
        Ok((Journal::new(folder, purpose, lock, store, log, index), report))
    }
}
