//! Rule on pages: paths in backticks exist.

use super::{Finding, Tree};

const PAGES: [&str; 3] = ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"];
/// Names that begin a path of the repository, even if no file below them exists any more.
const TOPS: [&str; 10] = [
    ".cargo",
    ".ci",
    "benches",
    "crates",
    "docs",
    "fuzz",
    "xtask",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in PAGES.iter().filter_map(|name| tree.text(name)) {
        let mut fenced = false;
        for (index, line) in page.text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            let quoted = line.split('`').skip(1).step_by(2);
            let paths = quoted.filter_map(|text| path_of(text, tree)).filter(|_| !fenced);
            for path in paths.filter(|path| !tree.has(path)) {
                let rule = format!("`{path}` does not exist");
                findings.push(page.finding(index, rule, "name the current path"));
            }
        }
    }
    findings
}

/// Returns the path of the repository in a text; `None` if the text is something else.
fn path_of<'a>(text: &'a str, tree: &Tree) -> Option<&'a str> {
    let path = text.split(['#', ':']).next()?.trim_end_matches('/');
    let like_path =
        path.contains('/') || [".rs", ".toml", ".md"].iter().any(|end| path.ends_with(end));
    let plain = !path.contains(|c: char| c.is_whitespace() || "<>{}$\"'()|,".contains(c));
    let top = path.split('/').next()?;
    let known = TOPS.contains(&top) || tree.has(top);
    (like_path && plain && known && !top.contains('*')).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lines, tree};
    use super::*;

    fn found(readme: &str) -> Vec<usize> {
        lines(&check(&tree(&[("README.md", readme), ("crates/codec/src/lib.rs", "")])))
    }

    #[test]
    fn missing_paths_are_found() {
        assert_eq!(found("a\n`crates/gone/src/lib.rs` and `fuzz/gone/`"), [2, 2]);
        assert_eq!(found("`CHANGELOG.md`\n\n`crates/*/gone`"), [1, 3]);
    }

    #[test]
    fn existing_paths_and_other_texts_are_allowed() {
        let text = "`crates/codec`, `crates/codec/src/`, `crates/*/src/lib.rs:12`\n\
                    `README.md#use`\n\
                    `cargo xtask ci`, `record/threads_08/ring`, `lib.rs`, `a/b`, `benches`\n\
                    `benches/record/<date>-<machine>/`\n\
                    ```text\n`crates/gone`\n```\n";
        assert_eq!(found(text), [0; 0]);
    }
}
