//! The wire forms of times and statistics.
//!
//! This module defines them, so that a rename elsewhere does not change them, and
//! `tests/statistics/wire.rs` pins them. They have no version, because the forms that contain them
//! have one.
//!
//! Input is checked as far as possible: a statistic that no values can produce is an error, and
//! input without an error makes no later call panic. Reading allocates in proportion to the length
//! of the input, plus up to 54 KiB of bins between two that are far apart.

use std::cmp::Reverse;
use std::fmt;
use std::marker::PhantomData;

use core_time::{Stamp, Statistic, counted};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::action::time::{ActionTime, TimeError};
use crate::exact::sum::{Sum, SumOfSquares};
use crate::statistics::count::Count;
use crate::statistics::last::{Last, Timestamped};
use crate::statistics::level::Level;
use crate::statistics::mean::Mean;
use crate::statistics::min_max::MinMax;
use crate::statistics::outcomes::Outcomes;
use crate::statistics::quantiles::Quantiles;
use crate::statistics::quantiles::histogram::Histogram;
use crate::statistics::summary::Summary;
use crate::statistics::top_k::TopK;
use crate::statistics::valid::{self, Invalid, in_range};
use crate::statistics::values::Values;
use crate::statistics::variance::Variance;

mod quantiles;
mod signed;
mod sum;

use quantiles::{WireHistogram, WireQuantiles};
use signed::WireLevel;

const TWO_POW_53: f64 = 9_007_199_254_740_992.0;
const TWO_POW_64: f64 = 18_446_744_073_709_551_616.0;

/// Describes why input is not a valid statistic.
#[derive(Debug, Error)]
enum WireError {
    #[error(
        "sum is `{text}`, expected an odd hexadecimal integer and power of two, as in `0x19p2`"
    )]
    NoSum { text: String },
    #[error("sum is `{text}`, which is above the maximum")]
    SumTooLarge { text: String },
    #[error("sum is `{text}`, impossible with {}", counted(*count, "time"))]
    SumOfTooMany { text: String, count: u64 },
    #[error(
        "sum of squares is `{squares}`, impossible with {} and the sum `{sum}`",
        counted(*count, "time")
    )]
    Squares { squares: String, sum: String, count: u64 },
    #[error("integer {float} is read as a float, which may be rounded, read it from JSON text")]
    Rounded { float: f64 },
    #[error(
        "`few` has {} next to a histogram, expected the minimum and the maximum",
        counted(*few, "time")
    )]
    FewAndMany { few: usize },
    #[error("cell of the end {time} is {}, expected bin {expected}", cell(*found))]
    EndElsewhere { time: ActionTime, expected: u32, found: Option<u32> },
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// Describes a cell in a message.
fn cell(bin: Option<u32>) -> String {
    bin.map_or_else(|| "missing".to_owned(), |bin| format!("of bin {bin}"))
}

/// Serializes a type as another one, which is checked when deserialized.
///
/// `keyed` marks a type that is written as a map.
macro_rules! wire {
    (keyed $type:ty, $wire:ty $(, const $cap:ident: usize)?) => {
        wire!(
            $type,
            Keyed<$wire>,
            |it| Keyed(<$wire>::of(it)),
            |Keyed(wire)| wire.checked()
            $(, const $cap: usize)?
        );
    };
    ($type:ty, $wire:ty, $to_wire:expr, $checked:expr $(, const $cap:ident: usize)?) => {
        impl $(<const $cap: usize>)? Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let to_wire: fn(&Self) -> $wire = $to_wire;
                to_wire(self).serialize(serializer)
            }
        }

        impl<'de $(, const $cap: usize)?> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let checked: fn($wire) -> Result<Self, WireError> = $checked;
                checked(<$wire>::deserialize(deserializer)?).map_err(Error::custom)
            }
        }
    };
}

wire!(Count, u64, |count| count.0, |count| Ok(Count(in_range(count)?)));
wire!(keyed Mean, WireMean);
wire!(keyed Outcomes, WireOutcomes);
wire!(keyed Variance, WireVariance);
wire!(
    MinMax,
    Option<[ActionTime; 2]>,
    |min_max| min_max.min().zip(min_max.max()).map(Into::into),
    min_max
);
wire!(keyed Timestamped, WireStamped);
wire!(Last, Option<Timestamped>, |last| last.0, |last| Ok(Last(last)));
wire!(keyed TopK<CAP>, WireLargest, const CAP: usize);
wire!(Values, Vec<ActionTime>, |raw| raw.times().collect(), |times| Ok(of(times)));
wire!(keyed Histogram, WireHistogram);
wire!(keyed Quantiles, WireQuantiles);
wire!(keyed Summary, WireSummary);
wire!(keyed Level, WireLevel);

/// Requires a map with exactly the expected keys in a human-readable form.
///
/// By default, serde also accepts a list of the values and ignores unknown keys. So it would read a
/// list of two numbers as a `Last`, and the sums of a variance as a mean.
struct Keyed<T>(T);

impl<T: Serialize> Serialize for Keyed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Keyed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return T::deserialize(deserializer).map(Self);
        }
        deserializer.deserialize_map(KeyedVisitor(PhantomData))
    }
}

struct KeyedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for KeyedVisitor<T> {
    type Value = Keyed<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Keyed<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Keyed)
    }
}

/// Encodes a time for formats that are not human-readable and may not store the type of a number.
#[derive(Serialize, Deserialize)]
enum Number {
    Integer(u64),
    Float(f64),
}

impl Serialize for ActionTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.as_integer(), serializer.is_human_readable()) {
            (Some(integer), true) => serializer.serialize_u64(integer),
            (None, true) => serializer.serialize_f64(self.as_f64()),
            (Some(integer), false) => Number::Integer(integer).serialize(serializer),
            (None, false) => Number::Float(self.as_f64()).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ActionTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            // Any number: human-readable formats pass an integer to `visit_u64` even if asked for a
            // float. Asked for any type, `serde_json` passes a private map if any crate of the
            // build enables its feature `arbitrary_precision`.
            return deserializer.deserialize_f64(TimeVisitor);
        }
        let time = match Number::deserialize(deserializer)? {
            Number::Integer(integer) => Ok(integer.into()),
            Number::Float(float) => Self::try_from(float),
        };
        time.map_err(Error::custom)
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = ActionTime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time, which is a number of 0 or more")
    }

    fn visit_u64<E: Error>(self, integer: u64) -> Result<ActionTime, E> {
        Ok(integer.into())
    }

    fn visit_i64<E: Error>(self, integer: i64) -> Result<ActionTime, E> {
        time(integer)
    }

    fn visit_f64<E: Error>(self, float: f64) -> Result<ActionTime, E> {
        // An integer of this size is never written as a float. A `serde_json::Value` converts it to
        // one, with the feature `arbitrary_precision`, and may round it. (The last 1,024 integers
        // below 2^64 become 2^64, which is indistinguishable from the float.)
        if (TWO_POW_53..TWO_POW_64).contains(&float) {
            return Err(E::custom(WireError::Rounded { float }));
        }
        time(float)
    }
}

fn time<N: TryInto<ActionTime, Error = TimeError>, E: Error>(number: N) -> Result<ActionTime, E> {
    number.try_into().map_err(E::custom)
}

/// Builds a statistic of these values.
fn of<S: Statistic>(values: Vec<S::Value>) -> S {
    let mut statistic = S::default();
    statistic.insert_all(values.into_iter());
    statistic
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireOutcomes {
    calls: u64,
    failed: u64,
    slow: u64,
}

impl WireOutcomes {
    fn of(&Outcomes { calls, failed, slow }: &Outcomes) -> Self {
        Self { calls, failed, slow }
    }

    fn checked(self) -> Result<Outcomes, WireError> {
        Ok(valid::outcomes(self.calls, self.failed, self.slow)?)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireMean {
    count: u64,
    sum: String,
}

impl WireMean {
    fn of(mean: &Mean) -> Self {
        Self { count: mean.count, sum: mean.sum.to_text() }
    }

    fn checked(self) -> Result<Mean, WireError> {
        let count = in_range(self.count)?;
        Ok(Mean { count, sum: Sum::from_text(&self.sum, count)? })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireVariance {
    count: u64,
    sum: String,
    squares: String,
}

impl WireVariance {
    fn of(variance: &Variance) -> Self {
        let WireMean { count, sum } = WireMean::of(&variance.mean);
        Self { count, sum, squares: variance.squares.to_text() }
    }

    fn checked(self) -> Result<Variance, WireError> {
        let Self { count, sum, squares } = self;
        let count = in_range(count)?;
        let mean = Mean { count, sum: Sum::from_text(&sum, count)? };
        let exact = SumOfSquares::from_text(&squares, count)?;
        valid::variance(mean, exact).ok_or(WireError::Squares { squares, sum, count })
    }
}

fn min_max(ends: Option<[ActionTime; 2]>) -> Result<MinMax, WireError> {
    match ends {
        Some([min, max]) if min > max => Err(Invalid::Backwards { min, max }.into()),
        ends => Ok(of(ends.into_iter().flatten().collect())),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireStamped {
    /// In nanoseconds since the Unix epoch.
    stamp: i64,
    time: ActionTime,
}

impl WireStamped {
    fn of(stamped: &Timestamped) -> Self {
        Self { stamp: stamped.stamp.as_nanos(), time: stamped.time }
    }

    fn checked(self) -> Result<Timestamped, WireError> {
        Ok(Timestamped { stamp: Stamp::from_nanos(self.stamp), time: self.time })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireLargest {
    /// In descending order when written.
    kept: Vec<ActionTime>,
    dropped: Mean,
}

impl WireLargest {
    fn of<const CAP: usize>(largest: &TopK<CAP>) -> Self {
        let sorted = largest.kept.clone().into_sorted_vec();
        let kept = sorted.into_iter().map(|Reverse(time)| time).collect();
        Self { kept, dropped: largest.dropped.clone() }
    }

    fn checked<const CAP: usize>(self) -> Result<TopK<CAP>, WireError> {
        Ok(valid::largest(self.kept, self.dropped)?)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSummary {
    mean: Mean,
    minmax: MinMax,
    quantiles: Quantiles,
}

impl WireSummary {
    fn of(summary: &Summary) -> Self {
        let Summary { mean, min_max, quantiles } = summary.clone();
        Self { mean, minmax: min_max, quantiles }
    }

    fn checked(self) -> Result<Summary, WireError> {
        Ok(valid::summary(self.mean, self.minmax, self.quantiles)?)
    }
}
