//! Implementations that keep statistics by name: count, sum, minimum and maximum, or more.
//!
//! The state of a thread (a handle, a map or nothing) is made before the clock is started. So is
//! the form in which an action is passed: for rivals with labels these are the labels, although a
//! program that reads names would have to make them each time.

mod bound;
mod figures;
mod floors;
mod hdr;
mod maps;
mod means;
mod ours;
mod rivals;
mod shared;

pub use bound::{Bind, Bound, LocalRows};
pub use figures::Figures;
pub(crate) use figures::{found, found_of, time};
pub use floors::FloorCells;
pub use hdr::{HdrRow, HdrRows};
pub use maps::{DashRows, LocalMap, MutexRows, Plain, SameRow};
pub use means::Means;
pub use ours::{InBatches, Merged, MergedQuantiles, Windowed};
pub use rivals::{
    MetricsRegistry, OpenTelemetryHistogram, PrometheusClientFamily, PrometheusHistogramVec,
};

pub use shared::Shared;

use crate::harness::names::{Draw, Draws, Found};

/// Adds actions by name or by handle.
pub trait ByName: Send + Sync {
    /// The state of one thread.
    type Local;

    /// The form in which an action is passed; it is made before the clock is started.
    type Parsed<'a>: Send + Sync;

    /// Makes an empty implementation, which may know the names beforehand.
    fn fresh(draws: &Draws) -> Self;

    /// Makes the state of one thread.
    fn local(&self) -> Self::Local;

    /// Converts an action to that form.
    fn parsed(draw: Draw<'_>) -> Self::Parsed<'_>;

    /// Adds actions one by one.
    fn add_all(&self, local: &mut Self::Local, actions: &[Self::Parsed<'_>]);

    /// Frees what would grow without limit.
    fn make_room(&self) {}

    /// Collects the state of one thread.
    fn collect(&self, _: Self::Local) {}

    /// Returns the rows of everything that was collected, in any order.
    fn found(&self) -> Vec<Found>;
}

#[cfg(test)]
mod tests {
    use core_actions::{Mean, MinMax, PostTracker, RunningTracker};
    use std::thread;

    use super::*;
    use crate::harness::actions::Times;
    use crate::harness::names::Frequency;

    fn adds<S: ByName>(times: Times) -> Result<(), String> {
        let draws = Draws::new(50, 4_000, Frequency::Zipf, times);
        let implementation = S::fresh(&draws);
        let add = || {
            let mut local = implementation.local();
            implementation.add_all(&mut local, &draws.first().map(S::parsed).collect::<Vec<_>>());
            implementation.add_all(&mut local, &draws.iter().map(S::parsed).collect::<Vec<_>>());
            implementation.collect(local);
        };
        thread::scope(|scope| {
            scope.spawn(add);
            add();
        });
        draws.verify(2, implementation.found())
    }

    #[test]
    fn every_implementation_finds_the_statistics_of_all_names() {
        for times in [Times::Whole, Times::Fractions] {
            assert_eq!(adds::<PostTracker>(times), Ok(()));
            assert_eq!(adds::<RunningTracker>(times), Ok(()));
            assert_eq!(adds::<Merged>(times), Ok(()));
            assert_eq!(adds::<MergedQuantiles>(times), Ok(()));
            assert_eq!(adds::<InBatches<(Mean, MinMax)>>(times), Ok(()));
            assert_eq!(adds::<Windowed>(times), Ok(()));
            assert_eq!(adds::<MutexRows>(times), Ok(()));
            assert_eq!(adds::<DashRows>(times), Ok(()));
            assert_eq!(adds::<LocalMap<Plain>>(times), Ok(()));
            assert_eq!(adds::<LocalMap<SameRow>>(times), Ok(()));
            assert_eq!(adds::<FloorCells>(times), Ok(()));
            assert_eq!(adds::<PrometheusHistogramVec>(times), Ok(()));
            assert_eq!(adds::<PrometheusClientFamily>(times), Ok(()));
            assert_eq!(adds::<OpenTelemetryHistogram>(times), Ok(()));
            assert_eq!(adds::<MetricsRegistry>(times), Ok(()));
        }
        assert_eq!(adds::<HdrRows>(Times::Whole), Ok(()));
    }

    #[test]
    fn every_handle_finds_the_statistics_of_its_name() {
        for times in [Times::Whole, Times::Fractions] {
            assert_eq!(adds::<Bound<RunningTracker>>(times), Ok(()));
            assert_eq!(adds::<Bound<Merged>>(times), Ok(()));
            assert_eq!(adds::<Bound<MergedQuantiles>>(times), Ok(()));
            assert_eq!(adds::<Bound<Windowed>>(times), Ok(()));
            assert_eq!(adds::<Bound<PrometheusHistogramVec>>(times), Ok(()));
            assert_eq!(adds::<Bound<PrometheusClientFamily>>(times), Ok(()));
            assert_eq!(adds::<Bound<OpenTelemetryHistogram>>(times), Ok(()));
            assert_eq!(adds::<Bound<MetricsRegistry>>(times), Ok(()));
            assert_eq!(adds::<LocalRows>(times), Ok(()));
            assert_eq!(adds::<Shared<SameRow>>(times), Ok(()));
        }
    }

    #[test]
    fn tracker_that_made_room_is_empty() {
        let draws = Draws::new(3, 100, Frequency::Uniform, Times::Whole);
        let implementation = PostTracker::fresh(&draws);
        implementation.add_all(&mut (), &draws.iter().map(PostTracker::parsed).collect::<Vec<_>>());
        ByName::make_room(&implementation);
        assert_eq!(implementation.found(), []);
    }
}
