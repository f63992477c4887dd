//! The rules a to e of identifiers, and the same rules as regular expressions.

use std::sync::LazyLock;

use proptest::prelude::*;
use regex::Regex;

use super::super::group::group;

#[track_caller]
fn check(name: &str, expected: &str) {
    let mut out = "left over".to_owned();
    let is_changed = group(name, &mut out);
    assert_eq!(is_changed, name != expected, "name {name:?} became {out:?}");
    assert_eq!(if is_changed { &out } else { name }, expected, "name {name:?}");
    assert_eq!(by_expressions(name), expected, "the oracle on {name:?}");
}

#[track_caller]
fn check_id(segment: &str) {
    for around in ["/@", "/@/", "/a/@", "/a/@/b", "GET /a/@ 1", "http://host/@"] {
        check(&around.replace('@', segment), &around.replace('@', ":id"));
    }
    check(&format!("/a/{segment}?x=1"), "/a/:id");
    check(&format!("/a/{segment};x=1/b#c"), "/a/:id/b");
}

#[track_caller]
fn check_kept(segment: &str) {
    for around in ["/@", "/@/", "/a/@", "/a/@/b", "GET /a/@ 1", "http://host/@"] {
        let name = around.replace('@', segment);
        check(&name, &name);
    }
}

#[test]
fn numbers_and_dates_are_identifiers() {
    for id in ["0", "42", "007", "18446744073709551616", "2024-05-01", "2024_05_01", "1,2,3"] {
        check_id(id);
    }
    for id in ["10:30", "2024-05-01_10:30", "1--2", "1-,2"] {
        check_id(id);
    }
    for kept in ["-1", "1-", "1:", ":1", ",", "-", "1.2", "v1", "1e5", "٣", "+1", "1T2"] {
        check_kept(kept);
    }
}

#[test]
fn uuids_are_identifiers() {
    for id in [
        "123e4567-e89b-12d3-a456-426614174000",
        "123E4567-E89B-12D3-A456-426614174000",
        "{123e4567-e89b-12d3-a456-426614174000}",
        "abcdefab-abcd-abcd-abcd-abcdefabcdef",
        "{abcdefab-abcd-abcd-abcd-abcdefabcdef}",
    ] {
        check_id(id);
    }
    for kept in [
        "123e4567-e89b-12d3-a456-42661417400",
        "123e4567-e89b-12d3-a456-4266141740000",
        "123e4567-e89b-12d3-a4564-26614174000",
        "123e4567-e89b-12d3-a456-42661417400g",
        "{123e4567-e89b-12d3-a456-426614174000",
        "123e4567-e89b-12d3-a456-426614174000}",
        "{{23e4567-e89b-12d3-a456-426614174000}}",
        "abcdefab_abcd_abcd_abcd_abcdefabcdef",
    ] {
        check_kept(kept);
    }
    // Each dash is needed. Without a digit, the segment is not one of the other identifiers.
    let id = "abcdefab-abcd-abcd-abcd-abcdefabcdef";
    for (at, _) in id.match_indices('-') {
        check_kept(&format!("{}a{}", &id[..at], &id[at + 1..]));
    }
}

#[test]
fn hexadecimal_identifiers_have_eight_digits_and_one_of_0_to_9() {
    for id in ["deadbee1", "a1b2c3d4", "A1B2C3D4", "aB3cD4eF", "507f1f77bcf86cd799439011"] {
        check_id(id);
    }
    for kept in [
        "deadbeef",
        "a1b2c3d",
        "a1b2c3dg",
        "cafe",
        "abcdefabcdefabcdefabcdefabcdefabcdef", // As long as a UUID.
        "abcdefabcdefabcdefabcdef",
        "a1b2-c3d4",
    ] {
        check_kept(kept);
    }
}

#[test]
fn mixed_identifiers_have_twenty_characters() {
    for id in [
        "01ARZ3NDEKTSV4RRFFQ69G5FAV", // ULID.
        "cjld2cjxh0000qzrmn831i7rn",  // cuid.
        "V1StGXR8_Z5jdHi6B-myT",      // nanoid.
        "dQw4w9WgXcQdQw4w9WgX",       // 20 characters.
        "abcdefghijklmnop1234",       // One case, four digits.
        "aBcdefghijklmnopqr12",       // Both cases, two digits.
        "a-Bcdefghijklmnop_12",
    ] {
        check_id(id);
    }
    for kept in [
        "dQw4w9WgXcQdQw4w9Wg", // 19 characters.
        "getUserProfileById2AndMore",
        "how-to-2024-guide",
        "how-to-write-a-2024-guide-for-2025",
        "abcdefghijklmnopq123", // One case, three digits.
        "aBcdefghijklmnopqrs1", // Both cases, one digit.
        "ABCDEFGHIJKLMNOPQ-12",
        "abcdefghijklmno-1234", // One case, a dash.
        "user-42",
        "dQw4w9WgXcQdQw4w9W.g",
        "dQw4w9WgXcQdQw4w9W~g",
        "dQw4w9WgXcQdQw4w9Wgé",
    ] {
        check_kept(kept);
    }
}

#[test]
fn mail_addresses_are_identifiers() {
    for id in ["a@b", "jane.doe@example.com", "@types", "é@example.com"] {
        check_id(id);
    }
    check_kept("a%40b.com");
}

#[test]
fn extension_stays() {
    check("/a/42.json", "/a/:id.json");
    check("/a/42.x", "/a/:id.x");
    check("/a/42.JSONL", "/a/:id.JSONL");
    check("/a/deadbee1.Js", "/a/:id.Js");
    check("/a/{123e4567-e89b-12d3-a456-426614174000}.pdf", "/a/:id.pdf");
    check("/a/abcdefab-abcd-abcd-abcd-abcdefabcdef.pdf", "/a/:id.pdf");
    check("/a/V1StGXR8_Z5jdHi6B-myT.webp;v=1?x", "/a/:id.webp");
    for kept in ["42.", "42.jsonld", "42.mp4", ".json", "1.2", "42.tar.gz", "42.é", "index.php"] {
        check_kept(kept);
    }
    check_kept("main.8f3a2b1c.js");
    // An address is one as a whole: its last label is not an extension.
    check("/a/jane@example.com", "/a/:id");
}

#[test]
fn words_that_are_not_paths_stay() {
    for name in [
        "",
        " ",
        "42",
        "jump",
        "GET",
        "users/42",
        "a?b",
        "a#b 1;2",
        "GET users/42?x",
        "http:/1/2",
        "a:/1",
        "://",
        "http://",
        "12345678",
        "jane@example.com",
        "ftp://1.2.3.4",
        "x/1 y/2",
        "/",
        "//",
        "/ /",
        "/x/:id",
    ] {
        check(name, name);
    }
}

#[test]
fn each_word_is_grouped_by_itself() {
    check("GET /a/1 /b/2 c/3", "GET /a/:id /b/:id c/3");
    check("GET /a?b=/c/1 /d/2", "GET /a /d/:id");
    check(" /a/1  /2\t/3\n", " /a/:id  /:id\t/:id\n");
    check("/a/1\u{a0}/2\u{3000}/3\u{2003}x/4", "/a/:id\u{a0}/:id\u{3000}/:id\u{2003}x/4");
    check("/a/1\u{b}2\u{c}/3\u{85}/4", "/a/:id\u{b}2\u{c}/:id\u{85}/:id");
    check("/é/1à/2", "/é/1à/:id"); // `à` begins like a space, U+00A0.
    check("/‐/1…/2", "/‐/1…/:id");
    check("\"/a/1\" /2", "\"/a/1\" /:id");
}

#[test]
fn scheme_and_host_stay() {
    check("http://host/1/2", "http://host/:id/:id");
    check("https://10.0.0.1:8080/1?x=/2", "https://10.0.0.1:8080/:id");
    check("https://user:42@host:1/deadbee1/", "https://user:42@host:1/:id/");
    check("url=http://h/1", "url=http://h/:id");
    check("http://host?x=1", "http://host");
    check("http://host#/1", "http://host");
    check("http://a;b/1;c", "http://a;b/:id");
    check("a://b://c/1", "a://b://c/:id");
    check("file:///1", "file:///:id");
    check("://1/2", "://1/:id");
    check("//host/1", "//host/:id");
    check("x?y://1/2 /3", "x /:id");
    check("x#y?z://1/2", "x");
}

#[test]
fn query_fragment_and_parameters_are_dropped() {
    check("/a?b", "/a");
    check("/a#b?c", "/a");
    check("/a?b#c /d", "/a /d");
    check("/?", "/");
    check("/a/?1/2", "/a/");
    check("/a;b;c/1;d/e", "/a/:id/e");
    check("/a;b=?c/1", "/a");
    check("/;/1", "//:id");
    check("/a;", "/a");
    check("/a;b c/1;d", "/a c/1;d");
}

#[test]
fn examples_of_the_rules() {
    for kept in [
        "/v1",
        "/1.2",
        "/user-42",
        "/deadbeef",
        "/a1b2c3d",
        "/index.php",
        "/main.8f3a2b1c.js",
        "/how-to-2024-guide",
        "/getUserProfileById2AndMore",
        "/a/",
        "/x/:id",
    ] {
        check(kept, kept);
    }
    check("/users/42/orders/2024-05-01.json?page=2", "/users/:id/orders/:id.json");
    check("/api/dog/1/", "/api/dog/:id/");
    check("/a%2F1/%31", "/a%2F1/%31"); // Not decoded.
}

/// The rules, written as the page of options has them.
fn by_expressions(name: &str) -> String {
    static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\S+").unwrap());
    WORD.replace_all(name, |word: &regex::Captures<'_>| group_word(&word[0])).into_owned()
}

fn group_word(word: &str) -> String {
    if !word.starts_with('/') && !word.contains("://") {
        return word.to_owned();
    }
    let word = word.split(['?', '#']).next().unwrap();
    let start = match word.find("://") {
        _ if word.starts_with('/') => Some(0),
        Some(scheme) => word[scheme + 3..].find('/').map(|slash| scheme + 3 + slash),
        None => None,
    };
    let (host, path) = word.split_at(start.unwrap_or(word.len()));
    host.to_owned() + &path.split('/').map(group_segment).collect::<Vec<_>>().join("/")
}

fn group_segment(segment: &str) -> String {
    static EXTENSION: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\A(.*)(\.[A-Za-z]{1,5})\z").unwrap());
    let segment = segment.split(';').next().unwrap();
    if is_id(segment) {
        return ":id".to_owned();
    }
    match EXTENSION.captures(segment) {
        Some(parts) if is_id(&parts[1]) => format!(":id{}", &parts[2]),
        _ => segment.to_owned(),
    }
}

fn is_id(segment: &str) -> bool {
    static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
        let hex = |count: u8| format!("[0-9a-fA-F]{{{count}}}");
        let uuid = [hex(8), hex(4), hex(4), hex(4), hex(12)].join("-");
        let number = "[0-9]+(?:[-_,:]+[0-9]+)*";
        Regex::new(&format!(r"\A(?:{number}|{uuid}|\{{{uuid}\}}|.*@.*)\z")).unwrap()
    });
    static HEX: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\A[0-9a-fA-F]{8,}\z").unwrap());
    static MIXED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\A[A-Za-z0-9_-]{20,}\z").unwrap());
    let count = |is: fn(&char) -> bool| segment.chars().filter(is).count();
    let digits = count(char::is_ascii_digit);
    let both_cases = count(char::is_ascii_lowercase) > 0 && count(char::is_ascii_uppercase) > 0;
    let plain = !segment.contains(['-', '_']);
    WHOLE.is_match(segment)
        || HEX.is_match(segment) && digits >= 1
        || MIXED.is_match(segment) && (both_cases && digits >= 2 || plain && digits >= 4)
}

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9,:_-]{0,6}",
        "[0-9a-f]{7,9}",
        "[a-g0-2]{6,12}",
        "[a-zA-Z0-9_-]{18,22}",
        "[a-z1-4]{19,21}",
        r"\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-fg]{12}\}?",
        "[a-f]{8}-[a-f]{4}-[a-f]{4}-[a-f]{4}-[a-f]{12}",
        "[a-z]{1,3}@?[a-z.]{0,5}",
        "\\PC{0,3}",
        "[ \u{a0}\u{e0}\u{3000}\u{2003}\u{85}\t\u{2010}]",
        "",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_048, ..ProptestConfig::default() })]

    #[test]
    fn segments_agree_with_expressions(
        parts in prop::collection::vec(
            (segment(), r"(\.[a-zA-Z]{0,6})?", r"[/?#;]|://|/| |/|/"), 0..6,
        ),
        start in r"(GET )?(https?://|/)?",
    ) {
        let mut name = start;
        for (segment, extension, end) in &parts {
            name.extend([&**segment, extension, end]);
        }
        let mut out = String::new();
        let is_changed = group(&name, &mut out);
        let found = if is_changed { out } else { name.clone() };
        prop_assert_eq!(&found, &by_expressions(&name), "name {:?}", name);
        // A grouped name stays as it is.
        let mut again = String::new();
        prop_assert!(!group(&found, &mut again), "{found:?} became {again:?}");
    }

    #[test]
    fn characters_agree_with_expressions(name in "[/:?#; .a1B@é\u{a0}_-]{0,16}") {
        let mut out = String::new();
        let found = if group(&name, &mut out) { &out } else { &name };
        prop_assert_eq!(found, &by_expressions(&name), "name {:?}", name);
    }
}
