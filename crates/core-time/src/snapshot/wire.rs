//! The wire form of a snapshot, version 1. A rename in the code must not change it: what is here is
//! the form, and `tests/snapshot.rs` pins it.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Buckets, Snapshot};
use crate::error::SnapshotError;
use crate::grid::Grid;
use crate::instance::{InstanceError, Instances};
use crate::refused::Refused;
use crate::spec::{Tier, WindowSpec};
use crate::stamp::Stamp;

const VERSION: u32 = 1;

/// All may be missing, because another version may have other keys.
#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    version: Option<u32>,
    instances: Option<Instances>,
    at: Option<i64>,
    since: Option<i64>,
    total: Option<u64>,
    refused: Option<WireRefused>,
    tolerance: Option<u64>,
    tiers: Option<Vec<WireTier<'a>>>,
}

#[derive(Serialize, Deserialize)]
struct WireRefused {
    too_old: u64,
    too_new: u64,
    full: u64,
}

#[derive(Serialize, Deserialize)]
struct WireTier<'a> {
    resolution: u64,
    span: u64,
    /// The number of the first bucket: the moment where it begins, divided by the resolution.
    first: i64,
    counts: Cow<'a, [u64]>,
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Refused { too_old, too_new, full } = self.refused;
        let tier = |(buckets, grid): (&'_ Buckets, &Grid)| WireTier {
            resolution: grid.width().cast_unsigned(),
            span: grid.span().cast_unsigned(),
            first: buckets.first,
            counts: Cow::Owned(buckets.counts.clone()),
        };
        let wire = Wire {
            version: Some(VERSION),
            instances: Some(self.instances.clone()),
            at: Some(self.at.as_nanos()),
            since: Some(self.since.as_nanos()),
            total: Some(self.total),
            refused: Some(WireRefused { too_old, too_new, full }),
            tolerance: Some(self.spec.tolerance().as_nanos() as u64),
            tiers: Some(self.tiers.iter().zip(self.spec.grids()).map(tier).collect()),
        };
        wire.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Wire::deserialize(deserializer)?.checked().map_err(serde::de::Error::custom)
    }
}

impl Wire<'_> {
    fn checked(self) -> Result<Snapshot, SnapshotError> {
        let version = there("version", self.version)?;
        if version != VERSION {
            return Err(SnapshotError::OtherVersion { found: version, known: VERSION });
        }
        let (tiers, total) = (there("tiers", self.tiers)?, there("total", self.total)?);
        let spec = spec(&tiers, there("tolerance", self.tolerance)?)?;
        let at = Stamp::from_nanos(there("at", self.at)?);
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
        let instances = there("instances", self.instances)?;
        if instances.is_empty() {
            return Err(InstanceError::Unreadable.into());
        }
        let WireRefused { too_old, too_new, full } = there("refused", self.refused)?;
        Ok(Snapshot {
            instances,
            spec,
            at,
            since: Stamp::from_nanos(there("since", self.since)?),
            total,
            refused: Refused { too_old, too_new, full },
            tiers,
        })
    }
}

fn there<T>(key: &'static str, value: Option<T>) -> Result<T, SnapshotError> {
    value.ok_or(SnapshotError::Missing { key })
}

fn spec(tiers: &[WireTier<'_>], tolerance: u64) -> Result<WindowSpec, SnapshotError> {
    let nanos = Duration::from_nanos;
    let tier =
        |tier: &WireTier<'_>| Tier { resolution: nanos(tier.resolution), span: nanos(tier.span) };
    let mut tiers = tiers.iter().map(tier);
    let finest = tiers.next().ok_or(SnapshotError::NoTier)?;
    let spec = WindowSpec::builder()
        .resolution(finest.resolution)
        .span(finest.span)
        .tolerance(nanos(tolerance));
    Ok(tiers.fold(spec, |spec, tier| spec.tier(tier)).build()?)
}

impl WireTier<'_> {
    fn checked(self, grid: &Grid, at: Stamp) -> Result<Buckets, SnapshotError> {
        let (buckets, max) = (self.counts.len() as u64, grid.layout().held());
        if buckets > max {
            return Err(SnapshotError::TooManyBuckets { buckets, max });
        }
        let (first, end) = (self.first, self.first.saturating_add_unsigned(buckets));
        if first < grid.tick(Stamp::MIN) || end > grid.tick(Stamp::MAX) + 1 {
            return Err(SnapshotError::OutOfTime { first });
        }
        Ok(Buckets::new(first, self.counts.into_owned(), grid.tick(at)))
    }
}
