//! The figures in the README are those of the newest record of operations.

use super::{Finding, Tree};
use crate::measure::readme;
use crate::measure::record::{self, Kind};
use crate::workspace;

const README: &str = "README.md";
const RECORDS: &str = "benches/record";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let prefix = format!("{RECORDS}/");
    let records = tree.files.iter().filter_map(|file| file.strip_prefix(&prefix)?.split_once('/'));
    let of_operations = records.filter(|(name, _)| Kind::of(name) == Kind::Operations);
    let Some((newest, _)) = of_operations.max() else { return Vec::new() };
    let Some(source) = tree.text(README) else { return Vec::new() };
    let folder = workspace::root().join(RECORDS).join(newest);
    let expected =
        record::read(&folder).and_then(|measured| readme::update(&source.text, newest, &measured));
    match expected {
        Ok(text) if text == source.text => Vec::new(),
        Ok(_) => vec![source.finding(
            0,
            format!("figures are not those of `{RECORDS}/{newest}`"),
            "run `cargo xtask bench`, or put the record's table back",
        )],
        Err(error) => vec![source.finding(0, format!("{error:#}"), "measure everything anew")],
    }
}
