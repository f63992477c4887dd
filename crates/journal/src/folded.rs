//! What is folded from the log, in a file of redb.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use redb::{Database, ReadableDatabase as _, TableDefinition};

use crate::error::JournalError;

const STATE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("state");
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
const KEY: &str = "folded";

/// The state up to a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Folded {
    /// The number of the last batch that it has.
    pub(crate) last: u64,
    pub(crate) state: Option<Vec<u8>>,
}

/// The file, which is opened for each fold: after an error, redb has to be opened again anyway.
#[derive(Debug)]
pub(crate) struct Store(PathBuf);

impl Store {
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.join("folded.redb"))
    }

    /// Reads what was folded last.
    pub(crate) fn read(&self) -> Result<Folded, JournalError> {
        if !self.0.exists() {
            return Ok(Folded::default());
        }
        self.try_read().map_err(|error| self.error(&error))
    }

    fn try_read(&self) -> Result<Folded, redb::Error> {
        let database = self.open()?;
        let transaction = database.begin_read()?;
        let numbers = match transaction.open_table(NUMBERS) {
            // The process ended before the first commit.
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Folded::default()),
            numbers => numbers?,
        };
        let state = transaction.open_table(STATE)?;
        let last = numbers.get(KEY)?.map_or(0, |last| last.value());
        let state = state.get(KEY)?.map(|state| state.value().to_vec());
        Ok(Folded { last, state })
    }

    /// Replaces the state, with the number of its last batch in the same transaction.
    ///
    /// It is on the disk when this returns.
    pub(crate) fn write(&self, last: u64, state: &[u8]) -> Result<(), JournalError> {
        self.try_write(last, state).map_err(|error| self.error(&error))
    }

    fn try_write(&self, last: u64, state: &[u8]) -> Result<(), redb::Error> {
        let database = self.open()?;
        let transaction = database.begin_write()?;
        {
            transaction.open_table(NUMBERS)?.insert(KEY, last)?;
            transaction.open_table(STATE)?.insert(KEY, state)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Opens the file. One whose creation was not finished is removed first.
    ///
    /// redb writes its mark at the start of a file last, and does not open a file without it.
    fn open(&self) -> Result<Database, redb::Error> {
        const MARK_BYTES: u64 = 9;
        if let Ok(file) = File::open(&self.0) {
            let mut start = Vec::new();
            file.take(MARK_BYTES).read_to_end(&mut start)?;
            if start.iter().all(|&byte| byte == 0) {
                fs::remove_file(&self.0)?;
            }
        }
        Ok(Database::create(&self.0)?)
    }

    fn error(&self, error: &redb::Error) -> JournalError {
        match error {
            redb::Error::Io(error) => JournalError::System {
                action: "use",
                path: self.0.clone(),
                reason: error.to_string(),
                kind: error.kind(),
            },
            error => JournalError::Store { path: self.0.clone(), reason: error.to_string() },
        }
    }
}
