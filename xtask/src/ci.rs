//! `cargo xtask ci`: what a merge needs, cheapest first.

use std::env;

use anyhow::{Context as _, bail, ensure};
use xshell::{Shell, cmd};

use crate::flags::{Command, Flags};
use crate::step::{Job, Steps};
use crate::workspace::Workspace;
use crate::{doc, faults, loom, package, tidy};

pub(crate) const COMMAND: Command = Command {
    name: "ci",
    operands: "",
    operands_max: 0,
    passes_on: false,
    summary: "Runs what a merge needs: format, rules, lints, all tests, models, faults, doc",
    options: &[],
    examples: &["ci"],
    run,
};

/// Runs every step even after a failure.
///
/// What `build` compiles `test` reuses, so the time of the tests is their own.
fn run(sh: &Shell, _: &Flags) -> anyhow::Result<()> {
    let mut steps = Steps::new();
    steps.command(Job::new("fmt", cmd!(sh, "cargo fmt --all --check")).figure(|_| String::new()));
    steps.run("tidy", || tidy::step(sh));
    steps.run("msrv", || msrv(sh));
    steps.command(Job::new(
        "clippy",
        cmd!(sh, "cargo clippy --workspace --all-features --all-targets --locked -- -Dwarnings"),
    ));
    steps.command(Job::new(
        "build",
        cmd!(sh, "cargo build --workspace --all-features --all-targets --locked"),
    ));
    steps.command(
        // Tidy has had its step; as a test it would only bury the verdict when it fails.
        Job::new(
            "test",
            cmd!(
                sh,
                "cargo test --workspace --all-features --no-fail-fast --locked --
                    --skip tests::workspace_is_tidy"
            ),
        )
        .tests(),
    );
    steps.command(std_clock(sh)?);
    steps.command(serde_json_features(sh)?);
    for job in loom::jobs(sh, &[])? {
        steps.command(job);
    }
    steps.watch("faults", |doing| faults::step(sh, doing));
    steps.command(doc::job(sh));
    steps.command(package::job(sh, package::Depth::Made)?);
    steps.finish(COMMAND.name)
}

/// The clocks as they are elsewhere than on Linux.
///
/// A target folder of its own: changed flags would rebuild the usual one.
fn std_clock(sh: &Shell) -> anyhow::Result<Job<'_>> {
    let target = Workspace::read(sh)?.target.join("std_clock");
    let test = cmd!(sh, "cargo test --package core-time --lib --target-dir {target} clock::");
    Ok(Job::new("std_clock", test).env("RUSTFLAGS", "--cfg=std_clock").tests())
}

/// The tests of snapshots with features of `serde_json` that any crate of a build may switch on.
///
/// A workspace of its own, because features are switched on for all packages of a build.
fn serde_json_features(sh: &Shell) -> anyhow::Result<Job<'_>> {
    let target = Workspace::read(sh)?.target.join("serde_json");
    let manifest = "compat/serde_json/Cargo.toml";
    let test = cmd!(sh, "cargo test --manifest-path {manifest} --target-dir {target}");
    Ok(Job::new("serde_json", test).tests())
}

/// Checks that the promised Rust is the one everything here is compiled with.
fn msrv(sh: &Shell) -> anyhow::Result<String> {
    lock_is_committed(sh)?;
    let pin = pinned(&sh.read_file("rust-toolchain.toml")?)?;
    let rustc = cmd!(sh, "rustc --version").quiet().read()?;
    let used = rustc.split_whitespace().nth(1).context("rustc does not tell its version")?;
    let packages = Workspace::read(sh)?.packages;
    for package in &packages {
        let promised = package.rust_version.as_deref();
        let promised = promised.with_context(|| format!("{} has no rust-version", package.name))?;
        agree(promised, &pin, used).with_context(|| package.name.clone())?;
    }
    let promised = packages[0].rust_version.as_deref().unwrap_or_default();
    Ok(format!("rust-version {promised}, checked by {used}"))
}

/// Checks one promise against the pinned and the running toolchain.
///
/// One toolchain runs here, so a promise below the pin would be one nothing checks.
fn agree(promised: &str, pin: &str, used: &str) -> anyhow::Result<()> {
    let kept =
        pin.strip_prefix(promised).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    ensure!(kept, "rust-version is {promised}, but rust-toolchain.toml pins {pin}");
    ensure!(used == pin, "rust-toolchain.toml pins {pin}, but this is rustc {used}");
    Ok(())
}

fn pinned(toolchain: &str) -> anyhow::Result<String> {
    let channel = toolchain.lines().find_map(|line| line.trim().strip_prefix("channel"));
    let pin = channel.and_then(|rest| rest.split('"').nth(1));
    Ok(pin.context("rust-toolchain.toml has no channel")?.to_owned())
}

/// Checks on a CI machine that starting this runner has not had to change `Cargo.lock`.
fn lock_is_committed(sh: &Shell) -> anyhow::Result<()> {
    if env::var_os("CI").is_some() {
        let changed = cmd!(sh, "git status --porcelain Cargo.lock").quiet().ignore_stderr().read();
        if changed.is_ok_and(|lines| !lines.is_empty()) {
            bail!("Cargo.lock is not what the manifests need: run cargo check and commit it");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promise_pin_and_compiler_agree() {
        let cases = [
            ("1.95", "1.95.0", "1.95.0", ""),
            ("1.95.0", "1.95.0", "1.95.0", ""),
            ("1.9", "1.95.0", "1.95.0", "rust-version is 1.9, but rust-toolchain.toml pins 1.95.0"),
            (
                "1.96",
                "1.95.0",
                "1.95.0",
                "rust-version is 1.96, but rust-toolchain.toml pins 1.95.0",
            ),
            (
                "1.95",
                "1.95.0",
                "1.96.1",
                "rust-toolchain.toml pins 1.95.0, but this is rustc 1.96.1",
            ),
        ];
        for (promised, pin, used, message) in cases {
            let found =
                agree(promised, pin, used).map_or_else(|e| e.to_string(), |()| String::new());
            assert_eq!(found, message);
        }
    }

    #[test]
    fn pin_is_the_channel() {
        assert_eq!(pinned("[toolchain]\nchannel = \"1.95.0\"\n").unwrap(), "1.95.0");
        assert!(pinned("[toolchain]\n").is_err());
    }
}
