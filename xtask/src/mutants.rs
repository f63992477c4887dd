//! `cargo xtask mutants`: checks that the tests catch faults planted in a copy of the sources.
//!
//! A test that never failed proves nothing. A mutant is a text file in the folder `mutants` of a
//! crate: a description of the fault, the test that must catch it, and the changes to the sources.
//! The changes are applied to a copy below the target folder, never to the sources themselves. The
//! copy is kept between runs, so only what a mutant changes is compiled again.
//!
//! A mutant is caught if the named test ran and failed. It is an error if the mutant does not
//! compile, if the named test does not exist, or if a model exceeded its limits without an answer.

mod copy;
mod mutant;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use xshell::{Cmd, Shell, cmd};

use crate::loom;
use crate::step::{self, Steps, TestCounts};
use crate::workspace::{self, Workspace};
use copy::SourceCopy;
use mutant::{Mutant, Suite};

/// Plant faults in a copy of the sources and check that a test catches each
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask mutants
  cargo xtask mutants reader_checks_once")]
pub(crate) struct Args {
    /// Plant only the fault of this name
    name: Option<String>,
}

impl Args {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let mut mutants = read(sh)?;
        if let Some(name) = self.name {
            let names: Vec<_> = mutants.iter().map(|mutant| mutant.name.clone()).collect();
            mutants.retain(|mutant| mutant.name == name);
            ensure!(!mutants.is_empty(), "unknown mutant `{name}`; there are {}", names.join(", "));
        }
        let mut steps = Steps::named(mutants.iter().map(|mutant| mutant.name.as_str()));
        let mut sandbox = None;
        steps.run("sources", || {
            let (ready, figure) = Sandbox::prepare(sh)?;
            sandbox = Some(ready);
            Ok(figure)
        });
        if let Some(sandbox) = sandbox {
            for (binary, names) in tests_by_binary(&mutants) {
                steps.run("unchanged", || sandbox.check_passes(&binary, &names));
            }
            for mutant in &mutants {
                steps.run(&mutant.name, || sandbox.check_caught(mutant));
            }
        }
        steps.finish("mutants")
    }
}

/// Runs all mutants as one step of `ci`, whose earlier steps have run the unchanged tests.
pub(crate) fn step(sh: &Shell) -> anyhow::Result<String> {
    let mutants = read(sh)?;
    let (sandbox, _) = Sandbox::prepare(sh)?;
    for mutant in &mutants {
        sandbox.check_caught(mutant).with_context(|| mutant.name.clone())?;
    }
    Ok(format!("{} mutants, all caught", mutants.len()))
}

/// Reads the mutants of all crates, sorted by crate and name.
fn read(sh: &Shell) -> anyhow::Result<Vec<Mutant>> {
    let packages = Workspace::read(sh)?.packages;
    let mut mutants = Vec::new();
    for path in workspace::files(sh)? {
        let package = packages.iter().find_map(|package| {
            let file = path.strip_prefix(&package.folder)?.strip_prefix("/mutants/")?;
            Some((package, file.strip_suffix(".txt")?))
        });
        if let Some((package, name)) = package {
            let text = fs::read_to_string(workspace::root().join(&path))?;
            mutants.push(Mutant::parse(package, name, &text).context(path)?);
        }
    }
    Ok(mutants)
}

/// A test binary, which can run the tests of several mutants at once.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct TestBinary {
    package: String,
    suite: Suite,
}

impl fmt::Display for TestBinary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tests of {}", self.suite, self.package)
    }
}

/// Groups the tests that mutants name by binary, without duplicates.
fn tests_by_binary(mutants: &[Mutant]) -> BTreeMap<TestBinary, Vec<&str>> {
    let mut binaries: BTreeMap<TestBinary, Vec<&str>> = BTreeMap::new();
    for mutant in mutants {
        let (package, suite) = (mutant.package.clone(), mutant.suite.clone());
        binaries.entry(TestBinary { package, suite }).or_default().push(&mutant.test);
    }
    for names in binaries.values_mut() {
        names.sort_unstable();
        names.dedup();
    }
    binaries
}

/// The copy of the sources and its target folders.
struct Sandbox {
    /// Its current folder is the copy.
    sh: Shell,
    copy: SourceCopy,
    /// Not that of `cargo xtask loom`: cargo takes what a mutant left there for the sources.
    loom_target: PathBuf,
    target: PathBuf,
    /// Prevents two runs from changing the same copy.
    _lock: File,
}

impl Sandbox {
    fn prepare(sh: &Shell) -> anyhow::Result<(Self, String)> {
        let workspace = Workspace::read(sh)?;
        let folder = workspace.target.join("mutants");
        fs::create_dir_all(&folder)?;
        let lock = File::create(folder.join("lock"))?;
        lock.try_lock().context("another `cargo xtask mutants` is running; wait until it ends")?;
        let (copy, files) = SourceCopy::of(&workspace::files(sh)?, folder.join("sources"))?;
        let inside = Shell::new()?;
        inside.change_dir(copy.root());
        let (loom_target, target) = (folder.join("loom"), folder.join("target"));
        let sandbox = Self { sh: inside, copy, loom_target, target, _lock: lock };
        Ok((sandbox, format!("{files} files copied")))
    }

    /// Checks that the tests pass on the unchanged sources.
    fn check_passes(&self, binary: &TestBinary, names: &[&str]) -> anyhow::Result<String> {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let (succeeded, output) = self.test(&binary.package, &binary.suite, &names)?;
        let counts = TestCounts::read(&output, succeeded);
        ensure!(succeeded, "{}\nfails on the unchanged sources", output.trim_end());
        let ran = usize::try_from(counts.passed)?;
        ensure!(ran == names.len(), "{ran} tests ran, expected {}", names.join(", "));
        Ok(format!("{ran} {binary}"))
    }

    /// Applies a mutant, checks that its test fails, and restores the copy.
    fn check_caught(&self, mutant: &Mutant) -> anyhow::Result<String> {
        let before = self.copy.replace(mutant.apply(|path| self.copy.read(path))?)?;
        let test = std::slice::from_ref(&mutant.test);
        let ran = self.test(&mutant.package, &mutant.suite, test);
        self.copy.replace(before)?;
        let (succeeded, output) = ran?;
        match verdict(succeeded, &output) {
            Ok(message) => Ok(format!("caught by {}: {message}", mutant.test)),
            Err(why) => bail!(
                "{}\n{}\n{why}\nrepeat: cargo xtask mutants {}",
                output.trim_end(),
                mutant.description,
                mutant.name
            ),
        }
    }

    /// Runs tests by their full names.
    fn test(
        &self,
        package: &str,
        suite: &Suite,
        names: &[String],
    ) -> anyhow::Result<(bool, String)> {
        let (sh, target) = (&self.sh, &self.target);
        let binary = match suite {
            Suite::Loom | Suite::Unit => vec!["--lib"],
            Suite::Integration(file) => vec!["--test", file],
        };
        let command: Cmd<'_> = match suite {
            Suite::Loom => loom::test(sh, package, &self.loom_target).env(loom::FLAGS, loom::CFG),
            _ => cmd!(sh, "cargo test --package {package} --all-features --target-dir {target}"),
        };
        let command = command.args(binary);
        let command = command.args(["--", "--exact"]).args(names).env("RUST_BACKTRACE", "0");
        Ok(step::capture(command.quiet().into())?)
    }
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

/// Returns the message of the first panic, on one line.
fn first_panic(output: &str) -> String {
    let message = output.lines().skip_while(|line| !line.contains(" panicked at ")).skip(1);
    let message = message.take_while(|line| !line.is_empty() && !line.starts_with("note: "));
    let message: Vec<_> = message.map(str::trim).take(3).collect();
    if message.is_empty() { "its process died".to_owned() } else { message.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAUGHT: &str = "\
     Running unittests src/lib.rs (target/loom/model/deps/core_time-0a1b)

running 1 test
test loom::a ... FAILED

failures:

---- loom::a stdout ----

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
            (false, CAUGHT.to_owned(), Ok(message)),
            (true, CAUGHT.replace("FAILED", "ok"), Err("the test does not catch the mutant")),
            (
                false,
                "error[E0308]: mismatched types\n".to_owned(),
                Err("the mutant does not compile"),
            ),
            (
                true,
                CAUGHT.replace("running 1 test", "running 0 tests"),
                Err("the name does not match exactly one test"),
            ),
            (
                false,
                CAUGHT.replace("as it should", "threads never met"),
                Err("the model exceeded its limits"),
            ),
            (false, "running 1 test\nsignal: 6, SIGABRT\n".to_owned(), Ok("its process died")),
        ];
        for (succeeded, output, expected) in cases {
            let found = verdict(succeeded, &output);
            assert_eq!(found.as_deref().map_err(|why| *why), expected, "{output}");
        }
    }

    fn shell() -> Shell {
        let sh = Shell::new().unwrap();
        sh.change_dir(workspace::root());
        sh
    }

    #[test]
    fn each_mutant_applies_to_the_sources_and_names_an_existing_test() {
        let sh = shell();
        let source = |path: &str| Ok(fs::read_to_string(workspace::root().join(path))?);
        let files = workspace::files(&sh).unwrap();
        let mutants = read(&sh).unwrap();
        assert!(!mutants.is_empty());
        for mutant in mutants {
            let name = &mutant.name;
            mutant.apply(source).unwrap_or_else(|error| panic!("{name}: {error}"));
            let test = format!("fn {}(", mutant.test.rsplit("::").next().unwrap_or_default());
            let folder = format!("crates/{}/", mutant.package);
            let mut sources =
                files.iter().filter(|file| file.starts_with(&folder) && file.ends_with(".rs"));
            let has_test = |file: &String| source(file).is_ok_and(|text| text.contains(&test));
            assert!(sources.any(has_test), "{name}: no {test} in {folder}");
        }
    }

    #[test]
    fn each_test_is_run_once_on_the_unchanged_sources() {
        let mutants = read(&shell()).unwrap();
        let binaries = tests_by_binary(&mutants);
        let named: usize = binaries.values().map(Vec::len).sum();
        let mut tests: Vec<_> =
            mutants.iter().map(|mutant| (&mutant.package, &mutant.test)).collect();
        tests.sort_unstable();
        tests.dedup();
        assert_eq!(named, tests.len());
    }
}
