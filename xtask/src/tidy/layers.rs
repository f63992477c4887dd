//! Rules on dependencies between members: a crate depends only on lower layers.

use super::Finding;
use crate::workspace::{Package, Workspace};

/// The crates from the lowest layer to the highest.
const LAYERS: [&str; 14] = [
    "core-time",
    "core-actions",
    "codec",
    "exposition",
    "store",
    "adapter-metrics",
    "adapter-statsd",
    "workload",
    "facade",
    "adapter-tower",
    "adapter-tracing",
    "journal",
    "service",
    "cli",
];
/// The packages that no member may depend on.
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
        report(format!("`{name}` has no layer"), "add it to `LAYERS` in xtask");
    }
    for edge in &package.dependencies {
        let used = edge.name.as_str();
        if OUTSIDE.contains(&used) {
            report(format!("`{name}` uses `{used}`"), "remove the dependency");
        } else if name == "xtask" && layer(used).is_some() {
            report(format!("xtask uses `{used}`"), "run cargo instead");
        } else if layer(name).is_some()
            && layer(used) >= layer(name)
            && edge.kind.as_deref() != Some("dev")
        {
            report(format!("`{name}` uses `{used}`"), "use only lower layers");
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::package;

    fn found(name: &str, used: &str, dev: bool) -> Vec<String> {
        let uses = [(used, dev.then_some("dev"))];
        let package = package(name, &format!("crates/{name}"), &uses);
        check_package(&package).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn lower_layers_may_be_used() {
        let cases = [("core-actions", "core-time"), ("cli", "facade"), ("cli", "serde")];
        for (name, used) in cases.into_iter().chain([("benches", "cli"), ("xtask", "anyhow")]) {
            assert!(found(name, used, false).is_empty(), "{name} uses {used}");
        }
        assert!(found("core-time", "codec", true).is_empty(), "tests may use any layer");
    }

    #[test]
    fn wrong_dependencies_are_found() {
        let lower = "use only lower layers";
        let cases = [
            ("core-time", "codec", false, format!("`core-time` uses `codec`, {lower}")),
            ("codec", "codec", false, format!("`codec` uses `codec`, {lower}")),
            ("cli", "benches", true, "`cli` uses `benches`, remove the dependency".to_owned()),
            ("xtask", "cli", true, "xtask uses `cli`, run cargo instead".to_owned()),
            ("new", "serde", false, "`new` has no layer, add it to `LAYERS` in xtask".to_owned()),
        ];
        for (name, used, dev, message) in cases {
            assert_eq!(found(name, used, dev), [format!("crates/{name}/Cargo.toml:1: {message}")]);
        }
    }
}
