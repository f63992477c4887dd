//! Rules on what a crate compiles without its default features, down to the last dependency.
//!
//! A user of `codec` alone compiles no map of a tracker and no clock. A feature that is on by
//! default in a crate below brings them back without a change in the manifest of `codec`, so the
//! whole tree is compared.

use std::collections::BTreeSet;

use xshell::{Shell, cmd};

use super::Finding;

/// Crates, and all crates that each compiles without default features, macros aside.
const TREES: [(&str, &[&str]); 3] = [
    ("core-time", &[]),
    ("core-actions", &["core-time", "thiserror"]),
    (
        "codec",
        &[
            "core-actions",
            "core-time",
            "fast-float2",
            "memchr",
            "simdutf8",
            "smallvec",
            "thiserror",
        ],
    ),
];

/// The target with the most dependencies. Its standard library need not be installed.
const TARGET: &str = "x86_64-unknown-linux-gnu";

pub(super) fn check(sh: &Shell) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (name, expected) in TREES {
        let tree = cmd!(
            sh,
            "cargo tree --package {name} --no-default-features --edges normal,no-proc-macro
                --target {TARGET} --prefix none --locked"
        );
        findings.extend(compare(name, expected, &tree.quiet().read()?));
    }
    Ok(findings)
}

/// Compares the output of `cargo tree`, `name v1.2.3 ...` in each line, with the expected crates.
fn compare(name: &str, expected: &[&str], tree: &str) -> Vec<Finding> {
    let first_word = |line| str::split_whitespace(line).next();
    let found: BTreeSet<&str> = tree.lines().filter_map(first_word).collect();
    let known: BTreeSet<&str> = expected.iter().copied().chain([name]).collect();
    let finding =
        |rule, fix| Finding { file: format!("crates/{name}/Cargo.toml"), line: 1, rule, fix };
    let more = found.difference(&known).map(|used| {
        finding(
            format!("`{name}` without default features uses `{used}`"),
            "make it optional, or add it to `TREES` in xtask",
        )
    });
    let fewer = known.difference(&found).map(|used| {
        finding(
            format!("`{name}` without default features does not use `{used}`"),
            "remove it from `TREES` in xtask",
        )
    });
    more.chain(fewer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(tree: &str) -> Vec<String> {
        compare("codec", &["memchr"], tree).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn every_difference_of_a_tree_is_found() {
        let same = "codec v0.1.0 (/w/crates/codec)\nmemchr v2.8.3\nmemchr v2.8.3 (*)\n";
        assert_eq!(found(same), [""; 0]);
        assert_eq!(
            found("codec v0.1.0 (/w/crates/codec)\ndashmap v6.2.1\n"),
            [
                "crates/codec/Cargo.toml:1: `codec` without default features uses `dashmap`, \
                 make it optional, or add it to `TREES` in xtask",
                "crates/codec/Cargo.toml:1: `codec` without default features does not use \
                 `memchr`, remove it from `TREES` in xtask"
            ]
        );
    }
}
