//! Runs a program and measures its time, its processor time and its peak memory.
//!
//! Linux measures the processor time exactly, but splits it into time in user mode and in the
//! system by what runs at its ticks, some milliseconds apart. Short runs are therefore split badly.
//!
//! The kernel counts the peak memory of a process from the fork, so it includes that of the parent.
//! The runner is large by then. It therefore starts itself again, and that small process starts the
//! program, waits for it and prints the result. A program smaller than this process, some MiB,
//! appears as large as it.

use std::env;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use wait4::Wait4 as _;

use crate::step;

/// The command with which the runner starts itself. It is not for users, so no help lists it.
pub(crate) const WORD: &str = "measure-program";

/// The resources that one run used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usage {
    pub(crate) wall: Duration,
    /// The processor time of all threads, in user mode and in the system.
    pub(crate) cpu: Duration,
    /// The part of it in user mode.
    pub(crate) user: Duration,
    /// The peak resident memory, if the system reports it.
    pub(crate) peak_bytes: Option<u64>,
    /// The exit code; `None` if a signal ended the program.
    pub(crate) code: Option<i64>,
}

/// Runs a program with an empty standard input.
///
/// Its output is written to `output`, and its standard error to the same name with the extension
/// `err`. Without `output`, both are discarded.
pub(crate) fn run(
    program: &str,
    args: &[String],
    env: Option<(&str, String)>,
    output: Option<&Path>,
) -> anyhow::Result<Usage> {
    let mut command =
        Command::new(env::current_exe().context("cannot find the program of this process")?);
    command.arg(WORD).arg(output.unwrap_or(Path::new(""))).arg(program).args(args).envs(env);
    let report = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    ensure!(report.status.success(), "`{program}` could not be started");
    Usage::from_json(&serde_json::from_slice(&report.stdout)?).context("a run reported nothing")
}

/// Runs the program in the process that [`run`] started, and prints its usage.
pub(crate) fn report(args: &[String]) -> anyhow::Result<()> {
    let [output, program, args @ ..] = args else {
        anyhow::bail!("`{WORD}` needs an output and a program")
    };
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null());
    if !output.is_empty() {
        let errors = File::create(Path::new(output).with_extension("err"))?;
        command.stdout(File::create(output)?).stderr(errors);
    }
    step::print(&measure(command)?.to_json().to_string());
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "programs are timed without our crates")]
fn measure(mut command: Command) -> anyhow::Result<Usage> {
    let started = Instant::now();
    let ended = command.spawn()?.wait4()?;
    let wall = started.elapsed();
    Ok(Usage {
        wall,
        cpu: ended.rusage.utime + ended.rusage.stime,
        user: ended.rusage.utime,
        peak_bytes: Some(ended.rusage.maxrss).filter(|&bytes| bytes > 0),
        code: ended.status.code().map(i64::from),
    })
}

impl Usage {
    fn to_json(self) -> Value {
        let [wall, cpu, user] = [self.wall, self.cpu, self.user].map(|time| time.as_nanos() as u64);
        json!({
            "wall_ns": wall, "cpu_ns": cpu, "user_ns": user,
            "peak_bytes": self.peak_bytes, "code": self.code,
        })
    }

    fn from_json(json: &Value) -> Option<Self> {
        let time = |key: &str| json[key].as_u64().map(Duration::from_nanos);
        Some(Self {
            wall: time("wall_ns")?,
            cpu: time("cpu_ns")?,
            user: time("user_ns")?,
            peak_bytes: json["peak_bytes"].as_u64(),
            code: json["code"].as_i64(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_reports_its_exit_code_and_usage() {
        let mut command = Command::new("cargo");
        command.arg("no-such-command").stdout(Stdio::null()).stderr(Stdio::null());
        let usage = measure(command).unwrap();
        assert_eq!(usage.code, Some(101));
        assert!(
            usage.wall > Duration::ZERO && usage.peak_bytes.is_none_or(|bytes| bytes > 1 << 16)
        );
        assert_eq!(Usage::from_json(&usage.to_json()), Some(usage));
        assert!(measure(Command::new("no-such-program")).is_err());
    }
}
