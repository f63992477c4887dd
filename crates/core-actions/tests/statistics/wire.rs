//! Promise A9, of statistics: what is written is read back, in a form that does not change, and
//! what no statistic can have become is refused.

use std::fmt::Debug;

use core_actions::{
    ActionTime, Count, HasCount, HasMean, Histogram, Last, Level, Mean, MinMax, Quantile,
    Quantiles, Signed, SignedValue, Statistic, Subtract, Summary, Timestamped, TopK, Values,
    Variance,
};
use core_time::Stamp;
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::kinds::{held, signed, stamped};
use crate::values::{any_time, edges, of, time};

/// Writes and reads a value in a form for people and in one that is not.
#[track_caller]
fn read_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> T {
    let text = serde_json::to_string(value).unwrap();
    let read: T = serde_json::from_str(&text).unwrap();
    assert_eq!(&read, value, "by {text}");
    let bytes = postcard::to_allocvec(value).unwrap();
    assert_eq!(&postcard::from_bytes::<T>(&bytes).unwrap(), value, "by {text}, in bytes");
    read
}

/// Reads back the statistics of two halves of some values, which must merge as they do themselves.
#[track_caller]
fn check_one<S>(values: &[S::Value]) -> [S; 2]
where
    S: Statistic + Serialize + DeserializeOwned + PartialEq + Debug,
{
    let (one, two) = values.split_at(values.len() / 3);
    let [mut one, two] = [one, two].map(|part| read_back(&of::<S>(part)));
    one.merge(&two);
    assert_eq!(one, of::<S>(values));
    [one, two]
}

fn check_subtracted<S>(values: &[S::Value])
where
    S: Subtract + Serialize + DeserializeOwned + PartialEq + Debug,
{
    let [mut whole, part] = check_one::<S>(values);
    whole.subtract(&part);
    assert_eq!(whole, of::<S>(&values[..values.len() / 3]));
    read_back(&whole);
}

fn check(times: &[ActionTime]) {
    times.iter().for_each(|time| _ = read_back(time));
    check_subtracted::<Count>(times);
    check_subtracted::<Mean>(times);
    check_subtracted::<Variance>(times);
    check_subtracted::<Histogram>(times);
    check_one::<MinMax>(times);
    check_one::<TopK<0>>(times);
    check_one::<TopK<5>>(times);
    check_one::<TopK<500>>(times);
    check_one::<Quantiles>(times);
    check_one::<Values>(times);
    check_one::<Summary>(times);
    check_one::<(Mean, MinMax, Quantiles)>(times);
    let values = signed(times);
    values.iter().for_each(|value| _ = read_back(value));
    check_subtracted::<(Signed<Mean>, Signed<Variance>)>(&values);
    check_one::<(Signed<MinMax>, Signed<Quantiles>)>(&values);
    check_one::<Level>(&held(&values));
    check_one::<(Last, Count)>(&stamped(times));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(times in vec(any_time(), 0..60)) {
        check(&times);
    }

    #[test]
    fn equal_sums_have_one_form(bits in vec(0..1_u64 << 40, 1..20), scale in -40..40) {
        // The same sum by integers, by fractions and by halves of them.
        let scale = 2_f64.powi(scale);
        let floats: Vec<_> = bits.iter().map(|&bits| time(bits as f64 * scale)).collect();
        let sum = floats.iter().map(|time| time.as_f64()).sum::<f64>(); // Exact, in 45 bits.
        let mut whole = of::<Mean>(&[time(sum)]);
        let zeros = vec![ActionTime::ZERO; floats.len() - 1];
        whole.merge(&of(&zeros));
        let parts = of::<Mean>(&floats);
        prop_assert_eq!(&parts, &whole);
        let [parts, whole] = [parts, whole].map(|mean| serde_json::to_string(&mean).unwrap());
        prop_assert_eq!(parts, whole);
    }

    #[test]
    fn nothing_that_is_read_makes_anything_panic(
        times in vec(any_time(), 0..40),
        edits in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        survive(&times, &edits);
    }
}

type Edit = (prop::sample::Index, u8);

/// Reads what is nearly the statistic of some times, and uses what is read without an error.
fn survive(times: &[ActionTime], edits: &[Edit]) {
    fn each<S>(times: &[S::Value], edits: &[Edit], ask: impl Fn(&S))
    where
        S: Statistic<Value: From<ActionTime>> + Serialize + DeserializeOwned,
    {
        const LIKELY: &[u8] = b"0123456789abcdefp-.,[]";
        let edges = || edges().into_iter().map(S::Value::from).collect::<Vec<_>>();
        let statistic = of::<S>(times);
        let mut text = serde_json::to_vec(&statistic).unwrap();
        let mut bytes = postcard::to_allocvec(&statistic).unwrap();
        for (index, new) in edits {
            let (at, in_bytes) = (index.index(text.len()), index.index(bytes.len()));
            text[at] = LIKELY[usize::from(*new) % LIKELY.len()];
            bytes[in_bytes] = *new;
        }
        let read = [serde_json::from_slice(&text).ok(), postcard::from_bytes(&bytes).ok()];
        for mut statistic in read.into_iter().flatten().collect::<Vec<S>>() {
            ask(&statistic);
            edges().into_iter().for_each(|time| statistic.insert(time));
            statistic.insert_all(edges().into_iter());
            let copy = statistic.clone();
            statistic.merge(&copy);
            statistic.merge(&of(&edges()));
            ask(&statistic);
        }
    }
    each::<Count>(times, edits, |_| ());
    each::<Mean>(times, edits, |mean| _ = (mean.mean(), mean.sum()));
    each::<Variance>(times, edits, |variance| {
        _ = (variance.population_variance(), variance.sample_deviation(), variance.mean());
    });
    each::<MinMax>(times, edits, |extent| _ = (extent.min(), extent.max()));
    each::<TopK<3>>(times, edits, |largest| _ = (largest.mean(), largest.times().count()));
    each::<Values>(times, edits, |raw| _ = raw.mean());
    let values: Vec<_> =
        times.iter().map(|&time| SignedValue::try_from(-time.as_f64()).unwrap()).collect();
    each::<Signed<Mean>>(&values, edits, |mean| _ = (mean.mean(), mean.sum(), mean.count()));
    each::<Signed<Variance>>(&values, edits, |it| _ = (it.population_deviation(), it.mean()));
    each::<Signed<Quantiles>>(&values, edits, |it| _ = it.quantile(Quantile::MEDIAN));
    each::<Histogram>(times, edits, |histogram| {
        _ = (histogram.quantile(Quantile::P99), histogram.bins().count(), histogram.count());
    });
    each::<Quantiles>(times, edits, |quantiles| {
        _ = (quantiles.quantile(Quantile::MEDIAN), quantiles.histogram().bins().count());
    });
}

#[test]
fn edges_are_read_back() {
    check(&[]);
    check(&edges());
    check(&[edges(), edges(), edges()].concat());
    for edge in edges() {
        check(&[edge]);
        check(&[edge; 40]);
    }
}

/// The form that is promised, and the statistic of it.
#[track_caller]
pub(crate) fn form<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, text: &str) {
    assert_eq!(serde_json::to_string(value).unwrap(), text);
    assert_eq!(&serde_json::from_str::<T>(text).unwrap(), value);
}

#[test]
fn forms_are_as_promised() {
    let times = [100_u64, 300, 200, 300].map(ActionTime::from);
    form(&times[0], "100");
    form(&ActionTime::from(u64::MAX), "18446744073709551615");
    form(&time(0.5), "0.5");
    form(&of::<Count>(&times), "4");
    form(&of::<Mean>(&times), r#"{"count":4,"sum":"0xe1p2"}"#);
    form(&of::<Mean>(&[]), r#"{"count":0,"sum":"0x0p0"}"#);
    form(&of::<Mean>(&[time(1.5), time(0.125)]), r#"{"count":2,"sum":"0xdp-3"}"#);
    form(&of::<Mean>(&[time(f64::from_bits(1))]), r#"{"count":1,"sum":"0x1p-1074"}"#);
    form(
        &of::<Variance>(&[times[0], time(0.5)]),
        r#"{"count":2,"sum":"0xc9p-1","squares":"0x9c41p-2"}"#,
    );
    form(&of::<MinMax>(&times), "[100,300]");
    form(&of::<MinMax>(&[]), "null");
    form(&of::<TopK<2>>(&times), r#"{"kept":[300,300],"dropped":{"count":2,"sum":"0x4bp2"}}"#);
    form(&of::<Values>(&[time(0.5), times[0]]), "[100,0.5]");
    let some = [time(0.0), time(1.0), time(64.5), time(64.0), time(f64::from_bits(1))];
    let cells = r#"{"cells":[[0,1],[64,1],[68800,1],[69184,2]],"fractions":2}"#;
    form(&of::<Histogram>(&some), cells);
    form(&of::<Quantiles>(&times), r#"{"few":[100,200,300,300],"many":null}"#);
    let many = r#"{"few":[1],"many":{"cells":[[68800,33]],"fractions":0}}"#;
    form(&of::<Quantiles>(&[time(1.0); 33]), many);
    let ends = [vec![time(1.0); 20], vec![time(1.001); 30]].concat();
    let many = r#"{"few":[1,1.001],"many":{"cells":[[68800,20],[68800,30]],"fractions":30}}"#;
    form(&of::<Quantiles>(&ends), many);
    let between = [ends, vec![time(1.0005); 40]].concat();
    let cells = r#"{"cells":[[68800,20],[68800,40],[68800,30]],"fractions":70}"#;
    form(&of::<Quantiles>(&between), &format!(r#"{{"few":[1,1.001],"many":{cells}}}"#));
    let counts = [(0.0, 255), (1.0, 255), (1.0 + 1.0 / 64.0, 256), (1.5, 257)];
    let counted = counts.map(|(float, count)| vec![time(float); count]).concat();
    let cells = r#"{"cells":[[0,255],[68800,255],[68801,256],[68832,257]],"fractions":513}"#;
    let many = format!(r#"{{"few":[0,1.5],"many":{cells}}}"#);
    form(&of::<Histogram>(&counted), cells);
    form(&of::<Quantiles>(&counted), &many);
    let last = Timestamped { stamp: Stamp::from_millis(5), time: times[0] };
    form(&of::<Last>(&[last]), r#"{"stamp":5000000,"time":100}"#);
    form(&of::<Last>(&[]), "null");
    form(&of::<(Count, MinMax)>(&times), "[4,[100,300]]");
    let summary = concat!(
        r#"{"mean":{"count":4,"sum":"0xe1p2"},"minmax":[100,300],"#,
        r#""quantiles":{"few":[100,200,300,300],"many":null}}"#,
    );
    form(&of::<Summary>(&times), summary);
    // Integers by any name.
    assert_eq!(serde_json::from_str::<ActionTime>("1e2").unwrap(), times[0]);
    assert_eq!(postcard::to_allocvec(&times[0]).unwrap(), [0, 100]);
    assert_eq!(postcard::from_bytes::<ActionTime>(&[0, 100]).unwrap(), times[0]);
}

/// What is no such statistic, and why.
#[track_caller]
pub(crate) fn refused<T: DeserializeOwned + Debug>(text: &str, expected: &str) {
    let error = serde_json::from_str::<T>(text).unwrap_err().to_string();
    let message = error.rsplit_once(" at line").map_or(error.as_str(), |(message, _)| message);
    assert_eq!(message, expected, "of {text}");
}

#[test]
fn invalid_times_are_refused() {
    refused::<ActionTime>("-1", "time is negative, it must be 0 or more");
    refused::<ActionTime>("-0.5", "time is negative, it must be 0 or more");
    let expected = "invalid type: string \"1\", expected a time, which is a number of 0 or more";
    refused::<ActionTime>("\"1\"", expected);
    let bits = f64::INFINITY.to_bits().to_le_bytes();
    assert!(postcard::from_bytes::<ActionTime>(&[&[1][..], &bits].concat()).is_err());
    refused::<MinMax>("[2,1]", "maximum is 1, which is less than the minimum 2");
    refused::<Values>("[1,-2]", "time is negative, it must be 0 or more");
}

#[test]
fn invalid_sums_are_refused() {
    let mean = |count: u64, sum: &str| format!(r#"{{"count":{count},"sum":"{sum}"}}"#);
    for text in [
        "",
        "0x",
        "0xp0",
        "p",
        "0x1",
        "1p0",
        "0x2p0",
        "0x01p0",
        "0x1p",
        "0x1p+1",
        "0x1p01",
        "0x1p-0",
        "0X1p0",
        "0xAp0",
        "0xgp0",
        "0x1p1p1",
        "0x-1p0",
        "0x0p1",
        "0x1p-1075",
        "0xép0",
        "0x1p99999999999",
    ] {
        let expected = format!(
            "sum is `{text}`, expected an odd hexadecimal integer and power of two, as in `0x19p2`"
        );
        refused::<Mean>(&mean(1, text), &expected);
    }
    for text in ["0x1p1102", "0x3p1101", "0x1p2147483647"] {
        let expected = format!("sum is `{text}`, which is above the maximum");
        refused::<Mean>(&mean(1 << 63, text), &expected);
    }
    let long = format!("0x{}1p-1074", "f".repeat(2_000));
    let expected = format!("sum is `0x{}…`, which is above the maximum", "f".repeat(38));
    refused::<Mean>(&mean(1, &long), &expected);
    refused::<Mean>(&mean(0, "0x1p0"), "sum is `0x1p0`, impossible with 0 times");
    let huge = of::<Mean>(&[time(f64::MAX); 2]);
    let text = serde_json::to_string(&huge).unwrap().replace("\"count\":2", "\"count\":1");
    assert!(serde_json::from_str::<Mean>(&text).is_err(), "{text}");
}

#[test]
fn sums_of_squares_that_do_not_go_with_the_sum_are_refused() {
    let variance = |count: u64, sum: &str, squares: &str| {
        format!(r#"{{"count":{count},"sum":"{sum}","squares":"{squares}"}}"#)
    };
    // Two times with the sum 4: from 2 and 2 to 0 and 4.
    for (squares, ok) in [("0x7p0", false), ("0x1p3", true), ("0x1p4", true), ("0x11p0", false)] {
        let text = variance(2, "0x1p2", squares);
        if ok {
            assert!(serde_json::from_str::<Variance>(&text).is_ok());
        } else {
            let expected = format!(
                "sum of squares is `{squares}`, impossible with 2 times and the sum `0x1p2`"
            );
            refused::<Variance>(&text, &expected);
        }
    }
    let expected = "sum of squares is `0x0p0`, impossible with 1 time and the sum `0x1p0`";
    refused::<Variance>(&variance(1, "0x1p0", "0x0p0"), expected);
}

#[test]
fn invalid_largest_times_are_refused() {
    let largest = |kept: &str, count: u64, sum: &str| {
        format!(r#"{{"kept":[{kept}],"dropped":{{"count":{count},"sum":"{sum}"}}}}"#)
    };
    refused::<TopK<2>>(&largest("3,2,1", 0, "0x0p0"), "kept 3 times, limit is 2");
    refused::<TopK<2>>(
        &largest("3", 1, "0x1p0"),
        "dropped 1 time while there was room: kept 1, limit is 2",
    );
    refused::<TopK<2>>(
        &largest("3,2", 1, "0x3p0"),
        "smallest kept time is 2, which is less than 3, the mean of the dropped times",
    );
    assert!(serde_json::from_str::<TopK<2>>(&largest("3,2", 1, "0x1p1")).is_ok());
    assert!(serde_json::from_str::<TopK<0>>(&largest("", 1, "0x1p1")).is_ok());
}

#[test]
fn summaries_of_several_are_refused() {
    let summary = |count: u64, minmax: &str, few: &str| {
        let mean = format!(r#"{{"count":{count},"sum":"0x0p0"}}"#);
        let quantiles = format!(r#"{{"few":[{few}],"many":null}}"#);
        format!(r#"{{"mean":{mean},"minmax":{minmax},"quantiles":{quantiles}}}"#)
    };
    let expected = "mean has 2 times, quantiles have 1, minmax is present: true";
    refused::<Summary>(&summary(2, "[0,0]", "0"), expected);
    let expected = "mean has 1 times, quantiles have 1, minmax is present: false";
    refused::<Summary>(&summary(1, "null", "0"), expected);
    assert!(serde_json::from_str::<Summary>(&summary(1, "[0,0]", "0")).is_ok());
    assert!(serde_json::from_str::<Summary>(&summary(0, "null", "")).is_ok());
}

#[test]
fn invalid_bins_are_refused() {
    let cells =
        |cells: &str, fractions: u64| format!(r#"{{"cells":[{cells}],"fractions":{fractions}}}"#);
    let none = |number: u32| {
        refused::<Histogram>(
            &cells(&format!("[{number},1]"), 1),
            &format!("bin {number} does not exist"),
        );
    };
    [1, 63, 65, 127, 129, 200_000, u32::MAX].into_iter().for_each(none);
    let last = of::<Histogram>(&[time(f64::MAX)]);
    let text = serde_json::to_string(&last).unwrap();
    assert_eq!(text, r#"{"cells":[[134335,1]],"fractions":1}"#);
    none(134_336);
    refused::<Histogram>(
        &cells("[68801,1],[68800,1]", 1),
        "bin 68800 follows bin 68801, bins must ascend",
    );
    refused::<Histogram>(
        &cells("[68800,1],[68800,1]", 1),
        "bin 68800 follows bin 68800, bins must ascend",
    );
    refused::<Histogram>(&cells("[68800,0]", 0), "bin 68800 has the count 0, omit it");
    refused::<Histogram>(
        &cells("[68800,18446744073709551615],[68801,1]", 0),
        "count is 18446744073709551615, limit is 9223372036854775808",
    );
    let fractions = |found: u64, min: u64, max: u64| {
        format!("{found} times without an integer value, their bins allow {min} to {max}")
    };
    // Zero; below 1; 1 and a little more; that without 1; 2^52; 2^64.
    for (number, min, max) in
        [(0, 0, 0), (68_799, 5, 5), (68_800, 0, 5), (68_801, 5, 5), (72_128, 0, 0), (72_896, 5, 5)]
    {
        for found in [0, 4, 5, 6] {
            let text = cells(&format!("[{number},5]"), found);
            if (min..=max).contains(&found) {
                assert!(serde_json::from_str::<Histogram>(&text).is_ok(), "{text}");
            } else {
                refused::<Histogram>(&text, &fractions(found, min, max));
            }
        }
    }
}

#[test]
fn invalid_quantiles_are_refused() {
    let few = |times: &str| format!(r#"{{"few":[{times}],"many":null}}"#);
    refused::<Quantiles>(&few("2,1"), "time 1 follows 2, times must ascend");
    let zeros = ["0"; 33].join(",");
    refused::<Quantiles>(&few(&zeros), "`few` has 33 times, limit is 32");
    assert!(serde_json::from_str::<Quantiles>(&few(&zeros[2..])).is_ok());
    let many = |few: &str, count: u64| {
        format!(r#"{{"few":[{few}],"many":{{"cells":[[0,{count}]],"fractions":0}}}}"#)
    };
    refused::<Quantiles>(&many("", 32), "histogram has 32 times, expected more than 32");
    let three = "`few` has 3 times next to a histogram, expected the minimum and the maximum";
    refused::<Quantiles>(&many("0,1,2", 33), three);
    let twice = "`few` has 2 times next to a histogram, expected the minimum and the maximum";
    refused::<Quantiles>(&many("0,0", 33), twice);
    refused::<Quantiles>(&many("1", 33), "cell of the end 1 is of bin 0, expected bin 68800");
    refused::<Quantiles>(&many("0,1", 33), "cell of the end 1 is missing, expected bin 68800");
    assert!(serde_json::from_str::<Quantiles>(&many("", 33)).is_ok());
    assert!(serde_json::from_str::<Quantiles>(&many("0", 33)).is_ok());
    let ends = |few: &str, between: &str, fractions: u64| {
        let cells = format!("[0,20],{between}[68800,30]");
        format!(r#"{{"few":[{few}],"many":{{"cells":[{cells}],"fractions":{fractions}}}}}"#)
    };
    assert!(serde_json::from_str::<Quantiles>(&ends("0,1", "", 0)).is_ok());
    assert!(serde_json::from_str::<Quantiles>(&ends("0,1.01", "[68800,1],", 31)).is_ok());
    let outside = "bin 68801 is not from 0 to 68800, the bins of the minimum and the maximum";
    refused::<Quantiles>(&ends("0,1", "[68801,1],", 0), outside);
    refused::<Quantiles>(&ends("0,1", "[68800,0],", 0), "bin 68800 has the count 0, omit it");
    let fractions = "1 time without an integer value, their bins allow 30 to 31";
    refused::<Quantiles>(&ends("0,1.01", "[68800,1],", 1), fractions);
    refused::<Quantiles>(
        r#"{"few":[],"many":{"cells":[],"fractions":0}}"#,
        "histogram has 0 times, expected more than 32",
    );
}
