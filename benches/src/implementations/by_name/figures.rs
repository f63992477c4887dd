//! Statistics of Windrow in the form in which they are verified.

use codec::ActionTime;
use core_actions::{HasMean, Mean, MinMax, Quantile, Quantiles, Row, Values};

use crate::harness::names::{Draw, Found};

/// The reason why the workload is accepted.
pub(super) const VALID: &str = "the workload holds only valid actions";

/// Provides the statistics that are verified.
pub trait Figures: HasMean<Value = ActionTime> {
    /// Says whether it needs more memory with each time.
    const GROWS: bool = false;

    /// Returns the minimum and the maximum time, if they are kept.
    fn min_max(&self) -> Option<[f64; 2]> {
        None
    }

    /// Returns the median time, if it is kept.
    fn median(&self) -> Option<f64> {
        None
    }
}

impl Figures for Mean {}

impl Figures for Values {
    const GROWS: bool = true;

    fn min_max(&self) -> Option<[f64; 2]> {
        let (min, max) = (self.times().min()?, self.times().max()?);
        Some([min.as_f64(), max.as_f64()])
    }
}

impl Figures for (Mean, MinMax) {
    fn min_max(&self) -> Option<[f64; 2]> {
        ends(self.1)
    }
}

impl Figures for (Mean, MinMax, Quantiles) {
    fn min_max(&self) -> Option<[f64; 2]> {
        ends(self.1)
    }

    fn median(&self) -> Option<f64> {
        self.2.quantile(Quantile::MEDIAN).map(ActionTime::as_f64)
    }
}

fn ends(min_max: MinMax) -> Option<[f64; 2]> {
    Some([min_max.min()?.as_f64(), min_max.max()?.as_f64()])
}

/// Returns the statistics of a row.
pub(crate) fn found<S: Figures>(row: &Row<S>) -> Found {
    found_of(row.name(), row.statistic())
}

/// Returns the statistics of a name.
pub(crate) fn found_of<S: Figures>(name: &str, statistic: &S) -> Found {
    let (count, mean) = (statistic.count(), statistic.mean().unwrap_or_default());
    let (min_max, median) = (statistic.min_max(), statistic.median());
    Found { name: name.to_owned(), count, sum: mean * count as f64, min_max, median }
}

/// Converts a time.
pub(crate) fn time(draw: Draw<'_>) -> ActionTime {
    ActionTime::try_from(draw.time()).expect(VALID)
}
