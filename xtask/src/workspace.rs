//! The workspace as cargo and git describe it: packages, dependencies and files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::Value;
use xshell::{Shell, cmd};

/// Returns the root of the workspace that this runner was compiled in.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the root")
}

/// The workspace as `cargo metadata` describes it.
pub(crate) struct Workspace {
    /// The target folder; honours `CARGO_TARGET_DIR`.
    pub(crate) target: PathBuf,
    /// The members, sorted by folder.
    pub(crate) packages: Vec<Package>,
}

/// A member of the workspace.
pub(crate) struct Package {
    /// The name, equal to the name of the folder.
    pub(crate) name: String,
    /// The path from the root, with `/` on every system; empty for a package in the root.
    pub(crate) folder: String,
    /// The minimum version of Rust.
    pub(crate) rust_version: Option<String>,
    /// The direct dependencies.
    pub(crate) dependencies: Vec<Dependency>,
}

/// A dependency of a package.
pub(crate) struct Dependency {
    /// The package that is used.
    pub(crate) name: String,
    /// Whether only tests, examples and benchmarks use it.
    pub(crate) dev: bool,
}

impl Workspace {
    /// Runs `cargo metadata`, which compiles nothing and needs no network.
    pub(crate) fn read(sh: &Shell) -> anyhow::Result<Self> {
        let json = cmd!(sh, "cargo metadata --no-deps --format-version 1").quiet().read()?;
        Self::from_json(&serde_json::from_str(&json)?)
    }

    /// Returns `names` if all of them are members, or all members of a kind if there are none.
    pub(crate) fn chosen(
        &self,
        names: &[String],
        kind: impl Fn(&Package) -> bool,
    ) -> anyhow::Result<Vec<String>> {
        let of = |packages: &mut dyn Iterator<Item = &Package>| -> Vec<String> {
            packages.map(|package| package.name.clone()).collect()
        };
        let all = of(&mut self.packages.iter());
        match names.iter().find(|name| !all.contains(name)) {
            Some(name) => bail!("unknown crate `{name}`; there are {}", all.join(", ")),
            None if names.is_empty() => Ok(of(&mut self.packages.iter().filter(|one| kind(one)))),
            None => Ok(names.to_vec()),
        }
    }

    fn from_json(metadata: &Value) -> anyhow::Result<Self> {
        let root = PathBuf::from(text(metadata, "workspace_root")?);
        let mut packages = list(metadata, "packages")
            .map(|package| Package::from_json(package, &root))
            .collect::<anyhow::Result<Vec<_>>>()?;
        packages.sort_by(|a, b| a.folder.cmp(&b.folder));
        Ok(Self { target: text(metadata, "target_directory")?.into(), packages })
    }
}

impl Package {
    /// Returns whether this is a crate of the product, not a tool.
    pub(crate) fn is_product(&self) -> bool {
        self.folder.starts_with("crates/")
    }

    /// Returns whether this package depends on another, in any way.
    pub(crate) fn uses(&self, name: &str) -> bool {
        self.dependencies.iter().any(|edge| edge.name == name)
    }

    fn from_json(package: &Value, root: &Path) -> anyhow::Result<Self> {
        let manifest = PathBuf::from(text(package, "manifest_path")?);
        let folder = manifest.parent().and_then(|dir| dir.strip_prefix(root).ok());
        let folder = folder.context("a member is outside the workspace")?;
        let dependencies = list(package, "dependencies")
            .map(|edge| Ok(Dependency { name: text(edge, "name")?, dev: edge["kind"] == "dev" }))
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Self {
            name: text(package, "name")?,
            folder: folder.display().to_string().replace('\\', "/"),
            rust_version: package["rust_version"].as_str().map(str::to_owned),
            dependencies,
        })
    }
}

/// Lists the files that git tracks or would add; all files without git.
pub(crate) fn files(sh: &Shell) -> anyhow::Result<BTreeSet<String>> {
    let git = cmd!(sh, "git ls-files --cached --others --exclude-standard -z");
    let names = git.quiet().ignore_stderr().read().unwrap_or_default();
    if !names.is_empty() {
        let existing = names.split('\0').filter(|name| root().join(name).is_file()); // Not deleted.
        return Ok(existing.map(str::to_owned).collect());
    }
    let hidden = |folder: &Path| folder.ends_with("target") || folder.ends_with(".git");
    let files = walk(root(), hidden)?;
    let relative = files.iter().filter_map(|file| file.strip_prefix(root()).ok());
    Ok(relative.map(|file| file.display().to_string().replace('\\', "/")).collect())
}

/// Lists all files below a folder, sorted, without the folders that `skip` selects.
pub(crate) fn walk(folder: &Path, skip: fn(&Path) -> bool) -> anyhow::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in entries {
            let path = entry?.path();
            if !path.is_dir() {
                files.push(path);
            } else if !skip(&path) {
                folders.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn text(value: &Value, key: &str) -> anyhow::Result<String> {
    Ok(value[key].as_str().with_context(|| format!("cargo metadata has no `{key}`"))?.to_owned())
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_and_dependencies_are_parsed() {
        let metadata = serde_json::json!({
            "workspace_root": "/w", "target_directory": "/t",
            "packages": [{
                "name": "codec", "manifest_path": "/w/crates/codec/Cargo.toml",
                "rust_version": "1.95",
                "dependencies": [{"name": "core-actions", "kind": null},
                                 {"name": "proptest", "kind": "dev"}],
            }],
        });
        let workspace = Workspace::from_json(&metadata).unwrap();
        let codec = &workspace.packages[0];
        assert_eq!((codec.name.as_str(), codec.folder.as_str()), ("codec", "crates/codec"));
        assert_eq!(codec.rust_version.as_deref(), Some("1.95"));
        assert_eq!(
            codec.dependencies.iter().map(|edge| edge.dev).collect::<Vec<_>>(),
            [false, true]
        );
    }
}
