//! LineDecoder of a block: each is an action, a refusal, or blank.
//!
//! Splitting and decoding are one: the end of a line is found by reading it. Only of a line that is
//! refused, the rest is looked through for it.

use std::ops::Range;

use core_actions::{ActionTime, KeyedName};
use core_time::Stamp;
use memchr::memchr;

use super::blocks::Block;
use super::refusal::{RefusedLine, Why};
use super::report::BlockReport;
use super::sink::{Record, Sink};
use crate::error::DecodeError;
use crate::error::code::{ErrorCode, ScanError, ScanResult};
use crate::options::DecodeOptions;
use crate::scan::cursor::Cursor;
use crate::scan::swar;
use crate::schema::decoder::{Rules, TOO_LONG};
use crate::schema::draft::{Found, Name};
use crate::schema::fast_path::{FastLine, HEAD, Partial, fast_line};

/// Decodes the lines of one block after the other.
pub(crate) struct LineDecoder<'p> {
    rules: Rules<'p>,
    /// Where names with escapes are decoded, one over the other.
    room: String,
}

impl<'p> LineDecoder<'p> {
    pub(crate) fn new(policy: &'p DecodeOptions) -> Self {
        Self { rules: policy.rules(), room: String::new() }
    }

    /// Hands every action of a block to a sink, and keeps so many refusals.
    pub(crate) fn decode(
        &mut self,
        block: Block<'_>,
        refusals_kept: usize,
        sink: &mut impl Sink,
    ) -> BlockReport {
        let mut tally = BlockReport::default();
        if let Some(len) = block.cut_from {
            tally.lines = 1;
            let max = self.rules.limits.input_bytes;
            let error = DecodeError::InputTooLong { len, max };
            let line = 0..block.bytes.len();
            let why = || Why::TooLong(error.clone());
            self.refuse(block, line, why, &mut tally, refusals_kept, sink);
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
            let (name, time, stamp): (KeyedName<'_>, _, Option<Stamp>);
            // LineDecoder are mostly like the one before.
            if is_common
                && let Some(head) = text.as_bytes().first_chunk()
                && let Ok(line) = self.common_line(text, head)
            {
                (name, time, stamp) = (line.name, line.time, None);
                at += line.len;
                text = text.get(line.len..).unwrap_or_default();
            } else {
                let other = self.other_line(block, start, text, &mut tally, refusals_kept, sink);
                at += other.behind;
                text = text.get(other.behind..).unwrap_or_default();
                is_common = other.is_common;
                match other.found {
                    Ok(line) => found = line,
                    Err(_) => continue,
                }
                name = found.name(&self.room).into();
                (time, stamp) = (found.time, found.stamp);
            }
            sink.accept(Record { name, time, stamp, offset: block.offset + start as u64 });
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
    fn common_line<'t>(&self, text: &'t str, head: &[u8; HEAD]) -> Result<WholeLine<'t>, Partial> {
        let line = fast_line(head)?;
        let FastLine { name, time, end } = line;
        let len = match head.get(end..) {
            Some([b'\n', ..]) => end + 1,
            Some([b'\r', b'\n', ..]) => end + 2,
            _ => return Err(line.into()),
        };
        let name = KeyedName::within(text, name.start..name.end).ok_or(line)?;
        if name.len() <= self.rules.limits.name_bytes && self.rules.allow(end, time.time) {
            Ok(WholeLine { name, time: time.time, len })
        } else {
            Err(line.into())
        }
    }

    /// Hands on the line of any shape that begins at a place, or notes why it is none.
    ///
    /// `text` is as much from there on as is known to be UTF-8.
    #[inline(always)]
    fn other_line<'b>(
        &mut self,
        block: Block<'b>,
        start: usize,
        text: &'b str,
        tally: &mut BlockReport,
        refusals_kept: usize,
        sink: &mut impl Sink,
    ) -> Other<'b> {
        let other = self.read(&block.bytes[start..], text);
        match other.found {
            Ok(_) => {}
            Err(ScanError { code: ErrorCode::Empty, .. }) => tally.blank += 1,
            Err(fault) => {
                let why = || Why::Found(fault, self.rules.limits);
                let line = start..start + other.len;
                self.refuse(block, line, why, tally, refusals_kept, sink);
            }
        }
        other
    }

    /// Reads the line of any shape that bytes begin with.
    ///
    /// `text` is as much of them as is known to be UTF-8.
    #[inline(never)]
    fn read<'b>(&mut self, bytes: &'b [u8], text: &'b str) -> Other<'b> {
        let begun = match text.as_bytes().first_chunk() {
            None => Partial::default(),
            Some(head) => match self.common_line(text, head) {
                Err(begun) => begun,
                Ok(WholeLine { name, time, len }) => {
                    let name = Name::Plain(name.as_str());
                    let found = Found { name, time, stamp: None };
                    return Other { found: Ok(found), len, behind: len, is_common: true };
                }
            },
        };
        let mut cursor = Cursor::line(bytes);
        let mut found = self.rules.decode_any(&mut cursor, text, &begun, &mut self.room);
        // From where it was read to, its end is near.
        let from = found.as_ref().map_or_else(|fault| fault.at.max(cursor.at), |_| cursor.at);
        let end = from + line_len(&bytes[from..]);
        let behind = bytes.len().min(end + 1);
        // A `\r` belongs to the line end only if there is one.
        let is_return = end < behind && bytes[..end].ends_with(b"\r");
        let len = end - usize::from(is_return);
        if len > self.rules.limits.input_bytes {
            found = TOO_LONG;
        }
        Other { found, len, behind, is_common: false }
    }

    /// Notes why a line is no action, and shows it to the sink.
    #[inline(always)]
    fn refuse(
        &self,
        block: Block<'_>,
        line: Range<usize>,
        why: impl Fn() -> Why,
        tally: &mut BlockReport,
        refusals_kept: usize,
        sink: &mut impl Sink,
    ) {
        tally.refused += 1;
        // Made for each who looks: for a sink that does not, none is.
        let refused = || {
            let offset = block.offset + line.start as u64;
            RefusedLine { bytes: &block.bytes[line.clone()], offset, why: why() }
        };
        if tally.refusals.len() < refusals_kept {
            tally.refusals.push(refused().keep(tally.lines));
        }
        sink.refuse(refused());
    }
}

/// A line of any shape.
struct Other<'b> {
    /// What it says, or why it is no action; it may be blank.
    found: ScanResult<Found<'b>>,
    /// How long it is without its end.
    len: usize,
    /// How long it is with its end.
    behind: usize,
    /// Whether it had the common shape after all.
    is_common: bool,
}

/// A line of the common shape.
struct WholeLine<'t> {
    /// A valid name: visible ASCII and spaces, not beginning with one, and not too long.
    name: KeyedName<'t>,
    time: ActionTime,
    /// With its end.
    len: usize,
}

/// How long the line is that bytes begin with, without its end.
///
/// Where most of a line was read before, its end is so near that `memchr` would take longer to set
/// out than to search.
#[inline(always)]
fn line_len(bytes: &[u8]) -> usize {
    let mut near = 0;
    while near < 2 * swar::BYTES {
        let ends = swar::equal(swar::word_of(&bytes[near.min(bytes.len())..]), b'\n');
        if ends != 0 {
            return near + swar::before(ends);
        }
        near += swar::BYTES;
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
