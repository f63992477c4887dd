//! The wire form of a snapshot: version 2, and version 1 in JSON.
//!
//! This module defines it, so that a rename elsewhere does not change it, and `tests/snapshot.rs`
//! pins it. The forms of statistics are defined separately.

use std::collections::HashSet;
use std::sync::Arc;

use core_time::{Instances, SnapshotHeader, Statistic, Tag};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{TrackerSnapshot, TrackerSnapshotError, forgotten};
use crate::action::key::FOLDED;
use crate::action::name::ActionName;
use crate::action::unit::Unit;
use crate::row::Row;

#[derive(Serialize)]
struct Written<'a, S> {
    header: &'a SnapshotHeader,
    unit: WireUnit,
    forgotten: [u64; 2],
    rows: Vec<WireRow<'a, &'a S>>,
}

#[derive(Deserialize)]
#[serde(bound = "S: Statistic + Deserialize<'de>")]
struct Read<S> {
    #[serde(deserialize_with = "header::<S, _>")]
    header: SnapshotHeader,
    unit: WireUnit,
    forgotten: [u64; 2],
    rows: Vec<ReadRow<S>>,
}

/// Holds the JSON keys of both versions; each version lacks some of them.
#[derive(Deserialize)]
#[serde(bound = "S: Statistic + Deserialize<'de>")]
pub(crate) struct AnyVersion<S> {
    #[serde(default, deserialize_with = "some_header::<S, _>")]
    header: Option<SnapshotHeader>,
    #[serde(default, deserialize_with = "version_1::<S, _>")]
    version: Option<()>,
    instances: Option<Instances>,
    taken: Option<u64>,
    unit: Option<WireUnit>,
    forgotten: Option<[u64; 2]>,
    rows: Option<Vec<ReadRow<S>>>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WireUnit {
    Nanoseconds,
    Microseconds,
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
}

#[derive(Serialize)]
pub(crate) struct WireRow<'a, S> {
    action: &'a str,
    first: u64,
    statistic: S,
}

#[derive(Deserialize)]
pub(crate) struct ReadRow<S> {
    action: String,
    first: u64,
    statistic: S,
}

impl<S> ReadRow<S> {
    /// Replaces the statistic.
    pub(crate) fn map<T>(self, statistic: impl FnOnce(S) -> T) -> ReadRow<T> {
        let Self { action, first, statistic: read } = self;
        ReadRow { action, first, statistic: statistic(read) }
    }

    /// Replaces the statistic.
    pub(crate) fn try_map<T, E>(
        self,
        statistic: impl FnOnce(S) -> Result<T, E>,
    ) -> Result<ReadRow<T>, E> {
        let Self { action, first, statistic: read } = self;
        Ok(ReadRow { action, first, statistic: statistic(read)? })
    }
}

fn header<'de, S, D>(deserializer: D) -> Result<SnapshotHeader, D::Error>
where
    S: Statistic,
    D: Deserializer<'de>,
{
    SnapshotHeader::deserialize_as(deserializer, S::TAG)
}

fn some_header<'de, S, D>(deserializer: D) -> Result<Option<SnapshotHeader>, D::Error>
where
    S: Statistic,
    D: Deserializer<'de>,
{
    header::<S, D>(deserializer).map(Some)
}

fn version_1<'de, S, D>(deserializer: D) -> Result<Option<()>, D::Error>
where
    S: Statistic,
    D: Deserializer<'de>,
{
    SnapshotHeader::deserialize_version_1(deserializer, S::TAG).map(Some)
}

impl<S: Statistic + Serialize> Serialize for TrackerSnapshot<S> {
    fn serialize<R: Serializer>(&self, serializer: R) -> Result<R::Ok, R::Error> {
        let (unit, forgotten, rows) = self.parts(|statistic| statistic);
        Written { header: &self.header, unit, forgotten, rows }.serialize(serializer)
    }
}

impl<'de, S: Statistic + Deserialize<'de>> Deserialize<'de> for TrackerSnapshot<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Only a form for people names its keys, so that it can have those of two versions.
        let snapshot = if deserializer.is_human_readable() {
            AnyVersion::deserialize(deserializer)?.checked(S::TAG)
        } else {
            let Read { header, unit, forgotten, rows } = Read::deserialize(deserializer)?;
            Self::of_parts(header, unit, forgotten, rows)
        };
        snapshot.map_err(D::Error::custom)
    }
}

impl<S: Statistic> AnyVersion<S> {
    pub(crate) fn checked(self, tag: Tag) -> Result<TrackerSnapshot<S>, TrackerSnapshotError> {
        let header = match (self.header, self.version) {
            (Some(header), _) => header,
            (None, Some(())) => {
                let instances = there("instances", self.instances)?;
                SnapshotHeader::of_version_1(tag, instances, there("taken", self.taken)?)?
            }
            (None, None) => return Err(TrackerSnapshotError::Missing { key: "header" }),
        };
        let unit = there("unit", self.unit)?;
        let forgotten = there("forgotten", self.forgotten)?;
        TrackerSnapshot::of_parts(header, unit, forgotten, there("rows", self.rows)?)
    }
}

impl<S: Statistic> TrackerSnapshot<S> {
    /// Returns the parts that are written after the header, with the form of each statistic.
    pub(crate) fn parts<'a, T>(
        &'a self,
        statistic: impl Fn(&'a S) -> T,
    ) -> (WireUnit, [u64; 2], Vec<WireRow<'a, T>>) {
        let unit = match self.unit {
            Unit::Nanoseconds => WireUnit::Nanoseconds,
            Unit::Microseconds => WireUnit::Microseconds,
            Unit::Milliseconds => WireUnit::Milliseconds,
            Unit::Seconds => WireUnit::Seconds,
            Unit::Minutes => WireUnit::Minutes,
            Unit::Hours => WireUnit::Hours,
        };
        let row = |row: &'a Row<S>| WireRow {
            action: row.kept_name(),
            first: row.first(),
            statistic: statistic(row.statistic()),
        };
        (unit, [self.forgotten.start, self.forgotten.end], self.rows.iter().map(row).collect())
    }

    /// Checks the parts that were read after the header.
    pub(crate) fn of_parts(
        header: SnapshotHeader,
        unit: WireUnit,
        [start, end]: [u64; 2],
        read: Vec<ReadRow<S>>,
    ) -> Result<Self, TrackerSnapshotError> {
        let unit = match unit {
            WireUnit::Nanoseconds => Unit::Nanoseconds,
            WireUnit::Microseconds => Unit::Microseconds,
            WireUnit::Milliseconds => Unit::Milliseconds,
            WireUnit::Seconds => Unit::Seconds,
            WireUnit::Minutes => Unit::Minutes,
            WireUnit::Hours => Unit::Hours,
        };
        let (mut names, mut rows) = (HashSet::new(), Vec::with_capacity(read.len()));
        for ReadRow { action, first, statistic } in read {
            if action != FOLDED {
                ActionName::with_limit(&action, usize::MAX)?;
            }
            let row = Row::new(action.into(), first, statistic);
            if !names.insert(Arc::clone(row.kept_name())) {
                return Err(TrackerSnapshotError::Twice { action: row.name().to_owned() });
            }
            rows.push(row);
        }
        rows.sort_unstable_by(Row::by_first);
        Ok(Self { header, unit, forgotten: forgotten(start)?..forgotten(end)?, rows })
    }
}

impl<S> TrackerSnapshot<S> {
    /// Replaces the statistics.
    pub(crate) fn try_map<T, E>(
        self,
        statistic: impl Fn(S) -> Result<T, E>,
    ) -> Result<TrackerSnapshot<T>, E> {
        let Self { header, unit, forgotten, rows } = self;
        let row =
            |Row { name, first, statistic: read }| Ok(Row::new(name, first, statistic(read)?));
        let rows = rows.into_iter().map(row).collect::<Result<_, E>>()?;
        Ok(TrackerSnapshot { header, unit, forgotten, rows })
    }
}

pub(crate) fn there<T>(key: &'static str, value: Option<T>) -> Result<T, TrackerSnapshotError> {
    value.ok_or(TrackerSnapshotError::Missing { key })
}
