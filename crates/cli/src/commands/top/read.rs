//! Reads and records the input of `top` on a separate thread.

use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
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
}

impl Shared {
    pub(crate) fn new(feed: Feed, note: Option<&str>) -> Self {
        let note = note.map(str::to_owned);
        Self { feed, status: Mutex::new(Status { note, ..Status::default() }) }
    }

    /// Returns the progress of the input.
    pub(crate) fn status_now(&self) -> Status {
        let status = self.status().clone();
        Status { folded: self.feed.folded(), ..status }
    }

    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_source(&self, source: Source<'_>, fields: Fields) {
        self.read(source.reader, fields);
        if source.ignored.any() {
            self.status().note.get_or_insert(source::IGNORED.to_owned());
        }
    }

    /// Reads to the end of the input; a followed file has none.
    fn read(&self, stream: impl Read, fields: Fields) {
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
                    return self.end(Some(&error.source));
                }
            }
        }
        self.end(None);
    }

    /// Notes the end of the input, and the error that caused it.
    fn end(&self, error: Option<&io::Error>) {
        self.feed.stop();
        let mut status = self.status();
        status.note = error.map(diagnostics::reason).or_else(|| status.note.take());
        status.is_ended = true;
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
    tail: Tail,
    shared: Arc<Shared>,
    /// Closed to end the reader; nothing is sent.
    end: Receiver<()>,
}

impl Read for Waiting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let note = match self.tail.poll(buffer)? {
                Polled::Bytes(read) => return Ok(read),
                Polled::Truncated => "the file was truncated and is read from its beginning",
                Polled::Replaced => "the file was replaced, the new one is read from its beginning",
                Polled::Nothing => match self.end.recv_timeout(WAIT) {
                    Err(RecvTimeoutError::Timeout) => continue,
                    _ => return Ok(0),
                },
            };
            self.shared.status().note = Some(note.to_owned());
        }
    }
}

/// Starts reading the input, and returns its name.
pub(crate) fn start(
    args: &Args,
    shared: &Arc<Shared>,
    end: Receiver<()>,
    fields: Fields,
) -> Result<String, Unreadable> {
    let path = args.path().unwrap_or(Path::new("-"));
    let name = source::name(path);
    let unreadable = |error| Unreadable { name: name.clone(), error, lines: 0 };
    if path.is_dir() {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    let shared = Arc::clone(shared);
    let builder = thread::Builder::new();
    let started = if source::is_stdin(path) {
        // Opened on the thread, since its first bytes may arrive late.
        builder.spawn(move || match source::open_unwatched(Path::new("-")) {
            Ok(stdin) => shared.read_source(stdin, fields),
            Err(error) => shared.end(Some(&error)),
        })
    } else if args.follow {
        // A pipe is not tested: the bytes would be lost.
        if path.is_file() && source::is_compressed(path) {
            return Err(unreadable(io::Error::new(io::ErrorKind::Unsupported, NotPlain)));
        }
        let from =
            if fields.timestamp.is_some() { tail::Start::Beginning } else { tail::Start::End };
        let tail = Tail::open(path, from).map_err(unreadable)?;
        let stream = Waiting { tail, shared: Arc::clone(&shared), end };
        builder.spawn(move || shared.read(stream, fields))
    } else {
        let file = source::open_unwatched(path).map_err(unreadable)?;
        builder.spawn(move || shared.read_source(file, fields))
    };
    started.map(|_| name.clone()).map_err(unreadable)
}
