//! Results in the text format that Prometheus and its kin fetch, version 0.0.4.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

use facade::Cell;

use crate::figures::{Figure, Figures};

const NAME: &str = "windrow_action_time";
/// How the format writes what is larger than any float.
pub(crate) const INFINITE: &str = "+Inf";

/// Writes a page of a summary, with the quantiles that are asked for, and a gauge for each other
/// figure.
pub(crate) fn write<'r, S: Figures + 'r>(
    output: &mut dyn Write,
    figures: &[Figure],
    rows: impl Iterator<Item = (&'r str, &'r S)> + Clone,
) -> io::Result<()> {
    let mut output = BufWriter::new(output);
    let shares: Vec<_> = figures
        .iter()
        .filter_map(|figure| match figure {
            Figure::Quantile(quantile, _) => Some((figure, quantile.share())),
            _ => None,
        })
        .collect();
    family(&mut output, NAME, "summary", "Times of the actions, in the unit they were logged in.")?;
    for (action, row) in rows.clone() {
        let action = escaped(action);
        for (figure, share) in &shares {
            if let Some(value) = value(figure, row) {
                writeln!(output, "{NAME}{{action=\"{action}\",quantile=\"{share}\"}} {value}")?;
            }
        }
        for (suffix, figure) in [("sum", Figure::Sum), ("count", Figure::Count)] {
            if let Some(value) = value(&figure, row) {
                writeln!(output, "{NAME}_{suffix}{{action=\"{action}\"}} {value}")?;
            }
        }
    }
    for figure in figures {
        let help = match figure {
            Figure::Mean => "Mean time of an action.",
            Figure::Min => "Shortest time of an action.",
            Figure::Max => "Longest time of an action.",
            Figure::Deviation => "Standard deviation of the times of an action, of a sample.",
            Figure::Variance => "Variance of the times of an action, of a sample.",
            Figure::Count | Figure::Sum | Figure::Quantile(..) => continue,
        };
        let name = format!("{NAME}_{}", figure.name());
        family(&mut output, &name, "gauge", help)?;
        for (action, row) in rows.clone() {
            if let Some(value) = value(figure, row) {
                writeln!(output, "{name}{{action=\"{}\"}} {value}", escaped(action))?;
            }
        }
    }
    output.flush()
}

fn family(output: &mut impl Write, name: &str, kind: &str, help: &str) -> io::Result<()> {
    write!(output, "# HELP {name} {help}\n# TYPE {name} {kind}\n")
}

/// The value of a sample as it is written, if there is one.
fn value(figure: &Figure, row: &impl Figures) -> Option<String> {
    match figure.of(row) {
        Cell::Integer(integer) => Some(integer.to_string()),
        Cell::Float(float) if float < 1e17 => Some(float.to_string()),
        Cell::Float(float) if float.is_infinite() => Some(INFINITE.to_owned()),
        Cell::Float(float) => Some(format!("{float:e}")),
        _ => None,
    }
}

/// The value of a label, as it stands between quotes.
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
