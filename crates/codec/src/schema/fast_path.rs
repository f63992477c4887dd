//! The common shape of a line, read in one go.
//!
//! Nearly every line of a log is written by a program, and in one of few ways: the two keys in
//! either order, a space or none behind colons and commas, a short name without escapes, a time in
//! plain digits. Such a line is read in a straight run, without a look for its end before and
//! without a loop. At the first surprise the run gives up and says which members it has read whole:
//! the decoder of [`crate::decode`], which alone says what is taken and what is refused, goes on
//! from there, as if it had read them itself. So this path may be left out at any time, and nothing
//! but speed would change; `cargo xtask fuzz` and `tests/common.rs` hold it to that.
//!
//! All reading is from an array of fixed length, which the longest such line fits into. Lengths are
//! bounded by how they come about, so that the compiler sees that no place lies outside and leaves
//! its checks out.

use core_actions::ActionTime;

use crate::scan::number::{Plain, plain};
use crate::scan::swar::{self, before, special_in_name};

/// As many bytes as a line of the common shape may take, with something behind it.
pub(crate) const HEAD: usize = 96;

/// What a line of the common shape says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FastLine {
    pub(crate) name: FastName,
    pub(crate) time: FastTime,
    /// The place behind the `}`.
    pub(crate) end: usize,
}

/// A name: visible ASCII and spaces, the first of them visible.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FastName {
    /// Where its key stands.
    pub(crate) key: usize,
    /// Where it begins, behind its quote.
    pub(crate) start: usize,
    /// Where it ends, before its quote.
    pub(crate) end: usize,
}

/// A time; or the beginning of one, if a number can go on with what stands behind it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FastTime {
    /// Where its key stands.
    pub(crate) key: usize,
    pub(crate) time: ActionTime,
    /// The place behind it.
    pub(crate) end: usize,
}

/// The members that were read before a surprise, just as the decoder would have read them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Partial {
    pub(crate) name: Option<FastName>,
    pub(crate) time: Option<FastTime>,
}

impl Partial {
    /// The place behind the last value, if there is one.
    #[inline(always)]
    pub(crate) fn end(&self) -> usize {
        let name = self.name.map_or(0, |name| name.end + 1);
        name.max(self.time.map_or(0, |time| time.end))
    }
}

impl From<FastLine> for Partial {
    /// What was read, if the surprise comes behind it.
    fn from(line: FastLine) -> Self {
        Self { name: Some(line.name), time: Some(line.time) }
    }
}

/// The bytes that an input begins with; those of a short one are copied, with zeros behind them,
/// which are a surprise wherever they stand.
#[inline(always)]
pub(crate) fn head<'a>(input: &'a [u8], room: &'a mut [u8; HEAD]) -> &'a [u8; HEAD] {
    if let Some(head) = input.first_chunk() {
        return head;
    }
    room[..input.len()].copy_from_slice(input);
    room
}

/// Reads the action that bytes begin with, if it has the common shape.
///
/// # Errors
///
/// As much of it as was read.
#[inline(always)]
pub(crate) fn fast_line(head: &[u8; HEAD]) -> Result<FastLine, Partial> {
    let mut begun = Partial::default();
    if head.starts_with(b"{\"action\":") {
        let name = name(head, 1, 10).ok_or(begun)?;
        begun.name = Some(name);
        let key = comma(head, name.end + 1).ok_or(begun)?;
        let colon = eat(head, key, b"\"time\":").ok_or(begun)?;
        let time = time(head, key, colon).ok_or(begun)?;
        begun.time = Some(time);
        let end = eat(head, time.end, b"}").ok_or(begun)?;
        Ok(FastLine { name, time, end })
    } else if head.starts_with(b"{\"time\":") {
        let time = time(head, 1, 8).ok_or(begun)?;
        begun.time = Some(time);
        let key = comma(head, time.end).ok_or(begun)?;
        let colon = eat(head, key, b"\"action\":").ok_or(begun)?;
        let name = name(head, key, colon).ok_or(begun)?;
        begun.name = Some(name);
        let end = eat(head, name.end + 1, b"}").ok_or(begun)?;
        Ok(FastLine { name, time, end })
    } else {
        Err(begun)
    }
}

/// Goes over a comma, and a space if there is one.
#[inline(always)]
fn comma(head: &[u8; HEAD], at: usize) -> Option<usize> {
    Some(space(head, eat(head, at, b",")?))
}

/// Reads the name of a key, which stands behind its colon.
#[inline(always)]
fn name(head: &[u8; HEAD], key: usize, colon: usize) -> Option<FastName> {
    let start = space(head, colon) + 1;
    let end = name_end(head, start)?;
    (head.get(end) == Some(&b'"')).then_some(FastName { key, start, end })
}

/// Reads the time of a key, which stands behind its colon.
#[inline(always)]
fn time(head: &[u8; HEAD], key: usize, colon: usize) -> Option<FastTime> {
    let (time, end) = number(head, space(head, colon))?;
    Some(FastTime { key, time, end })
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

/// Reads a number in plain digits, at most eight of them before the point and sixteen behind it.
#[inline(always)]
fn number(head: &[u8; HEAD], at: usize) -> Option<(ActionTime, usize)> {
    let first = word(head, at)?;
    let whole = swar::digits(first);
    let value = swar::value(first, whole);
    if whole == 0 || (first as u8 == b'0' && whole > 1) {
        return None;
    }
    let point = at + whole;
    if *head.get(point)? != b'.' {
        return Some((ActionTime::from(value), point));
    }
    let first = word(head, point + 1)?;
    let mut places = swar::digits(first);
    let mut value = swar::append(value, first, places);
    if places == swar::BYTES {
        let second = word(head, point + 1 + swar::BYTES)?;
        let more = swar::digits(second);
        value = swar::append(value, second, more);
        places += more;
    }
    let end = point + 1 + places;
    let literal = head.get(at..end)?;
    let time = plain(Plain { literal, value, whole, places })?;
    Some((time, end))
}
