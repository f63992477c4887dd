//! Promise J6: names of several parts, which are one text for one set of labels, are read back as
//! they were made, and group exactly.

use std::collections::BTreeMap;

use core_actions::{LabelError, LabeledName};
use proptest::collection::btree_map;
use proptest::prelude::*;

fn name(base: &str, labels: &[(&str, &str)]) -> LabeledName {
    labels.iter().fold(LabeledName::new(base).unwrap(), |name, (label, value)| {
        name.with(label, value).unwrap()
    })
}

#[track_caller]
fn check(base: &str, labels: &[(&str, &str)], expected: &str) {
    let made = name(base, labels);
    assert_eq!((made.as_str(), made.to_string().as_str()), (expected, expected));
    let read = LabeledName::parse(expected).unwrap();
    assert_eq!(read, made);
    assert_eq!(read.base(), base);
    let sorted: BTreeMap<_, _> = labels.iter().copied().filter(|(_, v)| !v.is_empty()).collect();
    assert_eq!(read.labels().collect::<Vec<_>>(), sorted.into_iter().collect::<Vec<_>>());
}

#[test]
fn labels_are_sorted_and_escaped_as_prometheus_does() {
    check("http", &[], "http");
    check("http", &[("method", "GET")], r#"http{method="GET"}"#);
    check("http", &[("b", "2"), ("a", "1")], r#"http{a="1",b="2"}"#);
    check("http", &[("b", "2"), ("B", "1"), ("_b", "3")], r#"http{B="1",_b="3",b="2"}"#);
    check("p", &[("path", r"C:\DIR\FILE.TXT")], r#"p{path="C:\\DIR\\FILE.TXT"}"#);
    check(
        "p",
        &[("error", "Cannot find file:\n\"FILE.TXT\"")],
        r#"p{error="Cannot find file:\n\"FILE.TXT\""}"#,
    );
    check("p", &[("a", r"\n"), ("b", "\n")], r#"p{a="\\n",b="\n"}"#);
    check(
        "p",
        &[("a", "\"}"), ("b", "{x=\""), ("c", ",d=\"")],
        r#"p{a="\"}",b="{x=\"",c=",d=\""}"#,
    );
    check("größe {x}", &[("a", "é日本🦀 ")], "größe {x}{a=\"é日本🦀 \"}");
    check("a", &[("x", ""), ("y", "1"), ("z", "")], r#"a{y="1"}"#);
}

#[test]
fn a_label_is_replaced_and_removed() {
    let one = name("http", &[("method", "GET"), ("code", "200")]);
    assert_eq!(
        one.clone().with("code", "404"),
        Ok(name("http", &[("code", "404"), ("method", "GET")]))
    );
    assert_eq!(one.clone().with("code", ""), Ok(name("http", &[("method", "GET")])));
    assert_eq!((one.label("code"), one.label("route")), ("200", ""));
}

#[test]
fn what_only_looks_like_labels_is_a_base_name() {
    for base in [
        "/users/{id}",
        "{}",
        "a{}",
        "a{b}",
        r#"a{b="c"} "#,
        r#"a{b="c",}"#,
        r#"a{ b="c"}"#,
        r#"a{b="c" }"#,
        r#"a{b=""}"#,
        r#"a{b="c",b="d"}"#,
        r#"a{1b="c"}"#,
        r#"a{="c"}"#,
        r#"a{__b="c"}"#,
        r#"a{b="c\"}"#,
        r#"a{b="\x"}"#,
        r#"a{b="c"d"}"#,
        r#"b="c"}"#,
        "a{b=\"",
        "\"}",
        r#"a{b="\"#,
        r#"a{b="c"}{}"#,
    ] {
        let read = LabeledName::parse(base).unwrap();
        assert_eq!((read.base(), read.as_str(), read.labels().len()), (base, base, 0), "{base}");
        assert_eq!(LabeledName::new(base), Ok(read));
        // And labels can be added to it.
        check(base, &[("m", "x")], &format!("{base}{{m=\"x\"}}"));
    }
    // Labels in another order are the same name.
    let read = LabeledName::parse(r#"a{y="2",x="1"}"#).unwrap();
    assert_eq!(read.as_str(), r#"a{x="1",y="2"}"#);
    // A base name that ends with labels would be read otherwise.
    let refused = LabeledName::new(r#"a{x="1"}"#).unwrap_err();
    let expected =
        r#"base name "a{x=\"1\"}" ends with labels, parse it or add the labels one by one"#;
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn invalid_parts_are_refused_with_what_was_found() {
    let refused = |label: &str, value: &str| {
        LabeledName::new("a").unwrap().with(label, value).unwrap_err().to_string()
    };
    for label in ["", "1a", "a-b", "a b", "é", "a\"", "a=", "{", "a\n"] {
        let expected = format!(
            "label {label:?} is invalid, it needs a letter or _, then letters, digits and _"
        );
        assert_eq!(refused(label, "x"), expected);
    }
    assert_eq!(
        refused("__name__", "x"),
        r#"label "__name__" begins with __, which is reserved, use another name"#
    );
    let values = [("a\tb", "U+0009", 1), ("é\r", "U+000D", 2), ("\u{85}", "U+0085", 0)];
    for (value, found, at) in values {
        let expected = format!(
            "value of label \"x\" holds the control character {found}, only line feeds are allowed \
             (byte {at} of the value)"
        );
        assert_eq!(refused("x", value), expected);
    }
    assert!(matches!(LabeledName::new(" "), Err(LabelError::Name(_))));
    assert!(matches!(LabeledName::new("a\nb"), Err(LabelError::Name(_))));
    assert!(matches!(LabeledName::parse(r#"{a="b"}"#), Err(LabelError::Name(_))));
}

#[test]
fn a_hostile_text_is_read_in_linear_time() {
    for part in ["{", "{a=\"", "{a=\"b\",", "a=\"{b=\"", "{a", "\"}", "{a=\"{b=\\\""] {
        let steps = |times: usize| {
            let text = part.repeat(times) + "\"}";
            let used = allocation_counter::measure(|| drop(LabeledName::parse(&text)));
            used.bytes_total / text.len() as u64
        };
        assert!(steps(20_000) <= 64 + 2 * steps(100), "{part:?}");
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c{}\"\\\\,=\n ]{0,12}", "\\PC{0,8}"]
}

proptest! {
    /// Whatever base and values, the text is read back as it was made, so no two are the same.
    #[test]
    fn a_name_is_read_back_as_it_was_made(
        base in any_text(),
        labels in btree_map("[a-c_]{1,2}", any_text(), 0..4),
        is_reversed in any::<bool>(),
    ) {
        let Ok(made) = LabeledName::new(&base) else { return Ok(()) };
        let mut order: Vec<_> = labels.iter().filter(|(label, _)| *label != "__").collect();
        if is_reversed {
            order.reverse();
        }
        let made = order.iter().try_fold(made, |name, (label, value)| name.with(label, value));
        let Ok(made) = made else { return Ok(()) };
        let read = LabeledName::parse(made.as_str()).unwrap();
        prop_assert_eq!(read.base(), &base);
        prop_assert_eq!(&read, &made);
        let kept = labels.iter().filter(|(label, value)| *label != "__" && !value.is_empty());
        let expected: Vec<_> = kept
            .map(|(label, value)| (label.as_str(), value.as_str())).collect();
        prop_assert_eq!(read.labels().collect::<Vec<_>>(), expected);
        prop_assert!(!made.as_str().contains('\n'));
    }
}

/// Names with labels in trackers.
#[cfg(feature = "tracker")]
mod in_trackers {
    use core_actions::{
        ActionError, MergedTracker, NAME_BYTES_MAX, NameError, RunningTracker, Summary,
        TrackerSpec, Values, WhenFull, WindowedTracker, group_by,
    };
    use std::time::Duration;

    use super::*;

    #[test]
    fn names_with_labels_are_names_of_every_kind_of_tracker() {
        let get = name("http", &[("route", "/"), ("method", "GET")]);
        let tracker = RunningTracker::default();
        tracker.record(&get, 10).unwrap();
        tracker.action(get.as_str()).unwrap().record(20_u64);
        tracker.record(&name("http", &[("method", "GET"), ("route", "/")]), 30).unwrap();
        assert_eq!((tracker.stats().len(), tracker.stats()[0].mean()), (1, 20.0));
        let windowed = WindowedTracker::<Summary>::new(Default::default()).unwrap();
        windowed.record(&get, 10).unwrap();
        let window = windowed.window(Duration::from_secs(60)).unwrap();
        assert_eq!(group_by(window.rows(), &[]).unwrap()[0].name(), "http");
    }

    #[test]
    fn a_name_that_is_too_long_is_refused_and_not_shortened() {
        let tracker = RunningTracker::default();
        let fits = NAME_BYTES_MAX - r#"http{x=""}"#.len();
        let long = name("http", &[("x", &"v".repeat(fits))]);
        tracker.record(&long, 1).unwrap();
        let longer = name("http", &[("x", &"v".repeat(fits + 1))]);
        let refused = NameError::TooLong { len: NAME_BYTES_MAX + 1, max: NAME_BYTES_MAX };
        assert_eq!(tracker.record(&longer, 1), Err(ActionError::Name(refused)));
        assert_eq!(tracker.stats().len(), 1);
    }

    #[test]
    fn rows_of_folded_actions_and_of_plain_names_stay_apart() {
        let spec = TrackerSpec { actions: 5, when_full: WhenFull::Fold, ..TrackerSpec::default() };
        let tracker = MergedTracker::<Values>::new(spec);
        for text in [
            "(other)",
            r#"a{x="1",y="1"}"#,
            "a",
            r#"a{y="2"}"#,
            r#"{x="1"}"#,
            "b{x}",
            r#"a{x="1"}"#,
        ] {
            tracker.record(text, 1).unwrap();
        }
        let groups = group_by(&tracker.stats(), &["x"]).unwrap();
        let groups: Vec<_> = groups
            .iter()
            .map(|row| (row.name(), row.is_other(), row.statistic().times().count()))
            .collect();
        let expected = [
            ("(other)", false, 1),
            (r#"a{x="1"}"#, false, 1),
            ("a", false, 2),
            (r#"{x="1"}"#, false, 1),
            ("(other)", true, 2),
        ];
        assert_eq!(groups, expected);
    }

    #[test]
    fn groups_are_in_the_order_of_first_records() {
        let tracker = RunningTracker::default();
        for (text, number) in [(r#"a{x="1"}"#, 7), ("b", 5), (r#"a{x="2"}"#, 6)] {
            tracker.record_numbered(text, 1, number).unwrap();
        }
        let mut rows = tracker.stats();
        rows.reverse(); // In whatever order they are given.
        let groups = group_by(&rows, &[]).unwrap();
        let groups: Vec<_> = groups.iter().map(|row| (row.name(), row.first())).collect();
        assert_eq!(groups, [("b", 5), ("a", 6)]);
    }

    proptest! {
        /// Groups are the rows of a tracker that was given the shorter names.
        #[test]
        fn groups_equal_a_tracker_of_the_groups(
            records in proptest::collection::vec((0..2_u8, 0..3_u8, 0..3_u8, 0..1_000_u64), 0..60),
            by in 0..4_usize,
        ) {
            let by: &[&str] = [&[][..], &["m"], &["r"], &["r", "m", "unknown"]][by];
            let (tracker, expected) =
                (MergedTracker::<Summary>::default(), MergedTracker::<Summary>::default());
            for &(base, method, route, time) in &records {
                let base = ["http", "db"][usize::from(base)];
                let values = [["", "GET", "\"\\\n"], ["", "/", "}"]];
                let (method, route) = (usize::from(method), usize::from(route));
                let all = [("m", values[0][method]), ("r", values[1][route])];
                let kept = all.into_iter().filter(|(label, _)| by.contains(label));
                let kept: Vec<_> = kept.collect();
                tracker.record(&name(base, &all), time).unwrap();
                expected.record(&name(base, &kept), time).unwrap();
            }
            let groups = group_by(&tracker.stats(), by).unwrap();
            let expected = expected.stats();
            let [found, expected] = [&groups, &expected].map(|rows| {
                let rows = rows.iter().map(|row| (row.name(), row.statistic()));
                rows.collect::<Vec<_>>()
            });
            prop_assert_eq!(found, expected);
        }
    }
}
