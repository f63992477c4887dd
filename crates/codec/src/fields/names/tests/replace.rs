//! Replacements against those of the crate `regex`.

use proptest::prelude::*;
use regex::Regex;

use super::*;

#[track_caller]
fn check(replace: &str, name: &str, expected: &str) {
    let replace: Replace = replace.parse().unwrap();
    let rules = NameRules { replace: vec![replace], ..NameRules::default() };
    assert_eq!(apply(&rules, name).as_deref(), Some(expected), "{:?} on {name:?}", rules.replace);
}

#[track_caller]
fn refused(replace: &str, expected: &str) {
    assert_eq!(Replace::parse(replace).unwrap_err().to_string(), expected, "replacement {replace}");
}

#[test]
fn every_match_is_replaced() {
    check("a=b", "banana", "bbnbnb");
    check("a=", "banana", "bnn");
    check(r"\d+=N", "a1b22c333", "aNbNcN");
    check("^/v[0-9]+=", "/v2/cart", "/cart");
    check("(?i)GET=get", "Get x", "get x");
    check("é+=e", "caféé", "cafe");
    check("x=y", "abc", "abc");
    check(".=$0$0", "ab", "aabb");
}

#[test]
fn first_equals_sign_without_backslash_separates() {
    check(r"id\=\d+=id", "a?id=42", "a?id");
    check("a=b=c", "a", "b=c");
    check(r"[\=]=e", "a=b", "aeb");
    check(r"a=\=", "a", r"\=");
    check(r"\\\=x=y", r"\=x", "y");
}

#[test]
fn groups_are_those_of_the_match() {
    check(r"(\w+) (\w+)=$2 $1", "hello world", "world hello");
    check(r"(?<verb>\w+) .*=${verb}s", "GET /x", "GETs");
    check(r"(?<verb>\w+) .*=$verb!", "GET /x", "GET!");
    check(r"(a)|(b)=<$1$2>", "ab", "<a><b>");
    check(r"\d=$$1", "7", "$1");
    check("a=$ 5$", "a", "$ 5$");
    check(r"(a)=$1$", "a", "a$");
    check("a=$é", "a", "$é");
}

#[test]
fn empty_matches_are_between_characters() {
    check("x*=-", "axb", "-a-b-");
    check("x*=-", "é", "-é-");
    check("$=!", "a", "a!");
    check("^|b=<", "ab", "<a<");
}

#[test]
fn messages_name_the_byte() {
    let no_text = "replacement ends, expected `=` and the text after the pattern";
    refused("abc", &format!("{no_text} (byte 3)"));
    refused("", &format!("{no_text} (byte 0)"));
    refused(r"a\=b", &format!("{no_text}, `\\=` is a part of the pattern (byte 4)"));
    refused("=x", "pattern is empty, expected `REGEX=TEXT` (byte 0)");
    refused("a(b=c", "unclosed group (byte 1)");
    refused(r"\=é[a=c", "unclosed character class (byte 4)");
    refused("(?:a{1000}){1000}=c", "pattern needs more than 10485760 bytes when compiled (byte 0)");
    refused("(a)=x${1", "group has no `}`, a dollar sign is written `$$` (byte 5)");
    let unknown = "expected one as in `${1}`, or `$$` for a dollar sign";
    refused(
        "(a)=$1st",
        &format!("group `1st` is not among the 1 of the pattern, {unknown} (byte 4)"),
    );
    refused("a=é$1", &format!("group `1` is not among the 0 of the pattern, {unknown} (byte 4)"));
    refused("a=${}", &format!("group `` is not among the 0 of the pattern, {unknown} (byte 2)"));
}

#[test]
fn replacements_are_equal_if_written_alike() {
    let parse = |text| Replace::parse(text).unwrap();
    assert_eq!(parse("a=b"), parse("a=b"));
    assert_ne!(parse("a=b"), parse("a=c"));
    assert_eq!(parse(r"\==b").to_string(), r"\==b");
    assert_eq!(format!("{:?}", parse("a=b")), r#"Replace("a=b")"#);
}

proptest! {
    #[test]
    fn result_is_that_of_the_crate(
        pattern in prop::sample::select(vec![
            "a", "a*", "(a)|b", "(a*)(b?)", "(?<x>[ab]+)", "", "\\b", "(é|a)(b)?", "$", "(^)a",
            ".*?",
        ]),
        text in prop::collection::vec(
            prop::sample::select(vec!["$0 ", "${0}", "$$", "x", "é", "$ ", "-"]), 0..4,
        ),
        name in "[abcé \u{1F600}]{0,8}",
    ) {
        let text = text.concat();
        // An empty pattern is refused by itself, and this one is the same.
        let written = if pattern.is_empty() { "()" } else { pattern };
        let replace = Replace::parse(&format!("{written}={text}")).unwrap();
        let mut out = String::new();
        let is_changed = replace.replace(&mut replace.replacer(), &name, &mut out);
        let regex = Regex::new(pattern).unwrap();
        prop_assert_eq!(is_changed, regex.is_match(&name));
        if is_changed {
            prop_assert_eq!(out, regex.replace_all(&name, &*text).into_owned());
        }
    }
}
