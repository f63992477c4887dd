//! Rules on manifests: fields inherited from the workspace, and fields and files of packages.

use super::{Finding, LICENCES, Source, Tree};
use crate::workspace::Workspace;

/// The inherited fields: section and key.
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
                findings.push(manifest.finding(0, rule, "inherit it from the workspace"));
            }
        }
        if folder.starts_with("crates/") {
            findings.extend(packaging(tree, folder, manifest));
        } else if value(&manifest.text, "package", "publish") != Some("false") {
            let rule = "package outside of crates/ can be published";
            findings.push(manifest.finding(0, rule, "set `publish = false`"));
        }
    }
    findings
}

/// The fields that a registry shows.
const DESCRIBED: [&str; 4] = ["description", "readme", "keywords", "categories"];

/// Checks the files and fields of a package.
fn packaging(tree: &Tree, folder: &str, manifest: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !tree.has(&format!("{folder}/README.md")) {
        findings.push(manifest.finding(0, "crate without README.md", "write it"));
    }
    for name in LICENCES {
        let text = |path: &str| tree.text(path).map(|source| source.text.as_str());
        let (own, root) = (text(&format!("{folder}/{name}")), text(name));
        if own.is_none() || own != root {
            let rule = format!("crate without the text of {name}");
            findings.push(manifest.finding(0, rule, "link it to the file in the root"));
        }
    }
    for key in DESCRIBED {
        if value(&manifest.text, "package", key).is_none() {
            let rule = format!("crate without `{key}`");
            findings.push(manifest.finding(0, rule, "add it"));
        }
    }
    if value(&manifest.text, "package", "publish").is_some() {
        // Cargo resolves dependencies of packages only among members that can be published.
        let rule = "crate with `publish`";
        findings.push(manifest.finding(0, rule, "remove it, so that dependents can be packaged"));
    }
    findings
}

/// Returns the value of a key in a section, as written.
fn value<'m>(manifest: &'m str, section: &str, key: &str) -> Option<&'m str> {
    let mut inside = false;
    manifest.lines().find_map(|line| {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if line.starts_with('[') {
            inside = line == format!("[{section}]");
        }
        let (name, value) = line.split_once('=').filter(|_| inside)?;
        let name = name.trim();
        (name == key || name.strip_suffix(".workspace") == Some(key)).then_some(value.trim())
    })
}

/// Returns whether a key of a section, or the section itself, is inherited.
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

    const WHOLE: &str = "[package]\nname = \"a\"\ndescription = \"A.\"\n\
        version.workspace = true\nedition = { workspace = true }\n\
        rust-version.workspace = true # Promised.\nlicense.workspace = true\n\
        readme = \"README.md\"\nkeywords = []\ncategories = []\n[lints]\nworkspace = true\n";

    const LICENSED: [(&str, &str); 4] = [
        ("LICENSE-APACHE", "apache"),
        ("LICENSE-MIT", "mit"),
        ("crates/a/LICENSE-APACHE", "apache"),
        ("crates/a/LICENSE-MIT", "mit"),
    ];

    fn found(folder: &str, files: &[(&str, &str)]) -> Vec<String> {
        let package = Package {
            name: "a".to_owned(),
            folder: folder.to_owned(),
            rust_version: None,
            dependencies: Vec::new(),
        };
        let workspace = Workspace { target: "target".into(), packages: vec![package] };
        check(&tree(files), &workspace).into_iter().map(|finding| finding.rule).collect()
    }

    fn of_crate(manifest: &str, more: &[(&str, &str)]) -> Vec<String> {
        found("crates/a", &[&[("crates/a/Cargo.toml", manifest)], more].concat())
    }

    #[test]
    fn members_inherit() {
        let whole = [&[("crates/a/README.md", "")], &LICENSED[..]].concat();
        assert_eq!(of_crate(WHOLE, &whole), [""; 0]);
        let own = WHOLE.replace("version.workspace = true\nedition", "version = \"1\"\nedition");
        let own = own.replace("[lints]\nworkspace = true", "[dependencies]\nworkspace = true");
        assert_eq!(
            of_crate(&own, &whole),
            ["`version` is not inherited", "`lints` is not inherited"]
        );
    }

    #[test]
    fn missing_files_and_fields_of_packages_are_found() {
        let bare = WHOLE.replace("keywords = []\n", "publish = false\n");
        let mut licensed = LICENSED;
        licensed[3].1 = "../../LICENSE-MIT";
        assert_eq!(
            of_crate(&bare, &licensed),
            [
                "crate without README.md",
                "crate without the text of LICENSE-MIT",
                "crate without `keywords`",
                "crate with `publish`"
            ]
        );
    }

    #[test]
    fn packages_outside_of_crates_are_not_published() {
        let of = |manifest: &str| found("xtask", &[("xtask/Cargo.toml", manifest)]);
        assert_eq!(of(WHOLE), ["package outside of crates/ can be published"]);
        assert_eq!(of(&WHOLE.replace("keywords = []", "publish = false # A comment.")), [""; 0]);
    }
}
