//! The wire forms of histograms and quantiles.

use serde::{Deserialize, Serialize};

use super::WireError;
use crate::action::time::ActionTime;
use crate::statistics::quantiles::Quantiles;
use crate::statistics::quantiles::bins::bin_of;
use crate::statistics::quantiles::histogram::Histogram;
use crate::statistics::quantiles::many::{End, Many};
use crate::statistics::valid::{self, Cell, Invalid, fractions_of};

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
        Ok(valid::histogram(&self.cells, self.fractions)?)
    }
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
        if let Some(two) = self.few.windows(2).find(|two| two[0] > two[1]) {
            return Err(Invalid::FewDescend { time: two[1], before: two[0] }.into());
        }
        let Some(WireHistogram { mut cells, fractions }) = self.many else {
            valid::is_few(self.few.len())?;
            return Ok(Quantiles { small: self.few.into_iter().collect(), many: None });
        };
        valid::is_many(cells.iter().map(|&(_, count)| count))?;
        let ends = match self.few[..] {
            // The form from before the ends were kept: both are the middle of their bins. So every
            // quantile is what it was.
            [] => return Ok(valid::many_of_middles(&cells, fractions)?),
            [time] => (end(time, first(&mut cells))?, None),
            [min, max] if min < max => {
                let min = end(min, first(&mut cells))?;
                (min, Some(end(max, cells.pop())?))
            }
            _ => return Err(WireError::FewAndMany { few: self.few.len() }),
        };
        Ok(valid::many(ends, &cells, fractions)?)
    }
}

fn first(cells: &mut Vec<Cell>) -> Option<Cell> {
    (!cells.is_empty()).then(|| cells.remove(0))
}

/// Pairs the time of an end with the cell of the times that equal it.
fn end(time: ActionTime, cell: Option<Cell>) -> Result<End, WireError> {
    let expected = bin_of(time) as u32;
    match cell {
        Some((bin, 0)) => Err(Invalid::EmptyBin { bin }.into()),
        Some((bin, count)) if bin == expected => Ok(End { time, count }),
        found => Err(WireError::EndElsewhere { time, expected, found: found.map(|it| it.0) }),
    }
}
