//! Statistics by name, and the types that provide them.

use std::cmp::Ordering;
use std::mem;
use std::ops::BitOr;
use std::str::FromStr;

use facade::Quantile;
use facade::actions::{ActionTime, HasMean, Mean, MinMax, Quantiles, Variance};
use facade::codec::Field;
use facade::time::{Statistic, Tag};
use thiserror::Error;

/// A statistic of the times of an action.
///
/// Two are equal if they have the same value for all times: `p50` equals `median` and `p50.0`.
#[derive(Debug, Clone)]
pub(crate) enum Stat {
    Count,
    Sum,
    Mean,
    Min,
    Max,
    Deviation,
    Variance,
    /// A quantile, with its name: `median`, or the [canonical] spelling of a percentage.
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

/// Common names, for shells to complete.
pub(crate) const NAMES: &[&str] = &[
    "count", "sum", "mean", "min", "max", "stddev", "variance", "median", "p50", "p90", "p95",
    "p99", "p99.9",
];

/// The name is not one of a statistic.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "expected count, sum, mean, min, max, stddev, variance, median, or a quantile from p0 to p100"
)]
pub(crate) struct UnknownStat;

impl Stat {
    /// Returns the quantile of a whole percentage.
    pub(crate) fn percentile(percent: u8) -> Self {
        let quantile = Quantile::try_from(f64::from(percent) / 100.0);
        Self::Quantile(quantile.expect("callers pass at most 100"), format!("p{percent}"))
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

    /// Returns the statistics to keep for it.
    pub(crate) fn needs(&self) -> Needs {
        Needs {
            // A quantile is the middle of a bin, which may be outside of minimum and maximum.
            min_max: matches!(self, Self::Min | Self::Max | Self::Quantile(..)),
            quantiles: matches!(self, Self::Quantile(..)),
            variance: matches!(self, Self::Deviation | Self::Variance),
        }
    }

    /// Returns whether it may be above the largest float for finite times.
    pub(crate) fn may_be_infinite(&self) -> bool {
        matches!(self, Self::Sum | Self::Variance)
    }

    /// Returns its value, or [`Field::Missing`] if it was not kept or has too few times.
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
                Self::Quantile(quantile, canonical(name))
            }
        })
    }
}

/// Parses a percentage as a quantile.
fn share(percent: &str) -> Option<Quantile> {
    let is_plain = percent.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    // The exponent divides by 100 exactly; a division would round once more.
    let share = format!("{percent}e-2").parse::<f64>().ok().filter(|_| is_plain)?;
    Quantile::try_from(share).ok()
}

/// Returns the spelling of a percentage that all its spellings share: `p50` for `p050.0`.
fn canonical(name: &str) -> String {
    let percent = name.trim_start_matches('p').trim_start_matches('0');
    let percent = match percent.contains('.') {
        true => percent.trim_end_matches('0').trim_end_matches('.'),
        false => percent,
    };
    let zero = if percent.starts_with(|first: char| first.is_ascii_digit()) { "" } else { "0" };
    format!("p{zero}{percent}")
}

/// The statistics to keep for an action, in addition to count and sum.
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

/// Statistics of an action; those that are not kept are `None`.
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

/// Count and sum, and optionally the variance.
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

/// A statistic, or [`NoStat`] in its place.
pub(crate) trait Keeps<S>: Statistic<Value = ActionTime> {
    fn kept(&self) -> Option<&S>;
}

impl<S: Statistic<Value = ActionTime>> Keeps<S> for S {
    fn kept(&self) -> Option<&S> {
        Some(self)
    }
}

/// A statistic that keeps nothing and costs nothing.
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

/// Compares numbers of any kind; a missing one comes first.
pub(crate) fn compare(a: &Field<'_>, b: &Field<'_>) -> Ordering {
    match (*a, *b) {
        (Field::Integer(a), Field::Integer(b)) => a.cmp(&b),
        (a, b) => float(a).total_cmp(&float(b)),
    }
}

/// Returns the nearest float, or negative infinity for a missing number.
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
    fn spellings_of_a_quantile_have_one_name() {
        for (spelling, name) in [
            ("p050", "p50"),
            ("p50.0", "p50"),
            ("p50.", "p50"),
            ("p.5", "p0.5"),
            ("p00.50", "p0.5"),
            ("p0", "p0"),
            ("p000", "p0"),
            ("p0.00", "p0"),
            ("p.0", "p0"),
            ("p100.0", "p100"),
            ("p099.90", "p99.9"),
        ] {
            assert_eq!(spelling.parse::<Stat>().unwrap().name(), name, "{spelling}");
        }
    }

    #[test]
    fn statistics_keep_their_names() {
        for name in
            ["count", "sum", "mean", "min", "max", "stddev", "variance", "median", "p1", "p99.9"]
        {
            assert_eq!(name.parse::<Stat>().unwrap().name(), name);
        }
    }

    #[test]
    fn missing_is_less_than_any_number() {
        let (none, large) = (Field::Missing, Field::Integer(u64::MAX));
        assert_eq!(compare(&none, &Field::Float(0.0)), Ordering::Less);
        assert_eq!(compare(&Field::Integer(u64::MAX - 1), &large), Ordering::Less);
        assert_eq!(compare(&Field::Float(0.5), &Field::Integer(1)), Ordering::Less);
    }
}
