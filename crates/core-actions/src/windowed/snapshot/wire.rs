//! The wire form of a windowed snapshot, version 1. A rename in the code must not change it: what
//! is here is the form, and `tests/windowed_snapshot.rs` pins it.

use std::time::Duration;

use core_time::{Stamp, Statistic, StatisticRing, WindowSpec};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::WindowedSnapshot;
use crate::snapshot::{TrackerSnapshot, TrackerSnapshotError, there};

const VERSION: u32 = 1;

/// All may be missing, because another version may have other keys.
#[derive(Serialize, Deserialize)]
struct Wire<T> {
    version: Option<u32>,
    at: Option<i64>,
    since: Option<i64>,
    resolution: Option<u64>,
    span: Option<u64>,
    tolerance: Option<u64>,
    tracker: Option<T>,
}

impl<S: Statistic + Serialize> Serialize for WindowedSnapshot<S> {
    fn serialize<R: Serializer>(&self, serializer: R) -> Result<R::Ok, R::Error> {
        let nanos = |length: Duration| Some(length.as_nanos() as u64); // Not longer than 292 years.
        let wire = Wire {
            version: Some(VERSION),
            at: Some(self.at.as_nanos()),
            since: Some(self.since.as_nanos()),
            resolution: nanos(self.spec.resolution()),
            span: nanos(self.spec.span()),
            tolerance: nanos(self.spec.tolerance()),
            tracker: Some(&self.rings),
        };
        wire.serialize(serializer)
    }
}

impl<'de, S: Statistic + Deserialize<'de>> Deserialize<'de> for WindowedSnapshot<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Wire::deserialize(deserializer)?.checked().map_err(D::Error::custom)
    }
}

impl<S: Statistic> Wire<TrackerSnapshot<StatisticRing<S>>> {
    fn checked(self) -> Result<WindowedSnapshot<S>, TrackerSnapshotError> {
        let version = there("version", self.version)?;
        if version != VERSION {
            return Err(TrackerSnapshotError::OtherVersion { found: version, known: VERSION });
        }
        let spec = self.spec()?;
        let rings = there("tracker", self.tracker)?;
        let needed = StatisticRing::<S>::new(&spec).reach();
        let mut reaches = rings.rows().iter().map(|row| row.statistic().reach());
        if let Some(found) = reaches.find(|&reach| reach != needed) {
            return Err(TrackerSnapshotError::OtherReach { found, needed });
        }
        let [at, since] = [there("at", self.at)?, there("since", self.since)?];
        let [at, since] = [at, since].map(Stamp::from_nanos);
        Ok(WindowedSnapshot { spec, at, since, rings })
    }

    fn spec(&self) -> Result<WindowSpec, TrackerSnapshotError> {
        let length = |key, nanos| there(key, nanos).map(Duration::from_nanos);
        let spec = WindowSpec::builder()
            .resolution(length("resolution", self.resolution)?)
            .span(length("span", self.span)?)
            .tolerance(length("tolerance", self.tolerance)?);
        Ok(spec.build()?)
    }
}
