//! Rules on the shape of files: the length of lines and files, and a `lib.rs` without logic.

use std::sync::LazyLock;

use regex::Regex;

use super::code::{self, Line};
use super::{Finding, Source};

const COLUMNS_MAX: usize = 100;
const LINES_MAX: usize = 500;

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rust = source.path.ends_with(".rs");
    // Other files are data, whose lines are as long as what they describe.
    if rust || source.path.ends_with("Cargo.toml") {
        for (index, line) in source.text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > COLUMNS_MAX && !line.contains("://") {
                let rule = format!("line of {columns} columns, limit is {COLUMNS_MAX}");
                findings.push(source.finding(index, rule, "wrap it"));
            }
        }
    }
    if rust {
        let count = source.text.lines().count();
        if count > LINES_MAX {
            let rule = format!("file of {count} lines, limit is {LINES_MAX}");
            findings.push(source.finding(LINES_MAX, rule, "split it"));
        }
    }
    if source.path.ends_with("src/lib.rs") {
        let lines = code::read(&source.text);
        let fix = "move it to a module";
        findings.extend(logic(&lines).map(|at| source.finding(at, "logic in lib.rs", fix)));
    }
    findings
}

/// Returns the lines that begin an item other than a module declaration or a `use`.
///
/// Formatted items begin in the first column. Those under `#[cfg(test)]` are ignored.
fn logic(lines: &[Line]) -> impl Iterator<Item = usize> + '_ {
    static DECLARATION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:pub(?:\([^)]*\))? )?(?:mod \w+;|use )").expect("is constant")
    });
    let begins = |line: &Line| {
        line.code.starts_with(|c: char| c.is_lowercase()) && !DECLARATION.is_match(&line.code)
    };
    lines.iter().enumerate().filter(move |(_, line)| !line.test && begins(line)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lines, source};
    use super::*;

    fn found(path: &str, text: &str) -> Vec<usize> {
        lines(&check(&source(path, text)))
    }

    #[test]
    fn long_lines_are_found_unless_they_have_an_address() {
        let (fits, long) = ("é".repeat(100), "é".repeat(101));
        assert_eq!(found("a.rs", &format!("{fits}\n{long}\n")), [2]);
        assert_eq!(found("a/Cargo.toml", &long), [1]);
        assert_eq!(found("a/src/a.toml", &long), [0; 0]);
        assert_eq!(found("a/Cargo.toml", &format!("# https://example.org/{long}")), [0; 0]);
        assert_eq!(found("a.md", &long), [0; 0]);
    }

    #[test]
    fn long_files_are_found() {
        assert_eq!(found("a.rs", &"\n".repeat(500)), [0; 0]);
        assert_eq!(found("a.rs", &"\n".repeat(501)), [501]);
    }

    #[test]
    fn lib_rs_may_have_docs_lints_modules_and_uses() {
        let text = "//! Docs.\n#![doc = \"x\"]\n#![expect(\n    missing_docs\n)]\nmod a;\n\
                    pub mod b;\npub(crate) mod c;\npub use a::{\n    D,\n};\n\
                    #[cfg(doctest)]\n#[doc = \"x\"]\npub struct ReadmeDoctests;\n\
                    #[cfg(test)]\nmod tests {\n    fn e() {}\n}\n";
        assert_eq!(found("crates/a/src/lib.rs", text), [0; 0]);
    }

    #[test]
    fn logic_in_lib_rs_is_found() {
        let text = "mod a {\n    x;\n}\npub fn b(\n    c: u8,\n) {\n}\nconst D: u8 = 1;\n";
        assert_eq!(found("crates/a/src/lib.rs", text), [1, 4, 8]);
        assert_eq!(found("crates/a/src/b.rs", text), [0; 0]);
    }
}
