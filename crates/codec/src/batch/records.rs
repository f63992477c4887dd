//! The records of a block in any form: each is accepted, refused, skipped, filtered or blank.

use std::mem;

use core_actions::KeyedName;

use super::blocks::Block;
use super::counts::Counts;
use super::plain::{Attempts, PlainDecoder, Rest};
use super::refusal::Cause;
use super::refuse::refuse;
use super::report::BlockReport;
use super::sink::{Record, Sink, SkippedRecord};
use crate::error::DecodeError;
use crate::error::code::{ErrorCode, ScanError};
use crate::fields::ShortNames;
use crate::fields::assemble::{Accepted, Assembler, Rejected, Written};
use crate::fields::error::{Context, FieldCode};
use crate::fields::found::{Slot, recycled};
use crate::input::form_plan::FormPlan;
use crate::input::reader::Reader;
use crate::moment::MomentZone;
use crate::scan::string::valid_prefix;
use crate::schema::decoder::Rules;
use crate::schema::record;
use crate::tokens::Tokens;

/// Decodes the records of one block after another.
pub(super) struct RecordDecoder<'p> {
    rules: Rules,
    context: Context<'p>,
    reader: Reader<'p>,
    assembler: Assembler<'p>,
    /// The decoder of plain lines, if there are such lines.
    plain: Option<PlainDecoder<'p>>,
    tokens: Tokens,
    /// The memory of the slots of a record that is decoded alone.
    spare: Vec<Slot<'static>>,
}

impl<'p> RecordDecoder<'p> {
    pub(super) fn new(form: &'p FormPlan<'p>) -> Self {
        let FormPlan { options, plan, .. } = *form;
        let (fields, limits) = (&options.fields, options.limits);
        let context = Context { fields, plan, limits };
        let has_plain_lines = options.input.has_plain_lines();
        Self {
            rules: options.rules(),
            context,
            plain: if has_plain_lines { PlainDecoder::new(options, plan) } else { None },
            reader: Reader::new(form),
            assembler: Assembler::new(options, plan),
            tokens: Tokens::new(),
            spare: Vec::new(),
        }
    }

    /// Returns the short names that the records so far have got.
    pub(super) fn short_names(&self) -> &ShortNames {
        self.assembler.short_names()
    }

    /// Passes the records of a block to a sink, and lists at most `refusals_max` refusals.
    #[inline(never)]
    pub(super) fn decode(
        &mut self,
        block: Block<'_>,
        refusals_max: usize,
        sink: &mut impl Sink,
    ) -> BlockReport {
        let mut report = BlockReport::default();
        let bytes = block.bytes;
        let slots_len = self.context.plan.slots();
        let mut spare: Vec<Slot<'_>> = Vec::new();
        // The text from `at` on that is known to be UTF-8.
        let (mut text, mut attempts) = ("", Attempts::default());
        let mut at = 0;
        self.tokens.start();
        while at < bytes.len() {
            if text.is_empty() {
                text = self.tokens.lines(bytes, at);
            }
            if let Some(plain) = &mut self.plain
                && attempts.is_due()
            {
                let rest = Rest { block, at, text };
                let len = plain.decode(rest, &mut self.tokens, &mut report, sink);
                if len > 0 {
                    attempts.succeed();
                    at += len;
                    text = text.get(len..).unwrap_or_default();
                    if text.is_empty() {
                        continue;
                    }
                }
            }
            report.lines += 1;
            let (start, offset) = (at, block.offset + at as u64);
            let mut slots = recycled(spare);
            slots.resize(slots_len, Slot::default());
            let listed = if self.tokens.may_read(start) {
                self.reader.read_listed(&mut self.tokens, (bytes, start), text, &mut slots)
            } else {
                None
            };
            let span = match listed {
                Some(len) => Reader::line(&bytes[start..], len),
                None => self.reader.split(&bytes[start..]),
            };
            at += span.len_with_end;
            let record = &bytes[start..start + span.len];
            let known = text.get(..span.len).unwrap_or(text);
            text = text.get(span.len_with_end..).unwrap_or_default();
            self.tokens.note(span.len);
            let read = if record.len() > self.rules.limits.input_bytes {
                Err(Rejected::Scan(self.rules.too_long(record.len())))
            } else if listed.is_some() {
                assemble(&mut self.assembler, record, &slots)
            } else {
                read(&mut self.reader, &mut self.assembler, record, known, &mut slots)
            };
            spare = recycled(slots);
            match read {
                Ok(accepted) => {
                    report.line_shift += span.line_ends as i64;
                    accept(&accepted, self.context, offset, &mut report.counts, sink);
                }
                Err(rejected) => {
                    let place = Place { bytes: record, offset };
                    reject(self.context, rejected, place, &mut report, refusals_max, sink);
                    report.line_shift += span.line_ends as i64;
                }
            }
        }
        report
    }

    /// Passes one record to a sink.
    ///
    /// A record that is not JSON is not counted, and its error is returned.
    pub(super) fn decode_one(
        &mut self,
        record: &[u8],
        offset: u64,
        report: &mut BlockReport,
        refusals_max: usize,
        sink: &mut impl Sink,
    ) -> Option<DecodeError> {
        let mut slots = recycled(mem::take(&mut self.spare));
        slots.resize(self.context.plan.slots(), Slot::default());
        let known = valid_prefix(record);
        let read = if record.len() > self.rules.limits.input_bytes {
            Err(Rejected::Scan(self.rules.too_long(record.len())))
        } else {
            read(&mut self.reader, &mut self.assembler, record, known, &mut slots)
        };
        self.spare = recycled(slots);
        match read {
            Ok(accepted) => {
                accept(&accepted, self.context, offset, &mut report.counts, sink);
            }
            Err(rejected) => {
                if let Rejected::Scan(error) = &rejected {
                    let error = error.explain(record, self.rules.limits);
                    if error.is_syntax() {
                        return Some(error);
                    }
                }
                let place = Place { bytes: record, offset };
                reject(self.context, rejected, place, report, refusals_max, sink);
            }
        }
        None
    }
}

/// A record and its offset in the input.
struct Place<'a> {
    bytes: &'a [u8],
    offset: u64,
}

/// Counts a record that is not accepted, and passes it to the sink.
#[inline(never)]
fn reject(
    context: Context<'_>,
    rejected: Rejected<'_>,
    place: Place<'_>,
    report: &mut BlockReport,
    refusals_max: usize,
    sink: &mut impl Sink,
) {
    let Place { bytes, offset } = place;
    match rejected {
        Rejected::Scan(ScanError { code: ErrorCode::Empty, .. }) => report.blank += 1,
        Rejected::Filtered => report.filtered += 1,
        Rejected::Untimed => {
            report.filtered += 1;
            report.counts.without_timestamp += 1;
        }
        Rejected::Skipped(reason) => {
            report.skipped += 1;
            report.counts.skip(reason);
            sink.skip(SkippedRecord { bytes, offset, reason });
        }
        Rejected::Scan(error) => {
            let cause = || Cause::Scan(error, context.limits);
            refuse(bytes, offset, cause, report, refusals_max, sink);
        }
        Rejected::Field(error) => {
            let needs_unit = matches!(error.code, FieldCode::UnitNeeded);
            report.counts.unit_needed += u64::from(needs_unit);
            let cause = || Cause::Field(error, context);
            refuse(bytes, offset, cause, report, refusals_max, sink);
        }
    }
}

/// Reads a record of any shape, and decides its outcome.
///
/// One function that is not inlined, so that its many registers are not those of the loop.
#[inline(never)]
fn read<'s, 'a: 's>(
    reader: &'a mut Reader<'_>,
    assembler: &'s mut Assembler<'_>,
    record: &'a [u8],
    known: &'a str,
    slots: &mut [Slot<'a>],
) -> Result<Accepted<'s>, Rejected<'a>> {
    record::read(reader, assembler, record, known, slots)
}

/// Decides the outcome of a record whose slots were filled by the list of its places.
#[inline(never)]
fn assemble<'s, 'a: 's>(
    assembler: &'s mut Assembler<'_>,
    record: &'a [u8],
    slots: &[Slot<'a>],
) -> Result<Accepted<'s>, Rejected<'a>> {
    assembler.assemble(record, slots, None)
}

/// Counts an accepted record and passes it to a sink.
#[inline(always)]
fn accept(
    accepted: &Accepted<'_>,
    context: Context<'_>,
    offset: u64,
    counts: &mut Counts,
    sink: &mut impl Sink,
) {
    count(accepted, context.plan.timestamp.is_some(), counts);
    let stamp = accepted.moment.map(|moment| moment.stamp);
    let (name, time) = (KeyedName::from(accepted.name.text), accepted.value.time);
    let has_unit = accepted.value.written == Written::WithUnit;
    sink.accept(Record { name, time, has_unit, stamp, offset });
}

/// Counts what a summary mentions of an accepted record.
#[inline(always)]
fn count(accepted: &Accepted<'_>, has_timestamp: bool, counts: &mut Counts) {
    counts.names_shortened += u64::from(accepted.name.is_shortened);
    counts.bare_values += u64::from(accepted.value.written == Written::Bare);
    counts.values_with_unit += u64::from(accepted.value.written == Written::WithUnit);
    match accepted.moment.map(|moment| moment.zone) {
        None => counts.without_timestamp += u64::from(has_timestamp),
        Some(MomentZone::Given) => {}
        Some(zone) => {
            counts.assumed_zone += 1;
            counts.local_skipped += u64::from(zone == MomentZone::AssumedSkipped);
            counts.local_repeated += u64::from(zone == MomentZone::AssumedRepeated);
        }
    }
}
