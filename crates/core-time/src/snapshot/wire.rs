//! The wire form of a snapshot, version 2, and version 1 in JSON.
//!
//! A rename in the code must not change it; `tests/snapshot.rs` pins it.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::error::SnapshotError;
use super::{Buckets, CounterSnapshot, EVENTS, SnapshotHeader};
use crate::counter::refused::RefusedCounts;
use crate::instance::Instances;
use crate::spec::{Grid, Tier, WindowSpec};
use crate::stamp::Stamp;

#[derive(Serialize, Deserialize)]
struct Wire {
    #[serde(deserialize_with = "header")]
    header: SnapshotHeader,
    at: i64,
    since: i64,
    total: u64,
    refused: WireRefused,
    tolerance: u64,
    tiers: Vec<WireTier>,
}

/// The keys of both versions; each version lacks some.
#[derive(Deserialize)]
struct AnyVersion {
    #[serde(default, deserialize_with = "some_header")]
    header: Option<SnapshotHeader>,
    #[serde(default, deserialize_with = "version_1")]
    version: Option<()>,
    instances: Option<Instances>,
    at: Option<i64>,
    since: Option<i64>,
    total: Option<u64>,
    refused: Option<WireRefused>,
    tolerance: Option<u64>,
    tiers: Option<Vec<WireTier>>,
}

#[derive(Serialize, Deserialize)]
struct WireRefused {
    too_old: u64,
    too_new: u64,
    full: u64,
}

#[derive(Serialize, Deserialize)]
struct WireTier {
    resolution: u64,
    span: u64,
    /// The tick of the first bucket: its start, divided by the resolution.
    first: i64,
    counts: Vec<u64>,
}

fn header<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SnapshotHeader, D::Error> {
    SnapshotHeader::deserialize_as(deserializer, EVENTS)
}

fn some_header<'de, D>(deserializer: D) -> Result<Option<SnapshotHeader>, D::Error>
where
    D: Deserializer<'de>,
{
    header(deserializer).map(Some)
}

fn version_1<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<()>, D::Error> {
    SnapshotHeader::deserialize_version_1(deserializer, EVENTS).map(Some)
}

impl Serialize for CounterSnapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let RefusedCounts { too_old, too_new, full } = self.refused;
        let tier = |(buckets, grid): (&'_ Buckets, &Grid)| WireTier {
            resolution: grid.width().cast_unsigned(),
            span: grid.span().cast_unsigned(),
            first: buckets.first,
            counts: buckets.counts.clone(),
        };
        let wire = Wire {
            header: self.header.clone(),
            at: self.at.as_nanos(),
            since: self.since.as_nanos(),
            total: self.total,
            refused: WireRefused { too_old, too_new, full },
            tolerance: self.spec.tolerance().as_nanos() as u64,
            tiers: self.tiers.iter().zip(self.spec.grids()).map(tier).collect(),
        };
        wire.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CounterSnapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Only a human-readable form names its keys, so that it can have those of two versions.
        let wire = if deserializer.is_human_readable() {
            AnyVersion::deserialize(deserializer)?.wire().map_err(D::Error::custom)?
        } else {
            Wire::deserialize(deserializer)?
        };
        wire.checked().map_err(D::Error::custom)
    }
}

impl AnyVersion {
    fn wire(self) -> Result<Wire, SnapshotError> {
        let header = match (self.header, self.version) {
            (Some(header), _) => header,
            (None, Some(())) => {
                let instances = required("instances", self.instances)?;
                SnapshotHeader::of_version_1(EVENTS, instances, 0)?
            }
            (None, None) => return Err(SnapshotError::Missing { key: "header" }),
        };
        Ok(Wire {
            header,
            at: required("at", self.at)?,
            since: required("since", self.since)?,
            total: required("total", self.total)?,
            refused: required("refused", self.refused)?,
            tolerance: required("tolerance", self.tolerance)?,
            tiers: required("tiers", self.tiers)?,
        })
    }
}

impl Wire {
    fn checked(self) -> Result<CounterSnapshot, SnapshotError> {
        let Self { header, total, tiers, .. } = self;
        let spec = spec(&tiers, self.tolerance)?;
        let [at, since] = [self.at, self.since].map(Stamp::from_nanos);
        let tiers = tiers.into_iter().zip(spec.grids());
        let tiers: Vec<_> =
            tiers.map(|(tier, grid)| tier.checked(grid, at)).collect::<Result<_, _>>()?;
        for buckets in &tiers {
            let counted = buckets.counts.iter().try_fold(0_u64, |sum, &n| sum.checked_add(n));
            match counted {
                Some(counted) if counted <= total => {}
                _ => return Err(SnapshotError::TotalTooSmall { total }),
            }
        }
        let WireRefused { too_old, too_new, full } = self.refused;
        let refused = RefusedCounts { too_old, too_new, full };
        Ok(CounterSnapshot { header, spec, at, since, total, refused, tiers })
    }
}

fn required<T>(key: &'static str, value: Option<T>) -> Result<T, SnapshotError> {
    value.ok_or(SnapshotError::Missing { key })
}

fn spec(tiers: &[WireTier], tolerance: u64) -> Result<WindowSpec, SnapshotError> {
    let nanos = Duration::from_nanos;
    let tier =
        |tier: &WireTier| Tier { resolution: nanos(tier.resolution), span: nanos(tier.span) };
    let mut tiers = tiers.iter().map(tier);
    let finest = tiers.next().ok_or(SnapshotError::NoTier)?;
    let spec = WindowSpec::builder()
        .resolution(finest.resolution)
        .span(finest.span)
        .tolerance(nanos(tolerance));
    Ok(tiers.fold(spec, |spec, tier| spec.tier(tier)).build()?)
}

impl WireTier {
    fn checked(self, grid: &Grid, at: Stamp) -> Result<Buckets, SnapshotError> {
        let (buckets, max) = (self.counts.len() as u64, grid.layout().held());
        if buckets > max {
            return Err(SnapshotError::TooManyBuckets { buckets, max });
        }
        let (first, end) = (self.first, self.first.saturating_add_unsigned(buckets));
        if first < grid.tick(Stamp::MIN) || end > grid.tick(Stamp::MAX) + 1 {
            return Err(SnapshotError::OutOfTime { first });
        }
        Ok(Buckets::new(first, self.counts, grid.tick(at)))
    }
}
