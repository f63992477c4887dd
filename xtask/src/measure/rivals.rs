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

/// Finds the rows whose first cell is the name of a rival; the last cell is the limitation.
fn parse(page: &str) -> BTreeMap<String, String> {
    let row = |line: &str| {
        let cells: Vec<_> =
            line.trim().strip_prefix("| `")?.strip_suffix(" |")?.split(" | ").collect();
        let [name, .., limitation] = cells[..] else { return None };
        let name = name.trim().strip_suffix('`')?;
        name.starts_with("rival_").then(|| (name.to_owned(), limitation.trim().to_owned()))
    };
    page.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Role;
    use super::super::record::{self, Kind};
    use super::*;

    #[test]
    fn rows_of_rivals_are_read_and_no_others() {
        let page = "| Name | Library | Does not |\n| --- | --- | --- |\n\
                    | `rival_a` | `a`, a counter | know time |\n| `mutex_map` | a map | scale |\n";
        assert_eq!(parse(page), BTreeMap::from([("rival_a".into(), "know time".into())]));
    }

    #[test]
    fn every_rival_of_the_newest_records_has_a_row() {
        let rivals = read().unwrap();
        for kind in [Kind::Operations, Kind::E2e] {
            let folder = record::newest(&root().join("benches/record"), kind).unwrap();
            for one in record::read(&folder).unwrap() {
                let is_listed = rivals.contains_key(one.implementation());
                // Taken out of the benchmarks after the record was taken: its window never moved.
                let is_removed = one.implementation() == "rival_fenster";
                assert!(one.role() != Role::Rival || is_listed || is_removed, "{}", one.id);
            }
        }
    }
}
