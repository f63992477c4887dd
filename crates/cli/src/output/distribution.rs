//! Distributions as small histograms on one scale.

use crate::output::scale::Scale;
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
    let scale = Scale::logarithmic(rows.clone());
    let picture = move |row: &S| {
        let Some(quantiles) = row.quantiles() else { return String::new() };
        let counts = scale.counts(quantiles.histogram().bins(), COLUMNS);
        spark(counts.into_iter().map(|count| (count > 0.0).then_some(count)))
    };
    rows.map(picture)
}

#[cfg(test)]
mod tests {
    use facade::actions::{Mean, MinMax, Quantiles};
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
}
