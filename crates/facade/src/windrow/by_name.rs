//! Times by the name of their action: one, several that are equal, and one that is measured.

use std::time::Duration;

use core_actions::{ActionError, ActionTime, KeyedName, TimeError, Timer};
use core_time::MonotonicClock;

use super::{Halves, Windrow};
use crate::action::ActionHandle;
use crate::error::Error;

impl Windrow {
    /// Records one occurrence of an action with a time in the unit of the builder.
    ///
    /// # Errors
    ///
    /// [`Error::Action`] if the name is blank, too long or has control characters, if the time is
    /// negative or not finite, or if the action is new and the tracker is full. Nothing changes
    /// then.
    pub fn add_action_time<T>(&self, action: &str, time: T) -> Result<(), Error>
    where
        T: TryInto<ActionTime, Error: Into<TimeError>>,
    {
        let time = time.try_into().map_err(|error| ActionError::Time(error.into()))?;
        Ok(self.0.record(action.into(), time)?)
    }

    /// Records `n` occurrences of an action with equal times, in the unit of the builder.
    ///
    /// For counts that were made elsewhere. With 0 nothing changes, and a new name gets no row. It
    /// takes the time of one record.
    ///
    /// # Errors
    ///
    /// As [`add_action_time`](Self::add_action_time). With 0 only the time is checked.
    ///
    /// # Examples
    ///
    /// ```
    /// use facade::Windrow;
    ///
    /// let windrow = Windrow::default();
    /// windrow.add_action_times("jump", 100, 3_000_000_000)?;
    /// windrow.add_action_times("jump", 200, 1_000_000_000)?;
    /// assert_eq!(windrow.get_stats(), r#"[{"action":"jump","avg":125}]"#);
    /// # Ok::<(), facade::Error>(())
    /// ```
    pub fn add_action_times<T>(&self, action: &str, time: T, n: u64) -> Result<(), Error>
    where
        T: TryInto<ActionTime, Error: Into<TimeError>>,
    {
        let time = time.try_into().map_err(|error| ActionError::Time(error.into()))?;
        Ok(self.0.record_n(action.into(), time, n)?)
    }

    /// Records one occurrence of an action that took a duration.
    ///
    /// # Errors
    ///
    /// As [`add_action_time`](Self::add_action_time).
    pub fn add_action_duration(&self, action: &str, duration: Duration) -> Result<(), Error> {
        let time = ActionTime::from_duration(duration, self.unit());
        Ok(self.0.record(action.into(), time)?)
    }

    /// Starts to measure a time of an action, which is recorded when the timer is dropped.
    ///
    /// The name is checked here, so that the record cannot fail. Like [`action`](Self::action), the
    /// first call for any name starts keeping windows. Where you measure often, keep a handle and
    /// [start](core_actions::ActionRecorder::start) from it.
    ///
    /// # Errors
    ///
    /// As [`action`](Self::action).
    ///
    /// # Examples
    ///
    /// ```
    /// use facade::Windrow;
    ///
    /// let windrow = Windrow::default();
    /// let timer = windrow.start("checkout")?;
    /// let elapsed = timer.stop();
    /// let row = windrow.get("checkout").expect("there is a record");
    /// assert_eq!(row.mean(), elapsed.as_nanos() as f64);
    /// # Ok::<(), facade::Error>(())
    /// ```
    pub fn start(&self, action: &str) -> Result<Timer<ActionHandle>, Error> {
        Ok(Timer::new(self.action(action)?, MonotonicClock))
    }
}

impl Halves {
    /// Records `n` occurrences of an action with equal times, as `record` does.
    fn record_n(&self, action: KeyedName<'_>, time: ActionTime, n: u64) -> Result<(), ActionError> {
        self.actions.record_n(action, time, n)?;
        if let Some(windows) = self.windows.get() {
            let _ = windows.record_n(action, time, n); // As in `record`.
        }
        Ok(())
    }
}
