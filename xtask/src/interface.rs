//! `cargo xtask interface`: compares the public interface of each library with a committed list.
//!
//! A change of the interface shows up in a review as a difference of `public-api.txt`. Describe it
//! in the changelog.

use std::path::Path;

use anyhow::bail;
use public_api::Builder;
use xshell::{Shell, cmd};

use crate::golden;
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
        for name in &names {
            steps.run(name, || check(sh, &workspace, name, self.update));
        }
        steps.finish("interface")
    }
}

/// Compares all libraries, as one step.
pub(crate) fn step(sh: &Shell) -> anyhow::Result<String> {
    let workspace = Workspace::read(sh)?;
    let names = workspace.chosen(&[], is_library)?;
    let checked = names.iter().map(|name| check(sh, &workspace, name, false));
    let wrong: Vec<_> = checked.filter_map(|found| found.err().map(|e| format!("{e:#}"))).collect();
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(format!("{} crates", names.len()))
}

fn is_library(package: &Package) -> bool {
    package.is_product() && workspace::root().join(&package.folder).join("src/lib.rs").exists()
}

fn check(sh: &Shell, workspace: &Workspace, name: &str, update: bool) -> anyhow::Result<String> {
    let found = list(sh, workspace, name)?;
    let path = format!("crates/{name}/{LIST}");
    let command = format!("cargo xtask interface {name}");
    golden::check(sh, Path::new(&path), &found, update, &command)?;
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
