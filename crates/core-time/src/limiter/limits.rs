//! Limits: how many events in which window, and the decision about one more.
//!
//! Pure arithmetic on the counts of one key and the present.

use std::time::Duration;

use super::error::{Exceeded, LimitsError, Remaining};
use super::grant::Grant;
use super::history::History;
use super::limit::Limit;
use crate::ring::SparseCounts;
use crate::stamp::{Stamp, nanos};

/// One or more limits that hold at the same time.
///
/// # Accuracy
///
/// Time is divided into buckets of one [resolution](Self::resolution), by default a 64th of the
/// shortest window. An event counts against a limit from its stamp until the end of its bucket has
/// left the window: for the window, and up to one bucket longer. So a limit is never exceeded in
/// any window, and an event is accepted again at most one bucket late.
///
/// # Examples
///
/// ```
/// use core_time::{Limit, Limits};
/// use std::time::Duration;
///
/// let limits = Limits::new([Limit::per_second(10), Limit::per_minute(100)])?;
/// assert_eq!(limits.resolution(), Duration::from_secs(1) / 64);
/// let limits = limits.with_resolution(Duration::from_millis(1))?;
/// assert_eq!(limits.history_bytes_max(), 100 * 32); // A bucket holds at least one event.
/// # Ok::<(), core_time::LimitsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// At least one, in ascending order of windows.
    limits: Box<[Limit]>,
    /// Their windows in nanoseconds, in the same order.
    windows: Box<[i64]>,
    /// The width of a bucket in nanoseconds, at least 1.
    width: i64,
}

/// Far enough from the limits of [`Stamp`] that sums cannot overflow.
const WINDOW_MAX: Duration = Duration::from_secs(100 * 366 * 86_400);

/// Why counts that were evicted have room for more events.
const FITS: &str = "not more than the limit of the longest window";

/// The number of buckets in the shortest window, by default.
const BUCKETS: u32 = 64;

impl Limits {
    /// The maximum memory of the history of one key, in bytes.
    pub const HISTORY_BYTES_MAX: usize = 32 << 20;

    /// Checks limits that hold at the same time.
    ///
    /// # Errors
    ///
    /// - [`LimitsError::Empty`] without a limit.
    /// - [`LimitsError::Window`] if a window is zero or longer than 100 years.
    /// - [`LimitsError::TooLarge`] above [`HISTORY_BYTES_MAX`](Self::HISTORY_BYTES_MAX).
    pub fn new(limits: impl IntoIterator<Item = Limit>) -> Result<Self, LimitsError> {
        let mut limits: Box<[Limit]> = limits.into_iter().collect();
        limits.sort_by_key(|limit| limit.window);
        let (Some(shortest), Some(longest)) = (limits.first(), limits.last()) else {
            return Err(LimitsError::Empty);
        };
        for window in [shortest.window, longest.window] {
            if window.is_zero() || window > WINDOW_MAX {
                return Err(LimitsError::Window { window, max: WINDOW_MAX });
            }
        }
        let resolution = (shortest.window / BUCKETS).max(Duration::from_nanos(1));
        let windows = limits.iter().map(|limit| nanoseconds(limit.window)).collect();
        Self { limits, windows, width: 1 }.with_resolution(resolution)
    }

    /// Replaces the width of a bucket.
    ///
    /// A finer one takes more memory; 1 ns makes limits exact to the stamps of the clock.
    ///
    /// # Errors
    ///
    /// - [`LimitsError::Resolution`] if it is zero or longer than the shortest window.
    /// - [`LimitsError::TooLarge`] above [`HISTORY_BYTES_MAX`](Self::HISTORY_BYTES_MAX).
    pub fn with_resolution(mut self, resolution: Duration) -> Result<Self, LimitsError> {
        let max = self.limits[0].window;
        if resolution.is_zero() || resolution > max {
            return Err(LimitsError::Resolution { resolution, max });
        }
        self.width = nanoseconds(resolution);
        let (bytes, max) = (self.history_bytes_max(), Self::HISTORY_BYTES_MAX);
        if bytes > max {
            return Err(LimitsError::TooLarge { bytes, max });
        }
        Ok(self)
    }

    /// Returns the limits, in ascending order of windows.
    #[must_use]
    pub fn as_slice(&self) -> &[Limit] {
        &self.limits
    }

    /// Returns the width of a bucket.
    #[must_use]
    pub fn resolution(&self) -> Duration {
        Duration::from_nanos(self.width.cast_unsigned())
    }

    /// Returns the maximum memory of the history of one key, in bytes.
    ///
    /// 32 bytes for each bucket of the longest window, and for two more, or for each event that
    /// the window may have, whichever is less; at least 128. A history without events takes none.
    #[must_use]
    pub fn history_bytes_max(&self) -> usize {
        let longest = self.longest();
        let buckets = nanoseconds(longest.window) / self.width + 2;
        let held = buckets.cast_unsigned().min(longest.events).max(4);
        // A queue that grows has room for twice the buckets it holds.
        let bytes = usize::try_from(held).map(|held| held.checked_mul(2));
        bytes
            .ok()
            .flatten()
            .and_then(|room| room.checked_mul(SparseCounts::BUCKET_BYTES))
            .unwrap_or(usize::MAX)
    }

    fn longest(&self) -> &Limit {
        &self.limits[self.limits.len() - 1]
    }

    fn tick(&self, stamp: Stamp) -> i64 {
        stamp.as_nanos().div_euclid(self.width)
    }

    /// Returns the first bucket that the past `window` touches.
    fn first_touched(&self, window: i64, now: Stamp) -> i64 {
        // Of a bucket before it, the last stamp is at `now - window` or earlier.
        let first = now.as_nanos().saturating_sub(window).saturating_add(1);
        first.div_euclid(self.width)
    }

    /// Returns the oldest bucket that counts against any limit.
    pub(super) fn oldest(&self, now: Stamp) -> i64 {
        self.first_touched(self.windows[self.windows.len() - 1], now)
    }

    /// Records events if no limit is exceeded with them, else nothing.
    ///
    /// If the clock stepped back, later events still count, and the events are recorded in the
    /// bucket of the latest: so a limit holds by the order of the calls too.
    #[inline]
    pub(super) fn try_record(
        &self,
        history: &mut History,
        now: Stamp,
        events: u64,
    ) -> Result<Remaining, Exceeded> {
        match history.grant.answer(&self.limits, now.as_nanos(), events) {
            Some(refused @ Err(_)) => refused,
            Some(accepted) if history.take(events) => accepted,
            _ => self.try_record_by_counts(history, now, events),
        }
    }

    /// Records events that were taken from the grant before.
    pub(super) fn settle(&self, history: &mut History, events: u64) {
        if events > 0 && !history.take(events) {
            let History { counts, grant } = history;
            let tick = counts.newest().expect("a grant accepts into the newest bucket");
            counts.evict_before(self.oldest(Stamp::from_nanos(grant.from)));
            counts.add(tick, events).expect(FITS);
            grant.room -= events;
        }
    }

    /// Does the same by the counts, and renews the grant.
    fn try_record_by_counts(
        &self,
        history: &mut History,
        now: Stamp,
        events: u64,
    ) -> Result<Remaining, Exceeded> {
        let History { counts, grant } = history;
        let tick = self.tick(now).max(counts.newest().unwrap_or(i64::MIN));
        let until = self.last(tick).saturating_add(1);
        *grant = Grant { from: now.as_nanos(), until, room: u64::MAX, ..Grant::NONE };
        let mut oldest = i64::MIN; // In the end, that of the longest window.
        for (place, (limit, &window)) in (0..).zip(self.limits.iter().zip(&self.windows)) {
            oldest = self.first_touched(window, now);
            let (first, used) = counts.since(oldest);
            if let Some(first) = first {
                grant.until = grant.until.min(self.leaves(first, window));
            }
            let room = limit.events.saturating_sub(used);
            if room < grant.room {
                (grant.room, grant.limit) = (room, place);
            }
        }
        let limit = self.limits[grant.limit as usize];
        let Some(rest) = grant.room.checked_sub(events) else {
            return Err(self.exceeded(history, now, events));
        };
        let exists = counts.newest() == Some(tick);
        if events > 0 && !(exists && counts.add_to_newest(events)) {
            counts.evict_before(oldest);
            counts.add(tick, events).expect(FITS);
        } else if !exists {
            grant.until = i64::MIN; // The bucket in which it would record is missing.
        }
        grant.room = rest;
        Ok(Remaining { events: rest, limit })
    }

    /// Finds the limit that holds the events up longest.
    #[cold]
    fn exceeded(&self, history: &mut History, now: Stamp, events: u64) -> Exceeded {
        let History { counts, grant } = history;
        let from = grant.from;
        let room = std::mem::replace(grant, Grant::NONE).room;
        let mut longest =
            Exceeded { events, limit: self.limits[0], retry_after: Some(Duration::ZERO) };
        let places = self.limits.iter().zip(&self.windows);
        for (place, (&limit, &window)) in (0..).zip(places) {
            let Some(left) = limit.events.checked_sub(events) else {
                *grant = Grant::NONE;
                return Exceeded { events, limit, retry_after: None };
            };
            let opens =
                counts.bucket_leaving(left).map_or(i64::MIN, |tick| self.leaves(tick, window));
            let retry_after = Some(Stamp::from_nanos(opens).saturating_since(now));
            if retry_after > longest.retry_after {
                longest = Exceeded { events, limit, retry_after };
                if room == 0 && events == 1 {
                    *grant = Grant { from, until: opens, room, refuses: true, limit: place };
                }
            }
        }
        longest
    }

    /// Returns the last stamp of a bucket.
    fn last(&self, tick: i64) -> i64 {
        tick.saturating_add(1).saturating_mul(self.width).saturating_sub(1)
    }

    /// Returns the first moment at which the whole bucket is outside of a window.
    fn leaves(&self, tick: i64, window: i64) -> i64 {
        self.last(tick).saturating_add(window)
    }
}

/// Converts a length that was checked.
fn nanoseconds(length: Duration) -> i64 {
    nanos(length).and_then(|nanos| i64::try_from(nanos).ok()).unwrap_or(i64::MAX)
}
