//! Rules on manifests: fields inherited from the workspace, and fields and files of packages.

use toml::{Table, Value};

use super::{Finding, LICENCES, Tree};
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
        let Ok(fields) = toml::from_str::<Table>(&manifest.text) else { continue };
        let field = |key: &str| fields.get("package").and_then(|package| package.get(key));
        let mut report = |rule: String, fix| findings.push(manifest.finding(0, rule, fix));
        for (section, key) in INHERITED {
            let found = if key.is_empty() { fields.get(section) } else { field(key) };
            if found.and_then(|found| found.get("workspace")) != Some(&Value::Boolean(true)) {
                let what = if key.is_empty() { section } else { key };
                report(format!("`{what}` is not inherited"), "inherit it from the workspace");
            }
        }
        if !package.is_product() {
            if field("publish") != Some(&Value::Boolean(false)) {
                let rule = "package outside of crates/ can be published".to_owned();
                report(rule, "set `publish = false`");
            }
            continue;
        }
        if !tree.has(&format!("{folder}/README.md")) {
            report("crate without README.md".to_owned(), "write it");
        }
        for name in LICENCES {
            let text = |path: &str| tree.text(path).map(|source| source.text.as_str());
            let (own, root) = (text(&format!("{folder}/{name}")), text(name));
            if own.is_none() || own != root {
                report(format!("crate without the text of {name}"), "link it to that in the root");
            }
        }
        for key in DESCRIBED.into_iter().filter(|key| field(key).is_none()) {
            report(format!("crate without `{key}`"), "add it");
        }
        if field("publish").is_some() {
            // Cargo resolves dependencies of packages only among members that can be published.
            let fix = "remove it, so that dependents can be packaged";
            report("crate with `publish`".to_owned(), fix);
        }
    }
    findings
}

/// The fields that a registry shows.
const DESCRIBED: [&str; 4] = ["description", "readme", "keywords", "categories"];

#[cfg(test)]
mod tests {
    use super::super::tests::tree;
    use super::*;
    use crate::workspace::tests::package;

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
        let workspace =
            Workspace { target: "target".into(), packages: vec![package("a", folder, &[])] };
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
