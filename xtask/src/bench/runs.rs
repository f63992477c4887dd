//! Runs programs: once for the answer, then under hyperfine for the time and the memory.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use super::contests::{Contender, Contests, SIMDJSON, Tools};
use crate::workspace::root;

/// The number of lines by which an existing file is recognised as current.
const HEAD_LINES: u64 = 1_000;
/// The exit code of `windrow` if it refused lines.
const REFUSED: i32 = 3;

/// What a run used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    pub(super) wall_ns: f64,
    pub(super) user_ns: f64,
    /// In user mode and in the system.
    pub(super) cpu_ns: f64,
    /// The peak resident memory.
    pub(super) peak_bytes: u64,
}

/// The folder of inputs and answers, and what is needed to make them.
pub(super) struct Place<'c> {
    pub(super) sh: &'c Shell,
    pub(super) contests: &'c Contests,
    pub(super) tools: &'c Tools,
    pub(super) folder: PathBuf,
}

impl Place<'_> {
    fn path(&self, name: &str, lines: u64) -> PathBuf {
        let input = self.contests.input(name);
        let name = name.replace('/', "-");
        self.folder.join(format!("{name}-{}.{}", input.records(lines), input.ending))
    }

    /// Makes the file of an input unless it exists; `None` if the compressor is missing.
    pub(super) fn input(&self, name: &str, lines: u64) -> anyhow::Result<Option<PathBuf>> {
        let input = self.contests.input(name);
        let (path, records) = (self.path(name, lines), input.records(lines));
        let source = input.of.as_ref().map(|of| self.input(of, lines)).transpose()?.flatten();
        let make = |lines: u64| {
            self.tools.command(&input.make, |word| match (word, &source) {
                ("LINES", _) => vec![lines.to_string()],
                ("FILE", Some(source)) => vec![source.display().to_string()],
                _ => vec![word.to_owned()],
            })
        };
        let is_current = match &source {
            Some(source) => {
                if !self.tools.has(&make(records)?[0]) {
                    return Ok(None);
                }
                let made = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
                made(&path) >= made(source)
            }
            None => {
                let head = make(HEAD_LINES.min(records))?;
                let head = self.sh.cmd(&head[0]).args(&head[1..]).quiet().output()?.stdout;
                begins_with(&path, &head)?
            }
        };
        if !is_current {
            // Written under another name, so that a file of this name is complete.
            let part = path.with_extension("part");
            let code = run(&make(records)?, &part)?;
            ensure!(code == Some(0), "`{}` could not be made", path.display());
            fs::rename(&part, &path)?;
        }
        Ok(Some(path))
    }

    /// Returns the size of the input of a program without compression.
    pub(super) fn plain_bytes(&self, name: &str, lines: u64) -> anyhow::Result<u64> {
        Ok(fs::metadata(self.path(self.contests.plain(name), lines))?.len())
    }

    /// Runs a program, and returns what it wrote to standard output and to standard error.
    pub(super) fn answer(&self, one: &Contender<'_>, file: &Path) -> anyhow::Result<[String; 2]> {
        let output = self.folder.join(format!("{}.out", one.id().replace('/', "-")));
        let code = run(&one.command(self.tools, file)?, &output)?;
        let errors = fs::read_to_string(output.with_extension("err"))?;
        if code != Some(0) && !(one.program.tool() == "windrow" && code == Some(REFUSED)) {
            let end = code.map_or("a signal".to_owned(), |code| format!("exit code {code}"));
            bail!("{} ended with {end}: {errors}", one.name);
        }
        Ok([fs::read_to_string(output)?, errors])
    }

    /// Runs a program once more under hyperfine, and returns what it used.
    ///
    /// The file is in the page cache.
    pub(super) fn time(&self, one: &Contender<'_>, file: &Path) -> anyhow::Result<Usage> {
        io::copy(&mut File::open(file)?, &mut io::sink())?;
        let command = shlex::try_join(one.command(self.tools, file)?.iter().map(String::as_str))?;
        let json = self.folder.join("hyperfine.json");
        let options = ["--shell=none", "--style=none", "--runs=1", "--export-json"];
        let refused = format!("--ignore-failure={REFUSED}");
        let hyperfine = cmd!(self.sh, "hyperfine {options...} {json} {refused} -- {command}");
        // Miller has no option for the number of threads.
        let hyperfine = hyperfine.env("GOMAXPROCS", one.threads.to_string());
        let output = hyperfine.quiet().ignore_status().output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{}: {errors}", one.id());
        usage(&serde_json::from_str(&fs::read_to_string(json)?)?)
    }
}

/// Reads the only run in a report of hyperfine.
fn usage(report: &Value) -> anyhow::Result<Usage> {
    let run = &report["results"][0];
    let ns = |value: &Value| value.as_f64().map(|seconds| seconds * 1e9);
    let (user, system) = (ns(&run["user"]), ns(&run["system"]));
    let usage = ns(&run["times"][0]).zip(user).zip(system);
    let ((wall_ns, user_ns), system_ns) = usage.context("the report of hyperfine has no times")?;
    let peak = run["memory_usage_byte"][0].as_u64();
    let peak_bytes = peak.context("hyperfine reports no memory; install version 1.20 or newer")?;
    Ok(Usage { wall_ns, user_ns, cpu_ns: user_ns + system_ns, peak_bytes })
}

/// Runs a command with its output in a file, and that to standard error in another.
fn run(command: &[String], output: &Path) -> anyhow::Result<Option<i32>> {
    let (program, args) = command.split_first().context("an empty command")?;
    let errors = File::create(output.with_extension("err"))?;
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(File::create(output)?).stderr(errors);
    Ok(command.status().with_context(|| program.clone())?.code())
}

/// Says whether a file exists and begins with `head`.
fn begins_with(path: &Path, head: &[u8]) -> anyhow::Result<bool> {
    let Ok(file) = File::open(path) else { return Ok(false) };
    let mut found = Vec::new();
    file.take(head.len() as u64).read_to_end(&mut found)?;
    Ok(found == head)
}

/// Compiles the program that uses simdjson, for this processor.
///
/// Kernels of simdjson on demand are chosen when it is compiled, not when it runs. Without the
/// compiler or the library the program is missing like any other.
pub(super) fn build_simdjson(sh: &Shell, folder: &Path) -> anyhow::Result<String> {
    let program = folder.join(format!("{SIMDJSON}{}", env::consts::EXE_SUFFIX));
    // A program of an earlier run may be that of another version.
    let _ = fs::remove_file(&program);
    let source = root().join("benches/e2e/simdjson_lines.cpp");
    let (include, library) = match env::var("SIMDJSON") {
        Ok(folder) => (vec!["-I".to_owned(), folder.clone()], format!("{folder}/simdjson.cpp")),
        Err(_) => (Vec::new(), "-lsimdjson".to_owned()),
    };
    let optimise = ["-std=c++17", "-O3", "-DNDEBUG", "-march=native", "-ffp-contract=off"];
    let compile = cmd!(sh, "g++ {optimise...} {include...} -o {program} {source} {library}");
    let is_built = compile.quiet().ignore_stdout().ignore_stderr().run().is_ok();
    Ok(if is_built { "compiled" } else { "left out" }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn usage_is_read_from_a_report_of_hyperfine() {
        let mut report = json!({"results": [{
            "user": 0.25, "system": 0.125, "times": [0.5], "memory_usage_byte": [3_145_728],
        }]});
        let Usage { wall_ns, user_ns, cpu_ns, peak_bytes } = usage(&report).unwrap();
        assert_eq!([wall_ns, user_ns, cpu_ns], [5e8, 2.5e8, 3.75e8]);
        assert_eq!(peak_bytes, 3 << 20);
        report["results"][0]["memory_usage_byte"] = Value::Null;
        let error = usage(&report).unwrap_err().to_string();
        assert_eq!(error, "hyperfine reports no memory; install version 1.20 or newer");
    }

    #[test]
    fn run_keeps_both_outputs_and_the_exit_code() {
        let sh = Shell::new().unwrap();
        let folder = sh.create_temp_dir().unwrap();
        let output = folder.path().join("a.out");
        let command =
            |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        assert_eq!(run(&command(&["cargo", "--version"]), &output).unwrap(), Some(0));
        assert!(begins_with(&output, b"cargo 1").unwrap() && !begins_with(&output, b"x").unwrap());
        assert_eq!(run(&command(&["cargo", "no-such-command"]), &output).unwrap(), Some(101));
        let errors = fs::read_to_string(output.with_extension("err")).unwrap();
        assert!(errors.contains("no-such-command"), "{errors}");
        assert!(run(&command(&["no-such-program"]), &output).is_err());
    }
}
