//! The copy of the sources to which mutants are applied, and its builds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;

use anyhow::Context as _;
use xshell::{Shell, cmd};

use super::Suite;
use crate::workspace::{self, Package, Workspace, walk};
use crate::{loom, step};

/// Large files that a build does not need.
const EXCLUDED: &str = "benches/record/";
/// The seed of the random cases of a test, so that the same mutants are caught in every run.
const SEED: (&str, &str) = ("PROPTEST_RNG_SEED", "1");

/// A copy of the files of the workspace.
pub(super) struct Sandbox {
    /// Its current folder is the copy.
    sh: Shell,
    workspace: Workspace,
    /// Prevents two runs from changing the same copy.
    _lock: File,
}

impl Sandbox {
    /// Makes the copy equal to the sources.
    ///
    /// An equal file is not written, because cargo compares times of modification.
    pub(super) fn prepare(sh: &Shell) -> anyhow::Result<Self> {
        let workspace = Workspace::read(sh)?;
        let root = workspace.target.join("mutants/sources");
        fs::create_dir_all(&root)?;
        let lock = File::create(workspace.target.join("mutants/lock"))?;
        lock.try_lock().context("another `cargo xtask mutants` is running; wait until it ends")?;
        let files = workspace::files(sh)?;
        let wanted = files.iter().filter(|file| !file.starts_with(EXCLUDED));
        let wanted: BTreeSet<_> = wanted.map(|file| root.join(file)).collect();
        for file in walk(&root, |_| false)?.iter().filter(|file| !wanted.contains(*file)) {
            fs::remove_file(file)?;
        }
        for file in &wanted {
            let original = workspace::root().join(file.strip_prefix(&root)?);
            write_changed(file, &fs::read(original)?)?;
        }
        let sh = Shell::new()?;
        sh.change_dir(root);
        Ok(Self { sh, workspace, _lock: lock })
    }

    pub(super) fn read(&self, path: &str) -> anyhow::Result<String> {
        Ok(self.sh.read_file(path)?)
    }

    /// Replaces the texts of files; returns the previous texts.
    pub(super) fn replace(
        &self,
        files: BTreeMap<String, String>,
    ) -> anyhow::Result<BTreeMap<String, String>> {
        let mut before = BTreeMap::new();
        for (path, text) in files {
            before.insert(path.clone(), self.read(&path)?);
            write_changed(&self.sh.current_dir().join(path), text.as_bytes())?;
        }
        Ok(before)
    }

    /// Runs tests of a crate by their full names; returns the success and the output.
    ///
    /// The target folders are those of the sources, so that no dependency is built twice. Cargo
    /// would take what a mutant left there for the sources, whose paths from the root are the
    /// same: hence a profile of the members that differs a little, and with it the names of what
    /// is built of them. Models are optimised less than by `cargo xtask loom`, because a mutant
    /// takes longer to compile than to be found.
    pub(super) fn test(
        &self,
        package: &str,
        suite: &Suite<'_>,
        tests: &[&str],
    ) -> anyhow::Result<(bool, String)> {
        let Self { sh, workspace, .. } = self;
        let (command, profile, difference) = match suite {
            Suite::Loom => {
                let test = loom::test(sh, package, &loom::target(workspace));
                (test.env(loom::FLAGS, loom::CFG), "model", "opt-level=1")
            }
            _ => {
                let options = ["--all-features", "--target-dir"];
                let target = &workspace.target;
                let test = cmd!(sh, "cargo test --package {package} {options...} {target}");
                (test, "dev", "debug=false")
            }
        };
        let members = workspace.packages.iter().flat_map(|Package { name, .. }| {
            ["--config".to_owned(), format!("profile.{profile}.package.{name}.{difference}")]
        });
        let command = match suite {
            Suite::Loom | Suite::Unit => command.args(members).arg("--lib"),
            Suite::Integration(file) => command.args(members).args(["--test", file]),
        };
        let command = command.args(["--", "--exact"]).args(tests);
        let command = command.env("RUST_BACKTRACE", "0").env(SEED.0, SEED.1);
        Ok(step::capture(command.quiet().into())?)
    }

    /// Keeps the output of a failed run in a file; returns its end and the path of the file.
    pub(super) fn excerpt(&self, name: &str, output: &str) -> anyhow::Result<String> {
        let file = self.workspace.target.join(format!("mutants/{name}.log"));
        fs::write(&file, output)?;
        Ok(format!("{}\nwhole output: {}", step::last_lines(output), file.display()))
    }
}

/// Writes a file if its text differs.
fn write_changed(file: &Path, text: &[u8]) -> anyhow::Result<()> {
    if !fs::read(file).is_ok_and(|found| found == text) {
        fs::create_dir_all(file.parent().context("the path has no folder")?)?;
        fs::write(file, text)?;
    }
    Ok(())
}
