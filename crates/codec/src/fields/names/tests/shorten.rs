//! Short forms, and names that share one.

use proptest::prelude::*;

use super::super::shorten::{fnv1a, hash, looks_shortened, shorten};
use super::*;

#[track_caller]
fn check(name: &str, max: usize, expected: Option<&str>) {
    let mut out = "left over".to_owned();
    let found = shorten(name, max, &mut out).then_some(&*out);
    assert_eq!(found, expected, "name {name:?}, limit {max}");
}

#[test]
fn hash_is_the_documented_one() {
    // The vectors of the authors of FNV.
    assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    assert_eq!(hash(b""), 0xefd0_1f60);
    assert_eq!(hash(b"foobar"), 0x2c22_1949);
}

#[test]
fn long_name_keeps_its_start() {
    let name = "/a/very/long/path/of/38/bytes/in/total"; // 38 bytes.
    check(name, 38, None);
    check(name, 37, Some("/a/very/long/path/of/38/b…f63af5a0"));
    check(name, 20, Some("/a/very/…f63af5a0"));
    check(name, 13, Some("/…f63af5a0"));
}

#[test]
fn small_limits_keep_what_fits_of_the_hash() {
    let name = "a long name";
    for (max, expected) in [
        (12, None),
        (11, None),
        (10, Some("d6aca9bf")),
        (9, Some("d6aca9bf")),
        (8, Some("d6aca9bf")),
        (7, Some("d6aca9b")),
        (2, Some("d6")),
        (1, Some("d")),
        (0, Some("d")),
    ] {
        check(name, max, expected);
    }
    check("a name of 21 bytes...", 12, Some("…0a03f417"));
    check("a name of 21 bytes...", 11, Some("…0a03f417"));
    check("", 0, None);
    check("a", 1, None);
    check("a", 0, None);
}

#[test]
fn no_character_is_cut() {
    for cut in 0..4 {
        let name = "a".repeat(cut) + &"😀".repeat(20);
        let mut out = String::new();
        assert!(shorten(&name, 32, &mut out));
        let kept = cut + (20 - cut) / 4 * 4;
        assert_eq!(&out[..kept], &name[..kept]);
        assert!(out[kept..].starts_with('…'), "{out}");
        assert_eq!(out.len(), kept + 11);
    }
}

#[test]
fn shortened_name_is_reported_and_stays() {
    let rules = NameRules { max_bytes: Some(32), ..NameRules::default() };
    let mut scratch = rules.scratch();
    let long = "x".repeat(33);
    assert_eq!(rules.apply(&long, &mut scratch), NameOutcome::Changed { is_shortened: true });
    let short = scratch.name().to_owned();
    assert!(short.starts_with(&("x".repeat(20) + "…")) && short.len() == 31, "{short}");
    assert_eq!(rules.apply(&"x".repeat(32), &mut scratch), NameOutcome::Plain(&"x".repeat(32)));
    let short_names = scratch.short_names();
    assert_eq!((short_names.shared(), short_names.is_complete()), (0, true));
    // The short form as a name of its own is another name.
    assert_eq!(rules.apply(&short, &mut scratch), NameOutcome::Plain(&short));
    assert_eq!(scratch.short_names().shared(), 1);
}

/// Two names of 3 bytes with the same hexadecimal digit, and one with another.
fn names_of_one_digit() -> [String; 3] {
    let digit = |name: &String| {
        let mut out = String::new();
        shorten(name, 1, &mut out);
        out
    };
    let names: Vec<_> = (100..200).map(|number| number.to_string()).collect();
    let same = names[1..].iter().find(|name| digit(name) == digit(&names[0])).unwrap();
    let other = names.iter().find(|name| digit(name) != digit(&names[0])).unwrap();
    [names[0].clone(), same.clone(), other.clone()]
}

#[test]
fn names_that_share_a_short_form_are_counted_in_any_order() {
    let [a, b, c] = names_of_one_digit();
    let rules = NameRules { max_bytes: Some(1), ..NameRules::default() };
    let shared = |threads: &[&[&String]]| {
        let mut all = ShortNames::default();
        for names in threads {
            let mut scratch = rules.scratch();
            for name in *names {
                rules.apply(name, &mut scratch);
            }
            all.merge(scratch.short_names());
        }
        all
    };
    assert_eq!(shared(&[&[&a, &c, &a, &c]]).shared(), 0);
    assert_eq!(shared(&[&[&a, &b]]).shared(), 1);
    assert_eq!(shared(&[&[&a, &b, &a, &b, &c]]).shared(), 1);
    assert_eq!(shared(&[&[&a], &[&b]]).shared(), 1);
    assert_eq!(shared(&[&[&b, &c], &[&c], &[&a, &c]]).shared(), 1);
    assert_eq!(shared(&[&[&a, &b], &[]]).shared(), 1);
    assert!(shared(&[&[&a, &b]]).is_complete());
}

#[test]
fn short_names_beyond_the_limit_are_compared_with_the_known() {
    let mut names = ShortNames::default();
    for (short, whole) in [(1, 10), (2, 20), (1, 10), (2, 20)] {
        names.insert(short, whole, 2);
    }
    assert!(names.is_complete());
    names.insert(3, 30, 2);
    assert!(!names.is_complete());
    names.insert(3, 31, 2); // Not known.
    assert_eq!(names.shared(), 0);
    names.insert(1, 11, 2);
    assert_eq!(names.shared(), 1);

    let mut all = ShortNames::default();
    all.merge_within(&names, 1);
    assert!(!all.is_complete());
    assert_eq!(all.shared(), 1);
    let mut all = ShortNames::default();
    all.merge(&names);
    assert!(!all.is_complete());
    let mut few = ShortNames::default();
    few.insert(1, 10, 2);
    let mut more = ShortNames::default();
    more.insert(2, 20, 2);
    few.merge_within(&more, 1);
    assert!(!few.is_complete());
}

proptest! {
    #[test]
    fn short_form_fits_and_is_recognised(name in "[aé😀…0-9a-f]{0,40}", max in 0_usize..64) {
        let mut out = String::new();
        if shorten(&name, max, &mut out) {
            prop_assert!(name.len() > max);
            prop_assert!(out.len() <= max.max(1) && !out.is_empty());
            prop_assert!(looks_shortened(&out, max), "{out}");
            let mut again = String::new();
            prop_assert!(!shorten(&out, max, &mut again));
            if max >= 11 {
                let kept = out.len() - 11;
                prop_assert!(name.starts_with(&out[..kept]));
                prop_assert!(kept + 12 <= max.max(12) && kept + 12 + 4 > max, "{out}");
                prop_assert_eq!(&out[kept..], format!("…{:08x}", hash(name.as_bytes())));
            }
        } else {
            prop_assert!(name.len() <= max.max(1));
        }
    }
}
