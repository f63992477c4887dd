//! Where the rows of a page come from.

use std::fmt;
use std::sync::Arc;

use facade::actions::{Mean, OverflowCounts, Row, WindowedTracker};
use facade::time::{EventCounter, RefusedCounts};
use facade::{Summary, Windrow};

use crate::names::{Names, Scale};

/// A tracker whose windows a page shows.
///
/// It is made of a [`Windrow`], which is where `RequestLayer` and `SpanLayer` record, of a windowed
/// tracker in an [`Arc`], of a `RequestLayer`, which adds the requests in flight, of an `Ingest`,
/// which adds the number of records that it refused, or of a `WindrowRecorder` of the feature
/// `metrics`, whose histograms are shown. It shares their data.
///
/// # Examples
///
/// ```
/// use facade::Windrow;
/// use facade::actions::WindowedTracker;
/// use service::{Page, Source};
/// use std::sync::Arc;
///
/// let windrow = Windrow::default();
/// let jobs = Arc::new(WindowedTracker::new(Default::default())?);
/// jobs.record("resize", 120)?;
/// let page = Page::new()
///     .source("requests", Source::from(&windrow))
///     .source("jobs", &jobs);
/// let app: axum::Router = axum::Router::new().nest("/windrow", page.router());
/// # let _ = app;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Source(Kind);

#[derive(Clone)]
enum Kind {
    Windrow(Windrow),
    Tracker(Arc<WindowedTracker<Summary>>),
    #[cfg(feature = "requests")]
    Requests(adapter_tower::RequestLayer),
    #[cfg(feature = "ingest")]
    Ingest(crate::Ingest),
    #[cfg(feature = "metrics")]
    Recorder(adapter_metrics::WindrowRecorder),
}

/// What a recorder refused and folded before it reached a tracker.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RefusedValues {
    pub(crate) refused: u64,
    pub(crate) folded: u64,
}

impl Source {
    /// Returns the tracker of the windows.
    ///
    /// # Errors
    ///
    /// The reason why there is none.
    pub(crate) fn tracker(&self) -> Result<&WindowedTracker<Summary>, String> {
        match &self.0 {
            Kind::Windrow(windrow) => keep_windows(windrow),
            Kind::Tracker(tracker) => Ok(tracker),
            #[cfg(feature = "requests")]
            Kind::Requests(layer) => keep_windows(layer.windrow()),
            #[cfg(feature = "ingest")]
            Kind::Ingest(ingest) => keep_windows(ingest.windrow()),
            #[cfg(feature = "metrics")]
            Kind::Recorder(recorder) => Ok(recorder.histogram_windows()),
        }
    }

    /// Returns number and sum since the start of each action, where they are kept.
    pub(crate) fn totals(&self) -> Option<Vec<Row<Mean>>> {
        self.windrow().map(Windrow::stats)
    }

    /// Returns the numbers of what exceeded the limit of actions, and of what was refused.
    pub(crate) fn refusals(&self) -> (OverflowCounts, RefusedCounts) {
        let refusals = |tracker: &WindowedTracker<Summary>| (tracker.overflow(), tracker.refused());
        let (overflow, refused) = self.tracker().map(refusals).unwrap_or_default();
        #[cfg(feature = "ingest")]
        if let Kind::Ingest(ingest) = &self.0 {
            return (overflow, ingest.with_refused_stamps(refused));
        }
        (overflow, refused)
    }

    /// Returns what its actions are called. `tracker` is its own.
    pub(crate) fn names(&self, tracker: &WindowedTracker<Summary>) -> Names {
        #[cfg(feature = "metrics")]
        if let Kind::Recorder(recorder) = &self.0 {
            return recorder_names(recorder);
        }
        Names::Own(Scale::seconds(tracker.spec().unit))
    }

    /// Returns the numbers of what a recorder refused and folded, and of lines that were refused.
    pub(crate) fn refused_values(&self) -> RefusedValues {
        #[cfg(feature = "ingest")]
        if let Kind::Ingest(ingest) = &self.0 {
            return RefusedValues { refused: ingest.undecoded(), folded: 0 };
        }
        #[cfg(feature = "metrics")]
        if let Kind::Recorder(recorder) = &self.0 {
            let adapter_metrics::RefusedValues { values, names, folded } = recorder.refused();
            return RefusedValues { refused: values + names, folded };
        }
        RefusedValues::default()
    }

    /// Returns the recorder, which writes its own metrics.
    #[cfg(feature = "metrics")]
    pub(crate) fn recorder(&self) -> Option<&adapter_metrics::WindrowRecorder> {
        match &self.0 {
            Kind::Recorder(recorder) => Some(recorder),
            _ => None,
        }
    }

    /// Returns the number of requests in flight, where it is known.
    pub(crate) fn in_flight(&self) -> Option<u64> {
        match &self.0 {
            #[cfg(feature = "requests")]
            Kind::Requests(layer) => Some(layer.in_flight().current().into()),
            _ => None,
        }
    }

    /// Returns the counter of events, where there is one.
    pub(crate) fn events(&self) -> Option<&EventCounter> {
        self.windrow().map(Windrow::events)
    }

    fn windrow(&self) -> Option<&Windrow> {
        match &self.0 {
            Kind::Windrow(windrow) => Some(windrow),
            #[cfg(feature = "requests")]
            Kind::Requests(layer) => Some(layer.windrow()),
            #[cfg(feature = "ingest")]
            Kind::Ingest(ingest) => Some(ingest.windrow()),
            _ => None,
        }
    }
}

/// Names histograms as pages for Prometheus do. Only a described unit is shown.
#[cfg(feature = "metrics")]
fn recorder_names(recorder: &adapter_metrics::WindrowRecorder) -> Names {
    let named = |histogram: adapter_metrics::HistogramSeries| {
        let symbol = || histogram.unit.map_or("", |unit| unit.as_canonical_label());
        let scale = histogram.time_unit().map_or_else(|| Scale::plain(symbol()), Scale::seconds);
        let name = histogram.to_string();
        (histogram.action, (name, scale))
    };
    Names::Listed(recorder.histograms().into_iter().map(named).collect())
}

fn keep_windows(windrow: &Windrow) -> Result<&WindowedTracker<Summary>, String> {
    windrow.keep_windows().map_err(|error| error.to_string())
}

impl From<&Windrow> for Source {
    /// Shows all actions, and keeps their windows from now on.
    fn from(windrow: &Windrow) -> Self {
        // The error is on the page.
        let _ = windrow.keep_windows();
        Self(Kind::Windrow(windrow.clone()))
    }
}

impl From<&Arc<WindowedTracker<Summary>>> for Source {
    fn from(tracker: &Arc<WindowedTracker<Summary>>) -> Self {
        Self(Kind::Tracker(Arc::clone(tracker)))
    }
}

#[cfg(feature = "requests")]
impl From<&adapter_tower::RequestLayer> for Source {
    /// Shows all actions of the layer's `Windrow`, and the requests in flight.
    fn from(layer: &adapter_tower::RequestLayer) -> Self {
        let _ = layer.windrow().keep_windows();
        Self(Kind::Requests(layer.clone()))
    }
}

#[cfg(feature = "ingest")]
impl From<&crate::Ingest> for Source {
    /// Shows all actions of its `Windrow`, and the number of records that were refused.
    fn from(ingest: &crate::Ingest) -> Self {
        Self(Kind::Ingest(ingest.clone()))
    }
}

#[cfg(feature = "metrics")]
impl From<&adapter_metrics::WindrowRecorder> for Source {
    /// Shows the histograms of the recorder, with their labels and the units of descriptions.
    fn from(recorder: &adapter_metrics::WindrowRecorder) -> Self {
        Self(Kind::Recorder(recorder.clone()))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}
