//! A store in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use core_time::{Clock, CoarseClock, Instance, Stamp};

use crate::cell::{Cell, Place, STRIPES, Version, stripe_of};
use crate::error::StoreError;
use crate::store::{Batch, BucketContents, Contents, Reply, Store, StoredCell, WriterState};

/// Keeps cells in memory; each clone is another connection to the same store.
///
/// For several threads of one process, and for tests of what is built on a [`Store`]: it can lose
/// everything and return to earlier contents, as a server does. [`Faulty`](crate::Faulty) adds the
/// faults of a network.
///
/// # Examples
///
/// See [`Publisher`](crate::Publisher).
#[derive(Debug, Clone)]
pub struct MemoryStore {
    server: Arc<Mutex<Server>>,
    clock: Arc<dyn Clock>,
}

/// The contents of a [`MemoryStore`] at a moment, as a server saves them to a file.
#[derive(Debug, Clone)]
pub struct Dump(Stripes);

type Stripes = [Stripe; STRIPES];

#[derive(Debug, Default)]
struct Server {
    stripes: Stripes,
    /// The number of changes, which are the versions of buckets. Survives a loss.
    changes: u64,
}

#[derive(Debug, Clone, Default)]
struct Stripe {
    writers: BTreeMap<Instance, Seen>,
    buckets: BTreeMap<i64, Bucket>,
}

#[derive(Debug, Clone)]
struct Seen {
    sequence: u64,
    at: Stamp,
    interval: Option<Duration>,
    keep: Duration,
}

#[derive(Debug, Clone)]
struct Bucket {
    version: u64,
    until: Stamp,
    cells: BTreeMap<(Instance, u32), (u64, Vec<u8>)>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_clock(CoarseClock)
    }
}

impl MemoryStore {
    /// Creates a store with a clock.
    #[must_use]
    pub fn with_clock(clock: impl Clock) -> Self {
        Self { server: Arc::default(), clock: Arc::new(clock) }
    }

    /// Loses everything, as a server without a disk does when it restarts.
    pub fn wipe(&self) {
        self.server().stripes = Stripes::default();
    }

    /// Returns all contents.
    #[must_use]
    pub fn dump(&self) -> Dump {
        Dump(self.server().stripes.clone())
    }

    /// Returns to earlier contents, as a server does that restarts from an old file.
    pub fn restore(&self, dump: &Dump) {
        self.server().stripes = dump.0.clone();
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn write(&mut self, batches: &[Batch<'_>]) -> Vec<Result<Reply, StoreError>> {
        let now = self.clock.now();
        let mut server = self.server();
        server.expire(now);
        batches.iter().map(|batch| Ok(server.write(batch, now))).collect()
    }

    fn now(&mut self) -> Result<Stamp, StoreError> {
        Ok(self.clock.now())
    }

    fn read(&mut self, known: &[(i64, Option<Version>)]) -> Result<Contents, StoreError> {
        let now = self.clock.now();
        let mut server = self.server();
        server.expire(now);
        let stripes = server.stripes.iter().enumerate();
        let writers = stripes.flat_map(|(stripe, Stripe { writers, .. })| {
            writers.iter().map(move |(&writer, &Seen { at: seen, interval, keep, .. })| {
                WriterState { writer, stripe, seen, interval, keep }
            })
        });
        let buckets = known.iter().filter_map(|(bucket, version)| {
            let found = server.stripes[stripe_of(*bucket)].buckets.get(bucket);
            let contents = BucketContents::of(*bucket, found);
            (contents.version != *version).then_some(contents)
        });
        Ok(Contents { writers: writers.collect(), buckets: buckets.collect() })
    }
}

impl BucketContents {
    fn of(bucket: i64, found: Option<&Bucket>) -> Self {
        let cells = found.into_iter().flat_map(|found| &found.cells);
        let cells = cells.map(|(&(writer, chunk), (_, value))| {
            let value = value.clone();
            StoredCell { writer, chunk, value }
        });
        let version = found.map(|found| Version(found.version.to_string()));
        Self { bucket, version, cells: cells.collect() }
    }
}

impl Server {
    fn write(&mut self, batch: &Batch<'_>, now: Stamp) -> Reply {
        let stripe = &mut self.stripes[batch.stripe];
        let Batch { sequence, after, interval, keep, writer, .. } = *batch;
        let before = stripe.writers.get(&writer).map(|seen| seen.sequence);
        if after.is_none() || after <= before && before < Some(sequence) {
            stripe.writers.insert(writer, Seen { sequence, at: now, interval, keep });
        }
        let revisions = batch.cells.iter().map(|cell| {
            let Cell { place: Place { bucket, chunk }, revision, ref value } = **cell;
            let empty = || Bucket { version: 0, until: now, cells: BTreeMap::new() };
            let bucket = stripe.buckets.entry(bucket).or_insert_with(empty);
            bucket.until = now + keep;
            let before = bucket.cells.get(&(writer, chunk)).map(|&(revision, _)| revision);
            if before < Some(revision) {
                bucket.cells.insert((writer, chunk), (revision, value.clone()));
                self.changes += 1;
                bucket.version = self.changes;
            }
            before
        });
        Reply { sequence: before, revisions: revisions.collect() }
    }

    fn expire(&mut self, now: Stamp) {
        for stripe in &mut self.stripes {
            stripe.writers.retain(|_, seen| now <= seen.at + seen.keep);
            stripe.buckets.retain(|_, bucket| now <= bucket.until);
        }
    }
}
