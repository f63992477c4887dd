//! Reads what each rival does not do from the table in `benches/README.md`, the only place for it.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context as _;

use crate::workspace::root;

/// The page with the table, from the root.
pub(crate) const PAGE: &str = "benches/README.md";

/// Reads the table: what a rival does not do, by the name of the implementation.
pub(crate) fn read() -> anyhow::Result<BTreeMap<String, String>> {
    let text = fs::read_to_string(root().join(PAGE)).context(PAGE)?;
    Ok(parse(&text))
}

/// Finds the rows whose first cell names rivals; the last cell is the limitation.
fn parse(page: &str) -> BTreeMap<String, String> {
    let mut rivals = BTreeMap::new();
    for line in page.lines() {
        let Some(row) = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")) else {
            continue;
        };
        let Some((names, limitation)) = row.split_once(" | ").zip(row.rsplit_once(" | ")) else {
            continue;
        };
        let names = names.0.split('`').filter(|name| name.starts_with("rival_"));
        rivals.extend(names.map(|name| (name.to_owned(), limitation.1.to_owned())));
    }
    rivals
}

#[cfg(test)]
mod tests {
    use super::super::Role;
    use super::super::record::{self, Kind};
    use super::*;

    #[test]
    fn rows_of_rivals_are_read_and_no_others() {
        let page = "| Name | Library | Does not |\n| --- | --- | --- |\n\
                    | `rival_a`, `rival_b` | `a`, a counter | know time |\n\
                    | `mutex_map` | a map | scale |\n";
        let rival = |name: &str| (name.to_owned(), "know time".to_owned());
        assert_eq!(parse(page), BTreeMap::from(["rival_a", "rival_b"].map(rival)));
    }

    #[test]
    fn every_rival_of_the_newest_records_has_a_row() {
        let rivals = read().unwrap();
        for kind in Kind::ALL {
            // A new kind has no record before the first one is taken.
            let Ok(folder) = record::newest(&root().join("benches/record"), kind) else { continue };
            for one in record::read(&folder).unwrap() {
                let is_listed = rivals.contains_key(one.implementation());
                // Taken out of the benchmarks after the record was taken: its window never moved.
                let is_removed = one.implementation() == "rival_fenster";
                assert!(one.role() != Role::Rival || is_listed || is_removed, "{}", one.id);
            }
        }
    }
}
