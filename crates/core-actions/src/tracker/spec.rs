//! The settings of a tracker, and what became of what is beyond them.

use core_time::Statistic;
use crossbeam_utils::CachePadded;

use crate::action::name::NAME_BYTES_MAX;
use crate::action::time::Unit;
use crate::action::words::AsWords;
use crate::tracker::shard::Shard;

/// The settings of a tracker.
///
/// # Examples
///
/// ```
/// use core_actions::{RunningTracker, TrackerSpec, WhenFull};
///
/// let spec = TrackerSpec { actions: 2, when_full: WhenFull::Fold, ..TrackerSpec::default() };
/// let tracker = RunningTracker::new(spec);
/// for name in ["jump", "run", "hop", "skip"] {
///     tracker.record(name, 100)?;
/// }
/// let stats = tracker.stats();
/// let rows: Vec<_> = stats.iter().map(|row| (row.name(), row.count())).collect();
/// assert_eq!(rows, [("jump", 1), ("run", 1), (WhenFull::OTHER, 2)]);
/// assert_eq!(tracker.overflow().folded, 2);
/// # Ok::<(), core_actions::ActionError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackerSpec {
    /// What a duration is converted to. Numbers are taken as they are.
    pub unit: Unit,
    /// The longest name of an action, in bytes.
    pub name_bytes: usize,
    /// How many actions are kept apart.
    pub actions: usize,
    /// What becomes of an action beyond them.
    pub when_full: WhenFull,
}

/// What becomes of a new action when there are as many as a tracker may have.
///
/// How often that was is told by [`MergedTracker::overflow`](crate::MergedTracker::overflow).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WhenFull {
    /// It is refused, as [`ActionError::Full`](crate::ActionError::Full).
    #[default]
    Refuse,
    /// Its records go into a row that all such actions share, shown as [`WhenFull::OTHER`].
    ///
    /// That row comes on top of the limit.
    Fold,
    /// It takes the id of the action that was not recorded for longest, whose row is forgotten.
    ///
    /// Records of one thread have an order, by name or by handle, and so have those of two threads
    /// if the earlier of them met a new name in between, and then the later; of others it is not
    /// known which was later. An action that has a handle stays; if all have one, the new action is
    /// refused.
    EvictIdle,
}

impl WhenFull {
    /// The name shown for the row of folded actions.
    ///
    /// An action may have the same name, and then has a row of its own;
    /// [`Row::is_other`](crate::Row::is_other) distinguishes the two.
    pub const OTHER: &'static str = "(other)";
}

/// How much was beyond the limit of a tracker, since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OverflowCounts {
    /// Records and handles that were refused, because there was no room for their action.
    pub refused: u64,
    /// Records and handles that went into the row of all others.
    pub folded: u64,
    /// Rows that were evicted.
    pub evicted: u64,
    /// The records of those rows, without what was [merged](crate::MergedTracker::merge) into them;
    /// and records that were made of an action while it [expired](Self::expired), and went with it.
    pub evicted_records: u64,
    /// Actions of a [`WindowedTracker`](crate::WindowedTracker) that left every window and gave way
    /// to new ones.
    pub expired: u64,
}

/// How many actions are kept apart unless a tracker is told otherwise.
pub const ACTIONS_MAX: usize = 1 << 17;

/// What a tracker takes with no action in it, in bytes: tables of one for each of many processors.
const TRACKER: usize = 1 << 18;
/// What an action takes by which it is found, once for all threads and once for each, in bytes:
/// ids in tables that are half empty, and about to be copied into larger ones.
const ENTRY: usize = 608;

impl TrackerSpec {
    /// Returns the most memory that a tracker takes which one thread records with, in bytes.
    ///
    /// Each thread more takes no more than that again. For each action: some 600 bytes by which it
    /// is found, its name, and what a thread keeps of it: the statistic, what that
    /// [allocates](Statistic::HEAP_BYTES_MAX), a few cache lines and the name. Where the longest
    /// idle is evicted, a thread may keep twice as many again that were, without their statistics,
    /// until it looks. `usize::MAX` where a statistic has no limit.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Mean, TrackerSpec};
    ///
    /// let spec = TrackerSpec { actions: 1_000, ..TrackerSpec::default() };
    /// assert!(spec.bytes_max::<Mean>() < 2_000_000);
    /// ```
    #[must_use]
    pub fn bytes_max<S: Statistic<Value: AsWords>>(&self) -> usize {
        let each = self.action_bytes::<S>(self.evicts()).saturating_add(S::HEAP_BYTES_MAX);
        self.bytes_of(self.actions, each)
    }

    /// What so many actions take of so many bytes each, and one more, which all others share.
    pub(crate) fn bytes_of(&self, actions: usize, each: usize) -> usize {
        actions.saturating_add(1).saturating_mul(each).saturating_add(TRACKER)
    }

    /// How many actions of so many bytes each take no more than this.
    pub(crate) fn actions_within(&self, bytes: usize, each: usize) -> usize {
        let actions = bytes.saturating_sub(TRACKER) / each;
        self.actions.min(actions.saturating_sub(1))
    }

    /// The most memory that an action takes, without what its statistic allocates. A thread may
    /// keep shards of actions that gave way.
    pub(crate) fn action_bytes<S: Statistic<Value: AsWords>>(&self, give_way: bool) -> usize {
        // What shares memory has a count before it, of the same alignment.
        let shard = size_of::<CachePadded<Shard<S>>>() + align_of::<CachePadded<Shard<S>>>();
        let shard = shard.saturating_add(self.name_bytes);
        let shards = if give_way { shard.saturating_mul(3) } else { shard };
        shards.saturating_add(ENTRY)
    }

    pub(crate) fn evicts(&self) -> bool {
        self.when_full == WhenFull::EvictIdle
    }
}

impl Default for TrackerSpec {
    /// Nanoseconds, names of up to [`NAME_BYTES_MAX`], and [`ACTIONS_MAX`] actions, beyond which
    /// new ones are refused.
    fn default() -> Self {
        Self {
            unit: Unit::default(),
            name_bytes: NAME_BYTES_MAX,
            actions: ACTIONS_MAX,
            when_full: WhenFull::default(),
        }
    }
}
