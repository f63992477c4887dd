//! Atomic replacement of a file.
//!
//! Output goes to a temporary file in the same directory, which is renamed when it is complete. A
//! reader sees the old file or the new one, and a full disk or a signal leaves the old one. The
//! target of a symbolic link is replaced, so the link stays a link. Permissions are kept, and the
//! owner if the system allows that; other hard links keep the old content.
//!
//! The file is synchronised before it is renamed. Without that, a power failure may leave an
//! empty file in place of the old one, and some systems report a full disk only then.

use std::fs::{self, File, Metadata};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};
use thiserror::Error;

use crate::failure::Ended;
use crate::signals::SignalHold;
use crate::stdio::{LINKS_MAX, directory};

/// A file to replace or create, in its state before that.
#[derive(Debug)]
pub(super) struct Target {
    /// The path with symbolic links resolved.
    path: PathBuf,
    /// The existing file, open for writing and unchanged.
    pub(super) old: Option<File>,
    /// The reason why the directory accepts no new file. The existing file is then overwritten.
    obstacle: Option<io::Error>,
}

impl Target {
    /// Checks that a new file can be created.
    pub(super) fn of_new(path: &Path) -> io::Result<Self> {
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.file_name().is_none() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let path = resolve(path)?;
        tempfile::tempfile_in(directory(&path))?;
        Ok(Self { path, old: None, obstacle: None })
    }

    /// Checks whether an existing file can be replaced.
    pub(super) fn of_old(path: &Path, old: File) -> io::Result<Self> {
        let path = resolve(path)?;
        let obstacle = tempfile::tempfile_in(directory(&path)).err();
        Ok(Self { path, old: Some(old), obstacle })
    }

    /// Returns the directory and the name, which identify a target without a file.
    pub(super) fn location(&self) -> Option<(PathBuf, &std::ffi::OsStr)> {
        Some((fs::canonicalize(directory(&self.path)).ok()?, self.path.file_name()?))
    }
}

/// Follows symbolic links, also to a missing file.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        let Ok(to) = fs::read_link(&path) else { return Ok(path) };
        path = directory(&path).join(to);
    }
    Err(io::Error::other("more symbolic links than are followed"))
}

/// The new content of a file until it is complete.
#[derive(Debug)]
pub(super) struct Draft {
    temporary: NamedTempFile,
    target: Target,
    /// Dropped last, after the temporary file.
    ending: SignalHold,
}

impl Draft {
    /// Creates an empty temporary file.
    pub(super) fn new(target: Target) -> io::Result<Self> {
        let ending = SignalHold::install()?;
        let mut builder = Builder::new();
        builder.prefix(".windrow-").suffix(".tmp");
        #[cfg(unix)]
        if target.old.is_none() {
            use std::os::unix::fs::PermissionsExt;
            // As for any new file: the system applies the user's mask.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let temporary = match target.obstacle {
            None => builder.tempfile_in(directory(&target.path)),
            Some(_) => builder.tempfile(),
        };
        Ok(Self { temporary: temporary?, target, ending })
    }

    /// Renames the complete file to its target.
    ///
    /// Returns the reason if the old file was overwritten instead of replaced.
    ///
    /// # Errors
    ///
    /// [`Ended`] if a signal arrived before, or the error of the system. The old file is unchanged,
    /// unless the error is [`Incomplete`].
    pub(super) fn commit(self) -> io::Result<Option<io::Error>> {
        // Dropped in reverse order: signals are held back until the temporary file is removed.
        let Self { ending, temporary, target } = self;
        check(&ending, &target)?;
        synchronise(temporary.as_file())?;
        let Some(old) = target.old else {
            temporary.persist(&target.path)?;
            return Ok(None);
        };
        if let Some(obstacle) = target.obstacle {
            overwrite(temporary.into_file(), old)?;
            return Ok(Some(obstacle));
        }
        keep_metadata(temporary.as_file(), &old.metadata()?)?;
        match temporary.persist(&target.path) {
            Ok(_) => Ok(None),
            // The file is a mount point, or another user's in a directory such as `/tmp`.
            Err(error) => {
                overwrite(error.file.into_file(), old)?;
                Ok(Some(error.error))
            }
        }
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        check(&self.ending, &self.target)?;
        self.temporary.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn check(ending: &SignalHold, target: &Target) -> io::Result<()> {
    let is_new = target.old.is_none();
    match ending.any_signal() {
        Some(signal) => Err(io::Error::other(Ended { signal, is_new })),
        None => Ok(()),
    }
}

/// Flushes the file to the disk, if the file system supports it.
fn synchronise(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
        {
            Ok(())
        }
        done => done,
    }
}

/// Copies the owner and the permissions of the old file.
fn keep_metadata(file: &File, old: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        // Only root may change the owner; members of a group may set the group. This comes first,
        // as it may clear permissions.
        if fchown(file, Some(old.uid()), Some(old.gid())).is_err() {
            let _ = fchown(file, None, Some(old.gid()));
        }
    }
    file.set_permissions(old.permissions())
}

/// Writes the complete content over a file that cannot be replaced.
fn overwrite(mut new: File, mut old: File) -> io::Result<()> {
    new.rewind()?;
    let copied = old.set_len(0).and_then(|()| io::copy(&mut new, &mut old)).map(drop);
    copied
        .and_then(|()| synchronise(&old))
        .map_err(|error| io::Error::new(error.kind(), Incomplete(error)))
}

/// A file could not be replaced, and overwriting it failed too.
#[derive(Debug, Error)]
#[error("{0}; only a part of the result was written")]
struct Incomplete(io::Error);
