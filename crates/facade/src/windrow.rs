//! The front door: one type that joins events and actions.

use std::fmt;
use std::io::Read;
use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use codec::{DecodeOptions, ReadError, Record, Report, Sink};
use core_actions::{
    ActionError, ActionTime, Batch, KeyedName, Mean, Row, RunningTracker, Summary, TrackerSpec,
    Unit, WindowedSnapshot, WindowedSpec, WindowedTracker,
};
use core_time::{EventCounter, Stamp, Window};

use crate::action::ActionHandle;
use crate::error::Error;

mod builder;
mod by_name;
#[cfg(feature = "store")]
mod publish;
mod snapshot;

pub use builder::WindrowBuilder;
pub use snapshot::WindrowSnapshot;

/// Counts events over sliding windows and keeps timing statistics per action.
///
/// The two halves are independent: recording an action counts no event. Clones share all data, so
/// each thread can own one.
///
/// # Concurrency
///
/// Any method may be called from any thread at any time. A read includes every record that
/// happened before the call; records made concurrently may or may not be included.
///
/// # Examples
///
/// ```
/// use facade::Windrow;
/// use std::time::Duration;
///
/// let windrow = Windrow::default(); // One-second buckets, 300 s back.
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
    /// Set by the first call of `Windrow::keep_windows`.
    windows: OnceLock<WindowedTracker<Summary>>,
    options: DecodeOptions,
    threads: NonZeroUsize,
}

impl Default for Windrow {
    /// Creates one with one-second buckets, a span of 300 s, and the system clock.
    fn default() -> Self {
        let actions = RunningTracker::default();
        Self::of(EventCounter::default(), actions, DecodeOptions::default(), NonZeroUsize::MIN)
    }
}

impl Halves {
    /// Returns the settings of the tracker of windows, with the tiers of the event counter.
    fn windows_spec(&self) -> WindowedSpec {
        let spec = WindowedSpec::default();
        let actions = self.actions.spec().actions.min(spec.tracker.actions);
        let tracker = TrackerSpec { actions, ..self.actions.spec().clone() };
        WindowedSpec { window: self.events.spec().clone(), tracker, ..spec }
    }

    /// Creates the tracker of windows, with the clock of the event counter.
    fn new_windows(&self) -> Result<WindowedTracker<Summary>, Error> {
        Ok(WindowedTracker::with_clock(self.windows_spec(), self.events.clock())?)
    }

    /// Records one occurrence of an action, in its windows too once they are kept.
    fn record(&self, action: KeyedName<'_>, time: ActionTime) -> Result<(), ActionError> {
        self.actions.record(action, time)?;
        if let Some(windows) = self.windows.get() {
            // Refused if the tracker of windows is full or an injected clock stepped back too far.
            // The statistics of all time have the record, and `Windrow::windows` has the counts.
            let _ = windows.record(action, time);
        }
        Ok(())
    }
}

impl Windrow {
    /// Returns a builder with the default settings.
    pub fn builder() -> WindrowBuilder {
        WindrowBuilder::default()
    }

    fn of(
        events: EventCounter,
        actions: RunningTracker,
        options: DecodeOptions,
        threads: NonZeroUsize,
    ) -> Self {
        Self(Arc::new(Halves { events, actions, windows: OnceLock::new(), options, threads }))
    }

    /// Keeps windows that go on from a snapshot. None are kept yet.
    fn restore_windows(&self, snapshot: &WindowedSnapshot<Summary>) -> Result<(), Error> {
        let (spec, clock) = (self.0.windows_spec(), self.0.events.clock());
        let windows = WindowedTracker::restore_with_clock(spec, snapshot, clock)?;
        let _ = self.0.windows.set(windows);
        Ok(())
    }

    /// Returns the present time of the clock.
    #[must_use]
    pub fn now(&self) -> Stamp {
        self.0.events.now()
    }

    /// Records one event now.
    #[inline]
    pub fn record_event(&self) {
        self.0.events.record();
    }

    /// Records a number of events now.
    #[inline]
    pub fn record_events(&self, events: u64) {
        self.0.events.record_many(events);
    }

    /// Records events that happened at a stamp, late or a little ahead of the clock.
    ///
    /// # Errors
    ///
    /// [`Error::Record`] if the stamp is older than the span or further ahead than the tolerance,
    /// or if the events do not fit into its bucket. Nothing changes then.
    pub fn record_events_at(&self, stamp: Stamp, events: u64) -> Result<(), Error> {
        Ok(self.0.events.record_at(stamp, events)?)
    }

    /// Returns the number of events in the past `window`.
    ///
    /// Sums the newest `ceil(window / resolution)` buckets, the one that is filling included: with
    /// one-second buckets and a window of x seconds, the seconds `floor(now) - x + 1` to
    /// `floor(now)`. [`event_window`](Self::event_window) returns bounds as well.
    ///
    /// # Errors
    ///
    /// [`Error::Window`] if `window` is longer than the span.
    pub fn request_event_count(&self, window: Duration) -> Result<u64, Error> {
        Ok(self.event_window(window)?.events)
    }

    /// Returns the number of events in the past `window`, with bounds, coverage and rate.
    ///
    /// # Errors
    ///
    /// [`Error::Window`] if `window` is longer than the span.
    pub fn event_window(&self, window: Duration) -> Result<Window, Error> {
        Ok(self.0.events.count(window)?)
    }

    /// Returns a handle that records one action and returns its windows.
    ///
    /// Calls with the same name return handles of the same action. The first call for any name
    /// starts keeping windows, as far back as the span: from then on they include everything that
    /// is recorded, as text or by handles. Before the first call they cost nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Action`] if the name is blank, too long or has control characters, or if the action
    /// is new and a tracker is full; [`is_full`](Error::is_full) holds then. [`Error::Windows`] if
    /// the windows of one action would exceed the memory limit, because the span has too many
    /// buckets.
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
        let windows = self.keep_windows()?;
        let total = self.0.actions.shared(action)?;
        Ok(ActionHandle::new(total, windows.shared(action)?, self.unit()))
    }

    /// Starts keeping windows of all actions, as the first handle does, and returns their tracker.
    ///
    /// Later calls return the same tracker.
    ///
    /// # Errors
    ///
    /// [`Error::Windows`] if the windows of one action would exceed the memory limit, because the
    /// span has too many buckets.
    ///
    /// # Examples
    ///
    /// ```
    /// use facade::Windrow;
    /// use std::time::Duration;
    ///
    /// let windrow = Windrow::default();
    /// windrow.keep_windows()?;
    /// windrow.add_action_duration("checkout", Duration::from_millis(5))?;
    /// let minute = windrow.keep_windows()?.window(Duration::from_secs(60))?;
    /// assert_eq!(minute.rows()[0].count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn keep_windows(&self) -> Result<&WindowedTracker<Summary>, Error> {
        if let Some(windows) = self.0.windows.get() {
            return Ok(windows);
        }
        let windows = self.0.new_windows()?;
        Ok(self.0.windows.get_or_init(|| windows))
    }

    /// Returns the tracker that keeps windows of all actions, once a handle was made.
    ///
    /// It counts what it refuses: in [`overflow`](WindowedTracker::overflow) what exceeds its limit
    /// of actions, in [`refused`](WindowedTracker::refused) what an injected clock made too old.
    ///
    /// # Examples
    ///
    /// ```
    /// use facade::Windrow;
    /// use std::time::Duration;
    ///
    /// let windrow = Windrow::default();
    /// assert!(windrow.windows().is_none());
    /// for name in ["checkout", "search"] {
    ///     windrow.action(name)?.record(Duration::from_millis(5));
    /// }
    /// let windows = windrow.windows().expect("there is a handle");
    /// let minute = windows.window(Duration::from_secs(60))?;
    /// assert_eq!(minute.rows().len(), 2);
    /// assert_eq!(windows.overflow().refused, 0);
    /// # Ok::<(), facade::Error>(())
    /// ```
    #[must_use]
    pub fn windows(&self) -> Option<&WindowedTracker<Summary>> {
        self.0.windows.get()
    }

    fn unit(&self) -> Unit {
        self.0.actions.spec().unit
    }

    /// Records an action from its JSON text: `{"action": <string>, "time": <number>}`.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] with place and reason if the text is anything else. [`Error::Action`] if
    /// the action is new and the tracker is full; [`is_full`](Error::is_full) holds then. Nothing
    /// changes in either case.
    pub fn add_action(&self, json: impl AsRef<[u8]>) -> Result<(), Error> {
        let action = self.0.options.decode(json.as_ref())?;
        Ok(self.0.record(action.name.as_str().into(), action.time)?)
    }

    /// Records the actions of a reader, one line of JSON text each.
    ///
    /// The builder sets the number of [threads](WindrowBuilder::threads). A refused line is in the
    /// report and does not stop the others. A valid line whose action does not fit into a full
    /// tracker is [dropped](Report::dropped), not accepted. With several threads, the order of two
    /// new actions in the rows is not determined.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the reader fails, with the report of the lines before, which are recorded.
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
        let Halves { options, threads, .. } = &*self.0;
        // More sinks than threads that can run would only take memory.
        let threads = codec::threads_within_memory(threads.get());
        let mut sinks: Vec<_> = (0..threads).map(|_| BatchSink::new(&self.0)).collect();
        let mut read = match &mut sinks[..] {
            [sink] => options.decode_reader(reader, sink),
            sinks => options.par_decode_reader(reader, sinks),
        };
        let report = match &mut read {
            Ok(report) => report,
            Err(ReadError { report, .. }) => &mut **report,
        };
        report.dropped = sinks.into_iter().map(BatchSink::finish).sum();
        report.accepted -= report.dropped;
        read
    }

    /// Returns the mean time of each action as JSON text: `[{"action":"jump","avg":150}]`.
    ///
    /// Rows are in the order in which the actions were first recorded; `[]` without a record. The
    /// row of folded actions is marked with `"other":true`.
    #[must_use]
    pub fn get_stats(&self) -> String {
        codec::encode_means(&self.stats())
    }

    /// Returns a row for each action, in the order in which they were first recorded.
    #[must_use]
    pub fn stats(&self) -> Vec<Row<Mean>> {
        self.0.actions.stats()
    }

    /// Returns the row of one action, `None` without a record of it.
    ///
    /// Costs one lookup, however many other actions there are.
    ///
    /// # Examples
    ///
    /// ```
    /// use facade::Windrow;
    ///
    /// let windrow = Windrow::default();
    /// windrow.add_action(r#"{"action":"jump","time":100}"#)?;
    /// assert_eq!(windrow.get("jump").map(|row| row.mean()), Some(100.0));
    /// assert!(windrow.get("run").is_none());
    /// # Ok::<(), facade::Error>(())
    /// ```
    #[must_use]
    pub fn get(&self, action: &str) -> Option<Row<Mean>> {
        self.0.actions.get(action)
    }

    /// Returns the event counter.
    #[must_use]
    pub fn events(&self) -> &EventCounter {
        &self.0.events
    }

    /// Returns the tracker that keeps the statistics of all time.
    #[must_use]
    pub fn actions(&self) -> &RunningTracker {
        &self.0.actions
    }

    /// Discards all events and actions recorded before the call.
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
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}

/// Records the actions of a batch.
struct BatchSink<'w> {
    halves: &'w Halves,
    /// Records those of which no windows are kept.
    actions: Batch<'w, Mean>,
    /// The number of the others that a full tracker refused.
    dropped: u64,
}

impl<'w> BatchSink<'w> {
    fn new(halves: &'w Halves) -> Self {
        Self { halves, actions: halves.actions.batch(), dropped: 0 }
    }

    /// Returns the number of actions that a full tracker refused. Names and times are valid, so
    /// nothing else fails.
    fn finish(mut self) -> u64 {
        let _ = self.actions.flush(); // It counts what it refuses.
        self.dropped + self.actions.refused()
    }
}

impl Sink for BatchSink<'_> {
    fn accept(&mut self, Record { name, time, .. }: Record<'_>) {
        if self.halves.windows.get().is_none() {
            let _ = self.actions.record(name, time);
            return;
        }
        let _ = self.actions.flush(); // Before it, so that new actions stay in order.
        self.dropped += u64::from(self.halves.record(name, time).is_err());
    }
}
