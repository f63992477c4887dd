//! Actions that survive the process: a journal of bodies, and the state that they lead to.

use std::path::PathBuf;
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use facade::codec::DecodeOptions;
use facade::{WindrowBuilder, WindrowSnapshot};
use journal::{Journal, JournalError, Level, Recovery, RecoveryReport};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::batch::{BatchHead, FORM};
use super::choice::BodyHead;
use super::keys::{Key, SavedKey};
use super::outcome::Reply;
use super::record::Arrival;
use super::{Ingest, Shared};

/// The bytes of bodies after which the journal is folded.
const FOLD_BYTES: u64 = 64 << 20;

/// Where actions are kept, and how.
#[derive(Debug, Clone)]
pub struct Durability {
    /// The folder of the journal, which is created if there is none. One server uses it at a time.
    pub folder: PathBuf,
    /// The level of requests that ask for none.
    pub level: Level,
    /// The options by which bodies are decoded, as text.
    ///
    /// After a crash, logged bodies are decoded again. A log that was written with another text is
    /// refused.
    pub options: String,
}

/// Why kept actions cannot be read back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DurabilityError {
    /// The folder cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The settings contradict each other, or what was kept.
    #[error("actions of `{}` cannot be restored", folder.display())]
    Windrow {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        error: facade::Error,
    },
    /// What was kept has another form.
    #[error("`{}` was written by another version of this program", folder.display())]
    OtherVersion {
        /// The folder.
        folder: PathBuf,
    },
}

/// A journal that is in use.
pub(super) struct Kept {
    pub(super) journal: Journal,
    pub(super) level: Level,
}

/// The state up to a batch.
#[derive(Serialize, Deserialize)]
struct Saved {
    windrow: WindrowSnapshot,
    keys: Vec<SavedKey>,
}

impl Saved {
    /// Reads the state, which has its form in front.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (form, state) = bytes.split_first_chunk()?;
        if u64::from_le_bytes(*form) != FORM {
            return None;
        }
        postcard::from_bytes(state).ok()
    }

    fn to_bytes(&self) -> Vec<u8> {
        let form = FORM.to_le_bytes().to_vec();
        postcard::to_extend(self, form).expect("a vector has room, and the state has no maps")
    }
}

impl Ingest {
    /// Creates an endpoint that keeps actions in a journal, and reads back those that it has.
    ///
    /// Requests choose a level by the header `durability`: `memory`, `written` or `synced`. The
    /// answer names the level, and comes when the actions have it. A level that the disk refuses
    /// is answered with status 507; `memory` goes on.
    ///
    /// The [`Windrow`](facade::Windrow) is made by `builder`, with all that was kept. The caller
    /// [folds](Self::fold) the journal from time to time and at the end.
    ///
    /// # Errors
    ///
    /// [`DurabilityError`] if the folder cannot be used, or has what does not fit the settings.
    ///
    /// # Examples
    ///
    /// ```
    /// use facade::Windrow;
    /// use facade::codec::DecodeOptions;
    /// use service::{Durability, Ingest, Level};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let durability = Durability {
    ///     folder: folder.path().to_owned(),
    ///     level: Level::Written,
    ///     options: String::new(),
    /// };
    /// let default = |_: &service::BodyHead<'_>| Ok(DecodeOptions::default());
    /// let (ingest, report) = Ingest::durable(Windrow::builder(), default, &durability)?;
    /// assert_eq!(report.batches, 0); // Since the last fold.
    /// ingest.fold()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn durable<F>(
        builder: WindrowBuilder,
        choose: F,
        durability: &Durability,
    ) -> Result<(Self, RecoveryReport), DurabilityError>
    where
        F: Fn(&BodyHead<'_>) -> Result<DecodeOptions, String> + Send + Sync + 'static,
    {
        let Durability { folder, level, options } = durability;
        let purpose = xxh3_64_with_seed(options.as_bytes(), FORM);
        let other_version = || DurabilityError::OtherVersion { folder: folder.clone() };
        let recovery = Recovery::open(folder, purpose)?;
        let saved = match recovery.folded() {
            Some(bytes) => Some(Saved::from_bytes(bytes).ok_or_else(other_version)?),
            None => None,
        };
        let windrow = match &saved {
            Some(saved) => builder.restore(&saved.windrow),
            None => builder.build(),
        };
        let windrow =
            windrow.map_err(|error| DurabilityError::Windrow { folder: folder.clone(), error })?;
        let ingest = Self::with_options(&windrow, choose);
        if let Some(saved) = saved {
            ingest.0.keys.restore(saved.keys);
        }
        let mut is_readable = true;
        let (journal, report) =
            recovery.replay(|batch| is_readable &= ingest.0.replay(batch).is_some())?;
        if !is_readable {
            return Err(other_version());
        }
        let _ = ingest.0.kept.set(Kept { journal, level: *level });
        Ok((ingest, report))
    }

    /// Saves the state in the journal, so that its log is empty.
    ///
    /// Requests wait while the state is copied. Without a journal, it does nothing.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the disk refuses it. What was kept is kept then.
    pub fn fold(&self) -> Result<(), JournalError> {
        let Some(Kept { journal, .. }) = self.0.kept.get() else { return Ok(()) };
        let (windrow, keys) = (&self.0.windrow, &self.0.keys);
        journal.fold(
            || Saved { windrow: windrow.snapshot(), keys: keys.save() },
            |saved| saved.to_bytes(),
        )
    }

    /// Returns whether the journal should be folded, `since` the last time.
    ///
    /// A fold is due after 64 MiB of bodies, or after a minute if there were bodies or the journal
    /// has failed.
    #[must_use]
    pub fn is_fold_due(&self, since: Duration) -> bool {
        self.0.kept.get().is_some_and(|Kept { journal, .. }| {
            let bytes = journal.unfolded();
            bytes >= FOLD_BYTES
                || since >= Duration::from_secs(60) && (bytes > 0 || journal.failure().is_some())
        })
    }

    /// Returns why the journal does not keep what it should; `None` if it does, or there is none.
    #[must_use]
    pub fn failure(&self) -> Option<JournalError> {
        self.0.kept.get().and_then(|kept| kept.journal.failure())
    }
}

impl Shared {
    /// Records a batch of the journal as at the moment when it came.
    fn replay(&self, batch: &[u8]) -> Option<()> {
        let (head, body) = BatchHead::split(batch)?;
        let mut headers = HeaderMap::new();
        if !head.content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_bytes(head.content_type).ok()?);
        }
        let query = Some(head.query);
        // A body that was refused as a whole is refused again.
        let outcome = self.record(&headers, query, body, Arrival::Before(head.at));
        if !head.key.is_empty()
            && let Ok(outcome) = outcome
        {
            let reply = Reply::new(&outcome, Some(head.level));
            self.keys.insert(Key::new(head.key), head.content, head.at, reply);
        }
        Some(())
    }
}
