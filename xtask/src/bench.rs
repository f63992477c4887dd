//! `cargo xtask bench`: measures at length and writes a dated record.

mod answer;
mod child;
mod contestant;
mod e2e;

use std::path::Path;

use anyhow::Context as _;
use xshell::Shell;

use crate::flags::{Command, Flags, Opt};
use crate::measure::criterion::{self, Plan};
use crate::measure::readme;
use crate::measure::record::{self, Circumstances, Kind};
use crate::{step, workspace};

pub(crate) use child::{WORD as RUN_AND_TELL, tell as run_and_tell};

pub(crate) const COMMAND: Command = Command {
    name: "bench",
    operands: "[FILTER]",
    operands_max: 1,
    passes_on: false,
    summary: "Measures every implementation and writes a dated record",
    options: &[
        Opt { name: "--quick", value: "", help: "Half a second each: noisy, not for the books" },
        Opt { name: "--e2e", value: "", help: "Whole programs on large files, ours and others" },
        Opt { name: "--lines", value: "N", help: "With --e2e: so many lines, not 10,000,000" },
        Opt { name: "--readme", value: "", help: "Measures nothing, renews the README's tables" },
        Opt {
            name: "--out",
            value: "DIR",
            help: "Where the record goes, instead of benches/record",
        },
    ],
    examples: &["bench", "bench --quick record/default", "bench --e2e --lines 100000"],
    run,
};

const RECORDS: &str = "benches/record";

/// Streams criterion's own report. The benchmarks verify their subjects before they time them.
///
/// A record of everything, at length, also replaces the figures of the README.
fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    if flags.has("--readme") {
        let records = workspace::root().join(RECORDS);
        return [Kind::Operations, Kind::E2e]
            .into_iter()
            .try_for_each(|kind| renew_readme(sh, &record::newest(&records, kind)?));
    }
    let parent = workspace::root().join(flags.value("--out").unwrap_or(RECORDS));
    if flags.has("--e2e") {
        return e2e::run(sh, flags, &parent);
    }
    let filter = flags.operands.first().map(String::as_str);
    let plan = Plan { filter, quick: flags.has("--quick") };
    let command = plan.command(sh);
    let circumstances = Circumstances::now(sh, command.to_string())?;
    let home = plan.home(sh)?;
    step::say(&format!("$ {command}"));
    plan.command(sh).quiet().run()?;
    let measured = criterion::read(&home)?;
    let folder = record::write(&parent, &circumstances, &measured).context("writing the record")?;
    if filter.is_none() && !flags.has("--quick") && flags.value("--out").is_none() {
        readme::check_complete(Kind::Operations, &measured)?;
        renew_readme(sh, &folder)?;
    }
    let shown = folder.strip_prefix(workspace::root()).unwrap_or(Path::new(&folder));
    step::say(&format!("bench: {} benchmarks, {}", measured.len(), shown.display()));
    Ok(())
}

/// Puts the figures of a record into the README.
fn renew_readme(sh: &Shell, record: &Path) -> anyhow::Result<()> {
    let name = record.file_name().unwrap_or_default().display().to_string();
    let file = workspace::root().join("README.md");
    let updated = readme::update(&sh.read_file(&file)?, &name, &record::read(record)?)?;
    sh.write_file(&file, updated)?;
    step::say(&format!("bench: README.md has the figures of {name}"));
    Ok(())
}
