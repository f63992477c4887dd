//! The copy of the sources to which mutants are applied.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::workspace::{self, walk};

/// Large files that a build does not need.
const EXCLUDED: [&str; 1] = ["benches/record/"];

/// A folder with the files of the workspace.
pub(super) struct SourceCopy {
    root: PathBuf,
}

impl SourceCopy {
    /// Makes `root` contain exactly these files; returns the number of files written.
    ///
    /// An equal file is not written, because cargo compares times of modification.
    pub(super) fn of(files: &BTreeSet<String>, root: PathBuf) -> anyhow::Result<(Self, usize)> {
        let copy = Self { root };
        let wanted = |file: &&String| !EXCLUDED.iter().any(|folder| file.starts_with(folder));
        let wanted: BTreeSet<_> =
            files.iter().filter(wanted).map(|file| copy.root.join(file)).collect();
        fs::create_dir_all(&copy.root)?;
        for file in walk(&copy.root, |_| false)? {
            if !wanted.contains(&file) {
                fs::remove_file(file)?;
            }
        }
        let mut written = 0;
        for file in &wanted {
            let path = file.strip_prefix(&copy.root)?;
            let text = fs::read(workspace::root().join(path))?;
            written += usize::from(copy.write_changed(path, &text)?);
        }
        Ok((copy, written))
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn read(&self, path: &str) -> anyhow::Result<String> {
        fs::read_to_string(self.root.join(path)).with_context(|| path.to_owned())
    }

    /// Replaces the text of files; returns the previous texts.
    pub(super) fn replace(
        &self,
        files: BTreeMap<String, String>,
    ) -> anyhow::Result<BTreeMap<String, String>> {
        let mut before = BTreeMap::new();
        for (path, text) in files {
            before.insert(path.clone(), self.read(&path)?);
            self.write_changed(Path::new(&path), text.as_bytes())?;
        }
        Ok(before)
    }

    /// Writes a file if its text differs; returns whether it was written.
    fn write_changed(&self, path: &Path, text: &[u8]) -> anyhow::Result<bool> {
        let file = self.root.join(path);
        if fs::read(&file).is_ok_and(|found| found == text) {
            return Ok(false);
        }
        fs::create_dir_all(file.parent().context("the path has no folder")?)?;
        fs::write(&file, text).with_context(|| file.display().to_string())?;
        Ok(true)
    }
}
