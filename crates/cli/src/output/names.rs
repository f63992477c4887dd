//! Shortens names to a width, so that different names stay different.
//!
//! A name loses its middle, because names differ at either end more often. Where that would make
//! two names equal, all names of that group are cut at another place, and if they differ only in a
//! part for which no place has room, they are numbered.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use facade::codec::visible;
use unicode_truncate::UnicodeTruncateStr;

use crate::output::render::width;

/// The replacement for the part that a shortened name lacks.
const MARK: char = '…';
/// The number of places at which the names of a group are cut, from their start to their end.
const PLACES: usize = 8;
/// The minimum similarity of a name that is suggested, from 0 to 1, and how many are.
const NEAR_MIN: f64 = 0.7;
const NEAREST_MAX: usize = 3;

/// Shortens a text in the middle to at most `columns` columns.
pub(crate) fn shorten(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return text.into();
    }
    cut_at(text, columns, columns.saturating_sub(1).div_ceil(2)).into()
}

/// Shortens names to at most `columns` columns each.
///
/// Two different names are not shortened to the same text, unless the width is too small for a
/// number. Names that fit stay whole, and equal names stay equal.
pub(crate) fn shorten_all<'n>(names: &[&'n str], columns: usize) -> Vec<Cow<'n, str>> {
    let short: Vec<_> = names.iter().map(|name| shorten(name, columns)).collect();
    let whole = names.iter().zip(&short).filter(|(name, short)| **name == &***short);
    let mut taken: HashSet<String> = whole.map(|(name, _)| (*name).to_owned()).collect();
    // The different names of each shortened one, in order of appearance.
    let mut groups: Vec<Vec<&str>> = Vec::new();
    let (mut group_of, mut seen) = (HashMap::new(), HashSet::new());
    let cut = names.iter().zip(&short).filter(|(name, short)| **name != &***short);
    for (&name, short) in cut.filter(|(name, _)| seen.insert(**name)) {
        let group = *group_of.entry(&**short).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(name);
    }
    let is_clear = |short: &str, group: &Vec<_>| group.len() == 1 && !taken.contains(short);
    let mut unclear: Vec<_> = group_of.iter().map(|(&short, &group)| (group, short)).collect();
    unclear.retain(|&(group, short)| !is_clear(short, &groups[group]));
    unclear.sort_unstable();
    taken.extend(group_of.keys().map(|&short| short.to_owned()));
    let mut renamed = HashMap::new();
    for (group, _) in unclear {
        let separated = separate(&groups[group], columns, &taken);
        taken.extend(separated.iter().cloned());
        renamed.extend(groups[group].iter().copied().zip(separated));
    }
    let chosen = names.iter().zip(short);
    chosen.map(|(name, short)| renamed.get(name).cloned().map_or(short, Cow::Owned)).collect()
}

/// Names the nearest of several names for a message: `, the nearest is ...`, empty if none is near.
pub(crate) fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> String {
    let similarity = |name: &'n str| (strsim::jaro_winkler(wanted, name), name);
    let mut near: Vec<_> = names.map(similarity).filter(|(near, _)| *near >= NEAR_MIN).collect();
    // The nearest first; those equally near by name.
    near.sort_by(|(one, first), (two, second)| two.total_cmp(one).then(first.cmp(second)));
    let near: Vec<_> = near
        .iter()
        .take(NEAREST_MAX)
        .map(|(_, name)| format!("`{}`", visible(name.as_bytes())))
        .collect();
    match &near[..] {
        [] => String::new(),
        [one] => format!(", the nearest is {one}"),
        several => format!(", the nearest are {}", several.join(", ")),
    }
}

/// Shortens different names to different texts, none of which is taken.
fn separate(names: &[&str], columns: usize, taken: &HashSet<String>) -> Vec<String> {
    let all = |shorten: &dyn Fn(&str) -> String| -> Vec<_> {
        names.iter().map(|name| shorten(name)).collect()
    };
    let kept = columns.saturating_sub(1);
    // More of the end, then more of the start, then further away from the middle.
    let places = (1..=PLACES / 2).flat_map(|step| [PLACES / 2 - step, PLACES / 2 + step]);
    let cut = places.map(|place| all(&|name| cut_at(name, columns, kept * place / PLACES)));
    let prefix = common_prefix(names);
    let inside = [columns / 4, 0].map(|head| all(&|name| part(name, columns, head, prefix)));
    let is_free = |texts: &Vec<String>| {
        let mut seen = HashSet::new();
        texts.iter().all(|text| {
            width(text) <= columns && !taken.contains(text) && seen.insert(text.as_str())
        })
    };
    cut.chain(inside).find(is_free).unwrap_or_else(|| number(names, columns, taken))
}

/// Returns the number of bytes that all names begin with.
fn common_prefix(names: &[&str]) -> usize {
    let [first, others @ ..] = names else { return 0 };
    let with = |other: &str| {
        let same = first.chars().zip(other.chars()).take_while(|(one, two)| one == two);
        same.map(|(one, _)| one.len_utf8()).sum()
    };
    others.iter().map(|other| with(other)).min().unwrap_or_default()
}

/// Cuts the middle out of a name that is too wide. At most `head` columns of its start are left.
fn cut_at(name: &str, columns: usize, head: usize) -> String {
    let kept = columns.saturating_sub(1);
    let (start, start_width) = name.unicode_truncate(head.min(kept));
    let (end, _) = name.unicode_truncate_start(kept - start_width);
    format!("{start}{MARK}{end}")
}

/// Returns at most `head` columns of the start of a name, and what follows its first `from` bytes.
fn part(name: &str, columns: usize, head: usize, from: usize) -> String {
    let start = name[..from].unicode_truncate(head).0;
    let room = columns.saturating_sub(width(start) + 2);
    format!("{start}{MARK}{}{MARK}", name[from..].unicode_truncate(room).0)
}

/// Replaces the middle of each name by a number. Where that does not fit, names stay equal.
fn number(names: &[&str], columns: usize, taken: &HashSet<String>) -> Vec<String> {
    let mut numbers = 1_u64..;
    let numbered = |name: &&str| {
        numbers.by_ref().find_map(|number| {
            let mark = format!("{MARK}{number}{MARK}");
            let Some(kept) = columns.checked_sub(width(&mark)) else {
                return Some(shorten(name, columns).into_owned());
            };
            let (start, start_width) = name.unicode_truncate(kept.div_ceil(2));
            let (end, _) = name.unicode_truncate_start(kept - start_width);
            Some(format!("{start}{mark}{end}")).filter(|text| !taken.contains(text))
        })
    };
    names.iter().filter_map(numbered).collect()
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;

    #[test]
    fn shortened_text_keeps_both_ends() {
        let cases = [
            ("checkout", 8, "checkout"),
            ("checkout", 7, "che…out"),
            ("checkout", 6, "che…ut"),
            ("checkout", 2, "c…"),
            ("checkout", 1, "…"),
            ("日本語日本", 10, "日本語日本"),
            ("日本語日本", 9, "日本…日本"),
            ("日本語日本", 8, "日本…本"),
            ("日本語日本", 6, "日…本"),
            ("日本", 3, "…本"),
            ("日本", 2, "…"),
            // A character and its combining mark are removed together.
            ("e\u{301}e\u{301}e\u{301}e\u{301}", 3, "e\u{301}…e\u{301}"),
        ];
        for (text, columns, expected) in cases {
            let found = shorten(text, columns);
            assert_eq!(found, expected, "{text} {columns}");
            assert!(width(&found) <= columns.max(1), "{text} {columns}");
        }
    }

    #[track_caller]
    fn check(names: &[&str], columns: usize, expected: &[&str]) {
        assert_eq!(shorten_all(names, columns), expected);
    }

    #[test]
    fn names_that_differ_in_the_middle_are_cut_elsewhere() {
        check(&["run", "checkout"], 7, &["run", "che…out"]);
        // The difference is nearer to the end, then nearer to the start.
        check(
            &["/api/v1/aaaa/items", "/api/v1/bbbb/items"],
            13,
            &["/api…aa/items", "/api…bb/items"],
        );
        check(
            &["/api/v1/aaaa/items/all", "/api/v2/aaaa/items/all"],
            11,
            &["/api/v1…all", "/api/v2…all"],
        );
        // Nearer to neither.
        let long = ["/segment/segment/a/segment/segment", "/segment/segment/b/segment/segment"];
        check(&long, 12, &["/se…a/segme…", "/se…b/segme…"]);
    }

    #[test]
    fn names_that_cannot_be_cut_apart_are_numbered() {
        let names = ["aaaa1aaaa2aaaa", "aaaa1aaaa3aaaa", "aaaa4aaaa2aaaa"];
        check(&names, 5, &["a…1…a", "a…2…a", "a…3…a"]);
        check(&names, 2, &["a…", "a…", "a…"]);
    }

    #[test]
    fn nearest_names_are_suggested() {
        let near =
            |wanted| nearest(wanted, ["checkout", "check in", "run", "checkouts"].into_iter());
        assert_eq!(near("chekout"), ", the nearest are `checkout`, `checkouts`");
        assert_eq!(near("rum"), ", the nearest is `run`");
        assert_eq!(near("xyz"), "");
    }

    #[test]
    fn equal_names_stay_equal() {
        check(&["checkout", "checkout"], 6, &["che…ut", "che…ut"]);
        let found = shorten_all(&["/v1/aaaa/items", "/v1/bbbb/items", "/v1/aaaa/items"], 10);
        assert!(found[0] == found[2] && found[0] != found[1], "{found:?}");
    }

    #[test]
    fn name_that_is_whole_is_not_taken_by_another() {
        // A name may hold the mark itself.
        let found = shorten_all(&["che…out", "checkout", "chexxout"], 7);
        assert_eq!(found[0], "che…out");
        assert_eq!(found.iter().collect::<HashSet<_>>().len(), 3, "{found:?}");
    }

    #[test]
    fn different_names_stay_different_at_any_width() {
        let mut random = Rng::with_seed(1);
        let letters = ['a', 'b', '/', '…', '本', '\u{301}'];
        for _ in 0..2_000 {
            let mut name =
                |_| (0..random.usize(1..30)).map(|_| random.choice(letters).unwrap()).collect();
            let names: Vec<String> = (0..20).map(&mut name).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let columns = random.usize(1..30);
            let short = shorten_all(&names, columns);
            let mut of = HashMap::new();
            for (name, short) in names.iter().zip(&short) {
                assert!(width(short) <= columns, "{name} {short} {columns}");
                assert!(width(name) > columns || name == short, "{name} {short} {columns}");
                // A number of two digits and its marks.
                let is_first = *of.entry(short).or_insert(name) == name;
                assert!(is_first || columns < 4, "{names:?} {short} {columns}");
            }
        }
    }
}
