//! Publishing what a process records.

use std::fmt;
use std::ops::Deref;

use core_actions::{ActionName, AsWords, BinaryForm, Count, Unit, WindowedTracker};
use core_time::{EventCounter, Instance, Stamp};

use crate::cell::Cell;
use crate::error::PublishError;
use crate::mirror::Mirror;
use crate::outbox::{Flushed, Outbox};
use crate::rows::Form;
use crate::source::{CounterSource, Source, TrackerSource};
use crate::spec::StoreSpec;
use crate::store::Store;

/// Publishes the rows of one tracker or one counter in a store.
///
/// Each [`flush`](Self::flush) sends the buckets that changed, with absolute values. So it may fail
/// at any time, and the next one makes up for it; what the store has lost is sent again. While the
/// store is away, the source goes on recording. Only what leaves the span before it is stored is
/// missing, and [counted](Self::lost).
///
/// When it is dropped, it flushes once more, and says that it ended: readers do not wait for it.
/// To flush in the background, [`spawn`](Self::spawn) it.
///
/// # Identity
///
/// A publisher writes under the identity of its tracker or counter. Publish each in one set once.
/// A tracker that was restored from a snapshot continues where it was.
///
/// # Memory
///
/// The rows within the span twice, as values and as bytes: about that of the tracker.
///
/// # Examples
///
/// ```
/// use core_actions::{Mean, WindowedTracker};
/// use std::sync::Arc;
/// use std::time::Duration;
/// use store::{MemoryStore, Publisher, StoreSpec, Reader};
///
/// let store = MemoryStore::default();
/// let tracker = || Ok::<_, Box<dyn std::error::Error>>(
///     Arc::new(WindowedTracker::<Mean>::new(Default::default())?)
/// );
/// let (one, two) = (tracker()?, tracker()?);
/// let publish = |tracker: &Arc<_>| {
///     Publisher::of_tracker(Arc::clone(tracker), store.clone(), StoreSpec::default())
/// };
/// let mut publishers = [publish(&one)?, publish(&two)?];
/// one.record("jump", 100)?;
/// two.record("jump", 300)?;
/// for publisher in &mut publishers {
///     publisher.flush()?;
/// }
///
/// let mut reader = Reader::<Mean>::new(store, &StoreSpec::default(), one.spec().unit)?;
/// let view = reader.read(Duration::from_secs(60))?;
/// let minute = view.window(Duration::from_secs(60))?;
/// assert_eq!((minute.rows()[0].count(), minute.rows()[0].mean()), (2, 200.0));
/// assert_eq!((view.writers().len(), view.is_complete()), (2, true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Publisher<S: BinaryForm> {
    source: Box<dyn Source<S>>,
    mirror: Mirror<S>,
    outbox: Outbox,
    store: Box<dyn Store>,
    writer: Instance,
    spec: StoreSpec,
    lost: u64,
    has_ended: bool,
}

impl<S: BinaryForm> Publisher<S> {
    /// Creates a publisher of a tracker.
    ///
    /// # Errors
    ///
    /// [`PublishError::Resolution`] if the resolution is not a multiple of the tracker's,
    /// [`PublishError::Instances`] if snapshots of others were merged into the tracker.
    pub fn of_tracker(
        tracker: impl Deref<Target = WindowedTracker<S>> + Send + 'static,
        store: impl Store + 'static,
        spec: StoreSpec,
    ) -> Result<Self, PublishError>
    where
        S::Value: AsWords,
    {
        let source = TrackerSource::new(tracker, spec.resolution)?;
        let unit = source.unit();
        Self::of(Box::new(source), unit, Box::new(store), spec)
    }

    fn of(
        mut source: Box<dyn Source<S>>,
        unit: Unit,
        store: Box<dyn Store>,
        spec: StoreSpec,
    ) -> Result<Self, PublishError> {
        spec.window()?;
        let mut mirror = Mirror::new(Form { resolution: spec.resolution, unit });
        let (writer, revision) = source.collect(&mut mirror)?;
        let keep = spec.keep();
        let outbox = Outbox::new(writer, spec.interval, keep);
        let mut publisher =
            Self { source, mirror, outbox, store, writer, spec, lost: 0, has_ended: false };
        publisher.put(revision)?;
        Ok(publisher)
    }

    /// Sends what changed.
    ///
    /// # Errors
    ///
    /// [`PublishError::Store`] if the store did not take everything, which the next flush sends,
    /// [`PublishError::Foreign`] if another process writes under the same identity, and as
    /// [`of_tracker`](Self::of_tracker).
    pub fn flush(&mut self) -> Result<Flushed, PublishError> {
        let (_, revision) = self.source.collect(&mut self.mirror)?;
        self.put(revision)?;
        let oldest = self.oldest(self.source.now());
        self.mirror.forget(oldest);
        self.lost += self.outbox.forget(oldest) as u64;
        let flushed = self.outbox.flush(&mut *self.store)?;
        if flushed.foreign > 0 {
            return Err(PublishError::Foreign { writer: self.writer, cells: flushed.foreign });
        }
        Ok(flushed)
    }

    /// Puts the cells that differ from those before into the outbox.
    fn put(&mut self, revision: u64) -> Result<(), PublishError> {
        for (place, value) in self.mirror.changed(self.writer)? {
            if self.outbox.get(place) != Some(&value[..]) {
                self.outbox.put(Cell { place, revision, value });
            }
        }
        Ok(())
    }

    /// Returns the oldest bucket that a window touches.
    fn oldest(&self, now: Stamp) -> i64 {
        self.mirror.form().bucket(now - self.spec.span)
    }

    /// Returns the identity that the publisher writes under.
    #[must_use]
    pub fn writer(&self) -> Instance {
        self.writer
    }

    /// Returns the number of cells that the store does not have yet.
    ///
    /// What was recorded since the last flush is not counted.
    #[must_use]
    pub fn unflushed(&self) -> usize {
        self.outbox.unflushed()
    }

    /// Returns the number of cells that left the span before they were stored.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    pub(crate) fn spec(&self) -> &StoreSpec {
        &self.spec
    }

    /// Flushes for the last time.
    ///
    /// # Errors
    ///
    /// As [`flush`](Self::flush); what is not stored then is lost.
    pub fn end(mut self) -> Result<Flushed, PublishError> {
        self.flush_last()
    }

    pub(crate) fn flush_last(&mut self) -> Result<Flushed, PublishError> {
        self.has_ended = true;
        self.outbox.end();
        self.flush()
    }
}

impl Publisher<Count> {
    /// Creates a publisher of an event counter, as records of an action.
    ///
    /// # Errors
    ///
    /// [`PublishError::Name`] if the name is not valid, and as [`of_tracker`](Self::of_tracker).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Count, Unit};
    /// use core_time::EventCounter;
    /// use std::sync::Arc;
    /// use std::time::Duration;
    /// use store::{MemoryStore, Publisher, Reader, StoreSpec};
    ///
    /// let (store, spec) = (MemoryStore::default(), StoreSpec::counts());
    /// let counter = Arc::new(EventCounter::default());
    /// let publisher =
    ///     Publisher::of_counter("logins", Arc::clone(&counter), store.clone(), spec.clone())?;
    /// counter.record_many(3);
    /// publisher.end()?;
    ///
    /// let mut reader = Reader::<Count>::new(store, &spec, Unit::default())?;
    /// let minute = Duration::from_secs(60);
    /// assert_eq!(reader.read(minute)?.get("logins", minute)?.count(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_counter(
        name: &str,
        counter: impl Deref<Target = EventCounter> + Send + 'static,
        store: impl Store + 'static,
        spec: StoreSpec,
    ) -> Result<Self, PublishError> {
        let name = ActionName::new(name)?.as_str().to_owned();
        let source = CounterSource::new(counter, name, spec.resolution)?;
        Self::of(Box::new(source), Unit::default(), Box::new(store), spec)
    }
}

impl<S: BinaryForm> Drop for Publisher<S> {
    fn drop(&mut self) {
        if !self.has_ended {
            // There is nobody to report an error to; `end` returns it.
            let _ = self.flush_last();
        }
    }
}

impl<S: BinaryForm> fmt::Debug for Publisher<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("writer", &self.writer)
            .field("spec", &self.spec)
            .field("lost", &self.lost)
            .finish_non_exhaustive()
    }
}
