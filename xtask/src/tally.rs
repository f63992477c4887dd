//! Reads the outcome of `cargo test` from its output: libtest offers nothing better on stable.

use std::fmt;
use std::ops::AddAssign;

/// How many tests ended how.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// The tally of one `cargo test`, by the kind of test.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Suites {
    pub(crate) unit: Tally,
    pub(crate) integration: Tally,
    pub(crate) doc: Tally,
}

impl Suites {
    /// Sums the `test result:` lines of every binary and of the doctests.
    ///
    /// A run that failed although no test did (it did not compile, or a test binary died) counts as
    /// one failed, so that the sum never reads as clean.
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

    /// Sums the three kinds.
    pub(crate) fn total(&self) -> Tally {
        let mut total = self.unit;
        total += self.integration;
        total += self.doc;
        total
    }

    fn of(&mut self, kind: Kind) -> &mut Tally {
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
        write!(f, "{} (unit {unit}, integration {integration}, doc {doc})", self.total())
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Unit,
    Integration,
    Doc,
}

/// Reads `ok. 4 passed; 0 failed; 1 ignored; …`: a number, then what it counts.
fn counts_of(line: &str) -> Tally {
    let mut tally = Tally::default();
    let words: Vec<_> = line.split_whitespace().collect();
    for pair in words.windows(2) {
        let Ok(count) = pair[0].parse() else { continue };
        match pair[1].trim_end_matches(';') {
            "passed" => tally.passed = count,
            "failed" => tally.failed = count,
            "ignored" => tally.skipped = count,
            _ => {}
        }
    }
    tally
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
    fn a_run_that_died_is_one_failure() {
        assert_eq!(Suites::read("error: could not compile `codec`", false).total().failed, 1);
        assert_eq!(Suites::read("", true).total(), Tally::default());
    }
}
