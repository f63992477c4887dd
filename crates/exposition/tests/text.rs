//! Pages as text, byte for byte.

use core_actions::{Quantile, Statistic, Unit};
use exposition::{
    Bounds, BoundsError, Description, Format, Histogram, Labels, Number, Page, PageError, Summary,
};

fn label(name: &str, value: &str) -> Labels {
    Labels::default().with(name, value).unwrap()
}

/// Makes a page with a family of each kind.
fn page(format: Format) -> String {
    let mut page = Page::new(format);
    let requests = Description::new("requests_total", "Requests.\nBy \"route\" \\ method.");
    let mut counters = page.counters(&requests).unwrap();
    counters.add(&label("route", "/"), u64::MAX).unwrap();
    counters.add(&Labels::default(), 0.5).unwrap();
    let mut gauges = page.gauges(&Description::new("queue", "Waiting.")).unwrap();
    for (name, value) in [("a", f64::NAN), ("b", -1.5), ("c", f64::INFINITY)] {
        gauges.add(&label("name", name), value).unwrap();
    }
    gauges.add(&label("name", "d"), f64::NEG_INFINITY).unwrap();
    let waits = Description::new("wait", "Waits.").unit("seconds");
    let one = Quantile::try_from(1.0).unwrap();
    let summary = Summary::new(2, 0.3).with(Quantile::P99, 0.2).with(one, Number::Integer(1));
    page.summaries(&waits).unwrap().add(&label("route", "/"), &summary).unwrap();
    let mut bins = core_actions::Histogram::default();
    [1_u64, 100, 1_000].iter().for_each(|&millis| bins.insert(millis.into()));
    let bounds = Bounds::try_from(vec![0.001, 0.5]).unwrap();
    let histogram = Histogram::new(&bins, 1.101).converted(Unit::Milliseconds.to(Unit::Seconds));
    let times = Description::new("time", "Times.").unit("seconds");
    page.histograms(&times, &bounds).unwrap().add(&label("route", "/"), &histogram).unwrap();
    String::from_utf8(page.finish()).unwrap()
}

#[test]
fn text_has_the_form_of_version_0_0_4() {
    let expected = r#"# HELP requests_total Requests.\nBy "route" \\ method.
# TYPE requests_total counter
requests_total{route="/"} 18446744073709551615
requests_total 0.5
# HELP queue Waiting.
# TYPE queue gauge
queue{name="a"} NaN
queue{name="b"} -1.5
queue{name="c"} +Inf
queue{name="d"} -Inf
# HELP wait_seconds Waits.
# TYPE wait_seconds summary
# UNIT wait_seconds seconds
wait_seconds{route="/",quantile="0.99"} 0.2
wait_seconds{route="/",quantile="1.0"} 1
wait_seconds_sum{route="/"} 0.3
wait_seconds_count{route="/"} 2
# HELP time_seconds Times. Values are counted within 1.6 % of their size.
# TYPE time_seconds histogram
# UNIT time_seconds seconds
time_seconds_bucket{route="/",le="0.001"} 1
time_seconds_bucket{route="/",le="0.5"} 2
time_seconds_bucket{route="/",le="+Inf"} 3
time_seconds_sum{route="/"} 1.101
time_seconds_count{route="/"} 3
"#;
    assert_eq!(page(Format::Text), expected);
}

#[test]
fn openmetrics_differs_in_names_of_counters_quotes_in_help_and_the_end() {
    let expected = page(Format::Text)
        .replace("# HELP requests_total Requests.", "# HELP requests Requests.")
        .replace("# TYPE requests_total", "# TYPE requests")
        .replace(r#"By "route""#, r#"By \"route\""#)
        + "# EOF\n";
    assert_eq!(page(Format::OpenMetrics), expected);
}

#[test]
fn hostile_values_stay_within_their_quotes() {
    let long = "é".repeat(2_048);
    let cases = [
        ("\"} 1\nevil 1\n#", r#"\"} 1\nevil 1\n#"#),
        (r"a\", r"a\\"),
        (r"\n", r"\\n"),
        ("\r\t\u{1b}", "\r\t\u{1b}"),
        ("a\0b", "a\u{fffd}b"),
        ("\u{202e}日本", "\u{202e}日本"),
        (&long, &long),
    ];
    for (value, expected) in cases {
        let mut page = Page::new(Format::Text);
        let mut family = page.gauges(&Description::new("a", value)).unwrap();
        family.add(&label("b", value), 1_u64).unwrap();
        let text = String::from_utf8(page.finish()).unwrap();
        assert!(text.ends_with(&format!("\na{{b=\"{expected}\"}} 1\n")), "{text:?}");
        assert_eq!(text.lines().count(), 3, "{text:?}");
    }
}

#[test]
fn hostile_names_become_names() {
    let long = "n".repeat(4_096);
    let cases = [
        ("a b\n{", "a_b__"),
        ("1", "_1"),
        ("größe", "gr__e"),
        ("a:b", "a:b"),
        (&long, long.as_str()),
    ];
    for (name, expected) in cases {
        let mut page = Page::new(Format::Text);
        let mut family = page.gauges(&Description::new(name, "")).unwrap();
        family.add(&label(name, "1"), 1_u64).unwrap();
        let text = String::from_utf8(page.finish()).unwrap();
        let label = expected.replace(':', "_");
        assert!(text.ends_with(&format!("\n{expected}{{{label}=\"1\"}} 1\n")), "{text:?}");
    }
}

#[test]
fn label_cannot_replace_the_name_of_a_metric() {
    assert_eq!(label("__name__", "other").to_string(), "_name__=\"other\"");
}

#[test]
fn labels_are_sorted_and_empty_ones_are_left_out() {
    let labels = label("b", "2").with("a", "1").unwrap().with("c", "").unwrap();
    assert_eq!(labels.to_string(), r#"a="1",b="2""#);
    assert_eq!(labels, label("a", "1").with("b", "2").unwrap());
    assert_eq!(labels.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, PageError>, message: &str) {
    assert_eq!(result.unwrap_err().to_string(), message);
}

#[test]
fn samples_are_refused_with_a_reason_and_leave_the_page_as_it_was() {
    for format in Format::ALL {
        let mut page = Page::new(format);
        let mut family = page.counters(&Description::new("hits", "")).unwrap();
        family.add(&label("a.b", "\""), 1_u64).unwrap();
        refused(
            family.add(&label("a-b", "\""), 2_u64),
            r#"family `hits` has a sample with the labels {a_b="\""} already"#,
        );
        for (value, found) in [(-1e-9, "-0.000000001"), (f64::NAN, "NaN")] {
            refused(
                family.add(&Labels::default(), value),
                &format!("value of the counter `hits` is {found}, it must be 0 or more"),
            );
        }
        family.add(&Labels::default(), 3_u64).unwrap();

        let mut expected = Page::new(format);
        let mut family = expected.counters(&Description::new("hits", "")).unwrap();
        family.add(&label("a_b", "\""), 1_u64).unwrap();
        family.add(&Labels::default(), 3_u64).unwrap();
        assert_eq!(page.finish(), expected.finish());
    }
}

#[test]
fn labels_of_the_format_are_refused() {
    let (mut page, bins) = (Page::new(Format::Text), core_actions::Histogram::default());
    let bounds = Bounds::default();
    let mut family = page.histograms(&Description::new("h", ""), &bounds).unwrap();
    refused(
        family.add(&label("le", "1"), &Histogram::new(&bins, 0_u64)),
        "label `le` is reserved in the family `h`, rename it",
    );
    let mut family = page.summaries(&Description::new("s", "")).unwrap();
    refused(
        family.add(&label("quantile", "1"), &Summary::new(0, 0_u64)),
        "label `quantile` is reserved in the family `s`, rename it",
    );
    let mut family = page.gauges(&Description::new("g", "")).unwrap();
    family.add(&label("le", "1"), 1_u64).unwrap();
}

#[test]
fn labels_are_refused_with_a_reason() {
    refused(
        Labels::default().with("", "1"),
        "name of a label is empty, give it at least one character",
    );
    refused(
        label("a_b", "1").with("a.b", "1"),
        "label `a_b` is given twice, characters other than letters and digits become `_`",
    );
    refused(
        label("a_b", "1").with("a_b", ""),
        "label `a_b` is given twice, characters other than letters and digits become `_`",
    );
}

#[test]
fn families_that_share_a_name_are_refused() {
    let bounds = Bounds::none();
    let mut page = Page::new(Format::Text);
    let name = Description::new;
    page.summaries(&name("a", "")).unwrap();
    let taken = |family: &str, name: &str| {
        format!("family `{family}` needs the name `{name}`, which an earlier family has")
    };
    for same in ["a", "a_sum", "a_count", "a_created"] {
        refused(page.gauges(&name(same, "")), &taken(same, same));
    }
    refused(page.histograms(&name("a", ""), &bounds), &taken("a", "a"));
    page.gauges(&name("a_bucket", "")).unwrap();
    page.gauges(&name("b_total", "")).unwrap();
    refused(page.counters(&name("b", "")), &taken("b", "b_total"));
    page.gauges(&name("c.d", "")).unwrap();
    refused(page.gauges(&name("c-d", "")), &taken("c_d", "c_d"));
    page.gauges(&name("time", "").unit("seconds")).unwrap();
    refused(page.gauges(&name("time_seconds", "")), &taken("time_seconds", "time_seconds"));
    for empty in ["", "_total"] {
        let message = "name of a metric is empty, give it at least one character";
        refused(page.counters(&name(empty, "")), message);
    }
    let text = String::from_utf8(page.finish()).unwrap();
    assert_eq!(text.matches("# TYPE").count(), 5, "{text}");
}

#[test]
fn unit_is_the_end_of_a_name_once() {
    let cases = [
        ("time", "seconds", "time_seconds"),
        ("time_seconds", "seconds", "time_seconds"),
        ("seconds", "seconds", "seconds"),
        ("milliseconds", "seconds", "milliseconds_seconds"),
        ("time", "", "time"),
        ("time", "light years", "time_light_years"),
    ];
    for (name, unit, expected) in cases {
        let mut page = Page::new(Format::Text);
        page.gauges(&Description::new(name, "").unit(unit)).unwrap();
        let text = String::from_utf8(page.finish()).unwrap();
        assert!(text.contains(&format!("# TYPE {expected} gauge\n")), "{text}");
    }
}

#[test]
fn quantile_that_is_given_again_replaces_the_first() {
    let zero = [0.0, -0.0].map(|share| Quantile::try_from(share).unwrap());
    let summary = Summary::new(1, 1_u64).with(zero[1], 2_u64).with(zero[0], 3_u64);
    let mut page = Page::new(Format::Text);
    let mut family = page.summaries(&Description::new("s", "")).unwrap();
    family.add(&Labels::default(), &summary).unwrap();
    let text = String::from_utf8(page.finish()).unwrap();
    assert!(text.ends_with("\ns{quantile=\"0.0\"} 3\ns_sum 1\ns_count 1\n"), "{text}");
}

#[test]
fn bounds_are_refused_with_a_reason() {
    let message = |bounds: &[f64]| Bounds::try_from(bounds.to_vec()).unwrap_err().to_string();
    let infinite = "bound +Inf is not finite, the last bucket has none anyway (bound 1)";
    assert_eq!(message(&[1.0, f64::INFINITY]), infinite);
    let nan = "bound NaN is not finite, the last bucket has none anyway (bound 0)";
    assert_eq!(message(&[f64::NAN]), nan);
    assert_eq!(message(&[2.0, 1.5]), "bound 1.5 is not above 2.0, they must ascend (bound 1)");
    let many: Vec<f64> = (0..1_001).map(f64::from).collect();
    assert_eq!(message(&many), "1001 bounds of buckets, limit is 1000");
    assert!(Bounds::try_from(many[1..].to_vec()).is_ok());
    assert_eq!(Bounds::try_from(Vec::new()), Ok::<_, BoundsError>(Bounds::none()));
}

#[test]
fn buckets_do_not_shrink_while_values_are_recorded() {
    let bounds = (1..200).map(|tenth| f64::from(tenth) / 10.0).collect::<Vec<_>>();
    let bounds = Bounds::try_from(bounds).unwrap();
    let mut quantiles = core_actions::Quantiles::default();
    let mut before = Vec::new();
    // More values than are kept as they are, then fractions among the integers.
    for step in 0..400_u32 {
        let value = f64::from(step * 7_919 % 1_999) / if step < 200 { 1.0 } else { 128.0 };
        quantiles.insert(core_actions::ActionTime::try_from(value).unwrap());
        let bins = quantiles.histogram();
        let mut page = Page::new(Format::Text);
        let mut family = page.histograms(&Description::new("h", ""), &bounds).unwrap();
        family.add(&Labels::default(), &Histogram::new(&bins, 0.0)).unwrap();
        let text = String::from_utf8(page.finish()).unwrap();
        let buckets = text.lines().filter(|line| line.starts_with("h_bucket"));
        let counts: Vec<u64> =
            buckets.map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap()).collect();
        let shrank = before.iter().zip(&counts).any(|(before, count)| before > count);
        assert!(!shrank, "step {step}, value {value}");
        before = counts;
    }
    assert_eq!(before.last(), Some(&400));
}

#[test]
fn parts_of_a_page_joined_are_the_page() {
    for format in Format::ALL {
        let write = |in_parts: bool| {
            let (mut page, mut sent) = (Page::new(format), Vec::new());
            for name in ["a", "b"] {
                let mut family = page.counters(&Description::new(name, "Help.")).unwrap();
                for value in 0..100_u64 {
                    family.add(&label("n", &value.to_string()), value).unwrap();
                    if in_parts {
                        sent.extend(family.take());
                    }
                }
            }
            sent.extend(page.finish());
            sent
        };
        assert_eq!(write(true), write(false));
    }
}
