//! The wire form of a snapshot of a keyed counter.
//!
//! A rename in the code must not change it; `tests/keyed_snapshot.rs` pins it.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Events, KeyedSnapshot, TAG, oldest};
use crate::counter::RefusedCounts;
use crate::overflow::OverflowCounts;
use crate::snapshot::{SnapshotError, SnapshotHeader};
use crate::spec::WindowSpec;
use crate::stamp::Stamp;

/// `B` has the buckets, pairs of tick and events.
#[derive(Serialize, Deserialize)]
struct Wire<K, B> {
    #[serde(deserialize_with = "header")]
    header: SnapshotHeader,
    at: i64,
    since: i64,
    since_unknown: i64,
    resolution: u64,
    span: u64,
    tolerance: u64,
    newest: i64,
    refused: WireRefused,
    overflow: WireOverflow,
    other: WireEvents<B>,
    rows: Vec<WireRow<K, B>>,
}

#[derive(Serialize, Deserialize)]
struct WireRefused {
    too_old: u64,
    too_new: u64,
    full: u64,
}

#[derive(Serialize, Deserialize)]
struct WireOverflow {
    refused: u64,
    folded: u64,
    evicted: u64,
    evicted_records: u64,
    expired: u64,
    removed: u64,
}

#[derive(Serialize, Deserialize)]
struct WireEvents<B> {
    since: i64,
    buckets: B,
}

#[derive(Serialize, Deserialize)]
struct WireRow<K, B> {
    key: K,
    since: i64,
    buckets: B,
}

fn header<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SnapshotHeader, D::Error> {
    SnapshotHeader::deserialize_as(deserializer, TAG)
}

impl<K: Serialize> Serialize for KeyedSnapshot<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let RefusedCounts { too_old, too_new, full } = self.refused;
        let OverflowCounts { refused, folded, evicted, evicted_records, expired, removed } =
            self.overflow;
        let grid = self.spec.finest();
        let rows = self.rows.iter().map(|(key, events)| WireRow {
            key,
            since: events.since.as_nanos(),
            buckets: &events.buckets[..],
        });
        let wire = Wire {
            header: self.header.clone(),
            at: self.at.as_nanos(),
            since: self.since.as_nanos(),
            since_unknown: self.since_unknown.as_nanos(),
            resolution: grid.width().cast_unsigned(),
            span: grid.span().cast_unsigned(),
            tolerance: self.spec.tolerance().as_nanos() as u64,
            newest: self.newest,
            refused: WireRefused { too_old, too_new, full },
            overflow: WireOverflow { refused, folded, evicted, evicted_records, expired, removed },
            other: WireEvents {
                since: self.other.since.as_nanos(),
                buckets: &self.other.buckets[..],
            },
            rows: rows.collect(),
        };
        wire.serialize(serializer)
    }
}

impl<'de, K: Deserialize<'de> + Ord> Deserialize<'de> for KeyedSnapshot<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::<K, Vec<(i64, u64)>>::deserialize(deserializer)?;
        wire.checked().map_err(D::Error::custom)
    }
}

impl<K: Ord> Wire<K, Vec<(i64, u64)>> {
    fn checked(self) -> Result<KeyedSnapshot<K>, SnapshotError> {
        let nanos = Duration::from_nanos;
        let spec = WindowSpec::builder()
            .resolution(nanos(self.resolution))
            .span(nanos(self.span))
            .tolerance(nanos(self.tolerance))
            .build()?;
        let [at, since, since_unknown] =
            [self.at, self.since, self.since_unknown].map(Stamp::from_nanos);
        let (grid, newest) = (spec.finest(), self.newest);
        if newest < grid.tick(at) || newest > grid.tick(Stamp::MAX) {
            return Err(SnapshotError::InvalidBucket { tick: newest });
        }
        let oldest = oldest(&spec, newest);
        let events = |since, buckets| {
            let events = Events { since: Stamp::from_nanos(since), buckets };
            events.check(oldest, newest)?;
            Ok::<_, SnapshotError>(events)
        };
        let other = events(self.other.since, self.other.buckets)?;
        let mut rows: Vec<(K, Events)> = Vec::new();
        for (row, WireRow { key, since, buckets }) in self.rows.into_iter().enumerate() {
            if rows.last().is_some_and(|(before, _)| *before >= key) {
                return Err(SnapshotError::KeysUnsorted { row });
            }
            rows.push((key, events(since, buckets)?));
        }
        let WireRefused { too_old, too_new, full } = self.refused;
        let WireOverflow { refused, folded, evicted, evicted_records, expired, removed } =
            self.overflow;
        Ok(KeyedSnapshot {
            header: self.header,
            at,
            since,
            since_unknown,
            newest,
            refused: RefusedCounts { too_old, too_new, full },
            overflow: OverflowCounts {
                refused,
                folded,
                evicted,
                evicted_records,
                expired,
                removed,
            },
            other,
            rows,
            spec,
        })
    }
}
