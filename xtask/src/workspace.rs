//! The workspace as cargo and git describe it: packages, dependencies and files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use xshell::{Shell, cmd};

/// Returns the root of the workspace that this runner was compiled in.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the root")
}

/// The workspace as `cargo metadata` describes it.
#[derive(Deserialize)]
pub(crate) struct Workspace {
    /// The target folder; honours `CARGO_TARGET_DIR`.
    #[serde(rename = "target_directory")]
    pub(crate) target: PathBuf,
    /// The members, sorted by folder.
    pub(crate) packages: Vec<Package>,
}

/// A member of the workspace.
#[derive(Deserialize)]
pub(crate) struct Package {
    /// The name, equal to the name of the folder.
    pub(crate) name: String,
    manifest_path: PathBuf,
    /// The path from the root, with `/` on every system; empty for a package in the root.
    #[serde(skip)]
    pub(crate) folder: String,
    /// The direct dependencies.
    pub(crate) dependencies: Vec<Dependency>,
}

/// A dependency of a package.
#[derive(Deserialize)]
pub(crate) struct Dependency {
    /// The package that is used.
    pub(crate) name: String,
    /// What uses it: `dev` for tests, examples and benchmarks; absent for the package itself.
    pub(crate) kind: Option<String>,
}

impl Workspace {
    /// Runs `cargo metadata`, which compiles nothing and needs no network.
    pub(crate) fn read(sh: &Shell) -> anyhow::Result<Self> {
        let json = cmd!(sh, "cargo metadata --no-deps --format-version 1").quiet().read()?;
        let mut workspace: Self = serde_json::from_str(&json)?;
        for package in &mut workspace.packages {
            let folder =
                package.manifest_path.parent().and_then(|dir| dir.strip_prefix(root()).ok());
            let folder = folder.context("a member is outside the workspace")?;
            package.folder = folder.display().to_string().replace('\\', "/");
        }
        workspace.packages.sort_by(|a, b| a.folder.cmp(&b.folder));
        Ok(workspace)
    }

    /// Returns `names` if all of them are members, or all members of a kind if there are none.
    pub(crate) fn chosen(
        &self,
        names: &[String],
        kind: impl Fn(&Package) -> bool,
    ) -> anyhow::Result<Vec<String>> {
        let all: Vec<_> = self.packages.iter().map(|package| package.name.as_str()).collect();
        if let Some(name) = names.iter().find(|name| !all.contains(&name.as_str())) {
            bail!("unknown crate `{name}`; there are {}", all.join(", "));
        }
        let of_kind = self.packages.iter().filter(|one| names.is_empty() && kind(one));
        Ok(names.iter().cloned().chain(of_kind.map(|one| one.name.clone())).collect())
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Makes a package in a folder, with dependencies as pairs of a name and a kind.
    pub(crate) fn package(
        name: &str,
        folder: &str,
        dependencies: &[(&str, Option<&str>)],
    ) -> Package {
        let dependency = |(name, kind): &(&str, Option<&str>)| Dependency {
            name: (*name).to_owned(),
            kind: kind.map(str::to_owned),
        };
        let (name, folder) = (name.to_owned(), folder.to_owned());
        let dependencies = dependencies.iter().map(dependency).collect();
        Package { name, manifest_path: PathBuf::new(), folder, dependencies }
    }

    #[test]
    fn packages_and_dependencies_are_read() {
        let workspace = Workspace::read(&Shell::new().unwrap()).unwrap();
        let own = workspace.packages.iter().find(|package| package.name == "xtask").unwrap();
        assert_eq!((own.folder.as_str(), own.is_product()), ("xtask", false));
        assert!(own.uses("serde_json") && !own.uses("loom"));
        let all = workspace.chosen(&[], Package::is_product).unwrap();
        assert!(all.contains(&"codec".to_owned()) && !all.contains(&"xtask".to_owned()));
        assert_eq!(workspace.chosen(&["xtask".to_owned()], |_| true).unwrap(), ["xtask"]);
        let error = workspace.chosen(&["a".to_owned()], |_| true).unwrap_err().to_string();
        assert!(error.starts_with("unknown crate `a`; there are ") && error.contains(", codec"));
    }
}
