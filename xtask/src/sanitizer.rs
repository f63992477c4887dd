//! `cargo xtask asan` and `cargo xtask tsan`: run the tests under a sanitizer.
//!
//! A sanitizer checks the accesses of code that is compiled for it, while the code runs. The
//! address sanitizer detects errors of `unsafe` code: use after free, access out of bounds, leaks.
//! The thread sanitizer detects data races: two unordered accesses to the same memory, at least one
//! of them a write and at least one of them not atomic.
//!
//! Threads are mostly ordered by the standard library, so for the thread sanitizer it must be
//! instrumented too: Rust provides that for 64-bit Linux, elsewhere it is built from source.
//! Without that, the tests of `core-time` raise two
//! hundred false alarms, at locks, channels and ends of threads. The sanitizer ignores `fence`, so
//! plain memory that only a fence orders would be a false alarm. Where the crates use fences, all
//! that they order is atomic, and the models of `cargo xtask loom` check it.

use std::path::Path;

use anyhow::{Context as _, ensure};
use xshell::{Shell, cmd};

use crate::step::{Job, Steps};
use crate::workspace::{Package, Workspace};

/// The nightly toolchain, by its name in rustup.
pub(crate) const NIGHTLY: &str = "nightly";

#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask asan
  cargo xtask asan core-time -- per_thread
  cargo xtask tsan core-time -- threads")]
pub(crate) struct Args {
    /// Test only these crates
    #[arg(value_name = "CRATE")]
    packages: Vec<String>,
    /// Pass these arguments to the tests
    #[arg(last = true)]
    args: Vec<String>,
}

/// A sanitizer and its requirements.
pub(crate) struct Sanitizer {
    /// The name of the command and of its target folder.
    name: &'static str,
    /// The flag of the compiler.
    flag: &'static str,
    /// The suffix of targets with an instrumented standard library, if one is required.
    std_suffix: Option<&'static str>,
}

pub(crate) const ADDRESS: Sanitizer =
    Sanitizer { name: "asan", flag: "-Zsanitizer=address", std_suffix: None };
pub(crate) const THREAD: Sanitizer =
    Sanitizer { name: "tsan", flag: "-Zsanitizer=thread", std_suffix: Some("tsan") };

impl Args {
    /// Runs the tests without doctests: they are compiled one by one and cover nothing more.
    pub(crate) fn run(self, sh: &Shell, sanitizer: &Sanitizer) -> anyhow::Result<()> {
        let workspace = Workspace::read(sh)?;
        let names = workspace.chosen(&self.packages, Package::is_product)?;
        let Plan { system, flag, build_std } = sanitizer.plan(sh)?;
        let target = workspace.target.join(sanitizer.name);
        let (toolchain, args) = (format!("+{NIGHTLY}"), &self.args);
        let mut steps = Steps::new();
        for name in names {
            let command = cmd!(
                sh,
                "cargo {toolchain} test --profile sanitizer --target {system} {build_std...}
                 --target-dir {target} --package {name} --all-features --tests --no-fail-fast
                 -- {args...}"
            );
            steps.command(Job::tests(&name, command).env("RUSTFLAGS", flag));
        }
        steps.finish(sanitizer.name)
    }
}

/// The options that compile for a sanitizer.
struct Plan {
    system: String,
    flag: &'static str,
    build_std: Option<&'static str>,
}

impl Sanitizer {
    /// Looks for what the sanitizer needs; the error says how to get what is missing.
    fn plan(&self, sh: &Shell) -> anyhow::Result<Plan> {
        let toolchain = format!("+{NIGHTLY}");
        let version = cmd!(sh, "rustc {toolchain} --version --verbose").quiet().ignore_stderr();
        let version = version.read().ok().with_context(|| {
            format!(
                "no nightly compiler; run: rustup toolchain install {NIGHTLY} --profile minimal"
            )
        })?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.context("`rustc --version --verbose` prints no host")?;
        let (system, flag) = (host.to_owned(), self.flag);
        let Some(suffix) = self.std_suffix else {
            return Ok(Plan { system, flag, build_std: None });
        };
        let sysroot = cmd!(sh, "rustc {toolchain} --print sysroot").quiet().read()?;
        let libraries = Path::new(&sysroot).join("lib/rustlib");
        let instrumented = format!("{host}{suffix}");
        if libraries.join(&instrumented).join("lib").is_dir() {
            // This target implies the flag.
            return Ok(Plan { system: instrumented, flag: "", build_std: None });
        }
        ensure!(
            libraries.join("src/rust/library/std").is_dir(),
            "{} needs an instrumented standard library; on 64-bit Linux, run:\n  \
             rustup target add {instrumented} --toolchain {NIGHTLY}\n\
             elsewhere it is built from source; run:\n  \
             rustup component add rust-src --toolchain {NIGHTLY}",
            self.name
        );
        Ok(Plan { system, flag, build_std: Some("-Zbuild-std") })
    }
}
