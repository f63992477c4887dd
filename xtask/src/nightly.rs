//! What needs a nightly toolchain: the sanitizers, whose flags are not stable.
//!
//! A sanitizer looks at what a program does while it runs; only what is compiled for it is looked
//! at. So it is worth a run where there is `unsafe`, in our crates or in what they build on.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use xshell::{Shell, cmd};

use crate::flags::Flags;
use crate::step::{Job, Steps};
use crate::tidy;
use crate::workspace::{self, Package, Workspace};

/// The nightly toolchain, as rustup names it. The only place that does.
pub(crate) const NIGHTLY: &str = "nightly";

/// A sanitizer, and what it asks for.
pub(crate) struct Sanitizer {
    /// Of the command, and of its folder below the target folder.
    pub(crate) name: &'static str,
    /// The compiler's flags.
    pub(crate) flags: &'static str,
    /// Whether the standard library must be compiled for it too.
    pub(crate) builds_std: bool,
}

impl Sanitizer {
    /// Runs the tests of the crates named, or of those with `unsafe` or built on such.
    ///
    /// No doctests: they would be compiled one by one, and show nothing that the others do not.
    pub(crate) fn run(&self, sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
        let workspace = Workspace::read(sh)?;
        let names = match flags.operands.as_slice() {
            [] => with_unsafe(&workspace.packages)?,
            named => workspace.chosen(named)?,
        };
        let host = Toolchain::find(sh)?.fit_for(self)?;
        let target = workspace.target.join(self.name);
        let toolchain = format!("+{NIGHTLY}");
        let build_std = self.builds_std.then_some("-Zbuild-std");
        let rest = &flags.rest;
        let mut steps = Steps::new();
        for name in names {
            let command = cmd!(
                sh,
                "cargo {toolchain} test --profile sanitizer --target {host} {build_std...}
                 --target-dir {target} --package {name} --tests --no-fail-fast
                 -- {rest...}"
            );
            steps.command(Job::new(&name, command).env("RUSTFLAGS", self.flags).tests());
        }
        steps.finish(self.name)
    }
}

/// What there is of the nightly toolchain.
#[derive(Debug, PartialEq, Eq)]
struct Toolchain {
    /// The system it compiles for.
    host: String,
    /// Whether it has the sources of the standard library.
    has_sources: bool,
}

impl Toolchain {
    fn find(sh: &Shell) -> anyhow::Result<Self> {
        let toolchain = format!("+{NIGHTLY}");
        let version = cmd!(sh, "rustc {toolchain} --version --verbose").quiet().ignore_stderr();
        let version = version.read().ok().with_context(|| {
            format!(
                "the toolchain `{NIGHTLY}` is missing, get it with: \
                 rustup toolchain install {NIGHTLY} --profile minimal"
            )
        })?;
        let sysroot = cmd!(sh, "rustc {toolchain} --print sysroot").quiet().read()?;
        let sources = Path::new(&sysroot).join("lib/rustlib/src/rust/library/std");
        Ok(Self { host: host(&version)?.to_owned(), has_sources: sources.is_dir() })
    }

    /// The system to compile for, if all is there that the sanitizer asks for.
    fn fit_for(self, sanitizer: &Sanitizer) -> anyhow::Result<String> {
        ensure!(
            self.has_sources || !sanitizer.builds_std,
            "the sources of the standard library are missing, which must be compiled for `{}`: a \
             library that is not would give false alarms at every lock; get them with: \
             rustup component add rust-src --toolchain {NIGHTLY}",
            sanitizer.name
        );
        Ok(self.host)
    }
}

/// Reads the system a compiler is for from what it tells of its version.
fn host(version: &str) -> anyhow::Result<&str> {
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.context("rustc does not tell its host")
}

/// The crates whose code has `unsafe`, and those that depend on one, on any road.
fn with_unsafe(packages: &[Package]) -> anyhow::Result<Vec<String>> {
    let mut found = BTreeSet::new();
    let ours = || packages.iter().filter(|package| package.folder.starts_with("crates/"));
    for package in ours() {
        let sources = workspace::root().join(&package.folder).join("src");
        for file in workspace::walk(&sources, |_| false)? {
            if tidy::has_unsafe(&fs::read_to_string(&file)?) {
                found.insert(package.name.clone());
            }
        }
    }
    close(&mut found, || ours());
    Ok(ours().map(|package| package.name.clone()).filter(|name| found.contains(name)).collect())
}

/// Adds to some packages those that depend on them, until there are no more.
fn close<'a, P: Iterator<Item = &'a Package>>(
    found: &mut BTreeSet<String>,
    packages: impl Fn() -> P,
) {
    loop {
        let before = found.len();
        let on_found = |package: &Package| found.iter().any(|name| package.uses(name));
        let more: Vec<_> = packages().filter(|package| on_found(package)).collect();
        found.extend(more.iter().map(|package| package.name.clone()));
        if found.len() == before {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    fn sanitizer(builds_std: bool) -> Sanitizer {
        Sanitizer { name: "tsan", flags: "", builds_std }
    }

    #[test]
    fn host_is_read_from_the_version() {
        let version = "rustc 1.97.0-nightly (e50aa6fba 2026-05-19)\nhost: aarch64-apple-darwin\n";
        assert_eq!(host(version).unwrap(), "aarch64-apple-darwin");
        assert!(host("rustc 1.97.0-nightly").is_err());
    }

    #[test]
    fn sources_of_std_are_asked_for_only_where_std_is_built() {
        let toolchain = |has_sources| Toolchain { host: "here".to_owned(), has_sources };
        for (has_sources, builds_std) in [(true, true), (true, false), (false, false)] {
            assert_eq!(toolchain(has_sources).fit_for(&sanitizer(builds_std)).unwrap(), "here");
        }
        let missing = toolchain(false).fit_for(&sanitizer(true)).unwrap_err().to_string();
        assert!(
            missing.ends_with("rustup component add rust-src --toolchain nightly"),
            "{missing}"
        );
    }

    #[test]
    fn crates_that_build_on_unsafe_are_found_on_any_road() {
        let package = |name: &str, on: &[&str]| Package {
            name: name.to_owned(),
            folder: format!("crates/{name}"),
            rust_version: None,
            dependencies: on
                .iter()
                .map(|name| Dependency { name: (*name).to_owned(), dev: false })
                .collect(),
        };
        let packages =
            [package("a", &["b"]), package("b", &["c"]), package("c", &[]), package("d", &[])];
        let mut found = BTreeSet::from(["c".to_owned()]);
        close(&mut found, || packages.iter());
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}
