//! What stores, writers and readers conclude from numbers, by hand.

use std::time::Duration;

use core_actions::{Count, RowsHeader, RowsWriter, Statistic, Unit};
use core_time::{Instance, ManualClock, Stamp};
use store::{Batch, Cell, MemoryStore, Outbox, Place, Reader, Reply, Store, StoreSpec};

const SECOND: Duration = Duration::from_secs(1);
const SPAN: Duration = Duration::from_secs(300);
const NOW: Stamp = Stamp::from_secs(1_700_000_003);
const BUCKET: i64 = 170_000_000;

fn memory() -> MemoryStore {
    MemoryStore::with_clock(ManualClock::new(NOW))
}

fn batch(sequence: u64, after: Option<u64>) -> Batch<'static> {
    let writer = Instance::from_bytes([7; 12]);
    let (interval, keep) = (Some(SECOND), SPAN);
    Batch { stripe: 3, writer, sequence, after, interval, keep, cells: vec![] }
}

fn known(store: &mut MemoryStore, batch: Batch<'_>) -> Option<u64> {
    let reply = store.write(&[batch]).remove(0).unwrap();
    let Reply { sequence, .. } = reply;
    sequence
}

#[test]
fn a_batch_whose_predecessor_is_unknown_does_not_continue_the_series() {
    let mut store = memory();
    let mut send = |sequence, after| known(&mut store, batch(sequence, after));
    assert_eq!(send(5, Some(4)), None, "a stale batch after a loss");
    assert_eq!(send(1, None), None);
    assert_eq!(send(3, Some(2)), Some(1), "2 was lost");
    assert_eq!(send(2, Some(1)), Some(1));
    assert_eq!(send(4, Some(1)), Some(2), "the reply to 2 was lost");
    assert_eq!(send(2, Some(1)), Some(4), "a stale one");
    assert_eq!(send(9, None), Some(4), "a new series");
    assert_eq!(send(1, None), Some(9), "its writer has restarted");
    assert_eq!(send(2, Some(1)), Some(1));
}

#[test]
fn a_writer_is_whole_when_every_stripe_knows_it() {
    let mut store = memory();
    let spec = StoreSpec::default();
    let mut reader = Reader::<Count>::new(store.clone(), &spec, Unit::default()).unwrap();
    for stripe in 0..16 {
        store.write(&[Batch { stripe, ..batch(1, None) }]).remove(0).unwrap();
        assert_eq!(reader.read(SPAN).unwrap().is_complete(), stripe == 15, "{stripe}");
    }
}

#[test]
fn earlier_contents_are_noticed_by_a_flush_without_a_change() {
    let mut store = memory();
    let mut outbox = Outbox::new(Instance::draw(), SECOND, SPAN);
    let put = |outbox: &mut Outbox, bucket, revision| {
        let place = Place { bucket, chunk: 0 };
        outbox.put(Cell { place, revision, value: vec![0; 4] });
    };
    put(&mut outbox, BUCKET, 1);
    put(&mut outbox, BUCKET + 16, 1);
    assert_eq!(outbox.flush(&mut store).unwrap().stored, 2);
    let whole = store.dump();
    put(&mut outbox, BUCKET, 2);
    assert_eq!(outbox.flush(&mut store).unwrap().stored, 1);
    store.restore(&whole);
    let flushed = outbox.flush(&mut store).unwrap();
    assert_eq!((flushed.stored, flushed.lost), (2, 16));
    assert_eq!(outbox.bytes(), 8);
}

fn rows(rows: &[(&str, u64)]) -> Vec<u8> {
    let header = RowsHeader {
        resolution: 10 * SECOND,
        unit: Some(Unit::Nanoseconds),
        ..RowsHeader::default()
    };
    let counts: Vec<_> = rows
        .iter()
        .map(|&(name, count)| {
            let mut statistic = Count::default();
            statistic.insert_n(1_u32.into(), count);
            (name, statistic)
        })
        .collect();
    let mut writer = RowsWriter::<Count>::new(&header);
    let rows = counts.iter().map(|(name, count)| (*name, 0, count));
    writer.block(Stamp::from_secs(BUCKET * 10), rows);
    writer.finish()
}

#[test]
fn no_row_of_a_cell_that_cannot_be_read_is_added() {
    let mut store = memory();
    // Together more than can be counted, but only in the last row.
    let cells = [rows(&[("a", 1), ("z", 1 << 63)]), rows(&[("a", 2), ("z", 1 << 63)])];
    let mut outboxes = cells.map(|value| {
        let mut outbox = Outbox::new(Instance::draw(), SECOND, SPAN);
        outbox.put(Cell { place: Place { bucket: BUCKET, chunk: 0 }, revision: 1, value });
        outbox
    });
    for outbox in &mut outboxes {
        outbox.flush(&mut store).unwrap();
    }
    let spec = StoreSpec::default();
    let mut reader = Reader::<Count>::new(store, &spec, Unit::default()).unwrap();
    let view = reader.read(SPAN).unwrap();
    let window = view.window(SPAN).unwrap();
    assert_eq!(window.rows()[1].count(), 1 << 63);
    assert!([1, 2].contains(&window.rows()[0].count()), "{:?}", window.rows());
    assert_eq!(view.unreadable().len(), 1);
    assert!(!view.is_complete());
}
