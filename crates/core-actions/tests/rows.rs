//! Rows in the binary form: a golden file of each tag, and that nothing else is read as one.
//!
//! `UPDATE=1` writes the golden files.

#![cfg(feature = "tracker")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use allocation_counter::measure;
use core_actions::{
    ActionTime, AsWords, BinaryError, BinaryForm, Count, Held, Histogram, Last, Level, Mean,
    MergedTracker, MinMax, Outcome, Outcomes, Quantiles, Row, RowsHeader, RowsReader, RowsWriter,
    Signed, SignedValue, Statistic, Summary, Timestamped, TopK, TrackerSnapshot, TrackerSpec, Unit,
    Values, Variance,
};
use core_time::{Instance, Stamp};

/// The rows of one statistic, and what reads rows of it.
struct Kind {
    tag: String,
    golden: Vec<u8>,
    check: fn(&[u8]) -> Result<(), BinaryError>,
    again: fn(&[u8]) -> Vec<u8>,
    snapshot: fn(&[u8]) -> Result<(), String>,
}

fn check<S: BinaryForm>(bytes: &[u8]) -> Result<(), BinaryError> {
    RowsReader::new(bytes)?.add_each::<S>(|_, reader| S::default().add_from(reader))
}

type OwnedRow<S> = (String, u64, S);

/// Writes what is read.
fn again<S: BinaryForm>(bytes: &[u8]) -> Vec<u8> {
    let reader = RowsReader::new(bytes).unwrap();
    let mut writer = RowsWriter::<S>::new(reader.header());
    let mut rows: Vec<(Stamp, Vec<OwnedRow<S>>)> = Vec::new();
    let add = reader.add_each::<S>(|row, reader| {
        if rows.last().is_none_or(|(start, _)| *start < row.start) {
            rows.push((row.start, Vec::new()));
        }
        let mut statistic = S::default();
        statistic.add_from(reader)?;
        rows.last_mut().unwrap().1.push((row.name.to_owned(), row.first, statistic));
        Ok(())
    });
    add.unwrap();
    for (start, block) in &rows {
        // In another order: the writer sorts them.
        let block = block.iter().rev().map(|(name, first, it)| (name.as_str(), *first, it));
        writer.block(*start, block);
    }
    writer.finish()
}

fn header() -> RowsHeader {
    RowsHeader {
        resolution: Duration::from_secs(60),
        zone: "Europe/Berlin".to_owned(),
        unit: Some(Unit::Milliseconds),
        instances: vec![Instance::from_bytes([7; 12]), Instance::from_bytes([1; 12])],
        revision: 300,
        forgotten: [0, 0],
    }
}

fn kind<S>(values: &[S::Value]) -> Kind
where
    S: Statistic<Value: AsWords> + BinaryForm + PartialEq,
{
    let of = |values: &[S::Value]| {
        let mut statistic = S::default();
        values.iter().for_each(|&value| statistic.insert(value));
        statistic
    };
    let (all, few) = (of(values), of(&values[..2]));
    let mut writer = RowsWriter::<S>::new(&header());
    writer.block(Stamp::from_secs(-60), [("run", 9, &few), ("jump", 3, &all)]);
    writer.block(Stamp::from_secs(60), [("", 1 << 44, &few), ("日本", 5, &all)]);
    Kind {
        tag: S::TAG.to_string(),
        golden: writer.finish(),
        check: check::<S>,
        again: again::<S>,
        snapshot: |bytes| {
            let read = TrackerSnapshot::<S>::from_bytes(bytes);
            read.map(drop).map_err(|error| error.to_string())
        },
    }
}

fn kinds() -> Vec<Kind> {
    let time = |float: f64| ActionTime::try_from(float).unwrap();
    let mut times = vec![time(100.0), time(0.5), u64::MAX.into(), time(1e300), time(3e-320)];
    times.extend((0_u64..60).map(|at| ActionTime::from(at * at % 50 + 9)));
    let values: Vec<_> = (-30..40).map(SignedValue::from).collect();
    let stamped =
        |(at, &time): (i64, &ActionTime)| Timestamped { stamp: Stamp::from_millis(at), time };
    let stamped: Vec<_> = (-5..).zip(&times).map(stamped).collect();
    let held: Vec<_> = values
        .iter()
        .map(|&value| Held { value, set: Stamp::from_secs(7), nanos: 1_000_003 })
        .collect();
    let outcome = |at: u8| Outcome { failed: at.is_multiple_of(2), slow: at.is_multiple_of(3) };
    let outcomes: Vec<_> = (0..9).map(outcome).collect();
    vec![
        kind::<Count>(&times),
        kind::<Outcomes>(&outcomes),
        kind::<Mean>(&times),
        kind::<Variance>(&times),
        kind::<MinMax>(&times),
        kind::<Quantiles>(&times),
        kind::<Histogram>(&times),
        kind::<Values>(&times),
        kind::<TopK<3>>(&times),
        kind::<TopK<4>>(&times),
        kind::<Summary>(&times),
        kind::<Last>(&stamped),
        kind::<Level>(&held),
        kind::<Signed<Mean>>(&values),
        kind::<Signed<MinMax>>(&values),
        kind::<(Count,)>(&times),
        kind::<(Mean, MinMax, Quantiles)>(&times),
        kind::<((Mean, MinMax), Quantiles)>(&times),
        kind::<(Variance, MinMax, Quantiles)>(&times),
    ]
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.chunks(32) {
        line.iter().for_each(|byte| write!(text, "{byte:02x}").unwrap());
        text.push('\n');
    }
    text
}

#[test]
fn each_tag_has_the_bytes_of_its_golden_file() {
    let mut names: Vec<_> = kinds().iter().map(|kind| format!("{}.hex", kind.tag)).collect();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for (kind, name) in kinds().iter().zip(&names) {
        let path = folder.join(name);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, hex(&kind.golden)).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap();
        assert_eq!(hex(&kind.golden), expected, "{name}, `UPDATE=1` writes it");
    }
    let found = fs::read_dir(&folder).unwrap();
    let mut found: Vec<_> =
        found.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    found.sort();
    assert_eq!(found, names, "each file has a tag");
}

#[test]
fn rows_are_read_as_no_other_statistic() {
    let kinds = kinds();
    for (one, other) in kinds.iter().flat_map(|one| kinds.iter().map(move |other| (one, other))) {
        let result = (one.check)(&other.golden);
        if one.tag == other.tag {
            assert_eq!(result, Ok(()), "{}", one.tag);
            continue;
        }
        let message =
            format!("rows have the statistic `{}`, expected `{}` (byte 5)", other.tag, one.tag);
        assert_eq!(result.unwrap_err().to_string(), message);
        assert_eq!((one.snapshot)(&other.golden), Err(message));
    }
}

#[test]
fn what_is_read_is_written_with_the_same_bytes() {
    for kind in kinds() {
        assert_eq!((kind.again)(&kind.golden), kind.golden, "{}", kind.tag);
    }
}

#[test]
fn a_changed_or_missing_byte_is_an_error() {
    for kind in kinds() {
        for at in 0..kind.golden.len() {
            let mut bytes = kind.golden.clone();
            bytes[at] ^= 1 << (at % 8);
            assert!((kind.check)(&bytes).is_err(), "byte {at}, {}", kind.tag);
            assert!((kind.check)(&kind.golden[..at]).is_err(), "{at} bytes, {}", kind.tag);
        }
        let longer = [&kind.golden[..], &[0]].concat();
        assert!((kind.check)(&longer).is_err(), "{}", kind.tag);
    }
}

/// The same bytes with a checksum that fits.
fn sealed(content: &[u8]) -> Vec<u8> {
    let checksum = crc32(content);
    [content, &checksum.to_le_bytes()[..]].concat()
}

/// The checksum by its definition, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

#[test]
fn bytes_that_no_writer_makes_are_refused_or_written_as_they_were() {
    for kind in kinds() {
        let content = &kind.golden[..kind.golden.len() - 4];
        assert_eq!(sealed(content), kind.golden);
        for at in 5..content.len() {
            for new in [0, 0x80, content[at].wrapping_add(2)] {
                let mut changed = content.to_vec();
                changed[at] = new;
                let changed = sealed(&changed);
                if (kind.check)(&changed).is_ok() {
                    assert_eq!((kind.again)(&changed), changed, "byte {at}, {}", kind.tag);
                }
            }
        }
    }
}

#[test]
fn numbers_allocate_no_more_than_the_bytes_that_are_left() {
    // As many instances, rows, times, and bytes of a name, each where few bytes are left.
    let count = |number: u64| {
        let mut writer = core_actions::BinaryWriter::default();
        writer.integer(number);
        writer.into_bytes()
    };
    for huge in [1 << 62, 60_000] {
        check_number(&count(huge));
    }
}

fn check_number(huge: &[u8]) {
    let start = [b"wrow\x01\x06values\0\0\0".as_slice()].concat();
    let cases = [
        [&start, huge].concat(),
        [&start, &[0, 0, 0, 0][..], huge].concat(),
        [&start, &[0, 0, 0, 0, 1, 0][..], huge].concat(),
        [&start, &[0, 0, 0, 0, 1, 0, 1, b'a', 0][..], huge, &[0; 20]].concat(),
        [b"wrow\x01", huge, b"values"].concat(),
    ];
    for case in cases {
        let bytes = sealed(&case);
        let mut error = None;
        let used = measure(|| error = check::<Values>(&bytes).err());
        assert!(error.is_some(), "{case:x?}");
        assert!(used.bytes_max < 1_000, "{} bytes for {case:x?}", used.bytes_max);
    }
}

#[test]
fn the_example_of_the_page_is_what_is_written() {
    let page = include_str!("../ROWS.md");
    let (_, example) = page.split_once("```text\n77 72").unwrap();
    let lines = example.split("CRC ").next().unwrap().lines();
    let is_byte = |word: &&str| word.len() == 2 && u8::from_str_radix(word, 16).is_ok();
    let bytes = lines.flat_map(|line| line.split_whitespace().take_while(is_byte));
    let mut expected = vec![0x77, 0x72];
    expected.extend(bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap()));
    let mut mean = Mean::default();
    mean.insert(100_u32.into());
    mean.insert(200_u32.into());
    let header = RowsHeader {
        unit: Some(Unit::Milliseconds),
        instances: vec![Instance::from_bytes(std::array::from_fn(|at| at as u8 + 1))],
        revision: 1,
        ..RowsHeader::default()
    };
    let mut writer = RowsWriter::<Mean>::new(&header);
    writer.block(Stamp::UNIX_EPOCH, [("jump", 0, &mean)]);
    assert_eq!(writer.finish(), sealed(&expected));
}

#[track_caller]
fn refused(bytes: &[u8], message: &str) {
    assert_eq!(check::<Count>(bytes).unwrap_err().to_string(), message);
}

#[test]
fn what_is_wrong_with_rows_is_said() {
    let rows = |rows: &[u8]| sealed(&[b"wrow\x01\x05count\0\0\0\0\0\0\0", rows].concat());
    assert!(check::<Count>(&rows(&[2, 0, 1, b'b', 0, 7, 1, b'a', 1, 7, 0])).is_ok());
    refused(b"", "not a file of rows, which begins with `wrow` (byte 0)");
    refused(b"{\"action\"", "not a file of rows, which begins with `wrow` (byte 0)");
    refused(&sealed(b"wrow\x02"), "rows have version 2, supported is 1 (byte 4)");
    refused(b"wrow", "bytes end within a number (byte 4)");
    refused(
        b"wrow\x01",
        "checksum is 01776f72, expected 1c630b12: bytes are missing or damaged (byte 1)",
    );
    refused(
        &rows(&[1, 2, 1, b'a', 0, 7, 1, 2, 1, b'a', 0, 7, 0]),
        "block at 0.000000001s follows one at 0.000000001s, blocks must ascend (byte 26)",
    );
    refused(&rows(&[2, 0, 1, b'a', 0, 7, 1, b'a', 1, 7, 0]), "row `a` is there twice (byte 27)");
    refused(
        &rows(&[2, 0, 1, b'b', 0, 7, 1, b'a', 0, 7, 0]),
        "row `a` follows one that is seen later or has the same number and a larger name (byte 27)",
    );
    refused(
        &rows(&[1, 0, 1, b'\n', 0, 7, 0]),
        "action name holds the control character U+000A, none is allowed (byte 0 of the name) \
         (byte 23)",
    );
    refused(&rows(&[0, 0]), "1 byte after the last block (byte 19)");
    let unit = sealed(b"wrow\x01\x05count\0\0\x07\0\0\0\0\0");
    refused(&unit, "unit has the number 7, expected 0 to 6 (byte 14)");
    let mut twice = b"wrow\x01\x05count\0\0\0\x02".to_vec();
    twice.extend([5; 24]);
    twice.extend([0; 4]);
    refused(&sealed(&twice), "instance 0505050505050505-05050505 is there twice (byte 39)");
}

#[test]
fn a_sum_of_no_times_is_refused() {
    let start = b"wrow\x01\x04mean\0\0\0\0\0\0\0\x01\0\x01a\0".as_slice();
    let mean = |count: u8, sum: u8| {
        // An integer is written as twice itself.
        check::<Mean>(&sealed(&[start, &[count, 2 * sum, 0]].concat()))
    };
    assert!(mean(0, 0).is_ok() && mean(1, 0).is_ok() && mean(1, 5).is_ok());
    let error = mean(0, 5).unwrap_err().to_string();
    assert_eq!(error, "sum is impossible with 0 times (byte 24)");
}

#[test]
fn a_snapshot_travels_in_the_binary_form() {
    type All = (Mean, MinMax, Quantiles);
    let tracker = |names: &[&str], times: u64| {
        let tracker = MergedTracker::<All>::new(TrackerSpec::default());
        for time in 0..times {
            for name in names {
                tracker.record(name, time * time).unwrap();
            }
        }
        tracker
    };
    let one = tracker(&["jump", "run"], 100).snapshot();
    let two = tracker(&["walk", "jump"], 20).snapshot();
    let bytes = one.to_bytes();
    let read = TrackerSnapshot::<All>::from_bytes(&bytes).unwrap();
    assert_eq!((&read, read.revision()), (&one, one.revision()));
    assert_eq!((read.instances(), read.to_bytes()), (one.instances(), bytes));
    let [mut added, _] = [(&one, &two), (&two, &one)].map(|(one, two)| {
        let mut merged = one.clone();
        merged.merge(two).unwrap();
        let mut added = one.clone();
        added.merge_bytes(&two.to_bytes()).unwrap();
        assert_eq!(added.rows(), merged.rows());
        assert_eq!(added.to_bytes(), merged.to_bytes());
        added
    });
    let merged = added.clone();
    // Of a tracker that is in it already, nothing is added.
    let error = added.merge_bytes(&one.to_bytes()).unwrap_err().to_string();
    assert!(error.contains("already included"), "{error}");
    assert_eq!(added.to_bytes(), merged.to_bytes());
}

#[test]
fn nothing_is_added_of_rows_with_an_error() {
    let tracker = MergedTracker::<Count>::new(TrackerSpec::default());
    tracker.record("jump", 1).unwrap();
    let snapshot = tracker.snapshot();
    let mut all = snapshot.clone();
    let most = core_actions::COUNT_MAX;
    let mut count = Count::default();
    count.insert_n(1_u32.into(), most);
    let header = RowsHeader {
        unit: Some(Unit::Nanoseconds),
        instances: vec![Instance::from_bytes([3; 12])],
        ..RowsHeader::default()
    };
    let mut writer = RowsWriter::<Count>::new(&header);
    // The second row would overflow.
    writer.block(Stamp::UNIX_EPOCH, [("run", 0, &count), ("jump", 1, &count)]);
    let bytes = writer.finish();
    let error = all.merge_bytes(&bytes).unwrap_err().to_string();
    let expected = format!("count is {most} and is added to 1, limit is {most} (byte 63)");
    assert_eq!(error, expected);
    assert_eq!(all.to_bytes(), snapshot.to_bytes());
    let names: Vec<_> = all.rows().iter().map(Row::name).collect();
    assert_eq!(names, ["jump"]);
    assert!(TrackerSnapshot::<Count>::from_bytes(&bytes).is_ok());
    let by_time = RowsHeader { resolution: Duration::from_secs(1), ..header };
    let bytes = RowsWriter::<Count>::new(&by_time).finish();
    let error = all.merge_bytes(&bytes).unwrap_err().to_string();
    assert_eq!(error, "rows are of intervals of 1s, expected rows without intervals");
}

#[test]
#[should_panic(expected = "each row must have a name of its own")]
fn a_name_is_not_written_twice() {
    let count = Count::default();
    let mut writer = RowsWriter::<Count>::new(&RowsHeader::default());
    writer.block(Stamp::UNIX_EPOCH, [("a", 0, &count), ("a", 1, &count)]);
}

#[test]
#[should_panic(expected = "intervals must be written in ascending order")]
fn intervals_are_not_written_backwards() {
    let count = Count::default();
    let mut writer = RowsWriter::<Count>::new(&RowsHeader::default());
    writer.block(Stamp::UNIX_EPOCH, [("a", 0, &count)]);
    writer.block(Stamp::UNIX_EPOCH, [("b", 0, &count)]);
}
