//! What all handles of one action can do: record several values at once, and measure times.

use std::fmt;
use std::time::Duration;

use core_time::{Clock, MonotonicClock, Stamp, Statistic};

use crate::action::time::{ActionTime, TimeError};
use crate::action::unit::Unit;
use crate::action::words::AsWords;
use crate::tracker::handle::Handle;
use crate::tracker::shared::SharedHandle;

/// Records values of one action.
///
/// All handles implement it, and so does a reference to one. Implement the three required methods
/// for a handle of your own, and the others follow.
///
/// # Examples
///
/// ```
/// use core_actions::{ActionRecorder, RunningTracker, TimeError};
///
/// let tracker = RunningTracker::default();
/// let jump = tracker.action("jump")?;
/// jump.record_n(100_u64, 3); // Three times at once.
/// jump.try_record(0.5)?;
/// assert_eq!(jump.try_record(f64::NAN), Err(TimeError::NotFinite));
/// jump.start().cancel(); // Measures a time, but does not record it.
/// let row = jump.stats().expect("there are records");
/// assert_eq!((row.count(), row.mean()), (4, 75.125));
/// # Ok::<(), core_actions::ActionError>(())
/// ```
pub trait ActionRecorder {
    /// The type of the values.
    type Value: Copy;

    /// Records one value.
    fn record_value(&self, value: Self::Value);

    /// Records `n` equal values, as `n` calls of [`record_value`](Self::record_value) do.
    fn record_values(&self, value: Self::Value, n: u64);

    /// Returns the unit that durations are converted to.
    fn unit(&self) -> Unit;

    /// Records `n` occurrences of the action with equal times.
    ///
    /// For input that was counted before. Every statistic is that of `n` single records, to the
    /// bit; 0 records nothing.
    ///
    /// # Complexity
    ///
    /// Takes a lock that only readers contend for. The cost does not grow with `n`, except in
    /// [`Values`](crate::Values), which keeps each, and in a custom statistic without
    /// [`insert_n`](Statistic::insert_n).
    fn record_n(&self, time: impl Into<Self::Value>, n: u64) {
        self.record_values(time.into(), n);
    }

    /// Records one occurrence of the action, if its time is valid.
    ///
    /// # Errors
    ///
    /// [`TimeError`] if the time is negative, not finite or too large. Nothing changes then.
    fn try_record<T>(&self, time: T) -> Result<(), TimeError>
    where
        T: TryInto<Self::Value, Error: Into<TimeError>>,
    {
        self.record_value(time.try_into().map_err(Into::into)?);
        Ok(())
    }

    /// Records a time, and those that a stall kept from being measured.
    ///
    /// A client that sends a request every `expected` interval, but waits for each answer, sends
    /// nothing while one takes longer. Its times omit the requests that would have waited
    /// (*coordinated omission*). So a time above the interval is recorded with further times, each
    /// smaller by the interval, down to the interval. An interval of 0 corrects nothing. Returns
    /// the number of records.
    ///
    /// # Errors
    ///
    /// [`TimeError::TooManyIntervals`] if that would be more than [`CORRECTED_MAX`] records.
    /// Nothing changes then.
    ///
    /// # Complexity
    ///
    /// Linear in the number of records.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{ActionRecorder, ActionTime, MergedTracker, Values};
    ///
    /// let tracker = MergedTracker::<Values>::default();
    /// let request = tracker.action("request")?;
    /// assert_eq!(request.record_corrected(35_u64, 10_u64)?, 3); // 35, 25 and 15.
    /// let row = request.stats().expect("there are records");
    /// assert_eq!(row.statistic().times().min(), Some(15_u64.into()));
    /// # Ok::<(), core_actions::ActionError>(())
    /// ```
    ///
    /// # References
    ///
    /// G. Tene, HdrHistogram, `recordValueWithExpectedInterval`, which gives the same times for
    /// integers.
    fn record_corrected(
        &self,
        time: impl Into<ActionTime>,
        expected: impl Into<ActionTime>,
    ) -> Result<u64, TimeError>
    where
        Self::Value: From<ActionTime>,
    {
        let (time, expected) = (time.into(), expected.into());
        let missing = missing(time, expected)?;
        self.record_value(time.into());
        (1..=missing).for_each(|back| self.record_value(earlier(time, expected, back).into()));
        Ok(missing + 1)
    }

    /// Starts to measure a time, which is recorded when the timer is dropped.
    ///
    /// See [`Timer`].
    fn start(&self) -> Timer<&Self>
    where
        Self::Value: From<ActionTime>,
    {
        self.start_with(MonotonicClock)
    }

    /// Starts to measure a time by a clock of your own, such as one for tests.
    fn start_with<C: Clock>(&self, clock: C) -> Timer<&Self, C>
    where
        Self::Value: From<ActionTime>,
    {
        Timer::new(self, clock)
    }
}

/// The maximum number of records of one [correction](ActionRecorder::record_corrected).
pub const CORRECTED_MAX: u64 = 1 << 20;

/// Returns how many times are missing.
fn missing(time: ActionTime, expected: ActionTime) -> Result<u64, TimeError> {
    if expected == ActionTime::ZERO || time <= expected {
        return Ok(0);
    }
    let intervals = match (time.as_integer(), expected.as_integer()) {
        (Some(time), Some(expected)) => time / expected,
        _ => {
            let around = (time.as_f64() / expected.as_f64()) as u64; // Saturates.
            if around > CORRECTED_MAX + 2 {
                return Err(TimeError::TooManyIntervals { max: CORRECTED_MAX });
            }
            let is_missing = |back: u64| earlier(time, expected, back) >= expected;
            // The quotient is rounded.
            let near = around.saturating_sub(2)..=around + 1;
            near.rev().find(|&back| back == 0 || is_missing(back)).unwrap_or(0) + 1
        }
    };
    let max = CORRECTED_MAX;
    if intervals > max { Err(TimeError::TooManyIntervals { max }) } else { Ok(intervals - 1) }
}

/// Returns the time that began `back` intervals later.
fn earlier(time: ActionTime, expected: ActionTime, back: u64) -> ActionTime {
    match (time.as_integer(), expected.as_integer()) {
        (Some(time), Some(expected)) => time.saturating_sub(expected.saturating_mul(back)).into(),
        // One rounding.
        _ => {
            let float = (-(back as f64)).mul_add(expected.as_f64(), time.as_f64());
            ActionTime::of_float(float.max(0.0))
        }
    }
}

impl<R: ActionRecorder + ?Sized> ActionRecorder for &R {
    type Value = R::Value;

    #[inline]
    fn record_value(&self, value: Self::Value) {
        (**self).record_value(value);
    }

    fn record_values(&self, value: Self::Value, n: u64) {
        (**self).record_values(value, n);
    }

    fn unit(&self) -> Unit {
        (**self).unit()
    }
}

/// Measures a time, and records it when it is dropped.
///
/// [`ActionRecorder::start`] makes one for a handle, and
/// [`MergedTracker::start`](crate::MergedTracker::start) for a name. A timer that is dropped by a
/// panic or an early return records, too, because the action took that time; call
/// [`cancel`](Self::cancel) where it should not count.
///
/// # Accuracy
///
/// The time is measured by the [`MonotonicClock`], which no change of the wall clock moves, unless
/// another clock is given. If a clock steps back, the time is 0. It is converted to the unit of the
/// tracker as [`ActionTime::from_duration`] does.
///
/// # Examples
///
/// ```
/// use core_actions::{ActionRecorder, RunningTracker};
/// use core_time::{ManualClock, Stamp};
/// use std::time::Duration;
///
/// let tracker = RunningTracker::default();
/// let jump = tracker.action("jump")?;
/// let clock = ManualClock::new(Stamp::UNIX_EPOCH);
/// {
///     let _timer = jump.start_with(clock.clone());
///     clock.advance(Duration::from_nanos(100));
/// } // Recorded here.
/// let timer = jump.start_with(clock.clone());
/// clock.advance(Duration::from_nanos(200));
/// assert_eq!(timer.stop(), Duration::from_nanos(200));
/// assert_eq!(jump.stats().map(|row| (row.count(), row.mean())), Some((2, 150.0)));
/// # Ok::<(), core_actions::ActionError>(())
/// ```
#[must_use = "a timer records when it is dropped"]
pub struct Timer<R, C = MonotonicClock>
where
    R: ActionRecorder<Value: From<ActionTime>>,
    C: Clock,
{
    recorder: R,
    clock: C,
    start: Stamp,
    is_cancelled: bool,
}

impl<R, C> Timer<R, C>
where
    R: ActionRecorder<Value: From<ActionTime>>,
    C: Clock,
{
    /// Starts to measure a time for a handle, or for a reference to one.
    pub fn new(recorder: R, clock: C) -> Self {
        let start = clock.now();
        Self { recorder, clock, start, is_cancelled: false }
    }

    /// Returns the time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        let nanos = i128::from(self.clock.now().as_nanos()) - i128::from(self.start.as_nanos());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
    }

    /// Records the time since the start, and returns it.
    pub fn stop(mut self) -> Duration {
        let elapsed = self.elapsed();
        self.record(elapsed);
        self.is_cancelled = true;
        elapsed
    }

    /// Records nothing, and returns the time since the start.
    pub fn cancel(mut self) -> Duration {
        self.is_cancelled = true;
        self.elapsed()
    }

    fn record(&self, elapsed: Duration) {
        let time = ActionTime::from_duration(elapsed, self.recorder.unit());
        self.recorder.record_value(time.into());
    }
}

impl<R, C> Drop for Timer<R, C>
where
    R: ActionRecorder<Value: From<ActionTime>>,
    C: Clock,
{
    fn drop(&mut self) {
        if !self.is_cancelled {
            self.record(self.elapsed());
        }
    }
}

impl<R, C> fmt::Debug for Timer<R, C>
where
    R: ActionRecorder<Value: From<ActionTime>>,
    C: Clock,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").field("start", &self.start).finish_non_exhaustive()
    }
}

/// Implements the trait by methods of the same meaning.
macro_rules! handle_is_a_recorder {
    ($($handle:ident),+) => {
        $(impl<S: Statistic<Value: AsWords>> ActionRecorder for $handle<S> {
            type Value = S::Value;

            #[inline]
            fn record_value(&self, value: S::Value) {
                self.record(value);
            }

            fn record_values(&self, value: S::Value, n: u64) {
                self.insert_n(value, n);
            }

            fn unit(&self) -> Unit {
                self.unit()
            }
        })+
    };
}

pub(crate) use handle_is_a_recorder;

handle_is_a_recorder!(Handle, SharedHandle);
