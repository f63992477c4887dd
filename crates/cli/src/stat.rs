//! The figures that can be asked for by name, and who has them.

use std::cmp::Ordering;
use std::mem;
use std::ops::BitOr;
use std::str::FromStr;

use facade::Quantile;
use facade::actions::{ActionTime, HasMean, Mean, MinMax, Quantiles, Variance};
use facade::codec::Field;
use facade::time::{Statistic, Tag};
use thiserror::Error;

/// A figure of an action's times.
///
/// Figures are equal if they have the same value of all times: `p50` equals `median` and `p50.0`.
#[derive(Debug, Clone)]
pub(crate) enum Stat {
    Count,
    Sum,
    Mean,
    Min,
    Max,
    Deviation,
    Variance,
    /// With the name that it was asked for by.
    Quantile(Quantile, String),
}

impl PartialEq for Stat {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Quantile(mine, _), Self::Quantile(theirs, _)) => mine == theirs,
            _ => mem::discriminant(self) == mem::discriminant(other),
        }
    }
}

/// Figures that are often asked for.
pub(crate) const NAMES: &[&str] = &[
    "count", "sum", "mean", "min", "max", "stddev", "variance", "median", "p50", "p90", "p95",
    "p99", "p99.9",
];

/// A name that no figure has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("none of count, sum, mean, min, max, stddev, variance, p50, p99, p99.9 and so on to p100")]
pub(crate) struct UnknownStat;

impl Stat {
    /// The quantile that so many percent do not exceed.
    pub(crate) fn percentile(percent: u8) -> Self {
        let quantile = Quantile::try_from(f64::from(percent) / 100.0);
        Self::Quantile(quantile.expect("the callers stay within 100"), format!("p{percent}"))
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::Deviation => "stddev",
            Self::Variance => "variance",
            Self::Quantile(_, name) => name,
        }
    }

    /// What has to be kept of the times for it.
    pub(crate) fn needs(&self) -> Needs {
        Needs {
            // A quantile is the middle of a cell, which may be beyond the least and the greatest.
            min_max: matches!(self, Self::Min | Self::Max | Self::Quantile(..)),
            quantiles: matches!(self, Self::Quantile(..)),
            variance: matches!(self, Self::Deviation | Self::Variance),
        }
    }

    /// Whether the figure of finite times may be larger than any float.
    pub(crate) fn may_be_infinite(&self) -> bool {
        matches!(self, Self::Sum | Self::Variance)
    }

    /// The figure of an action, if what was kept of it tells that.
    ///
    /// It may also be that the times are too few: a deviation needs two.
    pub(crate) fn of(&self, stats: &impl Stats) -> Field<'static> {
        match self {
            Self::Count => Field::Integer(stats.count()),
            Self::Sum => Field::Float(stats.sum()),
            Self::Mean => stats.mean().into(),
            Self::Min => stats.min_max().and_then(MinMax::min).into(),
            Self::Max => stats.min_max().and_then(MinMax::max).into(),
            Self::Deviation => stats.variance().and_then(Variance::sample_deviation).into(),
            Self::Variance => stats.variance().and_then(Variance::sample_variance).into(),
            Self::Quantile(quantile, _) => {
                let min_max = stats.min_max();
                match quantile.share() {
                    0.0 => min_max.and_then(MinMax::min),
                    1.0 => min_max.and_then(MinMax::max),
                    _ => {
                        let time = stats.quantiles().and_then(|times| times.quantile(*quantile));
                        time.zip(min_max).map(|(time, min_max)| min_max.clamp(time))
                    }
                }
                .into()
            }
        }
    }
}

impl FromStr for Stat {
    type Err = UnknownStat;

    fn from_str(name: &str) -> Result<Self, UnknownStat> {
        Ok(match name {
            "count" => Self::Count,
            "sum" => Self::Sum,
            "mean" | "avg" => Self::Mean,
            "min" => Self::Min,
            "max" => Self::Max,
            "stddev" => Self::Deviation,
            "variance" => Self::Variance,
            "median" => Self::Quantile(Quantile::MEDIAN, name.to_owned()),
            _ => {
                let quantile = name.strip_prefix('p').and_then(share);
                let quantile = quantile.ok_or(UnknownStat)?;
                Self::Quantile(quantile, name.to_owned())
            }
        })
    }
}

/// The share that is written as so many percent.
fn share(percent: &str) -> Option<Quantile> {
    let is_plain = percent.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    // A hundredth by its digits, for a division would round once more.
    let share = format!("{percent}e-2").parse::<f64>().ok().filter(|_| is_plain)?;
    Quantile::try_from(share).ok()
}

/// What has to be kept of an action's times, besides count and sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Needs {
    pub(crate) min_max: bool,
    pub(crate) quantiles: bool,
    pub(crate) variance: bool,
}

impl BitOr for Needs {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self {
            min_max: self.min_max || other.min_max,
            quantiles: self.quantiles || other.quantiles,
            variance: self.variance || other.variance,
        }
    }
}

/// A statistic that figures can be read from; what it does not keep is not there.
pub(crate) trait Stats: HasMean {
    fn sum(&self) -> f64;
    fn variance(&self) -> Option<&Variance>;
    fn min_max(&self) -> Option<&MinMax>;
    fn quantiles(&self) -> Option<&Quantiles>;
}

impl<M: Moments, E: Keeps<MinMax>, Q: Keeps<Quantiles>> Stats for (M, E, Q)
where
    Self: HasMean,
{
    fn sum(&self) -> f64 {
        self.0.sum()
    }

    fn variance(&self) -> Option<&Variance> {
        self.0.variance()
    }

    fn min_max(&self) -> Option<&MinMax> {
        self.1.kept()
    }

    fn quantiles(&self) -> Option<&Quantiles> {
        self.2.kept()
    }
}

/// Count and sum, perhaps with the sum of squares.
pub(crate) trait Moments: HasMean {
    fn sum(&self) -> f64;
    fn variance(&self) -> Option<&Variance>;
}

impl Moments for Mean {
    fn sum(&self) -> f64 {
        self.sum()
    }

    fn variance(&self) -> Option<&Variance> {
        None
    }
}

impl Moments for Variance {
    fn sum(&self) -> f64 {
        self.sum()
    }

    fn variance(&self) -> Option<&Variance> {
        Some(self)
    }
}

/// A statistic, or nothing in its place.
pub(crate) trait Keeps<S>: Statistic<Value = ActionTime> {
    fn kept(&self) -> Option<&S>;
}

impl<S: Statistic<Value = ActionTime>> Keeps<S> for S {
    fn kept(&self) -> Option<&S> {
        Some(self)
    }
}

/// Keeps nothing and costs nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NoStat;

impl Statistic for NoStat {
    type Value = ActionTime;

    const TAG: Tag = Tag::own("x-nothing");

    const NEVER_PANICS: bool = true;

    #[inline]
    fn insert(&mut self, _: ActionTime) {}

    #[inline]
    fn insert_all(&mut self, _: impl Iterator<Item = ActionTime> + Clone) {}

    fn merge(&mut self, _: &Self) {}
}

impl Keeps<MinMax> for NoStat {
    fn kept(&self) -> Option<&MinMax> {
        None
    }
}

impl Keeps<Quantiles> for NoStat {
    fn kept(&self) -> Option<&Quantiles> {
        None
    }
}

/// Compares numbers of any kind; what is missing comes first.
pub(crate) fn compare(a: &Field<'_>, b: &Field<'_>) -> Ordering {
    match (*a, *b) {
        (Field::Integer(a), Field::Integer(b)) => a.cmp(&b),
        (a, b) => float(a).total_cmp(&float(b)),
    }
}

/// A number as the nearest float; less than none if there is none.
fn float(field: Field<'_>) -> f64 {
    match field {
        Field::Integer(integer) => integer as f64,
        Field::Float(float) => float,
        _ => f64::NEG_INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantile(name: &str) -> Option<f64> {
        match name.parse() {
            Ok(Stat::Quantile(quantile, _)) => Some(quantile.share()),
            _ => None,
        }
    }

    #[test]
    fn quantiles_are_named_in_percent() {
        for (name, share) in
            [("p50", 0.5), ("p99.9", 0.999), ("p99.999", 0.99999), ("p0", 0.0), ("p100", 1.0)]
        {
            assert_eq!(quantile(name), Some(share), "{name}");
        }
        for name in ["p", "p.", "p101", "p999", "p-1", "p+1", "p5e1", "pinf", "p50 ", "q50", "P50"]
        {
            assert_eq!(quantile(name), None, "{name}");
        }
    }

    #[test]
    fn figures_keep_their_names() {
        for name in
            ["count", "sum", "mean", "min", "max", "stddev", "variance", "median", "p1", "p99.9"]
        {
            assert_eq!(name.parse::<Stat>().unwrap().name(), name);
        }
    }

    #[test]
    fn what_is_missing_is_less_than_any_number() {
        let (none, large) = (Field::Missing, Field::Integer(u64::MAX));
        assert_eq!(compare(&none, &Field::Float(0.0)), Ordering::Less);
        assert_eq!(compare(&Field::Integer(u64::MAX - 1), &large), Ordering::Less);
        assert_eq!(compare(&Field::Float(0.5), &Field::Integer(1)), Ordering::Less);
    }
}
