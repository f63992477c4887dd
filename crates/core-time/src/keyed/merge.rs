//! Snapshots of a keyed counter: taking, merging and restoring them.

use std::hash::Hash;

use super::counted::Counted;
use super::counter::KeyedCounter;
use super::map::AllKeys;
use super::snapshot::{Events, KeyedSnapshot, Start, TAG, oldest};
use super::spec::KeyedSpec;
use crate::clock::Clock;
use crate::counter::Merged;
use crate::ring::TimeAxis;
use crate::snapshot::{Destination, SnapshotError, SnapshotHeader, check_same_tiers};
use crate::stamp::Stamp;
use crate::sync::Ordering::Relaxed;

impl<K: Hash + Ord + Clone> KeyedCounter<K> {
    /// Returns the content of the counter, as a value to keep, send, merge and restore.
    ///
    /// Keys whose events left all windows are not in it. When they have events again in a restored
    /// counter, they are counted since the start of the counter, or since events of keys were lost.
    ///
    /// # Complexity
    ///
    /// Copies each key and its buckets, and sorts the keys. One shard of keys after the other is
    /// locked while it is copied.
    ///
    /// # Concurrency
    ///
    /// The events of a key are of one moment. Those of two keys may be of different moments, up to
    /// the [time](KeyedSnapshot::at) of the snapshot, which is the last.
    #[must_use]
    pub fn snapshot(&self) -> KeyedSnapshot<K> {
        // Locked all the time, so that the snapshot with the larger revision is the later one.
        let mut merged = self.lock_merged();
        merged.revision += 1;
        let instances = merged.instances.with(self.instance.here());
        let held = self.axis.oldest();
        let mut rows = Vec::new();
        let copied = self.keys.for_each_shard(|keys| {
            let keys = keys.filter(|(_, counted)| !counted.counts.is_expired(held));
            rows.extend(keys.map(|(key, counted)| (key.clone(), events(counted, held))));
            Ok::<_, std::convert::Infallible>(())
        });
        let Ok(()) = copied;
        let admission = self.keys.admission();
        // After the keys: what a key lost while others were copied is known.
        let since_unknown = Self::unknown(&admission).since;
        let (mut other, overflow) = (events(&admission.other, held), admission.overflow);
        drop(admission);
        // After all events, so that none that was recorded now is ahead of it.
        let at = self.axis.now();
        let spec = self.window_spec().clone();
        let newest = self.axis.newest().max(spec.finest().tick(at));
        let oldest = oldest(&spec, newest);
        other.evict_before(oldest);
        rows.iter_mut().for_each(|(_, events)| events.evict_before(oldest));
        rows.retain(|(_, events)| !events.is_empty());
        rows.sort_unstable_by(|(one, _), (two, _)| one.cmp(two));
        KeyedSnapshot {
            header: SnapshotHeader::new(TAG, instances, merged.revision),
            spec,
            at,
            since: self.started(),
            since_unknown,
            newest,
            refused: self.refused(),
            overflow,
            other,
            rows,
        }
    }

    /// Adds the events of a snapshot of other counters.
    ///
    /// Counts them as if they had been recorded here, each in its bucket; buckets that are not held
    /// any more are left out. A key is counted since the first of the counters began; if one of
    /// them lost events of the key, since then. Refusals and overflows are not added, and the
    /// tolerance stays. The counter keeps the [instances](crate::Instances) of a snapshot with
    /// events until the next reset, 16 bytes each and at most
    /// [`Instances::MAX`](crate::Instances::MAX).
    ///
    /// # Errors
    ///
    /// - [`SnapshotError::OtherTiers`] if the counter has other tiers.
    /// - [`SnapshotError::Instances`] if events of the same counter are here already, including
    ///   this one, or if the instances are too many.
    /// - [`SnapshotError::TooManyKeys`] if not all keys have room. None is evicted or folded
    ///   for them.
    /// - [`SnapshotError::TooManyEvents`] if the events of a key overflow.
    /// - [`SnapshotError::TooNew`] if the snapshot, or one of its buckets, is further ahead of the
    ///   clock than the tolerance. That includes a bucket for which the counter of the snapshot
    ///   evicted others before its clock stepped back.
    ///
    /// Nothing is added then.
    ///
    /// # Complexity
    ///
    /// Visits all keys here and in the snapshot, under a lock that all records wait for.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::KeyedCounter;
    /// # use std::time::Duration;
    /// let here = KeyedCounter::<String>::new(Default::default())?;
    /// let there = KeyedCounter::<String>::new(Default::default())?;
    /// here.record("alice")?;
    /// there.record_many("alice", 2)?;
    /// here.merge(&there.snapshot())?;
    /// assert_eq!(here.count("alice", Duration::from_secs(300))?.events, 3);
    /// assert!(here.merge(&there.snapshot()).is_err()); // Its events would be counted twice.
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn merge(&self, snapshot: &KeyedSnapshot<K>) -> Result<(), SnapshotError> {
        self.merge_into(snapshot, Destination::Running)
    }

    fn merge_into(
        &self,
        snapshot: &KeyedSnapshot<K>,
        into: Destination,
    ) -> Result<(), SnapshotError> {
        check_same_tiers(self.window_spec(), &snapshot.spec)?;
        // The other counter's clock may have lagged, and accepted stamps further ahead.
        let ahead_max = self.window_spec().ahead_max(self.window_spec().resolution());
        snapshot.check_not_ahead(self.axis.now(), ahead_max, into)?;
        let mut merged = self.lock_merged();
        let empty = snapshot.is_empty();
        let instances = merged.instances.accept(snapshot.instances(), empty, self.instance)?;
        self.expire();
        let mut all = self.keys.lock_all();
        let newest = self.axis.newest().max(snapshot.newest);
        let oldest = oldest(self.window_spec(), newest);
        self.check_room(&all, snapshot, oldest)?;
        self.axis.observe(newest);
        // ORDERING: Relaxed; under the locks of all shards. See the field.
        self.latest_ahead.fetch_max(snapshot.latest().as_nanos(), Relaxed);
        self.add_all(&mut all, snapshot, oldest);
        merged.instances = instances;
        Ok(())
    }

    /// Checks that all keys and events of a snapshot have room.
    fn check_room(
        &self,
        all: &AllKeys<'_, K, Counted>,
        snapshot: &KeyedSnapshot<K>,
        oldest: i64,
    ) -> Result<(), SnapshotError> {
        let mut found = all.len();
        let fits = |counted: &Counted, events: &Events| {
            let sum = counted.counts.events().checked_add(events.events());
            sum.map(drop).ok_or(SnapshotError::TooManyEvents)
        };
        fits(&all.admission.other, &snapshot.other)?;
        for (key, events) in &snapshot.rows {
            match all.get(key) {
                Some(counted) => fits(counted, events)?,
                None => found += usize::from(events.from(oldest).next().is_some()),
            }
        }
        let max = self.keys.max();
        if found > max { Err(SnapshotError::TooManyKeys { found, max }) } else { Ok(()) }
    }

    /// Adds the events of a snapshot, for which there is room.
    fn add_all(&self, all: &mut AllKeys<'_, K, Counted>, snapshot: &KeyedSnapshot<K>, oldest: i64) {
        let started = self.started();
        let start = |key: Stamp| Start { counter: started, key };
        let unknown = start(Self::unknown(&all.admission).since);
        for (key, counted) in all.iter_mut() {
            counted.since = start(counted.since).of_both(snapshot.start_of(key));
        }
        for (key, events) in &snapshot.rows {
            if let Some(counted) = all.get_mut(key) {
                add(counted, events, oldest);
            } else if events.from(oldest).next().is_some() {
                let mut counted = Counted::new(unknown.of_both(snapshot.start_of(key)));
                add(&mut counted, events, oldest);
                all.insert(key.clone(), counted);
            }
        }
        let both = unknown.of_both(snapshot.start_of_unknown());
        let admission = &mut *all.admission;
        add(&mut admission.other, &snapshot.other, oldest);
        admission.other.since = admission.other.since.min(snapshot.other.since);
        admission.lost = Some(both).filter(|&both| both > started.min(snapshot.since));
        // ORDERING: Relaxed; see `started`.
        self.started.fetch_min(snapshot.since.as_nanos(), Relaxed);
    }

    /// Makes a counter that continues from a snapshot, with a system clock.
    ///
    /// It has an instance of the snapshot, so the two cannot be merged: both have the events before
    /// it. The clock may be behind the time of the snapshot by the tolerance.
    ///
    /// # Errors
    ///
    /// [`SnapshotError::OtherTiers`] if the specification has other tiers, else as
    /// [`merge`](Self::merge).
    pub fn restore(spec: KeyedSpec, snapshot: &KeyedSnapshot<K>) -> Result<Self, SnapshotError> {
        check_same_tiers(&spec.window, &snapshot.spec)?;
        Self::on_one_tier(TimeAxis::new(spec.window.clone()), &spec).with(snapshot)
    }

    /// Makes a counter that continues from a snapshot, with a custom clock.
    ///
    /// # Errors
    ///
    /// As [`restore`](Self::restore).
    pub fn restore_with_clock(
        spec: KeyedSpec,
        snapshot: &KeyedSnapshot<K>,
        clock: impl Clock,
    ) -> Result<Self, SnapshotError> {
        check_same_tiers(&spec.window, &snapshot.spec)?;
        let axis = TimeAxis::with_clock(spec.window.clone(), clock);
        Self::on_one_tier(axis, &spec).with(snapshot)
    }

    fn with(mut self, snapshot: &KeyedSnapshot<K>) -> Result<Self, SnapshotError> {
        // ORDERING: Relaxed; no other thread has the counter.
        self.started.store(snapshot.since.as_nanos(), Relaxed);
        self.keys.admission().other.since = snapshot.since;
        self.merge_into(snapshot, Destination::New)?;
        self.axis.refused.add_all(snapshot.refused);
        self.keys.admission().overflow = snapshot.overflow;
        // Continues as one of the instances, so that repeated restores do not add more of them.
        let mut instances = snapshot.instances().clone();
        let own = instances.pop();
        *self.lock_merged() = Merged { instances, revision: snapshot.revision() };
        self.instance = own.unwrap_or(self.instance);
        Ok(self)
    }
}

fn events(counted: &Counted, oldest: i64) -> Events {
    Events::of(&counted.counts, counted.since, oldest)
}

/// Adds the buckets from `oldest` on, which were checked to fit.
fn add(counted: &mut Counted, events: &Events, oldest: i64) {
    counted.counts.evict_before(oldest);
    for (tick, events) in events.from(oldest) {
        counted.counts.add(tick, events).expect("the sum was checked to fit");
    }
}
