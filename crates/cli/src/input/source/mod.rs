//! Opens a file or standard input as text, decompressed if necessary.

mod format;
mod unpack;

use std::fs::File;
use std::io::{self, Read};
#[cfg(unix)]
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use facade::codec::visible;
use thiserror::Error;

use self::format::{Format, detect};
use self::unpack::unpack;
pub(crate) use self::unpack::{Ignored, Source, command, unsupported};
use crate::budget::Budget;
use crate::output::progress::Progress;
use crate::signals::Interrupt;
use crate::stdio;

/// The message about bytes after compressed data.
pub(crate) const IGNORED: &str = "the bytes after the compressed data are ignored";

/// The name of standard input in messages.
pub(crate) const STDIN: &str = "<stdin>";

/// Returns the name of an input in messages.
pub(crate) fn name(path: &Path) -> String {
    if is_stdin(path) { STDIN.into() } else { visible(path.as_os_str().as_encoded_bytes()) }
}

/// Returns whether the path is `-`, standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Opens an input as text: decompressed, without a byte order mark.
///
/// The first bytes decide the format.
///
/// # Errors
///
/// An error of the system, or one with a [`command`] for an unsupported format.
pub(crate) fn open<'w>(path: &Path, watch: Watch<'w>) -> io::Result<Source<'w>> {
    unpack(Watched { input: Input::open(path)?, watch })
}

/// Opens an input without a [`Watch`], otherwise like [`open`].
///
/// # Errors
///
/// As [`open`].
pub(crate) fn open_unwatched(path: &Path) -> io::Result<Source<'static>> {
    unpack(Input::open(path)?)
}

/// Returns whether a file has a supported compression format.
pub(crate) fn is_compressed(path: &Path) -> bool {
    let format = File::open(path).and_then(|mut file| detect(&mut file));
    format
        .is_ok_and(|(format, _)| matches!(format, Format::Gzip | Format::Zstd | Format::Skippable))
}

/// What reading an input reports to and is stopped by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch<'w> {
    pub(crate) interrupt: &'w Interrupt,
    pub(crate) progress: &'w Progress,
    /// Set when reading is to stop.
    pub(crate) stop: &'w AtomicBool,
    /// Stops the reading when it is exceeded.
    pub(crate) budget: Option<&'w Budget>,
}

impl Watch<'_> {
    /// Returns whether reading is to stop.
    pub(crate) fn is_over(&self) -> bool {
        // ORDERING: Relaxed.
        // Needs: the flag is seen soon. Gives: coherence. Not needed: an order, since joining the
        // threads hands the results over. Checks: no model; `tests/cmd/strict.trycmd`.
        self.interrupt.is_pressed()
            || self.stop.load(Ordering::Relaxed)
            || self.budget.is_some_and(Budget::is_exceeded)
    }
}

/// An input that ends when its watch says so.
struct Watched<'w> {
    input: Input,
    watch: Watch<'w>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        self.input.wait(self.watch.interrupt);
        if self.watch.is_over() {
            return Err(io::Error::other(Stopped));
        }
        let read = self.input.read(buffer)?;
        self.watch.progress.add(read as u64);
        Ok(read)
    }
}

/// The reading was stopped on request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("stopped")]
pub(crate) struct Stopped;

/// An open file or stream.
enum Input {
    /// A regular file, whose reads never wait.
    File(File),
    /// A pipe, a terminal, a device.
    Stream(File),
    /// Standard input, which converts typed text on this system.
    #[cfg(not(unix))]
    Stdin(io::Stdin),
}

impl Input {
    fn open(path: &Path) -> io::Result<Self> {
        if is_stdin(path) {
            return Self::stdin();
        }
        stdio::check_path(path)?;
        let file = File::open(path).map_err(|error| {
            // Some systems cannot open directories, and return another error.
            if path.is_dir() { io::ErrorKind::IsADirectory.into() } else { error }
        })?;
        Ok(Self::new(file))
    }

    /// Opens standard input without the buffer of the standard library, which `poll` cannot see.
    #[cfg(unix)]
    fn stdin() -> io::Result<Self> {
        stdio::check_stdin()?;
        Ok(Self::new(io::stdin().as_fd().try_clone_to_owned()?.into()))
    }

    #[cfg(not(unix))]
    fn stdin() -> io::Result<Self> {
        Ok(Self::Stdin(io::stdin()))
    }

    fn new(file: File) -> Self {
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        if is_file { Self::File(file) } else { Self::Stream(file) }
    }

    #[cfg(unix)]
    fn wait(&self, interrupt: &Interrupt) {
        if let Self::Stream(stream) = self {
            interrupt.wait_for(stream);
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) | Self::Stream(file) => file.read(buffer),
            #[cfg(not(unix))]
            Self::Stdin(stdin) => stdin.read(buffer),
        }
    }
}
