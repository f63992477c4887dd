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
use crate::common::{Common, HEAD, common};
use crate::decode::{Found, Rules};
use crate::error::DecodeError;
use crate::policy::Policy;
use crate::refusal::{Refusal, RefusedLine, Why};

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
        // What is known to be UTF-8, from `at` on. Checked by the block, which costs a nanosecond a
        // line; name by name it would be five.
        let mut text = "";
        let mut at = 0;
        while at < bytes.len() {
            if text.is_empty() {
                text = valid_prefix(&bytes[at..]);
            }
            tally.lines += 1;
            let start = at;
            let found: Found<'_>;
            // Both kinds of lines meet at one call, so that the sink becomes part of this loop.
            let (name, time, stamp): (&str, _, Option<Stamp>);
            if let Some(line) = self.common_line(text) {
                (name, time, stamp) = (line.name, line.time, None);
                at += line.len;
                text = text.get(line.len..).unwrap_or_default();
            } else {
                let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |len| at + len);
                at = bytes.len().min(end + 1);
                let known = text.get(..end - start);
                text = text.get(at - start..).unwrap_or_default();
                match self.other_line(block, start..end, known, &mut tally, refusals_kept, sink) {
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
    #[inline(always)]
    fn common_line<'t>(&self, text: &'t str) -> Option<CommonLine<'t>> {
        let head: &[u8; HEAD] = text.as_bytes().first_chunk()?;
        let Common { name, name_end, time, end } = common(head)?;
        let len = match head.get(end..)? {
            [b'\n', ..] => end + 1,
            [b'\r', b'\n', ..] => end + 2,
            _ => return None,
        };
        let name = text.get(name..name_end)?;
        let is_allowed = name.len() <= self.rules.limits.name_bytes && self.rules.allow(end, time);
        is_allowed.then_some(CommonLine { name, time, len })
    }

    /// Reads a line of any shape, or notes why it is none.
    #[inline(never)]
    fn other_line<'b>(
        &mut self,
        block: Block<'b>,
        line: Range<usize>,
        text: Option<&'b str>,
        tally: &mut Tally,
        refusals_kept: usize,
        sink: &mut impl Sink,
    ) -> Option<Found<'b>> {
        let mut bytes = &block.bytes[line.clone()];
        // A `\r` belongs to the line end only if there is one.
        if line.end < block.bytes.len() {
            bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        }
        // What is too long is not looked at, blank or not.
        if bytes.len() <= self.rules.limits.input_bytes && is_blank(bytes) {
            tally.blank += 1;
            return None;
        }
        let why = match self.rules.decode_any(bytes, text, &mut self.room) {
            Ok(Ok(found)) => return Some(found),
            Ok(Err(fault)) => Why::Found(fault, self.rules.limits),
            Err(error) => Why::Told(error),
        };
        let line = line.start..line.start + bytes.len();
        self.refuse(block, line, why, tally, refusals_kept, sink);
        None
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
}

/// A line of the common shape.
struct CommonLine<'t> {
    /// A valid name: visible ASCII and spaces, not beginning with one, and not too long.
    name: &'t str,
    time: ActionTime,
    /// With its end.
    len: usize,
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
