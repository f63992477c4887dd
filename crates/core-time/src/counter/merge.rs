//! Snapshots of a counter: taking, merging and restoring them.

use super::{EventCounter, Merged};
use crate::clock::Clock;
use crate::snapshot::{
    CounterChanges, CounterCursor, CounterSnapshot, Destination, SnapshotError, check_same_tiers,
};

impl EventCounter {
    /// Returns the content of the counter, as a value to keep, send, merge and restore.
    ///
    /// # Complexity
    ///
    /// Linear in the number of buckets that are held, and allocates for them.
    ///
    /// # Concurrency
    ///
    /// All buckets and the total are of one state, as in [`series`](Self::series).
    #[must_use]
    pub fn snapshot(&self) -> CounterSnapshot {
        let mut merged = self.lock_merged();
        // Read under the lock, so that the snapshot with the larger revision is the later one. No
        // clock waits for this lock: whatever takes it reads the clock, so the clock would never
        // return.
        let now = self.axis.clock.now();
        merged.revision += 1;
        let instances = merged.instances.with(self.instance.here());
        let contents = self.counts.contents(&self.cells, now);
        let header = (instances, merged.revision);
        CounterSnapshot::new(header, self.spec().clone(), now, contents, self.refused())
    }

    /// Returns the buckets whose events changed since the last call with this cursor.
    ///
    /// Each has all of its events, not only those since then. At the first call, and for a cursor
    /// of another counter, they are all buckets with events.
    ///
    /// The revision is larger than that of all earlier snapshots and changes of the counter.
    ///
    /// # Complexity
    ///
    /// As [`snapshot`](Self::snapshot), of which the cursor keeps one.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_time::{CounterCursor, EventCounter, ManualClock, Stamp};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let counter = EventCounter::with_clock(Default::default(), clock.clone());
    /// counter.record_many(7);
    /// let mut cursor = CounterCursor::default();
    /// assert!(counter.changes(&mut cursor).is_complete());
    ///
    /// clock.advance(Duration::from_secs(2));
    /// counter.record_many(5);
    /// counter.record_at(Stamp::from_secs(1_000), 1)?;
    /// let changes = counter.changes(&mut cursor);
    /// let [late, now] = [1_000, 1_002].map(Stamp::from_secs);
    /// assert!(changes.buckets(0).eq([(late, 8), (now, 5)]));
    /// assert!(counter.changes(&mut cursor).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changes(&self, cursor: &mut CounterCursor) -> CounterChanges {
        cursor.look(self.instance, self.snapshot())
    }

    /// Adds the events of a snapshot of other counters.
    ///
    /// Counts them as if they had been recorded here, each in its bucket. Events in buckets that
    /// are not held any more are only in the [`total`](Self::total). Refusals are not added. The
    /// counter keeps the [instances](crate::Instances) of a snapshot with events until the next
    /// reset, 16 bytes each and at most [`Instances::MAX`](crate::Instances::MAX).
    ///
    /// # Errors
    ///
    /// - [`SnapshotError::OtherTiers`] if the counter has other tiers.
    /// - [`SnapshotError::Instances`] if events of the same counter are here already, including
    ///   this one, or if the instances are too many.
    /// - [`SnapshotError::TooManyEvents`] if a bucket or the total has no room.
    /// - [`SnapshotError::TooNew`] if the snapshot, or one of its buckets, is further ahead of the
    ///   clock than the tolerance. That includes a bucket for which the counter of the snapshot
    ///   evicted others before its clock stepped back.
    ///
    /// Nothing is added then.
    ///
    /// # Complexity
    ///
    /// As many late records as there are buckets with events, under one lock. Threads that record
    /// in their open bucket do not wait.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::EventCounter;
    /// # use std::time::Duration;
    /// let (here, there) = (EventCounter::default(), EventCounter::default());
    /// here.record();
    /// there.record_many(2);
    /// here.merge(&there.snapshot())?;
    /// assert_eq!(here.count(Duration::from_secs(300))?.events, 3);
    /// assert!(here.merge(&there.snapshot()).is_err()); // Its events would be counted twice.
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn merge(&self, snapshot: &CounterSnapshot) -> Result<(), SnapshotError> {
        self.merge_into(snapshot, Destination::Running)
    }

    fn merge_into(
        &self,
        snapshot: &CounterSnapshot,
        into: Destination,
    ) -> Result<(), SnapshotError> {
        check_same_tiers(self.spec(), snapshot.spec())?;
        let now = self.axis.clock.now();
        // The other counter's clock may have lagged, and accepted stamps further ahead.
        let ahead_max = self.spec().ahead_max(self.spec().resolution());
        snapshot.check_not_ahead(now, ahead_max, into)?;
        let mut merged = self.lock_merged();
        let empty = snapshot.total() == 0;
        let instances = merged.instances.accept(snapshot.instances(), empty, self.instance)?;
        self.counts.merge(&self.cells, snapshot, now)?;
        merged.instances = instances;
        Ok(())
    }

    /// Makes a counter that continues from a snapshot, with a system clock.
    ///
    /// It has an instance of the snapshot, so the two cannot be merged: both have the events before
    /// it. The clock may be behind the time of the snapshot by the tolerance. Buckets that the
    /// counter had evicted before its clock stepped back stay evicted.
    ///
    /// # Errors
    ///
    /// As [`merge`](Self::merge).
    pub fn restore(snapshot: &CounterSnapshot) -> Result<Self, SnapshotError> {
        Self::new(snapshot.spec().clone()).with(snapshot)
    }

    /// Makes a counter that continues from a snapshot, with a custom clock.
    ///
    /// # Errors
    ///
    /// As [`merge`](Self::merge).
    pub fn restore_with_clock(
        snapshot: &CounterSnapshot,
        clock: impl Clock,
    ) -> Result<Self, SnapshotError> {
        Self::with_clock(snapshot.spec().clone(), clock).with(snapshot)
    }

    fn with(mut self, snapshot: &CounterSnapshot) -> Result<Self, SnapshotError> {
        self.merge_into(snapshot, Destination::New)?;
        self.axis.refused.add_all(snapshot.refused());
        // Continues as one of the instances, so that repeated restores do not add more of them.
        let mut instances = snapshot.instances().clone();
        let own = instances.pop();
        *self.lock_merged() = Merged { instances, revision: snapshot.revision() };
        self.instance = own.unwrap_or(self.instance);
        Ok(self)
    }
}
