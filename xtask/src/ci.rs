//! `cargo xtask ci`: runs the checks of a change or of a merge, the fastest first.

use std::env;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::step::{Job, Steps};
use crate::workspace::Workspace;
use crate::{doc, interface, loom, mutants, package, tidy};

/// Run the checks of a change, or all that a merge requires
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask ci
  cargo xtask ci --long")]
pub(crate) struct Args {
    /// Also test `benches` and all of a bare `codec`, plant the faults of all files, simulate
    /// `compare`, fill a recorder, kill writers of a journal, and fail a Redis server (minutes)
    #[arg(long)]
    long: bool,
}

impl Args {
    /// Runs every step, even after a failure.
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let mut steps = Steps::new();
        steps.command(
            Job::new("fmt", cmd!(sh, "cargo fmt --all --check")).figure(|_| String::new()),
        );
        steps.run("tidy", || tidy::step(sh));
        steps.run("msrv", || msrv(sh));
        steps.command(Job::new(
            "clippy",
            cmd!(
                sh,
                "cargo clippy --workspace --all-features --all-targets --locked -- -Dwarnings"
            ),
        ));
        let options = self.options();
        steps.command(Job::new("build", cmd!(sh, "cargo build --all-targets {options...}")));
        // Either list alone often leaves processors idle: its steps run one program after another.
        let other = sh.clone();
        let long = self.long;
        steps.both(|steps| self.tests(sh, steps), move |steps| faults(&other, steps, long));
        steps.finish("ci")
    }

    /// Runs the tests of all crates, and what else builds in the usual target folder.
    ///
    /// `test` reuses what `build` compiles, so its time is that of the tests alone.
    fn tests(&self, sh: &Shell, steps: &mut Steps) {
        let options = self.options();
        steps.command(
            // Tidy has its own step; as a failed test it would hide the other results.
            Job::tests(
                "test",
                cmd!(
                    sh,
                    "cargo test --no-fail-fast {options...} -- --skip tests::workspace_is_tidy"
                ),
            ),
        );
        steps.try_command("std_clock", std_clock(sh));
        for job in self.bare(sh) {
            steps.command(job);
        }
        steps.command(doc::job(sh));
        if self.long {
            steps.command(simulation(sh));
            steps.command(unread_records(sh));
            steps.command(killed_journal(sh));
            steps.command(killed_server(sh));
            steps.command(store_faults(sh));
        }
        steps.run("interface", || interface::step(sh));
        steps.try_command("package", package::job(sh, package::Depth::Create));
    }

    /// Returns the options that select what is built and tested.
    ///
    /// A quarter of all dependencies is only of `benches`, which clippy checks without a build.
    fn options(&self) -> Vec<&'static str> {
        let without = if self.long { &[][..] } else { &["--exclude", "benches"] };
        ["--workspace", "--all-features", "--locked"].iter().chain(without).copied().collect()
    }

    /// Tests the crates with default features without these, each alone.
    ///
    /// The tests of the codec have rows of a tracker, which it does not need itself: hence its
    /// build. Its integration tests take longest, and are nearly those with all features.
    fn bare<'sh>(&self, sh: &'sh Shell) -> Vec<Job<'sh>> {
        let options = ["--no-default-features", "--locked"];
        let build = cmd!(sh, "cargo build --package codec {options...}");
        let test = |(name, some): (&str, &[&str])| {
            let test = cmd!(sh, "cargo test --package {name} {options...} {some...}");
            Job::tests(&format!("bare_{name}"), test)
        };
        let of_codec: &[&[&str]] = if self.long { &[&[]] } else { &[&["--lib"], &["--doc"]] };
        let of_core = ["core-time", "core-actions"].map(|name| (name, &[][..]));
        let tests = of_core.into_iter().chain(of_codec.iter().map(|some| ("codec", *some)));
        [Job::new("bare_build", build)].into_iter().chain(tests.map(test)).collect()
    }
}

/// Runs models in all interleavings, tests of snapshots with other features, and planted faults.
fn faults(sh: &Shell, steps: &mut Steps, long: bool) {
    match loom::jobs(sh, &[]) {
        Ok(jobs) => jobs.into_iter().for_each(|job| _ = steps.command(job)),
        Err(error) => _ = steps.run("loom", || Err(error)),
    }
    steps.try_command("serde_json", serde_json_features(sh));
    steps.run("mutants", || mutants::step(sh, long));
}

/// Tests the clocks that are used on systems other than Linux.
///
/// The flag is for core-time alone, hence `cargo rustc`: with `RUSTFLAGS`, cargo would build the
/// dependencies once more. The harness is run by its path.
fn std_clock(sh: &Shell) -> anyhow::Result<Job<'_>> {
    let build = cmd!(
        sh,
        "cargo rustc --package core-time --lib --profile test --locked
            --message-format json-render-diagnostics -- --cfg=std_clock"
    );
    let messages = build.quiet().ignore_stderr().read().unwrap_or_default();
    let harness = messages.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(str::to_owned)
    });
    let harness = harness.context("core-time does not compile with --cfg=std_clock")?;
    Ok(Job::tests("std_clock", cmd!(sh, "{harness} clock::")))
}

/// Tests snapshots with features of `serde_json` that another crate of a build may enable.
///
/// A separate workspace, because features apply to all packages of a build.
fn serde_json_features(sh: &Shell) -> anyhow::Result<Job<'_>> {
    let target = Workspace::read(sh)?.target.join("serde_json");
    let manifest = "compat/serde_json/Cargo.toml";
    let test = cmd!(sh, "cargo test --manifest-path {manifest} --target-dir {target}");
    Ok(Job::tests("serde_json", test))
}

/// Measures the method of `compare` on many random samples, optimised.
fn simulation(sh: &Shell) -> Job<'_> {
    let test =
        cmd!(sh, "cargo test --profile model --package cli --bin windrow --locked -- simulation");
    Job::tests("simulation", test).env("WINDROW_LONG_TESTS", "1")
}

/// Measures memory after ten million records for `metrics` and a million spans, optimised.
fn unread_records(sh: &Shell) -> Job<'_> {
    let test = cmd!(
        sh,
        "cargo test --profile model --package adapter-metrics --package adapter-tracing
            --test memory --locked"
    );
    Job::tests("unread_records", test).env("WINDROW_LONG_TESTS", "1")
}

/// Kills a process that writes a journal at 200 random points.
fn killed_journal(sh: &Shell) -> Job<'_> {
    let test = cmd!(sh, "cargo test --profile model --package journal --test killed --locked");
    Job::tests("killed_journal", test).env("WINDROW_LONG_TESTS", "1")
}

/// Kills `windrow serve` at 200 random points, with the options of the tests that were built.
fn killed_server(sh: &Shell) -> Job<'_> {
    let test = cmd!(
        sh,
        "cargo test --workspace --all-features --locked --test serve -- kept::nothing_answered"
    );
    Job::tests("killed_server", test).env("WINDROW_LONG_TESTS", "1")
}

/// Runs long histories of writers on a server that fails, optimised.
fn store_faults(sh: &Shell) -> Job<'_> {
    let test = cmd!(
        sh,
        "cargo test --profile model --package store --test redis --locked -- all_records_are_found"
    );
    Job::tests("store_faults", test).env("WINDROW_LONG_TESTS", "1")
}

/// Checks that the `rust-version` that members inherit is the version of the toolchain in use.
///
/// Only one toolchain runs here, so nothing would check a lower one.
fn msrv(sh: &Shell) -> anyhow::Result<String> {
    lock_is_committed(sh)?;
    let rustc = cmd!(sh, "rustc --version").quiet().read()?;
    agree(&sh.read_file("Cargo.toml")?, &sh.read_file("rust-toolchain.toml")?, &rustc)
}

fn agree(manifest: &str, toolchain: &str, rustc: &str) -> anyhow::Result<String> {
    let [manifest, toolchain] = [manifest, toolchain].map(toml::from_str::<toml::Value>);
    let (manifest, toolchain) = (manifest?, toolchain?);
    let declared = manifest["workspace"]["package"]["rust-version"].as_str().unwrap_or_default();
    let pin = toolchain["toolchain"]["channel"].as_str().unwrap_or_default();
    let used = rustc.split_whitespace().nth(1).unwrap_or_default();
    let is_kept = pin == declared || pin.starts_with(&format!("{declared}."));
    ensure!(
        is_kept,
        "rust-version {declared} differs from {pin} in rust-toolchain.toml; align them"
    );
    ensure!(used == pin, "rustc is {used}, but rust-toolchain.toml pins {pin}; use rustup");
    Ok(format!("rust-version {declared}, checked by {used}"))
}

/// Checks on a CI machine that building this runner did not change `Cargo.lock`.
fn lock_is_committed(sh: &Shell) -> anyhow::Result<()> {
    if env::var_os("CI").is_some() {
        let changed = cmd!(sh, "git status --porcelain Cargo.lock").quiet().ignore_stderr().read();
        if changed.is_ok_and(|lines| !lines.is_empty()) {
            bail!("Cargo.lock does not match the manifests; run `cargo check` and commit it");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_version_pin_and_compiler_must_agree() {
        let pinned = "differs from 1.95.0 in rust-toolchain.toml; align them";
        for (declared, used, message) in [
            ("1.95", "1.95.0", "rust-version 1.95, checked by 1.95.0".to_owned()),
            ("1.95.0", "1.95.0", "rust-version 1.95.0, checked by 1.95.0".to_owned()),
            ("1.9", "1.95.0", format!("rust-version 1.9 {pinned}")),
            ("1.96", "1.95.0", format!("rust-version 1.96 {pinned}")),
            (
                "1.95",
                "1.96.1",
                "rustc is 1.96.1, but rust-toolchain.toml pins 1.95.0; use rustup".to_owned(),
            ),
        ] {
            let manifest = format!("[workspace.package]\nrust-version = \"{declared}\"\n");
            let toolchain = "[toolchain]\nchannel = \"1.95.0\"\n";
            let found = agree(&manifest, toolchain, &format!("rustc {used} (a 2026-01-01)"));
            assert_eq!(found.unwrap_or_else(|error| error.to_string()), message);
        }
    }
}
