//! Whether the standard streams were open when the process started, also under other names.
//!
//! Before `main`, the standard library opens the null device in place of a closed standard stream.
//! Writes to it lose the result without an error, and reads return an empty input. It cannot be
//! distinguished from a null device that was passed on purpose, so the streams are checked even
//! earlier.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The maximum number of symbolic links to follow, as on Linux.
pub(crate) const LINKS_MAX: usize = 40;

/// Checks that standard input is open.
///
/// # Errors
///
/// A hint, if the stream is closed.
pub(crate) fn check_stdin() -> io::Result<()> {
    check(0, "is closed\n  name a file, or pass one as `< FILE`")
}

/// Checks that standard output is open.
///
/// # Errors
///
/// A hint, if the stream is closed.
pub(crate) fn check_stdout() -> io::Result<()> {
    check(1, "is closed\n  open it, for example as `> FILE`")
}

/// Checks that a path such as `/dev/stdout` does not name a closed standard stream.
///
/// # Errors
///
/// A hint, if the stream is closed.
pub(crate) fn check_path(path: &Path) -> io::Result<()> {
    match descriptor(path).and_then(|file| own_number(&file)) {
        Some(0) => check_stdin(),
        Some(1) => check_stdout(),
        Some(2) => check(2, "is closed\n  open it, for example as `2> FILE`"),
        _ => Ok(()),
    }
}

fn check(stream: usize, error: &'static str) -> io::Result<()> {
    if start::is_closed(stream) { Err(io::Error::other(error)) } else { Ok(()) }
}

/// Returns the resolved path if it names an open file of a process, as `/dev/stdout` does.
///
/// Such a file is not replaced: other processes write to it by a descriptor, not by a name.
pub(crate) fn descriptor(path: &Path) -> Option<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        let place = fs::canonicalize(directory(&path)).unwrap_or_default();
        if place.starts_with("/proc") || place == Path::new("/dev/fd") {
            return Some(place.join(path.file_name()?));
        }
        let to = fs::read_link(&path).ok()?;
        path = directory(&path).join(to);
    }
    None
}

/// Returns the number of an open file of this process.
fn own_number(file: &Path) -> Option<u32> {
    let place = directory(file);
    // Each thread also lists these files, in a directory below that of the process.
    let is_own = fs::canonicalize("/proc/self").is_ok_and(|process| place.starts_with(process));
    let is_own = is_own || place.starts_with("/dev");
    let number = file.file_name()?.to_str()?.parse().ok()?;
    (is_own && place.ends_with("fd")).then_some(number)
}

/// Returns the directory of a file.
pub(crate) fn directory(path: &Path) -> &Path {
    path.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(unix)]
mod start {
    use std::io;
    use std::os::fd::AsFd;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Whether each standard stream was closed, by its number.
    static CLOSED: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];

    // ORDERING: every access in this module is Relaxed.
    // Needs: reads return the written flags. Gives: the flags are written before `main`, by the
    // thread that starts all others. Checks: no model; `tests/streams.rs` closes streams.
    const ALONE: Ordering = Ordering::Relaxed;

    /// Checks the streams before the standard library replaces the closed ones.
    // SAFETY: code that runs before `main` must not need the runtime of the standard library, and
    // must not panic. A handle of a standard stream is a number, `fcntl` is only a system call, and
    // a store to a flag needs no runtime.
    // Worth: a later check cannot distinguish a closed stream from the null device.
    #[ctor::ctor(unsafe)]
    fn look() {
        let is_closed = |stream: &dyn AsFd| rustix::io::fcntl_getfd(stream).is_err();
        let [stdin, stdout, stderr] = &CLOSED;
        stdin.store(is_closed(&io::stdin()), ALONE);
        stdout.store(is_closed(&io::stdout()), ALONE);
        stderr.store(is_closed(&io::stderr()), ALONE);
    }

    pub(super) fn is_closed(stream: usize) -> bool {
        CLOSED[stream].load(ALONE)
    }
}

#[cfg(not(unix))]
mod start {
    pub(super) fn is_closed(_: usize) -> bool {
        false
    }
}
