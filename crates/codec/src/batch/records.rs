//! The records of a block in any form: each is accepted, refused, skipped, filtered or blank.

use std::mem;

use core_actions::{ActionTime, KeyedName};

use super::blocks::Block;
use super::counts::Counts;
use super::line_end::LineEnd;
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
use crate::scan::cursor::Cursor;
use crate::scan::string::{valid_lines, valid_prefix};
use crate::schema::decoder::Rules;
use crate::schema::draft::{Found, Name, Scratch};
use crate::schema::fast_path::{FastLine, OtherKeys, Partial, fast_line};
use crate::schema::record;

/// Decodes the records of one block after another.
pub(super) struct RecordDecoder<'p> {
    rules: Rules,
    context: Context<'p>,
    reader: Reader<'p>,
    assembler: Assembler<'p>,
    /// The keys of the fast path, if lines of that shape need nothing else.
    keys: Option<OtherKeys>,
    /// Whether no other member of a line than these two is read.
    is_plain: bool,
    scratch: Scratch,
    /// The memory of the slots of a record that is decoded alone.
    spare: Vec<Slot<'static>>,
}

impl<'p> RecordDecoder<'p> {
    pub(super) fn new(form: &'p FormPlan<'p>) -> Self {
        let FormPlan { options, plan, .. } = *form;
        let (fields, limits) = (&options.fields, options.limits);
        let has_plain_lines = options.input.has_plain_lines();
        let keys = if has_plain_lines { plan.fast_keys(fields) } else { None };
        let mut rules = options.rules();
        rules.limits.name_bytes = fields.names.max_bytes.unwrap_or(limits.name_bytes);
        Self {
            rules,
            context: Context { fields, plan, limits },
            reader: Reader::new(form),
            assembler: Assembler::new(options, plan),
            is_plain: keys.is_some() && plan.slots() == 2,
            keys,
            scratch: Scratch::default(),
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
        let (mut at, mut fast_records, mut fast_units) = (0, 0, 0);
        while at < bytes.len() {
            if text.is_empty() {
                text = valid_lines(&bytes[at..]);
            }
            report.lines += 1;
            let start = at;
            let (name, time, has_unit, stamp) = if let Some(line) = self.fast_record(text) {
                let FastRecord { name, time, has_unit, len } = line;
                at += len;
                text = text.get(len..).unwrap_or_default();
                fast_records += 1;
                fast_units += u64::from(has_unit);
                (name, time, has_unit, None)
            } else if self.is_plain
                && attempts.is_due()
                && let Some(line) = self.plain_record(&bytes[start..], text)
            {
                // A branch of its own: joined with the one above, that takes 29 instructions more.
                attempts.succeed();
                at += line.len;
                text = text.get(line.len..).unwrap_or_default();
                fast_records += 1;
                fast_units += u64::from(line.has_unit);
                (line.name, line.time, line.has_unit, None)
            } else {
                let span = self.reader.split(&bytes[start..]);
                at += span.len_with_end;
                let record = &bytes[start..start + span.len];
                let known = text.get(..span.len).unwrap_or(text);
                text = text.get(span.len_with_end..).unwrap_or_default();
                let mut slots = recycled(spare);
                slots.resize(slots_len, Slot::default());
                let read = if record.len() > self.rules.limits.input_bytes {
                    Err(Rejected::Scan(self.rules.too_long(record.len())))
                } else {
                    read(&mut self.reader, &mut self.assembler, record, known, &mut slots)
                };
                spare = recycled(slots);
                match read {
                    Ok(accepted) => {
                        report.line_shift += span.line_ends as i64;
                        count(&accepted, self.context.plan.timestamp.is_some(), &mut report.counts);
                        let stamp = accepted.moment.map(|moment| moment.stamp);
                        let has_unit = accepted.value.written == Written::WithUnit;
                        (KeyedName::from(accepted.name.text), accepted.value.time, has_unit, stamp)
                    }
                    Err(rejected) => {
                        let offset = block.offset + start as u64;
                        let place = Place { bytes: record, offset };
                        reject(self.context, rejected, place, &mut report, refusals_max, sink);
                        report.line_shift += span.line_ends as i64;
                        continue;
                    }
                }
            };
            let offset = block.offset + start as u64;
            sink.accept(Record { name, time, has_unit, stamp, offset });
        }
        report.counts.bare_values += fast_records - fast_units;
        report.counts.values_with_unit += fast_units;
        if self.context.plan.timestamp.is_some() {
            report.counts.without_timestamp += fast_records;
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
                count(&accepted, self.context.plan.timestamp.is_some(), &mut report.counts);
                let stamp = accepted.moment.map(|moment| moment.stamp);
                let (name, time) = (KeyedName::from(accepted.name.text), accepted.value.time);
                let has_unit = accepted.value.written == Written::WithUnit;
                sink.accept(Record { name, time, has_unit, stamp, offset });
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

    /// Reads the line at the start of `text`, if it has the shape of the fast path and is accepted.
    #[inline(always)]
    fn fast_record<'t>(&self, text: &'t str) -> Option<FastRecord<'t>> {
        let keys = self.keys.as_ref()?;
        let head = text.as_bytes().first_chunk()?;
        let FastLine { name, time, has_unit, end } = fast_line(head, keys).ok()?;
        let len = match head.get(end..)? {
            [b'\n', ..] => end + 1,
            [b'\r', b'\n', ..] => end + 2,
            _ => return None,
        };
        let name = KeyedName::within(text, name.start..name.end)?;
        let is_dash = name.len() == 1 && name.starts_with('-');
        let is_allowed =
            name.len() <= self.rules.limits.name_bytes && self.rules.allow(end, time.time);
        let time = time.time;
        (is_allowed && !is_dash).then_some(FastRecord { name, time, has_unit, len })
    }

    /// Reads the line at the start of `bytes` by the decoder of the default form, if it is accepted
    /// by that form with other keys, and by the rules of fields too.
    ///
    /// `text` is the part of `bytes`, from its start, that is known to be UTF-8.
    #[inline(never)]
    fn plain_record<'b>(&mut self, bytes: &'b [u8], text: &'b str) -> Option<FastRecord<'b>> {
        let keys = self.keys.as_ref()?;
        let mut cursor = Cursor::line(bytes).known(!text.is_empty());
        let partial = Partial::default();
        self.scratch.has_unit = false;
        let found = self.rules.decode_any(keys, &mut cursor, text, &partial, &mut self.scratch);
        let Found { name: Name::Plain(name), time } = found.ok()? else { return None };
        let LineEnd { len, len_with_end } = LineEnd::find(bytes, cursor.at);
        let is_allowed = len <= self.rules.limits.input_bytes
            && name != "-"
            && !self.context.fields.names.is_like_short(name);
        let name = KeyedName::from(name);
        is_allowed.then_some(FastRecord {
            name,
            time,
            has_unit: self.scratch.has_unit,
            len: len_with_end,
        })
    }
}

/// An accepted record of the fast path.
struct FastRecord<'t> {
    name: KeyedName<'t>,
    time: ActionTime,
    has_unit: bool,
    /// Length with the line end.
    len: usize,
}

/// When a line is read as one of the default form with other keys.
///
/// Most lines are as the one before. While the attempts fail, each pause is twice as long, so that
/// lines of another shape are rarely read twice.
#[derive(Debug, Default)]
struct Attempts {
    /// The number of lines until the next attempt.
    wait: u32,
    /// The number of lines to wait after the next attempt that fails.
    pause: u32,
}

impl Attempts {
    /// Returns whether to try this line, which fails if [`succeed`](Self::succeed) is not called.
    #[inline(always)]
    fn is_due(&mut self) -> bool {
        if self.wait > 0 {
            self.wait -= 1;
            return false;
        }
        self.wait = self.pause;
        self.pause = (2 * self.pause + 1).min(127);
        true
    }

    #[inline(always)]
    fn succeed(&mut self) {
        *self = Self::default();
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
