//! Prints the steps of a command: one line per step, output on failure only, the verdict last.
//!
//! The line of a step is printed when it ends. Until then, a terminal shows its name and the last
//! line of its output, so that a first build of some minutes does not look like a hang. Elsewhere
//! this is printed every minute, so that a log that ends early shows where.
//! Writing to a closed pipe (`| head`) is not an error, hence `writeln` and not `println`.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::{self, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;
use xshell::Cmd;

use crate::test_counts::{Suites, TestCounts};

/// Prints text and a line end.
pub(crate) fn print(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{}", text.trim_end_matches('\n'));
}

/// Prints an error to standard error.
pub(crate) fn print_error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A command to run as a step.
pub(crate) struct Job<'a> {
    name: String,
    command: Cmd<'a>,
    env: Vec<(&'static str, &'static str)>,
    figure: Figure,
    /// Extracts a note from the output, printed after the figure.
    note: Option<fn(&str) -> String>,
}

enum Figure {
    /// Extracted from the output by this function.
    Of(fn(&str) -> String),
    /// The numbers of tests, which are also summed over all steps.
    Tests,
}

impl<'a> Job<'a> {
    /// Creates a step from a command; its figure is the number of crates compiled.
    pub(crate) fn new(name: &str, command: Cmd<'a>) -> Self {
        let figure = Figure::Of(compiled);
        Self { name: name.to_owned(), command, env: Vec::new(), figure, note: None }
    }

    /// Sets an environment variable for the command.
    pub(crate) fn env(mut self, key: &'static str, value: &'static str) -> Self {
        self.env.push((key, value));
        self
    }

    /// Extracts the figure of the step from its output.
    pub(crate) fn figure(mut self, figure: fn(&str) -> String) -> Self {
        self.figure = Figure::Of(figure);
        self
    }

    /// Reports the numbers of tests in the output as the figure.
    pub(crate) fn tests(mut self) -> Self {
        self.figure = Figure::Tests;
        self
    }

    /// Extracts a note from the output, printed after the figure.
    pub(crate) fn note(mut self, note: fn(&str) -> String) -> Self {
        self.note = Some(note);
        self
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
    style: Style,
}

impl Steps {
    /// Starts the clock of the command.
    #[expect(clippy::disallowed_methods, reason = "steps are timed without our crates")]
    pub(crate) fn new() -> Self {
        let style = Style::of_stdout();
        Self { started: Instant::now(), ran: 0, failed: Vec::new(), tests: None, style }
    }

    /// Starts the clock of the command, and aligns the lines to the longest of these names.
    pub(crate) fn named<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut steps = Self::new();
        let longest = names.map(|name| name.chars().count()).max().unwrap_or(0);
        steps.style.width = steps.style.width.max(longest);
        steps
    }

    /// Runs a function as a step; the function returns the figure.
    pub(crate) fn run(
        &mut self,
        name: &str,
        work: impl FnOnce() -> anyhow::Result<String>,
    ) -> bool {
        let started = self.begin(name);
        match work() {
            Ok(figure) => self.end(name, started, Ok(()), &figure),
            Err(error) => self.end(name, started, Err(format!("{error:#}")), ""),
        }
    }

    /// Runs a function as a step; the function reports its progress line by line.
    pub(crate) fn watch(
        &mut self,
        name: &str,
        work: impl FnOnce(&dyn Fn(&str)) -> anyhow::Result<String>,
    ) -> bool {
        let progress = Progress::new(name, self.style);
        self.run(name, || work(&|line| progress.show(line)))
    }

    /// Runs a command as a step; its output is printed only if it fails.
    ///
    /// A warning about a manifest is a failure: cargo ignores a misspelt key.
    pub(crate) fn command(&mut self, job: Job<'_>) -> bool {
        let started = self.begin(&job.name);
        let repeat = job.repeat();
        let progress = Progress::new(&job.name, self.style);
        let skipped = Skipped::new();
        let command = job.command.quiet().envs(job.env).env(SKIPPED, &skipped.file);
        let ran = capture(command.into(), |line| progress.show(line));
        let (succeeded, output) = ran.unwrap_or_else(|error| (false, error.to_string()));
        let figure = match job.figure {
            Figure::Of(figure) => figure(&output),
            Figure::Tests => {
                let mut suites = Suites::read(&output, succeeded);
                suites.skip(skipped.read());
                *self.tests.get_or_insert_default() += suites.total();
                suites.to_string()
            }
        };
        let note = job.note.map(|note| format!(", {}", note(&output))).unwrap_or_default();
        let failure = format!("{}\nrepeat: {repeat}", output.trim_end());
        let end = match output.lines().find(|line| is_manifest_warning(line)) {
            _ if !succeeded => Err(failure),
            Some(warning) => {
                Err(format!("{warning}\nwarnings about manifests are errors\nrepeat: {repeat}"))
            }
            None => Ok(()),
        };
        self.end(&job.name, started, end, &(figure + &note))
    }

    /// Prints the numbers of tests, if there were any, and the verdict.
    ///
    /// Returns the verdict of a failure as the error, which is printed as the last line.
    pub(crate) fn finish(self, command: &str) -> anyhow::Result<()> {
        if let Some(tests) = self.tests {
            print(&tests.to_string());
        }
        if !self.failed.is_empty() {
            bail!("{} of {} failed ({})", self.failed.len(), self.ran, self.failed.join(", "));
        }
        print(&format!("{command}: {0} of {0} in {1}", self.ran, seconds(self.started.elapsed())));
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "steps are timed without our crates")]
    fn begin(&mut self, name: &str) -> Instant {
        self.ran += 1;
        Progress::new(name, self.style).show("…");
        Instant::now()
    }

    fn end(&mut self, name: &str, started: Instant, end: Result<(), String>, figure: &str) -> bool {
        let passed = end.is_ok();
        self.style.clear();
        print(&self.style.line(name, passed, started.elapsed(), figure));
        if let Err(failure) = end {
            self.failed.push(name.to_owned());
            for line in failure.trim_matches('\n').lines() {
                print(&format!("    {line}"));
            }
        }
        passed
    }
}

/// Returns whether lines of standard output can be rewritten.
pub(crate) fn is_terminal() -> bool {
    Style::of_stdout().terminal
}

/// The form of the lines.
#[derive(Clone, Copy)]
struct Style {
    terminal: bool,
    colour: bool,
    /// The width of the names.
    width: usize,
}

/// The default width of the names, enough for most steps.
const WIDTH: usize = 12;

impl Style {
    fn of_stdout() -> Self {
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let terminal = io::stdout().is_terminal() && !dumb;
        let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { terminal, colour: terminal && !no_colour, width: WIDTH }
    }

    fn line(self, name: &str, passed: bool, took: Duration, figure: &str) -> String {
        let (word, ansi) = if passed { ("ok", "32") } else { ("FAILED", "1;31") };
        let padded = format!("{word:<6}");
        let verdict = if self.colour { format!("\x1b[{ansi}m{padded}\x1b[0m") } else { padded };
        let (width, took) = (self.width, seconds(took));
        let line = format!("  {name:<width$} {verdict} {took:>12}   {figure}");
        line.trim_end().to_owned()
    }

    fn clear(self) {
        if self.terminal {
            let _ = write!(io::stdout().lock(), "\r\x1b[K");
        }
    }
}

/// Names the file in which a test that cannot run says so: one line with its name, the tool that is
/// missing, and how to get it.
///
/// The harness of Rust has no result for that: to it such a test has passed.
const SKIPPED: &str = "WINDROW_SKIPPED";

/// The tests of one step that could not run.
struct Skipped {
    file: PathBuf,
}

impl Skipped {
    fn new() -> Self {
        let file = env::temp_dir().join(format!("windrow-skipped-{}", process::id()));
        let _ = fs::remove_file(&file);
        Self { file }
    }

    /// Returns the lines, each once: a test may be run again.
    fn read(&self) -> BTreeSet<String> {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Skipped {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

/// Shows the progress of a running step.
struct Progress<'a> {
    name: &'a str,
    style: Style,
    started: Instant,
    /// The number of whole minutes at the last line printed.
    minutes: Cell<u64>,
}

impl<'a> Progress<'a> {
    #[expect(clippy::disallowed_methods, reason = "steps are timed without our crates")]
    fn new(name: &'a str, style: Style) -> Self {
        Self { name, style, started: Instant::now(), minutes: Cell::new(0) }
    }

    /// Shows a line: on a terminal in place of the one before, elsewhere once a minute.
    fn show(&self, line: &str) {
        let Style { terminal, width, .. } = self.style;
        let line: String = line.trim().chars().filter(|c| !c.is_control()).take(56).collect();
        let took = self.started.elapsed();
        if terminal && !line.is_empty() {
            let mut out = io::stdout().lock();
            let _ = write!(out, "\r\x1b[K  {:<width$} {line}", self.name);
            let _ = out.flush();
        } else if !terminal && took.as_secs() / 60 > self.minutes.get() {
            self.minutes.set(took.as_secs() / 60);
            print(&format!("  {:<width$} {:<6} {:>12}   {line}", self.name, "…", seconds(took)));
        }
    }
}

/// The time without output after which the last line is shown again.
const SILENCE: Duration = Duration::from_secs(60);
/// The number of such periods after which a command counts as hung.
///
/// No crate takes ten minutes to compile, even on a busy machine.
const SILENCES_MAX: u32 = 10;

/// Runs a command and returns its success and its output, both streams in order.
///
/// Both streams share one pipe: with two, the name of a test binary and its result could swap. A
/// command that prints nothing for ten minutes is killed, so that its output is seen.
pub(crate) fn capture(command: Command, on_line: impl FnMut(&str)) -> io::Result<(bool, String)> {
    capture_unless_silent(command, SILENCE, on_line)
}

fn capture_unless_silent(
    mut command: Command,
    silence: Duration,
    mut on_line: impl FnMut(&str),
) -> io::Result<(bool, String)> {
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    drop(command); // It holds the writing end; the loop ends when the last one is closed.
    let (sender, lines) = mpsc::channel();
    // The thread outlives this call if a child of the command keeps the pipe open.
    thread::spawn(move || {
        BufReader::new(reader).split(b'\n').try_for_each(|line| sender.send(line))
    });
    let (mut output, mut silences) = (String::new(), 0);
    loop {
        match lines.recv_timeout(silence) {
            Ok(line) => {
                let line = line?;
                let line = String::from_utf8_lossy(&line);
                on_line(&line);
                output.push_str(&line);
                output.push('\n');
                silences = 0;
            }
            Err(RecvTimeoutError::Disconnected) => return Ok((child.wait()?.success(), output)),
            Err(RecvTimeoutError::Timeout) => {
                on_line(output.lines().next_back().unwrap_or_default());
                silences += 1;
                if silences == SILENCES_MAX {
                    child.kill()?;
                    child.wait()?;
                    let limit = seconds(silence * SILENCES_MAX);
                    output.push_str(&format!("killed: it printed nothing for {limit}\n"));
                    return Ok((false, output));
                }
            }
        }
    }
}

/// Counts the crates that cargo compiled or checked.
fn compiled(output: &str) -> String {
    let crates = output
        .lines()
        .map(str::trim_start)
        .filter(|line| ["Compiling ", "Checking "].iter().any(|doing| line.starts_with(doing)));
    match crates.count() {
        0 => "nothing to compile".to_owned(),
        1 => "1 crate compiled".to_owned(),
        n => format!("{n} crates compiled"),
    }
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
        s => {
            let s = s.round() as u64;
            format!("{} min {:02} s", s / 60, s % 60)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xshell::{Shell, cmd};

    #[test]
    fn durations_have_two_to_three_digits() {
        let cases = [
            (0, "0.0 s"),
            (412, "0.4 s"),
            (9_940, "9.9 s"),
            (9_960, "10 s"),
            (59_400, "59 s"),
            (59_600, "1 min 00 s"),
            (185_000, "3 min 05 s"),
        ];
        for (ms, text) in cases {
            assert_eq!(seconds(Duration::from_millis(ms)), text);
        }
    }

    #[test]
    fn line_has_no_escapes_without_a_terminal() {
        let took = Duration::from_millis(400);
        let plain = Style { terminal: false, colour: false, width: WIDTH };
        assert_eq!(plain.line("fmt", true, took, ""), "  fmt          ok            0.4 s");
        let colour = Style { terminal: true, colour: true, width: WIDTH };
        assert_eq!(
            colour.line("test", false, took, "2 failed"),
            "  test         \x1b[1;31mFAILED\x1b[0m        0.4 s   2 failed"
        );
    }

    #[test]
    fn output_of_a_failed_command_is_returned() {
        let sh = Shell::new().unwrap();
        let (succeeded, output) =
            capture(cmd!(sh, "cargo no-such-command").into(), |_| ()).unwrap();
        assert!(!succeeded && output.contains("no-such-command"), "{output}");
    }

    #[cfg(unix)]
    #[test]
    fn silent_command_is_killed() {
        let sh = Shell::new().unwrap();
        let silent = cmd!(sh, "tail -f /dev/null").into();
        let mut shown = 0;
        let silence = Duration::from_millis(1);
        let (succeeded, output) = capture_unless_silent(silent, silence, |_| shown += 1).unwrap();
        assert!(!succeeded);
        assert_eq!((output.as_str(), shown), ("killed: it printed nothing for 0.0 s\n", 10));
    }

    #[test]
    fn only_warnings_about_manifests_are_errors() {
        assert!(is_manifest_warning("warning: /w/Cargo.toml: unused manifest key: package.colour"));
        assert!(!is_manifest_warning("warning: unused variable: `x`"));
    }

    #[test]
    fn repeat_line_has_the_environment_variable() {
        let sh = Shell::new().unwrap();
        let job =
            Job::new("doc", cmd!(sh, "cargo doc --no-deps")).env("RUSTDOCFLAGS", "-Dwarnings");
        assert_eq!(job.repeat(), "RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps");
    }

    #[test]
    fn compiled_crates_are_counted() {
        assert_eq!(compiled("   Compiling a v1\n    Checking b v1\n"), "2 crates compiled");
        assert_eq!(compiled("    Finished `dev` profile"), "nothing to compile");
    }
}
