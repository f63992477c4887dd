//! Reads and records the input of `top` on separate threads.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use facade::codec::{DecodeOptions, Fields, Record, Report};
use thiserror::Error;

use super::Args;
use super::app::Status;
use super::batches::Batches;
use super::feed::Feed;
use super::tail::{self, Polled, Tail};
use crate::diagnostics::{self, Unreadable};
use crate::input::source::{self, Source};
use crate::output::render::counted;

/// The interval of polling a followed file.
const WAIT: Duration = Duration::from_millis(250);

/// A followed file is compressed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("A compressed file cannot be followed; try it without `--follow`")]
struct NotPlain;

/// The state shared by the thread that reads and the one that draws.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) feed: Feed,
    status: Mutex<Status>,
    /// Which fields of a line are its action.
    fields: Fields,
    /// The number of threads that have not reached the end of their input.
    left: Mutex<usize>,
    /// Whether there are several files, so that messages name one.
    has_several: bool,
}

impl Shared {
    /// Creates the state for the files of a command line.
    pub(crate) fn new(feed: Feed, note: Option<&str>, args: &Args, fields: Fields) -> Self {
        let status = Status { note: note.map(str::to_owned), ..Status::default() };
        let files = args.paths().len();
        let left = Mutex::new(if args.follow { files } else { 1 });
        Self { feed, status: Mutex::new(status), fields, left, has_several: files > 1 }
    }

    /// Returns the progress of the input.
    pub(crate) fn status_now(&self) -> Status {
        let status = self.status().clone();
        Status { folded: self.feed.folded(), ..status }
    }

    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads files one after the other. The first may be open already.
    fn read_files(&self, files: &[PathBuf], mut first: Option<Source<'static>>) {
        for path in files {
            let opened = first.take().map_or_else(|| source::open_unwatched(path), Ok);
            if let Err(error) = opened.and_then(|source| self.read_source(source)) {
                self.fail(&source::name(path), &error);
            }
        }
        self.end();
    }

    fn read_source(&self, source: Source<'_>) -> io::Result<()> {
        let read = self.read(source.reader);
        if source.ignored.any() {
            self.status().note.get_or_insert(source::IGNORED.to_owned());
        }
        read
    }

    /// Reads to the end of a file; a followed file has none.
    fn read(&self, stream: impl Read) -> io::Result<()> {
        let fields = self.fields.clone();
        let options = DecodeOptions { refusals_kept: 1, fields, ..DecodeOptions::default() };
        let mut batches = Batches::new(stream);
        while !batches.is_over() {
            let mut outside = 0;
            let read = options.decode_reader(&mut batches, &mut |record: Record<'_>| {
                outside += u64::from(!self.feed.add(record));
            });
            match read {
                Ok(report) => self.note(&report, outside),
                Err(error) => {
                    self.note(&error.report, outside);
                    return Err(error.source);
                }
            }
        }
        Ok(())
    }

    /// Notes that a file cannot be read any further.
    fn fail(&self, name: &str, error: &io::Error) {
        let reason = diagnostics::reason(error);
        self.status().note =
            Some(if self.has_several { format!("{name}: {reason}") } else { reason });
    }

    /// Notes the end of what one thread reads.
    fn end(&self) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left -= 1;
        if *left == 0 {
            self.feed.stop();
            self.status().is_ended = true;
        }
    }

    fn note(&self, report: &Report, outside: u64) {
        let mut status = self.status();
        status.outside += outside;
        status.accepted += report.accepted;
        status.refused += report.refused;
        if let Some(refusal) = report.refusals.first() {
            status.refusal = Some(refusal.error.to_string());
        }
    }
}

/// A reader of a followed file, which waits for more.
struct Waiting {
    name: String,
    tail: Tail,
    shared: Arc<Shared>,
    /// Closed to end the reader; nothing is sent.
    end: Receiver<()>,
}

impl Read for Waiting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let change = match self.tail.poll(buffer)? {
                Polled::Bytes(read) => return Ok(read),
                Polled::Truncated => "was truncated and is read from its beginning",
                Polled::Replaced => "was replaced, the new one is read from its beginning",
                Polled::Appeared => "was created and is read from its beginning",
                Polled::Nothing => match self.end.recv_timeout(WAIT) {
                    Err(RecvTimeoutError::Timeout) => continue,
                    _ => return Ok(0),
                },
            };
            let file = if self.shared.has_several { &self.name } else { "the file" };
            let mut status = self.shared.status();
            status.missing.retain(|missing| *missing != self.name);
            status.note = Some(format!("{file} {change}"));
        }
    }
}

/// The input that is being read.
pub(crate) struct Reading {
    /// The name of the input.
    pub(crate) name: String,
    /// One for each followed file, which is read until it is dropped.
    _ends: Vec<Sender<()>>,
}

/// Starts reading the input.
///
/// Followed files are read concurrently, since none has an end. All others are read by one thread,
/// so that their order is that of the command line.
pub(crate) fn start(args: &Args, shared: &Arc<Shared>) -> Result<Reading, Unreadable> {
    let files = args.paths();
    if let Some(path) = files.iter().find(|path| path.is_dir()) {
        return Err(unreadable(path, io::ErrorKind::IsADirectory.into()));
    }
    let name = match &files[..] {
        [only] => source::name(only),
        [first, others @ ..] => {
            let more = counted(others.len() as u64, "more file");
            format!("{} and {more}", source::name(first))
        }
        [] => String::new(),
    };
    let ends = if args.follow {
        // Standard input is not followed, but has no end until its writer ends.
        files.iter().map(|path| follow(path, shared)).collect::<Result<_, _>>()?
    } else {
        read_in_order(files, shared)?;
        Vec::new()
    };
    Ok(Reading { name, _ends: ends })
}

/// Starts a thread that reads files in order.
fn read_in_order(files: Vec<PathBuf>, shared: &Arc<Shared>) -> Result<(), Unreadable> {
    for path in files.iter().filter(|path| !source::is_stdin(path)) {
        fs::metadata(path).map_err(|error| unreadable(path, error))?;
    }
    let path = files[0].clone();
    // Standard input is opened on the thread, since its first bytes may arrive late.
    let first = match source::is_stdin(&path) {
        true => None,
        false => Some(source::open_unwatched(&path).map_err(|error| unreadable(&path, error))?),
    };
    let shared = Arc::clone(shared);
    let work = move || shared.read_files(&files, first);
    spawn(work).map_err(|error| unreadable(&path, error))
}

/// Starts a thread that follows a file until the sender is dropped.
fn follow(path: &Path, shared: &Arc<Shared>) -> Result<Sender<()>, Unreadable> {
    let (sender, end) = mpsc::channel();
    let shared = Arc::clone(shared);
    if source::is_stdin(path) {
        let files = vec![path.to_owned()];
        let work = move || shared.read_files(&files, None);
        return spawn(work).map(|()| sender).map_err(|error| unreadable(path, error));
    }
    // A pipe is not tested: the bytes would be lost.
    if path.is_file() && source::is_compressed(path) {
        return Err(unreadable(path, io::Error::new(io::ErrorKind::Unsupported, NotPlain)));
    }
    let has_timestamps = shared.fields.timestamp.is_some();
    let from = if has_timestamps { tail::Start::Beginning } else { tail::Start::End };
    let tail = Tail::open(path, from).map_err(|error| unreadable(path, error))?;
    let name = source::name(path);
    if tail.is_missing() {
        shared.status().missing.push(name.clone());
    }
    let stream = Waiting { name: name.clone(), tail, shared: Arc::clone(&shared), end };
    let work = move || {
        if let Err(error) = shared.read(stream) {
            shared.fail(&name, &error);
        }
        shared.end();
    };
    spawn(work).map(|()| sender).map_err(|error| unreadable(path, error))
}

fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().spawn(work).map(drop)
}

fn unreadable(path: &Path, error: io::Error) -> Unreadable {
    Unreadable { name: source::name(path), error, lines: 0 }
}
