//! The wire forms of times and statistics. A rename in the code must not change them: what is here
//! is the form, and `tests/wire.rs` pins it.
//!
//! They have no version of their own, because whatever they are parts of has one.
//!
//! What is read is checked as far as it can be: what no statistic can have become by taking values
//! in is an error, and nothing that is read without one makes a later call panic. What is made for
//! it grows with the length of what is read, but for up to 54 KiB of cells between two that are far
//! apart.

use std::cmp::Reverse;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use core_time::{COUNT_MAX, Stamp, Statistic, counted};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::action::time::{ActionTime, TimeError};
use crate::exact::sum::{Sum, SumOfSquares};
use crate::statistics::count::Count;
use crate::statistics::last::{Last, Timestamped};
use crate::statistics::mean::Mean;
use crate::statistics::min_max::MinMax;
use crate::statistics::quantiles::Quantiles;
use crate::statistics::quantiles::bins::range_of;
use crate::statistics::quantiles::histogram::Histogram;
use crate::statistics::summary::Summary;
use crate::statistics::top_k::TopK;
use crate::statistics::traits::{HasCount, HasMean};
use crate::statistics::values::Values;
use crate::statistics::variance::{Variance, go_together};

mod sum;

const TWO_POW_52: f64 = 4_503_599_627_370_496.0;
const TWO_POW_53: f64 = 9_007_199_254_740_992.0;
const TWO_POW_64: f64 = 18_446_744_073_709_551_616.0;

/// Why what was read is no statistic.
#[derive(Debug, Error)]
enum WireError {
    #[error(
        "sum is `{text}`, which is no odd hexadecimal integer and power of two, as in `0x19p2`"
    )]
    NoSum { text: String },
    #[error("sum is `{text}`, which is beyond the largest")]
    SumTooLarge { text: String },
    #[error("sum is `{text}`, which is more than {} can have", counted(*count, "time"))]
    SumOfTooMany { text: String, count: u64 },
    #[error(
        "sum of squares is `{squares}`, impossible with {} and the sum `{sum}`",
        counted(*count, "time")
    )]
    Squares { squares: String, sum: String, count: u64 },
    #[error("least time is {least}, greatest is {greatest}, which is less")]
    Backwards { least: ActionTime, greatest: ActionTime },
    #[error("kept {}, limit is {limit}", counted(*kept, "time"))]
    TooManyKept { kept: usize, limit: usize },
    #[error(
        "dropped {} while there was room: kept {kept}, limit is {limit}", counted(*dropped, "time")
    )]
    DroppedTooSoon { dropped: u64, kept: usize, limit: usize },
    #[error(
        "mean of what was dropped is {mean}, the least that was kept is {least}, which is less"
    )]
    DroppedLarger { mean: f64, least: ActionTime },
    #[error("there is no cell {cell}")]
    NoCell { cell: u32 },
    #[error("cell {cell} comes after cell {before}, they must ascend")]
    CellsDescend { cell: u32, before: u32 },
    #[error("cell {cell} is empty, such are left out")]
    EmptyCell { cell: u32 },
    #[error("count is {found}, limit is {max}")]
    TooMany { found: u64, max: u64 },
    #[error("integer {float} was handed over as a float, which may be rounded, read it from text")]
    Rounded { float: f64 },
    #[error("mean is of {mean} times, quantiles are of {quantiles}, minmax is there: {minmax}")]
    SummaryOfSeveral { mean: u64, quantiles: u64, minmax: bool },
    #[error(
        "{} without an integer value, by their cells {least} at least and {most} at most",
        counted(*found, "time")
    )]
    Fractions { found: u64, least: u64, most: u64 },
    #[error("histogram next to {} kept one by one, expected none", counted(*few, "time"))]
    FewAndMany { few: usize },
    #[error("kept {} one by one, limit is {limit}", counted(*few, "time"))]
    TooManyFew { few: usize, limit: usize },
    #[error("time {time} comes after {before}, they must ascend")]
    FewDescend { time: ActionTime, before: ActionTime },
    #[error("histogram of {}, up to {limit} are kept one by one", counted(*many, "time"))]
    TooFewMany { many: u64, limit: usize },
}

/// Reads and writes a type as another one, which is checked when it is read. What is written as a
/// map is `keyed`.
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
wire!(keyed Variance, WireVariance);
wire!(
    MinMax,
    Option<[ActionTime; 2]>,
    |extent| extent.min().zip(extent.max()).map(Into::into),
    extent
);
wire!(keyed Timestamped, WireStamped);
wire!(Last, Option<Timestamped>, |last| last.0, |last| Ok(Last(last)));
wire!(keyed TopK<CAP>, WireLargest, const CAP: usize);
wire!(Values, Vec<ActionTime>, |raw| raw.times().collect(), |times| Ok(of(times)));
wire!(keyed Histogram, WireHistogram);
wire!(keyed Quantiles, WireQuantiles);
wire!(keyed Summary, WireSummary);

/// A map, which in a form for people has exactly the keys that it should have.
///
/// Left to itself, serde takes a list of the values for the map too, and ignores other keys. So a
/// list of two numbers would be a `Last`, and the sums of a variance a mean.
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

/// A time where a format is not for people, and may not tell of itself what a number is.
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
            // A number, whichever it is: formats for people hand over an integer as one. Asked for
            // anything, `serde_json` hands over a map of its own if any crate of a build switches
            // on its feature `arbitrary_precision`.
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
        // An integer as large as that is never written as a float. A tree of `serde_json` makes one
        // of it, with the feature `arbitrary_precision`, and may round it. (The last 1,024 integers
        // below 2^64 come as that, which cannot be told from the float.)
        if (TWO_POW_53..TWO_POW_64).contains(&float) {
            return Err(E::custom(WireError::Rounded { float }));
        }
        time(float)
    }
}

fn time<N: TryInto<ActionTime, Error = TimeError>, E: Error>(number: N) -> Result<ActionTime, E> {
    number.try_into().map_err(E::custom)
}

/// A count that leaves room for as many values again.
fn in_range(found: u64) -> Result<u64, WireError> {
    let max = COUNT_MAX;
    if found <= max { Ok(found) } else { Err(WireError::TooMany { found, max }) }
}

/// A statistic of these values.
fn of<S: Statistic>(values: Vec<S::Value>) -> S {
    let mut statistic = S::default();
    statistic.insert_all(values.into_iter());
    statistic
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
        if go_together(count, &mean.sum, &exact) {
            Ok(Variance { mean, squares: exact })
        } else {
            Err(WireError::Squares { squares, sum, count })
        }
    }
}

fn extent(ends: Option<[ActionTime; 2]>) -> Result<MinMax, WireError> {
    match ends {
        Some([least, greatest]) if least > greatest => {
            Err(WireError::Backwards { least, greatest })
        }
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
        let (kept, dropped) = (self.kept.len(), self.dropped.count());
        if kept > CAP {
            return Err(WireError::TooManyKept { kept, limit: CAP });
        }
        if kept < CAP && dropped > 0 {
            return Err(WireError::DroppedTooSoon { dropped, kept, limit: CAP });
        }
        // Rounding keeps order: a mean that is not above the least is not above it when rounded.
        in_range(dropped.saturating_add(kept as u64))?;
        match (self.dropped.mean(), self.kept.iter().min()) {
            (Some(mean), Some(&least)) if mean > least.as_f64() => {
                Err(WireError::DroppedLarger { mean, least })
            }
            _ => Ok(TopK {
                kept: self.kept.into_iter().map(Reverse).collect(),
                dropped: self.dropped,
            }),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireHistogram {
    /// The number of each cell that is not empty, and its count. The number of the cell of zero is
    /// 0; that of a value from 2^e on is 64 (e + 1075), and one more for each 64th of 2^e.
    cells: Vec<(u32, u64)>,
    /// How many times are no integers below 2^64.
    fractions: u64,
}

impl WireHistogram {
    fn of(histogram: &Histogram) -> Self {
        let cells = histogram.counts().map(|(cell, count)| (cell as u32, count));
        Self { cells: cells.collect(), fractions: histogram.fractions }
    }

    fn checked(self) -> Result<Histogram, WireError> {
        let mut before = None;
        let (mut sum, mut least, mut most) = (0_u64, 0, 0);
        for &(cell, count) in &self.cells {
            let range = range_of(cell as usize).ok_or(WireError::NoCell { cell })?;
            if let Some(before) = before.filter(|&before| before >= cell) {
                return Err(WireError::CellsDescend { cell, before });
            }
            if count == 0 {
                return Err(WireError::EmptyCell { cell });
            }
            sum = in_range(sum.saturating_add(count))?;
            least += if has_integers(&range) { 0 } else { count };
            most += if has_fractions(&range) { count } else { 0 };
            before = Some(cell);
        }
        if !(least..=most).contains(&self.fractions) {
            return Err(WireError::Fractions { found: self.fractions, least, most });
        }
        Ok(Histogram::of_counts(&self.cells, self.fractions))
    }
}

/// Whether there are integers below 2^64 in a cell.
fn has_integers(range: &Range<f64>) -> bool {
    range.start < TWO_POW_64 && range.start.ceil() < range.end
}

/// Whether there are floats in a cell that are no such integers.
fn has_fractions(range: &Range<f64>) -> bool {
    (0.0 < range.start && range.start < TWO_POW_52) || range.start >= TWO_POW_64
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireQuantiles {
    few: Vec<ActionTime>,
    many: Option<Histogram>,
}

impl WireQuantiles {
    fn of(quantiles: &Quantiles) -> Self {
        let many = (!quantiles.histogram.is_empty()).then(|| quantiles.histogram.clone());
        Self { few: quantiles.small.sorted().times().collect(), many }
    }

    fn checked(self) -> Result<Quantiles, WireError> {
        let (few, limit) = (self.few.len(), Quantiles::EXACT);
        if let Some(two) = self.few.windows(2).find(|two| two[0] > two[1]) {
            return Err(WireError::FewDescend { time: two[1], before: two[0] });
        }
        match self.many.as_ref().map(Histogram::count) {
            None if few > limit => Err(WireError::TooManyFew { few, limit }),
            Some(_) if few > 0 => Err(WireError::FewAndMany { few }),
            Some(many) if many <= limit as u64 => Err(WireError::TooFewMany { many, limit }),
            _ => Ok(Quantiles {
                small: self.few.into_iter().collect(),
                histogram: self.many.unwrap_or_default(),
            }),
        }
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
        let Self { mean, minmax, quantiles } = self;
        let [of_mean, of_quantiles] = [mean.count(), quantiles.count()];
        if of_mean == of_quantiles && minmax.min().is_some() == (of_mean > 0) {
            return Ok(Summary { mean, min_max: minmax, quantiles });
        }
        let minmax = minmax.min().is_some();
        Err(WireError::SummaryOfSeveral { mean: of_mean, quantiles: of_quantiles, minmax })
    }
}
