//! A stream of JSON: objects in any layout, on one thread, in bounded memory.
//!
//! The ends of objects are found by their structure, and each object is then decoded as a whole. If
//! it is not JSON, the stream goes on at the next line that begins with `{` or U+001E: behind the
//! object, or where its structure is broken, so that it has no end. Rejected: going on behind the
//! fault in any case. Each object inside of a broken one would be looked at as often as it is
//! nested. An array ends there: what follows may be inside of the broken element.

use std::io::{self, ErrorKind, Read};
use std::mem;
use std::ops::Range;

use memchr::{memchr_iter, memrchr};

use super::blocks::BUFFER_BYTES;
use super::fault::InputFault;
use super::records::RecordDecoder;
use super::refusal::{Cause, RefusedLine};
use super::refuse::refuse;
use super::report::{BlockReport, ReportBuilder};
use super::sink::Sink;
use crate::error::code::{ErrorCode, Expected, ScanError};
use crate::input::detect::MARK;
use crate::input::form_plan::FormPlan;
use crate::input::values::{Extent, Values};
use crate::options::Limits;

/// Decodes the objects of a stream, and passes each record to a sink, in order.
///
/// # Errors
///
/// The error of the reader, unless it was interrupted. The object that was being read is lost.
pub(super) fn decode(
    plan: &FormPlan<'_>,
    reader: impl Read,
    sink: &mut impl Sink,
    report: &mut ReportBuilder,
) -> io::Result<()> {
    let mut stream = Stream::new(reader, plan.options.limits);
    let mut decoder = RecordDecoder::new(plan);
    let mut found = BlockReport::default();
    let result = decode_values(&mut stream, plan, &mut decoder, &mut found, sink);
    report.add(0, stream.bytes_read, found);
    report.add_short_names(decoder.short_names());
    result.map(|fault| fault.into_iter().for_each(|fault| report.end(fault)))
}

/// Decodes the values of a stream. Returns the fault that ends it.
fn decode_values(
    stream: &mut Stream<impl Read>,
    plan: &FormPlan<'_>,
    decoder: &mut RecordDecoder<'_>,
    found: &mut BlockReport,
    sink: &mut impl Sink,
) -> io::Result<Option<InputFault>> {
    let (kept, limits) = (plan.options.refusals_kept, plan.options.limits);
    stream.skip_mark()?;
    let mut is_array = None;
    while stream.find_value()? {
        let is_array = *is_array.get_or_insert(stream.values.in_array());
        let mut value = stream.read_value(is_array, sink)?;
        let bytes = stream.buf[value.kept.clone()].trim_ascii_end();
        let offset = stream.offset + value.kept.start as u64;
        found.lines += 1;
        // Values count as lines. The shift makes the number that of the first line of this value.
        found.line_shift = stream.line.wrapping_sub(found.lines).cast_signed();
        found.column_shift = stream.column(offset);
        if let Some(len) = value.cut_from {
            let error = plan.options.rules().too_long(len);
            let cause = || Cause::TooLong(error.explain(bytes, limits));
            refuse(bytes, offset, cause, found, kept, sink);
            if let Some(code) = value.ends_array {
                stream.leave(&value);
                return Ok(Some(stream.broken_array(code)));
            }
        } else if let Some(error) = decoder.decode_one(bytes, offset, found, kept, sink) {
            if is_array {
                found.lines -= 1;
                let line = RefusedLine { bytes, offset, cause: Cause::Built(error) };
                return Ok(Some(InputFault::BrokenArray(
                    line.to_refusal(stream.line, found.column_shift).into(),
                )));
            }
            if !value.is_broken {
                value = stream.read_broken(value.end - value.kept.start, sink)?;
            }
            let bytes = stream.buf[value.kept.clone()].trim_ascii_end();
            let too_long = |len| plan.options.rules().too_long(len).explain(bytes, limits);
            let cause = || match value.cut_from {
                None => Cause::Built(error.clone()),
                Some(len) => Cause::TooLong(too_long(len)),
            };
            refuse(bytes, offset, cause, found, kept, sink);
        }
        stream.leave(&value);
    }
    if !stream.values.in_array() {
        return Ok(None);
    }
    Ok(Some(stream.broken_array(ErrorCode::Unexpected(Expected::CommaOrBracket))))
}

/// The part of a stream that is in memory.
struct Stream<R> {
    reader: R,
    /// Bytes up to `filled`, then space.
    buf: Vec<u8>,
    filled: usize,
    /// The first byte that is needed: that of the value, once it is found.
    start: usize,
    /// Offset in the input of the first byte in memory.
    offset: u64,
    /// The line of `start`, counted from 1.
    line: u64,
    /// Offset in the input of the first byte of that line.
    line_start: u64,
    bytes_read: u64,
    is_ended: bool,
    values: Values,
    limits: Limits,
}

/// A value of the stream.
struct Value {
    /// Where it is in memory; only its start, if it was cut.
    kept: Range<usize>,
    /// The end of the bytes that belong to it.
    end: usize,
    /// The length of a value that was cut.
    cut_from: Option<usize>,
    /// The line ends in what was cut off.
    cut_lines: CutLines,
    /// Whether its structure is broken, so that it ends where the stream goes on.
    is_broken: bool,
    /// The error behind a value that is too long, if an array ends there.
    ends_array: Option<ErrorCode>,
}

/// The line ends in the part of a value that is no longer in memory.
#[derive(Debug, Clone, Copy, Default)]
struct CutLines {
    count: u64,
    /// Offset in the input after the last of them.
    last: Option<u64>,
}

impl Value {
    /// Returns a value that is in memory as a whole.
    fn whole(kept: Range<usize>, cut_lines: CutLines) -> Self {
        let end = kept.end;
        Self { kept, end, cut_from: None, cut_lines, is_broken: false, ends_array: None }
    }
}

impl<R: Read> Stream<R> {
    fn new(reader: R, limits: Limits) -> Self {
        Self {
            reader,
            buf: Vec::new(),
            filled: 0,
            start: 0,
            offset: 0,
            line: 1,
            line_start: 0,
            bytes_read: 0,
            is_ended: false,
            values: Values::new(limits.nesting),
            limits,
        }
    }

    /// Leaves out a byte order mark at the start of the input.
    fn skip_mark(&mut self) -> io::Result<()> {
        while self.filled < MARK.len()
            && MARK.starts_with(&self.buf[..self.filled])
            && self.fill()?
        {}
        if self.buf[..self.filled].starts_with(MARK) {
            self.start = MARK.len();
            // Editors do not show it, so that it has no column.
            self.line_start = MARK.len() as u64;
        }
        Ok(())
    }

    /// Moves to the start of the next value. Returns whether there is one.
    fn find_value(&mut self) -> io::Result<bool> {
        loop {
            let rest = &self.buf[self.start..self.filled];
            let len = self.values.start(rest);
            let skipped = len.unwrap_or(rest.len());
            self.line += line_ends(&rest[..skipped]);
            if let Some(last) = memrchr(b'\n', &rest[..skipped]) {
                self.line_start = self.offset + (self.start + last + 1) as u64;
            }
            self.start += skipped;
            if len.is_some() {
                return Ok(true);
            }
            if !self.fill()? {
                return Ok(false);
            }
        }
    }

    /// Reads to the end of the value at the start, or of a broken one to where the stream goes on.
    fn read_value(&mut self, is_array: bool, sink: &mut impl Sink) -> io::Result<Value> {
        self.read_from(0, None, is_array, sink)
    }

    /// Reads the value at the start, whose first `len` bytes are not JSON, to where the stream goes
    /// on.
    fn read_broken(&mut self, len: usize, sink: &mut impl Sink) -> io::Result<Value> {
        let resync = Resync::after(&self.buf[self.start..self.start + len]);
        self.read_from(len, Some(resync), false, sink)
    }

    /// Reads the value at the start. Offsets count from there; those below `at` are known.
    fn read_from(
        &mut self,
        mut at: usize,
        mut resync: Option<Resync>,
        is_array: bool,
        sink: &mut impl Sink,
    ) -> io::Result<Value> {
        let mut passed_on = 0;
        let (mut cut, mut cut_lines) = (0, CutLines::default());
        let mut ends_array = None;
        loop {
            let rest = &self.buf[self.start + at..self.filled];
            let rest_len = rest.len();
            let end = match &mut resync {
                Some(resync) => resync.find(rest),
                None => match self.values.extent(rest) {
                    Extent::Ends(len) => Some(len),
                    Extent::Open => None,
                    Extent::Broken(len) if is_array => {
                        at += len;
                        let code = self.values.error();
                        self.values.leave();
                        // Nothing follows. The error names the character, of up to four bytes.
                        while self.filled < self.start + at + 4 && self.fill()? {}
                        if cut == 0 && at <= self.limits.input_bytes {
                            let kept = self.start..self.filled.min(self.start + at + 4);
                            return Ok(Value::whole(kept, cut_lines));
                        }
                        ends_array = Some(code);
                        Some(0)
                    }
                    Extent::Broken(len) => {
                        self.values.leave();
                        at += len;
                        resync = Some(Resync::after(&self.buf[self.start..self.start + at]));
                        continue;
                    }
                },
            };
            at += end.unwrap_or(rest_len);
            let is_too_long =
                at > self.limits.input_bytes && (end.is_none() || ends_array.is_some());
            if cut > 0 || is_too_long {
                // Only the start of a value that is too long is kept.
                let kept = self.limits.input_bytes.saturating_add(1).min(at);
                let bytes = &self.buf[self.start..self.start + at];
                sink.refuse_piece(&bytes[passed_on..]);
                if end.is_some() {
                    let kept = self.start..self.start + kept;
                    let cut_from = Some(cut + at);
                    return Ok(Value {
                        kept,
                        end: self.start + at,
                        cut_from,
                        cut_lines,
                        is_broken: resync.is_some(),
                        ends_array,
                    });
                }
                cut_lines.count += line_ends(&bytes[kept..]);
                if let Some(last) = memrchr(b'\n', &bytes[kept..]) {
                    let read = self.start + cut + kept + last + 1;
                    cut_lines.last = Some(self.offset + read as u64);
                }
                cut += at - kept;
                (at, passed_on) = (kept, kept);
                self.filled = self.start + kept;
            } else if end.is_some() {
                let whole = Value::whole(self.start..self.start + at, cut_lines);
                return Ok(Value { is_broken: resync.is_some(), ..whole });
            }
            if !self.fill()? {
                self.values.leave();
                let kept = self.start..self.start + at;
                let cut_from = (cut > 0).then_some(cut + at);
                return Ok(Value { cut_from, is_broken: true, ..Value::whole(kept, cut_lines) });
            }
        }
    }

    /// Returns the fault of an array that is broken at the start, where the input may end too.
    fn broken_array(&self, code: ErrorCode) -> InputFault {
        let bytes = &self.buf[self.start..self.filled];
        let error = ScanError { code, at: 0, detail: 0 }.explain(bytes, self.limits);
        let offset = self.offset + self.start as u64;
        let line = RefusedLine { bytes, offset, cause: Cause::Built(error) };
        InputFault::BrokenArray(line.to_refusal(self.line, self.column(offset)).into())
    }

    /// Returns the number of bytes in the line before an offset.
    fn column(&self, offset: u64) -> usize {
        (offset - self.line_start) as usize
    }

    /// Moves behind a value.
    fn leave(&mut self, value: &Value) {
        let bytes = &self.buf[self.start..value.end];
        self.line += line_ends(bytes) + value.cut_lines.count;
        // What was cut off, behind the bytes that are kept, is no longer in memory.
        let cut = value.cut_from.map_or(0, |len| len - bytes.len()) as u64;
        let first = self.offset + self.start as u64;
        let (kept, behind) = bytes.split_at(value.kept.len().min(bytes.len()));
        let in_kept = memrchr(b'\n', kept).map(|at| first + at as u64 + 1);
        let in_rest = memrchr(b'\n', behind).map(|at| first + (kept.len() + at) as u64 + 1 + cut);
        if let Some(line_start) = in_rest.or(value.cut_lines.last).or(in_kept) {
            self.line_start = line_start;
        }
        self.offset += cut;
        self.start = value.end;
    }

    /// Reads once behind what is needed. Returns whether the input goes on.
    fn fill(&mut self) -> io::Result<bool> {
        if self.start > 0 {
            // Once for each value: short reads of a long one do not move it again.
            self.buf.copy_within(self.start..self.filled, 0);
            self.offset += self.start as u64;
            self.filled -= mem::take(&mut self.start);
        }
        let wanted = self.filled + BUFFER_BYTES;
        // Zeroed once; later reads overwrite it.
        self.buf.resize(self.buf.len().max(wanted), 0);
        while !self.is_ended {
            match self.reader.read(&mut self.buf[self.filled..wanted]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(0) => self.is_ended = true,
                Ok(read) => {
                    self.filled += read;
                    self.bytes_read += read as u64;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// Finds where a stream goes on after a broken value.
struct Resync {
    /// The byte before.
    last: u8,
}

impl Resync {
    /// Starts behind these bytes.
    fn after(bytes: &[u8]) -> Self {
        Self { last: bytes.last().copied().unwrap_or(b' ') }
    }

    /// Returns the offset of the next `{` or U+001E at the start of a line.
    fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        let begins = |at: &usize| matches!(bytes.get(*at), Some(b'{' | 0x1E));
        if self.last == b'\n' && begins(&0) {
            return Some(0);
        }
        self.last = bytes.last().copied().unwrap_or(self.last);
        memchr_iter(b'\n', bytes).map(|newline| newline + 1).find(begins)
    }
}

/// Returns the number of line ends.
fn line_ends(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}
