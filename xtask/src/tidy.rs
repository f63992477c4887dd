//! `cargo xtask tidy`: checks the rules of style that a machine can check.
//!
//! A rule is a pure function from text to findings, so each is tested with a text that breaks it.
//! Rules about code read it through [`code`], which separates code, comments, strings and tests.
//! The rules also run as a unit test, so `cargo test` checks them.

mod circles;
mod code;
mod dependencies;
mod language;
mod layers;
mod manifests;
mod measured;
mod orderings;
mod paths;
mod shape;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;

use anyhow::bail;
use xshell::Shell;

use crate::step::Steps;
use crate::workspace::{self, Workspace};

/// Check the rules of style that a machine can check
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask tidy")]
pub(crate) struct Args {}

impl Args {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let mut steps = Steps::new();
        steps.run("tidy", || step(sh));
        steps.finish("tidy")
    }
}

/// Checks all rules; the error lists the findings, the figure is the number of files.
pub(crate) fn step(sh: &Shell) -> anyhow::Result<String> {
    let tree = Tree::read(sh)?;
    let mut findings = check(&tree, &Workspace::read(sh)?);
    findings.extend(dependencies::check(sh)?);
    findings.sort();
    if !findings.is_empty() {
        let lines: Vec<_> = findings.iter().map(Finding::to_string).collect();
        bail!("{} findings\n{}", lines.len(), lines.join("\n"));
    }
    Ok(format!("{} files", tree.files.len()))
}

/// The licence texts, in the root and in each package.
const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

fn check(tree: &Tree, workspace: &Workspace) -> Vec<Finding> {
    let test_modules = test_modules(tree);
    let mut findings = layers::check(workspace);
    findings.extend(manifests::check(tree, workspace));
    findings.extend(paths::check(tree));
    findings.extend(measured::check(tree));
    findings.extend(circles::check(tree));
    for source in &tree.texts {
        findings.extend(shape::check(source));
        if source.path.ends_with(".rs") {
            let mut lines = code::read(&source.text);
            if source.is_test() || is_in_modules(&source.path, &test_modules) {
                lines.iter_mut().for_each(|line| line.test = true);
            }
            findings.extend(orderings::check(source, &lines));
            findings.extend(language::check_code(source, &lines));
        } else if source.path.ends_with(".md") {
            findings.extend(language::check_page(source));
        }
    }
    findings
}

/// Returns the modules declared under `#[cfg(test)]`, as paths without `.rs`.
fn test_modules(tree: &Tree) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for source in tree.texts.iter().filter(|source| source.path.ends_with(".rs")) {
        let (folder, file) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
        let own = ["lib.rs", "main.rs", "mod.rs"].contains(&file);
        let inside = if own { folder } else { source.path.trim_end_matches(".rs") };
        for line in code::read(&source.text).iter().filter(|line| line.test) {
            let name =
                line.code.trim().strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';'));
            modules.extend(name.map(|name| format!("{inside}/{name}")));
        }
    }
    modules
}

/// Returns whether a file belongs to one of the modules, as their file or in their folder.
fn is_in_modules(path: &str, modules: &BTreeSet<String>) -> bool {
    modules.iter().any(|module| {
        path.strip_prefix(module.as_str())
            .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    })
}

/// A violation of a rule, displayed as `file:line: rule, fix`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    file: String,
    line: usize,
    rule: String,
    fix: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}, {}", self.file, self.line, self.rule, self.fix)
    }
}

/// The text of a file.
struct Source {
    /// The path from the root, with `/` on every system.
    path: String,
    text: String,
}

impl Source {
    /// Creates a finding at line `index`, counted from 0.
    fn finding(&self, index: usize, rule: impl Into<String>, fix: &'static str) -> Finding {
        Finding { file: self.path.clone(), line: index + 1, rule: rule.into(), fix }
    }

    /// Returns whether this is code of a crate, not of its tests or benchmarks.
    fn is_product(&self) -> bool {
        self.path.starts_with("crates/") && self.path.contains("/src/")
    }

    /// Returns whether the whole file is a test.
    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }
}

/// The files that git tracks or would add.
struct Tree {
    /// All paths.
    files: BTreeSet<String>,
    /// What the rules read: Rust, manifests, pages and licences.
    texts: Vec<Source>,
}

impl Tree {
    fn read(sh: &Shell) -> anyhow::Result<Self> {
        let mut tree = Self { files: workspace::files(sh)?, texts: Vec::new() };
        for path in &tree.files {
            let is_read = [".rs", ".toml", ".md"].iter().any(|end| path.ends_with(end));
            if is_read || LICENCES.iter().any(|name| path.ends_with(name)) {
                let text = fs::read(workspace::root().join(path))?;
                let text = String::from_utf8_lossy(&text).into_owned();
                tree.texts.push(Source { path: path.clone(), text });
            }
        }
        Ok(tree)
    }

    fn text(&self, path: &str) -> Option<&Source> {
        self.texts.iter().find(|source| source.path == path)
    }

    /// Returns whether a path is a file or a folder; `*` matches any part of one name.
    fn has(&self, wanted: &str) -> bool {
        self.files.iter().any(|file| {
            let mut names = file.split('/');
            wanted.split('/').all(|part| names.next().is_some_and(|name| fits(part, name)))
        })
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => {
            name.len() + 1 >= pattern.len() && name.starts_with(start) && name.ends_with(end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates a file for the test of a rule.
    pub(super) fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    /// Returns the lines of findings.
    pub(super) fn lines(findings: &[Finding]) -> Vec<usize> {
        findings.iter().map(|finding| finding.line).collect()
    }

    /// Creates a tree of these files.
    pub(super) fn tree(texts: &[(&str, &str)]) -> Tree {
        Tree {
            files: texts.iter().map(|(path, _)| (*path).to_owned()).collect(),
            texts: texts.iter().map(|(path, text)| source(path, text)).collect(),
        }
    }

    #[test]
    fn workspace_is_tidy() {
        let sh = Shell::new().unwrap();
        sh.change_dir(workspace::root());
        if let Err(found) = step(&sh) {
            panic!("{found}");
        }
    }

    #[test]
    fn finding_displays_file_line_rule_and_fix() {
        let finding = source("a.rs", "").finding(6, "no reason", "give one");
        assert_eq!(finding.to_string(), "a.rs:7: no reason, give one");
    }

    #[test]
    fn file_of_a_test_module_follows_from_its_declaration() {
        let tree = tree(&[
            ("crates/a/src/lib.rs", "#[cfg(all(test, loom))]\nmod loom;\nmod b;"),
            ("crates/a/src/b.rs", "#[cfg(test)]\nmod c;"),
        ]);
        let modules = test_modules(&tree);
        let found = |path: &str| is_in_modules(&format!("crates/a/src/{path}"), &modules);
        for path in ["b/c.rs", "b/c/d.rs", "loom.rs", "loom/mod.rs", "loom/a.rs"] {
            assert!(found(path), "{path}");
        }
        for path in ["lib.rs", "b.rs", "b/d.rs", "looms.rs", "c.rs"] {
            assert!(!found(path), "{path}");
        }
    }

    #[test]
    fn paths_match_files_folders_and_patterns() {
        let tree = tree(&[("crates/codec/tests/model.rs", "")]);
        let found = ["crates", "crates/codec", "crates/*/tests", "crates/codec/tests/mod*.rs"];
        for path in found {
            assert!(tree.has(path), "{path}");
        }
        for path in ["codec", "crates/cod", "crates/codec/tests/model.rs/x", "crates/codecc*"] {
            assert!(!tree.has(path), "{path}");
        }
    }
}
