//! Reads and records the input of `top` on separate threads.

use std::fs;
use std::io::{self, Cursor, Read};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use facade::codec::{
    Columns, CsvOptions, DecodeOptions, Form, Record, RefusedLine, Report, Sink, SkippedRecord,
};
use memchr::memchr;
use thiserror::Error;

use super::Args;
use super::batches::Batches;
use super::feed::Feed;
use super::status::Status;
use super::tail::{self, Polled, Tail};
use crate::diagnostics::{self, Unreadable};
use crate::input::Recipe;
use crate::input::form::FormError;
use crate::input::head::{Head, Patience};
use crate::input::labels::Labels;
use crate::input::result::{Problem, ReadResult};
use crate::input::source::{self, Source};
use crate::output::render::counted;

/// The interval of polling a followed file.
const WAIT: Duration = Duration::from_millis(250);

/// What happened to a file that did not exist.
const APPEARED: &str = "was created and is read from its beginning";

/// A followed file is compressed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a compressed file cannot be followed; try it without `--follow`")]
struct NotPlain;

/// The state shared by the thread that reads and the one that draws.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) feed: Feed,
    status: Mutex<Status>,
    /// How records are read.
    recipe: Recipe,
    /// What all inputs had so far.
    totals: Mutex<ReadResult>,
    /// Whether values have a unit, as the first accepted one has.
    has_unit: OnceLock<bool>,
    /// The number of threads that have not reached the end of their input.
    left: Mutex<usize>,
    /// Whether there are several files, so that messages name one.
    has_several: bool,
}

impl Shared {
    /// Creates the state for the files of a command line.
    pub(crate) fn new(feed: Feed, note: Option<&str>, args: &Args, recipe: Recipe) -> Self {
        let status = Status { note: note.map(str::to_owned), ..Status::default() };
        let status = Mutex::new(status);
        let files = args.paths().len();
        let left = Mutex::new(if args.follow { files } else { 1 });
        let labels = Labels::new(&recipe);
        let totals = ReadResult::new(labels, args.tolerance.max_refused(), files);
        let totals = Mutex::new(totals);
        let has_unit = OnceLock::new();
        Self { feed, status, recipe, totals, has_unit, left, has_several: files > 1 }
    }

    /// Records an action, unless its value is of another kind than the first.
    fn record(&self, record: Record<'_>) -> Recorded {
        let fields = self.recipe.fields();
        let can_mix = fields.unit.is_none() && fields.value.is_some();
        if can_mix && *self.has_unit.get_or_init(|| record.has_unit) != record.has_unit {
            self.status().refusal = Some(OtherKind { has_unit: record.has_unit }.to_string());
            return Recorded::OtherKind;
        }
        if self.feed.add(record) { Recorded::Counted } else { Recorded::Outside }
    }

    /// Returns the progress of the input.
    pub(crate) fn status_now(&self) -> Status {
        let status = self.status().clone();
        let totals = self.totals();
        let ReadResult { accepted, refused, skipped, filtered, .. } = *totals;
        let has_units = self.recipe.fields().unit.is_some() || self.has_unit.get() == Some(&true);
        let folded = self.feed.folded();
        Status { folded, accepted, refused, skipped, filtered, has_units, ..status }
    }

    /// Returns what all inputs had so far.
    pub(crate) fn totals(&self) -> MutexGuard<'_, ReadResult> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads files one after the other. The first may be open already.
    fn read_files(&self, files: &[PathBuf], mut first: Option<Source<'static>>) {
        for path in files {
            let opened = first.take().map_or_else(|| source::open_unwatched(path), Ok);
            let name = source::name(path);
            if let Err(error) = opened.and_then(|source| self.read_source(&name, source)) {
                self.fail(&name, &error);
            }
        }
        self.end();
    }

    fn read_source(&self, name: &str, source: Source<'_>) -> io::Result<()> {
        let read = self.read(name, source.reader);
        if source.ignored.any() {
            self.status().note.get_or_insert(source::IGNORED.to_owned());
        }
        read
    }

    /// Follows a file, which may be replaced by others.
    ///
    /// `start` is the start of the first one, if the stream begins elsewhere.
    fn follow(&self, mut stream: Waiting, mut start: Option<Head>) {
        let name = stream.name.clone();
        let mut options = None;
        loop {
            if let Err(error) = self.read_form(&name, start.take(), &mut options, &mut stream) {
                self.fail(&name, &error);
            }
            if !mem::take(&mut stream.is_replaced) {
                return self.end();
            }
        }
    }

    /// Reads a file to its end.
    fn read(&self, name: &str, stream: impl Read) -> io::Result<()> {
        self.read_form(name, None, &mut None, stream)
    }

    /// Reads to the end of a file; a followed file ends where another replaces it.
    ///
    /// `start` is the start of the file, if the stream begins elsewhere. `options` are those of the
    /// file before, if this one has replaced it, and become those of this one.
    fn read_form(
        &self,
        name: &str,
        start: Option<Head>,
        options: &mut Option<DecodeOptions>,
        mut stream: impl Read,
    ) -> io::Result<()> {
        let head = Head::read(&mut stream, Patience::Line);
        let first = start.as_ref().unwrap_or(&head);
        self.keep_sample(first);
        let options = match self.recipe.options(name, first) {
            Ok(found) => options.insert(DecodeOptions { refusals_kept: 1, ..found }),
            Err(FormError::Unsupported(error)) => return Err(error),
            // The start of a log that was copied and truncated may be part of a line.
            Err(FormError::Unknown(_)) if let Some(options) = options => options,
            Err(FormError::Unknown(form)) => {
                self.totals().unknown.push((0, name.to_owned(), form));
                let problem = form.to_string();
                return Err(io::Error::other(problem.lines().next().unwrap_or_default()));
            }
        };
        let header = start.as_ref().map(|start| header(options, start.bytes()));
        let stream = header.unwrap_or_default().chain(head.before(stream));
        match options.input.form {
            // Their records are found only from the beginning.
            Form::Csv(_) | Form::JsonStream => self.read_whole(options, stream),
            _ => self.read_batches(options, stream),
        }
    }

    /// Keeps the first bytes of the first input, for advice at the end.
    fn keep_sample(&self, first: &Head) {
        let mut totals = self.totals();
        if totals.sample.1.is_empty() {
            totals.sample.1.extend_from_slice(first.bytes());
        }
    }

    /// Reads a stream batch by batch, so that what was refused is known at once.
    fn read_batches(&self, options: &DecodeOptions, stream: impl Read) -> io::Result<()> {
        let mut batches = Batches::new(stream);
        while !batches.is_over() {
            let (mut outside, mut of_other_kind) = (0, 0);
            let read = options.decode_reader(&mut batches, &mut |record: Record<'_>| match self
                .record(record)
            {
                Recorded::Counted => {}
                Recorded::Outside => outside += 1,
                Recorded::OtherKind => of_other_kind += 1,
            });
            let (mut report, error) = match read {
                Ok(report) => (report, None),
                Err(error) => (*error.report, Some(error.source)),
            };
            report.accepted -= of_other_kind;
            report.refused += of_other_kind;
            self.note(report, outside);
            error.map_or(Ok(()), Err)?;
        }
        Ok(())
    }

    /// Reads a stream at once, and counts each record when it is read.
    fn read_whole(&self, options: &DecodeOptions, stream: impl Read) -> io::Result<()> {
        let (mut report, error) = match options.decode_reader(stream, &mut LiveSink(self)) {
            Ok(report) => (report, None),
            Err(error) => (*error.report, Some(error.source)),
        };
        // The sink has counted them.
        (report.accepted, report.refused, report.skipped) = (0, 0, 0);
        let fault = report.fault.take();
        self.note(report, 0);
        let fault = fault.map(|fault| io::Error::other(fault.to_string()));
        error.or(fault).map_or(Ok(()), Err)
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

    fn note(&self, mut report: Report, outside: u64) {
        // Those of the other kind are refused.
        match self.has_unit.get() {
            Some(true) => report.counts.bare_values = 0,
            Some(false) => report.counts.values_with_unit = 0,
            None => {}
        }
        let mut totals = self.totals();
        totals.count(&report);
        let problem = totals.problem();
        drop(totals);
        let mut status = self.status();
        match problem {
            // Units are not mixed here, because those of the other kind are refused.
            None | Some(Problem::MixedUnits { .. }) => {}
            Some(Problem::UnitNeeded(_)) => {
                status.note = Some("a condition has a unit, add --unit".to_owned());
            }
            Some(Problem::SharedNames(_)) => {
                status.note = Some("short names are not distinct, raise --max-name".to_owned());
            }
        }
        status.outside += outside;
        if let Some(refusal) = report.refusals.first() {
            status.refusal = Some(refusal.error.to_string());
        }
    }
}

/// What happened to a record that was decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recorded {
    Counted,
    /// It has no timestamp, or one that the feed does not keep.
    Outside,
    /// It is refused, because its value is of another kind than the first.
    OtherKind,
}

/// A value with a unit came after one without, or the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "value has {} unit, the first one has {}, add --unit",
    if *has_unit { "a" } else { "no" },
    if *has_unit { "none" } else { "one" }
)]
struct OtherKind {
    has_unit: bool,
}

/// Counts records when they are read.
struct LiveSink<'s>(&'s Shared);

impl Sink for LiveSink<'_> {
    fn accept(&mut self, record: Record<'_>) {
        let recorded = self.0.record(record);
        let mut totals = self.0.totals();
        match recorded {
            Recorded::OtherKind => totals.refused += 1,
            Recorded::Counted | Recorded::Outside => totals.accepted += 1,
        }
        totals.lines += 1;
        drop(totals);
        self.0.status().outside += u64::from(recorded == Recorded::Outside);
    }

    fn refuse(&mut self, line: RefusedLine<'_>) {
        let mut totals = self.0.totals();
        totals.refused += 1;
        totals.lines += 1;
        drop(totals);
        self.0.status().refusal = Some(line.error().to_string());
    }

    fn skip(&mut self, _: SkippedRecord<'_>) {
        let mut totals = self.0.totals();
        totals.skipped += 1;
        totals.lines += 1;
    }
}

/// Returns the header of CSV at the start of a file, which a stream from elsewhere lacks.
fn header(options: &DecodeOptions, start: &[u8]) -> Cursor<Vec<u8>> {
    let has_header =
        matches!(&options.input.form, Form::Csv(CsvOptions { columns: Columns::Header, .. }));
    let end = memchr(b'\n', start).filter(|_| has_header);
    Cursor::new(end.map(|end| start[..=end].to_vec()).unwrap_or_default())
}

/// A reader of a followed file, which waits for more, and ends where another replaces it.
struct Waiting {
    name: String,
    tail: Tail,
    shared: Arc<Shared>,
    /// Whether the file has ended because another has replaced it, which is read from now on.
    is_replaced: bool,
    /// Closed to end the reader; nothing is sent.
    end: Receiver<()>,
}

impl Read for Waiting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.is_replaced {
            let change = match self.tail.poll(buffer)? {
                Polled::Bytes(read) => return Ok(read),
                Polled::Truncated => "was truncated and is read from its beginning",
                Polled::Replaced => "was replaced, the new one is read from its beginning",
                Polled::Appeared => APPEARED,
                Polled::Nothing => match self.end.recv_timeout(WAIT) {
                    Err(RecvTimeoutError::Timeout) => continue,
                    _ => return Ok(0),
                },
            };
            // Nothing was read of a file that was missing.
            self.is_replaced = change != APPEARED;
            let file = if self.shared.has_several { &self.name } else { "the file" };
            let mut status = self.shared.status();
            status.missing.retain(|missing| *missing != self.name);
            status.note = Some(format!("{file} {change}"));
        }
        Ok(0)
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
    let has_timestamps = shared.recipe.fields().timestamp.is_some();
    let from = if has_timestamps { tail::Start::Beginning } else { tail::Start::End };
    let tail = Tail::open(path, from).map_err(|error| unreadable(path, error))?;
    let name = source::name(path);
    if tail.is_missing() {
        shared.status().missing.push(name.clone());
    }
    // The form of a file is that of its beginning. A pipe would lose its bytes.
    let start = match path.is_file() && !has_timestamps {
        true => source::open_unwatched(path).ok(),
        false => None,
    };
    let start = start.map(|mut start| Head::read(&mut start.reader, Patience::Line));
    let start = start.filter(|start| !start.bytes().trim_ascii().is_empty());
    let stream = Waiting { name, tail, shared: Arc::clone(&shared), is_replaced: false, end };
    let work = move || shared.follow(stream, start);
    spawn(work).map(|()| sender).map_err(|error| unreadable(path, error))
}

fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().spawn(work).map(drop)
}

fn unreadable(path: &Path, error: io::Error) -> Unreadable {
    Unreadable { name: source::name(path), error, lines: 0 }
}
