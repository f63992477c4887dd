//! `cargo xtask coverage`: reports the lines and regions that the tests execute.
//!
//! A region is code between two branches; an executed line may contain a region that was not.
//! Executed code is not necessarily checked by a test; `cargo xtask mutants` is for that. The
//! result is a list of files to read, not a percentage to reach. Doctests are not measured, so
//! code that only they execute is reported as missed.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::flags::{Command, Flags};
use crate::nightly::host;
use crate::step::{self, Job, Steps};
use crate::workspace::{self, Workspace};

pub(crate) const COMMAND: Command = Command {
    name: "coverage",
    operands: "[CRATE...]",
    operands_max: usize::MAX,
    passes_on: false,
    summary: "Report the lines and regions that the tests execute",
    options: &[],
    examples: &["coverage", "coverage core-time"],
    run,
};

/// The maximum number of files in the list.
const FILES_MAX: usize = 20;

fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    let workspace = Workspace::read(sh)?;
    let product = workspace.packages.iter().filter(|package| package.folder.starts_with("crates/"));
    let names = match flags.operands.as_slice() {
        [] => product.map(|package| package.name.clone()).collect(),
        named => workspace.chosen(named)?,
    };
    check_tools(sh)?;
    let packages: Vec<_> = names.iter().flat_map(|name| ["--package", name]).collect();
    let report = workspace.target.join("coverage.json");
    let mut steps = Steps::new();
    let test = cmd!(
        sh,
        "cargo llvm-cov test {packages...} --all-features --no-fail-fast --json --summary-only
         --output-path {report}"
    );
    if steps.command(Job::new("test", test).tests()) {
        let mut files = Vec::new();
        steps.run("report", || {
            let json = serde_json::from_str(&sh.read_file(&report)?)?;
            files = read(&json, workspace::root())?;
            Ok(report.display().to_string())
        });
        step::print(&table(&files));
    }
    steps.finish(COMMAND.name)
}

/// Checks for `cargo llvm-cov` and the tools of LLVM that it runs.
fn check_tools(sh: &Shell) -> anyhow::Result<()> {
    let version = cmd!(sh, "cargo llvm-cov --version").quiet().ignore_stderr().read();
    version
        .ok()
        .context("cargo-llvm-cov is not installed; run: cargo install cargo-llvm-cov --locked")?;
    let version = cmd!(sh, "rustc --version --verbose").quiet().read()?;
    let sysroot = cmd!(sh, "rustc --print sysroot").quiet().read()?;
    let tools = Path::new(&sysroot).join("lib/rustlib").join(host(&version)?).join("bin");
    let named = ["LLVM_COV", "LLVM_PROFDATA"].iter().all(|tool| env::var_os(tool).is_some());
    ensure!(
        named || tools.join("llvm-profdata").exists() || tools.join("llvm-profdata.exe").exists(),
        "llvm-tools are not installed; run `rustup component add llvm-tools`, or set LLVM_COV and \
         LLVM_PROFDATA to the programs of {}",
        version.lines().find(|line| line.starts_with("LLVM")).unwrap_or("the compiler's LLVM")
    );
    Ok(())
}

/// The coverage of a file or a crate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Covered {
    lines: Share,
    regions: Share,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Share {
    executed: u64,
    all: u64,
}

impl Share {
    fn missed(self) -> u64 {
        self.all - self.executed
    }

    /// Formats the share, rounded down, so that 100 % means all.
    fn percent(self) -> String {
        let tenths = (self.executed * 1_000).checked_div(self.all).unwrap_or(1_000);
        format!("{}.{} %", tenths / 10, tenths % 10)
    }

    fn add(&mut self, other: Self) {
        self.executed += other.executed;
        self.all += other.all;
    }
}

/// Parses the coverage of the files below the root, by their paths from the root.
fn read(report: &Value, root: &Path) -> anyhow::Result<Vec<(String, Covered)>> {
    let files = report["data"][0]["files"].as_array().context("the report has no files")?;
    let own = files.iter().filter_map(|file| {
        let path = Path::new(file["filename"].as_str()?).strip_prefix(root).ok()?;
        Some((path.display().to_string().replace('\\', "/"), &file["summary"]))
    });
    own.map(|(path, summary)| {
        let share = |kind: &str| {
            let number = |key| summary[kind][key].as_u64();
            let share = number("covered").zip(number("count"));
            let (executed, all) = share.with_context(|| format!("{path} has no {kind}"))?;
            anyhow::Ok(Share { executed, all })
        };
        let covered = Covered { lines: share("lines")?, regions: share("regions")? };
        Ok((path, covered))
    })
    .collect()
}

/// Renders the sum of each crate, then the files with the most missed regions.
fn table(files: &[(String, Covered)]) -> String {
    let mut crates: BTreeMap<String, Covered> = BTreeMap::new();
    for (path, covered) in files {
        let name: Vec<_> = path.split('/').take(2).collect();
        let sum = crates.entry(name.join("/")).or_default();
        sum.lines.add(covered.lines);
        sum.regions.add(covered.regions);
    }
    let mut worst: Vec<_> = files.iter().filter(|(_, of)| of.regions.missed() > 0).collect();
    worst.sort_by_key(|(path, covered)| (u64::MAX - covered.regions.missed(), path));
    worst.truncate(FILES_MAX);
    let width = crates.keys().chain(worst.iter().map(|(path, _)| path)).map(String::len).max();
    let width = width.unwrap_or(0);
    let row = |name: &str, Covered { lines, regions }: &Covered| {
        let (percents, missed) = ([lines.percent(), regions.percent()], regions.missed());
        format!("  {name:<width$} {:>9} {:>9} {missed:>9}\n", percents[0], percents[1])
    };
    let head = format!("  {:<width$} {:>9} {:>9} {:>9}\n", "", "lines", "regions", "missed");
    let crates: String = crates.iter().map(|(name, covered)| row(name, covered)).collect();
    let worst: String = worst.into_iter().map(|(path, covered)| row(path, covered)).collect();
    format!("\n{head}{crates}\n{worst}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(lines: [u64; 2], regions: [u64; 2]) -> Covered {
        let share = |[executed, all]: [u64; 2]| Share { executed, all };
        Covered { lines: share(lines), regions: share(regions) }
    }

    #[test]
    fn only_files_below_the_root_are_parsed() {
        let summary = serde_json::json!({
            "lines": {"count": 10, "covered": 9, "percent": 90.0},
            "regions": {"count": 20, "covered": 15, "notcovered": 5, "percent": 75.0},
        });
        let report = serde_json::json!({"data": [{"files": [
            {"filename": "/w/crates/codec/src/decode.rs", "summary": summary},
            {"filename": "/registry/memchr/src/lib.rs", "summary": summary},
        ]}]});
        let expected = ("crates/codec/src/decode.rs".to_owned(), covered([9, 10], [15, 20]));
        assert_eq!(read(&report, Path::new("/w")).unwrap(), [expected]);
        assert!(read(&serde_json::json!({}), Path::new("/w")).is_err());
    }

    #[test]
    fn full_coverage_is_not_reached_by_rounding() {
        let percent = |executed, all| Share { executed, all }.percent();
        assert_eq!(percent(9_999, 10_000), "99.9 %");
        assert_eq!(percent(7, 7), "100.0 %");
        assert_eq!(percent(0, 0), "100.0 %");
    }

    #[test]
    fn crates_come_first_then_the_files_with_the_most_missed_regions() {
        let files = [
            ("crates/a/src/x.rs".to_owned(), covered([10, 10], [9, 10])),
            ("crates/a/src/y.rs".to_owned(), covered([8, 10], [5, 10])),
            ("crates/b/src/z.rs".to_owned(), covered([4, 4], [4, 4])),
        ];
        let expected = "
                        lines   regions    missed
  crates/a             90.0 %    70.0 %         6
  crates/b            100.0 %   100.0 %         0

  crates/a/src/y.rs    80.0 %    50.0 %         5
  crates/a/src/x.rs   100.0 %    90.0 %         1
";
        assert_eq!(table(&files), expected);
    }
}
