//! The trackers of Windrow, called as a user calls them.

use codec::ActionTime;
use core_actions::{
    Handle, Mean, MergedTracker, MinMax, Quantiles, TrackerSpec, WindowedHandle, WindowedSpec,
    WindowedTracker,
};
use core_time::WindowSpec;

use super::figures::{Figures, VALID, found, time};
use super::{Bind, ByName};
use crate::harness::names::{Draw, Draws, Found};

/// Count, exact sum, minimum and maximum.
pub type Merged = MergedTracker<(Mean, MinMax)>;

/// The same with quantiles.
pub type MergedQuantiles = MergedTracker<(Mean, MinMax, Quantiles)>;

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
            self.record(name, time).expect(VALID);
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

/// A tracker that is given many actions at once.
pub struct InBatches<S: Figures>(MergedTracker<S>);

impl<S: Figures> ByName for InBatches<S> {
    type Local = ();
    type Parsed<'a> = (&'a str, ActionTime);

    fn fresh(_: &Draws) -> Self {
        Self(MergedTracker::default())
    }

    fn local(&self) {}

    fn parsed(draw: Draw<'_>) -> Self::Parsed<'_> {
        (draw.name, time(draw))
    }

    fn add_all(&self, (): &mut (), actions: &[Self::Parsed<'_>]) {
        self.0.record_all(actions.iter().copied()).expect(VALID);
    }

    fn make_room(&self) {
        self.0.make_room();
    }

    fn found(&self) -> Vec<Found> {
        self.0.found()
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
        handle.record(time);
    }
}

/// Count, exact sum, minimum and maximum of the past 300 s, with the default clock.
pub struct Windowed(WindowedTracker<(Mean, MinMax)>);

impl ByName for Windowed {
    type Local = ();
    type Parsed<'a> = (&'a str, ActionTime);

    /// Allows as many names as a tracker without a window, with no limit of memory.
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
            self.0.record(name, time).expect(VALID);
        }
    }

    fn found(&self) -> Vec<Found> {
        let window = self.0.window(self.0.window_spec().span()).expect("the whole span");
        window.rows().iter().map(found).collect()
    }
}

impl Bind for Windowed {
    type Handle = WindowedHandle<(Mean, MinMax)>;
    type Time = ActionTime;

    fn handle(&self, name: &str) -> Self::Handle {
        self.0.action(name).expect(VALID)
    }

    fn time(draw: Draw<'_>) -> ActionTime {
        time(draw)
    }

    fn record(handle: &Self::Handle, time: ActionTime) {
        handle.record(time);
    }
}
