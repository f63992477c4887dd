//! A moment, and how sure its time zone is.

use core_time::Stamp;

/// A moment, and where its time zone is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Moment {
    /// The moment.
    pub stamp: Stamp,
    /// Where its time zone is from.
    pub zone: MomentZone,
}

/// Where the time zone of a moment is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MomentZone {
    /// The value names its zone, or is a number.
    Given,
    /// The value names none, so the [`Zone`](crate::Zone) of the options was taken.
    Assumed,
    /// As [`Assumed`](Self::Assumed), but clocks skipped this time of day. It was moved forward by
    /// the time skipped.
    AssumedSkipped,
    /// As [`Assumed`](Self::Assumed), but clocks showed this time of day twice. The first is taken.
    AssumedRepeated,
}

impl Moment {
    /// Returns a moment that needs no other zone than its own.
    pub(super) fn given(stamp: Stamp) -> Self {
        Self { stamp, zone: MomentZone::Given }
    }
}
