//! The wire form of a snapshot, version 1. A rename in the code must not change it: what is here is
//! the form, and `tests/snapshot.rs` pins it. Statistics have forms of their own.

use std::collections::HashSet;
use std::sync::Arc;

use core_time::{InstanceError, Instances, Statistic};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{TrackerSnapshot, TrackerSnapshotError};
use crate::key::FOLDED;
use crate::name::ActionName;
use crate::row::Row;
use crate::time::Unit;

const VERSION: u32 = 1;

/// All may be missing, because another version may have other keys.
#[derive(Serialize, Deserialize)]
struct Wire<R> {
    version: Option<u32>,
    instances: Option<Instances>,
    unit: Option<WireUnit>,
    taken: Option<u64>,
    forgotten: Option<[u64; 2]>,
    rows: Option<Vec<R>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireUnit {
    Nanoseconds,
    Microseconds,
    Milliseconds,
    Seconds,
}

#[derive(Serialize)]
struct WireRow<'a, S> {
    action: &'a str,
    first: u64,
    statistic: &'a S,
}

impl<'a, S: Statistic> WireRow<'a, S> {
    fn of(row: &'a Row<S>) -> Self {
        Self { action: row.kept_name(), first: row.first(), statistic: row.statistic() }
    }
}

#[derive(Deserialize)]
struct ReadRow<S> {
    action: String,
    first: u64,
    statistic: S,
}

impl<S: Statistic + Serialize> Serialize for TrackerSnapshot<S> {
    fn serialize<R: Serializer>(&self, serializer: R) -> Result<R::Ok, R::Error> {
        let unit = match self.unit {
            Unit::Nanoseconds => WireUnit::Nanoseconds,
            Unit::Microseconds => WireUnit::Microseconds,
            Unit::Milliseconds => WireUnit::Milliseconds,
            Unit::Seconds => WireUnit::Seconds,
        };
        let wire = Wire {
            version: Some(VERSION),
            instances: Some(self.instances.clone()),
            unit: Some(unit),
            taken: Some(self.taken),
            forgotten: Some([self.forgotten.start, self.forgotten.end]),
            rows: Some(self.rows.iter().map(WireRow::of).collect()),
        };
        wire.serialize(serializer)
    }
}

impl<'de, S: Statistic + Deserialize<'de>> Deserialize<'de> for TrackerSnapshot<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Wire::<ReadRow<S>>::deserialize(deserializer)?.checked().map_err(D::Error::custom)
    }
}

impl<S: Statistic> Wire<ReadRow<S>> {
    fn checked(self) -> Result<TrackerSnapshot<S>, TrackerSnapshotError> {
        let version = there("version", self.version)?;
        if version != VERSION {
            return Err(TrackerSnapshotError::OtherVersion { found: version, known: VERSION });
        }
        let instances = there("instances", self.instances)?;
        if instances.is_empty() {
            return Err(InstanceError::Unreadable.into());
        }
        let unit = match there("unit", self.unit)? {
            WireUnit::Nanoseconds => Unit::Nanoseconds,
            WireUnit::Microseconds => Unit::Microseconds,
            WireUnit::Milliseconds => Unit::Milliseconds,
            WireUnit::Seconds => Unit::Seconds,
        };
        let taken = there("taken", self.taken)?;
        let [start, end] = there("forgotten", self.forgotten)?;
        let read = there("rows", self.rows)?;
        let (mut names, mut rows) = (HashSet::new(), Vec::with_capacity(read.len()));
        for ReadRow { action, first, statistic } in read {
            if action != FOLDED {
                ActionName::with_limit(&action, usize::MAX)?;
            }
            let row = Row::new(action.into(), first, statistic);
            if !names.insert(Arc::clone(row.kept_name())) {
                return Err(TrackerSnapshotError::Twice { action: row.action().to_owned() });
            }
            rows.push(row);
        }
        rows.sort_unstable_by(Row::by_first);
        Ok(TrackerSnapshot { instances, unit, taken, forgotten: start..end, rows })
    }
}

pub(crate) fn there<T>(key: &'static str, value: Option<T>) -> Result<T, TrackerSnapshotError> {
    value.ok_or(TrackerSnapshotError::Missing { key })
}
