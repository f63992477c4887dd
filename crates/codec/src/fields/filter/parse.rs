//! The grammar of filters.

use super::{Filter, FilterError, FilterErrorKind, Order, Test, Threshold, Unordered};
use crate::fields::path::Path;
use crate::quantity::Quantity;
use crate::scan::cursor::Cursor;

/// An operator: its length, what it tests, and whether it is the opposite.
struct Operator {
    len: usize,
    kind: Kind,
    is_opposite: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Equal,
    Ordered(Order),
    Search,
}

type Parsed<T> = Result<T, FilterError>;

fn refuse<T>(kind: FilterErrorKind, at: usize) -> Parsed<T> {
    Err(FilterError { kind, at })
}

pub(super) fn filter(text: &str) -> Parsed<Filter> {
    let start = text.len() - text.trim_start().len();
    if text[start..].starts_with('!') {
        return missing(text, start + 1);
    }
    let Some(at) = operator_at(text, start) else {
        let path = path(text, start, text.len())?;
        return Ok(Filter { text: text.into(), path, test: Test::Present, is_opposite: false });
    };
    let Operator { len, kind, is_opposite } = operator(&text[at..]).map_err(|found| {
        let kind = FilterErrorKind::UnknownOperator { found: found.into() };
        FilterError { kind, at }
    })?;
    let path = path(text, start, at)?;
    let test = test(text, at + len, kind)?;
    Ok(Filter { text: text.into(), path, test, is_opposite })
}

/// Parses the path of `!PATH`, which begins at `start`.
fn missing(text: &str, start: usize) -> Parsed<Filter> {
    if let Some(at) = operator_at(text, start) {
        let found = text[at..].chars().next().unwrap_or_default();
        return refuse(FilterErrorKind::NegatedComparison { found }, at);
    }
    let path = path(text, start, text.len())?;
    Ok(Filter { text: text.into(), path, test: Test::Present, is_opposite: true })
}

/// Parses the path between two places, which may have white space around it.
fn path(text: &str, start: usize, end: usize) -> Parsed<Path> {
    let start = end - text[start..end].trim_start().len();
    Path::parse(text[start..end].trim_end()).map_err(|error| FilterError {
        kind: FilterErrorKind::Path(error.kind),
        at: start + error.at,
    })
}

/// Returns the place of the first character of an operator outside of quotes.
fn operator_at(text: &str, start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += text[at..].find(['=', '!', '<', '>', '~', '"'])?;
        if text.as_bytes()[at] != b'"' {
            return Some(at);
        }
        let mut cursor = Cursor::new(text.as_bytes()).placed(at);
        // A string that is not one is an error of the path.
        cursor.string().ok()?;
        at = cursor.at;
    }
}

/// Reads the operator at the start of a text. The error is what is there instead.
fn operator(text: &str) -> Result<Operator, &str> {
    let (len, kind, is_opposite) = match text.as_bytes() {
        [b'!', b'=', ..] => (2, Kind::Equal, true),
        [b'!', b'~', ..] => (2, Kind::Search, true),
        [b'<', b'=', ..] => (2, Kind::Ordered(Order::AtMost), false),
        [b'>', b'=', ..] => (2, Kind::Ordered(Order::AtLeast), false),
        [b'<', b'>', ..] => return Err("<>"),
        [b'<', ..] => (1, Kind::Ordered(Order::Less), false),
        [b'>', ..] => (1, Kind::Ordered(Order::More), false),
        [b'=', b'~', ..] => return Err("=~"),
        [b'=', ..] => (1, Kind::Equal, false),
        [b'~', ..] => (1, Kind::Search, false),
        _ => return Err(&text[..text.len().min(1)]),
    };
    // Other languages write `==` and `!==`; as a value, `=404` would be compared without a word.
    if !matches!(kind, Kind::Search) && text.as_bytes().get(len) == Some(&b'=') {
        return Err(&text[..=len]);
    }
    Ok(Operator { len, kind, is_opposite })
}

/// Parses the value, which begins after the operator at `start`.
fn test(text: &str, start: usize, kind: Kind) -> Parsed<Test> {
    let at = text.len() - text[start..].trim_start().len();
    let rest = text[at..].trim_end();
    let string = string(rest, at)?;
    let value = string.as_deref().unwrap_or(rest);
    match kind {
        Kind::Equal => {
            let quantity = if string.is_none() { Quantity::parse(value).ok() } else { None };
            Ok(Test::Equal(value.into(), quantity.map(Threshold::new)))
        }
        Kind::Ordered(_) if string.is_some() => Ok(Test::Never(Unordered::Quoted)),
        Kind::Ordered(order) => Ok(match Quantity::parse(value) {
            Ok(quantity) => Test::Ordered(order, Threshold::new(quantity)),
            Err(error) => Test::Never(Unordered::NotQuantity(error)),
        }),
        Kind::Search => search(value, at, string.is_some()),
    }
}

/// Reads a value in quotes, which begins at `at` in the filter.
fn string(value: &str, at: usize) -> Parsed<Option<Box<str>>> {
    if !value.starts_with('"') {
        return Ok(None);
    }
    let mut cursor = Cursor::new(value.as_bytes());
    match cursor.string() {
        Ok(string) if cursor.at == value.len() => Ok(Some(string.text().into())),
        Ok(_) => refuse(FilterErrorKind::InvalidString, at + cursor.at),
        Err(error) => refuse(FilterErrorKind::InvalidString, at + error.at),
    }
}

#[cfg(feature = "regex")]
fn search(pattern: &str, at: usize, is_string: bool) -> Parsed<Test> {
    match crate::expression::compile(pattern) {
        Ok(regex) => Ok(Test::Search(regex)),
        Err(fault) => {
            // The offset of an unescaped string is not one of the filter.
            let at = if is_string { at } else { at + fault.at };
            refuse(FilterErrorKind::Pattern { reason: fault.reason }, at)
        }
    }
}

#[cfg(not(feature = "regex"))]
fn search(_: &str, at: usize, _: bool) -> Parsed<Test> {
    refuse(FilterErrorKind::NoPatterns, at)
}
