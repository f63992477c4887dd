//! Dates and times of day without a zone, in the Gregorian calendar.
//!
//! The arithmetic of the calendar is a few divisions, after Howard Hinnant's `days_from_civil`. It
//! is our own because it is needed for each line; `tests/moment.rs` compares it with `jiff`.

use core_time::Stamp;

use super::error::MomentError;

pub(super) const NANOS_PER_SECOND: i128 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// A date and a time of day, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: u16,
    pub(super) month: u8,
    pub(super) day: u8,
    pub(super) clock: Clock,
}

/// A time of day, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Clock {
    pub(super) hour: u8,
    pub(super) minute: u8,
    /// Second 60, a leap second, is read as second 59.
    pub(super) second: u8,
    pub(super) nanos: u32,
}

impl Civil {
    /// Checks that the date and the time of day exist.
    #[inline(always)]
    pub(super) fn checked(mut self) -> Result<Self, MomentError> {
        let Clock { hour, minute, second, .. } = self.clock;
        let is_date = (1..=12).contains(&self.month)
            && self.day > 0
            // Every month has 28 days.
            && (self.day <= 28 || self.day <= days_of(self.month, self.year));
        if !is_date || hour > 23 || minute > 59 || second > 60 {
            return Err(MomentError::NoSuchTime);
        }
        if self.year == 1 {
            return Err(MomentError::YearOne);
        }
        self.clock.second = second.min(59);
        Ok(self)
    }

    /// Returns the number of days since 1970.
    pub(super) fn days(self) -> i64 {
        // The year starts in March, so that the leap day is its last. It is counted from 400 years
        // earlier, so that no number is negative.
        let (month, day) = (u32::from(self.month), u32::from(self.day));
        let year = u32::from(self.year) + 400 - u32::from(month <= 2);
        let month = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * month + 2) / 5 + day - 1;
        let century = year / 100;
        let leap_days = year / 4 - century + century / 4;
        i64::from(365 * year + leap_days + day_of_year) - DAYS_OF_400_YEARS - DAYS_TO_1970
    }

    /// Returns the moment at an offset from UTC in seconds.
    #[inline]
    pub(super) fn at_offset(self, offset: i32) -> Result<Stamp, MomentError> {
        let Clock { hour, minute, second, nanos } = self.clock;
        let of_day = u32::from(hour) * 3_600 + u32::from(minute) * 60 + u32::from(second);
        let seconds = self.days() * SECONDS_PER_DAY + i64::from(of_day) - i64::from(offset);
        stamp(i128::from(seconds) * NANOS_PER_SECOND + i128::from(nanos))
    }

    /// Returns the date and time of day a number of nanoseconds after 1970.
    ///
    /// It has a year above 0, as those of all moments have.
    pub(super) fn after_1970(nanos: i128) -> Self {
        let (seconds, nanos) =
            (nanos.div_euclid(NANOS_PER_SECOND), nanos.rem_euclid(NANOS_PER_SECOND));
        let seconds = i64::try_from(seconds).unwrap_or_default();
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        let (year, month, day) = date(seconds.div_euclid(SECONDS_PER_DAY));
        // Lossless: each is below its limit.
        let clock = Clock {
            hour: (of_day / 3_600) as u8,
            minute: (of_day / 60 % 60) as u8,
            second: (of_day % 60) as u8,
            nanos: nanos as u32,
        };
        Self { year, month, day, clock }
    }
}

const DAYS_OF_400_YEARS: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;

/// Returns the year, the month and the day a number of days after 1970.
pub(super) fn date(days: i64) -> (u16, u8, u8) {
    let days = days + DAYS_TO_1970;
    let (era, of_era) = (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (u16::try_from(year).unwrap_or_default(), month as u8, day as u8)
}

/// Converts nanoseconds since 1970.
pub(super) fn stamp(nanos: i128) -> Result<Stamp, MomentError> {
    i64::try_from(nanos).map(Stamp::from_nanos).map_err(|_| MomentError::OutOfRange)
}

fn days_of(month: u8, year: u16) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u8::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
