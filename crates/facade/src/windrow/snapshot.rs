//! The contents of a [`Windrow`] as a value.

use core_actions::{Mean, Summary, TrackerSnapshot, WindowedSnapshot, WindowedTracker};
use core_time::CounterSnapshot;

use super::Windrow;

/// Holds the contents of a [`Windrow`]: events, actions, and windows of actions if they are kept.
///
/// With the feature `serde` it can be serialized.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WindrowSnapshot {
    pub(crate) events: CounterSnapshot,
    pub(crate) actions: TrackerSnapshot<Mean>,
    pub(crate) windows: Option<WindowedSnapshot<Summary>>,
}

impl Windrow {
    /// Returns the contents as a value, from which another process can [go
    /// on](crate::WindrowBuilder::restore).
    ///
    /// # Complexity
    ///
    /// A copy of all rows and buckets.
    ///
    /// # Concurrency
    ///
    /// It has all that was recorded before the call; of records made concurrently, one half may
    /// have some that the other lacks.
    ///
    /// # Examples
    ///
    /// ```
    /// use facade::Windrow;
    /// use std::time::Duration;
    ///
    /// let windrow = Windrow::default();
    /// windrow.record_events(3);
    /// windrow.action("checkout")?.record(Duration::from_millis(5));
    /// let snapshot = windrow.snapshot();
    ///
    /// let restored = Windrow::builder().restore(&snapshot)?;
    /// assert_eq!(restored.request_event_count(Duration::from_secs(60))?, 3);
    /// assert_eq!(restored.get_stats(), r#"[{"action":"checkout","avg":5000000}]"#);
    /// let minute = restored.action("checkout")?.window(Duration::from_secs(60))?;
    /// assert_eq!(minute.p99(), Some(Duration::from_millis(5)));
    /// # Ok::<(), facade::Error>(())
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> WindrowSnapshot {
        WindrowSnapshot {
            events: self.0.events.snapshot(),
            actions: self.0.actions.snapshot(),
            windows: self.0.windows.get().map(WindowedTracker::snapshot),
        }
    }
}
