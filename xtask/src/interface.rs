//! `cargo xtask interface`: compares the public interface of each library with a committed list.
//!
//! A change of the interface shows up in a review as a difference of `public-api.txt`. Describe it
//! in the changelog.

use std::fs;

use anyhow::{Context as _, bail};
use public_api::Builder;
use xshell::{Shell, cmd};

use crate::step::Steps;
use crate::workspace::{self, Package, Workspace};

/// Compare the public interface of each library with its public-api.txt
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask interface
  cargo xtask interface core-time --update")]
pub(crate) struct Args {
    /// Compare only these crates
    #[arg(value_name = "CRATE")]
    packages: Vec<String>,
    /// Write the public-api.txt files
    #[arg(long)]
    update: bool,
}

/// The file in a crate's folder that lists its public items.
const LIST: &str = "public-api.txt";

impl Args {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let workspace = Workspace::read(sh)?;
        let names = workspace.chosen(&self.packages, is_library)?;
        let mut steps = Steps::named(names.iter().map(String::as_str));
        let work = if self.update { update } else { check };
        for name in &names {
            steps.run(name, || work(sh, &workspace, name));
        }
        steps.finish("interface")
    }
}

/// Compares all libraries, as one step.
pub(crate) fn step(sh: &Shell) -> anyhow::Result<String> {
    let workspace = Workspace::read(sh)?;
    let names = workspace.chosen(&[], is_library)?;
    let checked = names.iter().map(|name| check(sh, &workspace, name));
    let wrong: Vec<_> = checked.filter_map(|found| found.err().map(|e| format!("{e:#}"))).collect();
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(format!("{} crates", names.len()))
}

fn is_library(package: &Package) -> bool {
    package.is_product() && workspace::root().join(&package.folder).join("src/lib.rs").exists()
}

fn check(sh: &Shell, workspace: &Workspace, name: &str) -> anyhow::Result<String> {
    let path = format!("crates/{name}/{LIST}");
    let expected = fs::read_to_string(workspace::root().join(&path)).with_context(|| {
        format!("{path} cannot be read; run `cargo xtask interface {name} --update` to write it")
    })?;
    let found = list(sh, workspace, name)?;
    let changes = changes(&expected, &found);
    if !changes.is_empty() {
        bail!(
            "the public interface of {name} differs from {path}:\n{changes}\
             if that is intended, run `cargo xtask interface {name} --update` and review it"
        );
    }
    Ok(format!("{} items", found.lines().count()))
}

fn update(sh: &Shell, workspace: &Workspace, name: &str) -> anyhow::Result<String> {
    let found = list(sh, workspace, name)?;
    let path = format!("crates/{name}/{LIST}");
    fs::write(workspace::root().join(&path), &found).with_context(|| path.clone())?;
    Ok(format!("{} items in {path}", found.lines().count()))
}

/// Lists the public items of a crate with all features, one per line.
///
/// The JSON of rustdoc is unstable, hence `RUSTC_BOOTSTRAP`; the pinned toolchain fixes its format.
/// A separate target folder, because build scripts of dependencies read the variable too.
fn list(sh: &Shell, workspace: &Workspace, name: &str) -> anyhow::Result<String> {
    let target = workspace.target.join("interface");
    let rustdoc = cmd!(
        sh,
        "cargo rustdoc --quiet --package {name} --lib --all-features --locked --target-dir {target}
            -- -Zunstable-options --output-format json --cap-lints allow"
    );
    rustdoc.env("RUSTC_BOOTSTRAP", "1").quiet().run()?;
    let json = target.join("doc").join(format!("{}.json", name.replace('-', "_")));
    let api = Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()?;
    Ok(api.items().map(|item| format!("{item}\n")).collect())
}

/// Returns the lines that only one of the two lists has.
fn changes(expected: &str, found: &str) -> String {
    let only = |sign: char, of: &str, not_in: &str| -> String {
        let known: std::collections::BTreeSet<_> = not_in.lines().collect();
        let lines = of.lines().filter(|line| !known.contains(line));
        lines.map(|line| format!("{sign} {line}\n")).collect()
    };
    only('-', expected, found) + &only('+', found, expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_the_lines_of_only_one_list() {
        assert_eq!(changes("pub fn a\npub fn b\n", "pub fn a\npub fn b\n"), "");
        assert_eq!(
            changes("pub fn a\npub fn b\n", "pub fn b\npub fn c\n"),
            "- pub fn a\n+ pub fn c\n"
        );
    }
}
