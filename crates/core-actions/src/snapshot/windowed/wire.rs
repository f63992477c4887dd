//! The wire form of a windowed snapshot: version 2, and version 1 in JSON.
//!
//! This module defines it, so that a rename elsewhere does not change it, and
//! `tests/windowed_snapshot.rs` pins it.

use std::time::Duration;

use core_time::{SnapshotHeader, Stamp, Statistic, StatisticRing, WindowSpec};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::WindowedSnapshot;
use crate::snapshot::{
    AnyVersion as AnyTracker, ReadRow, TrackerSnapshot, TrackerSnapshotError, WireRow, WireUnit,
    there,
};

#[derive(Serialize)]
#[serde(bound = "S: Statistic + Serialize")]
struct Written<'a, S> {
    header: &'a SnapshotHeader,
    window: Window,
    unit: WireUnit,
    forgotten: [u64; 2],
    rows: Vec<WireRow<'a, StatisticRing<S>>>,
}

#[derive(Deserialize)]
#[serde(bound = "S: Statistic + Deserialize<'de>")]
struct Read<S> {
    #[serde(deserialize_with = "header::<S, _>")]
    header: SnapshotHeader,
    window: Window,
    unit: WireUnit,
    forgotten: [u64; 2],
    rows: Vec<ReadRow<StatisticRing<S>>>,
}

/// Holds the window in nanoseconds; `at` and `since` count from the Unix epoch.
#[derive(Serialize, Deserialize)]
struct Window {
    at: i64,
    since: i64,
    resolution: u64,
    span: u64,
    tolerance: u64,
}

/// Holds the JSON keys of both versions; each version lacks some of them.
#[derive(Deserialize)]
#[serde(bound = "S: Statistic + Deserialize<'de>")]
struct AnyVersion<S> {
    #[serde(default, deserialize_with = "some_header::<S, _>")]
    header: Option<SnapshotHeader>,
    window: Option<Window>,
    unit: Option<WireUnit>,
    forgotten: Option<[u64; 2]>,
    rows: Option<Vec<ReadRow<StatisticRing<S>>>>,

    #[serde(default, deserialize_with = "version_1::<S, _>")]
    version: Option<()>,
    at: Option<i64>,
    since: Option<i64>,
    resolution: Option<u64>,
    span: Option<u64>,
    tolerance: Option<u64>,
    tracker: Option<AnyTracker<StatisticRing<S>>>,
}

fn header<'de, S, D>(deserializer: D) -> Result<SnapshotHeader, D::Error>
where
    S: Statistic,
    D: Deserializer<'de>,
{
    SnapshotHeader::deserialize_as(deserializer, WindowedSnapshot::<S>::TAG)
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
    SnapshotHeader::deserialize_version_1(deserializer, WindowedSnapshot::<S>::TAG).map(Some)
}

impl<S: Statistic + Serialize> Serialize for WindowedSnapshot<S> {
    fn serialize<R: Serializer>(&self, serializer: R) -> Result<R::Ok, R::Error> {
        let nanos = |length: Duration| length.as_nanos() as u64; // Not longer than 292 years.
        let window = Window {
            at: self.at.as_nanos(),
            since: self.since.as_nanos(),
            resolution: nanos(self.spec.resolution()),
            span: nanos(self.spec.span()),
            tolerance: nanos(self.spec.tolerance()),
        };
        let (unit, forgotten, rows) = self.rings.parts();
        let header = self.rings.header();
        Written { header, window, unit, forgotten, rows }.serialize(serializer)
    }
}

impl<'de, S: Statistic + Deserialize<'de>> Deserialize<'de> for WindowedSnapshot<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let snapshot = if deserializer.is_human_readable() {
            AnyVersion::deserialize(deserializer)?.checked()
        } else {
            Read::deserialize(deserializer)?.checked()
        };
        snapshot.map_err(D::Error::custom)
    }
}

impl<S: Statistic> AnyVersion<S> {
    fn checked(self) -> Result<WindowedSnapshot<S>, TrackerSnapshotError> {
        match (self.header, self.version) {
            (Some(header), _) => Read {
                header,
                window: there("window", self.window)?,
                unit: there("unit", self.unit)?,
                forgotten: there("forgotten", self.forgotten)?,
                rows: there("rows", self.rows)?,
            }
            .checked(),
            (None, Some(())) => {
                let window = Window {
                    at: there("at", self.at)?,
                    since: there("since", self.since)?,
                    resolution: there("resolution", self.resolution)?,
                    span: there("span", self.span)?,
                    tolerance: there("tolerance", self.tolerance)?,
                };
                let tracker = there("tracker", self.tracker)?;
                window.of(tracker.checked(WindowedSnapshot::<S>::TAG)?)
            }
            (None, None) => Err(TrackerSnapshotError::Missing { key: "header" }),
        }
    }
}

impl<S: Statistic> Read<S> {
    fn checked(self) -> Result<WindowedSnapshot<S>, TrackerSnapshotError> {
        let Self { header, window, unit, forgotten, rows } = self;
        window.of(TrackerSnapshot::of_parts(header, unit, forgotten, rows)?)
    }
}

impl Window {
    fn of<S: Statistic>(
        self,
        rings: TrackerSnapshot<StatisticRing<S>>,
    ) -> Result<WindowedSnapshot<S>, TrackerSnapshotError> {
        let spec = WindowSpec::builder()
            .resolution(Duration::from_nanos(self.resolution))
            .span(Duration::from_nanos(self.span))
            .tolerance(Duration::from_nanos(self.tolerance))
            .build()?;
        let needed = StatisticRing::<S>::new(&spec).reach();
        let mut reaches = rings.rows().iter().map(|row| row.statistic().reach());
        if let Some(found) = reaches.find(|&reach| reach != needed) {
            return Err(TrackerSnapshotError::OtherReach { found, needed });
        }
        let [at, since] = [self.at, self.since].map(Stamp::from_nanos);
        Ok(WindowedSnapshot { spec, at, since, rings })
    }
}
