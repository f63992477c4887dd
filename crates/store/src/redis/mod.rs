//! A store on Redis or Valkey.
//!
//! `PROTOCOL.md` describes keys and values, for writers and readers in other languages.

mod connection;
mod keys;
mod url;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use core_time::Stamp;
use redis::{Cmd, Script, cmd};

use crate::cell::{Cell, STRIPES, Version};
use crate::error::StoreError;
use crate::store::{Batch, Contents, Reply, Store};
use connection::Server;
use keys::Keys;
pub use url::StoreUrl;

/// How many batches a writer sends until the states of writers that are gone are dropped.
const PRUNE_EVERY: u64 = 64 * STRIPES as u64;

/// A store on a Redis or Valkey server, version 6 or later, or on a cluster of them.
///
/// All publishers and readers of a *set* share its name. Publish one statistic in a set.
///
/// It connects when it is first used, and again after an error. A server that may drop values when
/// its memory is full is refused. Each answer may take two seconds.
///
/// # Examples
///
/// ```no_run
/// use core_actions::{Summary, WindowedTracker};
/// use std::sync::Arc;
/// use store::{Publisher, RedisStore, StoreSpec};
///
/// let store = RedisStore::new("redis://127.0.0.1".parse()?, "api")?;
/// let tracker = Arc::new(WindowedTracker::<Summary>::new(Default::default())?);
/// let publisher = Publisher::of_tracker(Arc::clone(&tracker), store, StoreSpec::default())?;
/// let publishing = publisher.spawn();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RedisStore {
    url: StoreUrl,
    server: Server,
    keys: Keys,
    script: Script,
}

impl RedisStore {
    /// Creates a store without connecting to it.
    ///
    /// # Errors
    ///
    /// [`StoreError::SetName`] if the set is not 1 to 64 letters, digits, `.`, `-` and `_`.
    pub fn new(url: StoreUrl, set: &str) -> Result<Self, StoreError> {
        Self::of(url, set, None)
    }

    /// Creates a store whose server has a certificate of this authority, in PEM.
    ///
    /// For `rediss://`; otherwise the authorities are those of the system.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_authority(url: StoreUrl, set: &str, pem: Vec<u8>) -> Result<Self, StoreError> {
        Self::of(url, set, Some(pem))
    }

    fn of(url: StoreUrl, set: &str, root: Option<Vec<u8>>) -> Result<Self, StoreError> {
        let (keys, script) = (Keys::new(set)?, Script::new(include_str!("flush.lua")));
        Ok(Self { server: Server::new(url.clone(), root), url, keys, script })
    }

    /// Connects and checks the server, so that a wrong one is refused at once.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Refused`] for a wrong password, for one, and
    /// [`StoreError::Evicts`].
    pub fn connect(&mut self) -> Result<(), StoreError> {
        self.server.connect()
    }

    fn flush(&mut self, batches: &[Batch<'_>]) -> Result<Vec<Reply>, StoreError> {
        let commands: Vec<_> = batches.iter().map(|batch| self.command(batch)).collect();
        let answers = match self.server.send(&commands) {
            Err(StoreError::Refused(why))
                if why.contains("NOSCRIPT") || why.contains("NoScript") =>
            {
                let script = include_str!("flush.lua");
                self.server.send_one(cmd("SCRIPT").arg("LOAD").arg(script))?;
                self.server.send(&commands)?
            }
            answers => answers?,
        };
        let replies = batches.iter().zip(&answers);
        let reply = |(batch, answer): (&Batch<'_>, _)| {
            values::reply(&self.keys.state(batch.stripe), answer)
        };
        replies.map(reply).collect()
    }

    fn command(&self, batch: &Batch<'_>) -> Cmd {
        let mut buckets = BTreeMap::<i64, Vec<&Cell>>::new();
        for &cell in &batch.cells {
            buckets.entry(cell.place.bucket).or_default().push(cell);
        }
        let after = batch.after.map(|after| after.to_string()).unwrap_or_default();
        let prunes = batch.sequence % PRUNE_EVERY <= STRIPES as u64;
        let mut command = cmd("EVALSHA");
        command.arg(self.script.get_hash()).arg(1 + buckets.len());
        command.arg(self.keys.state(batch.stripe));
        buckets.keys().for_each(|&bucket| _ = command.arg(self.keys.bucket(bucket)));
        command.arg(batch.writer.to_string()).arg(batch.sequence).arg(after);
        command.arg(millis(batch.interval.unwrap_or_default())).arg(millis(batch.keep));
        command.arg(u8::from(prunes));
        for cells in buckets.values() {
            command.arg(cells.len());
            for Cell { place, revision, value } in cells {
                command.arg(place.chunk).arg(revision).arg(value.as_slice());
            }
        }
        command
    }
}

impl Store for RedisStore {
    fn write(&mut self, batches: &[Batch<'_>]) -> Vec<Result<Reply, StoreError>> {
        match self.flush(batches) {
            Ok(replies) => replies.into_iter().map(Ok).collect(),
            Err(error) => batches.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    fn now(&mut self) -> Result<Stamp, StoreError> {
        let answer = self.server.send_one(&cmd("TIME"))?;
        values::time(&answer).ok_or_else(|| values::foreign("TIME", &answer, "two numbers"))
    }

    fn read(&mut self, known: &[(i64, Option<Version>)]) -> Result<Contents, StoreError> {
        let states = (0..STRIPES).map(|stripe| get_all(&self.keys.state(stripe)));
        let versions = known.iter().map(|&(bucket, _)| {
            let mut command = cmd("HGET");
            command.arg(self.keys.bucket(bucket)).arg(values::VERSION);
            command
        });
        let answers = self.server.send(&states.chain(versions).collect::<Vec<_>>())?;
        let (states, versions) = answers.split_at(STRIPES.min(answers.len()));
        let mut contents = Contents::default();
        for (stripe, value) in states.iter().enumerate() {
            contents.writers.extend(values::writers(&self.keys.state(stripe), stripe, value)?);
        }
        let changed: Vec<_> = known
            .iter()
            .zip(versions)
            .filter(|((_, known), found)| *known != values::version(found))
            .map(|((bucket, _), _)| (*bucket, self.keys.bucket(*bucket)))
            .collect();
        if changed.is_empty() {
            return Ok(contents);
        }
        let commands: Vec<_> = changed.iter().map(|(_, key)| get_all(key)).collect();
        let answers = self.server.send(&commands)?;
        for ((bucket, key), value) in changed.iter().zip(&answers) {
            contents.buckets.push(values::bucket(key, *bucket, value)?);
        }
        Ok(contents)
    }
}

fn get_all(key: &str) -> Cmd {
    let mut command = cmd("HGETALL");
    command.arg(key);
    command
}

/// Returns whole milliseconds, at least 1 unless it is zero.
fn millis(duration: Duration) -> u64 {
    let nanos = duration.as_nanos().div_ceil(1_000_000);
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (url, keys) = (&self.url, &self.keys);
        f.debug_struct("RedisStore").field("url", url).field("keys", keys).finish_non_exhaustive()
    }
}
