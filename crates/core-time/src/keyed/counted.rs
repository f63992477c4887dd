//! The events of one key.

use super::map::State;
use crate::counter::RecordError;
use crate::ring::SparseCounts;
use crate::stamp::Stamp;

/// The events of a key.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    pub(super) counts: SparseCounts,
    /// When counting of the key began: with the counter, unless events of keys were lost since.
    pub(super) since: Stamp,
}

/// A record: where, and how far back a key is counted with it.
#[derive(Clone, Copy)]
pub(super) struct Event {
    pub(super) tick: i64,
    pub(super) events: u64,
    /// The stamp of the events, if it is before the start of the counter.
    pub(super) before_start: Option<Stamp>,
}

impl Counted {
    pub(super) fn new(since: Stamp) -> Self {
        Self { counts: SparseCounts::default(), since }
    }

    #[inline]
    pub(super) fn add(
        &mut self,
        event: Event,
        oldest: impl Fn() -> i64,
        started: impl Fn() -> Stamp,
    ) -> Result<(), RecordError> {
        let Event { tick, events, before_start } = event;
        let is_newest = before_start.is_none() && self.counts.newest() == Some(tick);
        if is_newest && self.counts.add_to_newest(events) {
            return Ok(());
        }
        self.counts.evict_before(oldest());
        self.counts.add(tick, events).map_err(|room| RecordError::Full { events, room })?;
        // Not if the key is counted since later, because older events were lost.
        if let Some(stamp) = before_start.filter(|_| self.since <= started()) {
            self.since = self.since.min(stamp);
        }
        Ok(())
    }
}

impl State for Counted {
    fn is_expired(&self, oldest: i64) -> bool {
        self.counts.is_expired(oldest)
    }

    fn events(&self) -> u64 {
        self.counts.events()
    }
}
