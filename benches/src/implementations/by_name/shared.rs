//! Handles that all threads share.

use codec::ActionTime;
use core_actions::{MergedTracker, SharedHandle};

use super::ByName;
use super::figures::{Figures, VALID, found, time};
use crate::harness::names::{Draw, Draws, Found};

/// Records through one handle for each name, which is the same for all threads.
pub struct Shared<S: Figures> {
    to: MergedTracker<S>,
    handles: Vec<SharedHandle<S>>,
}

impl<S: Figures> ByName for Shared<S> {
    type Local = ();
    type Parsed<'a> = (usize, ActionTime);

    fn fresh(draws: &Draws) -> Self {
        let to = MergedTracker::default();
        let handles = draws.names().iter().map(|name| to.shared(name).expect(VALID)).collect();
        Self { to, handles }
    }

    fn local(&self) {}

    fn parsed(draw: Draw<'_>) -> Self::Parsed<'_> {
        (draw.id, time(draw))
    }

    fn add_all(&self, (): &mut (), actions: &[Self::Parsed<'_>]) {
        for &(id, time) in actions {
            self.handles[id].record(time);
        }
    }

    fn found(&self) -> Vec<Found> {
        self.to.stats().iter().map(found).collect()
    }
}
