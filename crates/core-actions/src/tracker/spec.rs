//! The settings of a tracker, and the counts of what exceeds them.

use std::time::Duration;

use core_time::{Statistic, WhenFull};
use crossbeam_utils::CachePadded;

use crate::action::name::NAME_BYTES_MAX;
use crate::action::unit::Unit;
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
    /// The unit that durations are converted to. Numbers are not converted.
    pub unit: Unit,
    /// The maximum length of a name, in bytes.
    pub name_bytes: usize,
    /// The maximum number of actions.
    pub actions: usize,
    /// The treatment of further actions.
    pub when_full: WhenFull,
    /// The time without a record after which an action expires; `None` for never.
    ///
    /// An action that expired is removed when a new name is recorded, or by `remove_expired`; one
    /// that has a handle is kept. A record reads the clock of the tracker to note its time.
    pub idle: Option<Duration>,
}

/// The default of [`TrackerSpec::actions`].
pub const ACTIONS_MAX: usize = 1 << 17;

/// The memory of a tracker without actions, in bytes: tables, sharded for many processors.
const TRACKER: usize = 1 << 18;
/// The memory by which an action is found, once for all threads and once for each, in bytes:
/// entries of tables that are half empty and about to be copied into larger ones.
const ENTRY: usize = 608;

impl TrackerSpec {
    /// Returns the maximum memory of a tracker with one recording thread, in bytes.
    ///
    /// Each further thread adds at most as much. An action takes about 600 bytes by which it is
    /// found, its name, and for each thread the statistic, its
    /// [allocations](Statistic::HEAP_BYTES_MAX), a few cache lines and the name. If idle actions
    /// are evicted or expire, a thread may keep twice as many removed ones for a while, without
    /// their statistics. Returns `usize::MAX` for a statistic without a limit.
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
        let each = self
            .action_bytes::<S>(self.evicts() || self.idle.is_some())
            .saturating_add(S::HEAP_BYTES_MAX);
        self.bytes_of(self.actions, each)
    }

    /// Returns the memory of `actions` of `each` bytes and of the row of folded actions.
    pub(crate) fn bytes_of(&self, actions: usize, each: usize) -> usize {
        actions.saturating_add(1).saturating_mul(each).saturating_add(TRACKER)
    }

    /// Returns the number of actions of `each` bytes that fit into `bytes`.
    pub(crate) fn actions_within(&self, bytes: usize, each: usize) -> usize {
        let actions = bytes.saturating_sub(TRACKER) / each;
        self.actions.min(actions.saturating_sub(1))
    }

    /// Returns the maximum memory of an action, without allocations of its statistic.
    ///
    /// A thread may keep shards of removed actions.
    pub(crate) fn action_bytes<S: Statistic<Value: AsWords>>(&self, give_way: bool) -> usize {
        // An `Arc` has its counts before the value, with the same alignment.
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
    /// new ones are refused. No action expires.
    fn default() -> Self {
        Self {
            unit: Unit::default(),
            name_bytes: NAME_BYTES_MAX,
            actions: ACTIONS_MAX,
            when_full: WhenFull::default(),
            idle: None,
        }
    }
}
