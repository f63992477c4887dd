//! Lines of a block: each is an action, a refusal, or blank.
//!
//! Splitting and decoding are one: where a line has the [common shape](crate::common), its end is
//! found by reading it. Only another line is looked through for its end first, and then read by
//! the decoder that says what is taken and what is refused.

use std::ops::Range;

use core_actions::ActionTime;
use core_time::Stamp;
use memchr::memchr;

use crate::batch::{Entry, Sink};
use crate::common::{Begun, Common, HEAD, common, head};
use crate::decode::{Found, Name, Rules};
use crate::error::DecodeError;
use crate::policy::Policy;
use crate::refusal::{Refusal, RefusedLine, Why};
use crate::words;

/// What became of the lines of a block.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) lines: u64,
    pub(crate) refused: u64,
    pub(crate) blank: u64,
    /// The first of the refused lines. Lines are counted from the beginning of the block.
    pub(crate) refusals: Vec<Refusal>,
}

/// Part of an input: whole lines, of which the last may lack its end if the input does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'b> {
    /// Where it begins in the input.
    pub(crate) offset: u64,
    pub(crate) bytes: &'b [u8],
    /// If it is a single line that is longer than the limit and of which only the beginning is
    /// here, its length.
    pub(crate) cut_from: Option<usize>,
}

/// Decodes the lines of one block after the other.
pub(crate) struct Lines<'p> {
    rules: Rules<'p>,
    /// Where names with escapes are decoded, one over the other.
    room: String,
}

impl<'p> Lines<'p> {
    pub(crate) fn new(policy: &'p Policy) -> Self {
        Self { rules: policy.rules(), room: String::new() }
    }

    /// Hands every action of a block to a sink, and keeps so many refusals.
    pub(crate) fn decode(
        &mut self,
        block: Block<'_>,
        refusals_kept: usize,
        sink: &mut impl Sink,
    ) -> Tally {
        let mut tally = Tally::default();
        if let Some(len) = block.cut_from {
            tally.lines = 1;
            let max = self.rules.limits.input_bytes;
            let error = DecodeError::InputTooLong { len, max };
            let line = 0..block.bytes.len();
            self.refuse(block, line, Why::Told(error), &mut tally, refusals_kept, sink);
            return tally;
        }
        let bytes = block.bytes;
        // What is known to be UTF-8, from `at` on. Checked by the block, it takes 14 instructions
        // for a line of the common shape; name by name it would take 74 more.
        let mut text = "";
        let (mut at, mut is_common) = (0, true);
        while at < bytes.len() {
            if text.is_empty() {
                text = valid_prefix(&bytes[at..]);
            }
            tally.lines += 1;
            let start = at;
            let found: Found<'_>;
            // Both kinds of lines meet at one call, so that the sink becomes part of this loop.
            let (name, time, stamp): (&str, _, Option<Stamp>);
            // Lines are mostly like the one before.
            if is_common
                && let Some(head) = text.as_bytes().first_chunk()
                && let Ok(line) = self.common_line(text, head)
            {
                (name, time, stamp) = (line.name, line.time, None);
                at += line.len;
                text = text.get(line.len..).unwrap_or_default();
            } else {
                let other = self.other_line(block, start, text, &mut tally, refusals_kept, sink);
                at = other.behind;
                text = text.get(at - start..).unwrap_or_default();
                is_common = other.is_common;
                match other.found {
                    Some(line) => found = line,
                    None => continue,
                }
                (name, time, stamp) = (found.name(&self.room), found.time, found.stamp);
            }
            sink.take(Entry { name, time, stamp, offset: block.offset + start as u64 });
        }
        tally
    }

    /// Reads the line that a text begins with, if it has the common shape and is within the rules.
    /// `head` are the first bytes of the text.
    ///
    /// # Errors
    ///
    /// As much of it as was read.
    #[inline(always)]
    fn common_line<'t>(&self, text: &'t str, head: &[u8; HEAD]) -> Result<CommonLine<'t>, Begun> {
        let line = common(head)?;
        let Common { name, time, end } = line;
        let len = match head.get(end..) {
            Some([b'\n', ..]) => end + 1,
            Some([b'\r', b'\n', ..]) => end + 2,
            _ => return Err(line.into()),
        };
        let name = text.get(name.start..name.end).ok_or(line)?;
        if name.len() <= self.rules.limits.name_bytes && self.rules.allow(end, time.time) {
            Ok(CommonLine { name, time: time.time, len })
        } else {
            Err(line.into())
        }
    }

    /// Reads the line of any shape that begins at a place, or notes why it is none.
    ///
    /// `text` is as much from there on as is known to be UTF-8.
    #[inline(never)]
    fn other_line<'b>(
        &mut self,
        block: Block<'b>,
        start: usize,
        text: &'b str,
        tally: &mut Tally,
        refusals_kept: usize,
        sink: &mut impl Sink,
    ) -> Other<'b> {
        let begun = match text.as_bytes().first_chunk() {
            Some(head) => self.common_line(text, head),
            None => self.last_line(text),
        };
        let begun = match begun {
            Ok(line) => return line.other(start),
            Err(begun) => begun,
        };
        // A line end is nothing that was read.
        let from = start + begun.end();
        let end = from + line_len(&block.bytes[from..]);
        let behind = block.bytes.len().min(end + 1);
        let other = |found| Other { found, behind, is_common: false };
        let mut bytes = &block.bytes[start..end];
        // A `\r` belongs to the line end only if there is one.
        if end < behind {
            bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        }
        // What is too long is not looked at, blank or not.
        if bytes.len() <= self.rules.limits.input_bytes && is_blank(bytes) {
            tally.blank += 1;
            return other(None);
        }
        let known = text.get(..bytes.len());
        match self.rules.decode_any(bytes, known, begun, &mut self.room) {
            Ok(found) => other(Some(found)),
            Err(fault) => {
                let why = Why::Found(fault, self.rules.limits);
                let line = start..start + bytes.len();
                self.refuse(block, line, why, tally, refusals_kept, sink);
                other(None)
            }
        }
    }

    /// Notes why a line is no action, and shows it to the sink.
    fn refuse(
        &self,
        block: Block<'_>,
        line: Range<usize>,
        why: Why,
        tally: &mut Tally,
        refusals_kept: usize,
        sink: &mut impl Sink,
    ) {
        tally.refused += 1;
        let offset = block.offset + line.start as u64;
        let refused = RefusedLine { bytes: &block.bytes[line], offset, why };
        if tally.refusals.len() < refusals_kept {
            tally.refusals.push(refused.keep(tally.lines));
        }
        sink.refuse(refused);
    }

    /// Reads a line near the end of a text, as [`common_line`](Self::common_line) does.
    #[inline(never)]
    fn last_line<'t>(&self, text: &'t str) -> Result<CommonLine<'t>, Begun> {
        self.common_line(text, head(text.as_bytes(), &mut [0; HEAD]))
    }
}

/// A line of any shape, what it says, and where the next one begins.
struct Other<'b> {
    found: Option<Found<'b>>,
    behind: usize,
    /// Whether it had the common shape after all.
    is_common: bool,
}

/// A line of the common shape.
struct CommonLine<'t> {
    /// A valid name: visible ASCII and spaces, not beginning with one, and not too long.
    name: &'t str,
    time: ActionTime,
    /// With its end.
    len: usize,
}

impl<'t> CommonLine<'t> {
    /// The same as a line of any shape.
    fn other(self, start: usize) -> Other<'t> {
        let Self { name, time, len } = self;
        let found = Found { name: Name::Plain(name), time, stamp: None };
        Other { found: Some(found), behind: start + len, is_common: true }
    }
}

/// How long the line is that bytes begin with, without its end.
///
/// Where most of a line was read before, its end is so near that `memchr` would take longer to set
/// out than to search.
#[inline(always)]
fn line_len(bytes: &[u8]) -> usize {
    let mut near = 0;
    while near < 2 * words::BYTES {
        let ends = words::equal(words::word_of(&bytes[near.min(bytes.len())..]), b'\n');
        if ends != 0 {
            return near + words::before(ends);
        }
        near += words::BYTES;
    }
    let near = near.min(bytes.len());
    memchr(b'\n', &bytes[near..]).map_or(bytes.len(), |len| near + len)
}

/// As much of bytes as is UTF-8.
fn valid_prefix(bytes: &[u8]) -> &str {
    str::from_utf8(bytes)
        .or_else(|error| str::from_utf8(&bytes[..error.valid_up_to()]))
        .unwrap_or_default()
}

/// Whether a line has nothing but what JSON takes for white space.
fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}
