//! Output of a timeline as a table, a plot or records.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::iter;

use facade::codec::{Field, Format, visible};
use facade::{Quantile, Unit};

use super::plot;
use super::view::{Style, View};
use crate::output::infinite::Infinite;
use crate::output::render::{self, GAP};
use crate::output::spark::{bar, spark};
use crate::output::table::Table;
use crate::stat::{Stat, Stats, Whole};
use crate::timeline::{Aggregate, ByAction, Combined, Outliers, Saves, Timeline};
use crate::timestamps;

/// The width of a bar in a table.
const BAR_COLUMNS: usize = 24;
/// The width of a sparkline in a table.
const SPARK_COLUMNS: usize = 30;
/// The minimum width of a bar or a sparkline: a smaller one is left out.
const PICTURE_COLUMNS_MIN: usize = 8;

/// Formats the rows of a timeline.
pub(crate) trait Rows: Saves {
    /// Formats a table. `columns` is the width of the terminal, if the output is one.
    fn table(view: &View, timeline: &Timeline<Self>, columns: Option<usize>) -> String;
    fn plot(view: &View, timeline: &Timeline<Self>, canvas: plot::Canvas) -> String;
    /// Folds all actions but those with the largest totals.
    fn keep_top(_timeline: &mut Timeline<Self>, _top: usize) {}
    /// Returns the statistics that exceed the range of `f64`.
    fn infinite(view: &View, timeline: &Timeline<Self>) -> Infinite;
    fn records(
        output: &mut dyn Write,
        view: &View,
        timeline: &Timeline<Self>,
        format: Format,
    ) -> io::Result<()>;
}

impl<K: Stats> Rows for Combined<K> {
    fn table(view: &View, timeline: &Timeline<Self>, columns: Option<usize>) -> String {
        let nothing = K::default();
        let rows: Vec<(String, &K)> =
            labelled(timeline).map(|(from, row)| (from, kept(row).unwrap_or(&nothing))).collect();
        let mut table = Table::default();
        table.column(&title(timeline), rows.iter().map(|(from, _)| from.clone()));
        let kept = rows.iter().map(|&(_, kept)| kept);
        table.stats(&view.stats, kept.clone(), &Whole::of(kept), view.figures());
        let wide = table.left(columns).min(BAR_COLUMNS);
        let [title, _] = picture_titles(wide);
        if wide >= PICTURE_COLUMNS_MIN {
            let largest = rows.iter().map(|(_, kept)| kept.count()).max().unwrap_or_default();
            let picture = |(_, kept): &(String, &K)| {
                let bar = bar(kept.count() as f64, largest as f64, wide);
                format!("{bar:<wide$}")
            };
            table.column(&format!("{title:<wide$}"), rows.iter().map(picture));
        }
        table.fit(columns);
        table.to_string()
    }

    fn infinite(view: &View, timeline: &Timeline<Self>) -> Infinite {
        let rows = labelled(timeline).filter_map(|(from, row)| Some((from, kept(row)?)));
        let rows: Vec<_> = rows.collect();
        Infinite::among(&view.stats, rows.iter().map(|(from, kept)| (from.as_str(), *kept)))
    }

    fn plot(view: &View, timeline: &Timeline<Self>, canvas: plot::Canvas) -> String {
        let points: Vec<_> = timeline
            .intervals()
            .map(|(_, row)| {
                let kept = kept(row);
                let count = kept.map_or(0, |kept| kept.count());
                // Records that are only counted have no times.
                let timed = kept.filter(|_| !view.counts_only);
                let mean = timed.and_then(|kept| kept.mean());
                let p99 = timed.and_then(|kept| {
                    let p99 = kept.quantiles()?.quantile(Quantile::P99)?;
                    Some(kept.min_max()?.clamp(p99).as_f64())
                });
                plot::Point { count, mean, p99 }
            })
            .collect();
        plot::combined(&points, &plot::Times::of(timeline), canvas, view.figures())
    }

    fn records(
        output: &mut dyn Write,
        view: &View,
        timeline: &Timeline<Self>,
        format: Format,
    ) -> io::Result<()> {
        let nothing = K::default();
        let rows: Vec<_> =
            labelled(timeline).map(|(from, row)| (from, kept(row).unwrap_or(&nothing))).collect();
        let stats = &view.stats;
        let names = stats.iter().map(Stat::name);
        let unit = view.unit.map(Unit::symbol);
        let last = unit.map(|_| "unit");
        let columns: Vec<_> = iter::once("from").chain(names).chain(last).collect();
        let whole = Whole::of(rows.iter().map(|&(_, kept)| kept));
        let rows = rows.iter().map(|(from, kept)| -> Vec<_> {
            let stats = stats.iter().map(|stat| stat.of(*kept, &whole));
            iter::once(Field::Text(from)).chain(stats).chain(unit.map(Field::Text)).collect()
        });
        render::records(output, format, &columns, rows)
    }
}

/// The statistics of one action in one interval, as they are written.
struct Row<'a, K> {
    action: &'a str,
    statistic: &'a K,
    is_other: bool,
}

impl<K: Stats> ByAction<K> {
    /// Iterates over the rows of an interval. That of the folded actions is the last.
    fn statistics(&self) -> impl Iterator<Item = Row<'_, K>> {
        let actions = self.actions.iter().map(|(action, action_stat)| Row {
            action,
            statistic: &action_stat.statistic,
            is_other: false,
        });
        let other = self.other.iter();
        actions.chain(other.map(|other| Row { action: OTHER, statistic: other, is_other: true }))
    }

    /// Adds up all rows.
    fn whole(timeline: &Timeline<Self>) -> Whole {
        let rows: Vec<_> = labelled(timeline).filter_map(|(_, row)| row).collect();
        let rows: Vec<_> = rows.iter().flat_map(|row| row.statistics()).collect();
        Whole::of(rows.iter().map(|row| row.statistic))
    }

    /// Describes the time axis of sparklines with this number of parts.
    fn scale(timeline: &Timeline<Self>, parts: usize, columns: Option<usize>) -> String {
        let mut starts = timeline.intervals().map(|(start, _)| start);
        let Some(first) = starts.next() else { return String::new() };
        let last = starts.last().unwrap_or(first);
        let each = timeline.length().div_ceil(parts.max(1) as u64);
        let each = timeline.width().saturating_mul(u32::try_from(each).unwrap_or(u32::MAX));
        let [first, last] =
            [first, last].map(|end| timestamps::write(timeline.zone(), end, timeline.width()));
        let each = timestamps::span(each);
        let text = format!("pictures: {first} to {last}, a column is {each}\n");
        if columns.is_none_or(|columns| text.len() <= columns) {
            return text;
        }
        format!("pictures: {first}\n       to {last}\na column is {each}\n")
    }
}

impl<K: Stats> Rows for ByAction<K> {
    fn table(view: &View, timeline: &Timeline<Self>, columns: Option<usize>) -> String {
        let mut trends = trends(timeline, SPARK_COLUMNS);
        let mut table = Table::default();
        table.names("action", trends.iter().map(|trend| visible(trend.action.as_bytes())));
        let wholes = trends.iter().map(|trend| &trend.whole);
        table.stats(&view.stats, wholes.clone(), &Whole::of(wholes), view.figures());
        let pictures = if view.counts_only { 1 } else { 2 };
        // Both sparklines or neither: a reader compares them with each other.
        let wide = (table.left(columns).saturating_sub(GAP) / pictures).min(SPARK_COLUMNS);
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
        let titles = picture_titles(wide);
        let wide = parts.max(titles[0].len());
        let [count, mean] = titles.map(|title| format!("{title:<wide$}"));
        table.column(&count, counts.map(|picture| format!("{picture:<wide$}")));
        if pictures > 1 {
            table.column(&mean, means.map(|picture| format!("{picture:<wide$}")));
        }
        table.fit(columns);
        table.to_string() + &Self::scale(timeline, parts, columns)
    }

    fn infinite(view: &View, timeline: &Timeline<Self>) -> Infinite {
        // A row of the table is an action over all intervals, a record one in a single interval.
        if view.format == Style::Table {
            let trends = trends(timeline, 1);
            let rows = trends.iter().map(|trend| (trend.action, &trend.whole));
            return Infinite::among(&view.stats, rows);
        }
        let rows: Vec<_> = labelled(timeline).filter_map(|(_, row)| row).collect();
        let rows = rows.iter().flat_map(|row| row.statistics());
        let rows = rows.map(|row| (row.action, row.statistic));
        Infinite::among(&view.stats, rows)
    }

    fn plot(_: &View, timeline: &Timeline<Self>, canvas: plot::Canvas) -> String {
        let mut totals = BTreeMap::<&str, u64>::new();
        for (action, action_stat) in
            timeline.intervals().filter_map(|(_, row)| row).flat_map(|row| &row.actions)
        {
            *totals.entry(action).or_default() += action_stat.statistic.count();
        }
        let mut totals: Vec<_> = totals.into_iter().collect();
        totals.sort_by_key(|&(action, count)| (Reverse(count), action));
        let of = totals.len();
        // Only the drawn actions need a count for each interval.
        totals.truncate(plot::CURVES_MAX);
        let count = |row: Option<&Self>, action: &str| {
            row.and_then(|row| row.actions.get(action))
                .map_or(0, |action_stat| action_stat.statistic.count())
        };
        let curves = totals.iter().map(|&(action, _)| plot::Curve {
            name: visible(action.as_bytes()),
            counts: timeline.intervals().map(|(_, row)| count(row, action)).collect(),
        });
        let times = plot::Times::of(timeline);
        plot::by_action(&times, &curves.collect::<Vec<_>>(), of, canvas)
    }

    fn records(
        output: &mut dyn Write,
        view: &View,
        timeline: &Timeline<Self>,
        format: Format,
    ) -> io::Result<()> {
        let rows: Vec<_> =
            labelled(timeline).filter_map(|(from, row)| Some((from, row?))).collect();
        let stats = &view.stats;
        let has_other = rows.iter().any(|(_, row)| row.other.is_some());
        // Next to the name in objects; behind all others in CSV, whose columns have places.
        let mut columns = vec!["from", "action"];
        let other_at = if format == Format::Csv { 2 + stats.len() } else { 2 };
        columns.extend(stats.iter().map(Stat::name));
        if has_other {
            columns.insert(other_at, "other");
        }
        let unit = view.unit.map(Unit::symbol);
        columns.extend(unit.map(|_| "unit"));
        let whole = Self::whole(timeline);
        let rows = rows.iter().flat_map(|(from, row)| {
            row.statistics().map(move |row| -> Vec<_> {
                let mut fields = vec![Field::Text(from), Field::Text(row.action)];
                fields.extend(stats.iter().map(|stat| stat.of(row.statistic, &whole)));
                if has_other {
                    fields.insert(other_at, Field::Flag(row.is_other));
                }
                fields.extend(unit.map(Field::Text));
                fields
            })
        });
        render::records(output, format, &columns, rows)
    }

    fn keep_top(timeline: &mut Timeline<Self>, top: usize) {
        let mut totals = BTreeMap::<Box<str>, (K, u64)>::new();
        for (action, action_stat) in timeline.contents_mut().flat_map(|row| &row.actions) {
            let first = (K::default(), action_stat.offset);
            let total = totals.entry(action.clone()).or_insert(first);
            total.0.merge(&action_stat.statistic);
            total.1 = total.1.min(action_stat.offset);
        }
        if totals.len() <= top {
            return;
        }
        let mut totals: Vec<_> = totals.into_iter().collect();
        totals.sort_by(|(_, (one, first)), (_, (other, second))| {
            other.sum().total_cmp(&one.sum()).then(first.cmp(second))
        });
        let kept = totals.into_iter().take(top).map(|(action, _)| action).collect();
        timeline.contents_mut().for_each(|row| row.fold_all_but(&kept));
    }
}

/// The name of the row that the folded actions share.
const OTHER: &str = "(other)";

/// Iterates over all intervals with the text of their start, and over those of the outliers.
fn labelled<C: Aggregate>(timeline: &Timeline<C>) -> impl Iterator<Item = (String, Option<&C>)> {
    let (zone, width) = (timeline.zone(), timeline.width());
    let side = |name: &'static str, outliers| {
        let outliers: Option<&Outliers<C>> = outliers;
        outliers.map(|outliers| (name.to_owned(), Some(&outliers.content)))
    };
    let intervals = timeline.intervals();
    let intervals = intervals.map(move |(from, row)| (timestamps::write(zone, from, width), row));
    let before = side("before", timeline.before.as_ref());
    before.into_iter().chain(intervals).chain(side("after", timeline.after.as_ref()))
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

/// Returns the trends of all actions with at most `parts` parts.
///
/// Those with the largest totals come first, ties in order of appearance; the folded ones last. The
/// figures are those of all records, the parts are only those of the axis.
fn trends<K: Stats>(timeline: &Timeline<ByAction<K>>, parts: usize) -> Vec<Trend<'_, K>> {
    let length = usize::try_from(timeline.length()).unwrap_or(usize::MAX);
    let together = length.div_ceil(parts.max(1)).max(1);
    let parts = length.div_ceil(together);
    let intervals = timeline.intervals().enumerate();
    let intervals = intervals.map(|(index, (_, row))| (Some(index / together), row));
    let sides = [&timeline.before, &timeline.after].into_iter().flatten();
    let sides = sides.map(|side| (None, Some(&side.content)));
    let mut trends = BTreeMap::new();
    let mut other = None;
    for (part, row) in intervals.chain(sides) {
        let Some(row) = row else { continue };
        for (action, action_stat) in &row.actions {
            let trend = trends.entry(action).or_insert_with(|| Trend::new(action, u64::MAX, parts));
            trend.offset = trend.offset.min(action_stat.offset);
            trend.merge(&action_stat.statistic, part);
        }
        if let Some(statistic) = &row.other {
            let other = other.get_or_insert_with(|| Trend::new(OTHER, u64::MAX, parts));
            other.merge(statistic, part);
        }
    }
    let mut trends: Vec<_> = trends.into_values().collect();
    trends.sort_by(|one, other| {
        other.whole.sum().total_cmp(&one.whole.sum()).then(one.offset.cmp(&other.offset))
    });
    trends.extend(other);
    trends
}

impl<'a, K: Stats> Trend<'a, K> {
    fn new(action: &'a str, offset: u64, parts: usize) -> Self {
        Self { action, offset, whole: K::default(), parts: vec![None; parts] }
    }

    fn merge(&mut self, statistic: &K, part: Option<usize>) {
        self.whole.merge(statistic);
        if let Some(part) = part {
            self.parts[part].get_or_insert_default().merge(statistic);
        }
    }
}

/// Returns the titles of a picture of counts and of one of means that have this width.
///
/// They differ from those of the statistics, which the table has too.
fn picture_titles(columns: usize) -> [&'static str; 2] {
    let long = ["count over time", "mean over time"];
    if long[0].len() <= columns { long } else { ["counts", "means"] }
}

/// Returns the header of the first column.
fn title<C: Aggregate>(timeline: &Timeline<C>) -> String {
    match timeline.ends() {
        Some(_) => format!("from (each {})", timestamps::span(timeline.width())),
        None => "from".to_owned(),
    }
}
