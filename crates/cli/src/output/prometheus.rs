//! Results in the Prometheus text format, version 0.0.4.

use std::io::{self, BufWriter, Write};

use exposition::{Description, Format, Labels, Number, Numbers, Page, PageError, Summary};
use facade::Unit;
use facade::actions::{Conversion, Row};
use facade::codec::Field;

use crate::stat::{Stat, Stats, Whole};

/// The name of times in an unknown unit.
const TIME: &str = "windrow_action_time";
/// The name of times in a known unit. Prometheus has seconds only.
const SECONDS: &str = "windrow_action_duration_seconds";
/// The name of records that are only counted.
const COUNT: &str = "windrow_actions_total";
const SHARE: &str = "windrow_action_share";
/// The form of a number above the largest float.
pub(crate) const INFINITE: &str = "+Inf";

/// Returns the conversion of times to those that are written, if their unit is known.
pub(crate) fn conversion(unit: Option<Unit>) -> Option<Conversion> {
    unit.map(|unit| unit.to(Unit::Seconds))
}

/// Writes a summary with the requested quantiles, and a gauge for each other statistic.
///
/// If the unit of the times is known, they are converted to seconds.
pub(crate) fn write<S: Stats>(
    output: &mut dyn Write,
    stats: &[Stat],
    rows: &[&Row<S>],
    whole: &Whole,
    unit: Option<Unit>,
) -> io::Result<()> {
    let mut writer = Writer::new(output, rows);
    let value = |stat: &Stat, row: &Row<S>| {
        number(stat.converted(row.statistic(), whole, conversion(unit)))
    };
    let name = if unit.is_some() { SECONDS } else { TIME };
    let times = match unit {
        Some(_) => Description::new(name, "Times of the actions.").unit("seconds"),
        None => Description::new(name, "Times of the actions, in the unit they were logged in."),
    };
    writer.summaries(&times, |row| {
        let (count, sum) = (row.statistic().count(), value(&Stat::Sum("sum"), row)?);
        let quantiles = stats.iter().filter_map(|stat| match stat {
            Stat::Quantile(quantile, _) => Some((*quantile, value(stat, row)?)),
            _ => None,
        });
        let summary = Summary::new(count, sum);
        Some(quantiles.fold(summary, |summary, (share, time)| summary.with(share, time)))
    })?;
    for stat in stats {
        let Some(help) = help(stat) else { continue };
        let name = match stat {
            Stat::Share => SHARE.to_owned(), // It has no unit.
            _ => format!("{name}_{}", stat.name()),
        };
        writer.gauges(&Description::new(name, help), |row| value(stat, row))?;
    }
    writer.finish()
}

/// Writes a counter of records that are only counted, and a gauge of their shares if requested.
pub(crate) fn write_counts<S: Stats>(
    output: &mut dyn Write,
    stats: &[Stat],
    rows: &[&Row<S>],
    whole: &Whole,
) -> io::Result<()> {
    let mut writer = Writer::new(output, rows);
    let counts = Description::new(COUNT, "Records of an action.");
    writer.counters(&counts, |row| number(Stat::Count.of(row.statistic(), whole)))?;
    if stats.contains(&Stat::Share) {
        let share = Description::new(SHARE, "Share of an action in the number of all.");
        writer.gauges(&share, |row| number(Stat::Share.of(row.statistic(), whole)))?;
    }
    writer.finish()
}

/// Writes the families of a page with a sample for each row, part by part.
struct Writer<'o, 'r, S> {
    output: BufWriter<&'o mut dyn Write>,
    page: Page,
    rows: &'r [&'r Row<S>],
}

impl<'o, 'r, S> Writer<'o, 'r, S> {
    fn new(output: &'o mut dyn Write, rows: &'r [&'r Row<S>]) -> Self {
        Self { output: BufWriter::new(output), page: Page::new(Format::Text), rows }
    }

    fn summaries(
        &mut self,
        description: &Description<'_>,
        value: impl Fn(&Row<S>) -> Option<Summary>,
    ) -> io::Result<()> {
        let mut family = self.page.summaries(description).map_err(refused)?;
        for row in self.rows {
            if let Some(summary) = value(row) {
                family.add(&labels(row)?, &summary).map_err(refused)?;
                self.output.write_all(&family.take())?;
            }
        }
        Ok(())
    }

    fn counters(
        &mut self,
        description: &Description<'_>,
        value: impl Fn(&Row<S>) -> Option<Number>,
    ) -> io::Result<()> {
        let family = self.page.counters(description).map_err(refused)?;
        numbers(&mut self.output, family, self.rows, value)
    }

    fn gauges(
        &mut self,
        description: &Description<'_>,
        value: impl Fn(&Row<S>) -> Option<Number>,
    ) -> io::Result<()> {
        let family = self.page.gauges(description).map_err(refused)?;
        numbers(&mut self.output, family, self.rows, value)
    }

    fn finish(mut self) -> io::Result<()> {
        self.output.write_all(&self.page.finish())?;
        self.output.flush()
    }
}

/// Writes a number for each row that has one.
fn numbers<S>(
    output: &mut impl Write,
    mut family: Numbers<'_>,
    rows: &[&Row<S>],
    value: impl Fn(&Row<S>) -> Option<Number>,
) -> io::Result<()> {
    for row in rows {
        if let Some(number) = value(row) {
            family.add(&labels(row)?, number).map_err(refused)?;
            output.write_all(&family.take())?;
        }
    }
    Ok(())
}

/// Returns the description of a gauge; `None` for what the summary has.
fn help(stat: &Stat) -> Option<&'static str> {
    Some(match stat {
        Stat::Mean => "Mean time of an action.",
        Stat::Min => "Shortest time of an action.",
        Stat::Max => "Longest time of an action.",
        Stat::Deviation => "Sample standard deviation of the times of an action.",
        Stat::Variance => "Sample variance of the times of an action.",
        Stat::Share => "Share of an action in the total time of all actions.",
        Stat::Count | Stat::Sum(_) | Stat::Quantile(..) => return None,
    })
}

/// Returns the value of a sample, if there is one.
fn number(value: Field<'_>) -> Option<Number> {
    match value {
        Field::Integer(integer) => Some(integer.into()),
        Field::Float(float) => Some(float.into()),
        _ => None,
    }
}

/// Returns the labels of a row. The shared row has one more, as an action may have its name.
fn labels<S>(row: &Row<S>) -> io::Result<Labels> {
    let labels = Labels::default().with("action", row.name());
    let other = if row.is_other() { "true" } else { "" };
    labels.and_then(|labels| labels.with("windrow_other", other)).map_err(refused)
}

/// Each row has a name, and no two have the same one, so that a page refuses nothing.
fn refused(error: PageError) -> io::Error {
    io::Error::other(error)
}
