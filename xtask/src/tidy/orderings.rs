//! Rule on required comments: `ORDERING:` at atomic orderings.

use std::sync::LazyLock;

use regex::Regex;

use super::code::Line;
use super::{Finding, Source};

/// The maximum distance from a comment to an ordering; it may apply to a load and its store.
const ORDERING_LINES_MAX: usize = 12;

pub(super) fn check(source: &Source, lines: &[Line]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut importing = false;
    for (index, line) in lines.iter().enumerate() {
        let code = line.code.trim();
        importing |= ["use ", "pub use ", "pub(crate) use "].iter().any(|s| code.starts_with(s));
        if source.is_product() && !line.test && !importing && has_ordering(code) {
            let above = &lines[index.saturating_sub(ORDERING_LINES_MAX)..=index];
            if !above.iter().any(|line| line.comment.contains("ORDERING:")) {
                let fix = "justify it in an `ORDERING:` comment within 12 lines above";
                findings.push(source.finding(index, "atomic ordering without a comment", fix));
            }
        }
        importing &= !code.ends_with(';');
    }
    findings
}

/// Returns whether an ordering is passed as an argument.
fn has_ordering(code: &str) -> bool {
    static ORDERING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:Relaxed|Acquire|Release|AcqRel|SeqCst)\s*[,)]")
            .expect("the pattern is a constant")
    });
    ORDERING.is_match(code)
}

#[cfg(test)]
mod tests {
    use super::super::code::read;
    use super::super::tests::{lines, source};
    use super::*;

    fn found(path: &str, text: &str) -> Vec<usize> {
        lines(&check(&source(path, text), &read(text)))
    }

    #[test]
    fn ordering_needs_a_comment_nearby() {
        let path = "crates/core-time/src/ring.rs";
        let commented = "// ORDERING: Relaxed.\nlet x = y.load(Relaxed);\n";
        assert_eq!(found(path, commented), [0; 0]);
        assert_eq!(found(path, "x.store(1, Ordering::Release);"), [1]);
        assert_eq!(found(path, "x.swap(\n    1,\n    SeqCst,\n);"), [3]);
        let far = format!("// ORDERING: far.{}x.load(Acquire);", "\n".repeat(13));
        assert_eq!(found(path, &far), [14]);
        let reach = format!("// ORDERING: near.{}x.load(Acquire);", "\n".repeat(12));
        assert_eq!(found(path, &reach), [0; 0]);
    }

    #[test]
    fn imports_tests_and_other_words_need_no_comment() {
        let path = "crates/core-time/src/ring.rs";
        let text = "use std::sync::atomic::Ordering::{\n    Acquire, Relaxed,\n};\n\
                    /// Acquire, Release)\nmatch x { Less => y(RelaxedMode) }\n\
                    #[cfg(test)]\nmod tests {\n    x.load(SeqCst);\n}\n";
        assert_eq!(found(path, text), [0; 0]);
        assert_eq!(found("benches/src/bench.rs", "x.load(SeqCst);"), [0; 0]);
    }
}
