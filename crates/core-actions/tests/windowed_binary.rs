//! Changes and windowed snapshots in the binary form.
//!
//! `UPDATE=1` writes the golden files.

#![cfg(feature = "tracker")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use allocation_counter::measure;
use core_actions::{
    ActionTime, BinaryWriter, Count, Mean, MinMax, Quantiles, WindowedChanges, WindowedCursor,
    WindowedSnapshot, WindowedSpec, WindowedTracker,
};
use core_time::{Instance, ManualClock, Stamp, Tier, WindowSpec};

type All = (Mean, MinMax, Quantiles);

const SECOND: i64 = 1_000_000_000;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Replaces the instance, which is another one each time.
fn with_known_instance(bytes: &[u8], instance: Instance) -> Vec<u8> {
    let instance = instance.to_bytes();
    let at = bytes.windows(12).position(|twelve| twelve == instance).unwrap();
    let content = [&bytes[..at], &[7; 12], &bytes[at + 12..bytes.len() - 4]].concat();
    sealed(&content)
}

fn sealed(content: &[u8]) -> Vec<u8> {
    [content, &crc32fast::hash(content).to_le_bytes()[..]].concat()
}

/// Returns a snapshot, and changes with a removed action since then.
fn both() -> [Vec<u8>; 2] {
    let clock = ManualClock::new(Stamp::from_secs(-3));
    let tier = Tier { resolution: secs(4), span: secs(24) };
    let window = WindowSpec::builder().span(secs(6)).tolerance(secs(2)).tier(tier);
    let spec = WindowedSpec { window: window.build().unwrap(), ..WindowedSpec::default() };
    let tracker = WindowedTracker::<All>::with_clock(spec, clock.clone()).unwrap();
    for second in -3..4 {
        clock.set(Stamp::from_secs(second));
        (0..40_u64).for_each(|time| tracker.record("jump", time * time).unwrap());
        tracker.record("日本", ActionTime::try_from(0.5).unwrap()).unwrap();
    }
    tracker.record("gone", 1).unwrap();
    let mut cursor = WindowedCursor::default();
    let _ = tracker.changes(&mut cursor);
    let snapshot = tracker.snapshot().to_bytes();
    clock.set(Stamp::from_secs(5));
    tracker.record("jump", 1).unwrap();
    tracker.record("run", 1).unwrap();
    tracker.record_at("run", 2, Stamp::from_secs(1)).unwrap();
    tracker.remove("gone").unwrap();
    let changes = tracker.changes(&mut cursor);
    let instance = changes.instances()[0];
    [snapshot, changes.to_bytes()].map(|bytes| with_known_instance(&bytes, instance))
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
fn changes_and_snapshots_have_the_bytes_of_their_golden_files() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden_windows");
    for (bytes, name) in both().iter().zip(["snapshot.hex", "changes.hex"]) {
        let path = folder.join(name);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, hex(bytes)).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap();
        assert_eq!(hex(bytes), expected, "{name}, `UPDATE=1` writes it");
    }
}

/// Reads bytes as changes and, if they are complete, as a snapshot; returns whether they are valid.
fn is_valid(bytes: &[u8]) -> bool {
    let snapshot = WindowedSnapshot::<All>::from_bytes(bytes);
    let Ok(changes) = WindowedChanges::<All>::from_bytes(bytes) else {
        assert!(snapshot.is_err());
        return false;
    };
    assert!(snapshot.is_err() || changes.is_complete());
    if let Ok(snapshot) = snapshot {
        let again = snapshot.to_bytes();
        assert_eq!(WindowedSnapshot::<All>::from_bytes(&again).unwrap().to_bytes(), again);
        assert_eq!(WindowedChanges::from(&snapshot).buckets(), changes.buckets());
    }
    let again = changes.to_bytes();
    assert_eq!(WindowedChanges::from_bytes(&again).unwrap(), changes);
    // Changes do not keep how often something was forgotten, at the end of the header.
    let after_header =
        |bytes: &[u8], len: usize| bytes[bytes.len() - len..bytes.len() - 4].to_vec();
    let len = again.len().min(bytes.len()) - 52;
    assert_eq!(after_header(&again, len), after_header(bytes, len));
    true
}

#[test]
fn what_is_read_is_written_with_the_same_bytes() {
    let [snapshot, changes] = both();
    assert!(is_valid(&snapshot) && is_valid(&changes));
    assert_eq!(WindowedSnapshot::<All>::from_bytes(&snapshot).unwrap().to_bytes(), snapshot);
    let read = WindowedChanges::<All>::from_bytes(&changes).unwrap();
    assert_eq!(read.to_bytes(), changes);
    assert!(!read.is_complete() && read.removed().eq(["gone"]));
    let starts = read.buckets().iter().map(|bucket| bucket.interval().from.as_nanos() / SECOND);
    assert!(starts.eq([1, 5, 0, 4]));
    let error = WindowedSnapshot::<All>::from_bytes(&changes).unwrap_err().to_string();
    assert_eq!(error, "bytes are changes since an earlier look, expected a whole snapshot");
}

#[test]
fn a_changed_or_missing_byte_is_an_error() {
    for bytes in both() {
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(!is_valid(&changed), "byte {at}");
            assert!(!is_valid(&bytes[..at]), "{at} bytes");
        }
    }
}

#[test]
fn bytes_that_no_writer_makes_are_refused_or_written_as_they_were() {
    for bytes in both() {
        let content = &bytes[..bytes.len() - 4];
        for at in 5..content.len() {
            for new in [0, 0x80, content[at].wrapping_add(2), content[at] ^ 1] {
                let mut changed = content.to_vec();
                changed[at] = new;
                let _ = is_valid(&sealed(&changed));
            }
        }
    }
}

/// Changes of one bucket of the tag `count`, from the flag of completeness on.
fn changes(rest: &[&[u8]]) -> Vec<u8> {
    let mut writer = BinaryWriter::default();
    writer.raw(b"wchg\x01\x05count");
    writer.integer(1_000_000_000);
    writer.raw(&[0, 3, 1]);
    writer.raw(&[7; 12]);
    writer.raw(&[1, 0, 0]);
    writer.integer(6_000_000_000);
    writer.raw(&[0, 0]);
    for seconds in [9, 0, 9] {
        writer.signed(seconds * SECOND);
    }
    sealed(&[writer.bytes(), &rest.concat()].concat())
}

/// The start of a bucket.
fn start(nanos: i64) -> Vec<u8> {
    let mut writer = BinaryWriter::default();
    writer.signed(nanos);
    writer.into_bytes()
}

#[track_caller]
fn refused(bytes: &[u8], message: &str) {
    let error = WindowedChanges::<Count>::from_bytes(bytes).unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[test]
fn what_is_wrong_with_changes_is_said() {
    let (bucket, later, far) = (start(2 * SECOND), start(8 * SECOND), start(-900 * SECOND));
    let actions = [2, 1, b'a', 0, 1, b'b', 4];
    let good = changes(&[&[0, 0], &actions, &[2, 0], &bucket, &[0, 5, 1, 6], &[0]]);
    let read = WindowedChanges::<Count>::from_bytes(&good).unwrap();
    let rows = read.buckets()[0].rows().iter().map(|row| (row.name(), row.first(), row.count()));
    assert!(rows.eq([("a", 0, 5), ("b", 4, 6)]));

    refused(b"wrow\x01", "not a file of changes, which begins with `wchg` (byte 0)");
    refused(&sealed(b"wchg\x02"), "changes have version 2, supported is 1 (byte 4)");
    refused(
        &sealed(b"wchg\x01\x04mean"),
        "changes have the statistic `mean`, expected `count` (byte 5)",
    );
    refused(&changes(&[&[2]]), "whether all is there is 2, expected 0 or 1 (byte 53)");
    refused(&changes(&[&[1, 1, 1, b'a']]), "complete changes name what was removed (byte 56)");
    let row = |actions: &[u8], rest: &[&[u8]]| changes(&[&[0, 0], actions, &rest.concat()]);
    refused(&row(&[1, 1, b'a', 0], &[&[0]]), "action `a` has no row (byte 59)");
    refused(
        &row(&[2, 1, b'b', 0, 1, b'a', 0], &[]),
        "row `a` follows one that is seen later or has the same number and a larger name (byte 61)",
    );
    refused(&row(&[2, 1, b'a', 0, 1, b'a', 1], &[]), "row `a` is there twice (byte 61)");
    refused(
        &row(&actions, &[&[2, 0], &bucket, &[0, 5, 0, 6, 0]]),
        "rows of a bucket do not ascend (byte 71)",
    );
    refused(
        &row(&actions, &[&[1, 0], &bucket, &[2, 5, 0]]),
        "action is 2, expected a number below 2 (byte 69)",
    );
    refused(
        &row(&actions, &[&[1, 1], &bucket, &[0, 5, 0]]),
        "tier is 1, expected a number below 1 (byte 63)",
    );
    refused(
        &row(&actions, &[&[1, 0], &start(1), &[0, 5, 0]]),
        "bucket does not start at a multiple of its width (byte 64)",
    );
    refused(
        &row(&actions, &[&[1, 0], &start(10 * SECOND), &[0, 5, 0]]),
        "bucket starts after the latest record (byte 68)",
    );
    refused(
        &row(&actions, &[&[1, 0], &later, &[0, 5, 1, 0], &bucket, &[1, 5, 0]]),
        "block at 2.000000000s follows one at 8.000000000s, blocks must ascend (byte 77)",
    );
    refused(
        &row(&actions, &[&[1, 0], &bucket, &[0, 5, 1, 0], &later, &[1, 5, 0, 0]]),
        "1 byte after the last block (byte 80)",
    );
    // What is valid as changes may be more than one window has.
    let far =
        changes(&[&[1, 0], &[1, 1, b'a', 0], &[1, 0], &far, &[0, 5, 1, 0], &bucket, &[0, 5, 0]]);
    assert!(WindowedChanges::<Count>::from_bytes(&far).is_ok());
    assert_eq!(
        WindowedSnapshot::<Count>::from_bytes(&far).unwrap_err().to_string(),
        "buckets of action \"a\" are further apart than its window, \
         or have more records than a statistic can count",
    );
}

#[test]
fn numbers_allocate_no_more_than_the_bytes_that_are_left() {
    let mut writer = BinaryWriter::default();
    writer.integer(1 << 62);
    let huge = writer.into_bytes();
    let bucket = start(2 * SECOND);
    for case in [
        changes(&[&[0], &huge]),
        changes(&[&[0, 0], &huge]),
        changes(&[&[0, 0, 1], &huge]),
        changes(&[&[0, 0, 1, 1, b'a'], &huge]),
        changes(&[&[0, 0, 1, 1, b'a', 0], &huge]),
        changes(&[&[0, 0, 1, 1, b'a', 0, 1], &huge]),
        changes(&[&[0, 0, 1, 1, b'a', 0, 1, 0], &bucket, &huge]),
    ] {
        let mut error = None;
        let used = measure(|| error = WindowedChanges::<Count>::from_bytes(&case).err());
        assert!(error.is_some(), "{case:x?}");
        assert!(used.bytes_max < 2_000, "{} bytes for {case:x?}", used.bytes_max);
    }
}
