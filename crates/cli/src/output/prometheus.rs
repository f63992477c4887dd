//! Results in the Prometheus text format, version 0.0.4.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};
use std::iter;

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
    let mut output = BufWriter::new(output);
    let value = |stat: &Stat, row: &Row<S>| {
        number(stat.converted(row.statistic(), whole, conversion(unit)))
    };
    let name = if unit.is_some() { SECONDS } else { TIME };
    summary(&mut output, name, stats, rows, value)?;
    for stat in stats {
        let Some(help) = help(stat) else { continue };
        let name = match stat {
            Stat::Share => SHARE.to_owned(), // It has no unit.
            _ => format!("{name}_{}", stat.name()),
        };
        family(&mut output, &name, "gauge", help)?;
        for row in rows {
            if let Some(value) = value(stat, row) {
                writeln!(output, "{name}{{{}}} {value}", labels(row))?;
            }
        }
    }
    output.flush()
}

/// Writes a counter of records that are only counted, and a gauge of their shares if requested.
pub(crate) fn write_counts<S: Stats>(
    output: &mut dyn Write,
    stats: &[Stat],
    rows: &[&Row<S>],
    whole: &Whole,
) -> io::Result<()> {
    let mut output = BufWriter::new(output);
    let share = stats.contains(&Stat::Share).then_some((
        SHARE,
        "gauge",
        "Share of an action in the number of all.",
        Stat::Share,
    ));
    let count = (COUNT, "counter", "Records of an action.", Stat::Count);
    for (name, kind, help, stat) in iter::once(count).chain(share) {
        family(&mut output, name, kind, help)?;
        for row in rows {
            if let Some(value) = number(stat.of(row.statistic(), whole)) {
                writeln!(output, "{name}{{{}}} {value}", labels(row))?;
            }
        }
    }
    output.flush()
}

fn summary<S: Stats>(
    output: &mut impl Write,
    name: &str,
    stats: &[Stat],
    rows: &[&Row<S>],
    value: impl Fn(&Stat, &Row<S>) -> Option<String>,
) -> io::Result<()> {
    if name == SECONDS {
        family(output, name, "summary", "Times of the actions.")?;
        // OpenMetrics reads it, and older readers take it for a comment.
        writeln!(output, "# UNIT {name} seconds")?;
    } else {
        family(output, name, "summary", "Times of the actions, in the unit they were logged in.")?;
    }
    for row in rows {
        let labels = labels(row);
        for stat in stats {
            if let (Stat::Quantile(quantile, _), Some(value)) = (stat, value(stat, row)) {
                let share = quantile.share();
                writeln!(output, "{name}{{{labels},quantile=\"{share}\"}} {value}")?;
            }
        }
        for (suffix, stat) in [("sum", Stat::Sum("sum")), ("count", Stat::Count)] {
            if let Some(value) = value(&stat, row) {
                writeln!(output, "{name}_{suffix}{{{labels}}} {value}")?;
            }
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

fn family(output: &mut impl Write, name: &str, kind: &str, help: &str) -> io::Result<()> {
    write!(output, "# HELP {name} {help}\n# TYPE {name} {kind}\n")
}

/// Formats the value of a sample, if there is one.
fn number(value: Field<'_>) -> Option<String> {
    match value {
        Field::Integer(integer) => Some(integer.to_string()),
        Field::Float(float) if float < 1e17 => Some(float.to_string()),
        Field::Float(float) if float.is_infinite() => Some(INFINITE.to_owned()),
        Field::Float(float) => Some(format!("{float:e}")),
        _ => None,
    }
}

/// Returns the labels of a row. The shared row has one more, as an action may have its name.
fn labels<S>(row: &Row<S>) -> String {
    let other = if row.is_other() { ",windrow_other=\"true\"" } else { "" };
    format!("action=\"{}\"{other}", escaped(row.name()))
}

/// Escapes the value of a label for double quotes.
fn escaped(value: &str) -> Cow<'_, str> {
    if !value.contains(['\\', '"', '\n']) {
        return value.into();
    }
    value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_cannot_leave_its_quotes() {
        assert_eq!(escaped(r#"a\"b"#), r#"a\\\"b"#);
        assert_eq!(escaped("a\nb"), r"a\nb");
    }
}
