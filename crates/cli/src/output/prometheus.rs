//! Results in the Prometheus text format, version 0.0.4.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

use facade::actions::Row;
use facade::codec::Field;

use crate::stat::{Stat, Stats, Whole};

const NAME: &str = "windrow_action_time";
const SHARE: &str = "windrow_action_share";
/// The form of a number above the largest float.
pub(crate) const INFINITE: &str = "+Inf";

/// Writes a summary with the requested quantiles, and a gauge for each other statistic.
pub(crate) fn write<S: Stats>(
    output: &mut dyn Write,
    stats: &[Stat],
    rows: &[&Row<S>],
    whole: &Whole,
) -> io::Result<()> {
    let mut output = BufWriter::new(output);
    let shares: Vec<_> = stats
        .iter()
        .filter_map(|stat| match stat {
            Stat::Quantile(quantile, _) => Some((stat, quantile.share())),
            _ => None,
        })
        .collect();
    family(&mut output, NAME, "summary", "Times of the actions, in the unit they were logged in.")?;
    for row in rows {
        let labels = labels(row);
        for (stat, share) in &shares {
            if let Some(value) = value(stat, row, whole) {
                writeln!(output, "{NAME}{{{labels},quantile=\"{share}\"}} {value}")?;
            }
        }
        for (suffix, stat) in [("sum", Stat::Sum("sum")), ("count", Stat::Count)] {
            if let Some(value) = value(&stat, row, whole) {
                writeln!(output, "{NAME}_{suffix}{{{labels}}} {value}")?;
            }
        }
    }
    for stat in stats {
        let help = match stat {
            Stat::Mean => "Mean time of an action.",
            Stat::Min => "Shortest time of an action.",
            Stat::Max => "Longest time of an action.",
            Stat::Deviation => "Sample standard deviation of the times of an action.",
            Stat::Variance => "Sample variance of the times of an action.",
            Stat::Share => "Share of an action in the total time of all actions.",
            Stat::Count | Stat::Sum(_) | Stat::Quantile(..) => continue,
        };
        let name = match stat {
            Stat::Share => SHARE.to_owned(), // It has no unit.
            _ => format!("{NAME}_{}", stat.name()),
        };
        family(&mut output, &name, "gauge", help)?;
        for row in rows {
            if let Some(value) = value(stat, row, whole) {
                writeln!(output, "{name}{{{}}} {value}", labels(row))?;
            }
        }
    }
    output.flush()
}

fn family(output: &mut impl Write, name: &str, kind: &str, help: &str) -> io::Result<()> {
    write!(output, "# HELP {name} {help}\n# TYPE {name} {kind}\n")
}

/// Formats the value of a sample, if there is one.
fn value(stat: &Stat, row: &Row<impl Stats>, whole: &Whole) -> Option<String> {
    match stat.of(row.statistic(), whole) {
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
