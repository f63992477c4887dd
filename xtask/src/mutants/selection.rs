//! Which mutants are planted: those of texts, of changed files, or a sample.

use std::collections::BTreeMap;
use std::fs;

use anyhow::bail;
use xshell::{Shell, cmd};

use super::{LIST, Mutant, Suite};
use crate::workspace;

/// Selects mutants by name; a text that is not a name selects all that contain it.
pub(super) fn chosen(mutants: Vec<Mutant>, texts: &[String]) -> anyhow::Result<Vec<Mutant>> {
    let mut is_chosen = vec![texts.is_empty(); mutants.len()];
    for text in texts {
        let by_name: Vec<_> = mutants.iter().map(|mutant| mutant.name == *text).collect();
        let is_meant: Vec<_> = if by_name.contains(&true) {
            by_name
        } else {
            mutants.iter().map(|mutant| mutant.contains(text)).collect()
        };
        if !is_meant.contains(&true) {
            let names: Vec<_> = mutants.iter().map(|mutant| mutant.name.as_str()).collect();
            bail!("no mutant has `{text}`; there are {}", names.join(", "));
        }
        is_chosen.iter_mut().zip(is_meant).for_each(|(chosen, meant)| *chosen |= meant);
    }
    Ok(mutants.into_iter().zip(is_chosen).filter_map(|(mutant, is)| is.then_some(mutant)).collect())
}

/// Returns the files that differ from the branch `main`, with their texts; `None` without it.
pub(super) fn changed_files(sh: &Shell) -> Option<Vec<(String, String)>> {
    let base = cmd!(sh, "git merge-base main HEAD").quiet().ignore_stderr().read().ok()?;
    let differing = cmd!(sh, "git diff --name-only {base}").quiet().read().ok()?;
    let added = cmd!(sh, "git ls-files --others --exclude-standard").quiet().read().ok()?;
    let with_text = |file: &str| {
        // A file that is gone has no mutants.
        Some((file.to_owned(), fs::read_to_string(workspace::root().join(file)).ok()?))
    };
    Some(differing.lines().chain(added.lines()).filter_map(with_text).collect())
}

/// The number of mutants of each kind of test in a sample.
const SAMPLE: usize = 4;

/// Selects some mutants of each kind of test; as `turn` grows, all have their turn.
pub(super) fn sample(mutants: Vec<Mutant>, turn: usize) -> Vec<Mutant> {
    let mut kinds: BTreeMap<u8, Vec<Mutant>> = BTreeMap::new();
    for mutant in mutants {
        let kind = match mutant.suite().0 {
            Suite::Loom => 0,
            Suite::Unit => 1,
            Suite::Integration(_) => 2,
        };
        kinds.entry(kind).or_default().push(mutant);
    }
    let some = |mut kind: Vec<Mutant>| {
        let first = turn.wrapping_mul(SAMPLE) % kind.len();
        kind.rotate_left(first);
        kind.truncate(SAMPLE);
        kind
    };
    kinds.into_values().flat_map(some).collect()
}

/// Returns the number of commits: each commit has the next sample.
pub(super) fn turn(sh: &Shell) -> usize {
    let count = cmd!(sh, "git rev-list --count HEAD").quiet().ignore_stderr().read();
    count.ok().and_then(|count| count.parse().ok()).unwrap_or_default()
}

impl Mutant {
    /// Returns whether its name, its test or one of its files contains a text.
    fn contains(&self, text: &str) -> bool {
        let files = self.change.iter().map(|change| change.file.as_str());
        files.chain([self.name.as_str(), &self.test]).any(|part| part.contains(text))
    }

    /// Returns whether it changes this file, or whether the file lists it or defines its test.
    pub(super) fn depends_on(&self, file: &str, text: &str) -> bool {
        self.change.iter().any(|change| change.file == file)
            || file == format!("crates/{}/{LIST}", self.package)
            || self.is_tested_in(file, text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::whole;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn mutants_are_chosen_by_name_or_by_a_part_of_name_file_or_test() {
        let mutant = |name: &str, file: &str, test: &str| {
            whole("\"swapped\"", &format!("\"{name}\""))
                .map(|mut mutants| mutants.remove(0))
                .map(|mutant| Mutant { test: test.to_owned(), ..mutant })
                .map(|mut mutant| {
                    mutant.change[0].file = file.to_owned();
                    mutant
                })
                .unwrap()
        };
        let all = || {
            vec![
                mutant("ring", "crates/a/src/x.rs", "loom::a"),
                mutant("ring_late", "crates/a/src/ring.rs", "loom::a"),
                mutant("clock", "crates/b/src/y.rs", "tests/z.rs::b"),
            ]
        };
        for (texts, expected) in [
            (&[][..], "ring, ring_late, clock"),
            (&["ring"], "ring"),
            (&["late", "clock"], "ring_late, clock"),
            (&["clock", "tests/", "clock"], "clock"),
            (&["crates/a/"], "ring, ring_late"),
            (&["clock", "nothing"], "no mutant has `nothing`; there are ring, ring_late, clock"),
        ] {
            let texts: Vec<_> = texts.iter().map(|&text| text.to_owned()).collect();
            let found = chosen(all(), &texts).map_or_else(
                |error| error.to_string(),
                |all| all.into_iter().map(|mutant| mutant.name).collect::<Vec<_>>().join(", "),
            );
            assert_eq!(found, expected, "{texts:?}");
        }
    }

    #[test]
    fn samples_have_each_kind_and_all_have_their_turn() {
        let all = || -> Vec<_> {
            let tests = (0..9).map(|n| format!("loom::{n}"));
            let tests = tests.chain((0..2).map(|n| format!("ring::tests::{n}")));
            let tests = tests.chain((0..5).map(|n| format!("tests/a.rs::{n}")));
            let list = |test: String| whole("loom::places_are_in_order", &test).unwrap();
            tests.flat_map(list).collect()
        };
        let names = |turn| sample(all(), turn).into_iter().map(|one| one.test).collect::<Vec<_>>();
        let first = "loom::0 loom::1 loom::2 loom::3 ring::tests::0 ring::tests::1 \
                     tests/a.rs::0 tests/a.rs::1 tests/a.rs::2 tests/a.rs::3";
        assert_eq!(names(0).join(" "), first);
        assert_eq!(names(1)[..4], ["loom::4", "loom::5", "loom::6", "loom::7"]);
        let seen: BTreeSet<_> = (0..3).flat_map(names).collect();
        assert_eq!(seen.len(), all().len());
        assert_eq!(sample(Vec::new(), 7).len(), 0);
    }

    #[test]
    fn mutant_depends_on_its_list_its_sources_and_its_test() {
        let mutant = whole("", "").unwrap().remove(0);
        for (file, text, expected) in [
            ("crates/core-time/src/b.rs", "", true),
            ("crates/core-time/mutants.toml", "", true),
            ("crates/core-time/src/loom.rs", "fn places_are_in_order() {", true),
            ("crates/core-time/src/loom.rs", "fn places_are_in_order_too() {", false),
            ("crates/core-actions/src/loom.rs", "fn places_are_in_order() {", false),
            ("crates/core-actions/mutants.toml", "", false),
            ("crates/core-time/README.md", "fn places_are_in_order() {", false),
        ] {
            assert_eq!(mutant.depends_on(file, text), expected, "{file}");
        }
    }
}
