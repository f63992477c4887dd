//! `cargo xtask mutants`: checks that the tests catch faults planted in a copy of the sources.
//!
//! A test that never failed proves nothing. The file `mutants.toml` of a crate lists faults, each
//! with the test that must catch it and the changes to the sources. They are applied to a copy
//! below the target folder, never to the sources themselves. The copy is kept between runs, so only
//! what a mutant changes is compiled again.
//!
//! A mutant is caught if the named test ran and failed. It is an error if the mutant does not
//! compile, if the named test does not exist, or if a model exceeded its limits without an answer.

mod sandbox;
mod selection;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use xshell::Shell;

use crate::step::{Steps, TestCounts};
use crate::workspace::{self, Workspace};
use sandbox::Sandbox;
use selection::{changed_files, chosen, sample, turn};

/// Plant faults in a copy of the sources and check that a test catches each
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask mutants
  cargo xtask mutants reader_checks_once
  cargo xtask mutants ring_ core-actions/src/snapshot tests/limiter.rs")]
pub(crate) struct Args {
    /// Plant only faults of these names, or with these texts in their name, files or test
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
}

impl Args {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let mutants = chosen(read(sh)?, &self.texts)?;
        let sandbox = Sandbox::prepare(sh)?;
        let mut steps = Steps::named(mutants.iter().map(|mutant| mutant.name.as_str()));
        for ((package, suite), tests) in tests_by_binary(&mutants) {
            steps.run("unchanged", || check_passes(&sandbox, package, &suite, &tests));
        }
        for mutant in &mutants {
            steps.run(&mutant.name, || mutant.check_caught(&sandbox));
        }
        steps.finish("mutants")
    }
}

/// Runs mutants as one step of `ci`, whose earlier steps have run the unchanged tests.
///
/// Without `all`, those are planted whose files differ from the branch `main`, and a sample of the
/// others, which were caught when they were merged. So a run on `main` plants some too.
pub(crate) fn step(sh: &Shell, all: bool) -> anyhow::Result<String> {
    let mut mutants = read(sh)?;
    let known = mutants.len();
    let mut sampled = 0;
    if let Some(changed) = (!all).then(|| changed_files(sh)).flatten() {
        let is_changed =
            |mutant: &Mutant| changed.iter().any(|(file, text)| mutant.depends_on(file, text));
        let (of_changes, others) = mutants.into_iter().partition(is_changed);
        let of_others = sample(others, turn(sh));
        sampled = of_others.len();
        mutants = of_changes;
        mutants.extend(of_others);
    }
    let sandbox = Sandbox::prepare(sh)?;
    for mutant in &mutants {
        mutant.check_caught(&sandbox).with_context(|| mutant.name.clone())?;
    }
    let note = match mutants.len() {
        planted if planted == known => String::new(),
        planted => format!(": {} of changed files, {sampled} in turn", planted - sampled),
    };
    Ok(format!("{} of {known} mutants, all caught{note}", mutants.len()))
}

/// The file of a crate that lists its mutants.
const LIST: &str = "mutants.toml";

/// The mutants of a crate.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutants {
    mutant: Vec<Mutant>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutant {
    name: String,
    /// Describes the mutant in one sentence.
    fault: String,
    /// The test that must fail.
    test: String,
    change: Vec<Change>,
    /// The crate that it changes.
    #[serde(skip)]
    package: String,
}

/// Replaces a text, which must occur exactly once in its file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// The path from the folder of the crate; after reading, that from the root.
    file: String,
    old: String,
    new: String,
}

/// Reads the mutants of all crates, sorted by crate and name.
fn read(sh: &Shell) -> anyhow::Result<Vec<Mutant>> {
    let mut mutants = Vec::new();
    for package in Workspace::read(sh)?.packages {
        let file = format!("{}/{LIST}", package.folder);
        if let Ok(text) = fs::read_to_string(workspace::root().join(&file)) {
            mutants.extend(parse(&package.name, &package.folder, &text).context(file)?);
        }
    }
    Ok(mutants)
}

fn parse(package: &str, folder: &str, text: &str) -> anyhow::Result<Vec<Mutant>> {
    let Mutants { mut mutant } = toml::from_str(text)?;
    let mut names = BTreeSet::new();
    for Mutant { name, fault, change, package: of, .. } in &mut mutant {
        ensure!(names.insert(name.clone()), "two mutants have the name `{name}`");
        ensure!(fault.ends_with('.'), "{name}: `{fault}` does not end with a full stop");
        ensure!(!change.is_empty(), "{name}: no change");
        for Change { file, old, new } in change {
            ensure!(!old.trim().is_empty(), "{name}: nothing to replace in {file}");
            ensure!(old != new, "{name}: `{old}` is replaced by itself");
            *file = format!("{folder}/{file}");
        }
        package.clone_into(of);
    }
    mutant.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(mutant)
}

impl Mutant {
    /// Returns whether this file of its crate defines its test.
    fn is_tested_in(&self, file: &str, text: &str) -> bool {
        let test = format!("fn {}(", self.test.rsplit("::").next().unwrap_or_default());
        let is_source =
            file.ends_with(".rs") && file.starts_with(&format!("crates/{}/", self.package));
        is_source && text.contains(&test)
    }

    /// Returns the suite of the test, and its name within the suite.
    fn suite(&self) -> (Suite<'_>, &str) {
        let path = self.test.as_str();
        match path.strip_prefix("tests/").and_then(|rest| rest.split_once(".rs::")) {
            Some((file, name)) => (Suite::Integration(file), name),
            None if path.starts_with("loom::") => (Suite::Loom, path),
            None => (Suite::Unit, path),
        }
    }

    /// Returns the changed texts by path; `original` reads the unchanged text of a path.
    fn apply(
        &self,
        original: impl Fn(&str) -> anyhow::Result<String>,
    ) -> anyhow::Result<BTreeMap<String, String>> {
        let mut files = BTreeMap::new();
        for Change { file, old, new } in &self.change {
            let text = files.remove(file).map_or_else(|| original(file), Ok)?;
            let times = text.matches(old.as_str()).count();
            ensure!(
                times == 1,
                "`{old}` occurs {times} times in {file}, a mutant needs exactly one"
            );
            files.insert(file.clone(), text.replace(old.as_str(), new));
        }
        Ok(files)
    }

    /// Applies the mutant, checks that its test fails, and restores the copy.
    fn check_caught(&self, sandbox: &Sandbox) -> anyhow::Result<String> {
        let before = sandbox.replace(self.apply(|path| sandbox.read(path))?)?;
        let (suite, test) = self.suite();
        let ran = sandbox.test(&self.package, &suite, &[test]);
        sandbox.replace(before)?;
        let (succeeded, output) = ran?;
        match verdict(succeeded, &output) {
            Ok(message) => Ok(format!("caught by {test}: {message}")),
            Err(why) => bail!(
                "{}\n{}\n{why}\nrepeat: cargo xtask mutants {}",
                sandbox.excerpt(&self.name, &output)?,
                self.fault,
                self.name
            ),
        }
    }
}

/// The tests of a crate that are run together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Suite<'m> {
    /// Models of `loom`.
    Loom,
    /// Unit tests in `src`.
    Unit,
    /// The integration tests of this file in `tests`.
    Integration(&'m str),
}

/// Groups the tests that mutants name by package and suite, without duplicates.
fn tests_by_binary(mutants: &[Mutant]) -> BTreeMap<(&str, Suite<'_>), Vec<&str>> {
    let mut binaries: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for mutant in mutants {
        let (suite, test) = mutant.suite();
        binaries.entry((mutant.package.as_str(), suite)).or_default().insert(test);
    }
    binaries.into_iter().map(|(binary, tests)| (binary, tests.into_iter().collect())).collect()
}

/// Checks that the tests pass on the unchanged sources.
fn check_passes(
    sandbox: &Sandbox,
    package: &str,
    suite: &Suite<'_>,
    tests: &[&str],
) -> anyhow::Result<String> {
    let (succeeded, output) = sandbox.test(package, suite, tests)?;
    if !succeeded {
        let excerpt = sandbox.excerpt(&format!("unchanged-{package}"), &output)?;
        bail!("{excerpt}\nfails on the unchanged sources");
    }
    let ran = TestCounts::read(&output, succeeded).passed;
    ensure!(ran == tests.len() as u64, "{ran} tests ran, expected {}", tests.join(", "));
    Ok(format!("{ran} tests of {package}, {suite:?}"))
}

/// Phrases in the output of a model that exceeded its limits.
const NO_ANSWER: [&str; 2] = ["Model exceeded maximum number of", "threads never met"];

/// Returns the message of the failed test, or why the mutant does not count as caught.
fn verdict(succeeded: bool, output: &str) -> Result<String, &'static str> {
    let mut running = output.lines().filter_map(|line| line.strip_prefix("running "));
    match running.next_back() {
        None => return Err("the mutant does not compile"),
        Some("1 test") => {}
        Some(_) => return Err("the name does not match exactly one test"),
    }
    if succeeded {
        return Err("the test does not catch the mutant");
    }
    if NO_ANSWER.iter().any(|phrase| output.contains(phrase)) {
        return Err("the model exceeded its limits");
    }
    Ok(first_panic(output))
}

/// The maximum number of characters of a message.
const MESSAGE_MAX: usize = 160;

/// Returns the message of the first panic, on one line.
fn first_panic(output: &str) -> String {
    let message = output.lines().skip_while(|line| !line.contains(" panicked at ")).skip(1);
    let message = message.take_while(|line| !line.is_empty() && !line.starts_with("note: "));
    let message: Vec<_> = message.map(str::trim).take(3).collect();
    match message.join(", ") {
        none if none.is_empty() => "its process died".to_owned(),
        long if long.chars().count() > MESSAGE_MAX => {
            long.chars().take(MESSAGE_MAX).chain(['…']).collect()
        }
        whole => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAUGHT: &str = "\
running 1 test
test loom::a ... FAILED

thread 'loom::a' (7) panicked at crates/core-time/src/loom.rs:9:9:
assertion `left == right` failed: as it should
  left: 1
 right: 2
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.0s
";

    #[test]
    fn mutant_is_caught_only_by_a_test_that_ran_and_failed() {
        let message = "assertion `left == right` failed: as it should, left: 1, right: 2";
        let cases = [
            (false, "", "", Ok(message)),
            (true, "FAILED", "ok", Err("the test does not catch the mutant")),
            (false, "running ", "error[E0308]: ", Err("the mutant does not compile")),
            (true, "1 test\n", "0 tests\n", Err("the name does not match exactly one test")),
            (false, "as it should", "threads never met", Err("the model exceeded its limits")),
            (false, " panicked at ", "SIGABRT", Ok("its process died")),
        ];
        for (succeeded, from, to, expected) in cases {
            let output = if from.is_empty() { CAUGHT.to_owned() } else { CAUGHT.replace(from, to) };
            let found = verdict(succeeded, &output);
            assert_eq!(found.as_deref().map_err(|why| *why), expected, "{output}");
        }
        let long = CAUGHT.replace("should", &"é".repeat(200));
        let message = verdict(false, &long).unwrap();
        assert!(message.ends_with("éé…") && message.chars().count() == 161, "{message}");
    }

    const WHOLE: &str = r#"
[[mutant]]
name = "swapped"
fault = "Two places are swapped."
test = "loom::places_are_in_order"
[[mutant.change]]
file = "src/a.rs"
old = "let a = 1;"
new = '''
let a = 2;

    let c = 3;'''
[[mutant.change]]
file = "src/b.rs"
old = "b();"
new = ""
"#;

    pub(super) fn whole(from: &str, to: &str) -> anyhow::Result<Vec<Mutant>> {
        let text = if from.is_empty() { WHOLE.to_owned() } else { WHOLE.replace(from, to) };
        parse("core-time", "crates/core-time", &text)
    }

    #[test]
    fn malformed_mutants_are_refused() {
        for (from, to, message) in [
            ("swapped.", "swapped", "swapped: `Two places are swapped` does not end with a full"),
            ("b();", "", "swapped: nothing to replace in src/b.rs"),
            ("new = \"\"", "new = \"b();\"", "swapped: `b();` is replaced by itself"),
            ("test = ", "tests = ", "unknown field `tests`"),
            ("old = \"b();\"", "", "missing field `old`"),
            (WHOLE, &format!("{WHOLE}{WHOLE}"), "two mutants have the name `swapped`"),
        ] {
            let error = whole(from, to).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn suite_follows_from_the_path_of_the_test() {
        let cases = [
            ("loom::a", (Suite::Loom, "loom::a")),
            ("ring::tests::a", (Suite::Unit, "ring::tests::a")),
            ("tests/model.rs::a::b", (Suite::Integration("model"), "a::b")),
        ];
        for (test, expected) in cases {
            let mutants = whole("loom::places_are_in_order", test).unwrap();
            assert_eq!(mutants[0].suite(), expected);
        }
    }

    #[test]
    fn text_must_occur_exactly_once() {
        let mutant = whole("", "").unwrap().remove(0);
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

    #[test]
    fn each_mutant_applies_to_the_sources_and_names_an_existing_test() {
        let sh = Shell::new().unwrap();
        sh.change_dir(workspace::root());
        let source = |path: &str| Ok(fs::read_to_string(workspace::root().join(path))?);
        let files = workspace::files(&sh).unwrap();
        let mutants = read(&sh).unwrap();
        assert!(!mutants.is_empty());
        let mut faults = Vec::new();
        for mutant in &mutants {
            let mut sources = files.iter().filter(|file| file.ends_with(".rs"));
            if !sources.any(|file| mutant.is_tested_in(file, &source(file).unwrap_or_default())) {
                faults.push(format!("{}: no test `{}`", mutant.name, mutant.test));
            }
            let applied = mutant.apply(source);
            faults.extend(applied.err().map(|error| format!("{}: {error}", mutant.name)));
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
