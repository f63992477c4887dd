//! Timestamps and intervals.

use std::fmt;
use std::ops::Range;
use std::time::{Duration, SystemTime};

/// A timestamp: nanoseconds since the Unix epoch, negative before it.
///
/// Ranges from the year 1677 to 2262. Conversions saturate at [`Stamp::MIN`] and [`Stamp::MAX`]. So
/// a timestamp in the wrong unit ends far from the present, where a counter refuses it, and never
/// wraps.
///
/// # Examples
///
/// ```
/// use core_time::Stamp;
/// use std::time::Duration;
///
/// let noon = Stamp::from_secs(1_700_000_000);
/// assert_eq!(noon + Duration::from_millis(5), Stamp::from_millis(1_700_000_000_005));
/// assert_eq!(Stamp::from_secs(1_700_000_000_000), Stamp::MAX); // Milliseconds passed as seconds.
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(i64);

impl Stamp {
    /// The start of 1970 in UTC.
    pub const UNIX_EPOCH: Self = Self(0);
    /// The earliest timestamp, in the year 1677.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest timestamp, in the year 2262.
    pub const MAX: Self = Self(i64::MAX);

    /// Converts nanoseconds since the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Converts microseconds since the epoch. Saturates.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    /// Converts milliseconds since the epoch. Saturates.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Converts seconds since the epoch. Saturates.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// Returns the nanoseconds since the epoch, negative before it.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Returns the time since `earlier`, or zero if `earlier` is later.
    #[must_use]
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanos_since(earlier))
    }

    /// Returns the same in nanoseconds.
    #[inline]
    pub(crate) fn nanos_since(self, earlier: Self) -> u64 {
        self.0.max(earlier.0).abs_diff(earlier.0)
    }
}

impl std::ops::Add<Duration> for Stamp {
    type Output = Self;

    /// Adds a duration. Saturates at [`Stamp::MAX`].
    fn add(self, later: Duration) -> Self {
        Self(nanos(later).map_or(i64::MAX, |n| self.0.saturating_add_unsigned(n)))
    }
}

impl std::ops::Sub<Duration> for Stamp {
    type Output = Self;

    /// Subtracts a duration. Saturates at [`Stamp::MIN`].
    fn sub(self, earlier: Duration) -> Self {
        Self(nanos(earlier).map_or(i64::MIN, |n| self.0.saturating_sub_unsigned(n)))
    }
}

/// Converts a duration to nanoseconds, if they fit.
pub(crate) fn nanos(duration: Duration) -> Option<u64> {
    u64::try_from(duration.as_nanos()).ok()
}

impl From<SystemTime> for Stamp {
    /// Converts a system time. Saturates.
    fn from(time: SystemTime) -> Self {
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => Self::UNIX_EPOCH + after,
            Err(before) => Self::UNIX_EPOCH - before.duration(),
        }
    }
}

impl fmt::Debug for Stamp {
    /// Writes the seconds since the epoch with nine decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:09}s", nanos / 1_000_000_000, nanos % 1_000_000_000)
    }
}

/// A half-open interval of time: includes `from`, excludes `to`.
///
/// A range `from..to` converts to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    /// The first timestamp inside.
    pub from: Stamp,
    /// The first timestamp after it.
    pub to: Stamp,
}

impl Interval {
    /// Returns the length, or zero if the interval ends before it begins.
    #[must_use]
    pub fn duration(self) -> Duration {
        self.to.saturating_since(self.from)
    }
}

impl From<Range<Stamp>> for Interval {
    fn from(range: Range<Stamp>) -> Self {
        Self { from: range.start, to: range.end }
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}..{:?}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_saturate() {
        assert_eq!(Stamp::from_micros(-1).as_nanos(), -1_000);
        assert_eq!(Stamp::from_millis(i64::MAX), Stamp::MAX);
        assert_eq!(Stamp::from_secs(i64::MIN), Stamp::MIN);
        assert_eq!(Stamp::MAX + Duration::from_nanos(1), Stamp::MAX);
        assert_eq!(Stamp::MIN + Duration::from_nanos(u64::MAX), Stamp::MAX);
        assert_eq!(Stamp::MIN - Duration::MAX, Stamp::MIN);
        assert_eq!(Stamp::MAX - Duration::from_nanos(u64::MAX), Stamp::MIN);
    }

    #[test]
    fn system_times_of_both_sides_of_the_epoch_convert() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_nanos(5);
        assert_eq!(Stamp::from(before).as_nanos(), -5);
        assert_eq!(Stamp::from(SystemTime::UNIX_EPOCH), Stamp::UNIX_EPOCH);
    }

    #[test]
    fn distance_is_zero_backwards_and_reaches_across_the_whole_range() {
        assert_eq!(Stamp::MIN.saturating_since(Stamp::MAX), Duration::ZERO);
        assert_eq!(Stamp::MAX.saturating_since(Stamp::MIN), Duration::from_nanos(u64::MAX));
        let interval = Interval::from(Stamp::from_secs(1)..Stamp::from_secs(3));
        assert_eq!(interval.duration(), Duration::from_secs(2));
        assert_eq!(format!("{interval:?}"), "1.000000000s..3.000000000s");
        assert_eq!(format!("{:?}", Stamp::from_millis(-1_500)), "-1.500000000s");
    }
}
