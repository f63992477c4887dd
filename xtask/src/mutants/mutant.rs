//! The text form of a mutant: a description, a test, and replacements in the sources.
//!
//! ```text
//! A flush leaves its events in the cell too.
//!
//! test: loom::a_read_concurrent_with_a_flush_sees_one_state
//! file: src/counter/shared.rs
//! - cell.flushed.store(cell.total.load(Relaxed), Relaxed);
//! +
//! ```
//!
//! A test of a module `loom` runs as a model, `tests/NAME.rs::TEST` in that integration test, any
//! other as a unit test. The text after `-`, of one or more lines, must occur exactly once in the
//! file; keep it short, so that unrelated changes do not touch it. More changes may follow, each
//! with its own `file:`.

use std::collections::BTreeMap;
use std::fmt;
use std::iter::Peekable;

use anyhow::{Context as _, bail, ensure};

use crate::workspace::Package;

/// A mutant as described by its file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mutant {
    pub(super) name: String,
    /// The crate that it changes.
    pub(super) package: String,
    /// Describes the mutant in one sentence.
    pub(super) description: String,
    pub(super) suite: Suite,
    /// The test that must fail, by its name within the suite.
    pub(super) test: String,
    changes: Vec<Change>,
}

/// The tests of a crate that are run together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Suite {
    /// Models of `loom`.
    Loom,
    /// Unit tests in `src`.
    Unit,
    /// The integration tests of this file in `tests`.
    Integration(String),
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loom => f.write_str("loom"),
            Self::Unit => f.write_str("unit"),
            Self::Integration(file) => f.write_str(file),
        }
    }
}

/// Replaces a text of a file.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    /// The path from the root.
    file: String,
    old: String,
    new: String,
}

/// The non-empty lines of the file, numbered from 1.
type NumberedLines<'a> = Peekable<std::vec::IntoIter<(usize, &'a str)>>;

impl Mutant {
    /// Parses the text of a mutant; an error names the line.
    pub(super) fn parse(package: &Package, name: &str, text: &str) -> anyhow::Result<Self> {
        let numbered = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
        let mut lines: NumberedLines<'_> = numbered.collect::<Vec<_>>().into_iter().peekable();
        let (_, description) = lines.next().context("is empty")?;
        ensure!(
            description.ends_with('.'),
            "line 1: `{description}` does not end with a full stop"
        );
        let test = field(&mut lines, "test")?;
        let (suite, test) = suite(test)?;
        let mut changes = Vec::new();
        while changes.is_empty() || lines.peek().is_some() {
            let file = format!("{}/{}", package.folder, field(&mut lines, "file")?);
            let old = block(&mut lines, '-')?;
            let new = block(&mut lines, '+')?;
            ensure!(!old.trim().is_empty(), "nothing to replace in {file}");
            ensure!(old != new, "`{old}` is replaced by itself");
            changes.push(Change { file, old, new });
        }
        let (name, package) = (name.to_owned(), package.name.clone());
        Ok(Self {
            name,
            package,
            description: description.to_owned(),
            suite,
            test: test.to_owned(),
            changes,
        })
    }

    /// Returns the changed texts by path; `original` reads the unchanged text of a path.
    pub(super) fn apply(
        &self,
        original: impl Fn(&str) -> anyhow::Result<String>,
    ) -> anyhow::Result<BTreeMap<String, String>> {
        let mut files = BTreeMap::new();
        for Change { file, old, new } in &self.changes {
            let text = match files.remove(file) {
                Some(text) => text,
                None => original(file)?,
            };
            let times = text.matches(old.as_str()).count();
            ensure!(
                times == 1,
                "`{old}` occurs {times} times in {file}, a mutant needs exactly one"
            );
            files.insert(file.clone(), text.replace(old.as_str(), new));
        }
        Ok(files)
    }
}

/// Reads `key: value`.
fn field<'a>(lines: &mut NumberedLines<'a>, key: &str) -> anyhow::Result<&'a str> {
    let Some((number, line)) = lines.next() else { bail!("ends without `{key}:`") };
    let value = line.strip_prefix(key).and_then(|rest| rest.strip_prefix(": ")).map(str::trim);
    value
        .filter(|value| !value.is_empty())
        .with_context(|| format!("line {number}: found `{line}`, expected `{key}: ` and a value"))
}

/// Reads at least one line that begins with `sign`, without the sign and the space after it.
fn block(lines: &mut NumberedLines<'_>, sign: char) -> anyhow::Result<String> {
    let mut texts = Vec::new();
    while let Some((number, line)) = lines.next_if(|(_, line)| line.starts_with(sign)) {
        let text = &line[1..];
        let text = if text.is_empty() { Some("") } else { text.strip_prefix(' ') };
        let text = text.with_context(|| format!("line {number}: no space after `{sign}`"))?;
        texts.push(text);
    }
    match lines.peek() {
        _ if !texts.is_empty() => Ok(texts.join("\n")),
        Some((number, line)) => bail!("line {number}: found `{line}`, expected `{sign} ` and text"),
        None => bail!("ends without `{sign} ` and text"),
    }
}

/// Splits a test's path into its suite and its name within the suite.
fn suite(test: &str) -> anyhow::Result<(Suite, &str)> {
    if let Some(rest) = test.strip_prefix("tests/") {
        let parts = rest.split_once(".rs::");
        let (file, name) =
            parts.with_context(|| format!("`{test}` is not `tests/FILE.rs::NAME`"))?;
        return Ok((Suite::Integration(file.to_owned()), name));
    }
    Ok((if test.starts_with("loom::") { Suite::Loom } else { Suite::Unit }, test))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "\
Two places are swapped.

test: loom::places_are_in_order
file: src/a.rs
- let a = 1;
+ let a = 2;
+ 
+     let c = 3;

file: src/b.rs
- b();
+
";

    fn parse(text: &str) -> anyhow::Result<Mutant> {
        let package = Package {
            name: "core-time".to_owned(),
            folder: "crates/core-time".to_owned(),
            rust_version: None,
            dependencies: Vec::new(),
        };
        Mutant::parse(&package, "swapped", text)
    }

    #[test]
    fn all_parts_are_parsed() {
        let mutant = parse(WHOLE).unwrap();
        assert_eq!(mutant.description, "Two places are swapped.");
        assert_eq!(
            (mutant.suite.clone(), &*mutant.test),
            (Suite::Loom, "loom::places_are_in_order")
        );
        let change = |file: &str, old: &str, new: &str| Change {
            file: format!("crates/core-time/{file}"),
            old: old.to_owned(),
            new: new.to_owned(),
        };
        let first = change("src/a.rs", "let a = 1;", "let a = 2;\n\n    let c = 3;");
        assert_eq!(mutant.changes, [first, change("src/b.rs", "b();", "")]);
    }

    #[test]
    fn suite_follows_from_the_path_of_the_test() {
        let cases = [
            ("loom::a", Some((Suite::Loom, "loom::a"))),
            ("ring::tests::a", Some((Suite::Unit, "ring::tests::a"))),
            ("tests/model.rs::a::b", Some((Suite::Integration("model".to_owned()), "a::b"))),
            ("tests/model.rs", None),
        ];
        for (test, expected) in cases {
            assert_eq!(suite(test).ok(), expected, "{test}");
        }
    }

    #[test]
    fn malformed_text_is_refused_with_its_line() {
        let cases = [
            (String::new(), "is empty"),
            (
                WHOLE.replace("swapped.", "swapped"),
                "line 1: `Two places are swapped` does not end with a full stop",
            ),
            (
                WHOLE.replace("test: ", "tests: "),
                "line 3: found `tests: loom::places_are_in_order`, expected `test: ` and a value",
            ),
            (
                WHOLE.replace("file: src/a.rs", "file: "),
                "line 4: found `file: `, expected `file: ` and a value",
            ),
            (
                WHOLE.replace("- let a", "let a"),
                "line 5: found `let a = 1;`, expected `- ` and text",
            ),
            (WHOLE.replace("- let a", "-let a"), "line 5: no space after `-`"),
            (WHOLE.replace("- b();\n+\n", "- b();\n"), "ends without `+ ` and text"),
            (
                WHOLE.replace("- b();\n+\n", "-\n+\n"),
                "nothing to replace in crates/core-time/src/b.rs",
            ),
            (WHOLE.replace("- b();\n+\n", "- b();\n+ b();\n"), "`b();` is replaced by itself"),
            (WHOLE[..WHOLE.find("file").unwrap()].to_owned(), "ends without `file:`"),
        ];
        for (text, message) in cases {
            assert_eq!(parse(&text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn text_must_occur_exactly_once() {
        let mutant = parse(WHOLE).unwrap();
        let apply = |a: &str| {
            mutant.apply(|file| Ok(if file.ends_with("a.rs") { a } else { "x\nb();\n" }.to_owned()))
        };
        let changed = apply("    let a = 1;\n").unwrap();
        assert_eq!(changed["crates/core-time/src/a.rs"], "    let a = 2;\n\n    let c = 3;\n");
        assert_eq!(changed["crates/core-time/src/b.rs"], "x\n\n");
        for (text, times) in [("let a = 2;", 0), ("let a = 1;\nlet a = 1;\n", 2)] {
            let file = "crates/core-time/src/a.rs";
            let expected =
                format!("`let a = 1;` occurs {times} times in {file}, a mutant needs exactly one");
            assert_eq!(apply(text).unwrap_err().to_string(), expected);
        }
    }
}
