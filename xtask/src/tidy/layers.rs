//! Rules on edges between our packages: a crate uses only what is to its left.

use super::Finding;
use crate::workspace::{Package, Workspace};

/// The crates, each allowed to use those before it.
const LAYERS: [&str; 6] = ["core-time", "core-actions", "codec", "workload", "facade", "cli"];
/// The packages nothing may depend on.
const OUTSIDE: [&str; 2] = ["benches", "xtask"];

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace.packages.iter().flat_map(check_package).collect()
}

fn check_package(package: &Package) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut report = |rule: String, fix| {
        let file = format!("{}/Cargo.toml", package.folder);
        findings.push(Finding { file, line: 1, rule, fix });
    };
    let name = package.name.as_str();
    let layer = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    if layer(name).is_none() && !OUTSIDE.contains(&name) {
        report(format!("`{name}` has no layer"), "give it its place in `LAYERS` of xtask");
    }
    for edge in &package.dependencies {
        let used = edge.name.as_str();
        if OUTSIDE.contains(&used) {
            report(format!("`{name}` uses `{used}`"), "nothing may depend on it");
        } else if name == "xtask" && layer(used).is_some() {
            report(format!("xtask uses `{used}`"), "drive cargo from outside instead");
        } else if layer(name).is_some() && layer(used) >= layer(name) && !edge.dev {
            report(format!("`{name}` uses `{used}`"), "a crate uses only what is to its left");
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    fn found(name: &str, used: &str, dev: bool) -> Vec<String> {
        let package = Package {
            name: name.to_owned(),
            folder: format!("crates/{name}"),
            rust_version: None,
            dependencies: vec![Dependency { name: used.to_owned(), dev }],
        };
        check_package(&package).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn edges_point_to_the_left() {
        let cases = [("core-actions", "core-time"), ("cli", "facade"), ("cli", "serde")];
        for (name, used) in cases.into_iter().chain([("benches", "cli"), ("xtask", "anyhow")]) {
            assert!(found(name, used, false).is_empty(), "{name} uses {used}");
        }
        assert!(found("core-time", "codec", true).is_empty(), "tests may look to the right");
    }

    #[test]
    fn wrong_edges_are_found() {
        let left = "a crate uses only what is to its left";
        let cases = [
            ("core-time", "codec", false, format!("`core-time` uses `codec`, {left}")),
            ("codec", "codec", false, format!("`codec` uses `codec`, {left}")),
            ("cli", "benches", true, "`cli` uses `benches`, nothing may depend on it".to_owned()),
            ("xtask", "cli", true, "xtask uses `cli`, drive cargo from outside instead".to_owned()),
            (
                "new",
                "serde",
                false,
                "`new` has no layer, give it its place in `LAYERS` of xtask".to_owned(),
            ),
        ];
        for (name, used, dev, message) in cases {
            assert_eq!(found(name, used, dev), [format!("crates/{name}/Cargo.toml:1: {message}")]);
        }
    }
}
