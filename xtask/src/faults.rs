//! `cargo xtask faults`: plants faults in a copy of the sources; a test must find each of them.
//!
//! A test that never failed proves nothing. A fault is a small text in the folder `faults` of the
//! crate it concerns: what is wrong, which test must find it, and what is put in place of what. It
//! is planted in a copy below the target folder, never here, and the copy is kept, so that only
//! what a fault touches is compiled again.
//!
//! Found means that the named test ran and failed. Sources that do not compile, a name that no test
//! has, and a model that was given up because it grew too large are failures of this command.

mod copy;
mod fault;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use xshell::{Cmd, Shell, cmd};

use crate::flags::{Command, Flags};
use crate::loom;
use crate::step::{self, Steps};
use crate::tally::Suites;
use crate::workspace::{self, Workspace};
use copy::Copy;
use fault::{Fault, Suite};

pub(crate) const COMMAND: Command = Command {
    name: "faults",
    operands: "[NAME]",
    operands_max: 1,
    passes_on: false,
    summary: "Plants faults in a copy, and demands that a test finds each",
    options: &[],
    examples: &["faults", "faults reader_looks_once"],
    run,
};

fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    let mut faults = read(sh)?;
    if let Some(name) = flags.operands.first() {
        let names: Vec<_> = faults.iter().map(|fault| fault.name.clone()).collect();
        faults.retain(|fault| fault.name == *name);
        ensure!(!faults.is_empty(), "`{name}` is no fault: {}", names.join(", "));
    }
    let mut steps = Steps::named(faults.iter().map(|fault| fault.name.as_str()));
    let mut field = None;
    let ready = steps.run("sources", || {
        let (ready, figure) = Field::prepare(sh)?;
        field = Some(ready);
        Ok(figure)
    });
    if let Some(field) = field.filter(|_| ready) {
        for (place, names) in places(&faults) {
            steps.watch("no fault", |doing| field.passes(&place, &names, doing));
        }
        for fault in &faults {
            steps.watch(&fault.name, |doing| field.finds(fault, doing));
        }
    }
    steps.finish(COMMAND.name)
}

/// All of it as one step of `ci`, where the steps before have run the tests without a fault.
pub(crate) fn step(sh: &Shell, doing: &dyn Fn(&str)) -> anyhow::Result<String> {
    let faults = read(sh)?;
    let (field, _) = Field::prepare(sh)?;
    for fault in &faults {
        doing(&fault.name);
        field.finds(fault, doing).with_context(|| fault.name.clone())?;
    }
    Ok(format!("{} planted, all found", faults.len()))
}

/// Reads the faults of all crates, by crate and name.
fn read(sh: &Shell) -> anyhow::Result<Vec<Fault>> {
    let packages = Workspace::read(sh)?.packages;
    let mut faults = Vec::new();
    for path in workspace::files(sh)? {
        let package = packages.iter().find_map(|package| {
            let file = path.strip_prefix(&package.folder)?.strip_prefix("/faults/")?;
            Some((package, file.strip_suffix(".txt")?))
        });
        if let Some((package, name)) = package {
            let text = fs::read_to_string(workspace::root().join(&path))?;
            faults.push(Fault::parse(package, name, &text).context(path)?);
        }
    }
    Ok(faults)
}

/// Where the tests of some faults are, so that one run tries all of them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    package: String,
    suite: Suite,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tests of {}", self.suite, self.package)
    }
}

/// The tests that faults name, each once.
fn places(faults: &[Fault]) -> BTreeMap<Place, Vec<&str>> {
    let mut places: BTreeMap<Place, Vec<&str>> = BTreeMap::new();
    for fault in faults {
        let place = Place { package: fault.package.clone(), suite: fault.suite.clone() };
        places.entry(place).or_default().push(&fault.test);
    }
    for names in places.values_mut() {
        names.sort_unstable();
        names.dedup();
    }
    places
}

/// The copy, and where it is built.
struct Field {
    /// Works in the copy.
    sh: Shell,
    copy: Copy,
    /// Shared with `cargo xtask loom`: what the crates depend on is the same there.
    loom_target: PathBuf,
    target: PathBuf,
    /// Two runs at once would plant their faults in each other's sources.
    _lock: File,
}

impl Field {
    fn prepare(sh: &Shell) -> anyhow::Result<(Self, String)> {
        let workspace = Workspace::read(sh)?;
        let folder = workspace.target.join("faults");
        fs::create_dir_all(&folder)?;
        let lock = File::create(folder.join("lock"))?;
        lock.try_lock().context("another run of `cargo xtask faults` is under way")?;
        let (copy, files) = Copy::of(&workspace::files(sh)?, folder.join("sources"))?;
        let inside = Shell::new()?;
        inside.change_dir(copy.root());
        let (loom_target, target) = (loom::target(&workspace), folder.join("target"));
        let field = Self { sh: inside, copy, loom_target, target, _lock: lock };
        Ok((field, format!("{files} files copied")))
    }

    /// Demands that tests pass while there is no fault.
    fn passes(
        &self,
        place: &Place,
        names: &[&str],
        doing: &dyn Fn(&str),
    ) -> anyhow::Result<String> {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let (succeeded, output) = self.test(&place.package, &place.suite, &names, doing)?;
        let tally = Suites::read(&output, succeeded).total();
        ensure!(succeeded, "{}\nfails without a fault", output.trim_end());
        let ran = usize::try_from(tally.passed)?;
        ensure!(ran == names.len(), "{ran} tests ran, of {}", names.join(", "));
        Ok(format!("{ran} {place}"))
    }

    /// Plants a fault, demands that its test fails, and takes it out again.
    fn finds(&self, fault: &Fault, doing: &dyn Fn(&str)) -> anyhow::Result<String> {
        let before = self.copy.change(fault.planted(|path| self.copy.read(path))?)?;
        let ran = self.test(&fault.package, &fault.suite, std::slice::from_ref(&fault.test), doing);
        self.copy.change(before)?;
        let (succeeded, output) = ran?;
        match verdict(succeeded, &output) {
            Ok(message) => Ok(format!("found by {}: {message}", fault.test)),
            Err(why) => bail!(
                "{}\n{}\n{why}\nrepeat: cargo xtask faults {}",
                output.trim_end(),
                fault.says,
                fault.name
            ),
        }
    }

    /// Runs tests by their whole names.
    fn test(
        &self,
        package: &str,
        suite: &Suite,
        names: &[String],
        doing: &dyn Fn(&str),
    ) -> anyhow::Result<(bool, String)> {
        let (sh, target) = (&self.sh, &self.target);
        let chosen = match suite {
            Suite::Loom | Suite::Unit => vec!["--lib"],
            Suite::Integration(file) => vec!["--test", file],
        };
        let command: Cmd<'_> = match suite {
            Suite::Loom => loom::test(sh, package, &self.loom_target).env(loom::FLAGS, loom::CFG),
            _ => cmd!(sh, "cargo test --package {package} --all-features --target-dir {target}"),
        };
        let command = command.args(chosen);
        let command = command.args(["--", "--exact"]).args(names).env("RUST_BACKTRACE", "0");
        Ok(step::capture(command.quiet().into(), doing)?)
    }
}

/// What a model says when it did not come to an answer.
const NO_ANSWER: [&str; 2] = ["Model exceeded maximum number of", "threads never met"];

/// Says what a test complained of, or why a fault does not count as found.
fn verdict(succeeded: bool, output: &str) -> Result<String, &'static str> {
    let mut running = output.lines().filter_map(|line| line.strip_prefix("running "));
    match running.next_back() {
        None => return Err("does not compile with this fault"),
        Some("1 test") => {}
        Some(_) => return Err("no test ran, or more than one"),
    }
    if succeeded {
        return Err("was not found");
    }
    if NO_ANSWER.iter().any(|phrase| output.contains(phrase)) {
        return Err("the model came to no answer");
    }
    Ok(complaint(output))
}

/// What the first panic said, on one line.
fn complaint(output: &str) -> String {
    let said = output.lines().skip_while(|line| !line.contains(" panicked at ")).skip(1);
    let said = said.take_while(|line| !line.is_empty() && !line.starts_with("note: "));
    let said: Vec<_> = said.map(str::trim).take(3).collect();
    if said.is_empty() { "its process died".to_owned() } else { said.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUND: &str = "\
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
    fn found_is_only_what_a_test_that_ran_complained_of() {
        let complaint = "assertion `left == right` failed: as it should, left: 1, right: 2";
        let cases = [
            (false, FOUND.to_owned(), Ok(complaint)),
            (true, FOUND.replace("FAILED", "ok"), Err("was not found")),
            (
                false,
                "error[E0308]: mismatched types\n".to_owned(),
                Err("does not compile with this fault"),
            ),
            (
                true,
                FOUND.replace("running 1 test", "running 0 tests"),
                Err("no test ran, or more than one"),
            ),
            (
                false,
                FOUND.replace("as it should", "threads never met"),
                Err("the model came to no answer"),
            ),
            (false, "running 1 test\nsignal: 6, SIGABRT\n".to_owned(), Ok("its process died")),
        ];
        for (succeeded, output, expected) in cases {
            let found = verdict(succeeded, &output);
            assert_eq!(found.as_deref().map_err(|why| *why), expected, "{output}");
        }
    }

    #[test]
    fn each_fault_fits_the_sources_and_names_a_test_that_there_is() {
        let sh = Shell::new().unwrap();
        sh.change_dir(workspace::root());
        let source = |path: &str| Ok(fs::read_to_string(workspace::root().join(path))?);
        let files = workspace::files(&sh).unwrap();
        for fault in read(&sh).unwrap() {
            let name = &fault.name;
            fault.planted(source).unwrap_or_else(|error| panic!("{name}: {error}"));
            let test = format!("fn {}(", fault.test.rsplit("::").next().unwrap_or_default());
            let folder = format!("crates/{}/", fault.package);
            let mut sources =
                files.iter().filter(|file| file.starts_with(&folder) && file.ends_with(".rs"));
            let is_there = |file: &String| source(file).is_ok_and(|text| text.contains(&test));
            assert!(sources.any(is_there), "{name}: there is no {test} in {folder}");
        }
    }

    #[test]
    fn tests_without_a_fault_are_gathered_once() {
        let sh = Shell::new().unwrap();
        sh.change_dir(workspace::root());
        let faults = read(&sh).unwrap();
        let places = places(&faults);
        let named: usize = places.values().map(Vec::len).sum();
        let mut tests: Vec<_> = faults.iter().map(|fault| (&fault.package, &fault.test)).collect();
        tests.sort_unstable();
        tests.dedup();
        assert_eq!(named, tests.len());
    }
}
