//! Any names and values, written and read back by a reader of its own.

use std::collections::{BTreeMap, HashSet};

use exposition::{Description, Format, Labels, Page};
use proptest::prelude::*;

/// Reads a sample: its name, its labels and its value. Returns `None` for anything else.
fn read(line: &str) -> Option<(&str, BTreeMap<String, String>, f64)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let end = line.find(|c| !is_name(c))?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = BTreeMap::new();
    if let Some(more) = rest.strip_prefix('{') {
        rest = more;
        loop {
            let (label, more) = rest.split_once("=\"")?;
            let (value, more) = unquoted(more)?;
            let is_label = !label.starts_with("__") && label.chars().all(is_name);
            if !is_label || labels.insert(label.to_owned(), value).is_some() {
                return None;
            }
            match more.split_at_checked(1)? {
                (",", more) => rest = more,
                ("}", more) => break rest = more,
                _ => return None,
            }
        }
    }
    Some((name, labels, rest.strip_prefix(' ')?.parse().ok()?))
}

/// Reads a value up to its closing quote.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let (mut value, mut chars) = (String::new(), text.char_indices());
    loop {
        match chars.next()? {
            (at, '"') => return Some((value, &text[at + 1..])),
            (_, '\\') => value.push(match chars.next()?.1 {
                'n' => '\n',
                c @ ('"' | '\\') => c,
                _ => return None,
            }),
            (_, c) => value.push(c),
        }
    }
}

/// Characters that the formats give a meaning, among any others.
fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec!['"', '\\', '\n', '\0', '{', '}', '=', ',', ' ', '#']);
    let letter = prop::sample::select(vec!['a', '_', '0', '.']);
    let any = prop_oneof![special, letter, any::<char>()];
    prop::collection::vec(any, 0..12).prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #[test]
    fn any_labels_are_read_back(
        name in text(),
        help in text(),
        pairs in prop::collection::vec((text(), text()), 0..4),
        value in prop::num::f64::ANY,
    ) {
        let mut expected = BTreeMap::new();
        let mut labels = Labels::default();
        for (label, value) in &pairs {
            // A refused label is left out.
            let Ok(more) = labels.clone().with(label, value) else { continue };
            if more != labels && !value.is_empty() {
                let known: HashSet<_> = labels.iter().map(|(name, _)| name).collect();
                let (new, _) = more.iter().find(|(name, _)| !known.contains(name)).unwrap();
                expected.insert(new.to_owned(), value.replace('\0', "\u{fffd}"));
            }
            labels = more;
        }
        for format in [Format::Text, Format::OpenMetrics] {
            let mut page = Page::new(format);
            let description = Description::new(&name, &help);
            let Ok(mut family) = page.gauges(&description) else {
                prop_assert!(name.is_empty());
                continue;
            };
            family.add(&labels, value).unwrap();
            let page = String::from_utf8(page.finish()).unwrap();
            let lines: Vec<&str> = page.split('\n').collect();
            let end: &[&str] = if format == Format::Text { &[""] } else { &["# EOF", ""] };
            prop_assert_eq!(&lines[3..], end, "{:?}", page);
            prop_assert!(lines[0].starts_with("# HELP "), "{:?}", page);
            prop_assert!(!page.contains('\0'));
            let (_, found, number) = read(lines[2]).expect(&page);
            prop_assert_eq!(&found, &expected);
            prop_assert!(number == value || number.is_nan() && value.is_nan(), "{:?}", page);
        }
    }
}
