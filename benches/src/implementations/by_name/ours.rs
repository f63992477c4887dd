//! Ours, called as a user would call them.

use codec::ActionTime;
use core_actions::{
    ExactMean, Extent, Handle, Mean, MergedTracker, Quantile, Quantiles, Raw, Row, TrackerSpec,
    WindowedHandle, WindowedSpec, WindowedTracker,
};
use core_time::WindowSpec;

use super::{Bind, ByName};
use crate::harness::names::{Draw, Draws, Found};

const VALID: &str = "the workload holds only valid actions";

/// Count, exact sum, least and greatest time.
pub type Merged = MergedTracker<(ExactMean, Extent)>;

/// The same with quantiles.
pub type MergedQuantiles = MergedTracker<(ExactMean, Extent, Quantiles)>;

/// A statistic whose figures can be told.
pub trait Figures: Mean {
    /// Whether it takes more memory with each time.
    const GROWS: bool = false;

    /// The least and the greatest time, if they are kept.
    fn extent(&self) -> Option<[f64; 2]> {
        None
    }

    /// The middle time, if it is kept.
    fn median(&self) -> Option<f64> {
        None
    }
}

impl Figures for ExactMean {}

impl Figures for Raw {
    const GROWS: bool = true;

    fn extent(&self) -> Option<[f64; 2]> {
        let (min, max) = (self.times().min()?, self.times().max()?);
        Some([min.as_f64(), max.as_f64()])
    }
}

impl Figures for (ExactMean, Extent) {
    fn extent(&self) -> Option<[f64; 2]> {
        ends(self.1)
    }
}

impl Figures for (ExactMean, Extent, Quantiles) {
    fn extent(&self) -> Option<[f64; 2]> {
        ends(self.1)
    }

    fn median(&self) -> Option<f64> {
        self.2.at(Quantile::MEDIAN).map(ActionTime::as_f64)
    }
}

fn ends(extent: Extent) -> Option<[f64; 2]> {
    Some([extent.min()?.as_f64(), extent.max()?.as_f64()])
}

/// What a row tells.
pub(crate) fn found<S: Figures>(row: &Row<S>) -> Found {
    found_of(row.action(), row.statistic())
}

/// What a statistic tells.
pub(crate) fn found_of<S: Figures>(name: &str, statistic: &S) -> Found {
    let (count, mean) = (statistic.count(), statistic.mean().unwrap_or_default());
    let (extent, median) = (statistic.extent(), statistic.median());
    Found { name: name.to_owned(), count, sum: mean * count as f64, extent, median }
}

pub(crate) fn time(draw: Draw<'_>) -> ActionTime {
    ActionTime::try_from(draw.time()).expect(VALID)
}

impl<S: Figures> ByName for MergedTracker<S> {
    type Local = ();
    type Parsed<'a> = (&'a str, ActionTime);

    fn fresh(_: &Draws) -> Self {
        Self::default()
    }

    fn local(&self) {}

    fn parsed(draw: Draw<'_>) -> Self::Parsed<'_> {
        (draw.name, time(draw))
    }

    fn add_all(&self, (): &mut (), actions: &[Self::Parsed<'_>]) {
        for &(name, time) in actions {
            self.add(name, time).expect(VALID);
        }
    }

    fn make_room(&self) {
        if S::GROWS {
            self.reset();
        }
    }

    fn found(&self) -> Vec<Found> {
        self.stats().iter().map(found).collect()
    }
}

impl<S: Figures> Bind for MergedTracker<S> {
    type Handle = Handle<S>;
    type Time = ActionTime;

    fn handle(&self, name: &str) -> Self::Handle {
        self.action(name).expect(VALID)
    }

    fn time(draw: Draw<'_>) -> ActionTime {
        time(draw)
    }

    fn record(handle: &Self::Handle, time: ActionTime) {
        handle.add(time);
    }
}

/// Count, exact sum, least and greatest time of the past 300 s, by the clock that is the default.
pub struct Windowed(WindowedTracker<(ExactMean, Extent)>);

impl ByName for Windowed {
    type Local = ();
    type Parsed<'a> = (&'a str, ActionTime);

    /// Allows as many names as a tracker without a window does, and as much memory as they need.
    fn fresh(_: &Draws) -> Self {
        let (window, tracker) = (WindowSpec::default(), TrackerSpec::default());
        let spec = WindowedSpec { window, tracker, bytes: usize::MAX };
        Self(WindowedTracker::new(spec).expect("a window of one tier"))
    }

    fn local(&self) {}

    fn parsed(draw: Draw<'_>) -> Self::Parsed<'_> {
        (draw.name, time(draw))
    }

    fn add_all(&self, (): &mut (), actions: &[Self::Parsed<'_>]) {
        for &(name, time) in actions {
            self.0.add(name, time).expect(VALID);
        }
    }

    fn found(&self) -> Vec<Found> {
        let window = self.0.window(self.0.window_spec().span()).expect("the whole span");
        window.rows().iter().map(found).collect()
    }
}

impl Bind for Windowed {
    type Handle = WindowedHandle<(ExactMean, Extent)>;
    type Time = ActionTime;

    fn handle(&self, name: &str) -> Self::Handle {
        self.0.action(name).expect(VALID)
    }

    fn time(draw: Draw<'_>) -> ActionTime {
        time(draw)
    }

    fn record(handle: &Self::Handle, time: ActionTime) {
        handle.add(time);
    }
}
