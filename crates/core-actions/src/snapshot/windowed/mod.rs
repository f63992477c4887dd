//! What a windowed tracker holds, as a value: to be kept, sent, merged and restored.

use std::borrow::Cow;
use std::cmp;
use std::time::Duration;

use core_time::{Instances, Stamp, Statistic, Tag, TieredRing, TimeAxis, WindowSpec};

use crate::action::unit::Unit;
use crate::row::Row;
use crate::snapshot::{TrackerSnapshot, TrackerSnapshotError};

mod binary;
pub(crate) mod changes;
#[cfg(feature = "serde")]
mod wire;

/// What a [`WindowedTracker`] held at one moment: the statistics of each action in each bucket of
/// time that one could ask for.
///
/// A [`TrackerSnapshot`] of rings, with what is to be known of time: merges, names the trackers
/// whose records are in it, and is checked in the same way. To ask one for a window, restore it by
/// a clock that stands at its moment; to see its buckets, look at the
/// [rings](TieredRing::tiers) in its rows.
///
/// Two are equal if they have the same actions with the same statistics in the same buckets,
/// whichever trackers they are of.
///
/// # Wire form
///
/// With the feature `serde`, that of a [`TrackerSnapshot`] of rings with the tag `window(...)`, and
/// a map `window`, whose moments and lengths are integers of nanoseconds. With several tiers, the
/// tag is `tiers(...)`, the map has a list `coarser` of the tiers after the first, and a row has a
/// list of rings, the finest first.
///
/// # Examples
///
/// ```
/// use core_actions::{Mean, WindowedTracker};
/// use core_time::ManualClock;
/// use std::time::Duration;
///
/// type Tracker = WindowedTracker<Mean>;
/// let (one, two) = (Tracker::new(Default::default())?, Tracker::new(Default::default())?);
/// one.record("jump", 100)?;
/// two.record("jump", 200)?;
///
/// let mut both = one.snapshot();
/// both.merge(&two.snapshot())?;
/// let clock = ManualClock::new(both.at());
/// let both = Tracker::restore_with_clock(Default::default(), &both, clock)?;
/// assert_eq!(both.window(Duration::from_secs(60))?.rows()[0].mean(), 150.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`WindowedTracker`]: crate::WindowedTracker
#[derive(Debug, Clone)]
pub struct WindowedSnapshot<S> {
    spec: WindowSpec,
    at: Stamp,
    since: Stamp,
    /// All as long as the specification says.
    rings: TrackerSnapshot<TieredRing<S>>,
}

impl<S: Statistic> WindowedSnapshot<S> {
    /// Names the statistic and this kind of snapshot, of one tier.
    pub(crate) const ONE_TIER: Tag = Tag::of("window", &S::TAG);

    /// Names the same of several tiers.
    pub(crate) const TIERS: Tag = TieredRing::<S>::TAG;

    /// Returns the tag of a snapshot of these tiers.
    pub(crate) fn tag(spec: &WindowSpec) -> Tag {
        if spec.tiers().len() > 1 { Self::TIERS } else { Self::ONE_TIER }
    }

    pub(crate) fn new(
        spec: WindowSpec,
        at: Stamp,
        since: Stamp,
        rings: TrackerSnapshot<TieredRing<S>>,
    ) -> Self {
        Self { spec, at, since, rings }
    }

    /// The moment of the snapshot, by the tracker's clock; of a merged one, the latest.
    #[must_use]
    pub fn at(&self) -> Stamp {
        self.at
    }

    /// When recording began; of a merged one, the earliest.
    #[must_use]
    pub fn since(&self) -> Stamp {
        self.since
    }

    /// How far back one could ask, in buckets of which width.
    #[must_use]
    pub fn window_spec(&self) -> &WindowSpec {
        &self.spec
    }

    /// The actions with their rings, in the order in which they were first seen.
    #[must_use]
    pub fn rows(&self) -> &[Row<TieredRing<S>>] {
        self.rings.rows()
    }

    /// The unit that durations were converted to.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.rings.unit()
    }

    /// Returns the number that grows with each snapshot of one tracker, as
    /// [`TrackerSnapshot::revision`].
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.rings.revision()
    }

    /// Returns the trackers whose records the snapshot contains.
    #[must_use]
    pub fn instances(&self) -> &Instances {
        self.rings.instances()
    }

    /// Merges the records of another snapshot.
    ///
    /// Commutative and associative, to the bit. Buckets further back from an action's newest bucket
    /// than the span are evicted.
    ///
    /// The tiers must be the same, and the larger tolerance remains, as for a
    /// [`CounterSnapshot`](core_time::CounterSnapshot). Of snapshots with different tolerances, the
    /// order of merges may decide how many buckets remain that no window at the time of the
    /// snapshot touches.
    ///
    /// # Errors
    ///
    /// [`TrackerSnapshotError::OtherWindow`] if its tiers differ, else as
    /// [`TrackerSnapshot::merge`]. The snapshot is then unchanged.
    pub fn merge(&mut self, other: &Self) -> Result<(), TrackerSnapshotError> {
        same_tiers(&other.spec, &self.spec)?;
        let spec = cmp::max_by_key(&self.spec, &other.spec, |spec| spec.tolerance()).clone();
        let mut resized = (self.spec != spec).then(|| self.rings.map(|ring| ring.resized(&spec)));
        let rings = resized.as_mut().unwrap_or(&mut self.rings);
        rings.merge(&other.rings_for(&spec))?;
        if let Some(resized) = resized {
            self.rings = resized;
        }
        self.spec = spec;
        (self.at, self.since) = (self.at.max(other.at), self.since.min(other.since));
        Ok(())
    }

    /// Returns the rings, as long as a specification of the same tiers says.
    pub(crate) fn rings_for(&self, spec: &WindowSpec) -> Cow<'_, TrackerSnapshot<TieredRing<S>>> {
        if *spec == self.spec {
            return Cow::Borrowed(&self.rings);
        }
        Cow::Owned(self.rings.map(|ring| ring.resized(spec)))
    }

    /// Returns the tick of the newest bucket with a record.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.rows().iter().filter_map(|row| row.statistic().newest()).max()
    }

    /// Returns a stamp that no record exceeds: the end of the newest bucket with one.
    pub(crate) fn latest(&self) -> Stamp {
        let width = self.spec.resolution();
        self.newest().map_or(self.at, |tick| start(tick, width).max(self.at) + width)
    }

    /// Whether a tracker can merge it: with the same tiers, no bucket ahead of its time.
    ///
    /// One that is far ahead would have the tracker give up all that it has.
    pub(crate) fn is_for(&self, axis: &TimeAxis) -> Result<(), TrackerSnapshotError> {
        same_tiers(&self.spec, axis.spec())?;
        let width = self.spec.resolution();
        let newest = self.newest().map_or(self.at, |tick| start(tick, width).max(self.at));
        let ahead = newest.saturating_since(axis.now());
        // The other tracker's clock may have been behind, and so believed a record more.
        if ahead > axis.spec().tolerance() + width {
            return Err(TrackerSnapshotError::TooNew { newest, ahead });
        }
        Ok(())
    }
}

impl<S: Statistic + PartialEq> PartialEq for WindowedSnapshot<S> {
    fn eq(&self, other: &Self) -> bool {
        self.spec == other.spec && self.rings == other.rings
    }
}

fn start(tick: i64, width: Duration) -> Stamp {
    Stamp::from_nanos(tick.saturating_mul(width.as_nanos() as i64))
}

/// Checks that both have the same buckets as far back, with any tolerance.
fn same_tiers(found: &WindowSpec, expected: &WindowSpec) -> Result<(), TrackerSnapshotError> {
    if found.tiers().eq(expected.tiers()) {
        return Ok(());
    }
    let [found, expected] = [found, expected].map(WindowSpec::clone);
    Err(TrackerSnapshotError::OtherWindow { found, expected })
}
