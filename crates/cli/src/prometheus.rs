//! Results in the text format that Prometheus and its kin fetch, version 0.0.4.

use std::io::{self, BufWriter, Write};

use facade::Cell;

use crate::figures::{Figure, Figures};

const NAME: &str = "windrow_action_time";

/// Writes a page of a summary, with the quantiles that are asked for, and a gauge for each other
/// figure.
pub(crate) fn write<'r, S: Figures + 'r>(
    output: &mut dyn Write,
    figures: &[Figure],
    rows: impl Iterator<Item = (&'r str, &'r S)> + Clone,
) -> io::Result<()> {
    let mut page = Page(BufWriter::new(output));
    page.family(NAME, "summary", "Times of the actions, in the unit they were logged in.")?;
    for (action, row) in rows.clone() {
        for figure in figures {
            if let Figure::Quantile(quantile, _) = figure {
                let share = quantile.share().to_string();
                page.sample(NAME, &[("action", action), ("quantile", &share)], figure.of(row))?;
            }
        }
        for (suffix, figure) in [("sum", Figure::Sum), ("count", Figure::Count)] {
            page.sample(&format!("{NAME}_{suffix}"), &[("action", action)], figure.of(row))?;
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
        page.family(&name, "gauge", help)?;
        for (action, row) in rows.clone() {
            page.sample(&name, &[("action", action)], figure.of(row))?;
        }
    }
    page.0.flush()
}

struct Page<W: Write>(BufWriter<W>);

impl<W: Write> Page<W> {
    fn family(&mut self, name: &str, kind: &str, help: &str) -> io::Result<()> {
        write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n")
    }

    /// Writes a sample, unless there is none.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: Cell<'_>) -> io::Result<()> {
        let value = match value {
            Cell::Integer(integer) => integer.to_string(),
            Cell::Float(float) if float < 1e17 => float.to_string(),
            Cell::Float(float) => format!("{float:e}"),
            _ => return Ok(()),
        };
        let labels: Vec<_> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        writeln!(self.0, "{name}{{{}}} {value}", labels.join(","))
    }
}

/// The value of a label, as it stands between quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
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
