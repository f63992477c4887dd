//! The order of the rules, joining and cleaning.

use super::*;

#[test]
fn parts_are_joined_by_the_separator() {
    let join = |separator: &str, parts: &[&str]| {
        NameRules { separator: separator.into(), ..NameRules::default() }.name(parts)
    };
    assert_eq!(join(" ", &["GET", "/cart"]).as_deref(), Some("GET /cart"));
    assert_eq!(join(" | ", &["a", "", "b", "c"]).as_deref(), Some("a | b | c"));
    assert_eq!(join("", &["a", "b"]).as_deref(), Some("ab"));
    assert_eq!(join(" ", &["", "b"]).as_deref(), Some("b"));
    assert_eq!(join(" ", &[""]), None);
    assert_eq!(join(" ", &[]), None);
}

#[test]
fn default_rules_change_nothing() {
    let rules = NameRules::default();
    let mut scratch = rules.scratch();
    for name in ["jump", " jump ", "GET /a/1?b", "a\tb", "\u{1}", &"x".repeat(10_000)] {
        assert_eq!(rules.apply(name, &mut scratch), NameOutcome::Plain(name));
    }
    for name in ["", " ", "\t\n", "\u{2003}\u{a0}"] {
        assert_eq!(rules.apply(name, &mut scratch), NameOutcome::Missing, "name {name:?}");
    }
    assert_eq!((scratch.name.capacity(), scratch.next.capacity()), (0, 0));
}

#[test]
fn cleaned_name_has_no_control_characters() {
    let rules = NameRules { clean: true, ..NameRules::default() };
    let check = |name: &str, expected: Option<&str>| {
        assert_eq!(apply(&rules, name).as_deref(), expected, "name {name:?}");
    };
    check("jump", Some("jump"));
    check("a\tb", Some("a b"));
    check("a\r\n\0b", Some("a b"));
    check("a \n b", Some("a   b"));
    check("\u{1b}[31mred\u{1b}[0m", Some("[31mred [0m"));
    check("é\u{85}\u{9f}é\u{7f}", Some("é é"));
    check("\ta\n", Some("a"));
    check(" a \u{3000}", Some("a"));
    check("\t\n", None);
    check("\u{200b}", Some("\u{200b}")); // Not a control character.
    let mut scratch = rules.scratch();
    assert_eq!(rules.apply("a b", &mut scratch), NameOutcome::Plain("a b"));
    assert_eq!(rules.apply("a\nb", &mut scratch), NameOutcome::Changed { is_shortened: false });
}

#[test]
fn memory_is_reused_from_name_to_name() {
    let rules =
        NameRules { group_paths: true, clean: true, max_bytes: Some(30), ..NameRules::default() };
    let mut scratch = rules.scratch();
    let long = "/users/42/orders\t/with/a/long/name/of/a/path?page=2";
    rules.apply(long, &mut scratch);
    let memory = |scratch: &NameScratch| {
        let mut buffers =
            [&scratch.name, &scratch.next].map(|text| (text.as_ptr(), text.capacity()));
        buffers.sort_unstable();
        buffers
    };
    let before = memory(&scratch);
    for name in [long, "/a/1", "a\nb", "jump", long] {
        rules.apply(name, &mut scratch);
        assert_eq!(memory(&scratch), before, "name {name:?}");
    }
}

#[test]
fn rules_apply_in_order() {
    // Grouped before cleaned: the tab ends a word, and the query with it.
    let rules = NameRules { group_paths: true, clean: true, ..NameRules::default() };
    assert_eq!(apply(&rules, "/a/1?x\ty/2").as_deref(), Some("/a/:id y/2"));
    // Cleaned before shortened: 20 bytes are left.
    let rules = NameRules { max_bytes: Some(20), clean: true, ..NameRules::default() };
    assert_eq!(apply(&rules, "\n12345678901234567890\n").as_deref(), Some("12345678901234567890"));
    // Grouped before shortened.
    let rules = NameRules { max_bytes: Some(20), group_paths: true, ..NameRules::default() };
    assert_eq!(apply(&rules, "/a/18446744073709551615").as_deref(), Some("/a/:id"));
    // Blank only after cleaning and grouping.
    let rules = NameRules { group_paths: true, ..NameRules::default() };
    assert_eq!(apply(&rules, "://?x").as_deref(), Some("://"));
}

#[cfg(feature = "regex")]
#[test]
fn replacements_come_first() {
    let replace = vec![Replace::parse("USER=/42").unwrap(), Replace::parse("42=/7").unwrap()];
    let rules = NameRules { replace, group_paths: true, ..NameRules::default() };
    assert_eq!(apply(&rules, "/aUSER").as_deref(), Some("/a//:id"));
    let replace = vec![Replace::parse(".*=").unwrap()];
    let rules = NameRules { replace, ..NameRules::default() };
    assert_eq!(apply(&rules, "anything"), None);
}
