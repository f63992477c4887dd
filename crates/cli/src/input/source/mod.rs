//! One input as text: a file or standard input, compressed or not.

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

use self::format::{Format, recognise};
use self::unpack::unpack;
pub(crate) use self::unpack::{Ignored, Source, command};
use crate::output::progress::Progress;
use crate::signals::Interrupt;
#[cfg(unix)]
use crate::stdio;

/// What happened to bytes that [`Ignored`] notes.
pub(crate) const IGNORED: &str = "the bytes behind the compressed data are ignored";

/// The name under which standard input is told of.
pub(crate) const STDIN: &str = "<stdin>";

/// What an input is called where it is told of.
pub(crate) fn name(path: &Path) -> String {
    if is_stdin(path) { STDIN.into() } else { visible(path.as_os_str().as_encoded_bytes()) }
}

/// Whether this stands for standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Opens an input as text, unpacked and without a byte order mark, as its first bytes say.
///
/// # Errors
///
/// What the system says, and an error with a [`command`] for a format that is not read here.
pub(crate) fn open<'w>(path: &Path, watch: Watch<'w>) -> io::Result<Source<'w>> {
    unpack(Watched { input: Input::open(path)?, watch })
}

/// Opens an input that nobody watches, otherwise as [`open`].
///
/// # Errors
///
/// As [`open`].
pub(crate) fn open_unwatched(path: &Path) -> io::Result<Source<'static>> {
    unpack(Input::open(path)?)
}

/// Whether a file is compressed in a way that is read here.
pub(crate) fn is_compressed(path: &Path) -> bool {
    let format = File::open(path).and_then(|mut file| recognise(&mut file));
    format
        .is_ok_and(|(format, _)| matches!(format, Format::Gzip | Format::Zstd | Format::Skippable))
}

/// Who looks on while an input is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch<'w> {
    pub(crate) interrupt: &'w Interrupt,
    pub(crate) progress: &'w Progress,
    /// Raised when no more is wanted.
    pub(crate) stop: &'w AtomicBool,
}

impl Watch<'_> {
    /// Whether no more is wanted.
    pub(crate) fn is_over(&self) -> bool {
        // ORDERING: Relaxed.
        // Needs: that it is seen soon. Gives: coherence. Not needed: any order, what was found is
        // handed over when the threads are joined. Checks: no model; `tests/cmd/strict.trycmd`.
        self.interrupt.is_pressed() || self.stop.load(Ordering::Relaxed)
    }
}

/// An input that is read no further once it is not wanted.
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

/// The input was not read to its end, because somebody said so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("stopped")]
pub(crate) struct Stopped;

/// An input as the system knows it.
enum Input {
    /// A file, of which one never waits for more.
    File(File),
    /// A pipe, a terminal, a device.
    Stream(File),
    /// What converts what is typed, where that has to be.
    #[cfg(not(unix))]
    Stdin(io::Stdin),
}

impl Input {
    fn open(path: &Path) -> io::Result<Self> {
        if is_stdin(path) {
            return Self::stdin();
        }
        let file = File::open(path).map_err(|error| {
            // Where folders cannot be opened at all, the system gives another reason.
            if path.is_dir() { io::ErrorKind::IsADirectory.into() } else { error }
        })?;
        Ok(Self::new(file))
    }

    /// Standard input, but not by way of its buffer: nobody can tell whether something is in there.
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
