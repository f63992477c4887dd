//! Rows in the binary form, behind the front door.

use facade::Stamp;
use facade::actions::{
    BinaryError, BinaryForm, BinaryReader, BinaryWriter, Mean, RowHead, RowsHeader, RowsReader,
    RowsWriter, RunningTracker,
};

#[test]
fn rows_travel_in_the_binary_form() {
    let tracker = RunningTracker::default();
    tracker.record("jump", 100).unwrap();
    let bytes = tracker.snapshot().to_bytes();
    let rows: RowsReader<'_> = RowsReader::new(&bytes).unwrap();
    let header: &RowsHeader = rows.header();
    let mut writer = RowsWriter::<Mean>::new(header);
    let mut read = Mean::default();
    rows.add_each::<Mean>(|row: RowHead<'_>, bytes: &mut BinaryReader<'_>| {
        assert_eq!(row.name, "jump");
        read.add_from(bytes)
    })
    .unwrap();
    writer.block(Stamp::UNIX_EPOCH, [("jump", 0, &read)]);
    assert_eq!(writer.finish(), bytes);
    let mut part = BinaryWriter::default();
    BinaryForm::write(&read, &mut part);
    let error: BinaryError = read.add_from(&mut BinaryReader::new(&part.bytes()[1..])).unwrap_err();
    assert_eq!(error.at(), 2);
}
