//! One input as plain bytes: a file or standard input, compressed or not.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
#[cfg(unix)]
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use facade::visible;
use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

use crate::interrupt::Interrupt;
use crate::progress::Progress;

/// How much of a compressed file is read at once.
const COMPRESSED_BYTES: usize = 128 * 1024;
/// By so many bytes formats are told from each other.
const HEAD_BYTES: usize = 6;

const GZIP: &[u8] = b"\x1F\x8B";
const ZSTD: &[u8] = b"\x28\xB5\x2F\xFD";
/// Formats that are not read here, and who reads them.
const OTHERS: [(&[u8], &str, &str); 3] = [
    (b"\xFD7zXZ\0", "xz", "xz -dc"),
    (b"BZh", "bzip2", "bzip2 -dc"),
    (b"PK\x03\x04", "zip", "unzip -p"),
];

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

/// Opens an input, and looks at its first bytes for how it is compressed.
///
/// # Errors
///
/// What the system says, and [`Foreign`] for what is compressed in a way that is not read here.
pub(crate) fn open<'w>(path: &Path, watch: Watch<'w>) -> io::Result<Source<'w>> {
    unpack(Watched { input: Input::open(path)?, watch })
}

/// The same of an input that nobody looks on at.
///
/// # Errors
///
/// As [`open`].
pub(crate) fn open_unwatched(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    unpack(Input::open(path)?).map(|source| source.reader)
}

/// An input as plain bytes.
pub(crate) struct Source<'i> {
    pub(crate) reader: Box<dyn Read + Send + 'i>,
    /// Whether it is made plain while it is read.
    pub(crate) is_compressed: bool,
}

/// Makes plain what the first bytes of an input say is compressed.
fn unpack<'i>(mut input: impl Read + Send + 'i) -> io::Result<Source<'i>> {
    let head = head(&mut input)?;
    let is = |magic: &[u8]| head.starts_with(magic);
    let kind = OTHERS.into_iter().find(|(magic, ..)| is(magic));
    if let Some((_, format, command)) = kind {
        return Err(io::Error::new(io::ErrorKind::Unsupported, Foreign { format, command }));
    }
    let (gzip, zstd) = (is(GZIP), is(ZSTD));
    let whole = Cursor::new(head).chain(input);
    if gzip {
        let compressed = BufReader::with_capacity(COMPRESSED_BYTES, whole);
        let reader = Box::new(Unpacked(MultiGzDecoder::new(compressed)));
        return Ok(Source { reader, is_compressed: true });
    }
    if zstd {
        let compressed = BufReader::with_capacity(COMPRESSED_BYTES, whole);
        let reader = Box::new(Unpacked(zstd::Decoder::with_buffer(compressed)?));
        return Ok(Source { reader, is_compressed: true });
    }
    Ok(Source { reader: Box::new(whole), is_compressed: false })
}

/// Whether a file is compressed in a way that is read here.
pub(crate) fn is_compressed(path: &Path) -> bool {
    let head = File::open(path).and_then(|mut file| head(&mut file));
    head.is_ok_and(|head| [GZIP, ZSTD].iter().any(|magic| head.starts_with(magic)))
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("Compressed with {format}, which is not read here")]
pub(crate) struct Foreign {
    format: &'static str,
    /// What makes plain text of it.
    pub(crate) command: &'static str,
}

/// What was compressed, with faults in the words of this program.
struct Unpacked<R>(R);

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.0.read(room).map_err(|error| {
            let is_ours = error.get_ref().is_some_and(|error| error.is::<Stopped>());
            match error.kind() {
                _ if is_ours || error.raw_os_error().is_some() => error,
                kind @ io::ErrorKind::Interrupted => kind.into(),
                kind @ io::ErrorKind::UnexpectedEof => io::Error::new(kind, Damaged::CutOff),
                kind => io::Error::new(kind, Damaged::Corrupt(error.to_string())),
            }
        })
    }
}

/// Why a compressed file is not read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
enum Damaged {
    #[error("The compressed data is cut off")]
    CutOff,
    #[error("The compressed data cannot be read: {0}")]
    Corrupt(String),
}

/// Reads as much of the beginning as tells formats from each other.
///
/// Of plain text no more than one byte is waited for: more may not come for a while.
fn head(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let formats = || [GZIP, ZSTD].into_iter().chain(OTHERS.map(|(magic, ..)| magic));
    while formats().any(|magic| magic.len() > head.len() && magic.starts_with(&head)) {
        let mut byte = [0];
        match input.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => head.extend(byte),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(head)
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
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        self.input.wait(self.watch.interrupt);
        if self.watch.is_over() {
            return Err(io::Error::other(Stopped));
        }
        let read = self.input.read(room)?;
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
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) | Self::Stream(file) => file.read(room),
            #[cfg(not(unix))]
            Self::Stdin(stdin) => stdin.read(room),
        }
    }
}
