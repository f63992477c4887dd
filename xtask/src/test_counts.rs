//! Parses the output of `cargo test`, since libtest has no stable machine-readable format.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::AddAssign;

/// The numbers of tests by outcome.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TestCounts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl AddAssign for TestCounts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for TestCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// The counts of one `cargo test`, by kind of test.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Suites {
    pub(crate) unit: TestCounts,
    pub(crate) integration: TestCounts,
    pub(crate) doc: TestCounts,
    /// What the tests that could not run said.
    skipped: BTreeSet<String>,
}

impl Suites {
    /// Sums the `test result:` lines of every binary and of the doctests.
    ///
    /// A failed run without a failed test (it did not compile, or a binary died) counts as one
    /// failed test, so that a failed run never reports zero failures.
    pub(crate) fn read(output: &str, succeeded: bool) -> Self {
        let mut suites = Self::default();
        let mut kind = Kind::Unit;
        for line in output.lines().map(str::trim_start) {
            if let Some(counts) = line.strip_prefix("test result: ") {
                *suites.of(kind) += counts_of(counts);
            } else if line.starts_with("Running unittests ") {
                kind = Kind::Unit;
            } else if line.starts_with("Running ") {
                kind = Kind::Integration;
            } else if line.starts_with("Doc-tests ") {
                kind = Kind::Doc;
            }
        }
        if !succeeded && suites.total().failed == 0 {
            suites.of(kind).failed = 1;
        }
        suites
    }

    /// Counts integration tests as skipped that passed only because they could not run.
    pub(crate) fn skip(&mut self, tests: BTreeSet<String>) {
        let number = (tests.len() as u64).min(self.integration.passed);
        self.integration.passed -= number;
        self.integration.skipped += number;
        self.skipped.extend(tests);
    }

    /// Returns the sum over the three kinds.
    pub(crate) fn total(&self) -> TestCounts {
        let mut total = self.unit;
        total += self.integration;
        total += self.doc;
        total
    }

    fn of(&mut self, kind: Kind) -> &mut TestCounts {
        match kind {
            Kind::Unit => &mut self.unit,
            Kind::Integration => &mut self.integration,
            Kind::Doc => &mut self.doc,
        }
    }
}

impl fmt::Display for Suites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [unit, integration, doc] = [self.unit, self.integration, self.doc].map(|t| t.passed);
        write!(f, "{} (unit {unit}, integration {integration}, doc {doc})", self.total())?;
        self.skipped.iter().try_for_each(|test| write!(f, "\n    skipped {test}"))
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Unit,
    Integration,
    Doc,
}

/// Parses `ok. 4 passed; 0 failed; 1 ignored; …`.
fn counts_of(line: &str) -> TestCounts {
    let mut counts = TestCounts::default();
    let words: Vec<_> = line.split_whitespace().collect();
    for pair in words.windows(2) {
        let Ok(count) = pair[0].parse() else { continue };
        match pair[1].trim_end_matches(';') {
            "passed" => counts.passed = count,
            "failed" => counts.failed = count,
            "ignored" => counts.skipped = count,
            _ => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
     Running unittests src/lib.rs (target/debug/deps/core_time-0a1b)
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.00s
     Running tests/model.rs (target/debug/deps/model-0a1b)
test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.25s
   Doc-tests core_time
test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.31s
";

    #[test]
    fn results_are_summed_by_kind() {
        let suites = Suites::read(OUTPUT, false);
        assert_eq!(suites.total().to_string(), "23 passed, 2 failed, 1 skipped");
        assert_eq!(
            suites.to_string(),
            "23 passed, 2 failed, 1 skipped (unit 12, integration 4, doc 7)"
        );
    }

    #[test]
    fn tests_that_could_not_run_are_skipped_and_named() {
        let mut suites = Suites::read(OUTPUT, false);
        let line = "completions::zsh: zsh is missing, apt-get install zsh";
        suites.skip(BTreeSet::from([line.to_owned()]));
        assert_eq!(
            suites.to_string(),
            format!(
                "22 passed, 2 failed, 2 skipped (unit 12, integration 3, doc 7)\n    skipped {line}"
            )
        );
    }

    #[test]
    fn failed_run_without_a_failed_test_is_one_failure() {
        assert_eq!(Suites::read("error: could not compile `codec`", false).total().failed, 1);
        assert_eq!(Suites::read("", true).total(), TestCounts::default());
    }
}
