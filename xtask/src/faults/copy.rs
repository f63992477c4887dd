//! The copy of the sources that faults are planted in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::workspace::{self, walk};

/// What a build does not need, and is larger than all the rest.
const LEFT_OUT: [&str; 1] = ["benches/record/"];

/// A folder with the files of the workspace.
pub(super) struct Copy {
    root: PathBuf,
}

impl Copy {
    /// Makes a folder hold these files and no others; tells how many had to be written.
    ///
    /// A file that is the same stays untouched, because cargo goes by when it was written.
    pub(super) fn of(files: &BTreeSet<String>, root: PathBuf) -> anyhow::Result<(Self, usize)> {
        let copy = Self { root };
        let wanted = |file: &&String| !LEFT_OUT.iter().any(|out| file.starts_with(out));
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
            written += usize::from(copy.fill(path, &fs::read(workspace::root().join(path))?)?);
        }
        Ok((copy, written))
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn read(&self, path: &str) -> anyhow::Result<String> {
        fs::read_to_string(self.root.join(path)).with_context(|| path.to_owned())
    }

    /// Writes files, and tells what was in them.
    pub(super) fn change(
        &self,
        files: BTreeMap<String, String>,
    ) -> anyhow::Result<BTreeMap<String, String>> {
        let mut before = BTreeMap::new();
        for (path, text) in files {
            before.insert(path.clone(), self.read(&path)?);
            self.fill(Path::new(&path), text.as_bytes())?;
        }
        Ok(before)
    }

    fn fill(&self, path: &Path, text: &[u8]) -> anyhow::Result<bool> {
        let file = self.root.join(path);
        if fs::read(&file).is_ok_and(|found| found == text) {
            return Ok(false);
        }
        fs::create_dir_all(file.parent().context("a file lies in a folder")?)?;
        fs::write(&file, text).with_context(|| file.display().to_string())?;
        Ok(true)
    }
}
