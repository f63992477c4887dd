//! Prints the steps of a command: one line per step, output on failure only, the verdict last.
//!
//! While a step runs, a terminal shows the last line of its output, so that a first build of some
//! minutes does not look like a hang. Writing to a closed pipe (`| head`) is not an error, hence
//! `writeln` and not `println`.

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::ops::AddAssign;
use std::process::{self, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use xshell::Cmd;

/// Prints text and a line end.
pub(crate) fn print(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{}", text.trim_end_matches('\n'));
}

/// Shows what the step is doing: on a terminal, in place of the line before.
pub(crate) fn show(line: &str) {
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        let line: String = line.trim().chars().filter(|c| !c.is_control()).take(72).collect();
        let _ = write!(out, "\r\x1b[K{line}").and_then(|()| out.flush());
    }
}

/// A command to run as a step.
pub(crate) struct Job<'a> {
    name: String,
    command: Cmd<'a>,
    env: Vec<(&'static str, &'static str)>,
    has_tests: bool,
    figure: fn(&str) -> String,
}

impl<'a> Job<'a> {
    /// Creates a step from a command; its figure is the number of crates compiled.
    pub(crate) fn new(name: &str, command: Cmd<'a>) -> Self {
        let (name, figure) = (name.to_owned(), compiled as fn(&str) -> String);
        Self { name, command, env: Vec::new(), has_tests: false, figure }
    }

    /// Creates a step from a command that runs tests; its figure is their number.
    pub(crate) fn tests(name: &str, command: Cmd<'a>) -> Self {
        Self { has_tests: true, figure: |_| String::new(), ..Self::new(name, command) }
    }

    /// Sets an environment variable for the command.
    pub(crate) fn env(mut self, key: &'static str, value: &'static str) -> Self {
        self.env.push((key, value));
        self
    }

    /// Extracts the figure from the output; with tests, it follows their number.
    pub(crate) fn figure(self, figure: fn(&str) -> String) -> Self {
        Self { figure, ..self }
    }

    /// Returns the command line that repeats this step alone.
    fn repeat(&self) -> String {
        let env = self.env.iter().map(|(key, value)| format!("{key}={value} "));
        env.chain([self.command.to_string()]).collect()
    }
}

/// Runs the steps of a command; a failed step does not stop the next.
pub(crate) struct Steps {
    started: Instant,
    ran: usize,
    failed: Vec<String>,
    tests: Option<TestCounts>,
    /// The width of the names.
    width: usize,
}

impl Steps {
    /// Starts the clock of the command.
    #[expect(clippy::disallowed_methods, reason = "steps are timed without our crates")]
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), ran: 0, failed: Vec::new(), tests: None, width: 12 }
    }

    /// Starts the clock of the command, and aligns the lines to the longest of these names.
    pub(crate) fn named<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let steps = Self::new();
        let longest = names.map(|name| name.chars().count()).max().unwrap_or(0);
        Self { width: steps.width.max(longest), ..steps }
    }

    /// Runs a function as a step; the function returns the figure.
    #[expect(clippy::disallowed_methods, reason = "steps are timed without our crates")]
    pub(crate) fn run(
        &mut self,
        name: &str,
        work: impl FnOnce() -> anyhow::Result<String>,
    ) -> bool {
        let started = Instant::now();
        self.ran += 1;
        show(name);
        let ended = work();
        show("");
        let verdict = if ended.is_ok() { "ok" } else { "FAILED" };
        let (width, took) = (self.width, seconds(started.elapsed()));
        let figure = ended.as_ref().map_or("", String::as_str);
        let lines = format!("  {name:<width$} {verdict:<6} {took:>12}   {figure}");
        let mut lines = lines.trim_end().to_owned(); // Printed at once: another list may run.
        if let Err(failure) = &ended {
            self.failed.push(name.to_owned());
            for line in format!("{failure:#}").trim_matches('\n').lines() {
                let _ = write!(lines, "\n    {line}");
            }
        }
        print(&lines);
        ended.is_ok()
    }

    /// Runs a command as a step; its output is printed only if it fails.
    ///
    /// A warning about a manifest is a failure: cargo ignores a misspelt key.
    pub(crate) fn command(&mut self, job: Job<'_>) -> bool {
        let repeat = job.repeat();
        let Job { name, command, env, has_tests, figure } = job;
        let mut counts = None;
        let skipped_file =
            env::temp_dir().join(format!("windrow-skipped-{}-{name}", process::id()));
        let command = command.quiet().envs(env).env(SKIPPED, &skipped_file);
        let passed = self.run(&name, || {
            let (succeeded, output) = capture(command.into())?;
            let mut parts = Vec::new();
            if has_tests {
                let skipped = fs::read_to_string(&skipped_file).unwrap_or_default();
                let (found, text) = TestCounts::of_step(&output, succeeded, &skipped);
                counts = Some(found);
                parts.push(text);
            }
            let counts = parts.first().map_or(String::new(), |counts| format!("\n{counts}"));
            ensure!(succeeded, "{}{counts}\nrepeat: {repeat}", without_progress(&output));
            if let Some(warning) = output.lines().find(|line| is_manifest_warning(line)) {
                bail!("{warning}\nwarnings about manifests are errors\nrepeat: {repeat}");
            }
            parts.insert(parts.len().min(1), figure(&output));
            parts.retain(|part| !part.is_empty());
            Ok(parts.join(", "))
        });
        let _ = fs::remove_file(skipped_file);
        if let Some(counts) = counts {
            *self.tests.get_or_insert_default() += counts;
        }
        passed
    }

    /// Runs a command as a step that fails where the command could not be made.
    pub(crate) fn try_command(&mut self, name: &str, job: anyhow::Result<Job<'_>>) -> bool {
        match job {
            Ok(job) => self.command(job),
            Err(error) => self.run(name, || Err(error)),
        }
    }

    /// Runs two lists of steps at the same time, for steps that leave processors idle.
    pub(crate) fn both(
        &mut self,
        first: impl FnOnce(&mut Self),
        second: impl FnOnce(&mut Self) + Send,
    ) {
        let (mut one, mut two) = (Self::new(), Self::new());
        thread::scope(|scope| {
            scope.spawn(|| second(&mut two));
            first(&mut one);
        });
        for Self { ran, failed, tests, .. } in [one, two] {
            self.ran += ran;
            self.failed.extend(failed);
            if let Some(tests) = tests {
                *self.tests.get_or_insert_default() += tests;
            }
        }
    }

    /// Prints the numbers of tests, if there were any, and the verdict.
    ///
    /// Returns the verdict of a failure as the error, which is printed as the last line.
    pub(crate) fn finish(self, command: &str) -> anyhow::Result<()> {
        if let Some(tests) = self.tests {
            print(&tests.to_string());
        }
        let (ran, failed) = (self.ran, self.failed);
        if !failed.is_empty() {
            bail!("{command}: {} of {ran} failed ({})", failed.len(), failed.join(", "));
        }
        print(&format!("{command}: {ran} of {ran} in {}", seconds(self.started.elapsed())));
        Ok(())
    }
}

/// Runs a command and returns its success and its output, both streams in order.
///
/// Both streams share one pipe: with two, the name of a test binary and its result could swap.
pub(crate) fn capture(mut command: Command) -> io::Result<(bool, String)> {
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    drop(command); // It holds the writing end; the loop ends when the last one is closed.
    let mut output = String::new();
    for line in BufReader::new(reader).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        show(&line);
        output = output + &line + "\n";
    }
    Ok((child.wait()?.success(), output))
}

/// Removes what succeeded (crates that compiled, tests that passed, files without another test),
/// and the lines of stacks, of which a fuzz target prints a hundred.
fn without_progress(output: &str) -> String {
    const VERBS: [&str; 7] =
        ["Compiling", "Checking", "Documenting", "Fresh", "Downloaded", "Blocking", "Finished"];
    const PASSED: [&str; 3] = ["running ", "test result: ok.", "all doctests ran "];
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    let is_left_out = |line: &str| {
        let first = line.split_whitespace().next().unwrap_or_default();
        let is_frame = first.strip_prefix('#').or(first.strip_suffix(':')).is_some_and(is_number);
        PASSED.iter().any(|start| line.starts_with(start))
            || line.starts_with("test ") && line.ends_with(" ... ok")
            || line.starts_with("Testing ") && line.contains(" ... ok")
            || line.starts_with(' ') && (VERBS.contains(&first) || is_frame || first == "at")
    };
    let is_file =
        |line: &str| ["     Running ", "   Doc-tests "].iter().any(|start| line.starts_with(start));
    let mut shown = Vec::<&str>::new();
    for line in output.lines().filter(|line| !is_left_out(line)) {
        let last = shown.last().copied().unwrap_or_default();
        if is_file(line) && is_file(last) {
            shown.pop();
        }
        if !line.is_empty() || !(last.is_empty() || is_file(last)) {
            shown.push(line);
        }
    }
    let end = usize::from(shown.last().is_some_and(|last| is_file(last)));
    shown[..shown.len() - end].join("\n").trim_end().to_owned()
}

/// Returns the lines in which a failed program names its cause; most print many before them.
pub(crate) fn last_lines(output: &str) -> String {
    const LINES: usize = 30;
    let lines: Vec<_> = output.trim_end().lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// Names the file in which a test that cannot run says so: one line with its name, the tool that is
/// missing, and how to get it.
///
/// The harness of Rust has no result for that: to it such a test has passed.
const SKIPPED: &str = "WINDROW_SKIPPED";

/// The numbers of tests by outcome.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TestCounts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl TestCounts {
    /// Sums the `test result:` lines of `cargo test`, since libtest has no stable format.
    ///
    /// A failed run without a failed test (it did not compile, or a binary died) counts as one
    /// failed test, so that a failed run never reports zero failures.
    pub(crate) fn read(output: &str, succeeded: bool) -> Self {
        let mut counts = Self::default();
        for line in output.lines().filter_map(|line| line.trim().strip_prefix("test result: ")) {
            let words: Vec<_> = line.split_whitespace().collect();
            let of = |outcome| {
                let at = words.iter().position(|word| *word == outcome);
                at.and_then(|at| words[at - 1].parse().ok()).unwrap_or(0)
            };
            counts +=
                Self { passed: of("passed;"), failed: of("failed;"), skipped: of("ignored;") };
        }
        if !succeeded {
            counts.failed = counts.failed.max(1);
        }
        counts
    }

    /// Counts the tests of a step, and moves those that only said that they cannot run.
    fn of_step(output: &str, succeeded: bool, skipped: &str) -> (Self, String) {
        let mut counts = Self::read(output, succeeded);
        let skipped: BTreeSet<&str> = skipped.lines().collect(); // A test may be run again.
        let number = (skipped.len() as u64).min(counts.passed);
        counts.passed -= number;
        counts.skipped += number;
        let skipped = skipped.iter().map(|test| format!("\n    skipped {test}"));
        (counts, counts.to_string() + &skipped.collect::<String>())
    }
}

impl AddAssign for TestCounts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl std::fmt::Display for TestCounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Counts the crates that cargo compiled or checked.
fn compiled(output: &str) -> String {
    let doing = |line: &&str| ["Compiling ", "Checking "].iter().any(|verb| line.starts_with(verb));
    format!("{} crates compiled", output.lines().map(str::trim_start).filter(doing).count())
}

fn is_manifest_warning(line: &str) -> bool {
    line.strip_prefix("warning: ").is_some_and(|warning| {
        warning.contains("Cargo.toml: ") || warning.starts_with("profiles for the non root package")
    })
}

/// Formats a duration: `0.4 s`, `48 s`, `3 min 05 s`.
pub(crate) fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        s if s < 9.95 => format!("{s:.1} s"),
        s if s < 59.5 => format!("{s:.0} s"),
        s => format!("{} min {:02} s", s.round() as u64 / 60, s.round() as u64 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use xshell::{Shell, cmd};

    #[test]
    fn durations_have_two_to_three_digits() {
        for (ms, text) in [
            (412, "0.4 s"),
            (9_940, "9.9 s"),
            (9_960, "10 s"),
            (59_400, "59 s"),
            (59_600, "1 min 00 s"),
            (185_000, "3 min 05 s"),
        ] {
            assert_eq!(seconds(Duration::from_millis(ms)), text);
        }
    }

    #[test]
    fn failed_step_fails_the_command_and_does_not_stop_the_next() {
        let sh = Shell::new().unwrap();
        let mut steps = Steps::new();
        assert!(!steps.command(Job::tests("unknown", cmd!(sh, "cargo no-such-command"))));
        assert!(!steps.run("refused", || bail!("why")));
        assert!(steps.run("fine", || Ok("3 files".to_owned())));
        assert_eq!(steps.tests, Some(TestCounts { failed: 1, ..TestCounts::default() }));
        let verdict = steps.finish("ci").unwrap_err().to_string();
        assert_eq!(verdict, "ci: 2 of 3 failed (unknown, refused)");
    }

    #[test]
    fn lists_that_run_at_the_same_time_count_as_one() {
        let (sender, receiver) = mpsc::channel();
        let mut steps = Steps::new();
        steps.run("before", || Ok(String::new()));
        steps.both(
            // One after the other, it would wait in vain.
            |steps| _ = steps.run("waits", || Ok(receiver.recv_timeout(Duration::from_secs(60))?)),
            |steps| {
                steps.run("sends", || Ok(sender.send(String::new()).map(|()| String::new())?));
                let sh = Shell::new().unwrap();
                steps.command(Job::tests("unknown", cmd!(sh, "cargo no-such-command")));
            },
        );
        assert_eq!(steps.tests, Some(TestCounts { failed: 1, ..TestCounts::default() }));
        let verdict = steps.finish("ci").unwrap_err().to_string();
        assert_eq!(verdict, "ci: 1 of 4 failed (unknown)");
    }

    #[test]
    fn both_streams_are_captured() {
        let sh = Shell::new().unwrap();
        let (succeeded, output) = capture(cmd!(sh, "cargo no-such-command").into()).unwrap();
        assert!(!succeeded && output.contains("no-such-command"), "{output}");
        let (succeeded, output) = capture(cmd!(sh, "cargo --version").into()).unwrap();
        assert!(succeeded && output.starts_with("cargo 1"), "{output}");
    }

    #[test]
    fn failed_step_shows_what_did_not_succeed() {
        let output = "   Compiling a v1\nerror: no b\n --> a.rs\n 1 | c\n\
                      \x20    Running tests/a.rs (a)\n\nrunning 1 test\n\ntest result: ok. 1\n\n\
                      \x20    Running tests/b.rs (b)\n\nrunning 2 tests\ntest c ... ok\n\
                      test d ... FAILED\n  0: main\n    at ./d.rs:3\n    #1 0x55 in main\n\n\
                      d is wrong ... ok\n\n   Doc-tests a\n\nrunning 0 tests\n";
        let shown = "error: no b\n --> a.rs\n 1 | c\n     Running tests/b.rs (b)\n\
                     test d ... FAILED\n\nd is wrong ... ok";
        assert_eq!(without_progress(output), shown);
        let numbers: String = (1..=50).map(|n| format!("{n}\n")).collect();
        assert!(last_lines(&numbers).starts_with("21\n") && last_lines(&numbers).ends_with("\n50"));
        assert_eq!(last_lines("a\n"), "a");
    }

    #[test]
    fn only_warnings_about_manifests_are_errors() {
        assert!(is_manifest_warning("warning: /w/Cargo.toml: unused manifest key: package.colour"));
        assert!(!is_manifest_warning("warning: unused variable: `x`"));
    }

    #[test]
    fn repeat_line_has_the_environment_variable() {
        let sh = Shell::new().unwrap();
        let job = Job::new("doc", cmd!(sh, "cargo doc")).env("RUSTDOCFLAGS", "-Dwarnings");
        assert_eq!(job.repeat(), "RUSTDOCFLAGS=-Dwarnings cargo doc");
    }

    const OUTPUT: &str = "   Compiling a v1\n    Checking b v1\n     Running unittests src/lib.rs
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.00s
test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.25s
";

    #[test]
    fn figures_are_counted() {
        assert_eq!(compiled(OUTPUT), "2 crates compiled");
        assert_eq!(TestCounts::read(OUTPUT, false).to_string(), "16 passed, 2 failed, 1 skipped");
        assert_eq!(TestCounts::read("error: could not compile `codec`", false).failed, 1);
        assert_eq!(TestCounts::read("", true), TestCounts::default());
    }

    #[test]
    fn tests_that_could_not_run_are_skipped_and_named() {
        let line = "completions::zsh: zsh is missing, apt-get install zsh";
        let (counts, text) = TestCounts::of_step(OUTPUT, false, &format!("{line}\n{line}\n"));
        assert_eq!(text, format!("15 passed, 2 failed, 2 skipped\n    skipped {line}"));
        assert_eq!(counts, TestCounts { passed: 15, failed: 2, skipped: 2 });
    }
}
