//! What can be published: a tracker or a counter.

use std::ops::Deref;
use std::time::Duration;

use core_actions::{AsWords, BinaryForm, Count, Unit, WindowedCursor, WindowedTracker};
use core_time::{CounterCursor, EventCounter, Instance, Instances, Stamp, Statistic, WindowSpec};

use crate::error::PublishError;
use crate::mirror::Mirror;

/// Reads what changed in a tracker or a counter.
pub(crate) trait Source<S>: Send {
    /// Returns the present by the clock of the source.
    fn now(&self) -> Stamp;

    /// Writes what changed into the mirror, and returns the revision and who recorded it.
    fn collect(&mut self, mirror: &mut Mirror<S>) -> Result<(Instance, u64), PublishError>;
}

pub(crate) struct TrackerSource<T, S: Statistic> {
    tracker: T,
    cursor: WindowedCursor<S>,
    tier: usize,
}

impl<T, S> TrackerSource<T, S>
where
    T: Deref<Target = WindowedTracker<S>>,
    S: BinaryForm<Value: AsWords>,
{
    pub(crate) fn new(tracker: T, resolution: Duration) -> Result<Self, PublishError> {
        let tier = tier(tracker.window_spec(), resolution)?;
        Ok(Self { tracker, cursor: WindowedCursor::default(), tier })
    }

    pub(crate) fn unit(&self) -> Unit {
        self.tracker.spec().unit
    }
}

impl<T, S> Source<S> for TrackerSource<T, S>
where
    T: Deref<Target = WindowedTracker<S>> + Send,
    S: BinaryForm<Value: AsWords>,
{
    fn now(&self) -> Stamp {
        self.tracker.now()
    }

    fn collect(&mut self, mirror: &mut Mirror<S>) -> Result<(Instance, u64), PublishError> {
        let changes = self.tracker.changes(&mut self.cursor);
        if changes.is_complete() {
            mirror.clear();
        }
        changes.removed().for_each(|name| mirror.remove(name));
        for bucket in changes.buckets().iter().filter(|bucket| bucket.tier() == self.tier) {
            for row in bucket.rows() {
                let name = if row.is_other() { "" } else { row.name() };
                let statistic = Some(row.statistic().clone());
                mirror.set(bucket.interval().from, name, row.first(), statistic);
            }
        }
        Ok((only(changes.instances())?, changes.revision()))
    }
}

pub(crate) struct CounterSource<T> {
    counter: T,
    name: String,
    cursor: CounterCursor,
    tier: usize,
}

impl<T: Deref<Target = EventCounter>> CounterSource<T> {
    pub(crate) fn new(
        counter: T,
        name: String,
        resolution: Duration,
    ) -> Result<Self, PublishError> {
        let tier = tier(counter.spec(), resolution)?;
        Ok(Self { counter, name, cursor: CounterCursor::default(), tier })
    }
}

impl<T: Deref<Target = EventCounter> + Send> Source<Count> for CounterSource<T> {
    fn now(&self) -> Stamp {
        self.counter.now()
    }

    fn collect(&mut self, mirror: &mut Mirror<Count>) -> Result<(Instance, u64), PublishError> {
        let changes = self.counter.changes(&mut self.cursor);
        if changes.is_complete() {
            mirror.clear();
        }
        for (start, events) in changes.buckets(self.tier) {
            let mut count = Count::default();
            count.insert_n(0_u32.into(), events);
            mirror.set(start, &self.name, 0, (events > 0).then_some(count));
        }
        Ok((only(changes.instances())?, changes.revision()))
    }
}

/// Returns the coarsest tier whose buckets fit into those of the store.
fn tier(spec: &WindowSpec, resolution: Duration) -> Result<usize, PublishError> {
    let fits = |tier: core_time::Tier| {
        resolution >= tier.resolution
            && resolution.as_nanos().is_multiple_of(tier.resolution.as_nanos())
    };
    let tiers: Vec<_> = spec.tiers().collect();
    let finest = spec.resolution();
    tiers.into_iter().rposition(fits).ok_or(PublishError::Resolution { resolution, finest })
}

fn only(instances: &Instances) -> Result<Instance, PublishError> {
    match instances[..] {
        // Without the process, as the copies of a tracker are one writer, wherever they continue.
        [instance] => Ok(instance.without_process()),
        _ => Err(PublishError::Instances { found: instances.len() }),
    }
}
