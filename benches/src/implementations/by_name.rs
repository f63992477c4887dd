//! Who keeps figures of many names: count, sum, least and greatest time of each, or more.
//!
//! What a thread needs of its own is made before the time is taken: a handle, a map, or nothing. So
//! is the form in which an action is best handed over; for rivals that want labels these are the
//! labels, ready made, although a program that reads names would have to make them each time.

mod bound;
mod floors;
mod hdr;
mod maps;
mod means;
mod ours;
mod rivals;

pub use bound::{Bind, Bound, LocalRows};
pub use floors::FloorCells;
pub use hdr::{HdrRow, HdrRows};
pub use maps::{DashRows, LocalMap, MutexRows, Plain, SameRow};
pub use means::Means;
pub use ours::{Figures, Merged, MergedQuantiles, Windowed};
pub(crate) use ours::{found, time};
pub use rivals::{
    MetricsRegistry, OpenTelemetryHistogram, PrometheusClientFamily, PrometheusHistogramVec,
};

use crate::harness::names::{Draw, Draws, Found};

/// Adds actions by name, or by what was got for a name before.
pub trait ByName: Send + Sync {
    /// What a thread has for itself.
    type Local;

    /// An action in the form in which it is best handed over; made before the time is taken.
    type Parsed<'a>: Send + Sync;

    /// One that is empty, and may know what names there will be.
    fn fresh(draws: &Draws) -> Self;

    /// Makes what a thread has for itself.
    fn local(&self) -> Self::Local;

    /// Brings an action into that form.
    fn parsed(draw: Draw<'_>) -> Self::Parsed<'_>;

    /// Adds actions one after the other.
    fn add_all(&self, local: &mut Self::Local, actions: &[Self::Parsed<'_>]);

    /// Forgets what would grow without end, or nothing.
    fn make_room(&self) {}

    /// Takes what a thread had for itself.
    fn collect(&self, _: Self::Local) {}

    /// The rows of all that was handed in, in any order.
    fn found(&self) -> Vec<Found>;
}

#[cfg(test)]
mod tests {
    use core_actions::{PostTracker, RunningTracker};
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
    fn all_who_keep_names_find_their_figures() {
        for times in [Times::Whole, Times::Fractions] {
            assert_eq!(adds::<PostTracker>(times), Ok(()));
            assert_eq!(adds::<RunningTracker>(times), Ok(()));
            assert_eq!(adds::<Merged>(times), Ok(()));
            assert_eq!(adds::<MergedQuantiles>(times), Ok(()));
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
    fn all_who_are_bound_find_the_figures_of_their_name() {
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
        }
    }

    #[test]
    fn who_made_room_has_forgotten() {
        let draws = Draws::new(3, 100, Frequency::Uniform, Times::Whole);
        let implementation = PostTracker::fresh(&draws);
        implementation.add_all(&mut (), &draws.iter().map(PostTracker::parsed).collect::<Vec<_>>());
        ByName::make_room(&implementation);
        assert_eq!(implementation.found(), []);
    }
}
