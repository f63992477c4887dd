//! The front door: one type that joins events and actions.

use std::fmt;
use std::io::Read;
use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use codec::{DecodeOptions, Fractions, Limits, ReadError, Record, Report, Sink};
use core_actions::{
    ActionError, ActionTime, KeyedName, Mean, Row, RunningTracker, Summary, TimeError, TrackerSpec,
    Unit, WhenFull, WindowedSpec, WindowedTracker,
};
use core_time::{Clock, EventCounter, Stamp, Tier, Window, WindowSpec, WindowSpecBuilder};

use crate::action::{ActionHandle, Writer};
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
    /// What handles of actions need, from the first one on.
    windows: OnceLock<WindowedTracker<Summary>>,
    policy: DecodeOptions,
    threads: NonZeroUsize,
}

impl Default for Windrow {
    /// One-second buckets over 300 s, by the system's clock.
    fn default() -> Self {
        let actions = RunningTracker::default();
        Self::of(EventCounter::default(), actions, DecodeOptions::default(), NonZeroUsize::MIN)
    }
}

impl Halves {
    /// Windows by the same clock, as far back and in the same buckets as those of events.
    fn new_windows(&self) -> Result<WindowedTracker<Summary>, Error> {
        let events = self.events.spec();
        let window = WindowSpec::builder()
            .resolution(events.resolution())
            .span(events.tiers().next().map_or(events.span(), |finest| finest.span))
            .tolerance(events.tolerance());
        let spec = WindowedSpec::default();
        let actions = self.actions.spec().actions.min(spec.tracker.actions);
        let tracker = TrackerSpec { actions, ..self.actions.spec().clone() };
        let spec = WindowedSpec { window: window.build()?, tracker, ..spec };
        Ok(WindowedTracker::with_clock(spec, self.events.clock())?)
    }

    /// Records one occurrence of an action, in its windows too if there are any.
    fn record(&self, action: KeyedName<'_>, time: ActionTime) -> Result<(), ActionError> {
        self.actions.record(action, time)?;
        if let Some(windows) = self.windows.get() {
            // RefusedCounts where the clock stepped back too far, or where there is no room for the
            // windows of one more action, whose handle is refused then. Both are counted.
            let _ = windows.record(action, time);
        }
        Ok(())
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
        policy: DecodeOptions,
        threads: NonZeroUsize,
    ) -> Self {
        Self(Arc::new(Halves { events, actions, windows: OnceLock::new(), policy, threads }))
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

    /// Returns a handle of one action, to record it fast and to get windows of it.
    ///
    /// Calls with the same name return handles of the same action.
    ///
    /// The first call begins to keep windows, as far back as the span: from then on everything that
    /// is recorded, as text or by handles, is in the windows too. Before, nothing is spent on them.
    ///
    /// # Errors
    ///
    /// [`Error::Add`] if the name is blank, too long or has control characters, or, with
    /// [`is_full`](Error::is_full), if the action is new and there is no room for it.
    /// [`Error::Windows`] if the windows of the builder's span would take too much memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use facade::Windrow;
    /// use std::time::Duration;
    ///
    /// let windrow = Windrow::default();
    /// let checkout = windrow.action("checkout")?;
    /// checkout.record(Duration::from_millis(31));
    /// let last5 = checkout.window(Duration::from_secs(300))?;
    /// assert_eq!(last5.p99(), Some(Duration::from_millis(31)));
    /// // In nanoseconds, unless the builder is given another unit.
    /// assert_eq!(windrow.get_stats(), r#"[{"action":"checkout","avg":31000000}]"#);
    /// # Ok::<(), facade::Error>(())
    /// ```
    pub fn action(&self, action: &str) -> Result<ActionHandle, Error> {
        let windows = match self.0.windows.get() {
            Some(windows) => windows,
            None => {
                let windows = self.0.new_windows()?;
                self.0.windows.get_or_init(|| windows)
            }
        };
        let total = self.0.actions.action(action)?;
        let writer = Writer { windows: windows.action(action)?, total };
        Ok(ActionHandle::new(writer, self.unit()))
    }

    fn unit(&self) -> Unit {
        self.0.actions.spec().unit
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
        Ok(self.0.record(action.name.as_str().into(), action.time)?)
    }

    /// Adds the actions that a reader gives, one line of JSON text each.
    ///
    /// As many [threads](WindrowBuilder::threads) read as the builder says. A bad line is in the
    /// report and stops nothing. A valid line whose action does not fit a full tracker is
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
        let Halves { policy, threads, .. } = &*self.0;
        let mut adders = vec![Adder { halves: &self.0, dropped: 0 }; threads.get()];
        let mut read = match &mut adders[..] {
            [adder] => policy.decode_reader(reader, adder),
            adders => policy.par_decode_reader(reader, adders),
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
        let time = time.try_into().map_err(|error| ActionError::Time(error.into()))?;
        Ok(self.0.record(action.into(), time)?)
    }

    /// Adds one occurrence of an action, in the unit that was chosen for durations.
    ///
    /// # Errors
    ///
    /// As [`add_action_time`](Self::add_action_time).
    pub fn add_action_duration(&self, action: &str, duration: Duration) -> Result<(), Error> {
        let time = ActionTime::from_duration(duration, self.unit());
        Ok(self.0.record(action.into(), time)?)
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
    pub fn stats(&self) -> Vec<Row<Mean>> {
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
        if let Some(windows) = self.0.windows.get() {
            windows.reset();
        }
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
struct Adder<'w> {
    halves: &'w Halves,
    /// Actions that the tracker had no room for. Name and time are valid, so nothing else fails.
    dropped: u64,
}

impl Sink for Adder<'_> {
    fn accept(&mut self, entry: Record<'_>) {
        self.dropped += u64::from(self.halves.record(entry.name, entry.time).is_err());
    }
}

/// Builds a [`Windrow`] with settings of one's own.
///
/// # Examples
///
/// ```
/// use facade::{Stamp, Windrow};
/// use facade::time::{ManualClock};
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
    policy: DecodeOptions,
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
