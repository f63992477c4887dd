use num_bigint::BigInt;
use proptest::prelude::*;

use super::*;

const MS: Option<Unit> = Some(Unit::Milliseconds);

#[track_caller]
fn holds_in(unit: Option<Unit>, filter: &str, found: Option<Found<'_>>) -> bool {
    let parsed = Filter::parse(filter).unwrap();
    assert_eq!(parsed.to_string(), filter);
    let mut scratch = "left over".to_owned();
    parsed.holds(found, unit, &mut scratch).unwrap()
}

#[track_caller]
fn check(filter: &str, found: Found<'_>, expected: bool) {
    for unit in [None, MS] {
        assert_eq!(holds_in(unit, filter, Some(found)), expected, "{filter} of {found:?}");
    }
}

#[track_caller]
fn refused(filter: &str, expected: &str) {
    assert_eq!(Filter::parse(filter).unwrap_err().to_string(), expected, "filter {filter}");
}

#[test]
fn path_alone_asks_whether_a_field_is_there() {
    for found in [
        Found::Bool(false),
        Found::Number("0"),
        Found::Text("x"),
        Found::Escaped(r"\n"),
        Found::Object("{}"),
        Found::Array("[]"),
        Found::NotUtf8 { at: 0 },
    ] {
        check("a", found, true);
        check("!a", found, false);
    }
    for found in [None, Some(Found::Absent), Some(Found::Null)] {
        assert!(!holds_in(None, "a", found));
        assert!(holds_in(None, "! a", found));
    }
}

#[test]
fn only_opposites_hold_for_missing_fields() {
    let filters = ["a=1", "a=x", "a=1s", "a<1", "a<=1", "a>1", "a>=1", "a<1s", "a>=1s"];
    for filter in filters {
        assert!(!holds_in(None, filter, None), "{filter}");
    }
    for filter in ["a!=1", "a!=x", "a!=1s"] {
        assert!(holds_in(None, filter, None), "{filter}");
    }
    #[cfg(feature = "regex")]
    assert!(!holds_in(None, "a~x", None) && holds_in(None, "a!~x", None));
}

#[test]
fn texts_are_compared_by_bytes() {
    check("a=GET", Found::Text("GET"), true);
    check("a=GET", Found::Text("get"), false);
    check("a=GET", Found::Text("GETS"), false);
    check("a=é", Found::Escaped(r"\u00e9"), true);
    check("a=é", Found::Text("e\u{301}"), false);
    check(r#"a=x"y"#, Found::Doubled(r#"x""y"#), true);
    check("a=true", Found::Bool(true), true);
    check("a=true", Found::Bool(false), false);
    check("a=x y", Found::Text("x y"), true);
    check("a = x ", Found::Text("x"), true);
    check(r#"a=" x""#, Found::Text(" x"), true);
    check(r#"a="\u0078\n""#, Found::Text("x\n"), true);
    check(r#"a={"b":1}"#, Found::Object(r#"{"b":1}"#), true);
    check("a=[1]", Found::Array("[1]"), true);
    check("a=x", Found::NotUtf8 { at: 0 }, false);
    check("a!=x", Found::NotUtf8 { at: 0 }, true);
    // Neither a number of JSON nor a duration.
    check("a=007", Found::Text("007"), true);
    check("a=007", Found::Number("7"), false);
    check("a=+5", Found::Number("5"), false);
    check("a=1.2.3", Found::Text("1.2.3"), true);
}

#[test]
fn numbers_are_compared_by_value() {
    for same in ["404", "404.0", "4.04e2", "4040e-1", "404.000000000000000000000"] {
        check("a=404", Found::Number(same), true);
        check("a=404", Found::Text(same), true);
        check("a!=404", Found::Text(same), false);
        check("a>=404", Found::Number(same), true);
        check("a<=404", Found::Number(same), true);
        check("a<404", Found::Number(same), false);
        check("a>404", Found::Number(same), false);
    }
    check("a=404", Found::Escaped(r"\u0034\u0030\u0034"), true);
    check("a<500", Found::Number("499.999999999999999999999"), true);
    check("a<500", Found::Number("500.000000000000000000001"), false);
    check("a>9007199254740992", Found::Number("9007199254740993"), true);
    check("a=9007199254740993", Found::Number("9007199254740992"), false);
    check("a>0.1", Found::Number("0.1000000000000000055"), true);
    check("a>18446744073709551616", Found::Number("18446744073709551617"), true);
    check("a>1e400", Found::Number("1.0000001e400"), true);
    check("a>1e400", Found::Number("1e401"), true);
    check("a<1e-400", Found::Number("1e-401"), true);
    check("a>0", Found::Number("1e-400"), true);
    check("a<0", Found::Number("-1e-400"), true);
    check("a<0", Found::Number("-0"), false);
    check("a=0", Found::Number("-0.0"), true);
    check("a<-1.5", Found::Number("-2"), true);
    check("a<-1.5", Found::Number("-1"), false);
    check("a>-1.5", Found::Text("-1.25"), true);
    check("a>-1", Found::Number("0"), true);
    // A value in quotes is text.
    check(r#"a="404""#, Found::Number("404"), true);
    check(r#"a="404""#, Found::Number("404.0"), false);
}

#[test]
fn order_is_false_for_what_is_not_a_number() {
    for found in [
        Found::Text("abc"),
        Found::Text("1x"),
        Found::Text(""),
        Found::Text("0x10"),
        Found::Text("007"),
        Found::Text("NaN"),
        Found::Text("Infinity"),
        Found::Text("5ms"),
        Found::Bool(true),
        Found::Object("{}"),
        Found::Array("[5]"),
        Found::NotUtf8 { at: 0 },
    ] {
        for filter in ["a<5", "a<=5", "a>5", "a>=5", "a>=-1"] {
            check(filter, found, false);
        }
        check("a=5", found, false);
        check("a!=5", found, true);
    }
}

#[test]
fn durations_are_compared_by_unit() {
    for same in ["1500ms", "1.5s", "1 s 500 ms", "0:00:01.5", "PT1.5S", "1500000us", "1500.000ms"] {
        check("a=1.5s", Found::Text(same), true);
        check("a=1500ms", Found::Text(same), true);
        check("a>=1500 ms", Found::Text(same), true);
        check("a<1.5s", Found::Text(same), false);
        check("a!=1.5s", Found::Text(same), false);
    }
    check("a>1s", Found::Text("1.000000000000000000001s"), true);
    check("a=1s", Found::Text("1.000000000000000000001s"), false);
    check("a<1min", Found::Text("59.9s"), true);
    check("a<1min", Found::Text("60s"), false);
    check("a>100h", Found::Text("1e30s"), true);
    check("a=1s", Found::Text("x"), false);
    check("a!=1s", Found::Text("x"), true);
    check("a>1s", Found::Text("Plenty"), false);
    check("a=1s", Found::Bool(true), false);
}

#[test]
fn numbers_are_durations_in_the_unit_of_values() {
    let check_in = |unit, filter, field, expected| {
        assert_eq!(holds_in(Some(unit), filter, Some(Found::Number(field))), expected, "{filter}");
        assert_eq!(holds_in(Some(unit), filter, Some(Found::Text(field))), expected, "{filter}");
    };
    check_in(Unit::Milliseconds, "a>1s", "1001", true);
    check_in(Unit::Milliseconds, "a>1s", "1000", false);
    check_in(Unit::Milliseconds, "a=1s", "1e3", true);
    check_in(Unit::Seconds, "a=250ms", "0.25", true);
    check_in(Unit::Seconds, "a=250ms", "0.2500000000000000000001", false);
    check_in(Unit::Hours, "a=1min", "0.0166666666666666666", false);
    check_in(Unit::Hours, "a>1min", "0.0166666666666666667", true);
    check_in(Unit::Minutes, "a=90s", "1.5", true);
    check_in(Unit::Nanoseconds, "a<1us", "999.9999999999999999", true);
    check_in(Unit::Seconds, "a<1s", "-1", true);
    for (index, unit) in Unit::ALL.into_iter().enumerate() {
        let field = ["3600000000000", "3600000000", "3600000", "3600", "60", "1"][index];
        check_in(unit, "a=1h", field, true);
    }

    let filter = Filter::parse("a!=1s").unwrap();
    let mut scratch = String::new();
    for field in
        [Found::Number("5"), Found::Text("5"), Found::Escaped(r"\u0035"), Found::Number("-5")]
    {
        assert_eq!(filter.holds(Some(field), None, &mut scratch), Err(UnitNeeded), "{field:?}");
    }
    assert_eq!(filter.holds(Some(Found::Text("five")), None, &mut scratch), Ok(true));
    assert_eq!(filter.holds(None, None, &mut scratch), Ok(true));
}

#[cfg(feature = "regex")]
#[test]
fn expressions_are_searched() {
    check("a~^/api/", Found::Text("/api/x"), true);
    check("a~api", Found::Text("/api/x"), true);
    check("a~^api", Found::Text("/api/x"), false);
    check("a!~api", Found::Text("/api/x"), false);
    check("a!~api", Found::Text("/x"), true);
    check("a~5..", Found::Number("503"), true);
    check("a~^(pass|fail)$", Found::Text("pass"), true);
    check("a ~ ^tr", Found::Bool(true), true);
    check("a~é", Found::Escaped(r"caf\u00e9"), true);
    check(r#"a~"x y ""#, Found::Text("x y z"), true);
    check(r#"a~"x y ""#, Found::Text("x y"), false);
    check("a~<b>=", Found::Text("<b>="), true);
    check(r#"a~."k":1"#, Found::Object(r#"{"k":1}"#), true);
    check("a~.", Found::NotUtf8 { at: 0 }, false);
}

#[test]
fn first_operator_outside_of_quotes_separates() {
    let path = |filter: &str| Filter::parse(filter).unwrap().path().to_string();
    assert_eq!(path("a.b[0]=x"), "a.b[0]");
    assert_eq!(path(r#" "a=b" != c=d"#), r#""a=b""#);
    assert_eq!(path(r#"h["x<y"]>=5"#), r#"h["x<y"]"#);
    assert_eq!(path(r#"a="b""#), "a");
    assert_eq!(path("a|b.c<5"), "a|b.c");
    assert_eq!(path(r#"! "a=b" "#), r#""a=b""#);
    check("a=b=c", Found::Text("b=c"), true);
    check("a=b!", Found::Text("b!"), true);
    check("a= <b>", Found::Text("<b>"), true);
    check("a=!b", Found::Text("!b"), true);
}

#[test]
fn messages_name_the_byte() {
    let key = "expected a key or a string in double quotes";
    refused("", &format!("path ends, {key} (byte 0)"));
    refused("  ", &format!("path ends, {key} (byte 2)"));
    refused("=5", &format!("path ends, {key} (byte 0)"));
    refused("!", &format!("path ends, {key} (byte 1)"));
    refused(" a..b = 5", &format!("found `.`, {key} (byte 3)"));
    let after = "expected `.`, `[`, `|`, the end, or the key in double quotes";
    refused("a b=5", &format!("found white space, {after} (byte 1)"));
    refused("! a b", &format!("found white space, {after} (byte 3)"));
    refused("a,b", &format!("found `,`, {after} (byte 1)"));
    refused(r#""a=5"#, "path ends, expected `\"` at the end of the key (byte 4)");

    let operators = "expected one of `=`, `!=`, `<`, `<=`, `>`, `>=`, `~`, `!~`";
    for (filter, found) in [
        ("a==5", "=="),
        ("a=~5", "=~"),
        ("a<>5", "<>"),
        ("a!5", "!"),
        ("a!==5", "!=="),
        ("a<==5", "<=="),
    ] {
        refused(filter, &format!("found `{found}`, {operators} (byte 1)"));
    }
    let negated = "after `!` and a field, expected `!=` or `!~` between field and value";
    refused("!a=5", &format!("found `=` {negated} (byte 2)"));
    refused("!a~5", &format!("found `~` {negated} (byte 2)"));

    let string = "value begins with `\"`, expected one string of JSON up to the end";
    refused(r#"a="b"#, &format!("{string} (byte 4)"));
    refused(r#"a= "b"c"#, &format!("{string} (byte 6)"));
    refused(r#"a="\x""#, &format!("{string} (byte 4)"));
    #[cfg(feature = "regex")]
    refused("a ~ b(", "unclosed group (byte 5)");
    #[cfg(feature = "regex")]
    refused(r#"a!~"\n(""#, "unclosed group (byte 3)");
    #[cfg(not(feature = "regex"))]
    refused(
        "a~b",
        "operator needs regular expressions, this build does not have the feature `regex` (byte 2)",
    );
}

#[test]
fn any_value_is_compared() {
    for filter in ["a=", r#"a="""#, "a = "] {
        check(filter, Found::Text(""), true);
        check(filter, Found::Text("x"), false);
        assert!(!holds_in(None, filter, None), "{filter}");
    }
    check("a!=", Found::Text("x"), true);
    check("a!=", Found::Text(""), false);
    check("a=-", Found::Text("x"), false);
    for found in [Found::Text("B"), Found::Text("5"), Found::Number("5"), Found::Text("5ms")] {
        for filter in ["a>A", "a>=A", "a<A", "a<=A", "a>", r#"a>"4""#, r#"a<="5""#, "a<1,5s"] {
            check(filter, found, false);
        }
    }
    assert!(!holds_in(None, "a<z", None));
}

#[cfg(feature = "regex")]
#[test]
fn empty_expression_is_found_in_any_text() {
    check("a~", Found::Text("x"), true);
    check("a!~", Found::Text("x"), false);
}

#[test]
fn filters_that_do_not_depend_on_the_record_are_named() {
    let warning = |filter: &str| {
        let warning = Filter::parse(filter).unwrap().warning(&["n/a".into(), "0".into()]);
        warning.map(|warning| warning.to_string())
    };
    let missing = "is missing: `PATH` and `!PATH` test that";
    for (filter, found) in
        [("a=", ""), (r#"a="""#, ""), (r#"a!=" ""#, " "), ("a!= -", "-"), ("a=n/a", "n/a")]
    {
        assert_eq!(warning(filter), Some(format!("a field that is `{found}` {missing}")));
    }
    assert_eq!(
        warning("a<b").unwrap(),
        "value is `b`, expected a number or a duration such as `2.5ms`, `1m2.5s` or `0:01:02`"
    );
    assert_eq!(
        warning("a > 1,5s").unwrap(),
        "value is `1,5s`, expected `.` before decimals, and no separator between thousands"
    );
    assert_eq!(
        warning(r#"a>="5""#).unwrap(),
        "value is a string, expected a number or a duration without quotes"
    );
    for filter in ["a", "!a", "a=x", "a!=5", "a<5", "a>=1s", "a=--", "a<0", "a=N/A"] {
        assert_eq!(warning(filter), None, "{filter}");
    }
}

#[test]
fn filters_are_equal_if_written_alike() {
    let parse = |text| Filter::parse(text).unwrap();
    assert_eq!(parse("a=1"), parse("a=1"));
    assert_ne!(parse("a=1"), parse("a=1.0"));
}

/// An exact number: digits times ten to the power of `exponent`.
#[derive(Debug, Clone)]
struct Exact {
    digits: BigInt,
    exponent: i64,
}

impl Exact {
    fn compare(&self, other: &Self) -> Ordering {
        let lowest = self.exponent.min(other.exponent);
        let scaled = |number: &Self| {
            let power = u32::try_from(number.exponent - lowest).unwrap();
            &number.digits * BigInt::from(10).pow(power)
        };
        scaled(self).cmp(&scaled(other))
    }
}

prop_compose! {
    /// A number in one of its notations, with its value.
    fn number()(
        digits in prop_oneof![0_i128..1000, 0_i128..1 << 70, Just(1 << 53), Just((1 << 53) + 1)],
        is_negative in any::<bool>(),
        places in 0_usize..4,
        zeros in 0_usize..4,
        exponent in prop_oneof![Just(0_i64), -3_i64..4, -330_i64..330],
        is_text in any::<bool>(),
    ) -> (String, Exact, bool) {
        let padded = format!("{digits:0width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        let mut text = format!("{}{whole}", if is_negative { "-" } else { "" });
        if places + zeros > 0 {
            text += &format!(".{fraction}{}", "0".repeat(zeros));
        }
        if exponent != 0 {
            text += &format!("e{exponent}");
        }
        let digits = BigInt::from(if is_negative { -digits } else { digits });
        (text, Exact { digits, exponent: exponent - places as i64 }, is_text)
    }
}

/// Checks all operators against the true order.
fn check_order(
    value: &str,
    found: Found<'_>,
    unit: Option<Unit>,
    order: Ordering,
) -> Result<(), TestCaseError> {
    for (operator, expected) in [
        ("=", order.is_eq()),
        ("!=", order.is_ne()),
        ("<", order.is_lt()),
        ("<=", order.is_le()),
        (">", order.is_gt()),
        (">=", order.is_ge()),
    ] {
        let filter = format!("a{operator}{value}");
        prop_assert_eq!(
            holds_in(unit, &filter, Some(found)),
            expected,
            "{} of {:?}",
            filter,
            found
        );
    }
    Ok(())
}

proptest! {
    #[test]
    fn numbers_have_their_exact_order(
        field in number(),
        other in number(),
        more in prop::option::of(0..2),
    ) {
        let (text, exact, is_text) = field;
        // Often the same number, or one that differs in the digit after the last.
        let (value, value_exact) = match more {
            Some(more) => {
                let (digits, exponent) = (&exact.digits * 10 + more, exact.exponent - 1);
                (format!("{digits}e{exponent}"), Exact { digits, exponent })
            }
            None => (other.0, other.1),
        };
        let found = if is_text { Found::Text(&text) } else { Found::Number(&text) };
        check_order(&value, found, None, exact.compare(&value_exact))?;
    }

    #[test]
    fn durations_have_their_exact_order(
        field in (0_u64..100_000, 0_usize..8, any::<bool>()),
        value in (0_u64..100_000, 0_usize..7),
        unit in 0_usize..6,
    ) {
        const UNITS: [(&str, u128); 7] = [
            ("ns", 1), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000),
            ("min", 60_000_000_000), ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
        ];
        let unit = Unit::ALL[unit];
        // Thousandths of a unit, without a unit if there is none of that number.
        let (name, nanos) = UNITS.get(field.1).copied().unwrap_or(("", unit.nanos().into()));
        let text = format!("{}.{:03}{name}", field.0 / 1000, field.0 % 1000);
        let (name, value_nanos) = UNITS[value.1];
        let written = format!("{}.{:03}{name}", value.0 / 1000, value.0 % 1000);
        let order = (u128::from(field.0) * nanos).cmp(&(u128::from(value.0) * value_nanos));
        check_order(&written, Found::Text(&text), Some(unit), order)?;
    }

    #[test]
    fn other_texts_are_equal_by_bytes(
        field in "[a-c\"\\\\é]{1,3}",
        value in "[a-c\"\\\\é]{1,3}",
    ) {
        let filter = format!("a={}", serde_json::to_string(&value).unwrap());
        prop_assert_eq!(holds_in(None, &filter, Some(Found::Text(&field))), field == value);
        let escaped = serde_json::to_string(&field).unwrap();
        let raw = Found::Escaped(&escaped[1..escaped.len() - 1]);
        prop_assert_eq!(holds_in(None, &filter, Some(raw)), field == value);
    }

    #[test]
    fn opposites_never_agree(
        operator in prop::sample::select(vec!["", "=", "~"]),
        value in prop::sample::select(vec!["5", "5s", "x", "\"5\"", "5.0", "true"]),
        field in prop::sample::select(vec![
            None, Some(Found::Null), Some(Found::Number("5")), Some(Found::Text("5s")),
            Some(Found::Text("x")), Some(Found::Bool(true)), Some(Found::NotUtf8 { at: 1 }),
        ]),
    ) {
        prop_assume!(operator != "~" || cfg!(feature = "regex"));
        let (one, other) = match operator {
            "" => ("a".to_owned(), "!a".to_owned()),
            _ => (format!("a{operator}{value}"), format!("a!{operator}{value}")),
        };
        prop_assert_ne!(holds_in(MS, &one, field), holds_in(MS, &other, field), "{}", one);
    }

    #[test]
    fn no_text_panics_or_errs_inside_a_character(text in "\\PC{0,3}[a=!<>~\"é. ]{0,6}") {
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(text.is_char_boundary(error.at), "{error:?}");
        }
    }
}
