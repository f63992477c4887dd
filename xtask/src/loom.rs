//! `cargo xtask loom`: explores all interleavings of the models of the concurrent crates.

use std::path::{Path, PathBuf};

use xshell::{Cmd, Shell, cmd};

use crate::step::{Job, Steps};
use crate::workspace::Workspace;

/// Explore all interleavings of the models of the concurrent crates
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask loom
  cargo xtask loom -- --nocapture")]
pub(crate) struct Args {
    /// Pass these arguments to the tests
    #[arg(last = true)]
    args: Vec<String>,
}

impl Args {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let mut steps = Steps::new();
        for job in jobs(sh, &self.args)? {
            steps.command(job);
        }
        steps.finish("loom")
    }
}

/// Returns a step for each crate with models, which are in its module `loom`.
pub(crate) fn jobs<'a>(sh: &'a Shell, rest: &[String]) -> anyhow::Result<Vec<Job<'a>>> {
    let workspace = Workspace::read(sh)?;
    let target = target(&workspace);
    let packages = workspace.packages.iter().filter(|package| package.uses("loom"));
    let job = |name: &str| {
        let test = test(sh, name, &target);
        let test = test.args(["--lib", "--", "loom::", "--show-output"]).args(rest);
        Job::tests(&format!("loom_{name}"), test).env(FLAGS, CFG).figure(explored)
    };
    Ok(packages.map(|package| job(&package.name)).collect())
}

/// The environment variable that replaces the atomics by those of `loom`.
pub(crate) const FLAGS: &str = "RUSTFLAGS";
pub(crate) const CFG: &str = "--cfg=loom";

/// Returns a separate target folder, since changed flags would rebuild the usual one.
pub(crate) fn target(workspace: &Workspace) -> PathBuf {
    workspace.target.join("loom")
}

/// Returns the command that runs models, to be followed by `--lib --` and their names.
///
/// The atomics of loom work only in a model, so no other test can run with [`CFG`].
pub(crate) fn test<'a>(sh: &'a Shell, package: &str, target: &Path) -> Cmd<'a> {
    cmd!(sh, "cargo test --profile model --package {package} --target-dir {target}")
}

/// Sums the numbers of interleavings that the models print.
fn explored(output: &str) -> String {
    let numbers = output.lines().filter_map(|line| line.strip_suffix(" interleavings"));
    let sum: u64 = numbers.filter_map(|number| number.parse::<u64>().ok()).sum();
    format!("{sum} interleavings")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interleavings_are_summed_over_models() {
        let output = "---- loom::a stdout ----\n193 interleavings\n\n\
                      ---- loom::b stdout ----\n7 interleavings\nx interleavings\n";
        assert_eq!(explored(output), "200 interleavings");
    }
}
