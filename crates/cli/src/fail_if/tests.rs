use super::*;

#[track_caller]
fn parsed(text: &str) -> FailIf {
    text.parse().unwrap()
}

#[test]
fn conditions_are_read_from_the_right() {
    for (text, name, stat) in [
        ("p99 > 250ms", None, "p99"),
        ("p99>250ms", None, "p99"),
        (" mean  >= 1.5 ", None, "mean"),
        ("checkout: mean < 80", Some("checkout"), "mean"),
        ("a: b: count <= 8", Some("a: b"), "count"),
        ("a:b: count <= 8", Some("a:b"), "count"),
        ("a > b: p50 < 8", Some("a > b"), "p50"),
        ("p99 > 1: max > 2s", Some("p99 > 1"), "max"),
        ("GET /cart*: p99.9 > +10%", Some("GET /cart*"), "p99.9"),
    ] {
        let condition = parsed(text);
        assert_eq!((condition.name.as_deref(), condition.stat.name()), (name, stat), "{text}");
    }
    assert_eq!(parsed("p50 > +10%").value, Threshold::Change(0.1));
    assert_eq!(parsed("p50 < -2.5 %").value, Threshold::Change(-0.025));
    let operators =
        [">", ">=", "<", "<="].map(|operator| parsed(&format!("max {operator} 1")).operator);
    use Operator::{Greater, GreaterOrEqual, Less, LessOrEqual};
    assert_eq!(operators, [Greater, GreaterOrEqual, Less, LessOrEqual]);
}

#[track_caller]
fn check_refused(text: &str, expected: &str) {
    assert_eq!(text.parse::<FailIf>().unwrap_err().to_string(), expected, "{text}");
}

#[test]
fn other_texts_are_refused_with_what_to_do() {
    let operator =
        "no operator, expected a condition such as `p99 > 250ms` or `checkout: mean >= 80`";
    check_refused("", operator);
    check_refused("p99 = 5", operator);
    let stats = "expected count, total, share, mean, min, max, stddev, variance, median, \
                 or a quantile from p0 to p100";
    check_refused("checkout:p99 > 5", &format!("`checkout:p99` is not a statistic, {stats}"));
    check_refused("> 5", &format!("`` is not a statistic, {stats}"));
    check_refused(
        ": p99 > 5",
        "name before `: ` is empty, expected an action, or a condition without a name",
    );
    check_refused("count > 5ms", "`count` has no unit, expected a number without one");
    let percentage = "percentage needs a sign and digits, such as `+10%` or `-2.5%`";
    for text in ["p99 > 10%", "p99 > +%", "p99 > +1e2%", "p99 > +inf%", "p99 > --1%"] {
        check_refused(text, percentage);
    }
    for text in ["p99 >", "p99 > ms", "p99 > -5", "p99 > 1,5s", "p99 >= "] {
        assert!(matches!(text.parse::<FailIf>(), Err(FailIfError::Value(_))), "{text}");
    }
}

#[test]
fn stars_stand_for_any_text() {
    for (pattern, name, expected) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("*", "", true),
        ("a*", "a", true),
        ("a*", "abc", true),
        ("a*", "ba", false),
        ("*c", "abc", true),
        ("*c", "abcd", false),
        ("a*c", "ac", true),
        ("a*a", "a", false),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "a-c", false),
        ("*b*b*", "ab", false),
        ("*b*b*", "abb", true),
        ("a**c", "abc", true),
    ] {
        assert_eq!(is_match(pattern, name), expected, "{pattern} {name}");
    }
}

#[track_caller]
fn check(condition: &str, unit: Option<Unit>, rows: &[(&str, Found)], expected: &[&str]) {
    let found = parsed(condition).failures(rows, |row| row.0, |row, _| row.1.clone(), unit);
    assert_eq!(found, expected, "{condition}");
}

#[test]
fn each_failing_row_is_named_with_its_figure() {
    let found = Found::from;
    let rows = [
        ("run", found(Field::Integer(250))),
        ("jump", found(Field::Float(250.5))),
        ("hop", found(Field::Missing)),
    ];
    let unit = Some(Unit::Milliseconds);
    check("p99 > 250ms", unit, &rows, &["p99 of `jump` is 250.5 ms"]);
    check("p99 >= 0.25s", unit, &rows, &["p99 of `run` is 250 ms", "p99 of `jump` is 250.5 ms"]);
    check("p99 < 250", None, &rows, &[]);
    check("p99 <= 250", None, &rows, &["p99 of `run` is 250"]);
    check("*u*: p99 > 1", None, &rows[..1], &["p99 of `run` is 250"]);
    check("hop: p99 > 1", None, &rows, &["`hop` has no p99"]);
    check("jum: p99 > 1", None, &rows, &["no such action `jum`, the nearest is `jump`"]);
    check("p99 > 1", None, &rows[2..], &["no action has a p99"]);
    check("p99 > 1", None, &[], &["no action was measured"]);
}

#[test]
fn changes_are_compared_with_their_sign() {
    let found = |change| Found { change, ..Field::Integer(1).into() };
    let rows = [("run", found(Some(0.1))), ("new", found(None)), ("hop", found(Some(-0.2)))];
    check("p99 > +10%", None, &rows, &[]);
    check("p99 >= +10%", None, &rows, &["p99 of `run` is +10.0 %"]);
    check("p99 < -19.9%", None, &rows, &["p99 of `hop` is -20.0 %"]);
    check("new: p99 > +10%", None, &rows, &["`new` has no change of p99"]);
    check("p99 > +10%", None, &rows[1..2], &["no action has a change of p99"]);
    let detailed = Found { detail: Some("slower".into()), ..rows[0].1.clone() };
    check("p99 > +1%", None, &[("run", detailed)], &["p99 of `run` is +10.0 %, slower"]);
    assert_eq!([f64::INFINITY, 0.000_4, -0.000_4].map(signed_percent), ["+∞", "0.0 %", "0.0 %"]);
}
