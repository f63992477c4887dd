//! Compares two records, corrected for the speed of the machine.
//!
//! A machine is slower on some days than on others. Code that did not change between two records
//! (baselines, floors and rivals) shows by how much. The time of Windrow in the second record is
//! divided by that factor before it is compared with the first.
//!
//! The factor is the median of the ratios, not their geometric mean: on two threads the ratio of a
//! single lock can be 100, and a mean would carry that into every other row. The group of a
//! benchmark supplies the factor if at least [`REFERENCES_MIN`] implementations in it did not
//! change, because speed also drifts during a run; otherwise all groups do.
//!
//! A change is reported only if it exceeds what the unchanged code shows by chance: the scaled
//! spreads must not overlap, and the ratio must lie outside the scatter of the references, both of
//! those in its group and of all of them. Three references can agree by chance; all of them do not.
//! The scatter is [`SCATTER`] times the median absolute deviation of the ratios from their factor,
//! which is two standard deviations of a normal distribution.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, ensure};

use crate::measure::record;
use crate::measure::table::Table;
use crate::measure::{Measurement, SAME_WITHIN, change, digits, time};
use crate::step;

/// The number of references from which a group has its own factor.
const REFERENCES_MIN: usize = 3;

/// The number of median absolute deviations within which a change is called the same.
const SCATTER: f64 = 3.0;

/// The maximum number of rows, unless all are asked for.
const ROWS_MAX: usize = 30;

/// Reads two records and prints what changed from the first to the second.
pub(super) fn run(root: &Path, folders: [&str; 2], all: bool) -> anyhow::Result<()> {
    let read = |folder: &str| {
        let path = root.join(folder);
        ensure!(path.is_dir(), "`{folder}` is not a folder; give one filter or two records");
        record::read(&path)
    };
    let [old, new] = [read(folders[0])?, read(folders[1])?];
    let comparison = Comparison::new(&old, &new).context("cannot compare the two records")?;
    step::print(&comparison.render(all));
    Ok(())
}

/// The speed of the machine in the second record, relative to the first.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Scale {
    /// The natural logarithm of the factor.
    log: f64,
    /// The scatter of the references, as a logarithm.
    scatter: f64,
}

impl Scale {
    /// Finds the median and the scatter of ratios, of which there is at least one.
    fn of(logs: &[f64]) -> Self {
        let log = median(logs);
        let deviations: Vec<_> = logs.iter().map(|one| (one - log).abs()).collect();
        Self { log, scatter: SCATTER * median(&deviations) }
    }

    fn factor(self) -> f64 {
        self.log.exp()
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2])
}

/// One benchmark of Windrow in both records.
struct Pair<'m> {
    old: &'m Measurement,
    new: &'m Measurement,
    scale: Scale,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Faster,
    Slower,
    Same,
}

impl Pair<'_> {
    /// Returns the ratio of the times, corrected for the speed of the machine.
    fn ratio(&self) -> f64 {
        self.new.median_ns() / self.old.median_ns() / self.scale.factor()
    }

    fn change(&self) -> Change {
        let scaled = self.new.spread_ns().map(|ns| ns / self.scale.factor());
        let ([low, high], [old_low, old_high]) = (scaled, self.old.spread_ns());
        let overlap = low <= old_high && old_low <= high;
        let within = self.scale.scatter.max(SAME_WITHIN.ln_1p());
        match self.ratio() {
            r if overlap || r.ln().abs() <= within => Change::Same,
            r if r < 1.0 => Change::Faster,
            _ => Change::Slower,
        }
    }
}

/// Two records, row by row.
struct Comparison<'m> {
    pairs: Vec<Pair<'m>>,
    overall: Scale,
    references: usize,
    only_old: Vec<&'m str>,
    only_new: Vec<&'m str>,
}

impl<'m> Comparison<'m> {
    fn new(old: &'m [Measurement], new: &'m [Measurement]) -> anyhow::Result<Self> {
        let before: BTreeMap<_, _> = old.iter().map(|one| (one.id.as_str(), one)).collect();
        let after: BTreeSet<_> = new.iter().map(|one| one.id.as_str()).collect();
        let both: Vec<_> =
            new.iter().filter_map(|one| Some((*before.get(one.id.as_str())?, one))).collect();
        let mut groups: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (old, new) in both.iter().filter(|(_, new)| !new.is_ours()) {
            let log = (new.median_ns() / old.median_ns()).ln();
            groups.entry(new.group()).or_default().push(log);
        }
        let logs: Vec<_> = groups.values().flatten().copied().collect();
        ensure!(!logs.is_empty(), "they share no baseline, floor or rival");
        let overall = Scale::of(&logs);
        let group_scale = |logs: &Vec<f64>| match logs.len() {
            REFERENCES_MIN.. => Scale::of(logs),
            _ => overall,
        };
        let deviation = |logs: &'_ Vec<f64>| {
            let scale = group_scale(logs);
            logs.iter().map(move |one| (one - scale.log).abs()).collect::<Vec<_>>()
        };
        let scatter = SCATTER * median(&groups.values().flat_map(deviation).collect::<Vec<_>>());
        let scale = |one: &Measurement| {
            let scale = groups.get(one.group()).map_or(overall, group_scale);
            Scale { scatter: scale.scatter.max(scatter), ..scale }
        };
        let ours = both.into_iter().filter(|(_, new)| new.is_ours());
        let pairs: Vec<_> = ours.map(|(old, new)| Pair { old, new, scale: scale(new) }).collect();
        ensure!(!pairs.is_empty(), "they share no benchmark of Windrow");
        let only_new = after.iter().copied().filter(|id| !before.contains_key(id)).collect();
        let only_old = before.into_keys().filter(|id| !after.contains(id)).collect();
        Ok(Self { pairs, overall, references: logs.len(), only_old, only_new })
    }

    fn count(&self, change: Change) -> usize {
        self.pairs.iter().filter(|pair| pair.change() == change).count()
    }

    /// Renders the changed rows, the slowest first, or all rows, and the summary.
    fn render(&self, all: bool) -> String {
        let mut shown: Vec<_> =
            self.pairs.iter().filter(|pair| all || pair.change() != Change::Same).collect();
        shown.sort_by(|a, b| b.ratio().total_cmp(&a.ratio()));
        let left_out = if all { 0 } else { shown.len().saturating_sub(ROWS_MAX) };
        // What is left out lies in the middle: the largest changes are at both ends.
        let start = ROWS_MAX / 2;
        shown.drain(start.min(shown.len())..start.min(shown.len()) + left_out);
        let mut text = String::new();
        if !shown.is_empty() {
            text += &table(&shown).plain();
        }
        if left_out > 0 {
            text += &format!("{left_out} more changed less; `--all` shows them\n");
        }
        for (name, ids) in [("first", &self.only_old), ("second", &self.only_new)] {
            text += &missing(name, ids, all);
        }
        text += &format!(
            "The second record is {}, by the median of {} other implementations; times are \
             corrected for that.\n",
            speed(self.overall.factor()),
            self.references
        );
        let [slower, faster, same] =
            [Change::Slower, Change::Faster, Change::Same].map(|change| self.count(change));
        text + &format!(
            "compare: {slower} slower, {faster} faster, {same} same within the spread\n"
        )
    }
}

fn table(pairs: &[&Pair<'_>]) -> Table {
    let row = |pair: &&Pair<'_>| {
        let change = match pair.change() {
            Change::Same => "same".to_owned(),
            _ => change(pair.ratio()),
        };
        let factor = format!("/ {}", digits(pair.scale.factor()));
        let [old, new] = [pair.old, pair.new].map(|one| time(one.median_ns()));
        vec![pair.new.id.clone(), old, new, factor, change]
    };
    let head = ["benchmark", "first", "second", "machine", "second is"].map(str::to_owned);
    Table::new("Per unit of work".to_owned(), head.into(), pairs.iter().map(row).collect())
}

/// Renders the speed of the second record.
fn speed(factor: f64) -> String {
    match factor.ln().abs() < SAME_WITHIN.ln_1p() {
        true => "as fast as the first".to_owned(),
        false => format!("{} than the first", change(factor)),
    }
}

/// Renders the rows that only one record has: their names, or their number.
fn missing(record: &str, ids: &[&str], all: bool) -> String {
    match ids.len() {
        0 => String::new(),
        _ if all => format!("only in the {record}: {}\n", ids.join(", ")),
        rows => format!("only in the {record}: {rows} rows; `--all` names them\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::tests::measured;

    /// The implementations of two groups, with times in nanoseconds.
    const ROWS: [(&str, f64); 9] = [
        ("add/a/running", 30.0),
        ("add/a/mutex_map", 60.0),
        ("add/a/shared_dashmap", 40.0),
        ("add/a/floor_add", 1.0),
        ("add/a/rival_metrics", 90.0),
        ("count/a/counter", 50.0),
        ("count/a/counter_alone", 45.0),
        ("count/a/shared_ring", 300.0),
        ("count/a/floor_load", 0.5),
    ];

    /// Takes a record with a spread of 2 %, each time multiplied by a factor.
    fn record(factor: impl Fn(&str) -> f64) -> Vec<Measurement> {
        let row = |(id, ns): (&str, f64)| {
            let ns = ns * factor(id);
            measured(id, ns * 0.99, ns * 1.01)
        };
        ROWS.into_iter().map(row).collect()
    }

    fn changes<'m>(old: &'m [Measurement], new: &'m [Measurement]) -> Vec<(&'m str, Change)> {
        let comparison = Comparison::new(old, new).unwrap();
        comparison.pairs.iter().map(|pair| (pair.new.id.as_str(), pair.change())).collect()
    }

    #[test]
    fn slower_machine_is_no_change() {
        let (old, new) = (record(|_| 1.0), record(|_| 1.7));
        assert!(changes(&old, &new).iter().all(|(_, change)| *change == Change::Same));
        assert!(changes(&new, &old).iter().all(|(_, change)| *change == Change::Same));
        let text = Comparison::new(&old, &new).unwrap().render(false);
        let expected = "The second record is 1.70x slower than the first, by the median of 6 other \
                        implementations; times are corrected for that.\n\
                        compare: 0 slower, 0 faster, 3 same within the spread\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn only_the_slower_benchmark_is_reported_on_a_slower_machine() {
        let old = record(|_| 1.0);
        let new = record(|id| if id == "count/a/counter" { 1.7 * 1.3 } else { 1.7 });
        let expected = [
            ("add/a/running", Change::Same),
            ("count/a/counter", Change::Slower),
            ("count/a/counter_alone", Change::Same),
        ];
        assert_eq!(changes(&old, &new), expected);
        let text = Comparison::new(&old, &new).unwrap().render(false);
        assert!(
            text.contains("count/a/counter   50.0 ns   110 ns    / 1.70   1.30x slower"),
            "{text}"
        );
        assert!(!text.contains("add/a/running"), "{text}");
    }

    #[test]
    fn faster_benchmark_is_reported_on_a_faster_machine() {
        let old = record(|_| 1.0);
        let new = record(|id| if id == "add/a/running" { 0.5 * 0.8 } else { 0.5 });
        assert_eq!(changes(&old, &new)[0], ("add/a/running", Change::Faster));
        assert!(changes(&old, &new)[1..].iter().all(|(_, change)| *change == Change::Same));
    }

    #[test]
    fn group_with_enough_references_has_its_own_factor() {
        let group = |name: &str, references: usize, factor: f64| -> Vec<Measurement> {
            let references = (0..references).map(|n| format!("add/{name}/mutex_{n}"));
            let ids = references.chain([format!("add/{name}/ours")]);
            ids.map(|id| measured(&id, factor, factor)).collect()
        };
        let record = |drift: f64| {
            [group("a", REFERENCES_MIN, drift), group("b", 4, 1.0), group("c", 1, 1.0)].concat()
        };
        // The machine was slower only while the first group was measured.
        let (old, new) = (record(1.0), record(2.0));
        let comparison = Comparison::new(&old, &new).unwrap();
        let factors: Vec<_> = comparison.pairs.iter().map(|pair| pair.scale.factor()).collect();
        assert!((factors[0] - 2.0).abs() < 1e-9, "{factors:?}");
        assert_eq!(factors[1..], [1.0, 1.0]);
        assert_eq!(comparison.count(Change::Same), 3);
    }

    #[test]
    fn one_outlier_among_the_references_changes_nothing() {
        let (old, new) =
            (record(|_| 1.0), record(|id| if id == "add/a/mutex_map" { 90.0 } else { 1.0 }));
        assert!(changes(&old, &new).iter().all(|(_, change)| *change == Change::Same));
        let slower = record(|id| match id {
            "add/a/mutex_map" => 90.0,
            "add/a/running" => 1.2,
            _ => 1.0,
        });
        assert_eq!(changes(&old, &slower)[0], ("add/a/running", Change::Slower));
    }

    #[test]
    fn change_within_the_scatter_of_the_references_is_the_same() {
        let old = record(|_| 1.0);
        let scattered = |running: f64| {
            record(move |id| match id {
                "add/a/mutex_map" => 0.9,
                "add/a/floor_add" => 1.1,
                "add/a/running" => running,
                _ => 1.0,
            })
        };
        assert_eq!(changes(&old, &scattered(1.1))[0].1, Change::Same);
        assert_eq!(changes(&old, &scattered(1.5))[0].1, Change::Slower);
    }

    #[test]
    fn references_that_agree_by_chance_do_not_make_a_change() {
        let group = |name: &str, factors: [f64; 4]| -> Vec<Measurement> {
            let ids = ["mutex_a", "mutex_b", "mutex_c", "ours"].into_iter().zip(factors);
            ids.map(|(id, ns)| measured(&format!("add/{name}/{id}"), ns, ns)).collect()
        };
        let record = |a: f64, drift: f64| {
            let scattered = [1.0, 1.0 + drift, 1.0 - drift, 1.0];
            let others = ["b", "c", "d", "e"].map(|name| group(name, scattered));
            [group("a", [1.0, 1.0, 1.0, a]), others.concat()].concat()
        };
        let (old, new) = (record(1.0, 0.0), record(1.1, 0.08));
        assert_eq!(changes(&old, &new)[0], ("add/a/ours", Change::Same));
        let new = record(1.6, 0.08);
        assert_eq!(changes(&old, &new)[0], ("add/a/ours", Change::Slower));
    }

    #[test]
    fn missing_rows_are_named() {
        let (mut old, mut new) = (record(|_| 1.0), record(|_| 1.0));
        old.retain(|one| one.id != "add/a/running");
        new.retain(|one| one.id != "add/a/rival_metrics" && one.id != "count/a/counter_alone");
        let comparison = Comparison::new(&old, &new).unwrap();
        let text = comparison.render(false);
        assert!(text.contains("only in the first: 2 rows; `--all` names them\n"), "{text}");
        let text = comparison.render(true);
        assert!(
            text.contains("only in the first: add/a/rival_metrics, count/a/counter_alone\n"),
            "{text}"
        );
        assert!(text.contains("only in the second: add/a/running\n"), "{text}");
        assert!(
            text.ends_with("compare: 0 slower, 0 faster, 1 same within the spread\n"),
            "{text}"
        );
    }

    #[test]
    fn long_lists_are_cut_unless_all_is_asked_for() {
        let many = |factor: f64| -> Vec<Measurement> {
            let ours = (0..40).map(|n| measured(&format!("a/b/ours_{n:02}"), factor, factor));
            ours.chain([measured("a/b/mutex_map", 1.0, 1.0)]).collect()
        };
        let (old, new) = (many(1.0), many(2.0));
        let comparison = Comparison::new(&old, &new).unwrap();
        let rows = |all| comparison.render(all).lines().filter(|l| l.contains("ours_")).count();
        assert_eq!((rows(false), rows(true)), (ROWS_MAX, 40));
        assert!(comparison.render(false).contains("10 more changed less; `--all` shows them\n"));
    }

    #[test]
    fn records_without_a_common_reference_are_refused() {
        let old = record(|_| 1.0);
        let new: Vec<_> = old.iter().filter(|one| one.is_ours()).cloned().collect();
        let error = Comparison::new(&old, &new).err().unwrap().to_string();
        assert_eq!(error, "they share no baseline, floor or rival");
        let others: Vec<_> = old.iter().filter(|one| !one.is_ours()).cloned().collect();
        let error = Comparison::new(&old, &others).err().unwrap().to_string();
        assert_eq!(error, "they share no benchmark of Windrow");
    }
}
