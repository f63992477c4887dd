//! The recorder.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use core_actions::{
    ActionWindow, Histogram, Mean, MergedTracker, Summary, TrackerSpec, WindowedSpec,
    WindowedSpecError, WindowedTracker,
};
use core_time::{Clock, EventCounter, Window, WindowError};
use exposition::{Format, Labels, Page};
use metrics::{Key, KeyName, Metadata, Recorder, SetRecorderError, SharedString, Unit};

use crate::descriptions::Descriptions;
use crate::error::RecorderError;
use crate::handles::{AtomicGauge, SeriesId, WindowedCounter, WindowedHistogram};
use crate::page;
use crate::refused::{Refusals, RefusedValues};
use crate::registry::{Limits, Name, Registry};
use crate::series::HistogramSeries;
use crate::spec::RecorderSpec;

/// Records what the macros of `metrics` measure, over windows and since the start.
///
/// A clone is the same recorder: install one, and keep another for [`render`](Self::render).
///
/// # Concurrency
///
/// Any thread records, without a lock that a reader holds for long. A page has all that happened
/// before.
///
/// # Examples
///
/// ```
/// use adapter_metrics::WindrowRecorder;
/// use exposition::{Format, Labels};
/// use std::time::Duration;
///
/// let recorder = WindrowRecorder::default();
/// metrics::with_local_recorder(&recorder, || {
///     metrics::counter!("requests", "route" => "/").increment(3);
///     metrics::histogram!("request_duration").record(0.25);
/// });
/// let route = Labels::default().with("route", "/")?;
/// let minute = Duration::from_secs(60);
/// assert_eq!(recorder.count("requests", &route, minute)?.map(|window| window.events), Some(3));
///
/// let page = String::from_utf8(recorder.render(Format::Text))?;
/// assert!(page.contains("requests_total{route=\"/\"} 3\n"));
/// assert!(page.contains("request_duration_window{quantile=\"0.99\"} 0.25\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct WindrowRecorder(Arc<Inner>);

struct Inner {
    spec: RecorderSpec,
    new_counter: Box<dyn Fn() -> EventCounter + Send + Sync>,
    windows: Windows,
    totals: MergedTracker<(Mean, Histogram)>,
    counters: Registry<WindowedCounter>,
    gauges: Registry<AtomicGauge>,
    histograms: Registry<WindowedHistogram>,
    descriptions: Descriptions,
    refusals: Arc<Refusals>,
}

type Windows = WindowedTracker<Summary>;

impl WindrowRecorder {
    /// Creates a recorder with the cheapest system clock that is fine enough.
    ///
    /// # Errors
    ///
    /// [`RecorderError`] if the settings do not fit together or need too much memory.
    pub fn new(spec: RecorderSpec) -> Result<Self, RecorderError> {
        let window = spec.window.clone();
        let new_counter = move || EventCounter::new(window.clone());
        Self::of(spec, new_counter, WindowedTracker::new)
    }

    /// Creates a recorder with a clock of its own.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn with_clock(
        spec: RecorderSpec,
        clock: impl Clock + Clone,
    ) -> Result<Self, RecorderError> {
        let (window, of_counters) = (spec.window.clone(), clock.clone());
        let new_counter = move || EventCounter::with_clock(window.clone(), of_counters.clone());
        Self::of(spec, new_counter, |windowed| WindowedTracker::with_clock(windowed, clock))
    }

    fn of(
        spec: RecorderSpec,
        new_counter: impl Fn() -> EventCounter + Send + Sync + 'static,
        new_tracker: impl FnOnce(WindowedSpec) -> Result<Windows, WindowedSpecError>,
    ) -> Result<Self, RecorderError> {
        let limits = Limits { series: spec.series, name_bytes: spec.name_bytes };
        let tracker = TrackerSpec { actions: limits.with_folded(), ..TrackerSpec::default() };
        let RecorderSpec { ref window, bytes, .. } = spec;
        let windowed = WindowedSpec { window: window.clone(), tracker: tracker.clone(), bytes };
        let fitting = limits.within(windowed.actions_max::<Summary>());
        let windows = new_tracker(windowed).map_err(RecorderError::Histograms)?;
        windows.window(spec.quantile_window).map_err(RecorderError::Quantiles)?;
        let refusals = Arc::new(Refusals::default());
        Ok(Self(Arc::new(Inner {
            new_counter: Box::new(new_counter),
            windows,
            totals: MergedTracker::new(tracker),
            counters: Registry::new(limits, Arc::clone(&refusals)),
            gauges: Registry::new(limits, Arc::clone(&refusals)),
            histograms: Registry::new(fitting, Arc::clone(&refusals)),
            descriptions: Descriptions::new(limits.series.saturating_mul(3)),
            refusals,
            spec,
        })))
    }

    /// Makes this the recorder of the whole process.
    ///
    /// # Errors
    ///
    /// [`SetRecorderError`] if the process has one.
    pub fn install(&self) -> Result<(), SetRecorderError<Self>> {
        metrics::set_global_recorder(self.clone())
    }

    /// Writes a page for Prometheus.
    ///
    /// Counters and gauges have their name. Histograms have it with all values since the start; the
    /// quantiles of a window are a summary with `_window` after the name. Names that two kinds of
    /// metrics need are given to the first of counters, gauges and histograms.
    ///
    /// # Complexity
    ///
    /// Linear in the series; a histogram costs by its bins and by the buckets of the window.
    #[must_use]
    pub fn render(&self, format: Format) -> Vec<u8> {
        let mut page = Page::new(format);
        self.write(&mut page);
        page.finish()
    }

    /// Writes all series to a page that has other metrics too.
    ///
    /// The series are those of [`render`](Self::render). Metrics whose name the page has are left
    /// out.
    ///
    /// # Complexity
    ///
    /// That of [`render`](Self::render).
    ///
    /// # Examples
    ///
    /// ```
    /// use adapter_metrics::WindrowRecorder;
    /// use exposition::{Description, Format, Labels, Page};
    ///
    /// let recorder = WindrowRecorder::default();
    /// metrics::with_local_recorder(&recorder, || metrics::counter!("requests").increment(3));
    /// let mut page = Page::new(Format::Text);
    /// page.gauges(&Description::new("queue", "Jobs that wait."))?.add(&Labels::default(), 7.0)?;
    /// recorder.write(&mut page);
    /// let page = String::from_utf8(page.finish())?;
    /// assert!(page.contains("queue 7\n") && page.contains("requests_total 3\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write(&self, page: &mut Page) {
        let Inner { spec, counters, gauges, histograms, descriptions, .. } = &*self.0;
        let mut page = page::Writer::new(page, descriptions);
        page.counters(&counters.all());
        page.gauges(&gauges.all());
        page.histograms(&histograms.all(), spec);
        page.refused(self.refused());
    }

    /// Counts the events of a counter over the past `window`; `None` if it has none.
    ///
    /// # Errors
    ///
    /// [`WindowError`] if the recorder does not know such a window.
    pub fn count(
        &self,
        name: &str,
        labels: &Labels,
        window: Duration,
    ) -> Result<Option<Window>, WindowError> {
        let found = self.0.counters.find(name, labels);
        found.map(|counter| counter.events.count(window)).transpose()
    }

    /// Returns the summary of a histogram over the past `window`; `None` without such a histogram.
    ///
    /// # Errors
    ///
    /// [`WindowError`] if the recorder does not know such a window.
    pub fn summary(
        &self,
        name: &str,
        labels: &Labels,
        window: Duration,
    ) -> Result<Option<ActionWindow<Summary>>, WindowError> {
        let found = self.0.histograms.find(name, labels);
        found.map(|histogram| histogram.window.window(window)).transpose()
    }

    /// Returns all histograms, sorted by name and labels.
    ///
    /// # Complexity
    ///
    /// Linear in the histograms, of which it copies the names.
    ///
    /// # Examples
    ///
    /// ```
    /// use adapter_metrics::WindrowRecorder;
    /// use std::time::Duration;
    ///
    /// let recorder = WindrowRecorder::default();
    /// metrics::with_local_recorder(&recorder, || {
    ///     metrics::describe_histogram!("wait", metrics::Unit::Milliseconds, "Time in the queue.");
    ///     metrics::histogram!("wait", "queue" => "mail").record(40.0);
    /// });
    /// let histograms = recorder.histograms();
    /// assert_eq!(histograms[0].to_string(), r#"wait{queue="mail"}"#);
    /// assert_eq!(histograms[0].unit, Some(metrics::Unit::Milliseconds));
    ///
    /// let windows = recorder.histogram_windows();
    /// let minute = windows.get(&histograms[0].action, Duration::from_secs(60))?;
    /// assert_eq!(minute.statistic().max().map(|time| time.as_f64()), Some(40.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn histograms(&self) -> Vec<HistogramSeries> {
        let series = |((name, labels), found): (Name, Arc<WindowedHistogram>)| HistogramSeries {
            action: found.window.name().to_owned(),
            unit: self.0.descriptions.of(&name).unit,
            name,
            labels,
        };
        self.0.histograms.all().into_iter().map(series).collect()
    }

    /// Returns the tracker of the windows of all histograms.
    ///
    /// Its actions have the names that [`HistogramSeries::action`] holds.
    #[must_use]
    pub fn histogram_windows(&self) -> &WindowedTracker<Summary> {
        &self.0.windows
    }

    /// Returns the numbers of what was refused or folded. The page has them too.
    #[must_use]
    pub fn refused(&self) -> RefusedValues {
        self.0.refusals.counts()
    }

    /// Makes a histogram. Trackers know it by its number, as their names have other rules.
    fn histogram(&self, id: SeriesId) -> Option<WindowedHistogram> {
        let name = id.to_string();
        Some(WindowedHistogram {
            window: self.0.windows.shared(&name).ok()?,
            total: self.0.totals.shared(&name).ok()?,
            refusals: Arc::clone(&self.0.refusals),
        })
    }
}

impl Default for WindrowRecorder {
    fn default() -> Self {
        Self::new(RecorderSpec::default()).expect("the defaults fit together")
    }
}

impl fmt::Debug for WindrowRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindrowRecorder").field("spec", &self.0.spec).finish_non_exhaustive()
    }
}

impl Recorder for WindrowRecorder {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.descriptions.describe(&name, unit, help);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.descriptions.describe(&name, unit, help);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.descriptions.describe(&name, unit, help);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> metrics::Counter {
        let make = |_| Some(WindowedCounter::new((self.0.new_counter)()));
        let found = self.0.counters.get(key, make);
        found.map_or_else(metrics::Counter::noop, metrics::Counter::from_arc)
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> metrics::Gauge {
        let found =
            self.0.gauges.get(key, |_| Some(AtomicGauge::new(Arc::clone(&self.0.refusals))));
        found.map_or_else(metrics::Gauge::noop, metrics::Gauge::from_arc)
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> metrics::Histogram {
        let found = self.0.histograms.get(key, |id| self.histogram(id));
        found.map_or_else(metrics::Histogram::noop, metrics::Histogram::from_arc)
    }
}
