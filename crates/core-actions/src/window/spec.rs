//! The settings of a windowed tracker, and the memory that it takes with them.

use core_time::{Statistic, TieredRing, WindowSpec};
use thiserror::Error;

use crate::action::words::AsWords;
use crate::tracker::spec::TrackerSpec;

/// The settings of a [`WindowedTracker`](crate::WindowedTracker).
#[derive(Debug, Clone)]
pub struct WindowedSpec {
    /// How far back one can ask, in buckets of which width.
    pub window: WindowSpec,
    /// The settings that all trackers have.
    pub tracker: TrackerSpec,
    /// How much memory the rings of one thread may take, in bytes, without what statistics
    /// [allocate](Statistic::HEAP_BYTES_MAX).
    ///
    /// Where as many actions as the tracker may have could take more, it has
    /// [fewer](Self::actions_max).
    pub bytes: usize,
}

impl WindowedSpec {
    /// Returns how many actions a tracker keeps apart: as many as it may have, if they fit into
    /// [`bytes`](Self::bytes).
    #[must_use]
    pub fn actions_max<S: Statistic<Value: AsWords>>(&self) -> usize {
        self.tracker.actions_within(self.bytes, self.action_bytes::<S>())
    }

    /// Returns the most memory that one thread needs, in bytes, with what the statistics allocate.
    ///
    /// That is for the worst values in every bucket, and `usize::MAX` where a statistic has no
    /// limit: [`Quantiles`](crate::Quantiles), for one, may take thousands of times what they
    /// usually do.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Count, Quantiles, WindowedSpec};
    ///
    /// let spec = WindowedSpec::default();
    /// assert_eq!(spec.actions_max::<Quantiles>(), 4_096);
    /// assert!(spec.bytes_max::<Count>() < spec.bytes);
    /// ```
    #[must_use]
    pub fn bytes_max<S: Statistic<Value: AsWords>>(&self) -> usize {
        let shell = self.action_bytes::<S>().saturating_sub(self.ring_bytes::<S>());
        let each = shell.saturating_add(TieredRing::<S>::bytes_max(&self.window));
        self.tracker.bytes_of(self.actions_max::<S>(), each)
    }

    /// What an action takes at most, without what statistics allocate.
    fn action_bytes<S: Statistic<Value: AsWords>>(&self) -> usize {
        let shell = self.tracker.action_bytes::<TieredRing<S>>(true);
        shell.saturating_add(self.ring_bytes::<S>())
    }

    fn ring_bytes<S: Statistic>(&self) -> usize {
        TieredRing::<S>::own_bytes_max(&self.window)
    }

    /// The settings of the rings, with as many actions as fit.
    pub(super) fn checked<S>(&self) -> Result<TrackerSpec, WindowedSpecError>
    where
        S: Statistic<Value: AsWords>,
    {
        let actions = self.actions_max::<S>();
        if actions == 0 && self.tracker.actions > 0 {
            let buckets = self.window.tiers().map(|tier| tier.buckets()).sum();
            let bytes = self.tracker.bytes_of(1, self.action_bytes::<S>());
            return Err(WindowedSpecError::TooLarge { buckets, bytes, max: self.bytes });
        }
        Ok(TrackerSpec { actions, ..self.tracker.clone() })
    }
}

impl Default for WindowedSpec {
    /// 300 buckets of a second, and 4,096 actions or as many as fit into a gibibyte.
    fn default() -> Self {
        let tracker = TrackerSpec { actions: 1 << 12, ..TrackerSpec::default() };
        Self { window: WindowSpec::default(), tracker, bytes: 1 << 30 }
    }
}

/// Why a tracker cannot be built to a specification.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WindowedSpecError {
    /// Not even one action fits into the memory.
    #[error("one action in {buckets} buckets takes up to {bytes} bytes, limit is {max}")]
    TooLarge {
        /// How many buckets make the spans of all tiers.
        buckets: u64,
        /// How much memory one thread might need.
        bytes: usize,
        /// How much it may need.
        max: usize,
    },
}
