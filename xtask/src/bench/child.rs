//! One run of a program, and what it took: time, work of the processor, memory.
//!
//! The peak of memory that a system tells of a process begins before that became the program: what
//! started it is in there. So the runner, which is large by then, starts itself anew, and that
//! small process starts the program, waits for it and tells. What is smaller than it, which is some
//! MiB, seems as large.

use std::env;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use wait4::Wait4 as _;

use crate::step;

/// The command by which the runner starts itself; nobody types it, so no help lists it.
pub(crate) const WORD: &str = "run-and-tell";

/// What one run took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Took {
    pub(crate) wall: Duration,
    /// In user mode and in the system, of all threads.
    pub(crate) cpu: Duration,
    /// Where the system tells.
    pub(crate) peak_bytes: Option<u64>,
    /// Nothing if a signal ended it.
    pub(crate) code: Option<i64>,
}

/// Runs a program to its end, with nothing to read. Its output goes to a file, its complaints to
/// one of the same name that ends in `err`; without a file, its output goes nowhere.
pub(crate) fn run(
    program: &str,
    args: &[String],
    env: Option<(&str, String)>,
    output: Option<&Path>,
) -> anyhow::Result<Took> {
    let mut command = Command::new(env::current_exe().context("who am I?")?);
    command.arg(WORD).arg(output.unwrap_or(Path::new(""))).arg(program).args(args).envs(env);
    let told = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    ensure!(told.status.success(), "`{program}` could not be started");
    Took::from_json(&serde_json::from_slice(&told.stdout)?).context("a run told nothing")
}

/// Does what [`run`] asks for, in the process that it started.
pub(crate) fn tell(args: &[String]) -> anyhow::Result<()> {
    let [output, program, args @ ..] = args else { anyhow::bail!("whom to run?") };
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null());
    if !output.is_empty() {
        let errors = File::create(Path::new(output).with_extension("err"))?;
        command.stdout(File::create(output)?).stderr(errors);
    }
    step::say(&measure(command)?.to_json().to_string());
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "programs are timed without our crates")]
fn measure(mut command: Command) -> anyhow::Result<Took> {
    let started = Instant::now();
    let ended = command.spawn()?.wait4()?;
    let wall = started.elapsed();
    Ok(Took {
        wall,
        cpu: ended.rusage.utime + ended.rusage.stime,
        peak_bytes: Some(ended.rusage.maxrss).filter(|&bytes| bytes > 0),
        code: ended.status.code().map(i64::from),
    })
}

impl Took {
    fn to_json(self) -> Value {
        let [wall, cpu] = [self.wall, self.cpu].map(|time| time.as_nanos() as u64);
        json!({"wall_ns": wall, "cpu_ns": cpu, "peak_bytes": self.peak_bytes, "code": self.code})
    }

    fn from_json(json: &Value) -> Option<Self> {
        let time = |key: &str| json[key].as_u64().map(Duration::from_nanos);
        Some(Self {
            wall: time("wall_ns")?,
            cpu: time("cpu_ns")?,
            peak_bytes: json["peak_bytes"].as_u64(),
            code: json["code"].as_i64(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_tells_how_it_ended_and_what_it_took() {
        let mut command = Command::new("cargo");
        command.arg("no-such-command").stdout(Stdio::null()).stderr(Stdio::null());
        let took = measure(command).unwrap();
        assert_eq!(took.code, Some(101));
        assert!(took.wall > Duration::ZERO && took.peak_bytes.is_none_or(|bytes| bytes > 1 << 16));
        assert_eq!(Took::from_json(&took.to_json()), Some(took));
        assert!(measure(Command::new("no-such-program")).is_err());
    }
}
