//! Several records of an action at once, and times that are measured, by name.

use core_time::{MonotonicClock, Statistic};

use crate::action::error::ActionError;
use crate::action::key::KeyedName;
use crate::action::time::{ActionTime, TimeError};
use crate::action::words::AsWords;
use crate::tracker::MergedTracker;
use crate::tracker::handle::Handle;
use crate::tracker::recorder::Timer;
use crate::tracker::shard::Numbering;

impl<S: Statistic<Value: AsWords>> MergedTracker<S> {
    /// Records `n` occurrences of an action with equal times.
    ///
    /// As [`ActionRecorder::record_n`](crate::ActionRecorder::record_n). With 0 nothing changes,
    /// and a new name gets no row.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::RunningTracker;
    ///
    /// let tracker = RunningTracker::default();
    /// tracker.record_n("jump", 100, 3_000_000_000)?; // From a table of counts.
    /// tracker.record_n("jump", 200, 1_000_000_000)?;
    /// let row = tracker.get("jump").expect("there are records");
    /// assert_eq!((row.count(), row.mean()), (4_000_000_000, 125.0));
    /// # Ok::<(), core_actions::ActionError>(())
    /// ```
    pub fn record_n<'a, T>(
        &self,
        action: impl Into<KeyedName<'a>>,
        time: T,
        n: u64,
    ) -> Result<(), ActionError>
    where
        T: TryInto<S::Value, Error: Into<TimeError>>,
    {
        let action = action.into();
        let value = time.try_into().map_err(|error| ActionError::Time(error.into()))?;
        if n == 0 {
            return Ok(());
        }
        let numbering = Numbering::Next(self.next());
        let known = self
            .with_table(|table| table.record(action, |shard| shard.insert_n(value, n, numbering)));
        if known != Some(true) {
            self.action(action.as_str())?.insert_n(value, n);
        }
        Ok(())
    }

    /// Starts to measure a time of an action, which is recorded when the timer is dropped.
    ///
    /// The name is checked here, so that the record cannot fail. Where you measure often, keep a
    /// [handle](Self::action) and [start](crate::ActionRecorder::start) from it.
    ///
    /// # Errors
    ///
    /// As [`action`](Self::action).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::RunningTracker;
    ///
    /// let tracker = RunningTracker::default();
    /// let timer = tracker.start("jump")?;
    /// let elapsed = timer.stop();
    /// let row = tracker.get("jump").expect("there is a record");
    /// assert_eq!(row.mean(), elapsed.as_nanos() as f64);
    /// # Ok::<(), core_actions::ActionError>(())
    /// ```
    pub fn start(&self, action: &str) -> Result<Timer<Handle<S>>, ActionError>
    where
        S::Value: From<ActionTime>,
    {
        Ok(Timer::new(self.action(action)?, MonotonicClock))
    }
}
