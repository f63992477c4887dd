//! The binary form of statistics: what is written is added exactly, in one form, and bytes that no
//! statistic writes are refused.

use std::fmt::Debug;

use core_actions::{
    ActionTime, BinaryForm, BinaryReader, BinaryWriter, COUNT_MAX, Count, Histogram, Last, Level,
    Mean, MinMax, Outcome, Outcomes, Quantiles, Signed, Statistic, Summary, TopK, Values, Variance,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::kinds::{held, signed, stamped};
use crate::values::{any_time, edges, of, time};

fn bytes<S: BinaryForm>(statistic: &S) -> Vec<u8> {
    let mut writer = BinaryWriter::default();
    statistic.write(&mut writer);
    writer.into_bytes()
}

/// Adds a statistic to another, which must equal a merge, after a check with the same result.
fn add<S: BinaryForm>(to: &mut S, bytes: &[u8]) -> Result<(), String> {
    let (mut one, mut two) = (BinaryReader::new(bytes), BinaryReader::new(bytes));
    let checked = to.check(&mut one);
    let added = to.add_from(&mut two);
    assert_eq!((&checked, one.at()), (&added, two.at()), "{bytes:x?}");
    assert!(one.left() == 0 || added.is_err(), "{} bytes are left of {bytes:x?}", one.left());
    added.map_err(|error| error.to_string())
}

#[track_caller]
fn check_one<S: BinaryForm + PartialEq + Debug>(values: &[S::Value]) {
    for at in [0, values.len() / 3, values.len()] {
        let (one, two) = values.split_at(at);
        let [mut one, two] = [one, two].map(of::<S>);
        let written = bytes(&two);
        let mut read = S::default();
        add(&mut read, &written).unwrap();
        assert_eq!(read, two);
        assert_eq!(bytes(&read), written, "one form, whatever made it");
        add(&mut one, &written).unwrap();
        assert_eq!(one, of::<S>(values));
        assert_eq!(bytes(&one), bytes(&of::<S>(values)));
        for len in 0..written.len() {
            let mut part = S::default();
            assert!(add(&mut part, &written[..len]).is_err(), "{len} of {written:x?}");
        }
    }
}

fn check(times: &[ActionTime]) {
    check_one::<Count>(times);
    check_one::<Mean>(times);
    check_one::<Variance>(times);
    check_one::<Histogram>(times);
    check_one::<MinMax>(times);
    check_one::<TopK<0>>(times);
    check_one::<TopK<5>>(times);
    check_one::<TopK<500>>(times);
    check_one::<Quantiles>(times);
    check_one::<Values>(times);
    check_one::<Summary>(times);
    check_one::<(Mean, MinMax, Quantiles)>(times);
    check_one::<(Count,)>(times);
    let outcome = |time: &ActionTime| Outcome { failed: time.as_f64() > 9.0, slow: true };
    check_one::<Outcomes>(&times.iter().map(outcome).collect::<Vec<_>>());
    let values = signed(times);
    check_one::<(Signed<Mean>, Signed<Variance>)>(&values);
    check_one::<(Signed<MinMax>, Signed<Quantiles>)>(&values);
    check_one::<Level>(&held(&values));
    check_one::<(Last, Count)>(&stamped(times));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_added_exactly(times in vec(any_time(), 0..60)) {
        check(&times);
    }

    #[test]
    fn what_is_read_is_written_as_it_was(
        times in vec(any_time(), 0..40),
        edits in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        edited::<Count>(&times, &edits);
        edited::<Mean>(&times, &edits);
        edited::<Variance>(&times, &edits);
        edited::<MinMax>(&times, &edits);
        edited::<TopK<3>>(&times, &edits);
        edited::<Values>(&times, &edits);
        edited::<Histogram>(&times, &edits);
        edited::<Quantiles>(&times, &edits);
        edited::<Summary>(&times, &edits);
    }
}

/// Reads bytes that are nearly those of a statistic. What is read has these bytes.
fn edited<S>(times: &[ActionTime], edits: &[(prop::sample::Index, u8)])
where
    S: BinaryForm<Value = ActionTime> + PartialEq + Debug,
{
    let mut written = bytes(&of::<S>(times));
    for (index, new) in edits {
        let at = index.index(written.len());
        written[at] = *new;
    }
    let (mut read, mut reader) = (S::default(), BinaryReader::new(&written));
    if S::default().check(&mut BinaryReader::new(&written)).is_err() {
        return;
    }
    read.add_from(&mut reader).unwrap();
    assert_eq!(bytes(&read), written[..reader.at()]);
    read.insert_all(edges().into_iter());
    let copy = read.clone();
    read.merge(&copy);
}

#[test]
fn edges_are_added_exactly() {
    check(&[]);
    check(&edges());
    check(&[edges(), edges(), edges()].concat());
    for edge in edges() {
        check(&[edge]);
        check(&[edge; 40]);
    }
}

#[track_caller]
fn form<S: BinaryForm + PartialEq + Debug>(statistic: &S, expected: &[u8]) {
    assert_eq!(bytes(statistic), expected);
}

#[test]
fn forms_are_as_promised() {
    let times = [100_u64, 300, 200, 300].map(ActionTime::from);
    form(&of::<Count>(&times), &[4]);
    // Twice 900.
    form(&of::<Mean>(&times), &[4, 0x88, 0x0e]);
    // An odd integer of one byte, and the power -3 as 5: 13 times 2^-3.
    form(&of::<Mean>(&[time(1.5), time(0.125)]), &[2, 3, 5, 13]);
    form(&of::<MinMax>(&times), &[1, 0xc8, 1, 0x90, 3]);
    form(
        &of::<MinMax>(&[time(0.5)]),
        &[1, 1, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f, 1, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f],
    );
    form(&of::<MinMax>(&[]), &[0]);
    // Twice 4; twice 100, 100, 100 and 0.
    form(&of::<Quantiles>(&times), &[8, 0xc8, 1, 0xc8, 1, 0xc8, 1, 0]);
    form(&of::<Mean>(&[u64::MAX.into()]), &[1, 17, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    form(
        &of::<MinMax>(&[u64::MAX.into()]),
        &[1, 0xfe, 255, 255, 255, 255, 255, 255, 255, 255, 3, 0],
    );
    let many: Vec<_> = (0..33_u64).map(|at| ActionTime::from(100 + at % 3)).collect();
    // 11 times 100, 11 times 102, no fraction, one bin: that of 101, 11 times.
    let bin = 64 * (6 + 1075) + 37;
    let [low, mid, high] = [bin & 0x7f | 0x80, bin >> 7 & 0x7f | 0x80, bin >> 14];
    let bin = [low, mid, high].map(|byte| byte as u8);
    let [a, b, c] = bin;
    form(&of::<Quantiles>(&many), &[1, 11, 0xc8, 1, 11, 0xcc, 1, 0, 1, a, b, c, 11]);
}

#[track_caller]
fn refused<S: BinaryForm + Debug>(bytes: &[u8], message: &str) {
    let error = add(&mut S::default(), bytes).unwrap_err();
    assert_eq!(error, message, "{bytes:x?}");
}

#[test]
fn what_no_statistic_writes_is_refused() {
    refused::<Count>(&[0x84, 0], "number is longer than necessary (byte 2)");
    refused::<Count>(
        &[255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
        "number is 2^64 or more (byte 10)",
    );
    refused::<Count>(&[255; 11], "number is 2^64 or more (byte 0)");
    let over = "count is 9223372036854775809 and is added to 0, limit is 9223372036854775808";
    refused::<Count>(
        &[0x81, 128, 128, 128, 128, 128, 128, 128, 128, 1],
        &format!("{over} (byte 10)"),
    );
    refused::<Mean>(&[0, 2], "sum is impossible with 0 times (byte 2)");
    // 13 times 2^-3 as 26 times 2^-4, as two bytes, and 1 as an odd integer.
    for bytes in [&[2, 3, 7, 26][..], &[2, 5, 5, 13, 0], &[1, 3, 0, 1], &[1, 1, 0]] {
        let message = format!("sum is not in its shortest form (byte {})", bytes.len());
        refused::<Mean>(bytes, &message);
    }
    refused::<Variance>(&[2, 4, 2], "sum of squares is impossible with 2 times (byte 3)");
    refused::<MinMax>(&[2], "presence is 2, expected 0 or 1 (byte 1)");
    refused::<MinMax>(
        &[1, 2, 1, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f],
        "time 0.5 follows 1, times must ascend (byte 11)",
    );
    refused::<MinMax>(
        &[1, 1, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
        "time is 1, expected a positive number that is not an integer below 2^64 (byte 10)",
    );
    refused::<MinMax>(&[1, 3], "number is longer than necessary (byte 2)");
    refused::<Quantiles>(&[66], "number of parts is 33, the bytes left hold at most 0 (byte 1)");
    let mut few = vec![66];
    few.extend([0; 33]);
    refused::<Quantiles>(&few, "`few` has 33 times, limit is 32 (byte 1)");
    refused::<Quantiles>(&[3], "number of quantiles is odd, expected an even one or 1 (byte 1)");
    refused::<Quantiles>(
        &[1, 11, 2, 11, 4, 0, 0],
        "histogram has 22 times, expected more than 32 (byte 7)",
    );
    refused::<Quantiles>(
        &[1, 20, 4, 20, 4, 0, 0],
        "maximum is 2, which is less than the minimum 2 (byte 7)",
    );
    refused::<Histogram>(&[0, 1, 0, 0], "bin 0 has the count 0, omit it (byte 4)");
    refused::<Histogram>(
        &[0, 200, 1],
        "number of parts is 200, the bytes left hold at most 0 (byte 3)",
    );
    refused::<Outcomes>(&[3, 4, 0], "failed calls are 4, of 3 calls (byte 3)");
    refused::<TopK<1>>(&[2, 0, 0, 0, 0], "kept 2 times, limit is 1 (byte 5)");
    refused::<Summary>(
        &[1, 2, 1, 2, 0, 0],
        "mean has 1 times, quantiles have 0, minmax is present: true (byte 6)",
    );
    refused::<Level>(&[1, 0, 0, 1, 0], "zero is written as negative (byte 5)");
}

#[test]
fn a_count_that_would_overflow_is_not_added() {
    let full = |count| {
        let mut all = Count::default();
        all.insert_n(1_u32.into(), count);
        all
    };
    let mut most = full(COUNT_MAX - 1);
    add(&mut most, &bytes(&full(1))).unwrap();
    let error = add(&mut most, &bytes(&full(1))).unwrap_err();
    assert_eq!(
        error,
        "count is 1 and is added to 9223372036854775808, limit is 9223372036854775808 (byte 1)"
    );
    assert_eq!(most, full(COUNT_MAX));
}
