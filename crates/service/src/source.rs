//! Where the rows of a page come from.

use std::fmt;
use std::sync::Arc;

use facade::actions::{Mean, OverflowCounts, Row, WindowedTracker};
use facade::time::RefusedCounts;
use facade::{Summary, Windrow};

/// A tracker whose windows a page shows.
///
/// It is made of a [`Windrow`], which is where `RequestLayer` and `SpanLayer` record, of a windowed
/// tracker in an [`Arc`], or of a `RequestLayer`, which adds the requests in flight. It shares
/// their data.
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
        }
    }

    /// Returns number and sum since the start of each action, where they are kept.
    pub(crate) fn totals(&self) -> Option<Vec<Row<Mean>>> {
        self.windrow().map(Windrow::stats)
    }

    /// Returns the numbers of what exceeded the limit of actions, and of what was refused.
    pub(crate) fn refusals(&self) -> (OverflowCounts, RefusedCounts) {
        let refusals = |tracker: &WindowedTracker<Summary>| (tracker.overflow(), tracker.refused());
        self.tracker().map(refusals).unwrap_or_default()
    }

    /// Returns the number of requests in flight, where it is known.
    pub(crate) fn in_flight(&self) -> Option<u64> {
        match &self.0 {
            #[cfg(feature = "requests")]
            Kind::Requests(layer) => Some(layer.in_flight().current().into()),
            _ => None,
        }
    }

    fn windrow(&self) -> Option<&Windrow> {
        match &self.0 {
            Kind::Windrow(windrow) => Some(windrow),
            #[cfg(feature = "requests")]
            Kind::Requests(layer) => Some(layer.windrow()),
            _ => None,
        }
    }
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

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}
