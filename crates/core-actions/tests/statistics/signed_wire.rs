//! The wire forms of signed values and their statistics, and what is refused.

use core_actions::{Count, Held, Level, Mean, MinMax, Signed, SignedValue};
use core_time::Stamp;

use crate::values::of;
use crate::wire::{form, refused};

#[test]
fn signed_forms_are_as_promised() {
    let values = [-3, 100, 0].map(SignedValue::from);
    form(&values[0], "-3");
    form(&SignedValue::from(u64::MAX), "18446744073709551615");
    form(&SignedValue::from(i64::MIN), "-9223372036854775808");
    form(&SignedValue::try_from(-0.5).unwrap(), "-0.5");
    form(&SignedValue::try_from(-1e19).unwrap(), "-1e+19");
    form(&of::<Signed<MinMax>>(&values), r#"{"negative":[3,3],"positive":[0,100]}"#);
    let mean = r#"{"negative":{"count":1,"sum":"0x3p0"},"positive":{"count":2,"sum":"0x19p2"}}"#;
    form(&of::<Signed<Mean>>(&values), mean);
    let held = Held { value: values[0], set: Stamp::from_nanos(7), nanos: 5 };
    let level = concat!(
        r#"{"last":{"set":7,"held":true,"value":-3},"minmax":{"negative":[3,3],"positive":null},"#,
        r#""mean":{"negative":{"count":5,"sum":"0xfp0"},"positive":{"count":0,"sum":"0x0p0"}}}"#,
    );
    form(&of::<Level>(&[held]), level);
    assert_eq!(postcard::to_allocvec(&values[0]).unwrap(), [2, 5]);
}

#[test]
fn invalid_signed_values_are_refused() {
    let expected = "invalid type: string \"1\", expected a value, which is a number";
    refused::<SignedValue>("\"1\"", expected);
    let rounded = "is read as a float, which may be rounded, read it from JSON text";
    for float in ["-9007199254740992.0", "9007199254740992.0", "-9007199254740994.0"] {
        let number = float.trim_end_matches(".0");
        refused::<SignedValue>(float, &format!("integer {number} {rounded}"));
    }
    // From -2^63 to -2^53, and no further.
    assert!(serde_json::from_str::<SignedValue>("-9223372036854775808.0").is_err());
    for float in ["-9223372036854777856.0", "-9007199254740991.0"] {
        assert!(serde_json::from_str::<SignedValue>(float).is_ok(), "{float}");
    }
    for bits in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN].map(|it| it.to_bits().to_le_bytes()) {
        assert!(postcard::from_bytes::<SignedValue>(&[&[1][..], &bits].concat()).is_err());
    }
    refused::<Signed<Count>>("[1,2]", "invalid type: sequence, expected a map");
    refused::<Signed<Count>>(r#"{"negative":1}"#, "missing field `positive`");
}

#[test]
fn levels_that_no_values_have_are_refused() {
    let level = |last: &str, minmax: &str, mean: &str| {
        let none = r#"{"count":0,"sum":"0x0p0"}"#;
        let minmax = format!(r#"{{"negative":null,"positive":{minmax}}}"#);
        let mean = format!(r#"{{"negative":{none},"positive":{mean}}}"#);
        format!(r#"{{"last":{last},"minmax":{minmax},"mean":{mean}}}"#)
    };
    let last = |value: u32| format!(r#"{{"set":0,"held":true,"value":{value}}}"#);
    let mean = |count: u32, sum: &str| format!(r#"{{"count":{count},"sum":"{sum}"}}"#);
    let (ok, of_two) = (mean(2, "0x3p1"), "[2,4]");
    assert!(serde_json::from_str::<Level>(&level(&last(4), of_two, &ok)).is_ok());
    let none = "level has a minimum and a maximum without a last value";
    refused::<Level>(&level("null", of_two, &ok), none);
    let outside = "last value 5 is not from the minimum 2 to the maximum 4";
    refused::<Level>(&level(&last(5), of_two, &ok), outside);
    let outside = "last value 1 is not from the minimum 2 to the maximum 4";
    refused::<Level>(&level(&last(1), of_two, &ok), outside);
    let outside = "last value 1 is not from the minimum none to the maximum none";
    refused::<Level>(&level(&last(1), "null", &mean(0, "0x0p0")), outside);
    let outside = "mean 5 is not from the minimum 2 to the maximum 4";
    refused::<Level>(&level(&last(4), of_two, &mean(2, "0x5p1")), outside);
    let outside = "mean 3 is not from the minimum none to the maximum none";
    refused::<Level>(&level("null", "null", &ok), outside);
    let expected = "last value has held, but the mean is of no time";
    refused::<Level>(&level(&last(4), of_two, &mean(0, "0x0p0")), expected);
}
