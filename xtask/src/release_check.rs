//! `cargo xtask release-check`: checks that the current commit can be released.

use anyhow::{Context as _, bail, ensure};
use xshell::{Shell, cmd};

use crate::step::Steps;
use crate::{interface, package, tidy};

const CHANGELOG: &str = "CHANGELOG.md";
const UNRELEASED: &str = "## Unreleased";

/// Check tree, changelog, licences, interface and packages for a release
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask release-check")]
pub(crate) struct Args {}

impl Args {
    /// Runs every gate, even after a failure, the fastest first.
    ///
    /// `tidy` checks that each crate has the licence texts, a README and the fields of its
    /// manifest.
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let mut steps = Steps::new();
        steps.run("tree", || check_tree(sh));
        steps.run("changelog", || check_changelog(&sh.read_file(CHANGELOG)?));
        steps.run("tidy", || tidy::step(sh));
        steps.run("interface", || interface::step(sh));
        steps.command(package::job(sh, package::Depth::Build)?);
        steps.finish("release-check")
    }
}

/// Checks that git has nothing to commit.
fn check_tree(sh: &Shell) -> anyhow::Result<String> {
    let status = cmd!(sh, "git status --porcelain").quiet().read();
    let status = status.context("the tree is not a git repository; run this in a clone")?;
    ensure!(status.is_empty(), "uncommitted changes; commit or remove them:\n{status}");
    let commit = cmd!(sh, "git rev-parse --short HEAD").quiet().read()?;
    Ok(format!("clean at {commit}"))
}

/// Checks that the changelog begins with a section of unreleased changes; counts them.
fn check_changelog(text: &str) -> anyhow::Result<String> {
    let mut lines = text.lines().map(str::trim_end).skip_while(|line| !line.starts_with("## "));
    match lines.next() {
        Some(UNRELEASED) => {}
        Some(found) => bail!("{CHANGELOG} begins with `{found}`; add `{UNRELEASED}` above it"),
        None => bail!("{CHANGELOG} has no sections; add `{UNRELEASED}`"),
    }
    let section = lines.take_while(|line| !line.starts_with("## "));
    match section.filter(|line| line.starts_with("- ")).count() {
        0 => bail!("`{UNRELEASED}` in {CHANGELOG} is empty; list the changes for users"),
        count => Ok(format!("{count} unreleased changes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changelog_needs_unreleased_changes_at_its_top() {
        let released = "## 0.1.0\n\n- A.\n- B.\n";
        let cases = [
            (
                format!("# Changelog\n\n## Unreleased\n\n### Fixed\n\n- A.\n  b\n- B.\n{released}"),
                Ok("2 unreleased changes"),
            ),
            (
                format!("## Unreleased\n\n### Fixed\n\n{released}"),
                Err("`## Unreleased` in CHANGELOG.md is empty; list the changes for users"),
            ),
            (
                format!("{released}## Unreleased\n- C.\n"),
                Err("CHANGELOG.md begins with `## 0.1.0`; add `## Unreleased` above it"),
            ),
            ("# Changelog".to_owned(), Err("CHANGELOG.md has no sections; add `## Unreleased`")),
        ];
        for (text, expected) in cases {
            let found = check_changelog(&text).map_err(|error| error.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{text}");
        }
    }

    /// A repository with one commit, in a folder of its own.
    fn repository(name: &str) -> (Shell, xshell::TempDir) {
        let sh = Shell::new().unwrap();
        let folder = sh.create_temp_dir().unwrap();
        sh.change_dir(folder.path());
        sh.write_file(name, "a").unwrap();
        cmd!(sh, "git init --quiet").run().unwrap();
        cmd!(sh, "git add .").quiet().run().unwrap();
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        cmd!(sh, "git {identity...} commit --quiet --message a").quiet().run().unwrap();
        (sh, folder)
    }

    #[test]
    fn changed_and_new_files_are_uncommitted() {
        let (sh, _folder) = repository("a.txt");
        assert!(check_tree(&sh).unwrap().starts_with("clean at "));
        sh.write_file("a.txt", "b").unwrap();
        sh.write_file("c.txt", "").unwrap();
        let found = check_tree(&sh).unwrap_err().to_string();
        assert_eq!(found, "uncommitted changes; commit or remove them:\n M a.txt\n?? c.txt");
    }
}
