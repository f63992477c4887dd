//! Moments as text: the forms that are recognised by themselves.

use super::civil::{Civil, Clock};
use super::error::MomentError;
use crate::scan::number::POWERS;
use crate::scan::swar;

/// A moment as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) civil: Civil,
    /// Seconds from UTC, positive in the east, or `None` if no zone is written.
    pub(super) offset: Option<i32>,
}

/// How closely a text must follow its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rigour {
    /// Only what the standard allows.
    Standard,
    /// Also what programs write instead.
    NearMisses,
}

/// A text has another form, or it has this form but is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mismatch {
    OtherForm,
    Refused(MomentError),
}

impl From<MomentError> for Mismatch {
    fn from(error: MomentError) -> Self {
        Self::Refused(error)
    }
}

type Outcome<T> = Result<T, Mismatch>;

/// The short names of the months, each at the position of its number less one.
pub(super) const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
/// The short names of the days of a week, from the day of 1970-01-01.
pub(super) const WEEKDAYS: [&[u8; 3]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];

/// Reads a text of RFC 3339, or one that nearly is one, such as `2024/05/01 12:00:08,5 +02`.
#[inline(always)]
pub(super) fn rfc3339(text: &[u8], rigour: Rigour) -> Outcome<Written> {
    let is_exact = rigour == Rigour::Standard;
    let mut rest = Rest(text);
    let century = rest.number::<2>()?;
    let &hyphen = rest.0.get(2).ok_or(Mismatch::OtherForm)?;
    if hyphen != b'-' && (is_exact || hyphen != b'/') {
        return Err(Mismatch::OtherForm);
    }
    let [year, month, day] = rest.three_pairs(hyphen)?;
    let year = century * 100 + u16::from(year);
    let (clock, offset) = if rest.0.is_empty() && !is_exact {
        (Clock::default(), None)
    } else {
        rest.one_of(|byte| {
            matches!(byte, b'T' | b't') || (!is_exact && matches!(byte, b' ' | b'_'))
        })?;
        (rest.clock(rigour)?, rest.zone(rigour)?)
    };
    let civil = Civil { year, month, day, clock };
    Ok(Written { civil: civil.checked()?, offset })
}

/// Reads a timestamp of the Common Log Format, such as `01/May/2024:12:00:08 +0200`.
#[inline(always)]
pub(super) fn clf(text: &[u8], rigour: Rigour) -> Outcome<Written> {
    let mut rest = Rest(text);
    let day = rest.number::<2>()?;
    rest.literal(b"/")?;
    let month = rest.month()?;
    rest.literal(b"/")?;
    let year = rest.number::<4>()?;
    rest.literal(b":")?;
    let clock = rest.clock(rigour)?;
    let offset = match (rigour, rest.0) {
        (Rigour::Standard, [b' ', zone @ ..]) => Some(Rest(zone).basic_offset()?),
        (Rigour::Standard, _) => return Err(Mismatch::OtherForm),
        (Rigour::NearMisses, _) => rest.zone(rigour)?,
    };
    let civil = Civil { year, month, day: day as u8, clock };
    Ok(Written { civil: civil.checked()?, offset })
}

/// Reads an IMF-fixdate of RFC 9110, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn http(text: &[u8]) -> Outcome<Written> {
    let mut rest = Rest(text);
    let weekday = rest.name(&WEEKDAYS)?;
    rest.literal(b", ")?;
    let day = rest.number::<2>()?;
    rest.literal(b" ")?;
    let month = rest.month()?;
    rest.literal(b" ")?;
    let year = rest.number::<4>()?;
    rest.literal(b" ")?;
    let clock = rest.clock(Rigour::Standard)?;
    match rest.0 {
        b" GMT" => {}
        [b' ', b'A'..=b'Z' | b'a'..=b'z', ..] => return Err(MomentError::ZoneName.into()),
        _ => return Err(Mismatch::OtherForm),
    }
    let civil = Civil { year, month, day: day as u8, clock }.checked()?;
    if civil.days().rem_euclid(7) != weekday as i64 {
        return Err(MomentError::WrongWeekday.into());
    }
    Ok(Written { civil, offset: Some(0) })
}

/// The part of a text that is not read yet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    /// Reads a number of `DIGITS` digits, at most four.
    #[inline(always)]
    fn number<const DIGITS: usize>(&mut self) -> Outcome<u16> {
        let (number, rest) = self.0.split_first_chunk::<DIGITS>().ok_or(Mismatch::OtherForm)?;
        self.0 = rest;
        if !number.iter().all(u8::is_ascii_digit) {
            return Err(Mismatch::OtherForm);
        }
        Ok(number.iter().fold(0, |value, &byte| value * 10 + u16::from(byte - b'0')))
    }

    /// Reads three numbers of two digits, with a separator between them.
    #[inline(always)]
    fn three_pairs(&mut self, separator: u8) -> Outcome<[u8; 3]> {
        let (word, rest) = self.0.split_first_chunk().ok_or(Mismatch::OtherForm)?;
        let pairs = swar::three_pairs(u64::from_le_bytes(*word), separator);
        let pairs = pairs.ok_or(Mismatch::OtherForm)?;
        self.0 = rest;
        Ok(pairs)
    }

    #[inline(always)]
    fn one_of(&mut self, is_one: impl Fn(u8) -> bool) -> Outcome<u8> {
        match *self.0 {
            [first, ref rest @ ..] if is_one(first) => {
                self.0 = rest;
                Ok(first)
            }
            _ => Err(Mismatch::OtherForm),
        }
    }

    #[inline(always)]
    fn literal(&mut self, bytes: &[u8]) -> Outcome<()> {
        self.0 = self.0.strip_prefix(bytes).ok_or(Mismatch::OtherForm)?;
        Ok(())
    }

    /// Reads a name of a list in any case, and returns its position.
    #[inline(always)]
    fn name(&mut self, names: &[&[u8; 3]]) -> Outcome<usize> {
        let (name, rest) = self.0.split_first_chunk().ok_or(Mismatch::OtherForm)?;
        self.0 = rest;
        let name = lower(name);
        names.iter().position(|other| lower(other) == name).ok_or(Mismatch::OtherForm)
    }

    #[inline(always)]
    fn month(&mut self) -> Outcome<u8> {
        self.name(&MONTHS).map(|position| position as u8 + 1) // Lossless: there are 12.
    }

    /// Reads a time of day.
    ///
    /// Programs also leave the seconds out, or write a comma before the fraction.
    #[inline(always)]
    fn clock(&mut self, rigour: Rigour) -> Outcome<Clock> {
        let Ok([hour, minute, second]) = self.three_pairs(b':') else {
            return self.clock_without_seconds(rigour);
        };
        let mut clock = Clock { hour, minute, second, nanos: 0 };
        let is_point = |byte| byte == b'.' || (byte == b',' && rigour == Rigour::NearMisses);
        if self.one_of(is_point).is_ok() {
            clock.nanos = self.fraction()?;
        }
        Ok(clock)
    }

    #[cold]
    fn clock_without_seconds(&mut self, rigour: Rigour) -> Outcome<Clock> {
        if rigour == Rigour::Standard {
            return Err(Mismatch::OtherForm);
        }
        let hour = self.number::<2>()?;
        self.literal(b":")?;
        let minute = self.number::<2>()?;
        // Lossless: both have two digits.
        Ok(Clock { hour: hour as u8, minute: minute as u8, second: 0, nanos: 0 })
    }

    /// Reads digits as a fraction of a second in nanoseconds, rounded down.
    #[inline(always)]
    fn fraction(&mut self) -> Outcome<u32> {
        let word = swar::word_of(self.0);
        let mut digits = swar::digits(word);
        let mut value = swar::value(word, digits);
        self.0 = &self.0[digits..];
        if digits == 0 {
            return Err(Mismatch::OtherForm);
        }
        if digits == swar::BYTES {
            if let [digit @ b'0'..=b'9', rest @ ..] = self.0 {
                value = value * 10 + u64::from(digit - b'0');
                digits += 1;
                self.0 = rest;
            }
            let below = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
            self.0 = &self.0[below..];
        }
        // Lossless: it is below a second.
        Ok((value * POWERS[NANOS_DIGITS - digits]) as u32)
    }

    /// Reads a zone up to the end of the text.
    #[inline(always)]
    fn zone(&mut self, rigour: Rigour) -> Outcome<Option<i32>> {
        match self.0 {
            b"Z" | b"z" => return Ok(Some(0)),
            [b'+' | b'-', _, _, b':', _, _] => return self.offset().map(Some),
            _ if rigour == Rigour::Standard => return Err(Mismatch::OtherForm),
            b"" => return Ok(None),
            _ => {}
        }
        self.0 = self.0.strip_prefix(b" ").unwrap_or(self.0);
        if is_utc(self.0) {
            return Ok(Some(0));
        }
        match self.0 {
            [b'+' | b'-', ..] => self.offset().map(Some),
            [b'A'..=b'Z' | b'a'..=b'z' | b'[', ..] => Err(MomentError::ZoneName.into()),
            _ => Err(Mismatch::OtherForm),
        }
    }

    /// Reads `+hh:mm`, `+hhmm` or `+hh`, and the name of UTC that Go writes after `+0000`.
    #[inline(always)]
    fn offset(&mut self) -> Outcome<i32> {
        let sign = self.one_of(|byte| matches!(byte, b'+' | b'-'))?;
        let hours = self.number::<2>()?;
        let minutes = match self.0 {
            [b':', rest @ ..] => {
                self.0 = rest;
                self.number::<2>()?
            }
            [b'0'..=b'9', ..] => self.number::<2>()?,
            _ => 0,
        };
        if hours > 23 || minutes > 59 {
            return Err(MomentError::NoSuchTime.into());
        }
        let seconds = i32::from(hours) * 3_600 + i32::from(minutes) * 60;
        match self.0 {
            [] => {}
            [b' ', name @ ..] if seconds == 0 && is_utc(name) => {}
            [b' ', b'A'..=b'Z' | b'a'..=b'z', ..] | [b'[', ..] => {
                return Err(MomentError::ZoneName.into());
            }
            _ => return Err(Mismatch::OtherForm),
        }
        Ok(if sign == b'-' { -seconds } else { seconds })
    }

    /// Reads `+hhmm` up to the end of the text.
    fn basic_offset(&mut self) -> Outcome<i32> {
        if self.0.len() != 5 {
            return Err(Mismatch::OtherForm);
        }
        self.offset()
    }
}

/// The number of digits of a fraction down to a nanosecond.
const NANOS_DIGITS: usize = 9;

/// Returns a word that is the same for two names exactly if they differ in nothing but case.
///
/// One of the names consists of letters, so a bit set in all bytes changes no other byte to one.
#[inline(always)]
fn lower(&[a, b, c]: &[u8; 3]) -> u32 {
    u32::from_le_bytes([a, b, c, 0]) | 0x20_20_20
}

/// Returns whether a name of a zone is UTC or GMT.
fn is_utc(name: &[u8]) -> bool {
    [&b"Z"[..], b"UTC", b"GMT"].iter().any(|utc| name.eq_ignore_ascii_case(utc))
}
