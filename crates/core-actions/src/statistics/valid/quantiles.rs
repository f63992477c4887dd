//! Checks bins, and builds histograms and quantiles of them.

use std::ops::{Range, RangeInclusive};

use super::{Invalid, in_range};
use crate::statistics::quantiles::Quantiles;
#[cfg(feature = "serde")]
use crate::statistics::quantiles::bins::middle;
use crate::statistics::quantiles::bins::{bin_of, range_of};
use crate::statistics::quantiles::histogram::Histogram;
use crate::statistics::quantiles::many::{End, Many};

const TWO_POW_52: f64 = 4_503_599_627_370_496.0;
const TWO_POW_64: f64 = 18_446_744_073_709_551_616.0;

/// The number and the count of a bin.
pub(crate) type Cell = (u32, u64);

/// The minimum, and the maximum if it is another time.
pub(crate) type Ends = (End, Option<End>);

/// Builds a histogram; `fractions` is the number of times other than integers below 2^64.
pub(crate) fn histogram(cells: &[Cell], fractions: u64) -> Result<Histogram, Invalid> {
    let possible = possible_fractions(cells)?;
    if !possible.contains(&fractions) {
        let (min, max) = possible.into_inner();
        return Err(Invalid::Fractions { found: fractions, min, max });
    }
    Ok(Histogram::of_counts(cells, fractions))
}

/// Builds the quantiles of many times from their ends and the bins between.
///
/// `fractions` is the number of times other than integers below 2^64, those of the ends included.
pub(crate) fn many(
    (min, max): Ends,
    between: &[Cell],
    fractions: u64,
) -> Result<Quantiles, Invalid> {
    let of_ends = [Some(min), max].into_iter().flatten();
    is_many(of_ends.clone().map(|end| end.count).chain(between.iter().map(|cell| cell.1)))?;
    if let Some(end) = of_ends.clone().find(|end| end.count == 0) {
        return Err(Invalid::EmptyBin { bin: bin_of(end.time) as u32 });
    }
    let mut many = Many::new(min.time, min.count);
    if let Some(max) = max {
        if max.time <= min.time {
            return Err(Invalid::Backwards { min: min.time, max: max.time });
        }
        many.max = max;
    }
    let [first, last] = [many.min, many.max].map(|end| bin_of(end.time) as u32);
    let is_outside = |&(bin, _): &Cell| many.max.count == 0 || bin < first || bin > last;
    if let Some(&(bin, _)) = between.iter().find(|&cell| is_outside(cell)) {
        return Err(Invalid::NotBetween { bin, first, last });
    }
    let of_ends = of_ends.map(|end| fractions_of(&end)).fold(0, u64::saturating_add);
    let (least, most) = possible_fractions(between)?.into_inner();
    let rest = fractions.checked_sub(of_ends).filter(|rest| (least..=most).contains(rest));
    let (least, most) = (of_ends.saturating_add(least), of_ends.saturating_add(most));
    let rest = rest.ok_or(Invalid::Fractions { found: fractions, min: least, max: most })?;
    many.between = Histogram::of_counts(between, rest);
    Ok(quantiles(many))
}

/// Builds the quantiles of many times whose ends are the middle of the outermost bins.
#[cfg(feature = "serde")]
pub(crate) fn many_of_middles(cells: &[Cell], fractions: u64) -> Result<Quantiles, Invalid> {
    is_many(cells.iter().map(|cell| cell.1))?;
    histogram(cells, fractions)?;
    let are_integers = fractions == 0;
    let end = |&(bin, count): &Cell| End { time: middle(bin as usize, are_integers), count };
    let Some((min, rest)) = cells.split_first() else {
        return Err(Invalid::TooFewMany { many: 0, limit: Quantiles::EXACT });
    };
    let min = end(min);
    let mut many = Many::new(min.time, min.count);
    let mut between = rest;
    if let Some((max, rest)) = rest.split_last() {
        (many.max, between) = (end(max), rest);
    }
    // Of which bin each fraction was is not known: as many as possible stay.
    let (least, most) = possible_fractions(between)?.into_inner();
    many.between = Histogram::of_counts(between, fractions.clamp(least, most));
    Ok(quantiles(many))
}

/// Checks that there are few enough times to keep each of them.
pub(crate) fn is_few(few: usize) -> Result<(), Invalid> {
    let limit = Quantiles::EXACT;
    if few <= limit { Ok(()) } else { Err(Invalid::TooManyFew { few, limit }) }
}

/// Checks that there are too many times to keep each.
pub(crate) fn is_many(counts: impl Iterator<Item = u64>) -> Result<(), Invalid> {
    let (many, limit) = (counts.fold(0, u64::saturating_add), Quantiles::EXACT);
    if in_range(many)? > limit as u64 { Ok(()) } else { Err(Invalid::TooFewMany { many, limit }) }
}

fn quantiles(many: Many) -> Quantiles {
    Quantiles { small: Default::default(), many: Some(Box::new(many)) }
}

/// Checks cells, and returns how many of their times may be other than integers below 2^64.
fn possible_fractions(cells: &[Cell]) -> Result<RangeInclusive<u64>, Invalid> {
    let mut before = None;
    let (mut sum, mut min, mut max) = (0_u64, 0, 0);
    for &(bin, count) in cells {
        let range = range_of(bin as usize).ok_or(Invalid::NoBin { bin })?;
        if let Some(before) = before.filter(|&before| before >= bin) {
            return Err(Invalid::BinsDescend { bin, before });
        }
        if count == 0 {
            return Err(Invalid::EmptyBin { bin });
        }
        sum = in_range(sum.saturating_add(count))?;
        min += if has_integers(&range) { 0 } else { count };
        max += if has_fractions(&range) { count } else { 0 };
        before = Some(bin);
    }
    Ok(min..=max)
}

/// Returns whether a bin has integers below 2^64.
fn has_integers(range: &Range<f64>) -> bool {
    range.start < TWO_POW_64 && range.start.ceil() < range.end
}

/// Returns whether a bin has floats other than integers below 2^64.
fn has_fractions(range: &Range<f64>) -> bool {
    (0.0 < range.start && range.start < TWO_POW_52) || range.start >= TWO_POW_64
}

/// Returns the number of times other than integers below 2^64.
pub(crate) fn fractions_of(end: &End) -> u64 {
    if end.time.as_integer().is_none() { end.count } else { 0 }
}
