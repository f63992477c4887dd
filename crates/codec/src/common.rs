//! The common shape of a line, read in one go.
//!
//! Nearly every line of a log is written by a program, and in one of few ways: the two keys in
//! either order, a space or none behind colons and commas, a short name without escapes, a time in
//! plain digits. Such a line is read in a straight run, without a look for its end before and
//! without a loop. At the first surprise the run gives up and says nothing: the line is then read
//! by the decoder of [`crate::decode`], which alone says what is taken and what is refused. So this
//! path may be left out at any time, and nothing but speed would change; `cargo xtask fuzz` and
//! `tests/common.rs` hold it to that.
//!
//! All reading is from an array of fixed length, which the longest such line fits into. Lengths are
//! bounded by how they come about, so that the compiler sees that no place lies outside and leaves
//! its checks out.

use core_actions::ActionTime;

use crate::number::{Plain, plain};
use crate::words::{self, before, special_in_name};

/// As many bytes as a line of the common shape may take, with something behind it.
pub(crate) const HEAD: usize = 96;

/// What a line of the common shape says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Common {
    /// Where the name begins: visible ASCII and spaces, the first of them visible.
    pub(crate) name: usize,
    /// Where it ends.
    pub(crate) name_end: usize,
    pub(crate) time: ActionTime,
    /// The place behind the `}`.
    pub(crate) end: usize,
}

/// Reads the action that bytes begin with, if it has the common shape.
#[inline(always)]
pub(crate) fn common(head: &[u8; HEAD]) -> Option<Common> {
    let first = word(head, 0)?;
    if first == const { u64::from_le_bytes(*b"{\"action") } {
        let at = eat(head, 8, b"\":")?;
        let name = space(head, at) + 1;
        let name_end = name_end(head, name)?;
        let at = space(head, eat(head, name_end, b"\",")?);
        let at = space(head, eat(head, at, b"\"time\":")?);
        let (time, at) = time(head, at)?;
        let end = eat(head, at, b"}")?;
        Some(Common { name, name_end, time, end })
    } else if first == const { u64::from_le_bytes(*b"{\"time\":") } {
        let (time, at) = time(head, space(head, 8))?;
        let at = space(head, eat(head, at, b",")?);
        let at = space(head, eat(head, at, b"\"action\":")?);
        let name = at + 1;
        let name_end = name_end(head, name)?;
        let end = eat(head, name_end, b"\"}")?;
        Some(Common { name, name_end, time, end })
    } else {
        None
    }
}

#[inline(always)]
fn word(head: &[u8; HEAD], at: usize) -> Option<u64> {
    head.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word))
}

/// Goes over bytes that have to be these.
#[inline(always)]
fn eat<const N: usize>(head: &[u8; HEAD], at: usize, wanted: &[u8; N]) -> Option<usize> {
    (head.get(at..)?.first_chunk()? == wanted).then_some(at + N)
}

/// Goes over a space, if there is one.
///
/// This has to be a branch, which is easy to foresee where one program has written all lines. As a
/// sum, which the compiler makes of it otherwise, every place behind waits for this byte: a line
/// has three such places, and they were a third of its time.
#[inline(always)]
fn space(head: &[u8; HEAD], at: usize) -> usize {
    if head.get(at) == Some(&b' ') {
        std::hint::cold_path();
        at + 1
    } else {
        at
    }
}

/// Finds the end of a name whose opening quote is before `at`.
#[inline(always)]
fn name_end(head: &[u8; HEAD], at: usize) -> Option<usize> {
    let marks = special_in_name(word(head, at)?);
    let mut end = at + before(marks);
    if marks == 0 {
        let marks = special_in_name(word(head, end)?);
        end += before(marks);
    }
    // One that begins with a space may be blank, and one that begins with a quote is empty: a quote
    // is below what may begin one here, or is taken for a surprise behind it.
    let is_visible = *head.get(at)? > b'"' || *head.get(at)? == b'!';
    (is_visible && *head.get(at - 1)? == b'"').then_some(end)
}

/// Reads a time in plain digits, at most eight of them before the point and sixteen behind it.
#[inline(always)]
fn time(head: &[u8; HEAD], at: usize) -> Option<(ActionTime, usize)> {
    let first = word(head, at)?;
    let whole = words::digits(first);
    let value = words::value(first, whole);
    if whole == 0 || (first as u8 == b'0' && whole > 1) {
        return None;
    }
    let point = at + whole;
    if *head.get(point)? != b'.' {
        // If the digits go on or an exponent follows, that is a surprise to whoever is next.
        return Some((ActionTime::from(value), point));
    }
    let first = word(head, point + 1)?;
    let mut places = words::digits(first);
    let mut value = words::append(value, first, places);
    if places == words::BYTES {
        let second = word(head, point + 1 + words::BYTES)?;
        let more = words::digits(second);
        value = words::append(value, second, more);
        places += more;
    }
    let end = point + 1 + places;
    let literal = head.get(at..end)?;
    let time = plain(Plain { literal, value, whole, places })?;
    Some((time, end))
}
