//! The value of a cell: rows of one bucket in the binary form, which `ROWS.md` of `core-actions`
//! describes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use core_actions::{BinaryForm, Row, RowsHeader, RowsReader, RowsWriter, Unit};
use core_time::{Instance, Stamp};

use crate::error::CellError;
use crate::store::StoredCell;

/// What all rows of a set have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) resolution: Duration,
    pub(crate) unit: Unit,
}

impl Form {
    /// Returns the start of a bucket.
    pub(crate) fn start(self, bucket: i64) -> Stamp {
        Stamp::from_nanos(bucket.saturating_mul(self.width()))
    }

    /// Returns the bucket of a stamp.
    pub(crate) fn bucket(self, stamp: Stamp) -> i64 {
        stamp.as_nanos().div_euclid(self.width())
    }

    fn width(self) -> i64 {
        i64::try_from(self.resolution.as_nanos()).unwrap_or(i64::MAX).max(1)
    }

    /// Writes the rows of a bucket, by the names that they are kept under.
    pub(crate) fn write<'r, S: BinaryForm>(
        self,
        writer: Instance,
        bucket: i64,
        rows: impl IntoIterator<Item = (&'r str, u64, &'r S)>,
    ) -> Vec<u8> {
        // The revision is that of the cell: equal rows are equal bytes, and are not sent again.
        let mut out = RowsWriter::<S>::new(&RowsHeader {
            resolution: self.resolution,
            unit: Some(self.unit),
            instances: vec![writer],
            ..RowsHeader::default()
        });
        out.block(self.start(bucket), rows);
        out.finish()
    }

    /// Adds the rows of a cell to those of its bucket.
    ///
    /// After an error, some of them may have been added: then `has_begun` is `true`.
    fn add<S: BinaryForm>(
        self,
        bucket: i64,
        value: &[u8],
        rows: &mut HashMap<Arc<str>, (u64, S)>,
        has_begun: &mut bool,
    ) -> Result<(), CellError> {
        let reader = RowsReader::new(value)?;
        let header = reader.header();
        same("resolution", header.resolution, self.resolution)?;
        same("unit", header.unit, Some(self.unit))?;
        let mut other = None;
        reader.add_each::<S>(|head, bytes| {
            *has_begun = true;
            if head.start != self.start(bucket) {
                other = Some(head.start);
            }
            let (first, statistic) = match rows.get_mut(head.name) {
                Some(row) => row,
                None => rows.entry(head.name.into()).or_insert((u64::MAX, S::default())),
            };
            *first = head.first.min(*first);
            statistic.add_from(bytes)
        })?;
        other.map_or(Ok(()), |found| same("start of the rows", found, self.start(bucket)))
    }
}

fn same<T: PartialEq + std::fmt::Debug>(
    what: &'static str,
    found: T,
    expected: T,
) -> Result<(), CellError> {
    if found == expected {
        return Ok(());
    }
    let [found, expected] = [found, expected].map(|value| format!("{value:?}"));
    Err(CellError::Other { what, found, expected })
}

/// The rows of all writers in a bucket, and what could not be read.
#[derive(Debug)]
pub(crate) struct MergedBucket<S> {
    pub(crate) rows: Vec<Row<S>>,
    pub(crate) unreadable: Vec<(Instance, CellError)>,
}

impl<S: BinaryForm> MergedBucket<S> {
    pub(crate) fn of(form: Form, bucket: i64, cells: &[StoredCell]) -> Self {
        let mut unreadable = vec![];
        let mut is_bad = vec![false; cells.len()];
        let rows = loop {
            let (mut rows, mut is_spoilt) = (HashMap::new(), false);
            for (cell, is_bad) in cells.iter().zip(&mut is_bad).filter(|(_, is_bad)| !**is_bad) {
                if let Err(error) = form.add(bucket, &cell.value, &mut rows, &mut is_spoilt) {
                    unreadable.push((cell.writer, error));
                    *is_bad = true;
                    if is_spoilt {
                        break;
                    }
                }
                is_spoilt = false;
            }
            // Only a damaged cell has added a part of its rows. One of another unit, for one, which
            // many writers may have, has added none.
            if !is_spoilt {
                break rows;
            }
        };
        let rows = rows.into_iter().map(|(name, (first, sum))| Row::new(name, first, sum));
        Self { rows: rows.collect(), unreadable }
    }
}

#[cfg(test)]
mod tests {
    use core_actions::{Count, Statistic as _};

    use super::*;

    #[test]
    fn bad_cells_leave_nothing_in_the_rows_of_others() {
        let form = Form { resolution: Duration::from_secs(10), unit: Unit::default() };
        let seconds = Form { unit: Unit::Seconds, ..form };
        let mut one = Count::default();
        one.insert(1_u32.into());
        let cell = |form: Form, bucket| {
            let writer = Instance::draw();
            let value = form.write(writer, bucket, [("jump", 0, &one)]);
            StoredCell { writer, chunk: 0, value }
        };
        // The start of the rows is known when they have been added.
        let cells = [
            cell(form, 5),
            cell(seconds, 5),
            cell(form, 6),
            cell(form, 5),
            cell(form, 7),
            cell(seconds, 5),
        ];
        let merged = MergedBucket::<Count>::of(form, 5, &cells);
        assert_eq!(merged.rows.iter().map(Row::count).collect::<Vec<_>>(), [2]);
        let mut bad: Vec<_> = merged.unreadable.iter().map(|(writer, _)| *writer).collect();
        let mut expected: Vec<_> = [1, 2, 4, 5].map(|at: usize| cells[at].writer).into();
        bad.sort_unstable();
        expected.sort_unstable();
        assert_eq!(bad, expected);
    }
}
