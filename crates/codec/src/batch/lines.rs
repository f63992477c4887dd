//! The lines of a block: each is accepted, refused or blank.
//!
//! Splitting and decoding are one step: decoding a line finds its end. Only the rest of a refused
//! line is searched for a line end.

use core_actions::{ActionTime, KeyedName};

use super::blocks::Block;
use super::line_end::LineEnd;
use super::records::RecordDecoder;
use super::refusal::Cause;
use super::refuse::refuse;
use super::report::{BlockReport, ReportBuilder};
use super::sink::{Record, Sink};
use crate::error::code::{ErrorCode, ScanError, ScanResult};
use crate::input::form_plan::FormPlan;
use crate::options::DecodeOptions;
use crate::scan::cursor::Cursor;
use crate::schema::decoder::Rules;
use crate::schema::draft::{Found, Name, Scratch};
use crate::schema::fast_path::{DefaultKeys, FastLine, HEAD, Partial, fast_line};
use crate::tokens::Tokens;

/// Decodes the lines of one block after another.
pub(super) struct LineDecoder<'p> {
    rules: Rules,
    scratch: Scratch,
    tokens: Tokens,
    /// The decoder of other fields than those of the default form.
    records: Option<RecordDecoder<'p>>,
}

impl<'p> LineDecoder<'p> {
    /// Creates a decoder. Without a plan, the input has the default form.
    pub(super) fn new(options: &'p DecodeOptions, plan: Option<&'p FormPlan<'p>>) -> Self {
        let records = plan.map(RecordDecoder::new);
        let tokens = Tokens::new();
        Self { rules: options.rules(), scratch: Scratch::default(), tokens, records }
    }

    /// Adds to a report what is known once all blocks of this decoder were decoded.
    pub(super) fn finish(self, report: &mut ReportBuilder) {
        if let Some(records) = &self.records {
            report.add_short_names(records.short_names());
        }
    }

    /// Passes the records of a block to a sink, and lists at most `refusals_max` refusals.
    pub(super) fn decode(
        &mut self,
        block: Block<'_>,
        refusals_max: usize,
        sink: &mut impl Sink,
    ) -> BlockReport {
        if let Some(len) = block.cut_from {
            let mut report = BlockReport { lines: 1, ..BlockReport::default() };
            let error = self.rules.too_long(len);
            let cause = || Cause::TooLong(error.explain(block.bytes, self.rules.limits));
            refuse(block.bytes, block.offset, cause, &mut report, refusals_max, sink);
            return report;
        }
        match &mut self.records {
            None => self.decode_default(block, refusals_max, sink),
            Some(records) => records.decode(block, refusals_max, sink),
        }
    }

    /// Decodes lines of the default form.
    ///
    /// A function of its own, so that the decoder of records takes no registers from this loop.
    #[inline(never)]
    fn decode_default(
        &mut self,
        block: Block<'_>,
        refusals_max: usize,
        sink: &mut impl Sink,
    ) -> BlockReport {
        let mut report = BlockReport::default();
        let bytes = block.bytes;
        self.tokens.start();
        // The text from `at` on that is known to be UTF-8. Checking a block at a time takes 14
        // instructions per line of the fast path; checking each name would take 74 more.
        let mut text = "";
        let (mut at, mut was_fast, mut line) = (0, true, Line::default());
        while at < bytes.len() {
            if text.is_empty() {
                text = self.tokens.lines(bytes, at);
            }
            report.lines += 1;
            let start = at;
            // Most lines have the shape of the line before. All lines meet at one call of the sink,
            // so that it is inlined into this loop once.
            let (name, time) = if was_fast
                && let Some(head) = text.as_bytes().first_chunk()
                && let Ok(line) = self.fast_line(text, head)
            {
                at += line.len;
                text = text.get(line.len..).unwrap_or_default();
                (line.name, line.time)
            } else {
                self.read(bytes, start, text, &mut line);
                at += line.len_with_end;
                text = text.get(line.len_with_end..).unwrap_or_default();
                was_fast = line.is_fast;
                match line.found {
                    Ok(Found { name, time }) => (self.key(name), time),
                    Err(ScanError { code: ErrorCode::Empty, .. }) => {
                        report.blank += 1;
                        continue;
                    }
                    Err(error) => {
                        let line = &bytes[start..start + line.len];
                        let offset = block.offset + start as u64;
                        self.refuse(line, offset, error, &mut report, refusals_max, sink);
                        continue;
                    }
                }
            };
            let offset = block.offset + start as u64;
            sink.accept(Record { name, time, has_unit: false, stamp: None, offset });
        }
        report
    }

    /// Refuses a line. Apart from the loop, so that it takes no registers from accepted lines.
    #[cold]
    #[inline(never)]
    fn refuse(
        &self,
        line: &[u8],
        offset: u64,
        error: ScanError,
        report: &mut BlockReport,
        refusals_max: usize,
        sink: &mut impl Sink,
    ) {
        let cause = || Cause::Scan(error, self.rules.limits);
        refuse(line, offset, cause, report, refusals_max, sink);
    }

    /// Returns the name of the line that was read last.
    #[inline(always)]
    fn key<'n>(&'n self, name: Name<'n>) -> KeyedName<'n> {
        match name {
            Name::Plain(name) => name.into(),
            Name::Unescaped => self.scratch.name.as_str().into(),
        }
    }

    /// Reads the line at the start of `text`, if it has the shape of the fast path and follows the
    /// rules. `head` is the start of `text`.
    ///
    /// # Errors
    ///
    /// The members that were read.
    #[inline(always)]
    fn fast_line<'t>(&self, text: &'t str, head: &[u8; HEAD]) -> Result<FastRecord<'t>, Partial> {
        let line = fast_line(head)?;
        let FastLine { name, time, end } = line;
        let len = match head.get(end..) {
            Some([b'\n', ..]) => end + 1,
            Some([b'\r', b'\n', ..]) => end + 2,
            _ => return Err(line.into()),
        };
        let name = KeyedName::within(text, name.start..name.end).ok_or(line)?;
        if name.len() <= self.rules.limits.name_bytes && self.rules.allow(end, time.time) {
            Ok(FastRecord { name, time: time.time, len })
        } else {
            Err(line.into())
        }
    }

    /// Reads the line of any shape at `start` in `block`.
    ///
    /// `text` is the part of the block, from there on, that is known to be UTF-8. The line is not
    /// returned but written to `line`: moved from function to function, it would be copied by words
    /// that are wider than those just written, for which a processor waits.
    #[inline(never)]
    fn read<'b>(&mut self, block: &'b [u8], start: usize, text: &'b str, line: &mut Line<'b>) {
        let partial = match text.as_bytes().first_chunk() {
            None => Partial::default(),
            Some(head) => match self.fast_line(text, head) {
                Err(partial) => partial,
                Ok(FastRecord { name, time, len }) => {
                    let found = Ok(Found { name: Name::Plain(name.as_str()), time });
                    *line = Line { found, len, len_with_end: len, is_fast: true };
                    return;
                }
            },
        };
        if self.tokens.may_read(start) && self.read_listed(block, start, text, line) {
            return;
        }
        let bytes = &block[start..];
        let mut cursor = Cursor::line(bytes).known(!text.is_empty());
        let mut found =
            self.rules.decode_any(&DefaultKeys, &mut cursor, text, &partial, &mut self.scratch);
        // The end of the line is near the end of what was read.
        let read = found.as_ref().map_or_else(|error| error.at.max(cursor.at), |_| cursor.at);
        let LineEnd { len, len_with_end } = LineEnd::find(bytes, read);
        self.tokens.note(len);
        if len > self.rules.limits.input_bytes {
            found = Err(self.rules.too_long(len));
        }
        *line = Line { found, len, len_with_end, is_fast: false };
    }

    /// Reads the line at `start` by the list of its places, if it is accepted. Returns whether.
    #[inline(never)]
    fn read_listed<'b>(
        &mut self,
        block: &'b [u8],
        start: usize,
        text: &'b str,
        line: &mut Line<'b>,
    ) -> bool {
        let Self { rules, tokens, scratch, .. } = self;
        let decoded = rules.decode_listed(&DefaultKeys, tokens, (block, start), text, scratch);
        let Some((found, len)) = decoded else { return false };
        let LineEnd { len, len_with_end } = LineEnd::at(&block[start..], len);
        *line = Line { found: Ok(found), len, len_with_end, is_fast: false };
        true
    }
}

/// A line of any shape.
struct Line<'b> {
    /// The action, or why the line is not one; a blank line is [`ErrorCode::Empty`].
    found: ScanResult<Found<'b>>,
    /// Length without the line end.
    len: usize,
    len_with_end: usize,
    /// Whether the line has the shape of the fast path.
    is_fast: bool,
}

impl Default for Line<'_> {
    fn default() -> Self {
        let blank = ScanError { code: ErrorCode::Empty, at: 0, detail: 0 };
        Self { found: Err(blank), len: 0, len_with_end: 0, is_fast: false }
    }
}

/// A valid line of the fast path.
struct FastRecord<'t> {
    name: KeyedName<'t>,
    time: ActionTime,
    /// Length with the line end.
    len: usize,
}
