use proptest::prelude::*;

use super::*;

fn key(key: &str) -> Step {
    Step::Key(key.into())
}

#[track_caller]
fn alternative(text: &str) -> Alternative {
    let path = Path::parse(text).unwrap();
    assert_eq!(path.to_string(), text);
    let [alternative] = &path.alternatives[..] else { panic!("{path:?}") };
    assert_eq!(&*alternative.text, text);
    alternative.clone()
}

#[track_caller]
fn check(text: &str, steps: &[Step], flat_key: &str) {
    let found = alternative(text);
    assert_eq!(found.source, Source::Record, "path {text}");
    assert_eq!(found.steps, steps, "path {text}");
    assert_eq!(found.flat_key(), flat_key, "path {text}");
    assert_eq!(found.is_quoted, text.contains('"'), "path {text}");
    assert_eq!(found.column(), None, "path {text}");
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    assert_eq!(Path::parse(text).unwrap_err().to_string(), expected, "path {text}");
}

#[test]
fn keys_and_indexes_are_steps() {
    check("action", &[key("action")], "action");
    check("request.uri", &[key("request"), key("uri")], "request.uri");
    check("a.b.c", &[key("a"), key("b"), key("c")], "a.b.c");
    check("tags[0]", &[key("tags"), Step::Index(0)], "tags[0]");
    check("a[1][20].b", &[key("a"), Step::Index(1), Step::Index(20), key("b")], "a[1][20].b");
    check(
        r#"request.headers["User-Agent"][0]"#,
        &[key("request"), key("headers"), key("User-Agent"), Step::Index(0)],
        "request.headers[User-Agent][0]",
    );
    check("a[007]", &[key("a"), Step::Index(7)], "a[007]");
    check(
        "a[18446744073709551615]",
        &[key("a"), Step::Index(usize::MAX)],
        "a[18446744073709551615]",
    );
}

#[test]
fn keys_without_quotes_have_any_other_character() {
    for text in
        ["@timestamp", "a-b", "a/b", "a:b", "$x", "-", "'", "(x)", "日本", "a\\b", "#", "#x"]
    {
        check(text, &[key(text)], text);
    }
}

#[test]
fn strings_follow_the_rules_of_json() {
    check(r#""http.route""#, &[key("http.route")], "http.route");
    check(r#"a."b.c".d"#, &[key("a"), key("b.c"), key("d")], "a.b.c.d");
    check(r#""""#, &[key("")], "");
    check(r#""a|b,c=d""#, &[key("a|b,c=d")], "a|b,c=d");
    check(r#""\u0061\n\"\\\/é\ud83d\ude00""#, &[key("a\n\"\\/é😀")], "a\n\"\\/é😀");
    check(r#"a["]"]"#, &[key("a"), key("]")], "a[]]");
}

#[test]
fn alternatives_are_in_order() {
    let path = Path::parse(r#"request_uri|"a|b"|c.d"#).unwrap();
    let texts: Vec<_> = path.alternatives.iter().map(|found| &*found.text).collect();
    assert_eq!(texts, ["request_uri", r#""a|b""#, "c.d"]);
    assert_eq!(path.to_string(), r#"request_uri|"a|b"|c.d"#);
}

#[test]
fn list_is_split_at_commas_outside_of_strings() {
    let list = |text: &str| Path::parse_list(text).map_err(|error| error.to_string());
    let texts = |text: &str| list(text).unwrap().iter().map(Path::to_string).collect::<Vec<_>>();
    assert_eq!(texts("a"), ["a"]);
    assert_eq!(texts(r#"method|verb,"a,b",c.d[1]"#), ["method|verb", r#""a,b""#, "c.d[1]"]);
    let key = "expected a key or a string in double quotes";
    assert_eq!(list(""), Err(format!("path ends, {key} (byte 0)")));
    assert_eq!(list("a,"), Err(format!("path ends, {key} (byte 2)")));
    assert_eq!(list("a,,b"), Err(format!("found `,`, {key} (byte 2)")));
    assert_eq!(list("a, b"), Err(format!("found white space, {key} (byte 2)")));
    let after = "expected `.`, `[`, `|`, `,`, the end, or the key in double quotes";
    assert_eq!(list("a,b c"), Err(format!("found white space, {after} (byte 3)")));
}

#[test]
fn columns_are_numbers_after_a_hash() {
    assert_eq!(alternative("#1").column(), Some(0));
    assert_eq!(alternative("#18446744073709551615").column(), Some(usize::MAX - 1));
    for text in ["#", "#0", "#03", "#+3", "#3a", "#18446744073709551616", "3", r##""#3""##, "#3.a"]
    {
        assert_eq!(alternative(text).column(), None, "path {text}");
    }
    // In JSON it is a key.
    assert_eq!(alternative("#3").steps, [key("#3")]);
    assert_eq!(Path::key("#3").alternatives[0].column(), None);
}

#[test]
fn reserved_names_are_sources_unless_quoted() {
    let prefix = alternative("@prefix");
    assert_eq!((prefix.source, &prefix.steps[..]), (Source::Prefix, &[][..]));
    let file = alternative("@file");
    assert_eq!((file.source, &file.steps[..]), (Source::File, &[][..]));
    let outer = alternative("@outer.log.time[0]");
    assert_eq!(outer.source, Source::Outer);
    assert_eq!(outer.steps, [key("log"), key("time"), Step::Index(0)]);
    assert_eq!(outer.flat_key(), "log.time[0]");
    assert_eq!(alternative(r#"@outer."a.b""#).flat_key(), "a.b");
    assert_eq!(alternative("@outer.#2").column(), Some(1));

    check(r#""@prefix""#, &[key("@prefix")], "@prefix");
    check(r#""@outer".x"#, &[key("@outer"), key("x")], "@outer.x");
    check("@prefixes", &[key("@prefixes")], "@prefixes");
    check("a.@file", &[key("a"), key("@file")], "a.@file");
    let path = Path::parse("a|@file").unwrap();
    assert_eq!(path.alternatives[1].source, Source::File);

    let no_fields = |name| {
        format!("`{name}` is a text without fields, a key of this name is written `\"{name}\"`")
    };
    refused("@prefix.a", &format!("{} (byte 7)", no_fields("@prefix")));
    refused("x|@file[0]", &format!("{} (byte 7)", no_fields("@file")));
    let no_path = "`@outer` is not a field, expected a path after it such as `@outer.time`";
    refused("@outer", &format!("{no_path} (byte 6)"));
    refused("a|@outer[0].b", &format!("{no_path} (byte 8)"));
}

#[test]
fn messages_name_found_and_expected_and_the_byte() {
    let expected = "expected a key or a string in double quotes";
    refused("", &format!("path ends, {expected} (byte 0)"));
    refused(".a", &format!("found `.`, {expected} (byte 0)"));
    refused("a.", &format!("path ends, {expected} (byte 2)"));
    refused("request..uri", &format!("found `.`, {expected} (byte 8)"));
    refused("a|", &format!("path ends, {expected} (byte 2)"));
    refused("|a", &format!("found `|`, {expected} (byte 0)"));
    refused(" a", &format!("found white space, {expected} (byte 0)"));
    refused("a.[0]", &format!("found `[`, {expected} (byte 2)"));
    refused("[0]", &format!("found `[`, {expected} (byte 0)"));

    let expected = "expected `.`, `[`, `|`, the end, or the key in double quotes";
    refused("é b", &format!("found white space, {expected} (byte 2)"));
    refused("é\u{3000}b", &format!("found white space, {expected} (byte 2)"));
    refused("a,b", &format!("found `,`, {expected} (byte 1)"));
    refused("a=b", &format!("found `=`, {expected} (byte 1)"));
    refused("a]", &format!("found `]`, {expected} (byte 1)"));
    refused(r#"a"b""#, &format!("found `\"`, {expected} (byte 1)"));
    refused(r#""a"b"#, &format!("found `b`, {expected} (byte 3)"));
    refused("a[0]b", &format!("found `b`, {expected} (byte 4)"));

    let expected = "expected an index or a string in double quotes";
    refused("a[]", &format!("found `]`, {expected} (byte 2)"));
    refused("a[x]", &format!("found `x`, {expected} (byte 2)"));
    refused("a[-1]", &format!("found `-`, {expected} (byte 2)"));
    refused("a[", &format!("path ends, {expected} (byte 2)"));
    refused("a[0", "path ends, expected a digit or `]` (byte 3)");
    refused("a[0x]", "found `x`, expected a digit or `]` (byte 3)");
    refused(r#"a["b"x"#, "found `x`, expected `]` (byte 5)");
    refused(
        "a[0018446744073709551616]",
        "index has 20 digits, limit is 18446744073709551615 (byte 2)",
    );
}

#[test]
fn messages_about_strings_name_the_rule_of_json() {
    refused(r#""ab"#, "path ends, expected `\"` at the end of the key (byte 3)");
    refused("\"a\nb\"", "found white space, expected it as an escape (byte 2)");
    refused(r#""a\x""#, "found `x`, expected one of `\"\\/bfnrtu` after a backslash (byte 3)");
    refused(r#""\u12g4""#, "found `g`, expected four hexadecimal digits (byte 5)");
    refused(r#""\u12"#, "path ends, expected four hexadecimal digits (byte 5)");
    refused(r#""\"#, "path ends, expected one of `\"\\/bfnrtu` after a backslash (byte 2)");
    refused(r#""\ud800x""#, r"escape `\ud800` is half of a surrogate pair, expected both (byte 1)");
    refused(
        r#"a.b["\udc00"]"#,
        r"escape `\udc00` is half of a surrogate pair, expected both (byte 5)",
    );
    refused(r#""\ud800"#, "path ends, expected the other half of a surrogate pair (byte 7)");
}

#[test]
fn any_key_can_be_a_path() {
    // Alone, and in a key that needs quotes.
    let ascii = (0..0x80).map(char::from).flat_map(|c| [c.to_string(), format!("a.{c}")]);
    let special = ["@file", "@prefix", "@outer", "@outer.x", "#1", "#0", "", "\u{85}", "\u{a0}"];
    for text in ascii.chain(special.map(str::to_owned)) {
        let path = Path::key(&text);
        assert_eq!(Path::parse(&path.to_string()).as_ref(), Ok(&path), "key {text:?}");
        let [alternative] = &path.alternatives[..] else { panic!("{path:?}") };
        assert_eq!(alternative.source, Source::Record, "key {text:?}");
        assert_eq!(alternative.steps, [key(&text)]);
        assert_eq!((alternative.flat_key(), alternative.column()), (&*text, None));
    }
    assert_eq!(Path::key("action").to_string(), "action");
    assert_eq!(Path::key("@timestamp").to_string(), "@timestamp");
}

/// Splits a path by trying every rule of the grammar on regular expressions.
fn by_expressions(text: &str) -> Option<Vec<Step>> {
    let string = r#""(?:[^"\\\x00-\x1f]|\\.)*""#;
    let bare = r#"[^.\[\],|"=!<>~\s]+"#;
    let whole =
        format!(r#"^(?:{bare}|{string})(?:\.(?:{bare}|{string})|\[(?:[0-9]+|{string})\])*$"#);
    if !regex::Regex::new(&whole).unwrap().is_match(text) {
        return None;
    }
    let token = format!(r#"\[([0-9]+)\]|({string})|({bare})"#);
    let mut steps = Vec::new();
    for found in regex::Regex::new(&token).unwrap().captures_iter(text) {
        steps.push(match (found.get(1), found.get(2), found.get(3)) {
            (Some(index), ..) => Step::Index(index.as_str().parse().ok()?),
            (_, Some(string), _) => Step::Key(serde_json::from_str(string.as_str()).ok()?),
            (.., Some(bare)) => Step::Key(bare.as_str().into()),
            _ => unreachable!(),
        });
    }
    Some(steps)
}

proptest! {
    #[test]
    fn grammar_agrees_with_expressions(text in r#"[ab.\["\]0é \\u]{0,12}"#) {
        let found = Path::parse(&text).ok().map(|path| path.alternatives[0].steps.clone());
        prop_assert_eq!(found, by_expressions(&text));
    }

    #[test]
    fn path_of_a_key_is_that_key(text in ".{0,8}") {
        let path = Path::key(&text);
        prop_assert_eq!(&path.alternatives[0].steps, &[key(&text)]);
        prop_assert_eq!(path.alternatives[0].flat_key(), &*text);
        prop_assert_eq!(Path::parse(&path.to_string()), Ok(path));
    }

    #[test]
    fn errors_have_their_byte_at_a_character(text in ".{0,12}") {
        if let Err(error) = Path::parse_list(&text) {
            prop_assert!(text.is_char_boundary(error.at), "{error:?}");
        }
    }
}
