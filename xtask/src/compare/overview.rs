//! Renders the implementations of the headlines as one table and a summary.

use std::collections::{BTreeMap, BTreeSet};

use textwrap::Options;

use crate::measure::headline::Headline;
use crate::measure::record::Kind;
use crate::measure::rivals::PAGE;
use crate::measure::table::Table;
use crate::measure::{Measurement, Role, change, digits, groups, time};

/// The measurements of one headline.
struct Column<'m> {
    headline: &'static Headline,
    ours: &'m Measurement,
    /// Everything in its group, the fastest first.
    group: Vec<&'m Measurement>,
}

/// Renders the table and the summary of every headline that was measured.
///
/// `limitations` says what each rival does not do, by the name of the implementation.
pub(super) fn render(measured: &[Measurement], limitations: &BTreeMap<String, String>) -> String {
    let columns = columns(measured);
    let mut text = format!("\n{}\n", table(&columns).plain());
    let paragraphs = [
        Some(sentence("hand-written code", &columns, Column::baseline)),
        Some(sentence("the best library", &columns, Column::best_rival)),
        floor_sentence(&columns),
    ];
    for paragraph in paragraphs.into_iter().flatten().chain(limits(&columns, limitations)) {
        text += &textwrap::fill(&paragraph, Options::new(96).subsequent_indent("  "));
        text.push('\n');
    }
    text + "Whole programs are compared by `cargo xtask bench --e2e`.\n"
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

    fn best_rival(&self) -> Option<&'m Measurement> {
        self.rivals().next()
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
    for name in rivals(columns) {
        rows.push(row(library(name), &|column| column.multiple(column.named(name))));
    }
    let title = "Time of one operation; other rows: multiples of the time of Windrow \
                 (below 1: faster than Windrow)";
    Table::new(title.to_owned(), head, rows)
}

/// Returns the names of all rivals.
fn rivals<'m>(columns: &[Column<'m>]) -> BTreeSet<&'m str> {
    columns.iter().flat_map(Column::rivals).map(Measurement::implementation).collect()
}

fn library(name: &str) -> &str {
    name.strip_prefix("rival_").unwrap_or(name)
}

/// Says where Windrow is faster, equal and slower than one other implementation per column.
fn sentence<'m>(
    whom: &str,
    columns: &[Column<'m>],
    other: impl Fn(&Column<'m>) -> Option<&'m Measurement>,
) -> String {
    let [mut faster, mut same, mut slower, mut nothing] = [const { Vec::new() }; 4];
    for column in columns {
        let title = &column.headline.title;
        match other(column) {
            None => nothing.push(title.clone()),
            Some(other) if column.ours.same_as(other) => same.push(title.clone()),
            Some(other) => {
                let ratio = column.ours.median_ns() / other.median_ns();
                let list = if ratio < 1.0 { &mut faster } else { &mut slower };
                list.push(format!("{title} ({} than {})", change(ratio), other.library()));
            }
        }
    }
    let compared = columns.len() - nothing.len();
    let mut text = format!("Windrow is ahead of {whom} in {} of {compared}", faster.len());
    for (begin, list) in [(": ", faster), (". It is behind in: ", slower), (". The same: ", same)] {
        if !list.is_empty() {
            text += &format!("{begin}{}", list.join("; "));
        }
    }
    if !nothing.is_empty() {
        text += &format!(". Nothing to compare with: {}", nothing.join("; "));
    }
    text + "."
}

fn floor_sentence(columns: &[Column<'_>]) -> Option<String> {
    let ratio = |column: &Column<'_>| match column.floor()? {
        floor if column.ours.same_as(floor) => Some(1.0), // Not below, however the medians differ.
        floor => Some(column.ours.median_ns() / floor.median_ns()),
    };
    let mut ratios: Vec<_> = columns.iter().filter_map(ratio).collect();
    ratios.sort_by(f64::total_cmp);
    let [min, max] = [*ratios.first()?, *ratios.last()?].map(digits);
    Some(format!(
        "The lower bound does less work than asked, so no implementation can be faster: Windrow \
         takes {min} to {max} times as long."
    ))
}

/// Says what each rival in the table does not do, rivals with the same limitation together.
fn limits(columns: &[Column<'_>], limitations: &BTreeMap<String, String>) -> Vec<String> {
    let mut rivals: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
    for name in self::rivals(columns) {
        let limitation = limitations.get(name).map(String::as_str);
        rivals.entry(limitation).or_default().push(library(name));
    }
    let limit = |(limitation, names): (Option<&str>, Vec<&str>)| {
        let verb = if names.len() == 1 { "does" } else { "do" };
        let names = names.join(" and ");
        match limitation {
            Some(limitation) => format!("{names} {verb} not {limitation}."),
            None => format!("{names}: {PAGE} has no row that says what is missing."),
        }
    };
    rivals.into_iter().map(limit).collect()
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

    fn limitations() -> BTreeMap<String, String> {
        let windows = "keep time windows".to_owned();
        ["rival_metriken", "rival_prometheus"].map(|name| (name.to_owned(), windows.clone())).into()
    }

    #[test]
    fn every_rival_has_a_row_and_the_table_is_short() {
        let text = render(&measurements(), &limitations());
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
    fn summary_names_what_is_ahead_and_what_is_behind() {
        let text = render(&measurements(), &limitations());
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "Windrow is ahead of hand-written code in 8 of 8: record an event (3.00x faster than \
             shared_ring);",
            "Windrow is ahead of the best library in 0 of 1. It is behind in: record an event \
             (1.25x slower than metriken). Nothing to compare with: record an event on two",
            "Windrow takes 10.0 to 10.0 times as long.",
            "metriken and prometheus do not keep time windows.",
            "metrics: benches/README.md has no row that says what is missing.",
        ] {
            assert!(flat.contains(part), "{part}\n{flat}");
        }
    }

    #[test]
    fn equal_times_are_called_the_same() {
        let mut measurements = measurements();
        measurements.retain(|one| one.id != "record/default/rival_metriken");
        measurements.push(measured("record/default/rival_metriken", 9.0, 12.0));
        let text = render(&measurements, &limitations());
        assert!(text.contains("in 0 of 1. The same: record an event."), "{text}");
    }

    #[test]
    fn floor_within_the_spread_is_not_undercut() {
        let mut measurements = measurements();
        let id = "record/default/floor_coarse_clock";
        measurements.retain(|one| one.id != id);
        measurements.push(measured(id, 9.0, 13.0));
        let text = render(&measurements, &limitations());
        assert!(text.contains("1.00 to 10.0 times as long."), "{text}");
    }
}
