//! Distributions as small histograms on one scale.

use facade::actions::{ActionTime, Bin, MinMax};

use crate::output::spark::spark;
use crate::stat::Stats;

/// The width of a histogram: that of the header of its column.
pub(crate) const COLUMNS: usize = "distribution".len();

/// Draws a histogram of the times of each row, all on one axis.
///
/// The axis is logarithmic, from the minimum to the maximum time of all rows, as times may differ
/// by powers of ten. Zero is in the first column. The fullest column of each row has full height.
pub(crate) fn pictures<'r, S: Stats + 'r>(
    rows: impl Iterator<Item = &'r S> + Clone,
) -> impl Iterator<Item = String> {
    let ends = rows.clone().flat_map(|row| ends(row).into_iter().flatten());
    let scale = LogScale::over(ends);
    let picture = move |row: &S| {
        let Some(quantiles) = row.quantiles() else { return String::new() };
        let counts = scale.counts(quantiles.histogram().bins());
        spark(counts.map(|count| (count > 0.0).then_some(count)))
    };
    rows.map(picture)
}

/// Returns the minimum and the maximum of the times above zero, which have logarithms.
fn ends(row: &impl Stats) -> [Option<f64>; 2] {
    let [min, max] = [MinMax::min, MinMax::max]
        .map(|end| row.min_max().and_then(end).map(ActionTime::as_f64).filter(|&time| time > 0.0));
    let first_bin = || {
        let histogram = row.quantiles()?.histogram();
        histogram.bins().map(|bin| bin.from).find(|&from| from > 0.0)
    };
    [min.or_else(first_bin), max]
}

/// A scale whose columns are equally wide in logarithms.
#[derive(Debug, Clone, Copy, PartialEq)]
struct LogScale {
    /// The logarithm of the start of the first column.
    from: f64,
    /// The width of a column: the logarithm of the ratio of its end to its start.
    step: f64,
}

impl LogScale {
    fn over(ends: impl Iterator<Item = f64>) -> Self {
        let (from, to) = ends.map(f64::ln).fold((f64::INFINITY, f64::NEG_INFINITY), |ends, end| {
            (ends.0.min(end), ends.1.max(end))
        });
        let step = if from < to { (to - from) / COLUMNS as f64 } else { 0.0 };
        Self { from, step }
    }

    /// Returns the column of a time; the fraction is the position within the column.
    fn place(&self, time: f64) -> f64 {
        let place = if self.step > 0.0 { (time.ln() - self.from) / self.step } else { 0.0 };
        place.clamp(0.0, COLUMNS as f64)
    }

    /// Returns the count of each column. The count of a bin across several columns is divided.
    fn counts(&self, bins: impl Iterator<Item = Bin>) -> [f64; COLUMNS] {
        let mut counts = [0.0; COLUMNS];
        for bin in bins {
            let (from, to) = (self.place(bin.from), self.place(bin.to));
            let width = to - from;
            let first = (from as usize).min(COLUMNS - 1);
            for (column, count) in counts.iter_mut().enumerate().skip(first) {
                let overlap = to.min(column as f64 + 1.0) - from.max(column as f64);
                if width <= 0.0 {
                    *count += bin.count as f64;
                    break;
                } else if overlap <= 0.0 {
                    break;
                }
                *count += bin.count as f64 * overlap / width;
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use facade::actions::{Mean, Quantiles};
    use facade::time::Statistic;

    use super::*;

    #[test]
    fn zero_does_not_shorten_the_axis() {
        let mut rows = [<(Mean, MinMax, Quantiles)>::default(), Default::default()];
        for time in [0_u64, 1, 1_000] {
            rows[0].insert(time.into());
        }
        rows[1].insert(0_u64.into());
        assert!(pictures(rows.iter()).eq(["█          ▅", "█           "]));
        assert!(pictures(rows[1..].iter()).eq(["█           "]));
    }

    #[test]
    fn bins_are_divided_by_their_logarithms() {
        let scale = LogScale { from: 0.0, step: 2_f64.ln() };
        let bin = |from, to, count| Bin { from, to, count };
        let check = |bins: Vec<Bin>, expected: &[f64]| {
            let found = scale.counts(bins.into_iter());
            for (column, &found) in found.iter().enumerate() {
                let expected = expected.get(column).copied().unwrap_or_default();
                assert!((found - expected).abs() < 1e-9, "{column}: {found}, not {expected}");
            }
        };
        check(vec![bin(1.0, 2.0, 3)], &[3.0]);
        check(vec![bin(1.0, 4.0, 3)], &[1.5, 1.5]);
        check(vec![bin(2.0, 16.0, 3), bin(4.0, 8.0, 1)], &[0.0, 1.0, 2.0, 1.0]);
        check(vec![bin(0.0, f64::from_bits(1), 5)], &[5.0]);
        let mut last = [0.0; COLUMNS];
        last[COLUMNS - 1] = 1.0;
        check(vec![bin(4_000.0, 1e300, 1)], &last);
    }
}
