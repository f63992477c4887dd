//! Forms in which rows travel as bytes: ours, those of libraries, and a floor.

use core_actions::{BinaryForm as _, Mean, MinMax, Quantiles, RowsReader, Statistic as _};
use core_actions::{MergedTracker, TrackerSnapshot};
use hdrhistogram::serialization::{Deserializer, V2Serializer};

use super::by_name::{found_of, time};
use super::sketches::{Hdr, Sketch as _};
use crate::harness::actions::THOUSANDTHS;
use crate::harness::names::{Draw, Draws, Found};

/// Writes rows as bytes, and adds such bytes into rows.
pub trait Form: Send + Sync {
    /// What is kept of an action.
    type Row: Default + Send;

    /// Keeps the rows of actions.
    fn of(draws: &Draws) -> Self;

    /// Writes all rows.
    fn encode(&self) -> Vec<u8>;

    /// Reads rows, and adds each.
    fn add(rows: &mut Rows<Self::Row>, bytes: &[u8]);

    /// Returns the statistics of a row.
    fn found(name: &str, row: &Self::Row) -> Found;
}

/// Rows into which others are added, in the order in which the first ones came.
///
/// Others come in the same order, so that a lookup by name takes no part of the time.
#[derive(Debug, Default)]
pub struct Rows<R> {
    rows: Vec<(String, R)>,
    next: usize,
}

impl<R: Default> Rows<R> {
    /// Begins again with the first row.
    fn rewind(&mut self) {
        self.next = 0;
    }

    /// Returns the next row, which has this name.
    fn next(&mut self, name: &str) -> &mut R {
        let at = self.next;
        self.next += 1;
        if at == self.rows.len() {
            self.rows.push((name.to_owned(), R::default()));
        }
        let (known, row) = &mut self.rows[at];
        assert!(known == name, "`{name}` came where `{known}` was before");
        row
    }
}

/// The statistics of a row of Windrow.
type Kept = (Mean, MinMax, Quantiles);

fn snapshot(draws: &Draws) -> TrackerSnapshot<Kept> {
    let tracker = MergedTracker::<Kept>::default();
    for draw in draws.first().chain(draws.iter()) {
        tracker.record(draw.name, time(draw)).expect(VALID);
    }
    tracker.snapshot()
}

const VALID: &str = "what was written is valid";

/// The binary form of Windrow, added without a snapshot in between.
pub struct Binary(TrackerSnapshot<Kept>);

impl Form for Binary {
    type Row = Kept;

    fn of(draws: &Draws) -> Self {
        Self(snapshot(draws))
    }

    fn encode(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    fn add(rows: &mut Rows<Kept>, bytes: &[u8]) {
        rows.rewind();
        let reader = RowsReader::new(bytes).expect(VALID);
        let add = reader.add_each::<Kept>(|head, bytes| rows.next(head.name).add_from(bytes));
        add.expect(VALID);
    }

    fn found(name: &str, row: &Kept) -> Found {
        found_of(name, row)
    }
}

/// The same snapshot in its form of `serde`, by `postcard`.
pub struct Postcard(TrackerSnapshot<Kept>);

impl Form for Postcard {
    type Row = Kept;

    fn of(draws: &Draws) -> Self {
        Self(snapshot(draws))
    }

    fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(&self.0).expect("a snapshot has a form")
    }

    fn add(rows: &mut Rows<Kept>, bytes: &[u8]) {
        rows.rewind();
        let snapshot: TrackerSnapshot<Kept> = postcard::from_bytes(bytes).expect(VALID);
        for row in snapshot.rows() {
            rows.next(row.name()).merge(row.statistic());
        }
    }

    fn found(name: &str, row: &Kept) -> Found {
        found_of(name, row)
    }
}

/// A histogram, and the sum that it does not keep.
#[derive(Clone)]
pub struct HdrSum {
    sum: f64,
    histogram: Hdr,
}

impl Default for HdrSum {
    fn default() -> Self {
        Self { sum: 0.0, histogram: Hdr::fresh() }
    }
}

/// Version 2 of `hdrhistogram`, after the name and the sum.
pub struct HdrV2(Vec<(String, HdrSum)>);

impl Form for HdrV2 {
    type Row = HdrSum;

    fn of(draws: &Draws) -> Self {
        let names = draws.names().iter();
        let mut rows: Vec<_> = names.map(|name| (name.clone(), HdrSum::default())).collect();
        for draw in draws.first().chain(draws.iter()) {
            let (_, row) = &mut rows[draw.id];
            row.sum += draw.time();
            row.histogram.insert_all(&[Hdr::time(draw.thousandths)]);
        }
        Self(rows)
    }

    fn encode(&self) -> Vec<u8> {
        let (mut bytes, mut serializer) = (Vec::new(), V2Serializer::new());
        for (name, row) in &self.0 {
            bytes.push(u8::try_from(name.len()).expect("a name of at most 255 bytes"));
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(&row.sum.to_le_bytes());
            row.histogram.write(&mut serializer, &mut bytes);
        }
        bytes
    }

    fn add(rows: &mut Rows<HdrSum>, mut bytes: &[u8]) {
        rows.rewind();
        let mut deserializer = Deserializer::new();
        while let Some((&length, rest)) = bytes.split_first() {
            let (name, rest) = rest.split_at(usize::from(length));
            let (sum, rest) = rest.split_first_chunk().expect(VALID);
            bytes = rest;
            let row = rows.next(str::from_utf8(name).expect(VALID));
            row.sum += f64::from_le_bytes(*sum);
            row.histogram.add_from(&mut deserializer, &mut bytes);
        }
    }

    fn found(name: &str, row: &HdrSum) -> Found {
        let (count, median) = (row.histogram.count(), Some(row.histogram.quantile(0.5)));
        Found { name: name.to_owned(), count, sum: row.sum, min_max: None, median }
    }
}

/// A count and a sum in thousandths, copied as they are, without a name.
pub struct FloorCells(Vec<[u64; 2]>);

/// The bytes of a number.
const NUMBER: usize = size_of::<u64>();

impl Form for FloorCells {
    type Row = [u64; 2];

    fn of(draws: &Draws) -> Self {
        let mut cells = vec![[0, 0]; draws.names().len()];
        for Draw { id, thousandths, .. } in draws.first().chain(draws.iter()) {
            let [count, sum] = &mut cells[id];
            *count += 1;
            *sum += thousandths;
        }
        Self(cells)
    }

    fn encode(&self) -> Vec<u8> {
        self.0.as_flattened().iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn add(rows: &mut Rows<[u64; 2]>, bytes: &[u8]) {
        rows.rewind();
        let (numbers, _) = bytes.as_chunks::<NUMBER>();
        for cell in numbers.as_chunks::<2>().0 {
            let row = rows.next("");
            for (sum, more) in row.iter_mut().zip(cell) {
                *sum += u64::from_le_bytes(*more);
            }
        }
    }

    fn found(name: &str, &[count, sum]: &[u64; 2]) -> Found {
        let sum = sum as f64 / THOUSANDTHS as f64;
        Found { name: name.to_owned(), count, sum, min_max: None, median: None }
    }
}

/// Checks rows to which the rows of `draws` were added `times` times.
///
/// # Errors
///
/// Says which row is missing or extra, or which statistic is wrong.
pub fn verify<F: Form>(draws: &Draws, times: u64, rows: &Rows<F::Row>) -> Result<(), String> {
    let named = draws.names().iter().zip(&rows.rows).map(|(name, (found, row))| {
        // A floor has no names, only their order.
        F::found(if found.is_empty() { name } else { found }, row)
    });
    let surplus = rows.rows.len().saturating_sub(draws.names().len());
    match surplus {
        0 => draws.verify(times, named.collect()),
        _ => Err(format!("{surplus} rows too many")),
    }
}
