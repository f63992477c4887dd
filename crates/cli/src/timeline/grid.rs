//! Intervals of equal width, cut at the midnights of a time zone.

use std::time::Duration;

use facade::Stamp;
use facade::codec::Zone;

pub(super) const DAY: i64 = 86_400_000_000_000;
const WEEK: i64 = 7 * DAY;
/// A Monday, in days since 1970, which began on a Thursday.
const MONDAY: i64 = -3;

/// Cuts time into intervals of one width.
///
/// Widths of whole days begin at a local midnight, so an interval has an hour more or less where
/// clocks change. A width that divides a day begins there too, and the last interval of a day of 23
/// or 25 hours may be cut. Widths of whole weeks begin on a Monday, as in ISO 8601. Any other width
/// counts from the first midnight of 1970.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    zone: Zone,
    /// The width in nanoseconds, above zero.
    width: i64,
    cut: Cut,
    /// The interval that was looked up last.
    latest: (i128, i128),
}

/// Where intervals begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// At multiples of the width from this moment on.
    From(i128),
    /// At every such number of local midnights, counted from a day.
    Days { number: i64, first: i64 },
    /// At multiples of the width from each local midnight.
    WithinDays,
}

impl Grid {
    pub(super) fn new(zone: &Zone, width: i64) -> Self {
        let width = width.max(1);
        let first = if width % WEEK == 0 { MONDAY } else { 0 };
        let cut = if zone.is_fixed() || (width % DAY != 0 && DAY % width != 0) {
            Cut::From(zone.day_start(first).as_nanos().into())
        } else if width % DAY == 0 {
            Cut::Days { number: width / DAY, first }
        } else {
            Cut::WithinDays
        };
        Self { zone: zone.clone(), width, cut, latest: (0, 0) }
    }

    pub(super) fn with_width(&self, width: i64) -> Self {
        Self::new(&self.zone, width)
    }

    pub(super) fn width(&self) -> i64 {
        self.width
    }

    pub(super) fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Returns the start of the interval of a moment in nanoseconds since 1970.
    ///
    /// It may be before the first stamp.
    pub(super) fn start(&mut self, stamp: Stamp) -> i128 {
        let nanos = i128::from(stamp.as_nanos());
        if !(self.latest.0..self.latest.1).contains(&nanos) {
            self.latest = self.interval(stamp);
        }
        self.latest.0
    }

    /// Returns the start of the interval that holds another start.
    pub(super) fn start_of(&mut self, start: i128) -> i128 {
        self.start(saturated(start))
    }

    /// Returns the interval of a moment, from its start to that of the next.
    fn interval(&self, stamp: Stamp) -> (i128, i128) {
        let (nanos, width) = (i128::from(stamp.as_nanos()), i128::from(self.width));
        match self.cut {
            Cut::From(origin) => {
                let from = origin + (nanos - origin).div_euclid(width) * width;
                (from, from + width)
            }
            Cut::Days { number, first } => {
                let day = self.zone.day(stamp);
                let from = day - (day - first).rem_euclid(number);
                (self.midnight(from), self.midnight(from + number))
            }
            Cut::WithinDays => {
                let (from, to) = self.day(self.zone.day(stamp));
                let from = from + (nanos - from).div_euclid(width) * width;
                (from, (from + width).min(to))
            }
        }
    }

    fn midnight(&self, day: i64) -> i128 {
        self.zone.day_start(day).as_nanos().into()
    }

    fn day(&self, day: i64) -> (i128, i128) {
        (self.midnight(day), self.midnight(day + 1))
    }

    /// Returns the number of intervals from one start up to another, which is not counted.
    pub(super) fn between(&self, from: i128, to: i128) -> u64 {
        let width = i128::from(self.width);
        let count = match self.cut {
            _ if from >= to => 0,
            Cut::From(_) => (to - from).div_euclid(width),
            Cut::Days { .. } => self.starts(from).take_while(|&start| start < to).count() as i128,
            Cut::WithinDays => {
                let days = self.zone.day(saturated(from))..=self.zone.day(saturated(to));
                let within = |(begin, end): (i128, i128)| {
                    let (begin, end) = (begin.max(from), end.min(to));
                    (end - begin).max(0).div_euclid(width)
                        + i128::from((end - begin).max(0) % width != 0)
                };
                days.map(|day| within(self.day(day))).sum()
            }
        };
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// Iterates over the starts of all intervals from one on.
    pub(super) fn starts(&self, from: i128) -> impl Iterator<Item = i128> {
        std::iter::successors(Some(from), |&start| {
            let next = match self.cut {
                Cut::From(_) => start + i128::from(self.width),
                _ => self.interval(saturated(start)).1,
            };
            (next > start).then_some(next)
        })
    }
}

/// Returns the width as a duration.
pub(super) fn duration(width: i64) -> Duration {
    Duration::from_nanos(width.unsigned_abs())
}

/// Converts nanoseconds since 1970. Saturates.
pub(super) fn saturated(nanos: i128) -> Stamp {
    let nanos = nanos.clamp(i64::MIN.into(), i64::MAX.into());
    Stamp::from_nanos(i64::try_from(nanos).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use facade::codec::TimestampFormat;

    use super::*;

    const HOUR: i64 = DAY / 24;

    fn starts(zone: &str, width: i64, from: &str, count: usize) -> Vec<String> {
        let zone: Zone = zone.parse().unwrap();
        let stamp = TimestampFormat::Auto.parse(from, &zone).unwrap().stamp;
        let mut grid = Grid::new(&zone, width);
        let first = grid.start(stamp);
        let starts: Vec<_> = grid.starts(first).take(count).collect();
        for pair in starts.windows(2) {
            assert_eq!((grid.start_of(pair[0]), grid.start_of(pair[1] - 1)), (pair[0], pair[0]));
            assert_eq!(grid.between(pair[0], pair[1]), 1);
        }
        assert_eq!(grid.between(first, starts[count - 1]), count as u64 - 1);
        let label = |start: i128| zone.format(saturated(start), 0)[5..16].to_owned();
        starts.into_iter().map(label).collect()
    }

    #[test]
    fn days_begin_at_local_midnight() {
        for zone in ["Europe/Berlin", "+02:00", "Asia/Kolkata"] {
            assert_eq!(
                starts(zone, DAY, "2024-03-30T12:00", 3),
                ["03-30T00:00", "03-31T00:00", "04-01T00:00"]
            );
        }
        assert_eq!(
            starts("Europe/Berlin", 2 * DAY, "2024-03-30", 2),
            ["03-30T00:00", "04-01T00:00"]
        );
        // The clocks of Samoa left out the 30th of December.
        assert_eq!(
            starts("Pacific/Apia", DAY, "2011-12-29", 3),
            ["12-29T00:00", "12-31T00:00", "01-01T00:00"]
        );
    }

    #[test]
    fn weeks_begin_on_monday() {
        for zone in ["UTC", "Europe/Berlin", "-08:00"] {
            assert_eq!(
                starts(zone, WEEK, "2024-03-31T23:59:59", 3),
                ["03-25T00:00", "04-01T00:00", "04-08T00:00"]
            );
            assert_eq!(starts(zone, WEEK, "2024-04-01", 1), ["04-01T00:00"]);
            assert_eq!(starts(zone, WEEK, "1969-12-30", 2), ["12-29T00:00", "01-05T00:00"]);
        }
        assert_eq!(starts("UTC", 2 * WEEK, "1970-01-06", 2), ["12-29T00:00", "01-12T00:00"]);
        // Eight days are not weeks.
        assert_eq!(starts("UTC", 8 * DAY, "1970-01-06", 2), ["01-01T00:00", "01-09T00:00"]);
    }

    #[test]
    fn shorter_widths_begin_at_midnight_and_are_cut_there() {
        assert_eq!(
            starts("Europe/Berlin", 12 * HOUR, "2024-03-30 13:00", 4),
            ["03-30T12:00", "03-31T00:00", "03-31T13:00", "04-01T00:00"]
        );
        assert_eq!(
            starts("Europe/Berlin", 12 * HOUR, "2024-10-27 01:00", 4),
            ["10-27T00:00", "10-27T11:00", "10-27T23:00", "10-28T00:00"]
        );
        assert_eq!(
            starts("Asia/Kolkata", HOUR, "2024-05-01 00:10", 2),
            ["05-01T00:00", "05-01T01:00"]
        );
        // Both hours from 02:00 have an interval.
        assert_eq!(
            starts("Europe/Berlin", HOUR, "2024-10-27 01:30", 4),
            ["10-27T01:00", "10-27T02:00", "10-27T02:00", "10-27T03:00"]
        );
    }

    #[test]
    fn other_widths_count_from_1970() {
        assert_eq!(starts("UTC", 7 * HOUR, "1970-01-02", 2), ["01-01T21:00", "01-02T04:00"]);
        assert_eq!(starts("+01:00", 36 * HOUR, "1970-01-03", 2), ["01-02T12:00", "01-04T00:00"]);
    }

    #[test]
    fn ends_of_time_have_an_interval() {
        for zone in ["UTC", "+02:00", "Europe/Berlin"] {
            for width in [1, HOUR, DAY, 72_000 * DAY] {
                let mut grid = Grid::new(&zone.parse().unwrap(), width);
                for stamp in [Stamp::MIN, Stamp::MAX] {
                    let start = grid.start(stamp);
                    assert!(start <= stamp.as_nanos().into(), "{zone} {width}");
                    assert_eq!(grid.start_of(start), start, "{zone} {width}");
                }
            }
        }
    }
}
