//! The means of all names, read while the rows can still change.

use core_actions::{MergedTracker, Row};

use super::{ByName, DashRows, Figures, FloorCells, MutexRows};

/// Returns rows with their means.
pub trait Means: ByName {
    /// Makes a row with a name and a mean for each name, and adds the means, so that none is
    /// skipped.
    fn means(&self) -> f64;
}

impl<S: Figures> Means for MergedTracker<S> {
    fn means(&self) -> f64 {
        self.stats().iter().map(Row::mean).sum()
    }
}

fn sum_of(rows: &[(String, f64)]) -> f64 {
    rows.iter().map(|(_, mean)| mean).sum()
}

impl Means for MutexRows {
    fn means(&self) -> f64 {
        let rows: Vec<_> =
            self.with(|rows| rows.iter().map(|(name, row)| (name.clone(), row.mean())).collect());
        sum_of(&rows)
    }
}

impl Means for DashRows {
    fn means(&self) -> f64 {
        sum_of(&self.rows())
    }
}

/// Divides without making rows.
impl Means for FloorCells {
    fn means(&self) -> f64 {
        self.with(|cells| cells.iter().map(|&(count, sum)| sum as f64 / count as f64).sum())
    }
}
