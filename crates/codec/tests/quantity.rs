//! Quantities: their forms, what is refused, and their exact value by rational arithmetic.

use std::cmp::Ordering;
use std::fmt::Write as _;

use codec::{Quantity, QuantityError, QuantityErrorKind, TimeMax, decode};
use core_actions::{ActionTime, Unit};
use num_bigint::BigUint;
use num_rational::Ratio;
use proptest::collection::vec;
use proptest::prelude::*;

#[track_caller]
fn time(text: &str, unit: Option<Unit>) -> Result<ActionTime, QuantityError> {
    Quantity::parse(text).and_then(|quantity| quantity.to_time(unit))
}

#[track_caller]
fn check_integer(text: &str, unit: Option<Unit>, expected: u64) {
    let found = time(text, unit).unwrap();
    assert_eq!(found.as_integer(), Some(expected), "{text} in {unit:?} is {found}");
}

#[track_caller]
fn check_float(text: &str, unit: Option<Unit>, expected: f64) {
    let found = time(text, unit).unwrap();
    assert_eq!(found.as_f64().to_bits(), expected.to_bits(), "{text} in {unit:?} is {found}");
    assert_eq!(found.as_integer(), None, "{text} in {unit:?}");
}

#[track_caller]
fn check_refused(text: &str, expected: &str) {
    let refused = time(text, None).unwrap_err();
    assert_eq!(refused.to_string(), format!("value is `{text}`, {expected}"));
}

#[test]
fn numbers_are_those_of_json() {
    for unit in [None, Some(Unit::Hours)] {
        check_integer("0", unit, 0);
        check_integer("100", unit, 100);
        check_integer("18446744073709551615", unit, u64::MAX);
        check_integer("1e2", unit, 100);
        check_integer("-0.0e5", unit, 0);
        check_integer(" \t12\r\n", unit, 12);
        check_float("12.5", unit, 12.5);
        check_float("1e-7", unit, 1e-7);
        check_float("0.1", unit, 0.1);
    }
}

#[test]
fn numbers_have_one_unit_of_any_name() {
    for (names, seconds) in [
        ("s sec secs second seconds", 1),
        ("m min mins minute minutes", 60),
        ("h hr hrs hour hours", 3_600),
        ("d day days", 86_400),
    ] {
        for name in names.split(' ') {
            check_integer(&format!("3{name}"), None, 3 * seconds);
            check_integer(&format!("0003 {name}"), Some(Unit::Milliseconds), 3_000 * seconds);
            check_integer(&format!("3e0{name}"), None, 3 * seconds);
        }
    }
    for (names, nanos) in [("ns", 1), ("us \u{b5}s \u{3bc}s", 1_000), ("ms", 1_000_000)] {
        for name in names.split(' ') {
            check_integer(&format!("3{name}"), Some(Unit::Nanoseconds), 3 * nanos);
        }
    }
}

#[test]
fn sequences_are_sums() {
    check_integer("1m2.5s", Some(Unit::Milliseconds), 62_500);
    check_float("1h2m3.5s", None, 3_723.5);
    check_integer("1h 2min 3s", None, 3_723);
    check_integer("1 day 2 hours", Some(Unit::Hours), 26);
    check_integer("01h02m03s", None, 3_723);
    check_integer("1d1h1m1s1ms1us1ns", Some(Unit::Nanoseconds), 90_061_001_001_001);
    check_integer("1s90000ms", None, 91);
    check_integer("0s0ns", None, 0);
    check_integer("9s999999999.000ns", Some(Unit::Nanoseconds), 9_999_999_999);
}

#[test]
fn clocks_have_hours_minutes_and_seconds() {
    check_float("00:01:02.5", None, 62.5);
    check_integer("00:01:02,5", Some(Unit::Milliseconds), 62_500);
    check_integer("1:02:03", None, 3_723);
    check_integer("100:59:59", None, 363_599);
    check_integer("0:00:00", None, 0);
    check_integer("0:00:00.000000001", Some(Unit::Nanoseconds), 1);
}

#[test]
fn iso_durations_have_no_months_and_years() {
    check_float("P1DT2H3M4.5S", None, 93_784.5);
    check_integer("P2W", Some(Unit::Hours), 336);
    check_integer("P1D", None, 86_400);
    check_integer("PT0S", None, 0);
    check_integer("PT1M", None, 60);
    check_integer("PT36H", Some(Unit::Minutes), 2_160);
    check_integer("P00DT01H02M03S", None, 3_723);
    check_integer("PT1.5H", None, 5_400);
    check_integer("P0.5W", Some(Unit::Hours), 84);
}

#[test]
fn results_are_rounded_once() {
    check_float("0.1us", None, 1e-7);
    check_float("12.3ms", Some(Unit::Milliseconds), 12.3);
    check_float("0.3s", Some(Unit::Minutes), 0.005);
    // A product of floats is 1004.9999999999999.
    check_integer("1.005s", Some(Unit::Milliseconds), 1_005);
}

#[test]
fn integers_are_exact_and_limited() {
    let max = u64::MAX;
    check_integer(&format!("{max}ns"), Some(Unit::Nanoseconds), max);
    check_integer(&format!("{max}.000ms"), Some(Unit::Milliseconds), max);
    check_integer("18446744073709551.615s", Some(Unit::Milliseconds), max);
    check_integer("1106804644422573096900min", Some(Unit::Hours), max);
    check_integer("66408278665354385814000s", Some(Unit::Hours), max);
    check_integer("9007199254740993ms", Some(Unit::Milliseconds), (1 << 53) + 1);
    check_integer("9007199254740993000000ns", Some(Unit::Milliseconds), (1 << 53) + 1);
    let limit = "limit is 18446744073709551615";
    check_refused("18446744073709551616", limit);
    check_refused("18446744073709551616s", limit);
    check_refused("18446744073709551615s1000ms", limit);
    check_refused("5124095576030432h", limit);
    check_refused(&"9".repeat(32), limit);
    check_integer("5124095576030431h", None, 18_446_744_073_709_551_600);
    // A fraction of a unit is not an integer, so it is rounded.
    check_float("66408278665354385814001s", Some(Unit::Hours), 18_446_744_073_709_551_616.0);
    check_float("18446744073709551616.0s", None, 18_446_744_073_709_551_616.0);
    check_float("1e300s", None, 1e300);
}

#[test]
fn exponents_of_any_size_are_read() {
    check_refused("1e400", "limit is 1.7976931348623157e308");
    check_refused("1e309s", "limit is 1.7976931348623157e308");
    check_refused("1e99999999999999999999h", "limit is 1.7976931348623157e308");
    check_float("1.7976931348623157e299s", Some(Unit::Nanoseconds), f64::MAX);
    let above = time("1.7976931348623159e299s", Some(Unit::Nanoseconds)).unwrap_err();
    assert_eq!(above.kind, QuantityErrorKind::TooLarge(TimeMax::Float));
    check_integer("1e-99999999999999999999h", None, 0);
    check_integer("0e99999999999999999999h", None, 0);
    check_float("5e-324s", None, f64::from_bits(1));
    check_float("1.9e-319h", Some(Unit::Hours), 1.9e-319);
    check_float("6.84e-316s", Some(Unit::Hours), 1.9e-319);
}

#[test]
fn other_texts_are_refused_with_what_to_do() {
    let form = "expected a number or a duration such as `2.5ms`, `1m2.5s` or `0:01:02`";
    for text in
        ["abc", "s", "ms 5", ".", "1e", "1ee5", "5s!", "1;2", "NaN", "inf", "1:2:3:4", ":1:2"]
    {
        check_refused(text, form);
    }
    for text in ["", " ", " \t\r\n"] {
        let expected = "value is blank, expected a number or a duration such as `2.5ms`";
        assert_eq!(time(text, None).unwrap_err().to_string(), expected);
    }
    for text in ["+5", "-5ms", "-1m", "+1:02:03", "1m-5s", "1h+5m", "PT-5S", "-P1D"] {
        check_refused(text, "expected no sign");
    }
    check_refused("-1", "expected 0 or more");
    check_refused("-1e-400", "expected 0 or more");
    for text in ["007", "00", "00.5"] {
        check_refused(text, "expected a number without leading zeros, or a unit after it");
    }
    for text in [".5", "5.", "5.s", ".5ms", "1.e3", "0:00:01.", "PT5.S"] {
        check_refused(text, "expected a digit before and after the point");
    }
    for text in ["1,5", "1,5s", "1,234,567", "1_000", "1'000ms", "1 000", "PT1,5S"] {
        check_refused(text, "expected `.` before decimals, and no separator between thousands");
    }
    let space = time("1\u{a0}000", None).unwrap_err();
    assert_eq!(space.kind, QuantityErrorKind::Separator);
    for text in ["5%", "5 %", "0.5%"] {
        check_refused(text, "expected a number or a duration, not a percentage");
    }
    check_refused("1m30", "expected a unit after each number");
    for text in ["5MS", "5 Sec", "5M", "5H", "5 parsecs", "5µ", "1e5e", "5 x10", "1m5x"] {
        check_refused(text, "expected the unit ns, us, ms, s, min, h or d, in lower case");
    }
    for text in ["1mo", "2 months", "1y", "1 Year", "P1Y", "P1M", "P1Y2M3DT4H", "1y2d"] {
        let expected = "expected days or smaller units, because months and years vary in length";
        check_refused(text, expected);
    }
    for text in ["1s2m", "1s1s", "1s 1 sec", "1ms1h", "PT1S1M", "PT1H1H"] {
        check_refused(text, "expected each unit at most once, the largest first");
    }
    for text in ["1.5h3m", "1.0m1s", "1e1m1s", "1m1e1s", "PT1.5H1M"] {
        check_refused(text, "expected no exponent, and a fraction in the last number only");
    }
    for text in ["01:02", "1:2", "1:02.5", "123:45,6"] {
        check_refused(text, "expected hours as well, such as `0:01:02`");
    }
    for text in ["1:60:00", "1:00:60", "1:2:03", "1:02:3", "1:002:03", "1::03", "1:02:"] {
        check_refused(text, "expected minutes and seconds of two digits, from 00 to 59");
    }
    for text in [
        "P",
        "PT",
        "P1DT",
        "P1",
        "PT1",
        "P1S",
        "PT1D",
        "P1H",
        "P1W1D",
        "P1D1W",
        "P2WT1H",
        "PTT1S",
        "P1DT1HT1M",
        "PT1e1S",
        "P1d",
        "PT1s",
        "P T1S",
    ] {
        check_refused(text, "expected an ISO 8601 duration such as `P1DT2H3M4.5S` or `P2W`");
    }
}

#[test]
fn messages_hold_neither_long_texts_nor_control_characters() {
    let refused = time("5\u{1b}[31m\u{202e}s", None).unwrap_err().to_string();
    assert!(refused.starts_with("value is `5\\u{1b}[31m\\u{202e}s`, expected"), "{refused}");
    let refused = time(&"x".repeat(1_000_000), None).unwrap_err();
    assert_eq!(refused.found.as_str(), "x".repeat(32) + "…");
}

#[test]
fn numbers_and_durations_are_not_compared() {
    let parse = |text| Quantity::parse(text).unwrap();
    assert_eq!(parse("1").partial_cmp(&parse("1s")), None);
    assert_ne!(parse("0"), parse("0s"));
    assert_eq!(parse("1").in_unit(Unit::Seconds), parse("1s"));
    assert_eq!(parse("-0"), parse("0.000e7"));
    assert!(parse("-1e400") < parse("-1") && parse("-1") < parse("-0.5"));
    assert!(parse("-0.5") < parse("0") && parse("0") < parse("1e-400"));
    assert!(parse("0.30000000000000000000000000001") > parse("0.3"));
    assert!(parse("1e99999999999999999999") > parse("1e400"));
}

/// Decimal digits, of which some are long.
fn digits(max: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[0-9]{1,6}",
        2 => "[0-9]{1,25}",
        1 => vec(prop_oneof![Just('0'), Just('9'), proptest::char::range('0', '9')], 1..max)
            .prop_map(String::from_iter),
    ]
}

/// A number with its exact value.
#[derive(Debug, Clone)]
struct Literal {
    text: String,
    value: Ratio<BigUint>,
    is_float: bool,
}

fn literal(whole: &str, fraction: &str, exponent: i32) -> Literal {
    let trimmed = whole.trim_start_matches('0');
    let mut text = if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() };
    let mut digits = text.clone();
    if !fraction.is_empty() {
        write!(text, ".{fraction}").unwrap();
        digits += fraction;
    }
    if exponent != 0 {
        write!(text, "e{exponent}").unwrap();
    }
    let power = exponent - fraction.len() as i32;
    let (digits, ten) = (digits.parse::<BigUint>().unwrap(), BigUint::from(10_u8));
    let power_of_ten = ten.pow(power.unsigned_abs());
    let value = if power < 0 {
        Ratio::new(digits, power_of_ten)
    } else {
        Ratio::from(digits * power_of_ten)
    };
    Literal { text, value, is_float: !fraction.is_empty() || exponent != 0 }
}

fn number(digits_max: usize) -> impl Strategy<Value = Literal> {
    let fraction = prop_oneof![Just(String::new()), digits(digits_max)];
    let exponent = prop_oneof![3 => Just(0), 1 => -40..40, 1 => -420..420];
    (digits(digits_max), fraction, exponent)
        .prop_map(|(whole, fraction, exponent)| literal(&whole, &fraction, exponent))
}

/// The units of sequences with their nanoseconds, the largest first.
const UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("hours", 3_600_000_000_000),
    ("m", 60_000_000_000),
    (" s", 1_000_000_000),
    ("ms", 1_000_000),
    ("µs", 1_000),
    ("ns", 1),
];

fn nanos(number: &Literal, unit: u64) -> Ratio<BigUint> {
    &number.value * BigUint::from(unit)
}

/// A quantity with a unit, with its nanoseconds.
fn duration() -> impl Strategy<Value = Literal> {
    let one = (number(800), 0..UNITS.len()).prop_map(|(number, unit)| {
        let (name, unit) = UNITS[unit];
        Literal { text: format!("{}{name}", number.text), value: nanos(&number, unit), ..number }
    });
    let several = (vec(prop::option::of(digits(40)), UNITS.len()), digits(300), 0..8_usize)
        .prop_map(|(parts, fraction, fractions)| {
            let mut sum = Literal { text: String::new(), value: Ratio::default(), is_float: false };
            let last = parts.iter().rposition(Option::is_some).unwrap_or(0);
            for (index, (part, (name, unit))) in parts.iter().zip(UNITS).enumerate() {
                let Some(part) = part.as_deref().or((index == last).then_some("7")) else {
                    continue;
                };
                let fraction = if index == last && fractions > 3 { &*fraction } else { "" };
                let number = literal(part, fraction, 0);
                write!(sum.text, "{}{name}", number.text).unwrap();
                sum.value += nanos(&number, unit);
                sum.is_float = number.is_float;
            }
            sum
        });
    prop_oneof![one, several]
}

/// A float as an integer times 2^-1074; infinity as the power of two that follows.
fn units_of(float: f64) -> BigUint {
    let (exponent, fraction) = (float.to_bits() >> 52, float.to_bits() & ((1 << 52) - 1));
    let mantissa = BigUint::from(if exponent == 0 { fraction } else { fraction | 1 << 52 });
    mantissa << (exponent.max(1) - 1)
}

/// Checks that no float is nearer, and that of two as near it is the even one.
#[track_caller]
fn check_nearest(float: f64, truth: &Ratio<BigUint>) {
    let middle = |neighbour: f64| units_of(float) + units_of(neighbour);
    let compared = |middle: BigUint| (middle * truth.denom()).cmp(&(truth.numer() << 1_075_u32));
    let even = float.to_bits().is_multiple_of(2);
    if float > 0.0 {
        let below = compared(middle(float.next_down()));
        assert!(below.is_lt() || below.is_eq() && even, "{float} is too large");
    }
    if float.is_finite() {
        let above = compared(middle(float.next_up()));
        assert!(above.is_gt() || above.is_eq() && even, "{float} is too small");
    }
}

/// Checks a text against the exact number of nanoseconds.
#[track_caller]
fn check_duration(text: &str, nanos: &Ratio<BigUint>, is_float: bool, unit: Unit) {
    let truth = Ratio::new_raw(nanos.numer().clone(), nanos.denom() * unit.nanos());
    let is_integer = (truth.numer() % truth.denom()) == BigUint::ZERO;
    let integer = is_integer.then(|| u64::try_from(truth.numer() / truth.denom()));
    match (time(text, Some(unit)), integer) {
        (found, Some(Ok(integer))) => assert_eq!(found.unwrap().as_integer(), Some(integer)),
        (found, Some(Err(_))) if !is_float => {
            let expected = QuantityErrorKind::TooLarge(TimeMax::Integer);
            assert_eq!(found.unwrap_err().kind, expected);
        }
        (Ok(found), _) => check_nearest(found.as_f64(), &truth),
        (Err(refused), _) => {
            assert_eq!(refused.kind, QuantityErrorKind::TooLarge(TimeMax::Float));
            check_nearest(f64::INFINITY, &truth);
        }
    }
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() }
}

fn unit() -> impl Strategy<Value = Unit> {
    proptest::sample::select(&Unit::ALL[..])
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn durations_are_exact_and_rounded_once(duration in duration(), unit in unit()) {
        check_duration(&duration.text, &duration.value, duration.is_float, unit);
    }

    #[test]
    fn midpoints_round_to_even(
        bits in prop_oneof![0..1_u64 << 54, 0..f64::MAX.to_bits(), (1000_u64 << 52..1080 << 52)],
        unit in unit(),
        input in 0..UNITS.len(),
        zeros in prop_oneof![Just(0), 0..900_usize],
    ) {
        let below = f64::from_bits(bits);
        // The midpoint above it in `unit`, as nanoseconds, and as a decimal number of input units.
        let twice = units_of(below) + units_of(below.next_up());
        let digits = twice * BigUint::from(5_u8).pow(1_075) * BigUint::from(unit.nanos());
        let (name, input) = UNITS[input];
        prop_assume!((&digits % input) == BigUint::ZERO);
        let digits = digits / input * BigUint::from(10_u8).pow(zeros as u32);
        let exponent = -1_075 - zeros as i64;
        for digits in [&digits - 1_u8, digits.clone(), &digits + 1_u8] {
            let text = format!("{digits}e{exponent}{name}");
            let power = BigUint::from(10_u8).pow(exponent.unsigned_abs() as u32);
            let nanos = Ratio::new_raw(digits * input, power);
            check_duration(&text, &nanos, true, unit);
        }
    }

    #[test]
    fn order_is_that_of_exact_values(
        one in duration(), other in duration(), unit in unit(), number in number(60),
        negative: [bool; 2],
    ) {
        let parse = |text: &str| Quantity::parse(text).unwrap();
        let expected = one.value.cmp(&other.value);
        prop_assert_eq!(parse(&one.text).partial_cmp(&parse(&other.text)), Some(expected));
        // A number in a unit, against a duration and against the same number with that unit.
        let bare = parse(&number.text).in_unit(unit);
        let nanos = nanos(&number, unit.nanos());
        prop_assert_eq!(bare.partial_cmp(&parse(&one.text)), Some(nanos.cmp(&one.value)));
        prop_assert_eq!(&bare, &parse(&format!("{}{unit}", number.text)));
        // Numbers with signs.
        let sign = |negative: bool| if negative { "-" } else { "" };
        let [first, second] = [(&number, negative[0]), (&literal("12", "5", 0), negative[1])]
            .map(|(number, negative)| parse(&format!("{}{}", sign(negative), number.text)));
        let twelve = Ratio::new(BigUint::from(25_u8), BigUint::from(2_u8));
        let expected = match negative {
            [false, false] => number.value.cmp(&twelve),
            [true, true] => twelve.cmp(&number.value),
            [false, true] => Ordering::Greater,
            [true, false] => Ordering::Less,
        };
        prop_assert_eq!(first.partial_cmp(&second), Some(expected));
    }

    #[test]
    fn numbers_are_read_as_in_json(number in number(900)) {
        let line = format!(r#"{{"action":"a","time":{}}}"#, number.text);
        let json = decode(line.as_bytes()).map(|action| action.time);
        prop_assert_eq!(time(&number.text, None).ok(), json.ok());
    }

    #[test]
    fn any_text_is_read_or_refused(
        text in prop_oneof!["\\PC*", "[0-9.:,eEPTHMSDWnuµmshd +-]{0,16}",
            "P?T?([0-9]{1,3}[.,]?[YMWDHMSTµa-z: %]){0,5}"],
        unit in unit(),
    ) {
        if let Ok(quantity) = Quantity::parse(&text) {
            let found = quantity.to_time(Some(unit));
            prop_assert_eq!(found, quantity.clone().to_time(Some(unit)));
            prop_assert_eq!(quantity.partial_cmp(&quantity), Some(Ordering::Equal));
        }
    }
}

#[test]
fn long_texts_take_linear_time() {
    let long = "7".repeat(1 << 20);
    let expected = QuantityErrorKind::TooLarge(TimeMax::Integer);
    assert_eq!(time(&format!("{long}s"), None).unwrap_err().kind, expected);
    check_float(&format!("0.{long}h"), Some(Unit::Hours), 7.0 / 9.0);
    check_float(&format!("1m0.{long}s"), None, 60.0 + 7.0 / 9.0);
    check_float(&format!("0:00:00.{long}"), None, 7.0 / 9.0);
    check_float(&format!("{}0.5s", "0".repeat(1 << 20)), None, 0.5);
    check_float(&format!("{long}e-{}s", 1 << 20), Some(Unit::Minutes), 7.0 / 540.0);
    let sequence = format!("{long}d{long}h{long}m{long}s{long}ms{long}us{long}ns");
    let expected = QuantityErrorKind::TooLarge(TimeMax::Float);
    assert_eq!(time(&sequence, None).unwrap_err().kind, expected);
}
