//! `cargo xtask compare`: compares implementations on the same work, or two records.

mod overview;
mod records;

use anyhow::ensure;
use xshell::{Shell, cmd};

use crate::measure::criterion::Plan;
use crate::measure::record::Kind;
use crate::measure::{Measurement, groups, headline, table};
use crate::step::{self, Job, Steps};

/// Compare Windrow with baselines, floors and rivals, or two records
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask compare
  cargo xtask compare record/default
  cargo xtask compare benches/record/A benches/record/B")]
pub(crate) struct Args {
    /// A regular expression that a part of the name matches, or a folder with a record
    #[arg(value_name = "FILTER|RECORD")]
    first: Option<String>,
    /// A second record to compare with the first
    #[arg(value_name = "RECORD")]
    second: Option<String>,
    /// Measure every benchmark, or show every row
    #[arg(long)]
    all: bool,
    /// Measure as long as `bench` does
    #[arg(long)]
    full: bool,
}

impl Args {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let Self { first, second, all, full } = self;
        let groups = |filter: Option<&str>| {
            let measured = measure(sh, &Plan { filter, quick: !full })?;
            for table in table::by_group(&measured) {
                step::print(&format!("\n{}", table.plain()));
            }
            Ok(())
        };
        match (&first, &second) {
            (Some(before), Some(after)) => {
                ensure!(!full, "`--full` measures, but two records are only read; leave it out");
                records::run(&sh.current_dir(), [before, after], all)
            }
            (Some(filter), None) => {
                ensure!(
                    !all,
                    "`--all` and the filter `{filter}` exclude each other; leave one out"
                );
                groups(Some(filter))
            }
            _ if all => groups(None),
            _ => {
                let plan = Plan { filter: Some(&headline_filter()), quick: !full };
                let measured = measure(sh, &plan)?;
                headline::check_complete(Kind::Operations, &measured)?;
                step::print(&overview::render(&measured));
                Ok(())
            }
        }
    }
}

/// Returns the regular expression that matches the groups of the README's table.
fn headline_filter() -> String {
    let groups: Vec<_> = Kind::Operations.headlines().map(headline::Headline::group).collect();
    format!("^({})/[^/]+$", groups.join("|"))
}

/// Builds and measures.
fn measure(sh: &Shell, plan: &Plan<'_>) -> anyhow::Result<Vec<Measurement>> {
    let mut steps = Steps::new();
    let build = cmd!(sh, "cargo bench --package benches --bench windrow --no-run");
    let mut measured = Vec::new();
    if steps.command(Job::new("build", build)) {
        steps.run("measure", || {
            measured = plan.run(sh)?;
            Ok(format!("{} benchmarks in {} groups", measured.len(), groups(&measured).len()))
        });
    }
    steps.finish("compare")?;
    Ok(measured)
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
}
