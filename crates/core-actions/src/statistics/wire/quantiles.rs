//! The wire forms of histograms and quantiles.

use std::ops::{Range, RangeInclusive};

use serde::{Deserialize, Serialize};

use super::{WireError, in_range};
use crate::action::time::ActionTime;
use crate::statistics::quantiles::Quantiles;
use crate::statistics::quantiles::bins::{bin_of, middle, range_of};
use crate::statistics::quantiles::histogram::Histogram;
use crate::statistics::quantiles::many::{End, Many};

const TWO_POW_52: f64 = 4_503_599_627_370_496.0;
const TWO_POW_64: f64 = 18_446_744_073_709_551_616.0;

/// The number and the count of a bin.
type Cell = (u32, u64);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireHistogram {
    /// The number and the count of each cell (bin) that is not empty.
    ///
    /// The bin of zero has the number 0. The bin that begins at 2^e has the number 64 (e + 1075),
    /// and each further 64th of 2^e adds one.
    cells: Vec<Cell>,
    /// The number of times other than integers below 2^64.
    fractions: u64,
}

impl WireHistogram {
    pub(super) fn of(histogram: &Histogram) -> Self {
        let cells = histogram.counts().map(|(bin, count)| (bin as u32, count));
        Self { cells: cells.collect(), fractions: histogram.fractions }
    }

    pub(super) fn checked(self) -> Result<Histogram, WireError> {
        let possible = possible_fractions(&self.cells)?;
        if !possible.contains(&self.fractions) {
            let (min, max) = possible.into_inner();
            return Err(WireError::Fractions { found: self.fractions, min, max });
        }
        Ok(Histogram::of_counts(&self.cells, self.fractions))
    }
}

/// Checks cells, and returns how many of their times may be other than integers below 2^64.
fn possible_fractions(cells: &[Cell]) -> Result<RangeInclusive<u64>, WireError> {
    let mut before = None;
    let (mut sum, mut min, mut max) = (0_u64, 0, 0);
    for &(bin, count) in cells {
        let range = range_of(bin as usize).ok_or(WireError::NoBin { bin })?;
        if let Some(before) = before.filter(|&before| before >= bin) {
            return Err(WireError::BinsDescend { bin, before });
        }
        if count == 0 {
            return Err(WireError::EmptyBin { bin });
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireQuantiles {
    /// All times in ascending order; next to a histogram, the minimum and the maximum if it is
    /// another time.
    ///
    /// Before these were kept, it was empty next to a histogram. So each side refuses or reads the
    /// form of the other in every format, also in those that do not name their fields.
    few: Vec<ActionTime>,
    /// The first cell has the times that equal the minimum, and the last, if there is a maximum,
    /// those that equal it. The cells between have all other times, also those in the same bins.
    many: Option<WireHistogram>,
}

impl WireQuantiles {
    pub(super) fn of(quantiles: &Quantiles) -> Self {
        let Some(many) = &quantiles.many else {
            return Self { few: quantiles.small.sorted().times().collect(), many: None };
        };
        let Many { min, max, between } = &**many;
        let ends = [min, max].into_iter().filter(|end| end.count > 0);
        let cell = |end: &End| (bin_of(end.time) as u32, end.count);
        let mut wire = WireHistogram::of(between);
        wire.cells.insert(0, cell(min));
        wire.cells.extend((max.count > 0).then(|| cell(max)));
        wire.fractions = wire.fractions.wrapping_add(ends.clone().map(fractions_of).sum());
        Self { few: ends.map(|end| end.time).collect(), many: Some(wire) }
    }

    pub(super) fn checked(self) -> Result<Quantiles, WireError> {
        let (few, limit) = (self.few.len(), Quantiles::EXACT);
        if let Some(two) = self.few.windows(2).find(|two| two[0] > two[1]) {
            return Err(WireError::FewDescend { time: two[1], before: two[0] });
        }
        let Some(many) = self.many else {
            if few > limit {
                return Err(WireError::TooManyFew { few, limit });
            }
            return Ok(Quantiles { small: self.few.into_iter().collect(), many: None });
        };
        let count = many.cells.iter().fold(0_u64, |sum, &(_, count)| sum.saturating_add(count));
        if in_range(count)? <= limit as u64 {
            return Err(WireError::TooFewMany { many: count, limit });
        }
        let many = match self.few[..] {
            [] => many.without_ends()?,
            [time] => many.with_ends(time, None)?,
            [min, max] if min < max => many.with_ends(min, Some(max))?,
            _ => return Err(WireError::FewAndMany { few }),
        };
        Ok(Quantiles { small: Default::default(), many: Some(Box::new(many)) })
    }
}

impl WireHistogram {
    /// Reads the form from before the ends were kept: both are the middle of their bins.
    ///
    /// So every quantile is what it was.
    fn without_ends(self) -> Result<Many, WireError> {
        let Self { mut cells, fractions } = self;
        Self { cells: cells.clone(), fractions }.checked()?;
        let are_integers = fractions == 0;
        let end = |(bin, count): Cell| End { time: middle(bin as usize, are_integers), count };
        let min = end(cells.remove(0));
        let mut many = Many::new(min.time, min.count);
        many.max = cells.pop().map_or(many.max, end);
        // Of which bin each fraction was is not known: as many as possible stay.
        let (least, most) = possible_fractions(&cells)?.into_inner();
        many.between = Histogram::of_counts(&cells, fractions.clamp(least, most));
        Ok(many)
    }

    /// Reads the form with a minimum, and a maximum that is not the same time.
    fn with_ends(self, min: ActionTime, max: Option<ActionTime>) -> Result<Many, WireError> {
        let Self { mut cells, fractions } = self;
        let mut end = |time: ActionTime, at: fn(&mut Vec<Cell>) -> Option<Cell>| {
            let expected = bin_of(time) as u32;
            match at(&mut cells) {
                Some((bin, 0)) => Err(WireError::EmptyBin { bin }),
                Some((bin, count)) if bin == expected => Ok(End { time, count }),
                found => {
                    Err(WireError::EndElsewhere { time, expected, found: found.map(|it| it.0) })
                }
            }
        };
        let min = end(min, |cells| (!cells.is_empty()).then(|| cells.remove(0)))?;
        let mut many = Many::new(min.time, min.count);
        if let Some(max) = max {
            many.max = end(max, Vec::pop)?;
        }
        let [first, last] = [many.min, many.max].map(|end| bin_of(end.time) as u32);
        let is_outside = |&(bin, _): &Cell| many.max.count == 0 || bin < first || bin > last;
        if let Some(&(bin, _)) = cells.iter().find(|&cell| is_outside(cell)) {
            return Err(WireError::NotBetween { bin, first, last });
        }
        let of_ends = fractions_of(&many.min).saturating_add(fractions_of(&many.max));
        let (least, most) = possible_fractions(&cells)?.into_inner();
        let rest = fractions.checked_sub(of_ends).filter(|rest| (least..=most).contains(rest));
        let (least, most) = (of_ends.saturating_add(least), of_ends.saturating_add(most));
        let rest = rest.ok_or(WireError::Fractions { found: fractions, min: least, max: most })?;
        many.between = Histogram::of_counts(&cells, rest);
        Ok(many)
    }
}

/// Returns the number of times other than integers below 2^64.
fn fractions_of(end: &End) -> u64 {
    if end.time.as_integer().is_none() { end.count } else { 0 }
}
