//! The types that provide statistics, and those that keep nothing in their place.

use facade::actions::{
    ActionTime, BinaryError, BinaryForm, BinaryReader, BinaryWriter, Conversion, HasMean, Mean,
    MinMax, Quantiles, Variance,
};
use facade::time::{Statistic, Tag};

/// Statistics of an action; those that are not kept are `None`.
pub(crate) trait Stats: HasMean + BinaryForm + Statistic<Value = ActionTime> {
    fn sum(&self) -> f64;
    fn sum_in(&self, conversion: Conversion) -> f64;
    fn mean_in(&self, conversion: Conversion) -> Option<f64>;
    fn variance(&self) -> Option<&Variance>;
    fn min_max(&self) -> Option<&MinMax>;
    fn quantiles(&self) -> Option<&Quantiles>;
}

impl<M: Moments, E: Keeps<MinMax>, Q: Keeps<Quantiles>> Stats for (M, E, Q)
where
    Self: HasMean + BinaryForm + Statistic<Value = ActionTime>,
{
    fn sum(&self) -> f64 {
        self.0.sum()
    }

    fn sum_in(&self, conversion: Conversion) -> f64 {
        self.0.sum_in(conversion)
    }

    fn mean_in(&self, conversion: Conversion) -> Option<f64> {
        self.0.mean_in(conversion)
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
    fn sum_in(&self, conversion: Conversion) -> f64;
    fn mean_in(&self, conversion: Conversion) -> Option<f64>;
    fn variance(&self) -> Option<&Variance>;
}

impl Moments for Mean {
    fn sum(&self) -> f64 {
        self.sum()
    }

    fn sum_in(&self, conversion: Conversion) -> f64 {
        self.converted(conversion).sum()
    }

    fn mean_in(&self, conversion: Conversion) -> Option<f64> {
        self.converted(conversion).mean()
    }

    fn variance(&self) -> Option<&Variance> {
        None
    }
}

impl Moments for Variance {
    fn sum(&self) -> f64 {
        self.sum()
    }

    fn sum_in(&self, conversion: Conversion) -> f64 {
        self.converted(conversion).sum()
    }

    fn mean_in(&self, conversion: Conversion) -> Option<f64> {
        self.converted(conversion).mean()
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

/// So that every set of statistics has a form. Rows are saved with all of them.
impl BinaryForm for NoStat {
    fn write(&self, _: &mut BinaryWriter) {}

    fn add_from(&mut self, _: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        Ok(())
    }
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
