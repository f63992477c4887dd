//! Time zones: offsets from UTC, and zones by name, whose offsets change.

use std::fmt;
use std::str::FromStr;

use core_time::Stamp;
#[cfg(feature = "timestamps")]
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use thiserror::Error;

use super::civil::{Civil, Clock, NANOS_PER_SECOND, date};
use super::error::MomentError;
use super::instant::{Moment, MomentZone};

/// A time zone: of moments that are written without one, and of days. UTC by default.
///
/// # Accuracy
///
/// A time of day that clocks skip is moved forward by the time skipped; of one that they show
/// twice, the first is taken. Zones with a name need the feature `timestamps`, and are those of the
/// time zone database of the system.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "timestamps")] {
/// use codec::{MomentZone, TimestampFormat, Zone};
///
/// let zone: Zone = "Europe/Berlin".parse()?;
/// let moment = TimestampFormat::Auto.parse("2024-03-31 02:30:00", &zone)?;
/// assert_eq!(moment.zone, MomentZone::AssumedSkipped);
/// assert_eq!(zone.format(moment.stamp, 0), "2024-03-31T03:30:00+02:00");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// Seconds from UTC, positive in the east.
    Fixed(i32),
    #[cfg(feature = "timestamps")]
    Named(TimeZone),
}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(Kind::Fixed(0));

    /// Returns whether the offset of the zone from UTC never changes.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        matches!(self.0, Kind::Fixed(_))
    }

    /// Returns the number of the local day at a moment. That of 1970-01-01 is 0.
    ///
    /// Where clocks are set back over midnight, the new day has begun at the first midnight.
    #[must_use]
    pub fn day(&self, stamp: Stamp) -> i64 {
        let local = i128::from(stamp.as_nanos())
            + i128::from(self.offset_seconds(stamp)) * NANOS_PER_SECOND;
        // Lossless: a day is far longer than a nanosecond.
        let day = local.div_euclid(NANOS_PER_DAY) as i64;
        let has_begun = !self.is_fixed() && self.day_start(day + 1) <= stamp;
        day + i64::from(has_begun)
    }

    /// Returns the first moment of a local day, by its number.
    ///
    /// Saturates at [`Stamp::MIN`] and [`Stamp::MAX`].
    #[must_use]
    pub fn day_start(&self, day: i64) -> Stamp {
        let beyond = if day < 0 { Stamp::MIN } else { Stamp::MAX };
        // Around the range of stamps there are 106,752 days in each direction.
        if day.unsigned_abs() > 110_000 {
            return beyond;
        }
        let (year, month, day) = date(day);
        let midnight = Civil { year, month, day, clock: Clock::default() };
        self.place(midnight).map_or(beyond, |moment| moment.stamp)
    }

    /// Formats a moment in RFC 3339 with up to nine digits of a second.
    ///
    /// UTC is written as `Z`, and so is a moment whose offset is not in whole minutes, as those of
    /// the 19th century are.
    #[must_use]
    pub fn format(&self, stamp: Stamp, digits: usize) -> String {
        let offset = self.offset_seconds(stamp);
        let offset = if offset % 60 == 0 { offset } else { 0 };
        let local = i128::from(stamp.as_nanos()) + i128::from(offset) * NANOS_PER_SECOND;
        let Civil { year, month, day, clock } = Civil::after_1970(local);
        let Clock { hour, minute, second, nanos } = clock;
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if digits > 0 {
            let nanos = format!(".{nanos:09}");
            text.push_str(&nanos[..=digits.min(9)]);
        }
        match offset {
            0 => text.push('Z'),
            _ => text.push_str(&Offset(offset).to_string()),
        }
        text
    }

    /// Returns the offset from UTC at a moment in seconds.
    #[cfg_attr(not(feature = "timestamps"), expect(unused_variables, reason = "it never changes"))]
    fn offset_seconds(&self, stamp: Stamp) -> i32 {
        match &self.0 {
            Kind::Fixed(offset) => *offset,
            #[cfg(feature = "timestamps")]
            Kind::Named(zone) => offset_by_name(stamp, zone),
        }
    }

    /// Returns the moment of a date and time of day in this zone.
    pub(super) fn place(&self, civil: Civil) -> Result<Moment, MomentError> {
        match &self.0 {
            Kind::Fixed(offset) => {
                let stamp = civil.at_offset(*offset)?;
                Ok(Moment { stamp, zone: MomentZone::Assumed })
            }
            #[cfg(feature = "timestamps")]
            Kind::Named(zone) => place_by_name(civil, zone),
        }
    }
}

#[cfg(feature = "timestamps")]
fn offset_by_name(stamp: Stamp, zone: &TimeZone) -> i32 {
    // The range of `jiff` is wider than that of stamps.
    Timestamp::from_nanosecond(stamp.as_nanos().into())
        .map_or(0, |stamp| zone.to_offset(stamp).seconds())
}

#[cfg(feature = "timestamps")]
fn place_by_name(civil: Civil, zone: &TimeZone) -> Result<Moment, MomentError> {
    use jiff::tz::AmbiguousOffset;

    let Civil { year, month, day, clock } = civil;
    let Clock { hour, minute, second, nanos } = clock;
    // Lossless: the numbers exist in the calendar.
    let (year, nanos) = (year as i16, nanos as i32);
    let [month, day, hour, minute, second] =
        [month, day, hour, minute, second].map(|number| number as i8);
    let local = DateTime::new(year, month, day, hour, minute, second, nanos)
        .map_err(|_| MomentError::NoSuchTime)?;
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let zone = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => MomentZone::Assumed,
        AmbiguousOffset::Gap { .. } => MomentZone::AssumedSkipped,
        AmbiguousOffset::Fold { .. } => MomentZone::AssumedRepeated,
    };
    let stamp = ambiguous.compatible().map_err(|_| MomentError::OutOfRange)?;
    Ok(Moment { stamp: super::civil::stamp(stamp.as_nanosecond())?, zone })
}

const NANOS_PER_DAY: i128 = 86_400 * NANOS_PER_SECOND;

/// Displays an offset such as `+02:00`.
struct Offset(i32);

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        let minutes = self.0.unsigned_abs() / 60;
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

impl fmt::Display for Zone {
    /// Writes the name or the offset.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Fixed(0) => f.write_str("UTC"),
            Kind::Fixed(offset) => write!(f, "{}", Offset(*offset)),
            #[cfg(feature = "timestamps")]
            Kind::Named(zone) => f.write_str(zone.iana_name().unwrap_or("local")),
        }
    }
}

/// A text names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ZoneError {
    /// No zone has this name.
    #[error(
        "time zone `{found}` is unknown, expected one such as `Europe/Berlin`, `UTC`, `local` or \
         `+02:00`"
    )]
    Unknown {
        /// The name.
        found: Box<str>,
    },
    /// The system has no time zone database.
    #[error(
        "time zone `{found}` needs the time zone database, which this system lacks, expected it to \
         be installed (`tzdata`), or an offset such as `+02:00`"
    )]
    NoDatabase {
        /// The name.
        found: Box<str>,
    },
    /// The time zone of the system is unknown.
    #[error("time zone of the system is unknown, expected one such as `Europe/Berlin` or `UTC`")]
    NoLocal,
}

impl FromStr for Zone {
    type Err = ZoneError;

    /// Parses `UTC`, `local`, an offset such as `+02:00`, or a name such as `Europe/Berlin`.
    fn from_str(text: &str) -> Result<Self, ZoneError> {
        if text.eq_ignore_ascii_case("utc") || text == "Z" {
            return Ok(Self::UTC);
        }
        match offset(text.as_bytes()) {
            Some(offset) => Ok(Self(Kind::Fixed(offset))),
            None => named(text),
        }
    }
}

/// Reads `+hh:mm`.
fn offset(text: &[u8]) -> Option<i32> {
    let [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = text else { return None };
    let number = |tens: &u8, ones: &u8| {
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| i32::from(byte - b'0'));
        Some(digit(tens)? * 10 + digit(ones)?)
    };
    let (hours, minutes) = (number(h1, h2)?, number(m1, m2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3_600 + minutes * 60;
    Some(if *sign == b'-' { -seconds } else { seconds })
}

#[cfg(not(feature = "timestamps"))]
fn named(text: &str) -> Result<Zone, ZoneError> {
    Err(ZoneError::NoDatabase { found: text.into() })
}

#[cfg(feature = "timestamps")]
fn named(text: &str) -> Result<Zone, ZoneError> {
    let zone = if text == "local" {
        TimeZone::try_system().map_err(|_| ZoneError::NoLocal)?
    } else {
        TimeZone::get(text).map_err(|_| {
            let found = text.into();
            if jiff::tz::db().is_definitively_empty() {
                ZoneError::NoDatabase { found }
            } else {
                ZoneError::Unknown { found }
            }
        })?
    };
    // Most arithmetic is simpler where the offset never changes.
    let fixed = zone.to_fixed_offset().map(|offset| Kind::Fixed(offset.seconds()));
    Ok(Zone(fixed.unwrap_or(Kind::Named(zone))))
}
