//! The settings of a [`Windrow`].

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use codec::{DecodeOptions, Fractions, Limits};
use core_actions::{RunningTracker, TrackerSpec, Unit, WhenFull};
use core_time::{Clock, CounterSnapshot, EventCounter, Tier, WindowSpec, WindowSpecBuilder};

use super::{Windrow, WindrowSnapshot};
use crate::error::Error;

/// Builds a [`Windrow`] with custom settings.
///
/// # Examples
///
/// ```
/// use facade::time::ManualClock;
/// use facade::{Stamp, Windrow};
/// use std::time::Duration;
///
/// let clock = ManualClock::new(Stamp::from_secs(1_000));
/// let windrow = Windrow::builder()
///     .span(Duration::from_secs(60))
///     .resolution(Duration::from_millis(100))
///     .clock(clock.clone())
///     .build()?;
///
/// windrow.record_event();
/// clock.advance(Duration::from_millis(1_000));
/// assert_eq!(windrow.request_event_count(Duration::from_millis(1_000))?, 0);
/// assert_eq!(windrow.request_event_count(Duration::from_millis(1_100))?, 1);
/// # Ok::<(), facade::Error>(())
/// ```
#[derive(Default)]
#[must_use = "a builder makes nothing until `build` is called"]
pub struct WindrowBuilder {
    spec: WindowSpecBuilder,
    clock: Option<CounterWithClock>,
    options: DecodeOptions,
    threads: Option<NonZeroUsize>,
    tracker: TrackerSpec,
}

/// The maximum number of threads of one call, far above the number of processors.
const THREADS_MAX: usize = 1_024;

/// Creates the counter with the chosen clock, so that the builder does not need its type.
type CounterWithClock = Box<dyn FnOnce(Start<'_>) -> Result<EventCounter, Error> + Send + Sync>;

/// What a counter begins with.
enum Start<'s> {
    Empty(WindowSpec),
    From(&'s CounterSnapshot),
}

impl WindrowBuilder {
    /// Sets the width of a bucket. Default: one second.
    pub fn resolution(mut self, resolution: Duration) -> Self {
        self.spec = self.spec.resolution(resolution);
        self
    }

    /// Sets the span, which is how far back windows can reach. Default: 300 s.
    pub fn span(mut self, span: Duration) -> Self {
        self.spec = self.spec.span(span);
        self
    }

    /// Adds a tier of coarser buckets that reaches further back than the tiers before.
    ///
    /// Event windows longer than the span are then answered from the finest tier that holds them.
    /// Windows of actions have no tiers.
    pub fn tier(mut self, tier: Tier) -> Self {
        self.spec = self.spec.tier(tier);
        self
    }

    /// Sets how far ahead of the clock a stamp may be. Default: 5 s.
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.spec = self.spec.tolerance(tolerance);
        self
    }

    /// Sets the clock. Default: the cheapest system clock that is fine enough for the resolution.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Box::new(|start| match start {
            Start::Empty(spec) => Ok(EventCounter::with_clock(spec, clock)),
            Start::From(snapshot) => Ok(EventCounter::restore_with_clock(snapshot, clock)?),
        }));
        self
    }

    /// Sets the limits on the text of an action.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Sets whether the text of an action may have a time with a fraction. Default: it may.
    pub fn fractions(mut self, fractions: Fractions) -> Self {
        self.options.fractions = fractions;
        self
    }

    /// Sets the number of threads of one call of [`add_actions`](Windrow::add_actions).
    ///
    /// Default: one. Zero means one, and more than 1,024 mean 1,024. Where memory or the system
    /// allow fewer, fewer are used.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = NonZeroUsize::new(threads.min(THREADS_MAX));
        self
    }

    /// Sets the unit of times: of numbers in text, and of what durations are converted to.
    ///
    /// Default: nanoseconds.
    pub fn unit(mut self, unit: Unit) -> Self {
        self.tracker.unit = unit;
        self
    }

    /// Sets the maximum number of actions, and what happens to more.
    ///
    /// Default: [`ACTIONS_MAX`](crate::actions::ACTIONS_MAX), and more are refused.
    pub fn actions(mut self, actions: usize, when_full: WhenFull) -> Self {
        (self.tracker.actions, self.tracker.when_full) = (actions, when_full);
        self
    }

    /// Checks the settings and creates the [`Windrow`].
    ///
    /// # Errors
    ///
    /// [`Error::Spec`] if the settings contradict each other; the message has the numbers.
    pub fn build(self) -> Result<Windrow, Error> {
        self.build_from(None)
    }

    /// Checks the settings, and creates a [`Windrow`] that goes on from a snapshot.
    ///
    /// For merges it counts as the one of the snapshot. Buckets that are older than the span by now
    /// are forgotten.
    ///
    /// # Errors
    ///
    /// [`Error::Spec`] as [`build`](Self::build). [`Error::OtherWindows`] if the snapshot has other
    /// buckets, [`Error::Restore`] if it is ahead of the clock, [`Error::RestoreActions`] if its
    /// unit or its limits do not fit either.
    pub fn restore(self, snapshot: &WindrowSnapshot) -> Result<Windrow, Error> {
        self.build_from(Some(snapshot))
    }

    fn build_from(self, snapshot: Option<&WindrowSnapshot>) -> Result<Windrow, Error> {
        let spec = self.spec.build()?;
        let start = match snapshot {
            None => Start::Empty(spec),
            Some(snapshot) if *snapshot.events.spec() != spec => {
                let found = Box::new(snapshot.events.spec().clone());
                return Err(Error::OtherWindows { found, expected: Box::new(spec) });
            }
            Some(snapshot) => Start::From(&snapshot.events),
        };
        let events = match (self.clock, start) {
            (Some(with_clock), start) => with_clock(start)?,
            (None, Start::Empty(spec)) => EventCounter::new(spec),
            (None, Start::From(snapshot)) => EventCounter::restore(snapshot)?,
        };
        let threads = self.threads.unwrap_or(NonZeroUsize::MIN);
        let tracker = TrackerSpec { name_bytes: self.options.limits.name_bytes, ..self.tracker };
        let actions = match snapshot {
            None => RunningTracker::new(tracker),
            Some(snapshot) => RunningTracker::restore(tracker, &snapshot.actions)?,
        };
        let windrow = Windrow::of(events, actions, self.options, threads);
        if let Some(windows) = snapshot.and_then(|snapshot| snapshot.windows.as_ref()) {
            windrow.restore_windows(windows)?;
        }
        Ok(windrow)
    }
}

impl fmt::Debug for WindrowBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindrowBuilder")
            .field("spec", &self.spec)
            .field("options", &self.options)
            .field("tracker", &self.tracker)
            .finish_non_exhaustive()
    }
}
