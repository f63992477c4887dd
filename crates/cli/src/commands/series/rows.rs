//! Output of a timeline as a table, a plot or records.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::iter;

use facade::codec::{Field, Format, visible};
use facade::{Quantile, Stamp};

use super::{Args, Style, plot};
use crate::output::figures::Figures;
use crate::output::infinite::Infinite;
use crate::output::render::{self, GAP};
use crate::output::spark::{bar, spark};
use crate::output::table::Table;
use crate::stat::{Stat, Stats, Whole};
use crate::timeline::{Aggregate, ByAction, Combined, Timeline};
use crate::timestamps;

/// The width of a bar in a table.
const BAR_COLUMNS: usize = 24;
/// The width of a sparkline in a table.
const SPARK_COLUMNS: usize = 30;
/// The minimum width of a bar or a sparkline: a smaller one is left out.
const PICTURE_COLUMNS_MIN: usize = 8;

/// Formats the rows of a timeline.
pub(super) trait Rows: Aggregate {
    /// Formats a table. `columns` is the width of the terminal, if the output is one.
    fn table(args: &Args, timeline: &Timeline<Self>, columns: Option<usize>) -> String;
    fn plot(timeline: &Timeline<Self>, canvas: plot::Canvas) -> String;
    /// Returns the statistics that exceed the range of `f64`.
    fn infinite(args: &Args, timeline: &Timeline<Self>) -> Infinite;
    fn records(
        output: &mut dyn Write,
        args: &Args,
        timeline: &Timeline<Self>,
        format: Format,
    ) -> io::Result<()>;
}

impl<K: Stats> Rows for Combined<K> {
    fn table(args: &Args, timeline: &Timeline<Self>, columns: Option<usize>) -> String {
        let nothing = K::default();
        let rows: Vec<(Stamp, &K)> =
            timeline.intervals().map(|(from, row)| (from, kept(row).unwrap_or(&nothing))).collect();
        let mut table = Table::default();
        let width = timeline.width();
        table
            .column(&title(timeline), rows.iter().map(|&(from, _)| timestamps::write(from, width)));
        let kept = rows.iter().map(|&(_, kept)| kept);
        table.stats(&args.stats(), kept.clone(), &Whole::of(kept), Figures::default());
        let title = "count";
        let wide = table.left(columns).min(BAR_COLUMNS);
        if wide >= PICTURE_COLUMNS_MIN {
            let largest = rows.iter().map(|(_, kept)| kept.count()).max().unwrap_or_default();
            let picture = |&(_, kept): &(Stamp, &K)| {
                let bar = bar(kept.count() as f64, largest as f64, wide);
                format!("{bar:<wide$}")
            };
            table.column(&format!("{title:<wide$}"), rows.iter().map(picture));
        }
        table.fit(columns);
        table.to_string()
    }

    fn infinite(args: &Args, timeline: &Timeline<Self>) -> Infinite {
        let width = timeline.width();
        let rows = timeline.intervals().filter_map(|(from, row)| Some((from, kept(row)?)));
        let rows: Vec<_> =
            rows.map(|(from, kept)| (timestamps::write(from, width), kept)).collect();
        Infinite::among(&args.stats(), rows.iter().map(|(from, kept)| (from.as_str(), *kept)))
    }

    fn plot(timeline: &Timeline<Self>, canvas: plot::Canvas) -> String {
        let points: Vec<_> = timeline
            .intervals()
            .map(|(from, row)| {
                let kept = kept(row);
                let (count, mean) = kept.map_or((0, None), |kept| (kept.count(), kept.mean()));
                let p99 = kept.and_then(|kept| {
                    let p99 = kept.quantiles()?.quantile(Quantile::P99)?;
                    Some(kept.min_max()?.clamp(p99).as_f64())
                });
                plot::Point { from, count, mean, p99 }
            })
            .collect();
        plot::combined(&points, timeline.width(), canvas, Figures::default())
    }

    fn records(
        output: &mut dyn Write,
        args: &Args,
        timeline: &Timeline<Self>,
        format: Format,
    ) -> io::Result<()> {
        let nothing = K::default();
        let width = timeline.width();
        let rows: Vec<_> = timeline
            .intervals()
            .map(|(from, row)| (timestamps::write(from, width), kept(row).unwrap_or(&nothing)))
            .collect();
        let stats = args.stats();
        let names = stats.iter().map(Stat::name);
        let columns: Vec<_> = iter::once("from").chain(names).collect();
        let whole = Whole::of(rows.iter().map(|&(_, kept)| kept));
        let rows = rows.iter().map(|(from, kept)| -> Vec<_> {
            let stats = stats.iter().map(|stat| stat.of(*kept, &whole));
            iter::once(Field::Text(from)).chain(stats).collect()
        });
        render::records(output, format, &columns, rows)
    }
}

impl<K: Stats> ByAction<K> {
    /// Adds up all rows.
    fn whole(timeline: &Timeline<Self>) -> Whole {
        let rows = timeline.intervals().filter_map(|(_, row)| row);
        let rows: Vec<_> = rows.flat_map(|row| row.0.values()).collect();
        Whole::of(rows.iter().map(|action_stat| &action_stat.statistic))
    }

    /// Describes the time axis of sparklines with this number of parts.
    fn scale(timeline: &Timeline<Self>, parts: usize, columns: Option<usize>) -> String {
        let Some((first, last)) = timeline.ends() else { return String::new() };
        let each = timeline.length().div_ceil(parts.max(1) as u64);
        let each = timeline.width().saturating_mul(u32::try_from(each).unwrap_or(u32::MAX));
        let [first, last] = [first, last].map(|end| timestamps::write(end, timeline.width()));
        let each = timestamps::span(each);
        let text = format!("pictures: {first} to {last}, a column is {each}\n");
        if columns.is_none_or(|columns| text.len() <= columns) {
            return text;
        }
        format!("pictures: {first}\n       to {last}\na column is {each}\n")
    }
}

impl<K: Stats> Rows for ByAction<K> {
    fn table(args: &Args, timeline: &Timeline<Self>, columns: Option<usize>) -> String {
        let mut trends = trends(timeline, SPARK_COLUMNS);
        let mut table = Table::default();
        table.names("action", trends.iter().map(|trend| visible(trend.action.as_bytes())));
        let wholes = trends.iter().map(|trend| &trend.whole);
        table.stats(&args.stats(), wholes.clone(), &Whole::of(wholes), Figures::default());
        let titles = ["count", "mean"];
        // Both sparklines or neither: a reader compares them with each other.
        let wide = (table.left(columns).saturating_sub(GAP) / titles.len()).min(SPARK_COLUMNS);
        if wide < PICTURE_COLUMNS_MIN {
            table.fit(columns);
            return table.to_string();
        }
        if trends.first().is_some_and(|trend| trend.parts.len() > wide) {
            trends = self::trends(timeline, wide);
        }
        let counts = trends.iter().map(|trend| {
            let counts = trend.parts.iter().map(|part| part.as_ref().map(|part| part.count()));
            spark(counts.map(|count| count.map(|count| count as f64)))
        });
        let means = trends.iter().map(|trend| {
            spark(trend.parts.iter().map(|part| part.as_ref().and_then(|part| part.mean())))
        });
        let parts = trends.first().map_or(0, |trend| trend.parts.len());
        // Cells of a table are aligned right, but sparklines start at the left.
        let wide = parts.max(titles[0].len());
        let [count, mean] = titles.map(|title| format!("{title:<wide$}"));
        table.column(&count, counts.map(|picture| format!("{picture:<wide$}")));
        table.column(&mean, means.map(|picture| format!("{picture:<wide$}")));
        table.fit(columns);
        table.to_string() + &Self::scale(timeline, parts, columns)
    }

    fn infinite(args: &Args, timeline: &Timeline<Self>) -> Infinite {
        // A row of the table is an action over all intervals, a record one in a single interval.
        if args.format == Style::Table {
            let trends = trends(timeline, 1);
            let rows = trends.iter().map(|trend| (trend.action, &trend.whole));
            return Infinite::among(&args.stats(), rows);
        }
        let rows = timeline.intervals().filter_map(|(_, row)| row).flat_map(|row| &row.0);
        let rows = rows.map(|(action, action_stat)| (&**action, &action_stat.statistic));
        Infinite::among(&args.stats(), rows)
    }

    fn plot(timeline: &Timeline<Self>, canvas: plot::Canvas) -> String {
        let mut totals = BTreeMap::<&str, u64>::new();
        for (action, action_stat) in
            timeline.intervals().filter_map(|(_, row)| row).flat_map(|row| &row.0)
        {
            *totals.entry(action).or_default() += action_stat.statistic.count();
        }
        let mut totals: Vec<_> = totals.into_iter().collect();
        totals.sort_by_key(|&(action, count)| (Reverse(count), action));
        let of = totals.len();
        // Only the drawn actions need a count for each interval.
        totals.truncate(plot::CURVES_MAX);
        let count = |row: Option<&Self>, action: &str| {
            row.and_then(|row| row.0.get(action))
                .map_or(0, |action_stat| action_stat.statistic.count())
        };
        let curves = totals.iter().map(|&(action, _)| plot::Curve {
            name: visible(action.as_bytes()),
            counts: timeline.intervals().map(|(_, row)| count(row, action)).collect(),
        });
        let froms: Vec<_> = timeline.intervals().map(|(from, _)| from).collect();
        plot::by_action(&froms, &curves.collect::<Vec<_>>(), of, timeline.width(), canvas)
    }

    fn records(
        output: &mut dyn Write,
        args: &Args,
        timeline: &Timeline<Self>,
        format: Format,
    ) -> io::Result<()> {
        let width = timeline.width();
        let rows: Vec<_> = timeline
            .intervals()
            .filter_map(|(from, row)| Some((timestamps::write(from, width), row?)))
            .collect();
        let stats = args.stats();
        let names = stats.iter().map(Stat::name);
        let columns: Vec<_> = ["from", "action"].into_iter().chain(names).collect();
        let (stats, whole) = (&stats, Self::whole(timeline));
        let rows = rows.iter().flat_map(|(from, row)| {
            row.0.iter().map(move |(action, action_stat)| -> Vec<_> {
                let names = [Field::Text(from), Field::Text(action)];
                let stats = stats.iter().map(|stat| stat.of(&action_stat.statistic, &whole));
                names.into_iter().chain(stats).collect()
            })
        });
        render::records(output, format, &columns, rows)
    }
}

fn kept<K>(row: Option<&Combined<K>>) -> Option<&K> {
    row.and_then(|row| row.0.as_ref())
}

/// The statistics of one action over all intervals.
struct Trend<'a, K> {
    action: &'a str,
    /// The offset of its first line.
    offset: u64,
    whole: K,
    /// The statistics of equal parts of the time.
    parts: Vec<Option<K>>,
}

/// Returns the trends of all actions with at most `parts` parts, in order of first appearance.
fn trends<K: Stats>(timeline: &Timeline<ByAction<K>>, parts: usize) -> Vec<Trend<'_, K>> {
    let length = usize::try_from(timeline.length()).unwrap_or(usize::MAX);
    let together = length.div_ceil(parts.max(1)).max(1);
    let parts = length.div_ceil(together);
    let mut trends = BTreeMap::new();
    for (index, (_, row)) in timeline.intervals().enumerate() {
        for (action, action_stat) in row.into_iter().flat_map(|row| &row.0) {
            let trend = trends.entry(action).or_insert_with(|| Trend {
                action,
                offset: action_stat.offset,
                whole: K::default(),
                parts: vec![None; parts],
            });
            trend.offset = trend.offset.min(action_stat.offset);
            trend.whole.merge(&action_stat.statistic);
            trend.parts[index / together].get_or_insert_default().merge(&action_stat.statistic);
        }
    }
    let mut trends: Vec<_> = trends.into_values().collect();
    trends.sort_by_key(|trend| trend.offset);
    trends
}

/// Returns the header of the first column.
fn title<C: Aggregate>(timeline: &Timeline<C>) -> String {
    match timeline.ends() {
        Some(_) => format!("from (each {})", timestamps::span(timeline.width())),
        None => "from".to_owned(),
    }
}
