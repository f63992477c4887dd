//! The second step: a line is read by its places, from one to the next.
//!
//! Between two places there is nothing but white space, `:` and `,`, the rest of a string that is
//! valid, or the rest of a number or literal. The walk checks all of these but the strings. A line
//! that it reads to its end is valid; of any other it says nothing.

use super::places::Places;
use super::span::Span;

/// The number of a value that is wanted, or of an object or array on the way to one.
pub(crate) type Node = usize;

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
    span: Span<'s>,
    /// Where its opening quote is.
    quote: usize,
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

/// Reads the line at `start` by its places, of which the first has the number `number`.
///
/// At most `max` objects and arrays may be open at once. Returns the place of its line feed, or of
/// the end of the input, and the number of the place after it. Returns `None` if it is for the
/// scanner.
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
    let [first, next, ..] = places.four(number)?;
    let is_object = span.byte(first) == b'{' && max > 0;
    if !is_object || !span.is_space(start, first) || !span.is_space(first + 1, next) {
        return None;
    }
    around.clear();
    let mut here = Open { node: RECORD, index: OBJECT };
    number += 1;
    // The offset of the first byte that was not read.
    let mut end = next;
    loop {
        let (mut node, at, next);
        if here.index == OBJECT {
            // An object without members is left to the scanner: its end is not a key.
            let key;
            (key, at, next) = member_key(span, places, number, end)?;
            node = wanted.member(here.node, key)?;
            number += 2;
        } else {
            [at, next, ..] = places.four(number)?;
            node = wanted.element(here.node, here.index)?;
            here.index += 1;
        }
        let token = span.byte(at);
        let mut kind = Kind::Plain;
        if token == b'"' {
            if span.byte(next) != b'"' {
                return None;
            }
            (end, number) = (next + 1, number + 2);
        } else if token.is_ascii_digit() {
            kind = Kind::Number;
            (end, number) = short_number(span, places, number, token)?;
        } else if token == b'{' || token == b'[' {
            if node != RECORD && wanted.opens(node, token)? {
                if around.len() + 1 >= max || !span.is_space(at + 1, next) {
                    return None;
                }
                around.push(here);
                here = Open { node, index: if token == b'{' { OBJECT } else { 0 } };
                (end, number) = (next, number + 1);
                continue;
            }
            let levels = max.checked_sub(around.len() + 1)?;
            (number, end) = nested(span, places, number, levels)?;
            node = RECORD;
        } else {
            (end, number, kind) = other(span, places, number, token)?;
        }
        if node != RECORD {
            if kind == Kind::Plain && span.has_backslash(at + 1, end - at - 2) {
                kind = Kind::Escaped;
            }
            wanted.put(node, Value { kind, at: at - start, end: end - start })?;
        }
        // A value has ended here. In compact form, the next key begins after a comma.
        if span.pair(end) == *b",\"" && here.index == OBJECT {
            end += 1;
            continue;
        }
        loop {
            let byte = span.byte(end);
            let [next, after, ..] = places.four(number)?;
            if byte == b',' {
                if !span.is_space(end + 1, next) {
                    return None;
                }
                end = next;
                break;
            } else if byte == b'}' || byte == b']' {
                if (byte == b'}') != (here.index == OBJECT) {
                    return None;
                }
                (end, number) = (end + 1, number + 1);
                match around.pop() {
                    Some(outer) => here = outer,
                    None => {
                        let is_end = span.byte(after) == b'\n' || after == span.len;
                        let is_line = is_end && span.is_space(end, after);
                        return is_line.then_some((after, number + 1));
                    }
                }
            } else {
                end = span.skip_space(end)?;
            }
        }
    }
}

/// Reads an object or an array of which no part is wanted.
///
/// Its bracket has the number `number`, and it has at most `levels` levels. Returns the number of
/// the place after it, and its end.
#[inline(never)]
fn nested(
    span: Span<'_>,
    places: &Places,
    mut number: usize,
    levels: usize,
) -> Option<(usize, usize)> {
    let levels = levels.min(DEPTH_MAX);
    // A bit for each open object or array, 1 for an object.
    let (mut open, mut depth) = (0_u128, 0);
    let [mut at, mut next, ..] = places.four(number)?;
    loop {
        let token = span.byte(at);
        let mut end;
        if token == b'"' {
            if span.byte(next) != b'"' {
                return None;
            }
            (end, number) = (next + 1, number + 2);
        } else if token.is_ascii_digit() {
            (end, number) = short_number(span, places, number, token)?;
        } else if token == b'{' || token == b'[' {
            if depth == levels || !span.is_space(at + 1, next) {
                return None;
            }
            depth += 1;
            open = open << 1 | u128::from(token == b'{');
            number += 1;
            // The byte of a closing bracket is that of its opening one plus 2.
            if span.byte(next) != token + 2 {
                if token == b'{' {
                    (_, at, next) = member_key(span, places, number, next)?;
                    number += 2;
                } else {
                    [at, next, ..] = places.four(number)?;
                }
                continue;
            }
            end = next;
        } else {
            (end, number, _) = other(span, places, number, token)?;
        }
        // In compact form, the next key begins after a comma.
        if span.pair(end) == *b",\"" && open & 1 == 1 {
            (_, at, next) = member_key(span, places, number, end + 1)?;
            number += 2;
            continue;
        }
        loop {
            let byte = span.byte(end);
            if byte == b',' {
                [at, next, ..] = places.four(number)?;
                if !span.is_space(end + 1, at) {
                    return None;
                }
                if open & 1 == 1 {
                    (_, at, next) = member_key(span, places, number, at)?;
                    number += 2;
                }
                break;
            } else if byte == b'}' || byte == b']' {
                if (byte == b'}') != (open & 1 == 1) {
                    return None;
                }
                (end, number) = (end + 1, number + 1);
                open >>= 1;
                depth -= 1;
                if depth == 0 {
                    return Some((number, end));
                }
            } else {
                end = span.skip_space(end)?;
            }
        }
    }
}

/// Reads a key and its colon. Returns the place of the value and the one after it.
///
/// The opening quote must be at `quote`, with the number `number`.
#[inline(always)]
fn member_key<'s>(
    span: Span<'s>,
    places: &Places,
    number: usize,
    quote: usize,
) -> Option<(MemberKey<'s>, usize, usize)> {
    let [_, close, value, next] = places.four(number)?;
    let is_compact = value == close + 2 && span.pair(close) == *b"\":";
    let is_key = is_compact || (span.byte(close) == b'"' && span.is_colon(close + 1, value));
    if !is_key || span.byte(quote) != b'"' {
        return None;
    }
    Some((MemberKey { span, quote, len: close - quote - 1 }, value, next))
}

/// Reads a number that begins with a digit. Returns its end and the number of the place after it.
///
/// The first byte of it that is not a digit is a place, and so is that of each further run. So an
/// integer, and a number with a point alone, are read without looking at their digits.
#[inline(always)]
fn short_number(
    span: Span<'_>,
    places: &Places,
    number: usize,
    first: u8,
) -> Option<(usize, usize)> {
    let [at, next, after, _] = places.four(number)?;
    let has_point = span.byte(next) == b'.'
        && span.byte(next - 1).is_ascii_digit()
        && span.byte(next + 1).is_ascii_digit();
    let (last, after) = if has_point { (after, number + 2) } else { (next, number + 1) };
    let end = last - usize::from(span.byte(last - 1) == b',');
    let whole = if has_point { next } else { end };
    let is_short = span.byte(end - 1).is_ascii_digit()
        && (first != b'0' || whole == at + 1)
        && span.byte(end) | 0x20 != b'e';
    if is_short { Some((end, after)) } else { long_number(span, places, number) }
}

/// Reads any number. Returns its end and the number of the place after it.
#[inline(never)]
fn long_number(span: Span<'_>, places: &Places, number: usize) -> Option<(usize, usize)> {
    let [at, ..] = places.four(number)?;
    let end = span.number(at)?;
    Some((end, places.find(number, end)))
}

/// Reads a negative number or a literal. Returns its end and the number of the place after it.
#[inline(never)]
fn other(
    span: Span<'_>,
    places: &Places,
    number: usize,
    token: u8,
) -> Option<(usize, usize, Kind)> {
    const FALSE: u64 = u64::from_le_bytes(*b"false\0\0\0");
    if token == b'-' {
        let (end, number) = long_number(span, places, number)?;
        return Some((end, number, Kind::Number));
    }
    let [at, ..] = places.four(number)?;
    let word = span.word(at);
    let (len, kind) = match (word as u32).to_le_bytes() {
        [b't', b'r', b'u', b'e'] => (4, Kind::True),
        [b'n', b'u', b'l', b'l'] => (4, Kind::Null),
        _ if word << 24 == FALSE << 24 => (5, Kind::False),
        _ => return None,
    };
    Some((at + len, number + 1, kind))
}
