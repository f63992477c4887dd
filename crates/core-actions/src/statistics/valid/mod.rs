//! Checks the parts of a statistic, in whatever form they were read.
//!
//! A statistic that no values can produce is an error, as far as that can be seen. The forms of
//! `serde` and the binary form read their parts in their own ways, and build statistics here.

use std::cmp::Reverse;

use core_time::{COUNT_MAX, counted};
use thiserror::Error;

use crate::action::signed::SignedValue;
use crate::action::time::ActionTime;
use crate::exact::sum::SumOfSquares;
use crate::statistics::level::{LastSet, Level};
use crate::statistics::mean::Mean;
use crate::statistics::min_max::MinMax;
use crate::statistics::outcomes::Outcomes;
use crate::statistics::quantiles::Quantiles;
use crate::statistics::signed::Signed;
use crate::statistics::summary::Summary;
use crate::statistics::top_k::TopK;
use crate::statistics::traits::{HasCount, HasMean};
use crate::statistics::variance::{Variance, go_together};

mod quantiles;

pub(crate) use quantiles::{Cell, fractions_of, histogram, is_few, many};
#[cfg(feature = "serde")]
pub(crate) use quantiles::{is_many, many_of_middles};

/// Describes why parts are not a statistic.
#[derive(Debug, Clone, PartialEq, Error)]
pub(crate) enum Invalid {
    #[error("{what} calls are {number}, of {}", counted(*calls, "call"))]
    MoreThanCalls { what: &'static str, number: u64, calls: u64 },
    #[error("maximum is {max}, which is less than the minimum {min}")]
    Backwards { min: ActionTime, max: ActionTime },
    #[error("kept {}, limit is {limit}", counted(*kept, "time"))]
    TooManyKept { kept: usize, limit: usize },
    #[error(
        "dropped {} while there was room: kept {kept}, limit is {limit}", counted(*dropped, "time")
    )]
    DroppedTooSoon { dropped: u64, kept: usize, limit: usize },
    #[error(
        "smallest kept time is {min}, which is less than {mean}, the mean of the dropped times"
    )]
    DroppedLarger { mean: f64, min: ActionTime },
    #[error("bin {bin} does not exist")]
    NoBin { bin: u32 },
    #[error("bin {bin} follows bin {before}, bins must ascend")]
    BinsDescend { bin: u32, before: u32 },
    #[error("bin {bin} has the count 0, omit it")]
    EmptyBin { bin: u32 },
    #[error("count is {found}, limit is {max}")]
    TooMany { found: u64, max: u64 },
    #[error("mean has {mean} times, quantiles have {quantiles}, minmax is present: {minmax}")]
    SummaryOfSeveral { mean: u64, quantiles: u64, minmax: bool },
    #[error(
        "{} without an integer value, their bins allow {min} to {max}",
        counted(*found, "time")
    )]
    Fractions { found: u64, min: u64, max: u64 },
    #[error("bin {bin} is not from {first} to {last}, the bins of the minimum and the maximum")]
    NotBetween { bin: u32, first: u32, last: u32 },
    #[error("`few` has {}, limit is {limit}", counted(*few, "time"))]
    TooManyFew { few: usize, limit: usize },
    #[error("time {time} follows {before}, times must ascend")]
    FewDescend { time: ActionTime, before: ActionTime },
    #[error("last value {last} is not from the minimum {} to the maximum {}", end(*min), end(*max))]
    LastOutside { last: SignedValue, min: Option<SignedValue>, max: Option<SignedValue> },
    #[error("level has a minimum and a maximum without a last value")]
    NoLast,
    #[error("mean {mean} is not from the minimum {} to the maximum {}", end(*min), end(*max))]
    MeanOutside { mean: f64, min: Option<SignedValue>, max: Option<SignedValue> },
    #[error("last value has held, but the mean is of no time")]
    HeldForNoTime,
    #[error("histogram has {}, expected more than {limit}", counted(*many, "time"))]
    TooFewMany { many: u64, limit: usize },
}

// No number in it is NaN.
impl Eq for Invalid {}

/// Describes an end in a message.
fn end(end: Option<SignedValue>) -> String {
    end.map_or_else(|| "none".to_owned(), |end| end.to_string())
}

/// Checks that a count leaves room for as many values again.
pub(crate) fn in_range(found: u64) -> Result<u64, Invalid> {
    let max = COUNT_MAX;
    if found <= max { Ok(found) } else { Err(Invalid::TooMany { found, max }) }
}

/// Builds the outcomes of calls.
pub(crate) fn outcomes(calls: u64, failed: u64, slow: u64) -> Result<Outcomes, Invalid> {
    let calls = in_range(calls)?;
    for (what, number) in [("failed", failed), ("slow", slow)] {
        if number > calls {
            return Err(Invalid::MoreThanCalls { what, number, calls });
        }
    }
    Ok(Outcomes { calls, failed, slow })
}

/// Builds a variance; `None` if the sums are not of the same values.
pub(crate) fn variance(mean: Mean, squares: SumOfSquares) -> Option<Variance> {
    go_together(mean.count, &mean.sum, &squares).then_some(Variance { mean, squares })
}

/// Builds the largest times.
pub(crate) fn largest<const CAP: usize>(
    kept: Vec<ActionTime>,
    dropped: Mean,
) -> Result<TopK<CAP>, Invalid> {
    let (len, of_dropped) = (kept.len(), dropped.count());
    if len > CAP {
        return Err(Invalid::TooManyKept { kept: len, limit: CAP });
    }
    if len < CAP && of_dropped > 0 {
        return Err(Invalid::DroppedTooSoon { dropped: of_dropped, kept: len, limit: CAP });
    }
    in_range(of_dropped.saturating_add(len as u64))?;
    // Rounding preserves order: a mean of at most the minimum is at most that when rounded.
    match (dropped.mean(), kept.iter().min()) {
        (Some(mean), Some(&min)) if mean > min.as_f64() => {
            Err(Invalid::DroppedLarger { mean, min })
        }
        _ => Ok(TopK { kept: kept.into_iter().map(Reverse).collect(), dropped }),
    }
}

/// Builds a summary.
pub(crate) fn summary(
    mean: Mean,
    min_max: MinMax,
    quantiles: Quantiles,
) -> Result<Summary, Invalid> {
    let [of_mean, of_quantiles] = [mean.count(), quantiles.count()];
    if of_mean == of_quantiles && min_max.min().is_some() == (of_mean > 0) {
        return Ok(Summary { mean, min_max, quantiles });
    }
    let minmax = min_max.min().is_some();
    Err(Invalid::SummaryOfSeveral { mean: of_mean, quantiles: of_quantiles, minmax })
}

/// Builds a level.
pub(crate) fn level(
    last: Option<LastSet>,
    min_max: Signed<MinMax>,
    mean: Signed<Mean>,
) -> Result<Level, Invalid> {
    let (min, max) = (min_max.min(), min_max.max());
    let is_inside = |value| min.is_some_and(|min| min <= value) && max >= Some(value);
    match &last {
        None if min.is_some() => return Err(Invalid::NoLast),
        Some(last) if !is_inside(last.value) => {
            return Err(Invalid::LastOutside { last: last.value, min, max });
        }
        Some(last) if last.has_held && mean.count() == 0 => return Err(Invalid::HeldForNoTime),
        _ => {}
    }
    // Rounding preserves order: a mean of at least the minimum is at least that when rounded.
    let ends = min.zip(max).map(|(min, max)| min.as_f64()..=max.as_f64());
    if let Some(mean) = mean.mean()
        && !ends.is_some_and(|ends| ends.contains(&mean))
    {
        return Err(Invalid::MeanOutside { mean, min, max });
    }
    Ok(Level { last, min_max, mean })
}
