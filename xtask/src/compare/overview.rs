//! Renders the implementations of the headlines as one table and a summary.

use std::collections::BTreeSet;

use crate::measure::headline::Headline;
use crate::measure::record::Kind;
use crate::measure::table::Table;
use crate::measure::{Measurement, Role, digits, groups, time};

/// The measurements of one headline.
struct Column<'m> {
    headline: &'static Headline,
    ours: &'m Measurement,
    /// Everything in its group, the fastest first.
    group: Vec<&'m Measurement>,
}

/// Renders the table and the summary of every headline that was measured.
pub(super) fn render(measured: &[Measurement]) -> String {
    let columns = columns(measured);
    let summary = format!(
        "Windrow is faster than hand-written code in {}, and than the best library in {}. The \
         lower bound does less work than asked.\n{PAGE} says what each library does not do; \
         `cargo xtask bench --e2e` compares whole programs.",
        faster(&columns, Column::baseline),
        faster(&columns, |column| column.rivals().next())
    );
    format!("\n{}\n{summary}\n", table(&columns).plain())
}

/// The page with the table of rivals, from the root.
const PAGE: &str = "benches/README.md";

/// Counts the columns in which Windrow is faster than another implementation: `3 of 8`.
fn faster<'m>(
    columns: &[Column<'m>],
    other: impl Fn(&Column<'m>) -> Option<&'m Measurement>,
) -> String {
    let pairs = columns.iter().filter_map(|column| Some((column.ours, other(column)?)));
    let is_faster = |&&(ours, other): &&(&Measurement, _)| {
        !ours.same_as(other) && ours.median_ns() < other.median_ns()
    };
    let pairs: Vec<_> = pairs.collect();
    format!("{} of {}", pairs.iter().filter(is_faster).count(), pairs.len())
}

fn columns(measured: &[Measurement]) -> Vec<Column<'_>> {
    let groups = groups(measured);
    let column = |headline: &'static Headline| {
        let ours = measured.iter().find(|one| one.id == headline.id)?;
        Some(Column { headline, ours, group: groups[headline.group()].clone() })
    };
    Kind::Operations.headlines().filter_map(column).collect()
}

impl<'m> Column<'m> {
    fn named(&self, name: &str) -> Option<&'m Measurement> {
        self.group.iter().copied().find(|one| one.implementation() == name)
    }

    fn baseline(&self) -> Option<&'m Measurement> {
        self.named(self.headline.baseline.as_deref()?)
    }

    fn floor(&self) -> Option<&'m Measurement> {
        self.named(&self.headline.floor)
    }

    fn rivals(&self) -> impl Iterator<Item = &'m Measurement> {
        self.group.iter().copied().filter(|one| one.role() == Role::Rival)
    }

    /// Renders the time of another implementation as a multiple of the time of Windrow.
    fn multiple(&self, other: Option<&Measurement>) -> String {
        match other {
            None => "-".to_owned(),
            Some(other) if other.same_as(self.ours) => "same".to_owned(),
            Some(other) => format!("{}x", digits(other.median_ns() / self.ours.median_ns())),
        }
    }
}

/// Makes a table with a column for each headline and a row for each implementation.
///
/// Every implementation of every group would be 80 rows. This way there are about a dozen.
fn table(columns: &[Column<'_>]) -> Table {
    let heading = |line: usize| columns.iter().map(move |one| one.headline.heading[line].clone());
    let row = |name: &str, cell: &dyn Fn(&Column<'_>) -> String| -> Vec<String> {
        [name.to_owned()].into_iter().chain(columns.iter().map(cell)).collect()
    };
    let head = [String::new()].into_iter().chain(heading(0)).collect();
    let mut rows = vec![
        [String::new()].into_iter().chain(heading(1)).collect(),
        row("Windrow", &|column| time(column.ours.median_ns())),
        row("hand-written", &|column| column.multiple(column.baseline())),
        row("lower bound", &|column| column.multiple(column.floor())),
    ];
    let rivals: BTreeSet<_> =
        columns.iter().flat_map(Column::rivals).map(Measurement::library).collect();
    for name in rivals {
        rows.push(row(name, &|column| {
            column.multiple(column.rivals().find(|one| one.library() == name))
        }));
    }
    let title = "Time of one operation; other rows: multiples of the time of Windrow \
                 (below 1: faster than Windrow)";
    Table::new(title.to_owned(), head, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::headline::tests::all;
    use crate::measure::tests::measured;

    /// Every headline, and two rivals of the first: one is faster, the other slower than ours.
    fn measurements() -> Vec<Measurement> {
        let mut measurements = all();
        for (name, ns) in
            [("rival_metriken", 8.0), ("rival_metrics", 25.0), ("rival_prometheus", 40.0)]
        {
            measurements.push(measured(&format!("record/default/{name}"), ns, ns));
        }
        measurements
    }

    #[test]
    fn every_rival_has_a_row_and_the_table_is_short() {
        let text = render(&measurements());
        let (table, _) = text.trim_start().split_once("\n\n").unwrap();
        assert!(table.lines().count() <= 30, "{table}");
        assert!(table.lines().all(|line| line.chars().count() <= 110), "{table}");
        let row = |name: &str| -> Vec<&str> {
            let row = table.lines().find(|line| line.trim_start().starts_with(name));
            row.unwrap_or_else(|| panic!("no {name} in {table}")).split_whitespace().collect()
        };
        assert_eq!(row("Windrow")[1..3], ["10.0", "ns"]);
        assert_eq!(row("hand-written")[1..], ["3.00x"; 8]);
        assert_eq!(row("lower bound")[2..], ["0.10x"; 8]);
        assert_eq!(row("metriken")[1..3], ["0.80x", "-"]);
        assert_eq!(row("metrics")[1..3], ["2.50x", "-"]);
    }

    #[test]
    fn summary_counts_what_is_measurably_faster() {
        let mut measurements = measurements();
        let text = render(&measurements);
        assert!(text.contains("code in 8 of 8, and than the best library in 0 of 1. "), "{text}");
        // The fastest rival is as fast as Windrow, within the spread.
        measurements.retain(|one| one.id != "record/default/rival_metriken");
        measurements.push(measured("record/default/rival_metriken", 9.0, 13.0));
        assert!(render(&measurements).contains("library in 0 of 1. "));
        measurements.retain(|one| one.id != "record/default/rival_metriken");
        assert!(render(&measurements).contains("library in 1 of 1. "));
    }
}
