//! The binary form of a snapshot: rows with its header.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use core_time::{Instances, SnapshotHeader, Stamp};

use super::{TrackerSnapshot, TrackerSnapshotError, forgotten, same_unit};
use crate::action::unit::Unit;
use crate::binary::{
    BinaryError, BinaryForm, BinaryReader, RowHead, RowsHeader, RowsReader, RowsWriter,
};
use crate::row::Row;

impl<S: BinaryForm> TrackerSnapshot<S> {
    /// Writes the snapshot in the [binary form](RowsWriter), which is smaller than that of `serde`.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Mean, RunningTracker, TrackerSnapshot};
    ///
    /// let tracker = RunningTracker::default();
    /// tracker.record("jump", 100)?;
    /// let bytes = tracker.snapshot().to_bytes();
    /// let read = TrackerSnapshot::<Mean>::from_bytes(&bytes)?;
    /// assert_eq!(read, tracker.snapshot());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = RowsWriter::<S>::new(&RowsHeader {
            unit: Some(self.unit),
            instances: self.instances().to_vec(),
            revision: self.revision(),
            forgotten: self.forgotten(),
            ..RowsHeader::default()
        });
        let rows = self.rows.iter();
        let rows = rows.map(|row| (&**row.kept_name(), row.first(), row.statistic()));
        writer.block(Stamp::UNIX_EPOCH, rows);
        writer.finish()
    }

    /// Reads a snapshot in the binary form.
    ///
    /// # Errors
    ///
    /// [`TrackerSnapshotError::Binary`] if the bytes are not such a form, damaged, or of another
    /// statistic, and the errors of any snapshot that is read.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TrackerSnapshotError> {
        let reader = RowsReader::new(bytes)?;
        let (header, unit, forgotten) = header::<S>(&reader)?;
        let mut rows = Vec::new();
        reader.add_each::<S>(|row, bytes| {
            let RowHead { name, first, .. } = row;
            let mut statistic = S::default();
            statistic.add_from(bytes)?;
            rows.push(Row::new(name.into(), first, statistic));
            Ok(())
        })?;
        Ok(Self { header, unit, forgotten: forgotten[0]..forgotten[1], rows })
    }

    /// Merges a snapshot in the binary form, without making it first.
    ///
    /// The result is that of [`merge`](Self::merge).
    ///
    /// # Errors
    ///
    /// As [`from_bytes`](Self::from_bytes) and [`merge`](Self::merge). Nothing changes then.
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> Result<(), TrackerSnapshotError> {
        let reader = RowsReader::new(bytes)?;
        let (header, unit, [start, end]) = header::<S>(&reader)?;
        same_unit(unit, self.unit)?;
        let header = self.header.merged(&header)?;
        let start = forgotten(self.forgotten.start.saturating_add(start))?;
        let forgotten = start..forgotten(self.forgotten.end.saturating_add(end))?;
        let places = self.rows.iter().enumerate();
        let places: HashMap<_, _> =
            places.map(|(at, row)| (Arc::clone(row.kept_name()), at)).collect();
        let new = S::default();
        reader.check_each::<S>(|row, bytes| {
            places.get(row.name).map_or(&new, |&at| self.rows[at].statistic()).check(bytes)
        })?;
        // From here on nothing is refused.
        let rows = &mut self.rows;
        reader.each(|RowHead { name, first, .. }, bytes| match places.get(name) {
            Some(&at) => rows[at].add_from(first, bytes),
            None => {
                let mut row = Row::new(name.into(), first, S::default());
                row.add_from(first, bytes)?;
                rows.push(row);
                Ok(())
            }
        })?;
        (self.header, self.forgotten) = (header, forgotten);
        self.rows.sort_unstable_by(Row::by_first);
        Ok(())
    }
}

impl<S: BinaryForm> Row<S> {
    fn add_from(&mut self, first: u64, bytes: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        self.first = self.first.min(first);
        self.statistic.add_from(bytes)
    }
}

/// Returns the header, the unit, and how often something had been forgotten before and after.
fn header<S: BinaryForm>(
    reader: &RowsReader<'_>,
) -> Result<(SnapshotHeader, Unit, [u64; 2]), TrackerSnapshotError> {
    reader.check_tag::<S>()?;
    let RowsHeader { resolution, unit, instances, revision, forgotten: [start, end], .. } =
        reader.header();
    if *resolution != Duration::ZERO {
        return Err(TrackerSnapshotError::ByTime { resolution: *resolution });
    }
    let unit = unit.ok_or(TrackerSnapshotError::Missing { key: "unit" })?;
    let instances = Instances::of(instances.clone())?;
    let header = SnapshotHeader::read(S::TAG, instances, *revision)?;
    Ok((header, unit, [forgotten(*start)?, forgotten(*end)?]))
}
