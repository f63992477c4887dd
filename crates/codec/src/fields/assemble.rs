//! The outcome of a record: what its slots make of it.
//!
//! The order is fixed, and the first that applies decides: a selected key is repeated (refused); a
//! condition is false or the moment lies outside the interval (filtered); the name or the value is
//! missing; the name, the value or the timestamp cannot be used (refused); accepted.
//!
//! A refused record reports its first error by position, and a missing field only if nothing else
//! is wrong, so that the order of keys does not change which error is reported.

use core_actions::{ActionName, ActionTime, NameError};
use core_time::Stamp;

use super::error::{FieldCode, FieldError};
use super::filter::UnitNeeded;
use super::found::{Found, Skip, Slot};
use super::missing::{is_missing, is_missing_text, reports_wrong_types};
use super::names::{NameOutcome, NameScratch, ShortNames};
use super::path::Source;
use super::place::place_of;
use super::plan::{Choices, Plan};
use super::{FieldTypes, Fields, Filter, OnMissing, Timestamp};
use crate::error::code::ScanError;
use crate::moment::{self, Moment};
use crate::options::{DecodeOptions, Fractions, Limits};
use crate::quantity;
use crate::scan::cursor::Cursor;

/// Decides the outcome of records.
#[derive(Debug)]
pub(crate) struct Assembler<'p> {
    plan: &'p Plan,
    fields: &'p Fields,
    /// Clones, because threads would share the memory of a regular expression.
    filters: Vec<Filter>,
    limits: Limits,
    fractions: Fractions,
    /// Whether valid names and values stay as they are, and none of them means missing.
    is_plain: bool,
    /// The parts of the last name, joined.
    joined: String,
    names: NameScratch,
    /// The last text with escapes, decoded.
    text: String,
}

/// Why a record is not accepted.
#[derive(Debug)]
pub(crate) enum Rejected<'a> {
    /// It is not well formed, or blank.
    Scan(ScanError),
    Field(FieldError<'a>),
    Skipped(Skip),
    Filtered,
    Untimed, // Filtered as well: an interval is wanted, and it has no timestamp.
}

/// The content of an accepted record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accepted<'s> {
    pub(crate) name: Name<'s>,
    pub(crate) value: Value,
    pub(crate) moment: Option<Moment>,
}

/// A valid name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name<'s> {
    pub(crate) text: &'s str,
    pub(crate) is_shortened: bool,
}

/// A valid value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value {
    pub(crate) time: ActionTime,
    pub(crate) written: Written,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// Only counts are wanted, so no value is read.
    Unread,
    /// As a number alone.
    Bare,
    /// As a number with a unit.
    WithUnit,
}

impl Written {
    fn of(has_unit: bool) -> Self {
        if has_unit { Self::WithUnit } else { Self::Bare }
    }
}

/// A part of an action, which may be missing or unusable.
type Part<'a, T> = Result<Option<T>, FieldError<'a>>;

/// Where the text of a name is that no rule changes.
#[derive(Debug, Clone, Copy)]
enum NameText<'a> {
    /// In the record.
    Plain(&'a str),
    /// Joined from several parts.
    Joined,
}

/// The slot that a path has chosen.
#[derive(Debug, Clone, Copy)]
struct Choice<'a> {
    index: usize,
    slot: Slot<'a>,
}

impl<'p> Assembler<'p> {
    /// Creates an assembler of records that are read by `plan`.
    pub(crate) fn new(options: &'p DecodeOptions, plan: &'p Plan) -> Self {
        Self {
            plan,
            fields: &options.fields,
            filters: options.fields.filters.clone(),
            limits: options.limits,
            fractions: options.fractions,
            is_plain: options.fields.missing.is_empty()
                && options.fields.names.change_nothing()
                && options.fractions == Fractions::Allowed,
            joined: String::new(),
            names: options.fields.names.scratch(),
            text: String::new(),
        }
    }

    /// Returns the short names that the records so far have got.
    pub(crate) fn short_names(&self) -> &ShortNames {
        self.names.short_names()
    }

    /// Decides the outcome of a record from its slots.
    ///
    /// `repeated` is the error of a repeated key, if there is one.
    #[inline(always)]
    pub(crate) fn assemble<'s, 'a: 's>(
        &'s mut self,
        record: &'a [u8],
        slots: &[Slot<'a>],
        repeated: Option<ScanError>,
    ) -> Result<Accepted<'s>, Rejected<'a>> {
        if let Some(error) = not_utf8(slots) {
            return Err(Rejected::Field(error));
        }
        let passes = if self.filters.is_empty() { Ok(true) } else { self.passes_filters(slots) };
        match passes {
            Ok(true) => {}
            Ok(false) if repeated.is_none() => return Err(Rejected::Filtered),
            Err(error) if repeated.is_none() => return Err(Rejected::Field(error)),
            _ => {}
        }
        let moment = if self.plan.timestamp.is_none() { Ok(None) } else { self.moment(slots) };
        if repeated.is_none()
            && let Ok(moment) = moment
        {
            if !self.is_within(moment.map(|moment| moment.stamp)) {
                return Err(if moment.is_some() { Rejected::Filtered } else { Rejected::Untimed });
            }
            if let Some((name, value)) = self.common(record, slots) {
                let text = if let NameText::Plain(text) = name { text } else { &self.joined };
                let name = Name { text, is_shortened: false };
                return Ok(Accepted { name, value, moment });
            }
        }
        self.decide(record, slots, repeated, moment)
    }

    /// Returns the name and the value of a record as most are, without any error.
    ///
    /// No rule changes the name, the parts begin with a visible character, and no alternative is
    /// there but missing. All other records are left to [`decide`](Self::decide), with the same
    /// outcome. This one takes less than half of its instructions, because it carries no errors.
    #[inline(always)]
    fn common<'a>(&mut self, record: &[u8], slots: &[Slot<'a>]) -> Option<(NameText<'a>, Value)> {
        let Self { plan, fields, joined, limits, is_plain: true, .. } = self else { return None };
        let value = match &plan.value {
            None => Value { time: ActionTime::ZERO, written: Written::Unread },
            Some(choices) => {
                let slot = first_there(choices, slots)?;
                match slot.found {
                    Found::Number(_) => {
                        let time = Cursor::new(record).placed(slot.at).plain_time()?;
                        Value { time, written: Written::Bare }
                    }
                    Found::Text(text) if fields.types == FieldTypes::Any => {
                        let (time, has_unit) = quantity::read_text(text, fields.unit).ok()?;
                        Value { time, written: Written::of(has_unit) }
                    }
                    _ => return None,
                }
            }
        };
        let (name, place) = if let [choices] = &*plan.by {
            let part = common_part(first_there(choices, slots)?.found, fields.types)?;
            (part, NameText::Plain(part))
        } else {
            joined.clear();
            for choices in &plan.by {
                if let Some(slot) = first_there(choices, slots) {
                    fields.names.push_part(joined, common_part(slot.found, fields.types)?);
                }
            }
            (&**joined, NameText::Joined)
        };
        let max = fields.names.max_bytes.unwrap_or(limits.name_bytes);
        let is_valid =
            ActionName::with_limit(name, max).is_ok() && !fields.names.is_like_short(name);
        is_valid.then_some((place, value))
    }

    /// Decides the outcome of any record that passes the conditions or has a repeated key.
    #[inline(never)]
    fn decide<'s, 'a: 's>(
        &'s mut self,
        record: &'a [u8],
        slots: &[Slot<'a>],
        repeated: Option<ScanError>,
        moment: Part<'a, Moment>,
    ) -> Result<Accepted<'s>, Rejected<'a>> {
        let value = self.value(record, slots);
        let on_missing = self.fields.on_missing;
        let name = self.name(record, slots);
        if repeated.is_none()
            && let (Ok(Some(name)), Ok(Some(value)), Ok(moment)) = (name, value, moment)
        {
            return Ok(Accepted { name, value, moment });
        }
        let missing = match (name, value) {
            (Ok(None), _) => Some(Skip::NoName),
            (_, Ok(None)) => Some(Skip::NoValue),
            _ => None,
        };
        if let (Some(skip), OnMissing::Skip, None) = (missing, on_missing, repeated) {
            return Err(Rejected::Skipped(skip));
        }
        let errors = [name.err(), value.err(), moment.err(), repeated.map(FieldError::repeated)];
        let first = errors.into_iter().flatten().min_by_key(|error| error.at);
        let missing = || FieldError::missing(missing.unwrap_or(Skip::NoName), end_of(record));
        Err(Rejected::Field(first.unwrap_or_else(missing)))
    }

    /// Returns whether all conditions hold.
    #[inline]
    fn passes_filters<'a>(&mut self, slots: &[Slot<'a>]) -> Result<bool, FieldError<'a>> {
        let Self { plan, fields, filters, text, .. } = self;
        for (filter, choices) in filters.iter().zip(&plan.filters) {
            let choice = choose(fields, choices, slots, text);
            match (filter.holds(choice.map(|choice| choice.slot.found), fields.unit, text), choice)
            {
                (Ok(true), _) => {}
                (Err(UnitNeeded), Some(choice)) => return Err(choice.error(FieldCode::UnitNeeded)),
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Returns whether a moment lies in the interval, if there is one.
    #[inline]
    fn is_within(&self, stamp: Option<Stamp>) -> bool {
        let Fields { from, to, .. } = self.fields;
        match stamp {
            None => from.is_none() && to.is_none(),
            Some(stamp) => from.is_none_or(|from| stamp >= from) && to.is_none_or(|to| stamp < to),
        }
    }

    #[inline]
    fn moment<'a>(&mut self, slots: &[Slot<'a>]) -> Part<'a, Moment> {
        let Self { plan, fields, text, .. } = self;
        let (Some(Timestamp { format, zone, .. }), Some(choices)) =
            (&fields.timestamp, &plan.timestamp)
        else {
            return Ok(None);
        };
        let Some(choice) = choose(fields, choices, slots, text) else { return Ok(None) };
        if plan.alternatives[choice.index].source == Source::Prefix {
            // Other words of a prefix are not a timestamp that cannot be read.
            let prefix = choice.slot.found.text(text);
            return Ok(prefix.and_then(|prefix| moment::read_prefix(prefix, format, zone)));
        }
        let moment = match choice.slot.found {
            Found::Number(number) => moment::read_number(number, format, zone),
            found => match found.text(text) {
                Some(text) => moment::read_text(text, format, zone),
                None => return Err(choice.error(FieldCode::TimestampType)),
            },
        };
        moment.map(Some).map_err(|_| choice.error(FieldCode::Timestamp))
    }

    #[inline]
    fn value<'a>(&mut self, record: &[u8], slots: &[Slot<'a>]) -> Part<'a, Value> {
        let Self { plan, fields, text, fractions, .. } = self;
        let Some(choices) = &plan.value else {
            return Ok(Some(Value { time: ActionTime::ZERO, written: Written::Unread }));
        };
        let Some(choice) = choose_or_any(fields, choices, slots, text) else { return Ok(None) };
        let (time, has_unit) = match (choice.slot.found, fields.types) {
            (Found::Number(number), _) => (read_number(record, choice.slot.at, number), false),
            (found, FieldTypes::Any) => match found.text(text) {
                Some(text) => read_quantity(text, fields),
                None => return Err(choice.error(FieldCode::ValueType)),
            },
            _ => return Err(choice.error(FieldCode::ValueType)),
        };
        let time = time.ok_or_else(|| choice.error(FieldCode::Value))?;
        if *fractions == Fractions::Refused && time.as_integer().is_none() {
            return Err(choice.error(FieldCode::ValueNotInteger));
        }
        Ok(Some(Value { time, written: Written::of(has_unit) }))
    }

    /// Joins, changes and checks the name.
    #[inline]
    fn name<'s, 'a: 's>(
        &'s mut self,
        record: &[u8],
        slots: &[Slot<'a>],
    ) -> Result<Option<Name<'s>>, FieldError<'a>> {
        let Self { plan, fields, joined, names, text, limits, .. } = self;
        let mut first: Option<Choice<'a>> = None;
        let parts = if let [choices] = &*plan.by {
            let Some(choice) = choose_or_any(fields, choices, slots, text) else { return Ok(None) };
            first = Some(choice);
            part(choice, fields.types, joined)?
        } else {
            joined.clear();
            for choices in &plan.by {
                if let Some(choice) = choose_or_any(fields, choices, slots, text) {
                    first.get_or_insert(choice);
                    fields.names.push_part(joined, part(choice, fields.types, text)?);
                }
            }
            joined
        };
        let Some(first) = first else { return Ok(None) };
        let name = match fields.names.apply(parts, names) {
            NameOutcome::Plain(name) => Name { text: name, is_shortened: false },
            NameOutcome::Changed { is_shortened } => Name { text: names.name(), is_shortened },
            NameOutcome::Missing if reports_wrong_types(fields) && parts.trim().is_empty() => {
                Name { text: parts, is_shortened: false } // It may have a control character.
            }
            NameOutcome::Missing => return Ok(None),
        };
        // A name that is longer than its maximum was not shortened because it has a control
        // character, which is its error.
        let max = fields.names.max_bytes.map_or(limits.name_bytes, |_| usize::MAX);
        match ActionName::with_limit(name.text, max) {
            Ok(_) => Ok(Some(name)),
            Err(NameError::Blank { .. }) if !reports_wrong_types(fields) => Ok(None),
            Err(error) => Err(name_error(error, (fields, plan), slots, first, record)),
        }
    }
}

impl<'a> Choice<'a> {
    /// Returns an error about the value.
    #[cold]
    fn error(self, code: FieldCode) -> FieldError<'a> {
        FieldError { code, at: self.slot.at, index: self.index, found: self.slot.found }
    }
}

/// Returns the error of a name, at the first field that has the character that is refused.
///
/// The rules of names may have moved the character, so it is searched for. `first` is the field
/// that the name starts with.
#[cold]
fn name_error<'a>(
    error: NameError,
    (fields, plan): (&Fields, &Plan),
    slots: &[Slot<'a>],
    first: Choice<'a>,
    record: &[u8],
) -> FieldError<'a> {
    match error {
        NameError::Blank { len } => first.error(FieldCode::NameBlank { len }),
        NameError::TooLong { len, max } => first.error(FieldCode::NameTooLong { len, max }),
        NameError::Control { found, .. } => {
            let mut scratch = String::new();
            let mut parts = plan.by.iter().filter_map(|choices| {
                let choice = choose_or_any(fields, choices, slots, &mut scratch)?;
                Some((choice, place_of(found, choice.slot, record)?))
            });
            // A replacement may have written the character.
            let (choice, at) = parts.next().unwrap_or((first, first.slot.at));
            FieldError { at, ..choice.error(FieldCode::NameControl { found }) }
        }
        _ => first.error(FieldCode::Name),
    }
}

/// Returns the error of the first field that is not UTF-8.
#[inline(always)]
fn not_utf8<'a>(slots: &[Slot<'a>]) -> Option<FieldError<'a>> {
    slots.iter().enumerate().find_map(|(index, &slot)| match slot.found {
        Found::NotUtf8 { at } => Some(FieldError::not_utf8(index, slot, at)),
        _ => None,
    })
}

/// Returns the first alternative of a path that the record has. (`!=` would be a call.)
#[inline(always)]
fn first_there<'a>(choices: &Choices, slots: &[Slot<'a>]) -> Option<Slot<'a>> {
    choices.iter().map(|&index| slots[index]).find(|slot| !matches!(slot.found, Found::Absent))
}

/// Returns a value as part of a name, if it needs no change and cannot be missing.
#[inline(always)]
fn common_part(found: Found<'_>, types: FieldTypes) -> Option<&str> {
    match (found, types) {
        (Found::Text(text), _) => match text.as_bytes() {
            [] | [b'-'] => None,
            // A text that begins with a space may be blank.
            [first, ..] => first.is_ascii_graphic().then_some(text),
        },
        (Found::Number(number), FieldTypes::Any) => Some(number),
        _ => None,
    }
}

/// Returns the text of a value as part of a name. An escaped one is decoded into `scratch`.
#[inline(always)]
fn part<'s, 'a: 's>(
    choice: Choice<'a>,
    types: FieldTypes,
    scratch: &'s mut String,
) -> Result<&'s str, FieldError<'a>> {
    match (choice.slot.found, types) {
        (Found::Number(part), FieldTypes::Any) => Ok(part),
        (Found::Bool(true), FieldTypes::Any) => Ok("true"),
        (Found::Bool(false), FieldTypes::Any) => Ok("false"),
        (found, _) => found.text(scratch).ok_or_else(|| choice.error(FieldCode::NameType)),
    }
}

/// Returns the first alternative of a path that is not missing.
#[inline(always)]
fn choose<'a>(
    fields: &Fields,
    choices: &Choices,
    slots: &[Slot<'a>],
    scratch: &mut String,
) -> Option<Choice<'a>> {
    for &index in choices {
        let slot = slots[index];
        if !is_missing(fields, slot.found, scratch) {
            return Some(Choice { index, slot });
        }
    }
    None
}

/// Returns the first alternative that is not missing, or whose type is reported instead.
#[inline(always)]
fn choose_or_any<'a>(
    fields: &Fields,
    choices: &Choices,
    slots: &[Slot<'a>],
    scratch: &mut String,
) -> Option<Choice<'a>> {
    let chosen = choose(fields, choices, slots, scratch);
    if chosen.is_some() || !reports_wrong_types(fields) {
        return chosen;
    }
    let mut all = choices.iter().map(|&index| Choice { index, slot: slots[index] });
    all.find(|choice| {
        choice.slot.found != Found::Absent && !is_missing_text(fields, choice.slot.found, scratch)
    })
}

/// Reads the number at `at` in a record, which is written as `number`.
#[inline(always)]
fn read_number(record: &[u8], at: usize, number: &str) -> Option<ActionTime> {
    // Read where it is, so that each of its words is one load.
    let plain = Cursor::new(record).placed(at).plain_time();
    plain.or_else(|| Cursor::new(number.as_bytes()).number().ok()?.time().ok())
}

/// Reads a value as text. Returns whether it has a unit too.
#[inline(always)]
fn read_quantity(text: &str, fields: &Fields) -> (Option<ActionTime>, bool) {
    match quantity::read_text(text, fields.unit) {
        Ok((time, has_unit)) => (Some(time), has_unit),
        Err(_) => (None, false),
    }
}

/// Returns where a record ends: at the `}` of an object, or after the last byte.
fn end_of(record: &[u8]) -> usize {
    let record = record.trim_ascii_end();
    record.len() - usize::from(record.ends_with(b"}"))
}
