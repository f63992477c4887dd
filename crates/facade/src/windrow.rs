//! The front door: one type that joins events and actions.

use std::fmt;
use std::io::Read;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use codec::{Entry, Fractions, Limits, Policy, ReadError, Report, Sink};
use core_actions::{
    ActionTime, ExactMean, Row, RunningTracker, TimeError, TrackerSpec, Unit, WhenFull,
};
use core_time::{Clock, EventCounter, Stamp, Tier, Window, WindowSpec, WindowSpecBuilder};

use crate::error::Error;

/// Counts events over sliding windows and keeps timing statistics per action.
///
/// The two halves are independent: adding an action records no event. Clones share everything, so
/// one may be given to each thread.
///
/// # Concurrency
///
/// Any method may be called from any thread at any time. What happened before a read began is in
/// its answer; what happens beside it may be.
///
/// # Examples
///
/// ```
/// use facade::Windrow;
/// use std::time::Duration;
///
/// let windrow = Windrow::default();
///
/// windrow.record_event();
/// windrow.record_events(45);
/// windrow.record_events_at(windrow.now() - Duration::from_secs(20), 1)?;
/// assert_eq!(windrow.request_event_count(Duration::from_secs(300))?, 47);
///
/// windrow.add_action(r#"{"action":"jump","time":100}"#)?;
/// windrow.add_action(r#"{"action":"run","time":75}"#)?;
/// windrow.add_action(r#"{"action":"jump","time":200}"#)?;
/// assert_eq!(windrow.get_stats(), r#"[{"action":"jump","avg":150},{"action":"run","avg":75}]"#);
/// # Ok::<(), facade::Error>(())
/// ```
#[derive(Clone)]
pub struct Windrow(Arc<Halves>);

struct Halves {
    events: EventCounter,
    actions: RunningTracker,
    policy: Policy,
    threads: NonZeroUsize,
}

impl Default for Windrow {
    /// One-second buckets over 300 s, by the system's clock.
    fn default() -> Self {
        let actions = RunningTracker::default();
        Self::of(EventCounter::default(), actions, Policy::default(), NonZeroUsize::MIN)
    }
}

impl Windrow {
    /// Starts from the defaults; every setting has its name.
    pub fn builder() -> WindrowBuilder {
        WindrowBuilder::default()
    }

    fn of(
        events: EventCounter,
        actions: RunningTracker,
        policy: Policy,
        threads: NonZeroUsize,
    ) -> Self {
        Self(Arc::new(Halves { events, actions, policy, threads }))
    }

    /// The present, by the clock that events are counted by.
    #[must_use]
    pub fn now(&self) -> Stamp {
        self.0.events.now()
    }

    /// Counts one event now.
    #[inline]
    pub fn record_event(&self) {
        self.0.events.record();
    }

    /// Counts so many events now.
    #[inline]
    pub fn record_events(&self, events: u64) {
        self.0.events.record_many(events);
    }

    /// Counts events that happened at a stamp, late or a little ahead of the clock.
    ///
    /// # Errors
    ///
    /// [`Error::Record`] if the stamp is older than the span or further ahead than the tolerance,
    /// or if its bucket has no room.
    pub fn record_events_at(&self, stamp: Stamp, events: u64) -> Result<(), Error> {
        Ok(self.0.events.record_at(stamp, events)?)
    }

    /// How many events there were in the past `window`.
    ///
    /// The newest `ceil(window / resolution)` buckets are summed, the one that is filling included:
    /// with one-second buckets and a window of x seconds, the seconds `floor(now) - x + 1` to
    /// `floor(now)`. [`event_window`](Self::event_window) tells the bounds as well.
    ///
    /// # Errors
    ///
    /// [`Error::Window`] if `window` is longer than the span.
    pub fn request_event_count(&self, window: Duration) -> Result<u64, Error> {
        Ok(self.event_window(window)?.events)
    }

    /// How many events there were in the past `window`, and how exact that is.
    ///
    /// # Errors
    ///
    /// [`Error::Window`] if `window` is longer than the span.
    pub fn event_window(&self, window: Duration) -> Result<Window, Error> {
        Ok(self.0.events.count(window)?)
    }

    /// Adds an action from its JSON text: `{"action": <string>, "time": <number>}`.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] with the place and the reason if the text is anything else.
    /// [`Error::Add`], for which [`is_full`](Error::is_full) holds, if the action is new and the
    /// tracker has no room for it. Nothing changes then.
    pub fn add_action(&self, json: impl AsRef<[u8]>) -> Result<(), Error> {
        let action = self.0.policy.decode(json.as_ref())?;
        Ok(self.0.actions.add(action.name.as_str(), action.time)?)
    }

    /// Adds the actions that a reader gives, one line of JSON text each.
    ///
    /// As many [threads](WindrowBuilder::threads) read as the builder says, or fewer where the
    /// system cannot start them or [memory](crate::threads_within_memory) is short. A bad line is
    /// in the report and stops nothing. A valid line whose action does not fit a full tracker is
    /// [dropped](Report::dropped), not accepted. On several threads the order of two new actions in
    /// the rows is not determined.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the reader fails, with the report of the lines before, which are added.
    ///
    /// # Examples
    ///
    /// ```
    /// use facade::Windrow;
    ///
    /// let windrow = Windrow::builder().threads(2).build()?;
    /// let lines = "{\"action\":\"jump\",\"time\":100}\n{\"action\":\"jump\",\"time\":-1}\n";
    /// let report = windrow.add_actions(lines.as_bytes())?;
    /// assert_eq!((report.accepted, report.refused, report.refusals[0].line), (1, 1, 2));
    /// assert_eq!(windrow.get_stats(), r#"[{"action":"jump","avg":100}]"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_actions(&self, reader: impl Read + Send) -> Result<Report, ReadError> {
        let Halves { actions: tracker, policy, threads, .. } = &*self.0;
        let threads = codec::threads_within_memory(threads.get());
        let mut adders = vec![Adder { tracker, dropped: 0 }; threads];
        let mut read = match &mut adders[..] {
            [adder] => policy.decode_reader(reader, adder),
            adders => policy.decode_reader_among(reader, adders),
        };
        let report = match &mut read {
            Ok(report) => report,
            Err(ReadError { report, .. }) => &mut **report,
        };
        report.dropped = adders.iter().map(|adder| adder.dropped).sum();
        report.accepted -= report.dropped;
        read
    }

    /// Adds one occurrence of an action, from its values.
    ///
    /// # Errors
    ///
    /// [`Error::Add`] if the name is blank, too long or has control characters, if the time is
    /// negative or not finite, or if the action is new and the tracker has no room for it. Nothing
    /// changes then.
    pub fn add_action_time<T>(&self, action: &str, time: T) -> Result<(), Error>
    where
        T: TryInto<ActionTime, Error: Into<TimeError>>,
    {
        Ok(self.0.actions.add(action, time)?)
    }

    /// Adds one occurrence of an action, in the unit that was chosen for durations.
    ///
    /// # Errors
    ///
    /// As [`add_action_time`](Self::add_action_time).
    pub fn add_action_duration(&self, action: &str, duration: Duration) -> Result<(), Error> {
        Ok(self.0.actions.add_duration(action, duration)?)
    }

    /// The mean time of each action as JSON text: `[{"action":"jump","avg":150}]`.
    ///
    /// Rows come in the order in which actions were first added; `[]` if none was. The row of
    /// folded actions is marked with `"other":true`.
    #[must_use]
    pub fn get_stats(&self) -> String {
        codec::encode_means(&self.stats())
    }

    /// A row for each action, in the order in which they were first added.
    #[must_use]
    pub fn stats(&self) -> Vec<Row<ExactMean>> {
        self.0.actions.stats()
    }

    /// The half that counts events.
    #[must_use]
    pub fn events(&self) -> &EventCounter {
        &self.0.events
    }

    /// The half that keeps statistics of actions.
    #[must_use]
    pub fn actions(&self) -> &RunningTracker {
        &self.0.actions
    }

    /// Forgets all events and actions of before.
    pub fn reset(&self) {
        self.0.events.reset();
        self.0.actions.reset();
    }
}

impl fmt::Debug for Windrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Windrow")
            .field("events", &self.0.events)
            .field("policy", &self.0.policy)
            .finish_non_exhaustive()
    }
}

/// Adds the actions of a batch.
#[derive(Clone)]
struct Adder<'t> {
    tracker: &'t RunningTracker,
    /// Actions that the tracker had no room for. Name and time are valid, so nothing else fails.
    dropped: u64,
}

impl Sink for Adder<'_> {
    fn take(&mut self, entry: Entry<'_>) {
        self.dropped += u64::from(self.tracker.add(entry.name, entry.time).is_err());
    }
}

/// Builds a [`Windrow`] with settings of one's own.
///
/// # Examples
///
/// ```
/// use facade::{ManualClock, Stamp, Windrow};
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
    policy: Policy,
    threads: Option<NonZeroUsize>,
    tracker: TrackerSpec,
}

/// Makes a counter with the clock that was chosen, whose type is forgotten.
type CounterWithClock = Box<dyn FnOnce(WindowSpec) -> EventCounter + Send + Sync>;

impl WindrowBuilder {
    /// Sets the width of a bucket, one second if not set.
    pub fn resolution(mut self, resolution: Duration) -> Self {
        self.spec = self.spec.resolution(resolution);
        self
    }

    /// Sets how far back events can be counted, 300 s if not set.
    pub fn span(mut self, span: Duration) -> Self {
        self.spec = self.spec.span(span);
        self
    }

    /// Adds a tier of coarser buckets that reaches further back than those before.
    ///
    /// Windows longer than the span are then answered from the finest tier that holds them.
    pub fn tier(mut self, tier: Tier) -> Self {
        self.spec = self.spec.tier(tier);
        self
    }

    /// Sets how far ahead of the clock an event may be, 5 s if not set.
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.spec = self.spec.tolerance(tolerance);
        self
    }

    /// Sets the clock, the cheapest of the system that is fine enough if not set.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Box::new(|spec| EventCounter::with_clock(spec, clock)));
        self
    }

    /// Sets how large the text of an action may be.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.policy.limits = limits;
        self
    }

    /// Sets whether the text of an action may have a time that is no integer. It may if not set.
    pub fn fractions(mut self, fractions: Fractions) -> Self {
        self.policy.fractions = fractions;
        self
    }

    /// Sets how many threads read the lines of one call of
    /// [`add_actions`](Windrow::add_actions); one if not set, or 0.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = NonZeroUsize::new(threads);
        self
    }

    /// Sets the unit that durations are converted to, nanoseconds if not set.
    pub fn unit(mut self, unit: Unit) -> Self {
        self.tracker.unit = unit;
        self
    }

    /// Sets how many actions are kept apart, and what becomes of those beyond, if not
    /// [`ACTIONS_MAX`](crate::ACTIONS_MAX) of which more are refused.
    pub fn actions(mut self, actions: usize, when_full: WhenFull) -> Self {
        (self.tracker.actions, self.tracker.when_full) = (actions, when_full);
        self
    }

    /// Checks the settings against each other.
    ///
    /// # Errors
    ///
    /// [`Error::Spec`] if they make no sense together, with the numbers.
    pub fn build(self) -> Result<Windrow, Error> {
        let spec = self.spec.build()?;
        let events = match self.clock {
            Some(with_clock) => with_clock(spec),
            None => EventCounter::new(spec),
        };
        let threads = self.threads.unwrap_or(NonZeroUsize::MIN);
        let tracker = TrackerSpec { name_bytes: self.policy.limits.name_bytes, ..self.tracker };
        Ok(Windrow::of(events, RunningTracker::new(tracker), self.policy, threads))
    }
}

impl fmt::Debug for WindrowBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindrowBuilder")
            .field("spec", &self.spec)
            .field("policy", &self.policy)
            .field("tracker", &self.tracker)
            .finish_non_exhaustive()
    }
}
