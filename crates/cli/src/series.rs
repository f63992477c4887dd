//! `windrow series`: what happened when.

mod plot;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::iter;
use std::num::NonZero;
use std::ops::BitOr;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use facade::actions::{Mean, MinMax, Quantiles, Variance};
use facade::codec::{Field, Format, Record, Sink, visible};
use facade::{Quantile, Stamp};

use crate::axis::{self, Apart, Axis, Content, Together, Width};
use crate::exit::Exit;
use crate::fault;
use crate::figures::{self, Figure, Figures, Needs, Nothing};
use crate::infinite::Infinite;
use crate::input::Input;
use crate::moment::{self, StampArgs};
use crate::options;
use crate::output::{Failure, Output, OutputArgs, Outputs};
use crate::render::{self, GAP, counted};
use crate::spark::{bar, spark};
use crate::table::Table;

/// Tells what happened when: count, mean, quantiles and more on the axis of time
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    stamp: StampArgs,

    /// Time that a row spans [default: enough for at most 60 rows of time and --max-rows rows]
    #[arg(long, value_name = "TIME", value_parser = moment::some_time)]
    every: Option<Duration>,

    /// Each action by itself; the table has a row for each, with its course in pictures
    #[arg(long)]
    by_action: bool,

    /// Which figures: count, sum, mean, min, max, stddev, variance, p50, p99, p99.9 and so on
    #[arg(long, value_name = "FIGURES", value_delimiter = ',', hide_possible_values = true)]
    #[arg(value_parser = options::offering(Figure::from_str, figures::NAMES))]
    #[arg(default_value = "count,mean,p50,p99,max")]
    stat: Vec<Figure>,

    /// Maximum number of rows; memory grows with it
    #[arg(long, value_name = "N", default_value = "10000")]
    max_rows: NonZero<usize>,

    /// How results are written
    #[arg(long, value_enum, default_value_t = Style::Table)]
    format: Style,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Style {
    /// Columns for people, rounded
    Table,
    /// Two curves: how many, and how long they took
    Plot,
    /// An array of objects
    Json,
    /// The same objects, a line each
    Ndjson,
    /// A line of names, then the rows
    Csv,
}

const EXAMPLES: &str = "\
Rows begin at multiples of their width since 1970 in UTC, and go from the first stamp to the last,
also where nothing happened. With --by-action there is no row for an action while it was not there.
Lines may come in any order. Quantiles are exact for up to 32 times of a row, and within 0.8 %
beyond; the rest is exact. `stddev` and `variance` are those of a sample.

Input is one action per line, as JSON: {\"action\":\"jump\",\"time\":100,\"at\":1700000000.5}.
An action without a stamp is told of and not in the rows.

Examples:
  windrow series --stamp-key at actions.ndjson
  windrow series --stamp-key at --every 10s --format csv actions.ndjson.gz > series.csv
  windrow series --stamp-key at --by-action --stat count,p99 actions.ndjson
  windrow series --stamp-key when --stamp-form rfc3339 --format plot *.ndjson

Exit codes: 0 done, 1 could not be done, 2 usage, 3 some lines were refused, 130 Ctrl-C.";

/// The maximum number of rows of time where their width is chosen.
const ROWS: u64 = 60;
const SECOND: Duration = Duration::from_secs(1);
/// How wide pictures in a table are.
const BAR_COLUMNS: usize = 24;
const SPARK_COLUMNS: usize = 30;

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    if args.stamp.key().is_none() {
        fault::tell(
            "which key says when an action happened?\n  \
             `--stamp-key at` is for lines such as \
             {\"action\":\"jump\",\"time\":100,\"at\":1700000000.5}",
        );
        return Ok(Exit::Misused);
    }
    // What each row keeps is paid for by each row, so nothing is kept but what is told.
    match args.needs() {
        Needs { variance: true, .. } => args.run_of::<(Variance, MinMax, Quantiles)>(),
        Needs { quantiles: true, .. } => args.run_of::<(Mean, MinMax, Quantiles)>(),
        _ => args.run_of::<(Mean, MinMax, Nothing)>(),
    }
}

/// Puts actions on an axis.
struct Taker<C>(Axis<C>);

impl<C: Content> Sink for Taker<C> {
    fn accept(&mut self, entry: Record<'_>) {
        self.0.take(&entry);
    }
}

impl Args {
    fn needs(&self) -> Needs {
        // A plot has figures of its own.
        let quantiles = self.format == Style::Plot;
        let needs = self.stat.iter().map(Figure::needs);
        needs.fold(Needs { quantiles, ..Needs::default() }, Needs::bitor)
    }

    /// The figures that are asked for, each once.
    fn figures(&self) -> Vec<Figure> {
        options::distinct(&self.stat)
    }

    fn run_of<K: Figures>(&self) -> Result<Exit, Failure> {
        if self.by_action { self.run::<Apart<K>>() } else { self.run::<Together<K>>() }
    }

    fn run<C: Content + Send + Clone + Rows>(&self) -> Result<Exit, Failure> {
        let Outputs { results: output, refused } = self.input.outputs(&self.output)?;
        // Without `--every` a row is as wide as it takes, so that the limit is met last.
        let chosen = Width::AtMost(ROWS.min(self.max_rows.get() as u64));
        let width = self.every.map_or(chosen, Width::Given);
        let axis = || Taker(Axis::<C>::new(width, self.max_rows.get()));
        let mut takers: Vec<_> = iter::repeat_with(axis).take(self.input.threads()).collect();
        let mut policy = self.input.policy();
        policy.stamp = self.stamp.key();
        let reading = self.input.read(&policy, &mut takers, refused)?;
        let mut axis = axis().0;
        takers.into_iter().for_each(|taker| axis.merge(taker.0));
        if !reading.has_result() {
            reading.tell();
            return Ok(reading.exit());
        }
        if self.is_too_long(&axis) {
            reading.tell();
            return Ok(reading.exit().max(Exit::Failed));
        }
        let records = |output: Output, format| {
            output.stream(|output| C::records(output, self, &axis, format))
        };
        let infinite = match self.format {
            Style::Plot => Infinite::default(),
            _ => C::infinite(self, &axis),
        };
        let printed = match self.format {
            Style::Table => {
                let table = C::table(self, &axis, output.columns());
                output.print(table)
            }
            Style::Plot => {
                let screen = plot::Screen::new(output.columns(), output.is_plain());
                output.print(C::plot(&axis, screen))
            }
            Style::Json => records(output, Format::Json),
            Style::Ndjson => records(output, Format::Ndjson),
            Style::Csv => records(output, Format::Csv),
        };
        let is_json = matches!(self.format, Style::Json | Style::Ndjson);
        infinite.warn(if is_json { "null" } else { "inf" });
        reading.tell();
        self.tell_unstamped(&axis, reading.lines - reading.refused);
        Ok(reading.exit().or(printed))
    }

    /// Returns whether there are more rows than the limit, and reports what to do then.
    fn is_too_long<C: Content>(&self, axis: &Axis<C>) -> bool {
        let max = self.max_rows.get() as u64;
        let Some((first, last)) = axis.ends() else { return false };
        if !axis.is_overfull() && axis.length() <= max {
            return false;
        }
        let (width, length) = (moment::span(axis.width()), axis.length());
        let [from, to] = [first, last].map(|end| moment::write(end, SECOND));
        let limit = counted(max, "row");
        if length > max {
            let wider = axis::width_for(first, last, max).map(moment::span);
            let (length, max) = (counted(length, "row"), render::grouped(max));
            let wider = wider.map(|wider| format!("make rows wider with `--every {wider}`, or "));
            let wider = wider.unwrap_or_default();
            fault::tell(format_args!(
                "{from} to {to} is {length} of {width}, limit is {max}\n  \
                 {wider}allow more with `--max-rows`\n  \
                 a timestamp far from all others may be in another form than `--stamp-form` says"
            ));
        } else if self.every.is_some() {
            fault::tell(format_args!(
                "{from} to {to} is more than {limit} of one action and {width} each\n  \
                 make rows wider with `--every`, leave out `--by-action`, or allow more with \
                 `--max-rows`"
            ));
        } else {
            fault::tell(format_args!(
                "more actions than {limit}, however wide a row is\n  \
                 leave out `--by-action`, or allow more rows with `--max-rows`"
            ));
        }
        true
    }

    fn tell_unstamped<C: Content>(&self, axis: &Axis<C>, actions: u64) {
        let (unstamped, key) = (axis.unstamped(), self.stamp.key());
        let key = key.as_ref().map(|key| visible(key.key().as_bytes())).unwrap_or_default();
        if unstamped > 0 {
            let (unstamped, actions) = (render::grouped(unstamped), counted(actions, "action"));
            fault::tell(format_args!("left {unstamped} of {actions} out of the rows: no `{key}`"));
        }
    }

    /// The header of the first column.
    fn title<C: Content>(axis: &Axis<C>) -> String {
        match axis.ends() {
            Some(_) => format!("from (each {})", moment::span(axis.width())),
            None => "from".to_owned(),
        }
    }
}

/// How what an axis holds is written.
trait Rows: Content {
    /// For a terminal of a width, if it is one.
    fn table(args: &Args, axis: &Axis<Self>, columns: Option<usize>) -> String;
    fn plot(axis: &Axis<Self>, screen: plot::Screen) -> String;
    /// The figures of the rows that are larger than any float.
    fn infinite(args: &Args, axis: &Axis<Self>) -> Infinite;
    fn records(
        output: &mut dyn Write,
        args: &Args,
        axis: &Axis<Self>,
        format: Format,
    ) -> io::Result<()>;
}

impl<K: Figures> Rows for Together<K> {
    fn table(args: &Args, axis: &Axis<Self>, columns: Option<usize>) -> String {
        let nothing = K::default();
        let rows: Vec<(Stamp, &K)> =
            axis.stretches().map(|(from, row)| (from, kept(row).unwrap_or(&nothing))).collect();
        let mut table = Table::default();
        let width = axis.width();
        table.column(&Args::title(axis), rows.iter().map(|&(from, _)| moment::write(from, width)));
        table.figures(&args.figures(), rows.iter().map(|&(_, kept)| kept));
        let title = "how many";
        let wide = table.left(columns).min(BAR_COLUMNS);
        if wide >= title.len() {
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

    fn infinite(args: &Args, axis: &Axis<Self>) -> Infinite {
        let width = axis.width();
        let rows = axis.stretches().filter_map(|(from, row)| Some((from, kept(row)?)));
        let rows: Vec<_> = rows.map(|(from, kept)| (moment::write(from, width), kept)).collect();
        Infinite::among(&args.figures(), rows.iter().map(|(from, kept)| (from.as_str(), *kept)))
    }

    fn plot(axis: &Axis<Self>, screen: plot::Screen) -> String {
        let points: Vec<_> = axis
            .stretches()
            .map(|(from, row)| {
                let kept = kept(row);
                let (count, mean) = kept.map_or((0, None), |kept| (kept.count(), kept.mean()));
                let p99 = kept.and_then(|kept| {
                    let p99 = kept.quantiles()?.at(Quantile::P99)?;
                    Some(kept.extent()?.clamp(p99).as_f64())
                });
                plot::Point { from, count, mean, p99 }
            })
            .collect();
        plot::together(&points, axis.width(), screen)
    }

    fn records(
        output: &mut dyn Write,
        args: &Args,
        axis: &Axis<Self>,
        format: Format,
    ) -> io::Result<()> {
        let nothing = K::default();
        let width = axis.width();
        let rows: Vec<_> = axis
            .stretches()
            .map(|(from, row)| (moment::write(from, width), kept(row).unwrap_or(&nothing)))
            .collect();
        let figures = args.figures();
        let names = figures.iter().map(Figure::name);
        let columns: Vec<_> = iter::once("from").chain(names).collect();
        let rows = rows.iter().map(|(from, kept)| -> Vec<_> {
            let figures = figures.iter().map(|figure| figure.of(*kept));
            iter::once(Field::Text(from)).chain(figures).collect()
        });
        render::records(output, format, &columns, rows)
    }
}

impl<K: Figures> Apart<K> {
    /// What pictures of a number of parts span.
    fn scale(axis: &Axis<Self>, parts: usize, columns: Option<usize>) -> String {
        let Some((first, last)) = axis.ends() else { return String::new() };
        let each = axis.length().div_ceil(parts.max(1) as u64);
        let each = axis.width().saturating_mul(u32::try_from(each).unwrap_or(u32::MAX));
        let [first, last] = [first, last].map(|end| moment::write(end, axis.width()));
        let each = moment::span(each);
        let text = format!("pictures: {first} to {last}, a column is {each}\n");
        if columns.is_none_or(|columns| text.len() <= columns) {
            return text;
        }
        format!("pictures: {first}\n       to {last}\na column is {each}\n")
    }
}

impl<K: Figures> Rows for Apart<K> {
    fn table(args: &Args, axis: &Axis<Self>, columns: Option<usize>) -> String {
        let mut courses = courses(axis, SPARK_COLUMNS);
        let mut table = Table::default();
        table.names("action", courses.iter().map(|course| visible(course.action.as_bytes())));
        table.figures(&args.figures(), courses.iter().map(|course| &course.whole));
        let titles = ["how many", "how long"];
        // Both pictures, or none: next to each other they show what belongs together.
        let wide = (table.left(columns).saturating_sub(GAP) / titles.len()).min(SPARK_COLUMNS);
        if wide < titles[0].len() {
            table.fit(columns);
            return table.to_string();
        }
        if courses.first().is_some_and(|course| course.parts.len() > wide) {
            courses = self::courses(axis, wide);
        }
        let counts = courses.iter().map(|course| {
            let counts = course.parts.iter().map(|part| part.as_ref().map(|part| part.count()));
            spark(counts.map(|count| count.map(|count| count as f64)))
        });
        let means = courses.iter().map(|course| {
            spark(course.parts.iter().map(|part| part.as_ref().and_then(|part| part.mean())))
        });
        let parts = courses.first().map_or(0, |course| course.parts.len());
        // Numbers stand to the right in a table, and pictures to the left.
        let wide = parts.max(titles[0].len());
        let [how_many, how_long] = titles.map(|title| format!("{title:<wide$}"));
        table.column(&how_many, counts.map(|picture| format!("{picture:<wide$}")));
        table.column(&how_long, means.map(|picture| format!("{picture:<wide$}")));
        table.fit(columns);
        table.to_string() + &Self::scale(axis, parts, columns)
    }

    fn infinite(args: &Args, axis: &Axis<Self>) -> Infinite {
        // A row of the table is an action over all time, a record one in its part of it.
        if args.format == Style::Table {
            let courses = courses(axis, 1);
            let rows = courses.iter().map(|course| (course.action, &course.whole));
            return Infinite::among(&args.figures(), rows);
        }
        let rows = axis.stretches().filter_map(|(_, row)| row).flat_map(|row| &row.0);
        let rows = rows.map(|(action, cell)| (&**action, &cell.statistic));
        Infinite::among(&args.figures(), rows)
    }

    fn plot(axis: &Axis<Self>, screen: plot::Screen) -> String {
        let mut totals = BTreeMap::<&str, u64>::new();
        for (action, cell) in axis.stretches().filter_map(|(_, row)| row).flat_map(|row| &row.0) {
            *totals.entry(action).or_default() += cell.statistic.count();
        }
        let mut totals: Vec<_> = totals.into_iter().collect();
        totals.sort_by_key(|&(action, count)| (Reverse(count), action));
        let of = totals.len();
        // Only of those that are drawn there is a number for each row.
        totals.truncate(plot::CURVES_MAX);
        let count = |row: Option<&Self>, action: &str| {
            row.and_then(|row| row.0.get(action)).map_or(0, |cell| cell.statistic.count())
        };
        let curves = totals.iter().map(|&(action, _)| plot::Curve {
            name: visible(action.as_bytes()),
            counts: axis.stretches().map(|(_, row)| count(row, action)).collect(),
        });
        let froms: Vec<_> = axis.stretches().map(|(from, _)| from).collect();
        plot::apart(&froms, &curves.collect::<Vec<_>>(), of, axis.width(), screen)
    }

    fn records(
        output: &mut dyn Write,
        args: &Args,
        axis: &Axis<Self>,
        format: Format,
    ) -> io::Result<()> {
        let width = axis.width();
        let rows: Vec<_> = axis
            .stretches()
            .filter_map(|(from, row)| Some((moment::write(from, width), row?)))
            .collect();
        let figures = args.figures();
        let names = figures.iter().map(Figure::name);
        let columns: Vec<_> = ["from", "action"].into_iter().chain(names).collect();
        let figures = &figures;
        let rows = rows.iter().flat_map(|(from, row)| {
            row.0.iter().map(move |(action, cell)| -> Vec<_> {
                let names = [Field::Text(from), Field::Text(action)];
                let figures = figures.iter().map(|figure| figure.of(&cell.statistic));
                names.into_iter().chain(figures).collect()
            })
        });
        render::records(output, format, &columns, rows)
    }
}

fn kept<K>(row: Option<&Together<K>>) -> Option<&K> {
    row.and_then(|row| row.0.as_ref())
}

/// One action over all time.
struct Course<'a, K> {
    action: &'a str,
    /// Where its first line is.
    offset: u64,
    whole: K,
    /// Equal parts of the time.
    parts: Vec<Option<K>>,
}

/// The courses of all actions in so many parts or fewer, in the order first seen.
fn courses<K: Figures>(axis: &Axis<Apart<K>>, parts: usize) -> Vec<Course<'_, K>> {
    let length = usize::try_from(axis.length()).unwrap_or(usize::MAX);
    let together = length.div_ceil(parts.max(1)).max(1);
    let parts = length.div_ceil(together);
    let mut courses = BTreeMap::new();
    for (index, (_, row)) in axis.stretches().enumerate() {
        for (action, cell) in row.into_iter().flat_map(|row| &row.0) {
            let course = courses.entry(action).or_insert_with(|| Course {
                action,
                offset: cell.offset,
                whole: K::default(),
                parts: vec![None; parts],
            });
            course.offset = course.offset.min(cell.offset);
            course.whole.merge(&cell.statistic);
            course.parts[index / together].get_or_insert_default().merge(&cell.statistic);
        }
    }
    let mut courses: Vec<_> = courses.into_values().collect();
    courses.sort_by_key(|course| course.offset);
    courses
}
