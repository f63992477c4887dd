//! Which values mean that a field is missing.

use super::found::Found;
use super::{FieldTypes, Fields, OnMissing};

/// Returns whether a value such as `null` is an error of its type instead of missing.
///
/// This is so in the strict form, where a missing field is refused in any case.
#[inline(always)]
pub(super) fn reports_wrong_types(fields: &Fields) -> bool {
    fields.types == FieldTypes::Strict && fields.on_missing == OnMissing::Refuse
}

/// Returns whether a value that is there means that the field is missing.
#[inline(always)]
pub(crate) fn is_missing(fields: &Fields, found: Found<'_>, scratch: &mut String) -> bool {
    match found {
        Found::Absent | Found::Null => return true,
        _ if found.text(scratch).is_some_and(is_nothing) => return true,
        _ => {}
    }
    !fields.missing.is_empty() && is_missing_text(fields, found, scratch)
}

/// Returns whether a text is empty, white space or a dash.
#[inline(always)]
pub(super) fn is_nothing(text: &str) -> bool {
    match text.as_bytes() {
        [] | [b'-'] => true,
        // Most texts begin with a visible character of ASCII.
        [b'!'..=b'~', ..] => false,
        _ => text.trim().is_empty(),
    }
}

/// Returns whether a value is one of the texts that mean that the field is missing.
#[cold]
#[inline(never)]
pub(super) fn is_missing_text(fields: &Fields, found: Found<'_>, scratch: &mut String) -> bool {
    let text = match found {
        Found::Number(text) => Some(text),
        Found::Bool(true) => Some("true"),
        Found::Bool(false) => Some("false"),
        _ => found.text(scratch),
    };
    text.is_some_and(|text| fields.missing.iter().any(|missing| **missing == *text))
}
