//! Rules on READMEs: their measured tables show the newest record of each kind, and that of the
//! benchmarks says what each rival in these records does not do.

use std::collections::BTreeSet;

use super::{Finding, Source, Tree};
use crate::measure::record::{self, Kind};
use crate::measure::{Measurement, Role, readme};
use crate::workspace;

const RECORDS: &str = "benches/record";
/// The page with the table of rivals.
const RIVALS: &str = "benches/README.md";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    Kind::ALL.into_iter().flat_map(|kind| check_kind(tree, kind)).collect()
}

fn check_kind(tree: &Tree, kind: Kind) -> Vec<Finding> {
    let prefix = format!("{RECORDS}/");
    let records = tree.files.iter().filter_map(|file| file.strip_prefix(&prefix)?.split_once('/'));
    // A new kind has no record before the first one is taken.
    let newest = records.filter(|(name, _)| Kind::of(name) == kind).max();
    let Some((newest, _)) = newest else { return Vec::new() };
    let measured = match record::read(&workspace::root().join(RECORDS).join(newest)) {
        Ok(measured) => measured,
        Err(error) => {
            let (file, fix) = (format!("{RECORDS}/{newest}"), "take a new record");
            return vec![Finding { file, line: 1, rule: format!("{error:#}"), fix }];
        }
    };
    let sources = kind.files().into_iter().filter_map(|file| tree.text(file));
    let mut findings: Vec<_> =
        sources.filter_map(|source| check_file(source, newest, &measured)).collect();
    findings.extend(tree.text(RIVALS).into_iter().flat_map(|page| check_rivals(page, &measured)));
    findings
}

/// Checks that the page has a row for each rival.
fn check_rivals(page: &Source, measured: &[Measurement]) -> Vec<Finding> {
    let rivals = measured.iter().filter(|one| one.role() == Role::Rival);
    let rivals: BTreeSet<_> = rivals.map(Measurement::implementation).collect();
    let first = |line: &str| line.strip_prefix("| ")?.split(" | ").next().map(str::to_owned);
    let rows: Vec<_> = page.text.lines().filter_map(first).collect();
    // Taken out of the benchmarks after the record was taken: its window never moved.
    let missing = rivals.into_iter().filter(|name| {
        *name != "rival_fenster" && !rows.iter().any(|row| row.contains(&format!("`{name}`")))
    });
    let fix = "add a row that says what it does not do";
    missing.map(|name| page.finding(0, format!("no row for `{name}`"), fix)).collect()
}

fn check_file(source: &Source, newest: &str, measured: &[Measurement]) -> Option<Finding> {
    match readme::update(&source.text, &source.path, newest, measured) {
        Ok(text) if text == source.text => None,
        Ok(_) => Some(source.finding(
            0,
            format!("the figures differ from `{RECORDS}/{newest}`"),
            "run `cargo xtask bench --readme`",
        )),
        Err(error) => Some(source.finding(
            0,
            format!("{error:#}"),
            "take a new record with `cargo xtask bench`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::source;
    use super::*;
    use crate::measure::tests::measured;

    #[test]
    fn every_rival_needs_a_row() {
        let page = source(RIVALS, "| Name | Does not |\n| `rival_a`, `rival_b` | x |\nrival_c\n");
        let names = ["a/b/rival_a", "a/b/rival_b", "a/b/rival_c", "a/b/mutex_map"];
        let all = names.map(|id| measured(id, 1.0, 1.0));
        let rules: Vec<_> = check_rivals(&page, &all).into_iter().map(|one| one.rule).collect();
        assert_eq!(rules, ["no row for `rival_c`"]);
    }
}
