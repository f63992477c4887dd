//! Finding the labels at the end of a name.
//!
//! A base name may have any character, also braces and quotes. The labels are what follows the
//! first `{` from which everything up to the end is a list of labels. At most one is like that: a
//! later one would be inside a value, with an odd number of quotes behind it, but a list has an
//! even number of them.

use std::collections::BTreeMap;

use super::{check_label, check_value};

/// Splits a name into the base and its labels, if it ends with labels.
pub(super) fn split(text: &str) -> Option<(&str, BTreeMap<String, String>)> {
    if !text.ends_with("\"}") {
        return None;
    }
    text.match_indices('{').find_map(|(at, _)| Some((&text[..at], list(&text[at + 1..])?)))
}

/// Reads `a="b",c="d"}`, with each label once and no empty value.
fn list(mut rest: &str) -> Option<BTreeMap<String, String>> {
    let mut labels = BTreeMap::new();
    loop {
        // Not by searching for the quote, which takes quadratic time in a text of braces alone.
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        let (label, behind) = (&rest[..end], rest[end..].strip_prefix("=\"")?);
        check_label(label).ok()?;
        let (value, behind) = value(behind)?;
        check_value(label, &value).ok()?;
        if value.is_empty() || labels.insert(label.to_owned(), value).is_some() {
            return None;
        }
        match behind {
            "}" => return Some(labels),
            behind => rest = behind.strip_prefix(',')?,
        }
    }
}

/// Reads a value up to its closing quote, and returns it with what is behind.
fn value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                c @ ('\\' | '"') => c,
                _ => return None,
            }),
            c => value.push(c),
        }
    }
    None
}
