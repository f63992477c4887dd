//! `cargo xtask compare`: compares implementations on the same work, or two records.

mod overview;
mod records;

use anyhow::ensure;
use xshell::{Shell, cmd};

use crate::flags::{Command, Flags, Opt};
use crate::measure::criterion::Plan;
use crate::measure::record::Kind;
use crate::measure::{Measurement, groups, headline, rivals, table};
use crate::step::{self, Job, Steps};

pub(crate) const COMMAND: Command = Command {
    name: "compare",
    operands: "[FILTER | RECORD RECORD]",
    operands_max: 2,
    passes_on: false,
    summary: "Compare Windrow with baselines, floors and rivals, or two records",
    options: &[
        Opt { name: "--all", value: "", help: "Measure every benchmark, or show every row" },
        Opt { name: "--full", value: "", help: "Measure as long as `bench` does" },
    ],
    examples: &["compare", "compare record/default", "compare benches/record/A benches/record/B"],
    run,
};

fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    let (all, full) = (flags.has("--all"), flags.has("--full"));
    match flags.operands.as_slice() {
        [before, after] => {
            ensure!(!full, "`--full` measures, but two records are only read; leave it out");
            records::run(&sh.current_dir(), [before, after], all)
        }
        [filter] => {
            ensure!(!all, "`--all` and the filter `{filter}` exclude each other; leave out one");
            let measured = measure(sh, &Plan { filter: Some(filter), quick: !full })?;
            print_groups(&measured);
            Ok(())
        }
        _ if all => {
            print_groups(&measure(sh, &Plan { filter: None, quick: !full })?);
            Ok(())
        }
        _ => {
            let filter = headline_filter();
            let measured = measure(sh, &Plan { filter: Some(&filter), quick: !full })?;
            headline::check_complete(Kind::Operations, &measured)?;
            step::print(&overview::render(&measured, &rivals::read()?));
            Ok(())
        }
    }
}

/// Returns the regular expression that matches the groups of the README's table.
fn headline_filter() -> String {
    let groups: Vec<_> =
        Kind::Operations.headlines().iter().map(headline::Headline::group).collect();
    format!("^({})/[^/]+$", groups.join("|"))
}

/// Builds and measures.
fn measure(sh: &Shell, plan: &Plan<'_>) -> anyhow::Result<Vec<Measurement>> {
    let mut steps = Steps::new();
    let build = cmd!(sh, "cargo bench --package benches --bench windrow --no-run");
    let mut measured = Vec::new();
    if steps.command(Job::new("build", build)) {
        steps.watch("measure", |doing| {
            let mut progress = Progress::default();
            measured = plan.run(sh, |n, total, id| progress.show(n, total, id, doing))?;
            Ok(format!("{} benchmarks in {} groups", measured.len(), groups(&measured).len()))
        });
    }
    steps.finish(COMMAND.name)?;
    Ok(measured)
}

/// Shows every benchmark on a terminal, and elsewhere a line for every group.
#[derive(Default)]
struct Progress {
    group: String,
}

impl Progress {
    fn show(&mut self, n: usize, total: usize, id: &str, doing: &dyn Fn(&str)) {
        if step::is_terminal() {
            doing(&format!("{n} of {total}  {id}"));
        } else if let Some(line) = self.line(n, total, id) {
            step::print(&line);
        }
    }

    /// Renders a line if the benchmark is the first of its group.
    fn line(&mut self, n: usize, total: usize, id: &str) -> Option<String> {
        let (group, _) = id.rsplit_once('/')?;
        if group == self.group {
            return None;
        }
        group.clone_into(&mut self.group);
        let width = total.to_string().len();
        Some(format!("  {n:>width$} of {total}  {group}"))
    }
}

fn print_groups(measured: &[Measurement]) {
    for table in table::by_group(measured) {
        step::print(&format!("\n{}", table.plain()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_matches_whole_groups() {
        let filter = headline_filter();
        assert!(filter.starts_with("^(record/default|record_contended/default|count/"), "{filter}");
        assert!(filter.ends_with("|get_stats/records_1000000)/[^/]+$"), "{filter}");
    }

    #[test]
    fn log_has_a_line_for_every_group() {
        let mut progress = Progress::default();
        let ids = ["add/a/x", "add/a/y", "add/b/x"];
        let lines: Vec<_> = ids.iter().zip(9..).map(|(id, n)| progress.line(n, 11, id)).collect();
        let expected =
            [Some("   9 of 11  add/a".to_owned()), None, Some("  11 of 11  add/b".into())];
        assert_eq!(lines, expected);
    }
}
