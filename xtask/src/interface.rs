//! `cargo xtask interface`: the public interface of each library, held to a file that lists it.
//!
//! A change of the list is a change for users: a review sees it as a difference of
//! `public-api.txt`, and the changelog says what it means for them.

use std::fs;

use anyhow::{Context as _, bail};
use public_api::Builder;
use xshell::{Shell, cmd};

use crate::flags::{Command, Flags, Opt};
use crate::step::Steps;
use crate::workspace::{self, Workspace};

pub(crate) const COMMAND: Command = Command {
    name: "interface",
    operands: "[CRATE...]",
    operands_max: usize::MAX,
    passes_on: false,
    summary: "Compares the public interface of each library with its public-api.txt",
    options: &[Opt { name: "--update", value: "", help: "Writes the files instead" }],
    examples: &["interface", "interface core-time --update"],
    run,
};

/// The list of a crate's public items, in its folder.
const LIST: &str = "public-api.txt";

fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    let workspace = Workspace::read(sh)?;
    let mut names = workspace.chosen(&flags.operands)?;
    if names.is_empty() {
        names = libraries(&workspace);
    }
    let mut steps = Steps::named(names.iter().map(String::as_str));
    for name in &names {
        steps.run(name, || {
            if flags.has("--update") {
                update(sh, &workspace, name)
            } else {
                check(sh, &workspace, name)
            }
        });
    }
    steps.finish(COMMAND.name)
}

/// Compares every library, as one step.
pub(crate) fn step(sh: &Shell) -> anyhow::Result<String> {
    let workspace = Workspace::read(sh)?;
    let names = libraries(&workspace);
    let checked = names.iter().map(|name| check(sh, &workspace, name));
    let wrong: Vec<_> = checked.filter_map(|found| found.err().map(|e| format!("{e:#}"))).collect();
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(format!("{} crates", names.len()))
}

/// The crates that others depend on.
fn libraries(workspace: &Workspace) -> Vec<String> {
    let library = |folder: &str| {
        folder.starts_with("crates/") && workspace::root().join(folder).join("src/lib.rs").exists()
    };
    let packages = workspace.packages.iter().filter(|package| library(&package.folder));
    packages.map(|package| package.name.clone()).collect()
}

fn check(sh: &Shell, workspace: &Workspace, name: &str) -> anyhow::Result<String> {
    let found = list(sh, workspace, name)?;
    let path = format!("crates/{name}/{LIST}");
    let expected = fs::read_to_string(workspace::root().join(&path)).unwrap_or_default();
    let changes = changes(&expected, &found);
    if !changes.is_empty() {
        bail!(
            "the public interface of {name} is not what {path} lists:\n{changes}\
             if that is intended, run `cargo xtask interface {name} --update` and read the difference"
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

/// Lists the public items of a crate with all features, a line each.
///
/// Rustdoc's JSON is unstable, hence the variable; the pinned toolchain keeps its form the same. It
/// has a target folder of its own, because build scripts of dependencies look at the variable too.
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

/// The lines that only one of two lists has.
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
    fn changes_are_lines_that_only_one_list_has() {
        assert_eq!(changes("pub fn a\npub fn b\n", "pub fn a\npub fn b\n"), "");
        assert_eq!(
            changes("pub fn a\npub fn b\n", "pub fn b\npub fn c\n"),
            "- pub fn a\n+ pub fn c\n"
        );
    }
}
