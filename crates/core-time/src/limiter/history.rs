//! The accepted events of one key.

use super::grant::Grant;
use crate::keyed::State;
use crate::ring::SparseCounts;

/// The accepted events of a key by bucket, and what they leave of the limits.
#[derive(Debug, Clone)]
pub(super) struct History {
    pub(super) counts: SparseCounts,
    /// If it accepts, the newest bucket is the one in which it records.
    pub(super) grant: Grant,
}

impl Default for History {
    fn default() -> Self {
        Self { counts: SparseCounts::default(), grant: Grant::NONE }
    }
}

impl History {
    /// Records granted events, if their bucket has room.
    #[inline]
    pub(super) fn take(&mut self, events: u64) -> bool {
        let takes = self.counts.add_to_newest(events);
        if takes {
            self.grant.room -= events;
        }
        takes
    }
}

impl State for History {
    fn is_expired(&self, oldest: i64) -> bool {
        self.counts.is_expired(oldest)
    }

    fn events(&self) -> u64 {
        self.counts.events()
    }
}
