//! The wire form of a windowed snapshot: version 2, and version 1 in JSON.
//!
//! A snapshot of several tiers has another tag than one of a single tier, because its rows have
//! other statistics: a list of rings instead of a ring.
//!
//! This module defines the form, so that a rename elsewhere does not change it, and
//! `tests/windowed_snapshot.rs` and `tests/tiers.rs` pin it.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use core_time::{SnapshotHeader, Stamp, Statistic, StatisticRing, Tier, TieredRing, WindowSpec};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::WindowedSnapshot;
use crate::snapshot::{
    AnyVersion as AnyTracker, ReadRow, TrackerSnapshot, TrackerSnapshotError, WireRow, WireUnit,
    there,
};

#[derive(Serialize)]
#[serde(bound = "W: Serialize, T: Serialize")]
struct Written<'a, W, T> {
    header: &'a SnapshotHeader,
    window: W,
    unit: WireUnit,
    forgotten: [u64; 2],
    rows: Vec<WireRow<'a, T>>,
}

const KEYS: &[&str] = &["header", "window", "unit", "forgotten", "rows"];

/// Holds the parts of a snapshot of any number of tiers.
struct Read<S> {
    header: SnapshotHeader,
    window: WindowOfTiers,
    unit: WireUnit,
    forgotten: [u64; 2],
    rows: Vec<ReadRow<AnyRings<S>>>,
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

/// Holds the same with the tiers after the first.
#[derive(Serialize, Deserialize)]
struct WindowOfTiers {
    at: i64,
    since: i64,
    resolution: u64,
    span: u64,
    tolerance: u64,
    #[serde(default)]
    coarser: Vec<WireTier>,
}

#[derive(Serialize, Deserialize)]
struct WireTier {
    resolution: u64,
    span: u64,
}

/// Holds the rings of all tiers. In JSON, a single one is not in a list.
struct AnyRings<S>(Vec<StatisticRing<S>>);

/// Holds the JSON keys of both versions; each version lacks some of them.
#[derive(Deserialize)]
#[serde(bound = "S: Statistic + Deserialize<'de>")]
struct AnyVersion<S> {
    #[serde(default, deserialize_with = "some_header::<S, _>")]
    header: Option<SnapshotHeader>,
    window: Option<WindowOfTiers>,
    unit: Option<WireUnit>,
    forgotten: Option<[u64; 2]>,
    rows: Option<Vec<ReadRow<AnyRings<S>>>>,

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
    let tags = [WindowedSnapshot::<S>::ONE_TIER, WindowedSnapshot::<S>::TIERS];
    SnapshotHeader::deserialize_as_one_of(deserializer, &tags)
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
    let tag = WindowedSnapshot::<S>::ONE_TIER;
    SnapshotHeader::deserialize_version_1(deserializer, tag).map(Some)
}

impl<S: Statistic + Serialize> Serialize for WindowedSnapshot<S> {
    fn serialize<R: Serializer>(&self, serializer: R) -> Result<R::Ok, R::Error> {
        let nanos = |length: Duration| length.as_nanos() as u64; // Not longer than 292 years.
        let (at, since) = (self.at.as_nanos(), self.since.as_nanos());
        let tolerance = nanos(self.spec.tolerance());
        let mut tiers = self
            .spec
            .tiers()
            .map(|tier| WireTier { resolution: nanos(tier.resolution), span: nanos(tier.span) });
        let header = self.rings.header();
        let Some(WireTier { resolution, span }) = tiers.next() else {
            return Err(serde::ser::Error::custom("a window has a tier"));
        };
        let coarser: Vec<_> = tiers.collect();
        if coarser.is_empty() {
            let window = Window { at, since, resolution, span, tolerance };
            let (unit, forgotten, rows) = self.rings.parts(TieredRing::finest);
            Written { header, window, unit, forgotten, rows }.serialize(serializer)
        } else {
            let window = WindowOfTiers { at, since, resolution, span, tolerance, coarser };
            let all = |rings: &'_ TieredRing<S>| rings.tiers().cloned().collect::<Vec<_>>();
            let (unit, forgotten, rows) = self.rings.parts(all);
            Written { header, window, unit, forgotten, rows }.serialize(serializer)
        }
    }
}

impl<'de, S: Statistic + Deserialize<'de>> Deserialize<'de> for WindowedSnapshot<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let snapshot = if deserializer.is_human_readable() {
            AnyVersion::deserialize(deserializer)?.checked()
        } else {
            deserializer.deserialize_struct("Read", KEYS, ReadVisitor(PhantomData))?.checked()
        };
        snapshot.map_err(D::Error::custom)
    }
}

/// Reads a header of either tag.
struct HeaderSeed<S>(PhantomData<S>);

impl<'de, S: Statistic> DeserializeSeed<'de> for HeaderSeed<S> {
    type Value = SnapshotHeader;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        header::<S, D>(deserializer)
    }
}

/// Reads the parts from a format without keys, in which the tag says what comes after it.
struct ReadVisitor<S>(PhantomData<S>);

impl<'de, S: Statistic + Deserialize<'de>> Visitor<'de> for ReadVisitor<S> {
    type Value = Read<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a snapshot of a windowed tracker")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let missing = |key| A::Error::custom(TrackerSnapshotError::Missing { key });
        let header = parts.next_element_seed(HeaderSeed::<S>(PhantomData))?;
        let header = header.ok_or_else(|| missing("header"))?;
        let has_tiers = header.tag() == WindowedSnapshot::<S>::TIERS;
        let window = if has_tiers {
            parts.next_element()?
        } else {
            parts.next_element::<Window>()?.map(WindowOfTiers::from)
        };
        let window = window.ok_or_else(|| missing("window"))?;
        let unit = parts.next_element()?.ok_or_else(|| missing("unit"))?;
        let forgotten = parts.next_element()?.ok_or_else(|| missing("forgotten"))?;
        let rows = if has_tiers {
            of_rows(parts.next_element::<Vec<ReadRow<_>>>()?, AnyRings)
        } else {
            of_rows(parts.next_element::<Vec<ReadRow<_>>>()?, |ring| AnyRings(vec![ring]))
        };
        let rows = rows.ok_or_else(|| missing("rows"))?;
        Ok(Read { header, window, unit, forgotten, rows })
    }
}

fn of_rows<T, U>(rows: Option<Vec<ReadRow<T>>>, of: impl Fn(T) -> U) -> Option<Vec<ReadRow<U>>> {
    Some(rows?.into_iter().map(|row| row.map(&of)).collect())
}

impl From<Window> for WindowOfTiers {
    fn from(Window { at, since, resolution, span, tolerance }: Window) -> Self {
        Self { at, since, resolution, span, tolerance, coarser: Vec::new() }
    }
}

impl<'de, S: Statistic + Deserialize<'de>> Deserialize<'de> for AnyRings<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RingsVisitor(PhantomData))
    }
}

/// Reads a ring or a list of rings.
struct RingsVisitor<S>(PhantomData<S>);

impl<'de, S: Statistic + Deserialize<'de>> Visitor<'de> for RingsVisitor<S> {
    type Value = AnyRings<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a ring of buckets, or a list of rings")
    }

    fn visit_map<A: MapAccess<'de>>(self, ring: A) -> Result<Self::Value, A::Error> {
        let ring = StatisticRing::deserialize(MapAccessDeserializer::new(ring))?;
        Ok(AnyRings(vec![ring]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, rings: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(rings)).map(AnyRings)
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
                let window = WindowOfTiers::from(window);
                let spec = window.spec()?;
                let tracker = there("tracker", self.tracker)?;
                let rings = tracker.checked(WindowedSnapshot::<S>::ONE_TIER)?;
                Ok(window.of(spec.clone(), rings.try_map(|ring| rings_of(&spec, vec![ring]))?))
            }
            (None, None) => Err(TrackerSnapshotError::Missing { key: "header" }),
        }
    }
}

impl<S: Statistic> Read<S> {
    fn checked(self) -> Result<WindowedSnapshot<S>, TrackerSnapshotError> {
        let Self { header, window, unit, forgotten, rows } = self;
        let spec = window.spec()?;
        let tiers = spec.tiers().len() as u64;
        if header.tag() != WindowedSnapshot::<S>::tag(&spec) {
            return Err(TrackerSnapshotError::OtherTiers {
                found: tiers,
                needed: 3 - tiers.min(2),
            });
        }
        let rows =
            rows.into_iter().map(|row| row.try_map(|AnyRings(rings)| rings_of(&spec, rings)));
        let rows = rows.collect::<Result<_, _>>()?;
        Ok(window.of(spec, TrackerSnapshot::of_parts(header, unit, forgotten, rows)?))
    }
}

/// Checks that the rings of an action are those of a specification.
fn rings_of<S: Statistic>(
    spec: &WindowSpec,
    rings: Vec<StatisticRing<S>>,
) -> Result<TieredRing<S>, TrackerSnapshotError> {
    let (found, needed) = (rings.len() as u64, spec.tiers().len() as u64);
    let expected = TieredRing::<S>::new(spec);
    let mut reaches = rings.iter().map(StatisticRing::reach);
    let mut needed_reaches = expected.tiers().map(StatisticRing::reach);
    let other =
        reaches.by_ref().zip(needed_reaches.by_ref()).find(|(found, needed)| found != needed);
    match (other, TieredRing::from_tiers(spec, rings)) {
        (_, Some(rings)) => Ok(rings),
        (Some((found, needed)), None) => Err(TrackerSnapshotError::OtherReach { found, needed }),
        (None, None) => Err(TrackerSnapshotError::OtherTiers { found, needed }),
    }
}

impl WindowOfTiers {
    fn spec(&self) -> Result<WindowSpec, TrackerSnapshotError> {
        let builder = WindowSpec::builder()
            .resolution(Duration::from_nanos(self.resolution))
            .span(Duration::from_nanos(self.span))
            .tolerance(Duration::from_nanos(self.tolerance));
        let tier = |&WireTier { resolution, span }: &_| Tier {
            resolution: Duration::from_nanos(resolution),
            span: Duration::from_nanos(span),
        };
        Ok(self.coarser.iter().map(tier).fold(builder, |spec, tier| spec.tier(tier)).build()?)
    }

    fn of<S>(
        &self,
        spec: WindowSpec,
        rings: TrackerSnapshot<TieredRing<S>>,
    ) -> WindowedSnapshot<S> {
        let [at, since] = [self.at, self.since].map(Stamp::from_nanos);
        WindowedSnapshot { spec, at, since, rings }
    }
}
