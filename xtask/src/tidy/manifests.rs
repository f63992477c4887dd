//! Rules on members: each inherits the shared fields and lints, and each crate has a README.

use super::{Finding, Tree};
use crate::workspace::Workspace;

/// What the root owns: section and key.
const INHERITED: [(&str, &str); 5] = [
    ("package", "version"),
    ("package", "edition"),
    ("package", "rust-version"),
    ("package", "license"),
    ("lints", ""),
];

pub(super) fn check(tree: &Tree, workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let folder = &package.folder;
        let Some(manifest) = tree.text(&format!("{folder}/Cargo.toml")) else { continue };
        for (section, key) in INHERITED {
            if !inherits(&manifest.text, section, key) {
                let what = if key.is_empty() { section } else { key };
                let rule = format!("`{what}` is not inherited");
                findings.push(manifest.finding(0, rule, "take it from the workspace"));
            }
        }
        if folder.starts_with("crates/") && !tree.has(&format!("{folder}/README.md")) {
            findings.push(manifest.finding(0, "crate without README.md", "write one"));
        }
    }
    findings
}

/// Tells whether a key of a section, or the section itself, is taken from the workspace.
fn inherits(manifest: &str, section: &str, key: &str) -> bool {
    let dotted =
        if key.is_empty() { String::from("workspace") } else { format!("{key}.workspace") };
    let mut inside = false;
    manifest.lines().map(|line| line.split('#').next().unwrap_or_default().trim()).any(|line| {
        if line.starts_with('[') {
            inside = line == format!("[{section}]");
        }
        let Some((name, value)) = line.split_once('=') else { return false };
        let (name, value) = (name.trim(), value.trim());
        let table = value.replace(' ', "") == "{workspace=true}";
        inside && ((name == dotted && value == "true") || (name == key && table))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::tree;
    use super::*;
    use crate::workspace::Package;

    const WHOLE: &str = "[package]\nname = \"a\"\nversion.workspace = true\n\
        edition = { workspace = true }\nrust-version.workspace = true # Promised.\n\
        license.workspace = true\n[lints]\nworkspace = true\n";

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let package = Package {
            name: "a".to_owned(),
            folder: "crates/a".to_owned(),
            rust_version: None,
            dependencies: Vec::new(),
        };
        let workspace = Workspace { target: "target".into(), packages: vec![package] };
        check(&tree(files), &workspace).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn members_inherit() {
        assert!(found(&[("crates/a/Cargo.toml", WHOLE), ("crates/a/README.md", "")]).is_empty());
    }

    #[test]
    fn own_values_and_missing_readme_are_found() {
        let own =
            WHOLE.replace("version.workspace = true\nedition", "version = \"1.0.0\"\nedition");
        let own = own.replace("[lints]\nworkspace = true", "[dependencies]\nworkspace = true");
        let expected =
            ["`version` is not inherited", "`lints` is not inherited", "crate without README.md"];
        assert_eq!(found(&[("crates/a/Cargo.toml", &own)]), expected);
    }
}
