//! Batches that are applied and kept.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::error::JournalError;
use crate::folded::Store;
use crate::level::Level;
use crate::lock::lock;
use crate::log::Log;
use crate::receipt::Receipt;
use crate::segment;

/// Keeps batches in a log, and the state that they lead to in a store.
///
/// A clone is the same journal. A folder has one journal at a time.
///
/// # Concurrency
///
/// Batches are applied concurrently; a fold waits for those that are being applied, and they wait
/// while it saves the state, not while it is written. When the last clone is dropped, the disk has
/// what was promised.
///
/// # Examples
///
/// ```
/// use journal::{Level, Recovery};
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
///
/// let folder = tempfile::tempdir()?;
/// let sum = AtomicU64::new(0);
/// let add = |batch: &[u8]| _ = sum.fetch_add(batch.len() as u64, Relaxed);
/// let (journal, report) = Recovery::open(folder.path(), 0)?.replay(add)?;
/// assert_eq!(report.batches, 0);
///
/// let ((), receipt) = journal.batch(Level::Synced, &[b"12345"], || add(b"12345"))?;
/// receipt.wait_blocking()?; // From here on, it is not lost.
/// journal.fold(|| sum.load(Relaxed), |sum| sum.to_le_bytes().to_vec())?;
/// let ((), receipt) = journal.batch(Level::Written, &[b"67"], || add(b"67"))?;
/// receipt.wait_blocking()?;
/// drop(journal);
///
/// let recovery = Recovery::open(folder.path(), 0)?;
/// let folded = recovery.folded().and_then(|state| state.first_chunk()).copied();
/// assert_eq!(folded.map(u64::from_le_bytes), Some(5));
/// let mut since = Vec::new();
/// let (_, report) = recovery.replay(|batch| since.extend(batch))?;
/// assert_eq!((since.as_slice(), report.batches), (&b"67"[..], 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    purpose: u64,
    /// Held shared while a batch is appended and applied, so that a saved state has the batches up
    /// to a number, and no other.
    applying: RwLock<()>,
    log: Log,
    /// The number of the segment that is written. Held for a fold.
    folding: Mutex<u64>,
    store: Store,
    _lock: File,
}

impl Journal {
    pub(crate) fn new(
        folder: PathBuf,
        purpose: u64,
        lock: File,
        store: Store,
        log: Log,
        index: u64,
    ) -> Self {
        let (applying, folding) = (RwLock::default(), Mutex::new(index));
        Self(Arc::new(Inner { folder, purpose, applying, log, folding, store, _lock: lock }))
    }

    /// Appends a batch to the log, and applies it.
    ///
    /// `parts` are the batch in pieces, which a replay joins. At [`Level::Memory`] it is applied
    /// but not logged. The receipt says when the batch has its level.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the batch cannot be appended. It is not applied then, and a replay does
    /// not have it.
    ///
    /// # Complexity
    ///
    /// A copy of the batch, its checksum, and one call of the system.
    pub fn batch<R>(
        &self,
        level: Level,
        parts: &[&[u8]],
        apply: impl FnOnce() -> R,
    ) -> Result<(R, Receipt), JournalError> {
        let _applying = self.0.applying.read().unwrap_or_else(PoisonError::into_inner);
        let mut receipt = Receipt::new(level);
        if level > Level::Memory {
            receipt.synced = self.0.log.append(parts, level == Level::Synced)?;
        } else {
            self.0.log.note(parts);
        }
        Ok((apply(), receipt))
    }

    /// Saves the state, writes it to the store, and removes the log up to there.
    ///
    /// `save` returns the state with all batches that were applied; none is applied meanwhile.
    /// `encode` writes it as bytes, while batches go on. A fold also makes a journal whole again
    /// that could not be written.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the store or a new file of the log cannot be written. The log keeps all
    /// batches then, and the store the state that it had.
    pub fn fold<T>(
        &self,
        save: impl FnOnce() -> T,
        encode: impl FnOnce(T) -> Vec<u8>,
    ) -> Result<(), JournalError> {
        self.try_fold(save, encode).inspect_err(|failure| self.0.log.not_folded(failure))
    }

    fn try_fold<T>(
        &self,
        save: impl FnOnce() -> T,
        encode: impl FnOnce(T) -> Vec<u8>,
    ) -> Result<(), JournalError> {
        let Inner { folder, purpose, applying, log, folding, store, .. } = &*self.0;
        let mut index = lock(folding);
        let next = *index + 1;
        let file = segment::create(folder, next, *purpose)?;
        // Most of it before all wait: a later segment must not reach the disk without this one.
        log.sync()?;
        let held = applying.write().unwrap_or_else(PoisonError::into_inner);
        log.sync()?;
        let state = save();
        let turn = log.turn(file, segment::path(folder, next));
        *index = next;
        drop(held);
        store.write(turn.last, &encode(state))?;
        log.folded(&turn);
        segment::remove_before(folder, next);
        Ok(())
    }

    /// Returns the number of bytes of batches that were appended since the last fold.
    #[must_use]
    pub fn unfolded(&self) -> u64 {
        self.0.log.unfolded()
    }

    /// Returns why the latest batch or fold was not kept; `None` if it was.
    #[must_use]
    pub fn failure(&self) -> Option<JournalError> {
        self.0.log.failure()
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("folder", &self.0.folder).finish_non_exhaustive()
    }
}
