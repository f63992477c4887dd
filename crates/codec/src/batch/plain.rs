//! Plain lines: those of the default form, with other keys.
//!
//! Most logs that are read by fields have lines that differ from the default form by their keys
//! only. The decoder of that form reads them, after a comparison with templates. Both accept only
//! what the reader of fields accepts with the same result, and leave all other lines to it: without
//! this file only the speed changes.

use core_actions::{ActionTime, KeyedName};

use super::blocks::Block;
use super::line_end::LineEnd;
use super::report::BlockReport;
use super::sink::{Record, Sink};
use crate::fields::Fields;
use crate::fields::plan::Plan;
use crate::options::DecodeOptions;
use crate::scan::cursor::Cursor;
use crate::schema::decoder::Rules;
use crate::schema::draft::{Found, Name, Scratch};
use crate::schema::fast_path::{Keys, OtherKeys, Partial};
use crate::schema::template::{TemplateLine, Templates};
use crate::tokens::Tokens;

/// Decodes plain lines.
pub(super) struct PlainDecoder<'p> {
    rules: Rules,
    fields: &'p Fields,
    keys: OtherKeys,
    /// The templates of lines with only these keys.
    templates: Templates,
    /// Whether no other member of a line than these two is read.
    reads_no_other: bool,
    /// Whether the fields have a timestamp, which no line of the fast path has.
    has_timestamp: bool,
    scratch: Scratch,
}

/// The rest of a block.
#[derive(Clone, Copy)]
pub(super) struct Rest<'b> {
    pub(super) block: Block<'b>,
    /// Where it begins in the block.
    pub(super) at: usize,
    /// The lines at its start that are known to be UTF-8.
    pub(super) text: &'b str,
}

/// An accepted line.
struct PlainLine<'t> {
    name: KeyedName<'t>,
    time: ActionTime,
    has_unit: bool,
    /// Length with the line end.
    len: usize,
}

impl<'t> PlainLine<'t> {
    /// Returns the line of a template at the start of a text.
    #[inline(always)]
    fn new(text: &'t str, line: TemplateLine) -> Option<Self> {
        let TemplateLine { name, name_end, time, has_unit, len } = line;
        let name = KeyedName::within(text, name..name_end)?;
        Some(Self { name, time, has_unit, len })
    }
}

impl<'p> PlainDecoder<'p> {
    /// Creates a decoder, if plain lines need nothing else.
    pub(super) fn new(options: &'p DecodeOptions, plan: &Plan) -> Option<Self> {
        let fields = &options.fields;
        let mut rules = options.rules();
        rules.limits.name_bytes = fields.names.max_bytes.unwrap_or(rules.limits.name_bytes);
        let keys = plan.fast_keys(fields)?;
        Some(Self {
            rules,
            fields,
            templates: Templates::new(keys.texts(), keys.quoted(), rules),
            keys,
            reads_no_other: plan.slots() == 2,
            has_timestamp: plan.timestamp.is_some(),
            scratch: Scratch::default(),
        })
    }

    /// Passes lines to a sink, up to one that is not plain or not accepted.
    ///
    /// Returns their length. A function of its own, so that records of other shapes take no
    /// registers from this loop.
    #[inline(never)]
    pub(super) fn decode(
        &mut self,
        rest: Rest<'_>,
        tokens: &mut Tokens,
        report: &mut BlockReport,
        sink: &mut impl Sink,
    ) -> usize {
        let Rest { block, at: start, mut text } = rest;
        let (mut at, mut lines, mut with_unit) = (start, 0, 0);
        loop {
            let line = if let Some(head) = text.as_bytes().first_chunk()
                && let Some(line) = self.templates.read(head)
                && let Some(line) = PlainLine::new(text, line)
            {
                line
            } else if let Some(line) = self.other(Rest { block, at, text }, tokens) {
                line
            } else {
                break;
            };
            let PlainLine { name, time, has_unit, len } = line;
            let offset = block.offset + at as u64;
            at += len;
            lines += 1;
            with_unit += u64::from(has_unit);
            sink.accept(Record { name, time, has_unit, stamp: None, offset });
            match text.get(len..) {
                Some(after) => text = after,
                None => break,
            }
        }
        report.lines += lines;
        report.counts.bare_values += lines - with_unit;
        report.counts.values_with_unit += with_unit;
        report.counts.without_timestamp += if self.has_timestamp { lines } else { 0 };
        at - start
    }

    /// Reads the next line as one of the default form, if no other member is read, and the rules of
    /// fields accept it too.
    #[inline(never)]
    fn other<'b>(&mut self, rest: Rest<'b>, tokens: &mut Tokens) -> Option<PlainLine<'b>> {
        let Self { rules, keys, scratch, templates, .. } = self;
        let Rest { block, at, text } = rest;
        if text.is_empty() {
            return None;
        }
        if let Some(head) = text.as_bytes().first_chunk()
            && let Some(line) = templates.read_any(head)
        {
            return PlainLine::new(text, line);
        }
        if !self.reads_no_other {
            return None;
        }
        scratch.has_unit = false;
        let bytes = &block.bytes[at..];
        if tokens.may_read(at)
            && let Some((found, len)) =
                rules.decode_listed(keys, tokens, (block.bytes, at), text, scratch)
        {
            return self.accept(found, LineEnd::at(bytes, len));
        }
        let mut cursor = Cursor::line(bytes).known(true);
        let found = rules.decode_any(keys, &mut cursor, text, &Partial::default(), scratch).ok()?;
        let end = LineEnd::find(bytes, cursor.at);
        tokens.note(end.len);
        self.accept(found, end)
    }

    /// Returns a line, if the rules of fields accept it.
    #[inline(always)]
    fn accept<'b>(&self, found: Found<'b>, end: LineEnd) -> Option<PlainLine<'b>> {
        let Self { rules, fields, scratch, .. } = self;
        let Found { name: Name::Plain(name), time } = found else { return None };
        let LineEnd { len, len_with_end } = end;
        let is_allowed =
            len <= rules.limits.input_bytes && name != "-" && !fields.names.is_like_short(name);
        let (name, has_unit) = (KeyedName::from(name), scratch.has_unit);
        is_allowed.then_some(PlainLine { name, time, has_unit, len: len_with_end })
    }
}

/// When a line is read as a plain one.
///
/// Most lines are as the one before. While the attempts fail, each pause is twice as long, so that
/// lines of another shape are rarely read twice.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    /// The number of lines until the next attempt.
    wait: u32,
    /// The number of lines to wait after the next attempt that fails.
    pause: u32,
}

impl Attempts {
    /// Returns whether to try this line, which fails if [`succeed`](Self::succeed) is not called.
    #[inline(always)]
    pub(super) fn is_due(&mut self) -> bool {
        if self.wait > 0 {
            self.wait -= 1;
            return false;
        }
        self.wait = self.pause;
        self.pause = (2 * self.pause + 1).min(127);
        true
    }

    #[inline(always)]
    pub(super) fn succeed(&mut self) {
        *self = Self::default();
    }
}
