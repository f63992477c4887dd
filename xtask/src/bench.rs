//! `cargo xtask bench`: measures every implementation and writes a dated record.

mod answer;
mod e2e;
mod inputs;
mod logs;
mod memory;
mod outcome;
mod programs;
mod rusage;
mod scenario;
mod scenarios;
mod shapes;
mod simdjson;
mod tools;

use std::path::Path;

use anyhow::Context as _;
use xshell::Shell;

use crate::flags::{Command, Flags, Opt};
use crate::measure::criterion::{self, Plan};
use crate::measure::record::{self, Circumstances, Kind};
use crate::measure::{headline, readme};
use crate::{step, workspace};

pub(crate) use rusage::{WORD as MEASURE_PROGRAM, report as measure_program};

pub(crate) const COMMAND: Command = Command {
    name: "bench",
    operands: "[FILTER]",
    operands_max: 1,
    passes_on: false,
    summary: "Measure every implementation and write a dated record",
    options: &[
        Opt {
            name: "--quick",
            value: "",
            help: "Measure each for half a second; too noisy for a record to keep",
        },
        Opt { name: "--e2e", value: "", help: "Measure whole programs on large files" },
        Opt {
            name: "--lines",
            value: "N",
            help: "Measure programs on N lines instead of 10,000,000",
        },
        Opt {
            name: "--readme",
            value: "",
            help: "Measure nothing, rewrite the tables of the README",
        },
        Opt {
            name: "--out",
            value: "DIR",
            help: "Write the record below DIR instead of benches/record",
        },
    ],
    examples: &[
        "bench",
        "bench --quick record/default",
        "bench shapes/caddy",
        "bench --e2e logs/ --lines 100000",
    ],
    run,
};

const RECORDS: &str = "benches/record";

/// Measures operations in this process, then programs on lines of several forms, and writes a
/// record of each.
///
/// A record of all benchmarks, measured at length, also replaces the figures of the README.
fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    if flags.has("--readme") {
        let records = workspace::root().join(RECORDS);
        let newest = Kind::ALL.into_iter().filter_map(|kind| record::newest(&records, kind).ok());
        return newest.into_iter().try_for_each(|record| update_readme(sh, &record));
    }
    let parent = workspace::root().join(flags.value("--out").unwrap_or(RECORDS));
    if flags.has("--e2e") {
        return e2e::run(sh, flags, &parent);
    }
    let filter = flags.operands.first().map(String::as_str);
    // A filter names benchmarks of one of the two.
    let is_of_shapes = filter.is_some_and(|filter| filter.starts_with("shapes"));
    if !is_of_shapes {
        measure_operations(sh, flags, filter, &parent)?;
    }
    if is_of_shapes || filter.is_none() {
        e2e::run_kind(sh, flags, Kind::Shapes, &parent)?;
    }
    Ok(())
}

/// Prints the report of criterion as it is written, and writes a record.
fn measure_operations(
    sh: &Shell,
    flags: &Flags,
    filter: Option<&str>,
    parent: &Path,
) -> anyhow::Result<()> {
    let plan = Plan { filter, quick: flags.has("--quick") };
    let command = plan.command(sh);
    let circumstances = Circumstances::now(sh, command.to_string())?;
    let home = plan.home(sh)?;
    step::print(&format!("$ {command}"));
    plan.command(sh).quiet().run()?;
    let measured = criterion::read(&home)?;
    let folder = record::write(parent, &circumstances, &measured).context("writing the record")?;
    if filter.is_none() && !flags.has("--quick") && flags.value("--out").is_none() {
        headline::check_complete(Kind::Operations, &measured)?;
        update_readme(sh, &folder)?;
    }
    let shown = folder.strip_prefix(workspace::root()).unwrap_or(Path::new(&folder));
    step::print(&format!("bench: {} benchmarks, {}", measured.len(), shown.display()));
    Ok(())
}

/// Writes the figures of a record to the README.
fn update_readme(sh: &Shell, record: &Path) -> anyhow::Result<()> {
    let name = record.file_name().unwrap_or_default().display().to_string();
    let file = workspace::root().join("README.md");
    let updated = readme::update(&sh.read_file(&file)?, &name, &record::read(record)?)?;
    sh.write_file(&file, updated)?;
    step::print(&format!("bench: wrote the figures of {name} to README.md"));
    Ok(())
}
