//! Lines of two members with any keys, compared with templates.
//!
//! One program writes most lines of a log, so that only the values differ: `{"op":"` and then a
//! name, `","ms":` and then a value, and a `}`. A template is all that is around the values of such
//! a line, compared as words. Keys that are known when decoding starts cost no more than keys that
//! the compiler knows, because a template also holds the spaces, which the fast path of the default
//! form finds out by branches.
//!
//! A template accepts only what the decoder in `decoder.rs` accepts with the same result, so that
//! only the speed depends on it.

use core_actions::ActionTime;

use super::decoder::Rules;
use super::fast_path::{number, word};
use super::short_text::ShortText;
use crate::options::Fractions;
use crate::quantity::QuotedValues;
use crate::scan::swar::{BYTES, before, special_in_name};

/// Length of the longest line of a template, with some bytes after it.
pub(crate) const HEAD: usize = 128;

/// The maximum length of a name.
const NAME_BYTES: usize = 2 * BYTES;

/// What is around the values of a line.
#[derive(Debug, Clone, Copy)]
struct Template {
    start: ShortText,
    middle: ShortText,
    /// Whether the name is before the value.
    is_name_first: bool,
}

/// The templates of two keys.
#[derive(Debug, Clone)]
pub(crate) struct Templates {
    all: Vec<Template>,
    /// The template of the line before, or one that no line has.
    current: Template,
    /// What lines with the name first start with.
    start: ShortText,
    /// The bits of the first word that are the same in all lines.
    start_bits: u64,
    /// How a value in quotes is read, if it may be.
    quoted: Option<QuotedValues>,
}

/// A line of a template.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TemplateLine {
    /// Offset of the first byte of the name.
    pub(crate) name: usize,
    /// Offset after the name.
    pub(crate) name_end: usize,
    pub(crate) time: ActionTime,
    /// Whether the time is written with a unit.
    pub(crate) has_unit: bool,
    /// Length with the line end.
    pub(crate) len: usize,
}

impl Templates {
    /// Returns the templates of the keys of a name and of a value.
    ///
    /// No line has one if the keys are long, or if the rules refuse a line of a template.
    pub(crate) fn new(
        [name, value]: [&str; 2],
        quoted: Option<&QuotedValues>,
        rules: Rules,
    ) -> Self {
        let Rules { limits, fractions } = rules;
        let is_allowed = limits.name_bytes >= NAME_BYTES
            && limits.input_bytes >= HEAD
            && limits.nesting > 0
            && fractions == Fractions::Allowed;
        // Spaces after a colon and after a comma.
        let spaces = [("", ""), (" ", " "), ("", " ")];
        let all = spaces.into_iter().flat_map(|(colon, comma)| {
            let texts = [
                (format!("{{\"{name}\":{colon}\""), format!("\",{comma}\"{value}\":{colon}")),
                (format!("{{\"{value}\":{colon}"), format!(",{comma}\"{name}\":{colon}\"")),
            ];
            [true, false].into_iter().zip(texts).filter_map(|(is_name_first, (start, middle))| {
                let (start, middle) = (ShortText::new(&start)?, ShortText::new(&middle)?);
                Some(Template { start, middle, is_name_first })
            })
        });
        let all: Vec<_> = if is_allowed { all.collect() } else { Vec::new() };
        let start = |key| ShortText::new(&format!("{{\"{key}\"")).unwrap_or(ShortText::NOWHERE);
        let (start, start_bits) = (start(name), start(name).common_bits(&start(value)));
        Self { all, current: Template::NEVER, start, start_bits, quoted: quoted.copied() }
    }

    /// Reads the line at the start of `head`, if it has the template of the line before.
    #[inline(always)]
    pub(crate) fn read(&self, head: &[u8; HEAD]) -> Option<TemplateLine> {
        self.current.read(head, self.quoted.as_ref())
    }

    /// Reads the line at the start of `head`, if it has any template.
    #[inline(always)]
    pub(crate) fn read_any(&mut self, head: &[u8; HEAD]) -> Option<TemplateLine> {
        let may_be_one = self.start.has_bits(word(head, 0)?, self.start_bits);
        if may_be_one { self.search(head) } else { None }
    }

    #[inline(never)]
    fn search(&mut self, head: &[u8; HEAD]) -> Option<TemplateLine> {
        self.all.iter().find_map(|template| {
            let line = template.read(head, self.quoted.as_ref())?;
            self.current = *template;
            Some(line)
        })
    }
}

impl Template {
    /// A template that no line has.
    const NEVER: Self =
        Self { start: ShortText::NOWHERE, middle: ShortText::NOWHERE, is_name_first: true };

    #[inline(always)]
    fn read(&self, head: &[u8; HEAD], quoted: Option<&QuotedValues>) -> Option<TemplateLine> {
        let start = self.start.eat(head, 0)?;
        if self.is_name_first {
            let name_end = name_end(head, start)?;
            let (time, has_unit, end) = value(head, self.middle.eat(head, name_end)?, quoted)?;
            let len = line_end(head, end)?;
            Some(TemplateLine { name: start, name_end, time, has_unit, len })
        } else {
            let (time, has_unit, end) = value(head, start, quoted)?;
            let name = self.middle.eat(head, end)?;
            let name_end = name_end(head, name)?;
            if *head.get(name_end)? != b'"' {
                return None;
            }
            let len = line_end(head, name_end + 1)?;
            Some(TemplateLine { name, name_end, time, has_unit, len })
        }
    }
}

/// Returns the end of the name that starts at `at`, if it is visible ASCII and spaces.
///
/// Returns `None` for some names that may be missing or blank: one that starts with a space or `!`,
/// and a dash.
#[inline(always)]
fn name_end(head: &[u8; HEAD], at: usize) -> Option<usize> {
    let first = word(head, at)?;
    if first as u8 <= b'-' {
        // Apart, so that most names take one comparison.
        std::hint::cold_path();
        if first as u8 <= b'"' || first as u16 == u16::from_le_bytes(*b"-\"") {
            return None;
        }
    }
    let marks = special_in_name(first);
    let end = at + before(marks);
    if marks != 0 {
        return Some(end);
    }
    Some(end + before(special_in_name(word(head, end)?)))
}

/// Reads a value. Returns whether it has a unit, and the offset after it.
#[inline(always)]
fn value(
    head: &[u8; HEAD],
    at: usize,
    quoted: Option<&QuotedValues>,
) -> Option<(ActionTime, bool, usize)> {
    if *head.get(at)? != b'"' {
        let (number, end) = number(head, at)?;
        return Some((number.time()?, false, end));
    }
    let (number, end) = number(head, at + 1)?;
    let (time, has_unit, len) = quoted?.read(number, word(head, end)?)?;
    Some((time, has_unit, end + len))
}

/// Skips the `}` and the line end.
#[inline(always)]
fn line_end(head: &[u8; HEAD], at: usize) -> Option<usize> {
    match head.get(at..)? {
        [b'}', b'\n', ..] => Some(at + 2),
        [b'}', b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    }
}
