//! One action in depth: its percentiles with counts, and a histogram.

use std::fmt::Write as _;
use std::iter;

use facade::actions::{Bin, Row};
use facade::codec::visible;

use crate::output::figures::{Figures, percent};
use crate::output::render::{grouped, width};
use crate::output::table::Table;
use crate::stat::{Stat, Stats, Whole};

/// The percentiles of the ladder. The last step is the maximum.
const LADDER: [&str; 7] = ["p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99"];
/// The maximum number of rows of a histogram, without that of zeros.
const ROWS_MAX: u64 = 20;
/// The maximum width of a bar.
const BAR_COLUMNS: usize = 40;
/// The bits of a float below those that number the bins of a histogram.
const WITHIN_BIN: u32 = 46;

/// The number of the bin that would begin with infinity.
const INFINITE: u64 = f64::INFINITY.to_bits() >> WITHIN_BIN;

/// Returns the statistics that are shown above the ladder.
fn summary() -> [Stat; 5] {
    [Stat::Count, Stat::Sum("total"), Stat::Share, Stat::Mean, Stat::Min]
}

/// Returns the statistics of the ladder.
fn ladder() -> impl Iterator<Item = Stat> {
    let percentiles = LADDER.iter().map(|name| name.parse().expect("each is a statistic"));
    percentiles.chain([Stat::Max])
}

/// Returns all statistics that are shown.
pub(crate) fn stats() -> Vec<Stat> {
    summary().into_iter().chain(ladder()).collect()
}

/// How actions are shown in depth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Depth {
    pub(crate) figures: Figures,
    /// The width of the terminal, if it is one.
    pub(crate) columns: Option<usize>,
    /// Whether [`text`](Self::text) has a histogram.
    pub(crate) histogram: bool,
}

impl Depth {
    /// Formats the tables of all rows.
    pub(crate) fn text<S: Stats>(&self, rows: &[&Row<S>], whole: &Whole) -> String {
        let mut text = String::new();
        for (index, row) in rows.iter().enumerate() {
            let separator = if index > 0 { "\n" } else { "" };
            let (name, kept) = (visible(row.name().as_bytes()), row.statistic());
            let mut summary = self.summary(&name, kept, whole);
            summary.fit(self.columns);
            // Writing to a string succeeds.
            let _ = write!(text, "{separator}{summary}\n{}", self.ladder(kept, whole));
            if self.histogram {
                let _ = write!(text, "\n{}", self.histogram(kept));
            }
        }
        text
    }

    /// Returns the statistics of the whole action, not yet fitted to the width.
    pub(crate) fn summary<S: Stats>(&self, name: &str, kept: &S, whole: &Whole) -> Table {
        let mut table = Table::default();
        table.names("action", [name]);
        table.stats(&summary(), iter::once(kept), whole, self.figures);
        table
    }

    /// Returns the percentiles, with the number of times that rank above each.
    pub(crate) fn ladder<S: Stats>(&self, kept: &S, whole: &Whole) -> Table {
        let steps: Vec<_> = ladder().collect();
        let above = |step: &Stat| match step {
            Stat::Quantile(quantile, _) => {
                quantile.rank(kept.count()).map_or(0, |rank| kept.count() - rank)
            }
            _ => 0,
        };
        let mut table = Table::default();
        table.column("percentile", steps.iter().map(Stat::name));
        let time = |step: &Stat| self.figures.value(step, &step.of(kept, whole));
        table.column("time", steps.iter().map(time));
        table.column("times above", steps.iter().map(|step| grouped(above(step))));
        table.fit(self.columns);
        table
    }

    /// Returns the number of times in ranges of equal ratio.
    pub(crate) fn histogram<S: Stats>(&self, kept: &S) -> Table {
        let groups = kept.quantiles().map(|it| groups(it.histogram().bins())).unwrap_or_default();
        let count = kept.count().max(1) as f64;
        let label = |time: f64| self.figures.label(time);
        let mut table = Table::default();
        table.column("from", groups.iter().map(|group| label(group.from)));
        table.column("to", groups.iter().map(|group| label(group.to)));
        table.column("count", groups.iter().map(|group| grouped(group.count)));
        table.column("share", groups.iter().map(|group| percent(group.count as f64 / count)));
        let columns = table.left(self.columns).min(BAR_COLUMNS);
        if columns > 1 {
            let most = groups.iter().map(|group| group.count).max().unwrap_or_default();
            let bars = groups.iter().map(|group| bar(group.count as f64 / most as f64, columns));
            table.column("", bars);
        }
        table.fit(self.columns);
        table
    }
}

/// Joins bins into at most [`ROWS_MAX`] groups of equal ratio, and one for zeros.
///
/// The ends of groups are those of bins, so that counts are exact.
fn groups(bins: impl Iterator<Item = Bin>) -> Vec<Bin> {
    let (zeros, bins): (Vec<_>, Vec<_>) = bins.partition(|bin| bin.from == 0.0);
    let mut groups: Vec<_> = zeros.into_iter().map(|zero| Bin { to: 0.0, ..zero }).collect();
    // The exponent and the highest bits of the fraction, which increase by 1 from bin to bin.
    let number = |bin: &Bin| bin.from.to_bits() >> WITHIN_BIN;
    let (Some(first), Some(last)) = (bins.first().map(number), bins.last().map(number)) else {
        return groups;
    };
    let steps = iter::successors(Some(1_u64), |step| Some(step * 2));
    let is_enough = |step: &u64| last / step - first / step < ROWS_MAX;
    let step = steps.into_iter().find(is_enough).unwrap_or(1);
    let mut bins = bins.iter().peekable();
    for group in first / step..=last / step {
        // A group may end above the largest float.
        let [from, to] = [group, group + 1]
            .map(|group| f64::from_bits((group * step).min(INFINITE) << WITHIN_BIN));
        let within = iter::from_fn(|| bins.next_if(|bin| number(bin) / step == group));
        let count = within.map(|bin| bin.count).sum();
        groups.push(Bin { from, to, count });
    }
    groups
}

/// Draws a bar of a length from 0 to 1, and fills it up with spaces.
fn bar(length: f64, columns: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    // A count above 0 is visible.
    let eighths = (length * columns as f64 * 8.0).round().max(f64::from(length > 0.0)) as usize;
    let bar = format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8]);
    let blank = columns.saturating_sub(width(&bar));
    format!("{bar}{}", " ".repeat(blank))
}

#[cfg(test)]
mod tests {
    use facade::actions::{ActionTime, Histogram};
    use facade::time::Statistic;

    use super::*;

    fn grouped_times(times: &[f64]) -> Vec<(f64, f64, u64)> {
        let mut histogram = Histogram::default();
        times.iter().for_each(|&time| histogram.insert(ActionTime::try_from(time).unwrap()));
        groups(histogram.bins()).into_iter().map(|bin| (bin.from, bin.to, bin.count)).collect()
    }

    #[test]
    fn groups_hold_all_times_and_are_few() {
        assert_eq!(grouped_times(&[]), []);
        assert_eq!(grouped_times(&[0.0, 0.0]), [(0.0, 0.0, 2)]);
        assert_eq!(grouped_times(&[5.0]), [(5.0, 5.0625, 1)]);
        assert_eq!(
            grouped_times(&[0.0, 1.0, 1.01, 1.3]),
            [(0.0, 0.0, 1), (1.0, 1.015_625, 2)]
                .into_iter()
                .chain((1..20).map(|at| {
                    let from = 1.0 + f64::from(at) / 64.0;
                    (from, from + 1.0 / 64.0, u64::from(at == 19))
                }))
                .collect::<Vec<_>>()
        );
        for times in
            [&[1.0, 1.33][..], &[1.0, 1e3], &[1e-300, 1e300], &[f64::from_bits(1), f64::MAX]]
        {
            let groups = grouped_times(times);
            assert_eq!(groups.iter().map(|group| group.2).sum::<u64>(), times.len() as u64);
            assert!(groups.len() <= 20, "{times:?} {groups:?}");
            assert!(groups.iter().all(|group| group.0 < group.1), "{groups:?}");
            assert!(groups[0].0 <= times[0] && times[1] <= groups.last().unwrap().1, "{groups:?}");
        }
    }

    #[test]
    fn bars_have_one_width() {
        for (length, expected) in
            [(0.0, "    "), (1e-9, "▏   "), (0.5, "██  "), (0.78, "███▏"), (1.0, "████")]
        {
            assert_eq!(bar(length, 4), expected);
        }
    }
}
