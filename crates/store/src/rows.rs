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
    /// After an error, some of them may have been added.
    fn add<S: BinaryForm>(
        self,
        bucket: i64,
        value: &[u8],
        rows: &mut HashMap<Arc<str>, (u64, S)>,
    ) -> Result<(), CellError> {
        let reader = RowsReader::new(value)?;
        let header = reader.header();
        same("resolution", header.resolution, self.resolution)?;
        same("unit", header.unit, Some(self.unit))?;
        let mut other = None;
        reader.add_each::<S>(|head, bytes| {
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
            let mut rows = HashMap::new();
            let bad = cells.iter().zip(&is_bad).position(|(cell, &is_bad)| {
                let added = if is_bad { Ok(()) } else { form.add(bucket, &cell.value, &mut rows) };
                added.map_err(|error| unreadable.push((cell.writer, error))).is_err()
            });
            match bad {
                // A part of its rows may have been added.
                Some(bad) => is_bad[bad] = true,
                None => break rows,
            }
        };
        let rows = rows.into_iter().map(|(name, (first, sum))| Row::new(name, first, sum));
        Self { rows: rows.collect(), unreadable }
    }
}
