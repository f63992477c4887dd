//! What a caller waits for before it acknowledges a batch.

use tokio::sync::oneshot;

use crate::error::JournalError;
use crate::level::Level;

/// Shows that a batch was applied, and waits until it has its level.
#[derive(Debug)]
#[must_use = "a batch has its level when the receipt says so"]
pub struct Receipt {
    level: Level,
    /// Answers when the log is on the disk.
    pub(crate) synced: Option<oneshot::Receiver<Result<(), JournalError>>>,
}

impl Receipt {
    pub(crate) fn new(level: Level) -> Self {
        Self { level, synced: None }
    }

    /// Returns the level that the batch has once this is waited for.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Waits until the batch has its level.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the disk does not confirm it. The batch was applied all the same, and is
    /// in the log: sending it again would count it twice.
    pub async fn wait(self) -> Result<(), JournalError> {
        match self.synced {
            // Without an answer the journal has ended.
            Some(synced) => synced.await.unwrap_or(Err(JournalError::Unsynced)),
            None => Ok(()),
        }
    }

    /// Waits like [`wait`](Self::wait), blocking the thread.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Self::wait).
    ///
    /// # Panics
    ///
    /// In a task of tokio, which must not block.
    pub fn wait_blocking(self) -> Result<(), JournalError> {
        match self.synced {
            Some(synced) => synced.blocking_recv().unwrap_or(Err(JournalError::Unsynced)),
            None => Ok(()),
        }
    }
}
