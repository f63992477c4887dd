//! Statistics by name, and the types that provide them.

mod kept;
mod share;

use std::cmp::Ordering;
use std::mem;
use std::ops::BitOr;
use std::str::FromStr;

use facade::Quantile;
use facade::actions::{ActionTime, Conversion, Variance};
use facade::codec::Field;
use thiserror::Error;

pub(crate) use kept::{NoStat, Stats};
pub(crate) use share::Whole;

/// A statistic of the times of an action.
///
/// Two are equal if they have the same value for all times: `p50` equals `median` and `p50.0`, and
/// `total` equals `sum`.
#[derive(Debug, Clone)]
pub(crate) enum Stat {
    Count,
    /// The sum of the times, with its name: `sum` or `total`.
    Sum(&'static str),
    /// The part of the sum, or of the count, of all actions.
    Share,
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
    "count", "total", "sum", "share", "mean", "min", "max", "stddev", "variance", "median", "p50",
    "p90", "p95", "p99", "p99.9",
];

/// Common names of statistics that can be judged, for shells to complete.
pub(crate) const JUDGED_NAMES: &[&str] = &["mean", "median", "p50", "p90", "p95", "p99", "p99.9"];

/// What a value of a statistic is a quantity of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dimension {
    Count,
    /// A fraction from 0 to 1.
    Share,
    Time,
    SquaredTime,
}

/// The name is not one of a statistic.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "expected count, total, share, mean, min, max, stddev, variance, median, \
     or a quantile from p0 to p100"
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
            Self::Sum(name) => name,
            Self::Share => "share",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::Deviation => "stddev",
            Self::Variance => "variance",
            Self::Quantile(_, name) => name,
        }
    }

    pub(crate) fn dimension(&self) -> Dimension {
        match self {
            Self::Count => Dimension::Count,
            Self::Share => Dimension::Share,
            Self::Variance => Dimension::SquaredTime,
            _ => Dimension::Time,
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
        matches!(self, Self::Sum(_) | Self::Variance)
    }

    /// Returns its value, or [`Field::Missing`] if it was not kept or has too few times.
    ///
    /// A share is that of `whole`.
    pub(crate) fn of(&self, stats: &impl Stats, whole: &Whole) -> Field<'static> {
        match self {
            Self::Count => Field::Integer(stats.count()),
            Self::Sum(_) => Field::Float(stats.sum()),
            Self::Share => whole.share(stats).into(),
            Self::Mean => stats.mean().into(),
            Self::Deviation => stats.variance().and_then(Variance::sample_deviation).into(),
            Self::Variance => stats.variance().and_then(Variance::sample_variance).into(),
            Self::Min | Self::Max | Self::Quantile(..) => self.time(stats).into(),
        }
    }

    /// Returns its value if that is the time of an action.
    fn time(&self, stats: &impl Stats) -> Option<ActionTime> {
        let min_max = stats.min_max()?;
        match self {
            Self::Min => min_max.min(),
            Self::Max => min_max.max(),
            Self::Quantile(quantile, _) => match quantile.share() {
                0.0 => min_max.min(),
                1.0 => min_max.max(),
                _ => Some(min_max.clamp(stats.quantiles()?.quantile(*quantile)?)),
            },
            _ => None,
        }
    }

    /// Returns its value as [`of`](Self::of) does, with times in another unit if there is one.
    ///
    /// It is converted exactly and rounded once.
    pub(crate) fn converted(
        &self,
        stats: &impl Stats,
        whole: &Whole,
        conversion: Option<Conversion>,
    ) -> Field<'static> {
        let Some(conversion) = conversion else { return self.of(stats, whole) };
        let variance = || stats.variance().map(|variance| variance.converted(conversion));
        match self {
            Self::Count | Self::Share => self.of(stats, whole),
            Self::Sum(_) => Field::Float(stats.sum_in(conversion)),
            Self::Mean => stats.mean_in(conversion).into(),
            Self::Deviation => variance().and_then(|in_unit| in_unit.sample_deviation()).into(),
            Self::Variance => variance().and_then(|in_unit| in_unit.sample_variance()).into(),
            Self::Min | Self::Max | Self::Quantile(..) => {
                self.time(stats).map(|time| time.converted(conversion)).into()
            }
        }
    }
}

impl FromStr for Stat {
    type Err = UnknownStat;

    fn from_str(name: &str) -> Result<Self, UnknownStat> {
        Ok(match name {
            "count" => Self::Count,
            "sum" => Self::Sum("sum"),
            "total" => Self::Sum("total"),
            "share" => Self::Share,
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
    Quantile::try_from(fraction(percent)?).ok()
}

/// Parses a percentage, without a sign, as a fraction: `0.5` is 0.005.
pub(crate) fn fraction(percent: &str) -> Option<f64> {
    let is_plain = percent.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    // The exponent divides by 100 exactly; a division would round once more.
    let fraction = format!("{percent}e-2").parse::<f64>().ok()?;
    (is_plain && fraction.is_finite()).then_some(fraction)
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

/// Compares numbers of any kind; a missing one comes first.
pub(crate) fn compare(a: &Field<'_>, b: &Field<'_>) -> Ordering {
    match (*a, *b) {
        (Field::Integer(a), Field::Integer(b)) => a.cmp(&b),
        (a, b) => {
            let [a, b] = [a, b].map(|it| float(&it).unwrap_or(f64::NEG_INFINITY));
            a.total_cmp(&b)
        }
    }
}

/// Returns the nearest float; `None` for a missing number.
pub(crate) fn float(field: &Field<'_>) -> Option<f64> {
    match *field {
        Field::Integer(integer) => Some(integer as f64),
        Field::Float(float) => Some(float),
        _ => None,
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
        for name in NAMES.iter().chain(&["p1"]) {
            assert_eq!(name.parse::<Stat>().unwrap().name(), *name);
        }
        assert_eq!("total".parse::<Stat>(), "sum".parse());
    }

    #[test]
    fn missing_is_less_than_any_number() {
        let (none, large) = (Field::Missing, Field::Integer(u64::MAX));
        assert_eq!(compare(&none, &Field::Float(0.0)), Ordering::Less);
        assert_eq!(compare(&Field::Integer(u64::MAX - 1), &large), Ordering::Less);
        assert_eq!(compare(&Field::Float(0.5), &Field::Integer(1)), Ordering::Less);
    }
}
