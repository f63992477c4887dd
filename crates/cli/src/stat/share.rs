//! The share of a row in a whole.

use facade::actions::{ActionTime, Mean};
use facade::time::Statistic;

use super::kept::Stats;

/// All rows of a result together, of which each row has a share.
///
/// # Accuracy
///
/// The sum of the rows does not depend on their order. A share is within a few units in the last
/// place.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Whole {
    count: u64,
    total: f64,
    /// Whether the sums are divided by `count`, since they are above the largest float.
    is_scaled: bool,
}

impl Whole {
    /// Adds up rows.
    pub(crate) fn of<'r, S: Stats + 'r>(rows: impl Iterator<Item = &'r S> + Clone) -> Self {
        let count = rows.clone().fold(0_u64, |count, row| count.saturating_add(row.count()));
        let plain = Self { count, total: 0.0, is_scaled: false };
        let with_total =
            |whole: Self| Self { total: sum(rows.clone().map(|row| whole.part(row))), ..whole };
        let found = with_total(plain);
        if found.total.is_finite() { found } else { with_total(Self { is_scaled: true, ..plain }) }
    }

    /// Returns the sum of a row, as it is in the total.
    fn part(&self, row: &impl Stats) -> f64 {
        match self.is_scaled {
            true => row.mean().unwrap_or_default() * (row.count() as f64 / self.count as f64),
            false => row.sum(),
        }
    }

    /// Returns the share of a row in the total, from 0 to 1; `None` if all times are 0.
    pub(crate) fn share(&self, row: &impl Stats) -> Option<f64> {
        (self.total > 0.0).then(|| (self.part(row) / self.total).min(1.0))
    }
}

/// Returns the exact sum, rounded once; infinite if a number is.
fn sum(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sum = Mean::default();
    for number in numbers {
        match ActionTime::try_from(number) {
            Ok(number) => sum.insert(number),
            Err(_) => return f64::INFINITY,
        }
    }
    sum.sum()
}

#[cfg(test)]
mod tests {
    use crate::stat::NoStat;

    use super::*;

    type Row = (Mean, NoStat, NoStat);

    fn row(times: &[f64]) -> Row {
        let mut row = Row::default();
        times.iter().for_each(|&time| row.insert(ActionTime::try_from(time).unwrap()));
        row
    }

    #[track_caller]
    fn check(rows: &[&[f64]], shares: &[Option<f64>]) {
        let rows: Vec<_> = rows.iter().map(|times| row(times)).collect();
        let whole = Whole::of(rows.iter());
        let found: Vec<_> = rows.iter().map(|row| whole.share(row)).collect();
        assert_eq!(found, shares);
        // In another order, to the bit.
        assert_eq!(Whole::of(rows.iter().rev()), whole);
    }

    #[test]
    fn shares_are_of_the_sum_of_all_rows() {
        check(&[], &[]);
        check(&[&[100.0, 200.0], &[75.0]], &[Some(0.8), Some(0.2)]);
        check(&[&[], &[5.0]], &[Some(0.0), Some(1.0)]);
        // Without the exact sum, the total depends on whether the large row comes last.
        let [large, small] = [1e16, 1.0].map(|part| Some(part / (1e16 + 2.0)));
        check(&[&[1e16], &[1.0], &[1.0]], &[large, small, small]);
        check(&[&[0.0], &[0.0]], &[None, None]);
    }

    #[test]
    fn shares_of_sums_above_the_largest_float_are_finite() {
        let max = f64::MAX;
        check(&[&[max, max], &[max, max]], &[Some(0.5), Some(0.5)]);
        check(&[&[max], &[max], &[max, max]], &[Some(0.25), Some(0.25), Some(0.5)]);
    }
}
