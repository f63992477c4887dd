//! The forms that a quantity is written in.

use std::cmp::Ordering;

use core_actions::{ActionTime, Unit};

use super::decimal::{Decimal, Digits};
use super::error::QuantityErrorKind as Kind;
use super::unit::{DAY, HOUR, MINUTE, QuantityUnit, SECOND, WEEK};
use crate::scan::cursor::Cursor;

/// A quantity as written: a number, or a sum of numbers with units in nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(super) magnitude: Decimal,
    pub(super) is_negative: bool,
    /// Whether a number has a point or an exponent.
    pub(super) is_float: bool,
    pub(crate) has_unit: bool,
}

impl Written {
    pub(super) fn is_below_zero(&self) -> bool {
        self.is_negative && !self.magnitude.is_zero()
    }

    /// Adds a unit to a number without one.
    pub(crate) fn in_unit(self, unit: Unit) -> Self {
        if self.has_unit {
            return self;
        }
        Self { magnitude: self.magnitude.in_nanos(unit.into()), has_unit: true, ..self }
    }

    /// Compares two numbers, or two durations, exactly.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.has_unit != other.has_unit {
            return None;
        }
        Some(match (self.is_below_zero(), other.is_below_zero()) {
            (false, false) => self.magnitude.cmp(&other.magnitude),
            (true, true) => other.magnitude.cmp(&self.magnitude),
            (one, two) => two.cmp(&one),
        })
    }

    /// Converts it to a time in `unit`, or in seconds if there is none.
    pub(super) fn time(&self, unit: Option<Unit>) -> Result<ActionTime, Kind> {
        if self.is_below_zero() {
            return Err(Kind::Negative);
        }
        let time = if self.has_unit {
            let unit = unit.map_or(SECOND, QuantityUnit::from);
            self.magnitude.nanos_in(unit, self.is_float)
        } else {
            self.magnitude.bare(self.is_float)
        };
        time.map_err(Kind::TooLarge)
    }
}

/// Reads a text of any form, with white space around it.
pub(crate) fn read(text: &str) -> Result<Written, Kind> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    match text.as_bytes() {
        [] => Err(Kind::Blank),
        [b'+', ..] => Err(Kind::Sign),
        text @ [b'-', ..] => negative(text),
        [b'P', ..] => iso(&text[1..]),
        bytes if bytes.contains(&b':') => clock(bytes),
        _ => sequence(text),
    }
}

/// Reads a number with a minus sign, which has no unit.
fn negative(text: &[u8]) -> Result<Written, Kind> {
    let mut cursor = Cursor::new(text);
    match (cursor.number(), text) {
        (Ok(number), [b'-', magnitude @ ..]) if number.literal.len() == text.len() => Ok(Written {
            magnitude: Decimal::of_literal(magnitude),
            is_negative: true,
            is_float: number.is_float,
            has_unit: false,
        }),
        _ => Err(unexpected(text)),
    }
}

/// Returns the error of a text that does not begin with a number.
fn unexpected(text: &[u8]) -> Kind {
    match text {
        [b'-' | b'+', b'0'..=b'9' | b'.' | b'P', ..] => Kind::Sign,
        [b'.', b'0'..=b'9', ..] => Kind::LoneSeparator,
        [b'0'..=b'9', ..] if text.iter().skip_while(|b| b.is_ascii_digit()).eq([&b'.']) => {
            Kind::LoneSeparator
        }
        _ => Kind::Unexpected,
    }
}

/// One number of a text.
struct Part<'a> {
    literal: &'a [u8],
    is_float: bool,
    has_exponent: bool,
    has_leading_zeros: bool,
}

/// A position in a text that is read part by part.
struct Parts<'a> {
    text: &'a str,
    at: usize,
    /// The sum of the parts with units, in nanoseconds.
    sum: Decimal,
    is_float: bool,
    last: Option<QuantityUnit>,
}

impl<'a> Parts<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, sum: Decimal::default(), is_float: false, last: None }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Reads a number, with or without leading zeros.
    fn number(&mut self) -> Result<Part<'a>, Kind> {
        let rest = self.rest().as_bytes();
        if !rest.first().is_some_and(u8::is_ascii_digit) {
            return Err(unexpected(rest));
        }
        let zeros = rest.iter().take_while(|&&byte| byte == b'0').count();
        // The last zero may be the only digit before a point.
        let has_digit = rest.get(zeros).is_some_and(u8::is_ascii_digit);
        let skipped = if has_digit { zeros } else { zeros.saturating_sub(1) };
        let mut cursor = Cursor::new(rest).placed(skipped);
        let number = cursor.number().map_err(|error| match rest.get(error.at.wrapping_sub(1)) {
            Some(b'.') => Kind::LoneSeparator,
            _ => Kind::Unexpected,
        })?;
        self.at += cursor.at;
        Ok(Part {
            literal: number.literal,
            is_float: number.is_float,
            has_exponent: number.literal.iter().any(|byte| matches!(byte, b'e' | b'E')),
            has_leading_zeros: skipped > 0,
        })
    }

    /// Adds a number with a unit, which must be smaller than the one before.
    fn add(&mut self, part: &Part<'_>, unit: QuantityUnit) -> Result<(), Kind> {
        if let Some(last) = self.last {
            if !last.is_above(unit) {
                return Err(Kind::Order);
            } else if self.is_float || part.has_exponent {
                return Err(Kind::Fraction);
            }
        }
        let nanos = Decimal::of_literal(part.literal).in_nanos(unit);
        self.sum = std::mem::take(&mut self.sum).plus(&nanos);
        (self.is_float, self.last) = (part.is_float, Some(unit));
        Ok(())
    }

    fn finish(self) -> Written {
        let Self { sum: magnitude, is_float, .. } = self;
        Written { magnitude, is_negative: false, is_float, has_unit: true }
    }
}

/// Reads a number, or numbers with units such as `1h2m3.5s`.
fn sequence(text: &str) -> Result<Written, Kind> {
    let mut parts = Parts::new(text);
    loop {
        let part = parts.number()?;
        let rest = parts.rest();
        if rest.is_empty() {
            return match parts.last {
                Some(_) => Err(Kind::NoUnit),
                None if part.has_leading_zeros => Err(Kind::LeadingZero),
                None => Ok(Written {
                    magnitude: Decimal::of_literal(part.literal),
                    is_negative: false,
                    is_float: part.is_float,
                    has_unit: false,
                }),
            };
        }
        let name = rest.strip_prefix(' ').unwrap_or(rest);
        let end = name.find(|c: char| !c.is_alphabetic()).unwrap_or(name.len());
        let (name, after) = name.split_at(end);
        if name.is_empty() {
            return Err(after_number(rest));
        }
        let unit = QuantityUnit::named(name).ok_or_else(|| unknown_unit(name))?;
        parts.add(&part, unit)?;
        if after.is_empty() {
            return Ok(parts.finish());
        }
        parts.at = text.len() - after.strip_prefix(' ').unwrap_or(after).len();
    }
}

/// Returns the error of a text that follows a number and is not a unit.
fn after_number(rest: &str) -> Kind {
    let mut chars = rest.chars();
    match (chars.next(), chars.next()) {
        (Some('%'), _) | (Some(' '), Some('%')) => Kind::Percent,
        // Including the apostrophes and the spaces that some languages use.
        (Some(',' | '_' | '\'' | '’' | ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}'), Some(next))
            if next.is_ascii_digit() =>
        {
            Kind::Separator
        }
        _ => Kind::Unexpected,
    }
}

/// Returns the error of a unit that is not among those of [`QuantityUnit::named`].
fn unknown_unit(name: &str) -> Kind {
    match name.to_ascii_lowercase().as_str() {
        "mo" | "mon" | "mons" | "month" | "months" | "y" | "yr" | "yrs" | "year" | "years" => {
            Kind::Calendar
        }
        _ => Kind::UnknownUnit,
    }
}

/// Reads `H:MM:SS`, with a fraction after a point or a comma.
fn clock(text: &[u8]) -> Result<Written, Kind> {
    let is_clock = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b',');
    let mut fields = text.splitn(4, |&byte| byte == b':');
    let is_number = |field: &&[u8]| !field.is_empty() && field.iter().all(u8::is_ascii_digit);
    let [first, second, third, fourth] = std::array::from_fn(|_| fields.next());
    let (hours, minutes, seconds) = match (first, second, third, fourth) {
        (Some(hours), Some(minutes), Some(seconds), None) if is_number(&hours) => {
            (hours, minutes, seconds)
        }
        (Some(first), Some(second), None, None)
            if text.iter().all(is_clock) && is_number(&first) && !second.is_empty() =>
        {
            return Err(Kind::NoHours);
        }
        _ => return Err(Kind::Unexpected),
    };
    let below_60 = |field: &[u8]| matches!(field, [b'0'..=b'5', b'0'..=b'9']);
    let point = seconds.iter().position(|byte| matches!(byte, b'.' | b','));
    let (whole, fraction) = seconds.split_at(point.unwrap_or(seconds.len()));
    if !below_60(minutes) || !below_60(whole) {
        return Err(Kind::Clock);
    }
    let digits = fraction.get(1..).unwrap_or_default();
    match (fraction, digits) {
        ([], _) => {}
        (_, []) => return Err(Kind::LoneSeparator),
        _ if digits.iter().all(u8::is_ascii_digit) => {}
        _ => return Err(Kind::Unexpected),
    }
    let mut seconds = Digits::from_slice(seconds);
    if let Some(point) = point {
        seconds[point] = b'.';
    }
    let sum = Decimal::of_literal(hours).in_nanos(HOUR);
    let sum = sum.plus(&Decimal::of_literal(minutes).in_nanos(MINUTE));
    let magnitude = sum.plus(&Decimal::of_literal(&seconds).in_nanos(SECOND));
    Ok(Written { magnitude, is_negative: false, is_float: !fraction.is_empty(), has_unit: true })
}

/// Reads what follows the `P` of an ISO 8601 duration.
fn iso(text: &str) -> Result<Written, Kind> {
    let mut parts = Parts::new(text);
    let mut is_time = false;
    while !parts.rest().is_empty() {
        if !is_time && parts.rest().starts_with('T') {
            (is_time, parts.at) = (true, parts.at + 1);
        }
        if parts.last == Some(WEEK) {
            return Err(Kind::Iso);
        }
        let part = parts.number().map_err(|kind| match kind {
            Kind::Unexpected => Kind::Iso,
            kind => kind,
        })?;
        let unit = match (is_time, parts.rest().as_bytes()) {
            (false, [b'Y' | b'M', ..]) => return Err(Kind::Calendar),
            (false, [b'W', ..]) if parts.last.is_none() => WEEK,
            (false, [b'D', ..]) => DAY,
            (true, [b'H', ..]) => HOUR,
            (true, [b'M', ..]) => MINUTE,
            (true, [b'S', ..]) => SECOND,
            (_, [b',', b'0'..=b'9', ..]) => return Err(Kind::Separator),
            _ => return Err(Kind::Iso),
        };
        if part.has_exponent {
            return Err(Kind::Iso);
        }
        parts.add(&part, unit)?;
        parts.at += 1;
    }
    // Each `T` is followed by a number, because the loop has not ended after it.
    if parts.last.is_none() { Err(Kind::Iso) } else { Ok(parts.finish()) }
}
