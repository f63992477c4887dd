//! The policies beyond a limit of keys or actions, and the counts of what exceeds it.

/// The treatment of a new key or action when the limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WhenFull {
    /// Refuses it with an error.
    #[default]
    Refuse,
    /// Folds its records into one row of all such keys or actions.
    ///
    /// The limit does not count that row. Trackers show it as [`WhenFull::OTHER`].
    Fold,
    /// Evicts the key or action that was idle for longest.
    ///
    /// Keys are ordered by the clock. In trackers, records of one thread are ordered; those of two
    /// threads are ordered if the earlier thread recorded a new name in between, and then the later
    /// one; otherwise the order is unknown. A key or an action that has a handle is not
    /// evicted; if all have one, the new one is refused.
    EvictIdle,
}

impl WhenFull {
    /// The name shown for the row of folded actions.
    ///
    /// An action with the same name has a separate row, which is marked as not folded.
    pub const OTHER: &'static str = "(other)";
}

/// The counts of what exceeded the limit of keys or actions since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OverflowCounts {
    /// Records and handles that were refused because the limit was reached.
    pub refused: u64,
    /// Records and handles that were folded.
    pub folded: u64,
    /// Evicted keys or actions.
    pub evicted: u64,
    /// The records of evicted keys or actions.
    ///
    /// Of keys, those that a window still touched. Of actions, without merged ones, and with the
    /// records of actions that were idle for too long, and with those made concurrently with the
    /// [expiry](Self::expired) or the [removal](Self::removed) of their action.
    pub evicted_records: u64,
    /// Keys or actions that were removed because no window covered them, or that were idle for too
    /// long.
    pub expired: u64,
    /// Keys or actions that the program removed.
    pub removed: u64,
}

#[cfg(feature = "counter")]
impl OverflowCounts {
    fn combined(self, other: Self, each: impl Fn(u64, u64) -> Option<u64>) -> Option<Self> {
        Some(Self {
            refused: each(self.refused, other.refused)?,
            folded: each(self.folded, other.folded)?,
            evicted: each(self.evicted, other.evicted)?,
            evicted_records: each(self.evicted_records, other.evicted_records)?,
            expired: each(self.expired, other.expired)?,
            removed: each(self.removed, other.removed)?,
        })
    }

    pub(crate) fn saturating_add(self, other: Self) -> Self {
        self.combined(other, |one, two| Some(one.saturating_add(two))).unwrap_or(self)
    }

    pub(crate) fn checked_sub(self, earlier: Self) -> Option<Self> {
        self.combined(earlier, u64::checked_sub)
    }
}
