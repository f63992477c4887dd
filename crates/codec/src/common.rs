//! The common shape of a line, read in one go.
use std::ops::Range;

use core_actions::ActionTime;

use crate::number::plain_time;
use crate::words::{before, special_in_name, word_at};

/// What a line of the common shape says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Common {
    pub(crate) name: Range<usize>,
    pub(crate) time: ActionTime,
    /// The place behind the `}`.
    pub(crate) end: usize,
}

const fn word(bytes: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*bytes)
}

/// Reads an action in one of the shapes that programs write.
#[inline(always)]
pub(crate) fn common(input: &[u8]) -> Option<Common> {
    let first = word(input.first_chunk()?);
    if first == const { word(b"{\"action") } {
        let at = eat(input, 8, b"\":")?;
        let name = name(input, space(input, at))?;
        let at = eat(input, name.end + 1, b",")?;
        let at = eat(input, space(input, at), b"\"time\":")?;
        let (time, at) = plain_time(input, space(input, at))?;
        let end = eat(input, at, b"}")?;
        Some(Common { name, time, end })
    } else if first == const { word(b"{\"time\":") } {
        let (time, at) = plain_time(input, space(input, 8))?;
        let at = eat(input, at, b",")?;
        let at = eat(input, space(input, at), b"\"action\":")?;
        let name = name(input, space(input, at))?;
        let end = eat(input, name.end + 1, b"}")?;
        Some(Common { name, time, end })
    } else {
        None
    }
}

#[inline(always)]
fn eat<const N: usize>(input: &[u8], at: usize, what: &[u8; N]) -> Option<usize> {
    let found = input.get(at..)?.first_chunk::<N>()?;
    (found == what).then_some(at + N)
}

#[inline(always)]
fn space(input: &[u8], at: usize) -> usize {
    if input.get(at) == Some(&b' ') { at + 1 } else { at }
}

/// A name of visible ASCII, with its quotes seen.
#[inline(always)]
fn name(input: &[u8], at: usize) -> Option<Range<usize>> {
    let start = eat(input, at, b"\"")?;
    let mut end = start;
    loop {
        let marks = special_in_name(word_at(input, end));
        end += before(marks);
        if marks != 0 {
            break;
        }
    }
    // A name that begins with a space may be blank.
    (input.get(end) == Some(&b'"') && input.get(start)? > &b' ' && end > start)
        .then_some(start..end)
}
