//! `cargo xtask compare`: everyone on the same work in one table; or one record against another.

use std::path::Path;

use anyhow::ensure;
use xshell::{Shell, cmd};

use crate::flags::{Command, Flags, Opt};
use crate::measure::criterion::{self, Plan};
use crate::measure::table::{self, Table};
use crate::measure::{groups, record};
use crate::step::{self, Job, Steps};

pub(crate) const COMMAND: Command = Command {
    name: "compare",
    operands: "[FILTER | RECORD RECORD]",
    operands_max: 2,
    passes_on: false,
    summary: "Shows ours, baselines, floors and rivals on the same work; or two records",
    options: &[Opt { name: "--full", value: "", help: "As long as `bench` measures" }],
    examples: &["compare", "compare record/default", "compare benches/record/A benches/record/B"],
    run,
};

fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    match flags.operands.as_slice() {
        [before, after] => of_records(&sh.current_dir(), before, after),
        operands => {
            of_implementations(sh, operands.first().map(String::as_str), flags.has("--full"))
        }
    }
}

/// Builds, measures briefly and prints a table for each group.
fn of_implementations(sh: &Shell, filter: Option<&str>, full: bool) -> anyhow::Result<()> {
    let plan = Plan { filter, quick: !full };
    let home = plan.home(sh)?;
    let mut steps = Steps::new();
    let build = cmd!(sh, "cargo bench --package benches --bench windrow --no-run");
    let measure = Job::new("measure", plan.command(sh)).figure(|_| String::new());
    let mut measured = Vec::new();
    if steps.command(Job::new("build", build)) && steps.command(measure) {
        steps.run("results", || {
            measured = criterion::read(&home)?;
            Ok(format!("{} benchmarks in {} groups", measured.len(), groups(&measured).len()))
        });
    }
    for table in table::by_group(&measured) {
        step::say(&format!("\n{}", table.plain()));
    }
    steps.finish(COMMAND.name)
}

/// Compares two records by name, as `before` and `after`.
fn of_records(root: &Path, before: &str, after: &str) -> anyhow::Result<()> {
    for folder in [before, after] {
        ensure!(
            root.join(folder).is_dir(),
            "`{folder}` is not a folder; give one filter or two records"
        );
    }
    let [old, new] = [before, after].map(|folder| record::read(&root.join(folder)));
    let (old, new) = (old?, new?);
    let table = Table::of_records(&old, &new);
    step::say(&table.plain());
    let [faster, slower, same] = ["faster", "slower", "same"].map(|word| table.count(word));
    let alone = old.len() + new.len() - 2 * (faster + slower + same);
    step::say(&format!(
        "compare: {faster} faster, {slower} slower, {same} same, {alone} in one record only"
    ));
    Ok(())
}
