//! The second step: a line is read by its places, from one to the next.
//!
//! Each token is a place, so between two places there is nothing but white space and the rest of
//! the first one. Strings and integers are valid if no invalid place follows them. So the kinds of
//! the places are enough to check the structure of a line, up to eight in one word; the text is
//! read for keys, literals, points, signs and exponents only. A line that is read to its end is
//! valid; of any other the walk says nothing.

use super::places::{END, NUMBER, Places};
use super::span::Span;

/// The number of a value that is wanted, or of an object or array on the way to one.
pub(crate) type Node = usize;

/// A reader of long lines, whose nodes are its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reader {
    /// Of two keys.
    TwoKeys,
    /// Of any fields.
    Fields,
}

/// The number of readers.
pub(super) const READERS: usize = Reader::Fields as usize + 1;

/// The record.
pub(crate) const RECORD: Node = 0;

/// A value that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) kind: Kind,
    /// Where its first byte is in the line.
    pub(crate) at: usize,
    /// Where it ends in the line.
    pub(crate) end: usize,
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A string without escapes.
    Plain,
    /// A string with escapes.
    Escaped,
    Number,
    True,
    False,
    Null,
}

/// A key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemberKey<'s> {
    pub(super) span: Span<'s>,
    /// Where its opening quote is.
    pub(super) quote: usize,
    /// The number of bytes between its quotes.
    pub(crate) len: usize,
}

impl<'s> MemberKey<'s> {
    /// Returns the eight bytes from the opening quote on.
    #[inline(always)]
    pub(crate) fn quoted_word(self) -> u64 {
        self.span.word(self.quote)
    }

    /// Returns whether it has escapes.
    #[inline(always)]
    pub(crate) fn is_escaped(self) -> bool {
        self.span.has_backslash(self.quote + 1, self.len)
    }

    /// Returns what follows the opening quote.
    #[inline(always)]
    pub(crate) fn bytes(self) -> &'s [u8] {
        self.span.after(self.quote + 1)
    }
}

/// The values of a record that are wanted.
///
/// `None` leaves the line to the scanner.
pub(crate) trait Wanted {
    /// Returns the reader. Lines of the same shape have the same nodes for it.
    fn reader(&self) -> Reader;

    /// Returns the node of a member, or [`RECORD`] if it is not wanted.
    fn member(&mut self, object: Node, key: MemberKey<'_>) -> Option<Node>;

    /// Returns the node of an element, or [`RECORD`] if it is not wanted.
    fn element(&mut self, array: Node, index: usize) -> Option<Node>;

    /// Returns whether a part of the object or array of a node is wanted.
    fn opens(&mut self, node: Node, bracket: u8) -> Option<bool>;

    /// Receives the value of a node.
    fn put(&mut self, node: Node, value: Value) -> Option<()>;
}

/// An object or array of which a part is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    node: Node,
    /// The index of the next element, or [`OBJECT`].
    index: usize,
}

/// The index of an object.
const OBJECT: usize = usize::MAX;

/// The maximum number of open objects and arrays of which no part is wanted.
const DEPTH_MAX: usize = u128::BITS as usize;

/// The kinds of a key and its colon.
const KEY: u64 = u64::from_le_bytes(*b"\":\0\0\0\0\0\0");
const KEY_MASK: u64 = (1 << 16) - 1;
/// The number of places of a key and its colon.
const KEY_PLACES: usize = 2;

/// The kinds of four elements of an array that are numbers.
const FOUR_NUMBERS: u64 = u64::from_le_bytes(*b"0,0,0,0,");
const FOUR_NUMBERS_PLACES: usize = 8;

/// Reads a line by its places, of which the first has the number `number`.
///
/// The line begins at `start`. At most `max` objects and arrays may be open at once. Returns the
/// place of its line feed, or of the end of the input, and the number of the place after it.
/// Returns `None` if it is for the scanner.
///
/// One function: split up, its state would go through memory for each member.
#[inline(always)]
pub(super) fn line(
    span: Span<'_>,
    places: &Places,
    (start, mut number): (usize, usize),
    max: usize,
    around: &mut Vec<Open>,
    wanted: &mut impl Wanted,
) -> Option<(usize, usize)> {
    if places.kind(number) != b'{' || max == 0 {
        return None;
    }
    number += 1;
    around.clear();
    let mut here = Open { node: RECORD, index: OBJECT };
    loop {
        let mut node;
        let mut kinds = places.kinds(number);
        if here.index == OBJECT {
            // An object without members is left to the scanner: its end is not a key.
            if kinds & KEY_MASK != KEY {
                return None;
            }
            let quote = places.at(number);
            // In compact form, its closing quote is before the colon.
            let end = span.end_before(places.at(number + 1));
            let len = end.wrapping_sub(quote + 2);
            node = wanted.member(here.node, MemberKey { span, quote, len })?;
            number += KEY_PLACES;
            kinds >>= 8 * KEY_PLACES;
        } else {
            node = wanted.element(here.node, here.index)?;
            here.index += 1;
        }
        let first = number;
        let mut kind = Kind::Plain;
        let token = kinds as u8;
        if token == b'"' {
            (number, kinds) = (number + 1, kinds >> 8);
        } else if token == NUMBER {
            kind = Kind::Number;
            (number, kinds) = after_number(span, places, number, kinds)?;
        } else if token == b'{' || token == b'[' {
            if node != RECORD && wanted.opens(node, token)? {
                if around.len() + 1 >= max {
                    return None;
                }
                around.push(here);
                here = Open { node, index: if token == b'{' { OBJECT } else { 0 } };
                number += 1;
                continue;
            }
            let levels = max.checked_sub(around.len() + 1)?;
            number = nested(span, places, number, levels)?;
            node = RECORD;
            kinds = places.kinds(number);
        } else if token == b'-' {
            kind = Kind::Number;
            number = after_negative(span, places, number)?;
            kinds = places.kinds(number);
        } else {
            kind = literal(span, places, number)?;
            (number, kinds) = (number + 1, kinds >> 8);
        }
        if node != RECORD {
            let at = places.at(first);
            let end = span.end_before(places.at(number));
            if kind == Kind::Plain {
                kind = string_kind(span, places, at, end)?;
            }
            wanted.put(node, Value { kind, at: at - start, end: end - start })?;
        }
        // A value has ended here.
        let mut next = kinds as u8;
        while next != b',' {
            if next != if here.index == OBJECT { b'}' } else { b']' } {
                return None;
            }
            number += 1;
            next = places.kind(number);
            match around.pop() {
                Some(outer) => here = outer,
                None => return (next == END).then(|| (places.at(number), number + 1)),
            }
        }
        number += 1;
    }
}

/// Reads an object or an array of which no part is wanted.
///
/// Its bracket has the number `number`, and it has at most `levels` levels. Returns the number of
/// the place after it.
#[inline(never)]
fn nested(span: Span<'_>, places: &Places, mut number: usize, levels: usize) -> Option<usize> {
    let levels = levels.min(DEPTH_MAX);
    // A bit for each open object or array, 1 for an object.
    let (mut open, mut depth) = (0_u128, 0);
    let mut kinds = places.kinds(number);
    loop {
        let token = kinds as u8;
        if token == b'"' {
            (number, kinds) = (number + 1, kinds >> 8);
        } else if token == NUMBER {
            while kinds == FOUR_NUMBERS && open & 1 == 0 {
                number += FOUR_NUMBERS_PLACES;
                kinds = places.kinds(number);
            }
            if kinds as u8 != NUMBER {
                continue;
            }
            (number, kinds) = after_number(span, places, number, kinds)?;
        } else if token == b'{' || token == b'[' {
            if depth == levels {
                return None;
            }
            depth += 1;
            open = open << 1 | u128::from(token == b'{');
            (number, kinds) = (number + 1, kinds >> 8);
            // The byte of a closing bracket is that of its opening one plus 2.
            if kinds as u8 != token + 2 {
                kinds = places.kinds(number);
                if token == b'{' {
                    (number, kinds) = after_key(number, kinds)?;
                }
                continue;
            }
        } else if token == b'-' {
            number = after_negative(span, places, number)?;
            kinds = places.kinds(number);
        } else {
            literal(span, places, number)?;
            (number, kinds) = (number + 1, kinds >> 8);
        }
        let mut next = kinds as u8;
        while next != b',' {
            if next != if open & 1 == 1 { b'}' } else { b']' } {
                return None;
            }
            number += 1;
            open >>= 1;
            depth -= 1;
            if depth == 0 {
                return Some(number);
            }
            next = places.kind(number);
        }
        number += 1;
        kinds = places.kinds(number);
        if open & 1 == 1 {
            (number, kinds) = after_key(number, kinds)?;
        }
    }
}

/// Reads a key and its colon. Returns what is after them.
#[inline(always)]
fn after_key(number: usize, kinds: u64) -> Option<(usize, u64)> {
    (kinds & KEY_MASK == KEY).then_some((number + KEY_PLACES, kinds >> (8 * KEY_PLACES)))
}

/// Reads a number that begins with a digit. Returns what is after it.
///
/// Digits after a zero are invalid places. The first byte that is not a digit is a place, and so is
/// that of each further run. So an integer, and a number with a point alone, are read without
/// looking at their digits.
#[inline(always)]
fn after_number(
    span: Span<'_>,
    places: &Places,
    number: usize,
    kinds: u64,
) -> Option<(usize, u64)> {
    let (mut next, mut kinds) = (number + 1, kinds >> 8);
    if kinds as u8 == b'.' {
        let point = places.at(next);
        if !is_point(span, point) {
            return None;
        }
        (next, kinds) = (next + 1, kinds >> 8);
    }
    if kinds as u8 | 0x20 == b'e' {
        next = long_number(span, places, number)?;
        kinds = places.kinds(next);
    }
    Some((next, kinds))
}

/// Reads a negative number. Returns the number of the place after it.
#[inline(always)]
fn after_negative(span: Span<'_>, places: &Places, number: usize) -> Option<usize> {
    let is_negative = is_negative(span, places.at(number));
    // The first digit is not a place.
    let rest = after_number(span, places, number, places.kinds(number));
    rest.filter(|_| is_negative).map(|(next, _)| next)
}

/// Returns whether the point at an offset has digits around it.
#[inline(always)]
pub(super) fn is_point(span: Span<'_>, at: usize) -> bool {
    // After white space it would not be part of its number.
    span.byte(at + 1).is_ascii_digit() && span.byte(at.wrapping_sub(1)).is_ascii_digit()
}

/// Returns whether an integer follows the sign at an offset.
#[inline(always)]
pub(super) fn is_negative(span: Span<'_>, at: usize) -> bool {
    let [_, first, second, ..] = span.word(at).to_le_bytes();
    first.is_ascii_digit() && (first != b'0' || !second.is_ascii_digit())
}

/// Returns whether a string has escapes. One that does not end has no closing quote.
#[inline(always)]
pub(super) fn string_kind(span: Span<'_>, places: &Places, at: usize, end: usize) -> Option<Kind> {
    let len = end.wrapping_sub(at).checked_sub(2)?;
    let is_escaped = places.has_escapes && span.has_backslash(at + 1, len);
    Some(if is_escaped { Kind::Escaped } else { Kind::Plain })
}

/// Reads a number with an exponent. Returns the number of the place after it.
#[inline(never)]
fn long_number(span: Span<'_>, places: &Places, number: usize) -> Option<usize> {
    let end = span.number(places.at(number))?;
    let next = places.find(number, end);
    span.is_space(end, places.at(next)).then_some(next)
}

/// Returns whether a place is a literal.
///
/// Without a branch, because which one it is differs from line to line.
#[inline(always)]
pub(super) fn is_literal(span: Span<'_>, places: &Places, number: usize) -> bool {
    let at = places.at(number);
    let word = span.word(at);
    let is_false = word << 24 == FALSE << 24;
    let is_other = matches!(word as u32, TRUE | NULL);
    let end = at + 4 + usize::from(is_false);
    (is_false | is_other) && span.is_space(end, places.at(number + 1))
}

const TRUE: u32 = u32::from_le_bytes(*b"true");
const NULL: u32 = u32::from_le_bytes(*b"null");
const FALSE: u64 = u64::from_le_bytes(*b"false\0\0\0");

/// Reads a literal, which is one place.
#[inline(never)]
pub(super) fn literal(span: Span<'_>, places: &Places, number: usize) -> Option<Kind> {
    let at = places.at(number);
    let word = span.word(at);
    let (len, kind) = match word as u32 {
        TRUE => (4, Kind::True),
        NULL => (4, Kind::Null),
        _ if word << 24 == FALSE << 24 => (5, Kind::False),
        _ => return None,
    };
    span.is_space(at + len, places.at(number + 1)).then_some(kind)
}
