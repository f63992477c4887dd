//! The sanitizers, whose flags need a nightly toolchain.
//!
//! A sanitizer checks the accesses of code that is compiled for it, while the code runs. By default
//! it checks the crates that contain `unsafe` and those that depend on them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use xshell::{Shell, cmd};

use crate::flags::Flags;
use crate::step::{Job, Steps};
use crate::tidy;
use crate::workspace::{self, Package, Workspace};

/// The nightly toolchain, by its name in rustup.
pub(crate) const NIGHTLY: &str = "nightly";

/// A sanitizer and its requirements.
pub(crate) struct Sanitizer {
    /// The name of the command and of its target folder.
    pub(crate) name: &'static str,
    /// The flag of the compiler.
    pub(crate) flag: &'static str,
    /// The suffix of targets with an instrumented standard library, if one is required.
    pub(crate) std_suffix: Option<&'static str>,
}

impl Sanitizer {
    /// Runs the tests of the named crates; by default of those that use `unsafe` code.
    ///
    /// Without doctests: they are compiled one by one and cover nothing more.
    pub(crate) fn run(&self, sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
        let workspace = Workspace::read(sh)?;
        let names = match flags.operands.as_slice() {
            [] => with_unsafe(&workspace.packages)?,
            named => workspace.chosen(named)?,
        };
        let Plan { system, flag, build_std } = Toolchain::find(sh)?.plan(self)?;
        let target = workspace.target.join(self.name);
        let toolchain = format!("+{NIGHTLY}");
        let rest = &flags.rest;
        let mut steps = Steps::new();
        for name in names {
            let command = cmd!(
                sh,
                "cargo {toolchain} test --profile sanitizer --target {system} {build_std...}
                 --target-dir {target} --package {name} --all-features --tests --no-fail-fast
                 -- {rest...}"
            );
            steps.command(Job::new(&name, command).env("RUSTFLAGS", flag).tests());
        }
        steps.finish(self.name)
    }
}

/// The options that compile for a sanitizer.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    system: String,
    flag: &'static str,
    build_std: Option<&'static str>,
}

/// The installed parts of the nightly toolchain.
#[derive(Debug, Clone)]
struct Toolchain {
    /// The target that it runs on.
    host: String,
    /// The targets that it can compile for.
    known: Vec<String>,
    /// The folder with one folder of libraries per target.
    libraries: PathBuf,
}

impl Toolchain {
    fn find(sh: &Shell) -> anyhow::Result<Self> {
        let toolchain = format!("+{NIGHTLY}");
        let version = cmd!(sh, "rustc {toolchain} --version --verbose").quiet().ignore_stderr();
        let version = version.read().ok().with_context(|| {
            format!(
                "the toolchain `{NIGHTLY}` is not installed; run: \
                 rustup toolchain install {NIGHTLY} --profile minimal"
            )
        })?;
        let known = cmd!(sh, "rustc {toolchain} --print target-list").quiet().read()?;
        let sysroot = cmd!(sh, "rustc {toolchain} --print sysroot").quiet().read()?;
        Ok(Self {
            host: host(&version)?.to_owned(),
            known: known.lines().map(str::to_owned).collect(),
            libraries: Path::new(&sysroot).join("lib/rustlib"),
        })
    }

    /// Returns the options for a sanitizer, or an error that names the missing part.
    fn plan(&self, sanitizer: &Sanitizer) -> anyhow::Result<Plan> {
        let &Sanitizer { name, flag, std_suffix } = sanitizer;
        let host = self.host.clone();
        let Some(suffix) = std_suffix else {
            return Ok(Plan { system: host, flag, build_std: None });
        };
        let system = format!("{host}{suffix}");
        if self.libraries.join(&system).join("lib").is_dir() {
            return Ok(Plan { system, flag: "", build_std: None }); // This target implies the flag.
        }
        if self.libraries.join("src/rust/library/std").is_dir() {
            return Ok(Plan { system: host, flag, build_std: Some("-Zbuild-std") });
        }
        let get = match self.known.contains(&system) {
            true => format!("rustup target add {system} --toolchain {NIGHTLY}"),
            false => format!("rustup component add rust-src --toolchain {NIGHTLY}"),
        };
        bail!("{name} needs an instrumented standard library; run: {get}");
    }
}

/// Returns the host target from the output of `rustc --version --verbose`.
pub(crate) fn host(version: &str) -> anyhow::Result<&str> {
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.context("`rustc --version --verbose` prints no host")
}

/// Returns the crates with `unsafe` code and all that depend on them, also indirectly.
fn with_unsafe(packages: &[Package]) -> anyhow::Result<Vec<String>> {
    let mut found = BTreeSet::new();
    let crates = || packages.iter().filter(|package| package.folder.starts_with("crates/"));
    for package in crates() {
        let sources = workspace::root().join(&package.folder).join("src");
        for file in workspace::walk(&sources, |_| false)? {
            if tidy::has_unsafe(&fs::read_to_string(&file)?) {
                found.insert(package.name.clone());
            }
        }
    }
    close(&mut found, || crates());
    Ok(crates().map(|package| package.name.clone()).filter(|name| found.contains(name)).collect())
}

/// Adds all packages that depend on those in `found`, also indirectly.
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
    use std::{env, process};

    #[test]
    fn host_is_parsed_from_the_version() {
        let version = "rustc 1.97.0-nightly (e50aa6fba 2026-05-19)\nhost: aarch64-apple-darwin\n";
        assert_eq!(host(version).unwrap(), "aarch64-apple-darwin");
        assert!(host("rustc 1.97.0-nightly").is_err());
    }

    #[test]
    fn standard_library_is_used_or_built_or_requested() {
        let folder = env::temp_dir().join(format!("windrow-xtask-nightly-{}", process::id()));
        let toolchain = Toolchain {
            host: "x86_64-gnu".to_owned(),
            known: vec!["x86_64-gnutsan".to_owned()],
            libraries: folder.clone(),
        };
        let address = Sanitizer { name: "asan", flag: "-Za", std_suffix: None };
        let thread = Sanitizer { name: "tsan", flag: "-Zt", std_suffix: Some("tsan") };
        let plan =
            |system: &str, flag, build_std| Plan { system: system.to_owned(), flag, build_std };
        let missing = |toolchain: &Toolchain| toolchain.plan(&thread).unwrap_err().to_string();

        assert_eq!(toolchain.plan(&address).unwrap(), plan("x86_64-gnu", "-Za", None));
        let get = "tsan needs an instrumented standard library; run: rustup";
        let target = format!("{get} target add x86_64-gnutsan --toolchain nightly");
        assert_eq!(missing(&toolchain), target);
        let sources = format!("{get} component add rust-src --toolchain nightly");
        assert_eq!(missing(&Toolchain { known: vec![], ..toolchain.clone() }), sources);

        fs::create_dir_all(folder.join("src/rust/library/std")).unwrap();
        let built = plan("x86_64-gnu", "-Zt", Some("-Zbuild-std"));
        assert_eq!(toolchain.plan(&thread).unwrap(), built);
        fs::create_dir_all(folder.join("x86_64-gnutsan/lib")).unwrap();
        assert_eq!(toolchain.plan(&thread).unwrap(), plan("x86_64-gnutsan", "", None));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn indirect_dependents_of_unsafe_code_are_found() {
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
