//! The error of a field, as found, and its full form, which is built on request.

use core_actions::ActionName;

use super::found::{Found, Skip, Slot};
use super::plan::{Choices, Plan};
use super::{FieldTypes, Fields};
use crate::error::code::ScanError;
use crate::error::{DecodeError, DecodeErrorKind, Excerpt, FieldExpected, JsonType, ObjectKeys};
use crate::moment;
use crate::options::Limits;
use crate::quantity;

/// Why a record is refused although it is well formed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FieldError<'a> {
    pub(crate) code: FieldCode,
    /// The offset in the record.
    pub(crate) at: usize,
    /// The slot of the field.
    pub(crate) index: usize,
    /// What the field holds.
    pub(crate) found: Found<'a>,
}

/// The conditions of [`DecodeErrorKind`] that are about fields.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FieldCode {
    /// A key is repeated.
    Repeated(ScanError),
    Missing(Skip),
    NotUtf8,
    /// A condition compares a number without a unit with one that has a unit.
    UnitNeeded,
    NameType,
    NameBlank {
        len: usize,
    },
    NameControl {
        found: char,
    },
    NameTooLong {
        len: usize,
        max: usize,
    },
    /// The name breaks a rule that has no code here.
    Name,
    ValueType,
    Value,
    ValueNotInteger,
    TimestampType,
    Timestamp,
}

impl<'a> FieldError<'a> {
    /// Returns the error of a repeated key.
    #[cold]
    pub(crate) fn repeated(error: ScanError) -> Self {
        Self { code: FieldCode::Repeated(error), at: error.at, index: 0, found: Found::Absent }
    }

    /// Returns the error of a record that ends at `at` without a field.
    #[cold]
    pub(crate) fn missing(skip: Skip, at: usize) -> Self {
        Self { code: FieldCode::Missing(skip), at, index: 0, found: Found::Absent }
    }

    /// Returns the error of a field that is not UTF-8.
    #[cold]
    pub(crate) fn not_utf8(index: usize, slot: Slot<'a>, at: usize) -> Self {
        Self { code: FieldCode::NotUtf8, at, index, found: slot.found }
    }

    /// Builds the full error of a record.
    #[cold]
    pub(crate) fn explain(&self, record: &[u8], context: Context<'_>) -> DecodeError {
        use DecodeErrorKind as Kind;

        let Context { fields, plan, limits } = context;
        let path = || plan.alternatives.get(self.index).map_or("", |path| &*path.text).into();
        let found = || type_of(self.found);
        let mut decoded = String::new();
        let text = text_of(self.found, &mut decoded);
        let excerpt = || Excerpt::from(text);
        let start = || excerpt().as_str().into();
        let (name, time) = (is_default(fields, &plan.by, plan, "action"), {
            let value = plan.value.as_slice();
            is_default(fields, value, plan, "time")
        });
        let kind = match self.code {
            FieldCode::Repeated(error) => match error.explain(record, limits).kind {
                Kind::FieldRepeated { key, first } if name && &*key == "action" => {
                    Kind::DuplicateAction { first }
                }
                Kind::FieldRepeated { key, first } if time && &*key == "time" => {
                    Kind::DuplicateTime { first }
                }
                kind => kind,
            },
            FieldCode::NotUtf8 => {
                let found = record.get(self.at).copied().unwrap_or_default();
                Kind::InvalidUtf8 { found }
            }
            FieldCode::UnitNeeded => Kind::UnitNeeded { path: path(), found: start() },
            FieldCode::Missing(Skip::NoValue) if time => Kind::MissingTime,
            FieldCode::Missing(Skip::NoValue) => Kind::FieldMissing {
                path: shown(fields.value.iter()),
                expected: value_expected(fields.types),
            },
            FieldCode::Missing(_) if name => Kind::MissingAction,
            FieldCode::Missing(_) => Kind::FieldMissing {
                path: shown(fields.by.iter()),
                expected: name_expected(fields.types),
            },
            FieldCode::NameType if name => Kind::ActionNotString { found: found() },
            FieldCode::NameType => self.wrong_type(path(), name_expected(fields.types)),
            FieldCode::NameBlank { len } => Kind::NameBlank { len },
            FieldCode::NameControl { found } => Kind::NameControl { found },
            FieldCode::NameTooLong { len, max } => Kind::NameTooLong { len, max },
            FieldCode::Name => match ActionName::with_limit(text, limits.name_bytes) {
                Err(source) => Kind::NameRefused { source },
                Ok(_) => Kind::NameBlank { len: 0 },
            },
            FieldCode::ValueType if time => Kind::TimeNotNumber { found: found() },
            FieldCode::ValueType => self.wrong_type(path(), value_expected(fields.types)),
            FieldCode::Value => match (self.found, self.number_error()) {
                (Found::Number(_), Some(kind)) if time => kind,
                _ => match quantity::read_text(text, fields.unit) {
                    Err(reason) => Kind::Value { path: path(), reason: reason.into() },
                    Ok(_) => self.wrong_type(path(), value_expected(fields.types)),
                },
            },
            FieldCode::ValueNotInteger => Kind::TimeNotInteger { found: excerpt() },
            FieldCode::TimestampType => self.wrong_type(path(), FieldExpected::Moment),
            FieldCode::Timestamp => match self.moment_error(fields, text) {
                Some(reason) => Kind::Moment { path: path(), found: start(), reason },
                None => self.wrong_type(path(), FieldExpected::Moment),
            },
        };
        DecodeError { kind, at: self.at }
    }

    fn wrong_type(&self, path: Box<str>, expected: FieldExpected) -> DecodeErrorKind {
        let keys = match self.found {
            Found::Object(raw) => ObjectKeys::of(raw),
            _ => ObjectKeys::default(),
        };
        DecodeErrorKind::FieldType { path, found: type_of(self.found), keys, expected }
    }

    /// Returns the error of a number as a time.
    fn number_error(&self) -> Option<DecodeErrorKind> {
        let Found::Number(text) = self.found else { return None };
        let mut cursor = crate::scan::cursor::Cursor::new(text.as_bytes());
        let error = cursor.number().ok()?.time().err()?;
        Some(error.explain(text.as_bytes(), Limits::default()).kind)
    }

    fn moment_error(&self, fields: &Fields, text: &str) -> Option<moment::MomentError> {
        let timestamp = fields.timestamp.as_ref()?;
        match self.found {
            Found::Number(text) => {
                moment::read_number(text, &timestamp.format, &timestamp.zone).err()
            }
            _ => moment::read_text(text, &timestamp.format, &timestamp.zone).err(),
        }
    }
}

/// What an error of a field is explained with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'p> {
    pub(crate) fields: &'p Fields,
    pub(crate) plan: &'p Plan,
    pub(crate) limits: Limits,
}

/// Returns whether a role has only its default field, in the strict form.
fn is_default(fields: &Fields, choices: &[Choices], plan: &Plan, key: &str) -> bool {
    let [only] = choices else { return false };
    let [index] = **only else { return false };
    fields.types == FieldTypes::Strict
        && plan.alternatives.get(index).is_some_and(|path| *path.text == *key)
}

/// Returns paths as a list.
fn shown<'p>(paths: impl Iterator<Item = &'p super::Path>) -> Box<str> {
    let paths: Vec<String> = paths.map(ToString::to_string).collect();
    paths.join(",").into()
}

fn name_expected(types: FieldTypes) -> FieldExpected {
    match types {
        FieldTypes::Strict => FieldExpected::String,
        FieldTypes::Any => FieldExpected::Scalar,
    }
}

fn value_expected(types: FieldTypes) -> FieldExpected {
    match types {
        FieldTypes::Strict => FieldExpected::Number,
        FieldTypes::Any => FieldExpected::Quantity,
    }
}

fn type_of(found: Found<'_>) -> JsonType {
    match found {
        Found::Absent | Found::Null => JsonType::Null,
        Found::Bool(_) => JsonType::Boolean,
        Found::Number(_) => JsonType::Number,
        Found::Object(_) => JsonType::Object,
        Found::Array(_) => JsonType::Array,
        _ => JsonType::String,
    }
}

/// Returns the text of a value. One with escapes is decoded into `decoded`.
fn text_of<'t>(found: Found<'t>, decoded: &'t mut String) -> &'t str {
    match found {
        Found::Number(text) | Found::Object(text) | Found::Array(text) => text,
        found => found.text(decoded).unwrap_or_default(),
    }
}
