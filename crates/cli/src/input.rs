//! The files of a command line, as actions, and what became of their lines.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use facade::{Entry, Fractions, Policy, ReadError, RefusedLine, Report, Sink, visible};

use crate::exit::Exit;
use crate::fault::{self, Refused, Unreadable};
use crate::interrupt::Interrupt;
use crate::output::{self, Failure};
use crate::progress::Progress;
use crate::source::{self, Stopped, Watch};

/// A thread is worth starting for so much of a file: what is read at once.
const SHARE_BYTES: u64 = 256 * 1024;

/// More than any machine has cores, and less than any system refuses.
const THREADS_MAX: i64 = 1_024;

/// What a command reads, and which lines of it are taken.
#[derive(Debug, clap::Args)]
pub(crate) struct Input {
    /// Files of actions, one JSON object per line, also as gzip or zstd; `-` or none is standard
    /// input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Stop at the first refused line, without a result
    #[arg(long)]
    strict: bool,

    /// Refuse times that are no integers
    #[arg(long)]
    integers: bool,

    /// Write all refused lines to FILE, as they are and in order; one thread reads then
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,

    /// How many threads read; the result does not depend on it [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=THREADS_MAX))]
    threads: Option<u16>,
}

impl Input {
    /// The files as they were named; empty for standard input.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// What the inputs are called where they are told of.
    pub(crate) fn names(&self) -> Vec<String> {
        if self.files.is_empty() {
            return vec![source::STDIN.into()];
        }
        self.files.iter().map(|path| source::name(path)).collect()
    }

    /// Which lines are taken.
    pub(crate) fn policy(&self) -> Policy {
        let fractions = if self.integers { Fractions::Refused } else { Fractions::Allowed };
        Policy { fractions, ..Policy::default() }
    }

    /// How many threads read, and so how many takers are wanted.
    pub(crate) fn threads(&self) -> usize {
        match self.threads {
            _ if self.refused.is_some() => 1,
            Some(threads) => threads.into(),
            None => thread::available_parallelism().map_or(1, NonZero::get),
        }
    }

    /// Hands every action to one of the takers, of which each has a thread of its own.
    ///
    /// Files are read one after the other. Offsets go on from file to file, as if they were one, so
    /// the action first seen has the smallest offset, whoever took it. With a single taker actions
    /// come in order.
    ///
    /// A line that is no action is noted and never stops or shifts the others, unless it is to. A
    /// file that cannot be read is noted, and the next is taken.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is no place to write the refused lines to.
    pub(crate) fn read<T: Sink + Send>(
        &self,
        policy: &Policy,
        takers: &mut [T],
    ) -> Result<Reading, Failure> {
        let refused = self.refused.as_deref();
        let mut kept = refused.map(|path| RefusedFile::create(path, &self.files)).transpose()?;
        let interrupt = Interrupt::install()
            .map_err(|error| Failure { name: "Ctrl-C could not be taken over".into(), error })?;
        let default = [PathBuf::from("-")];
        if self.files.is_empty() && io::stdin().is_terminal() {
            fault::tell_waiting();
        }
        let files = if self.files.is_empty() { &default[..] } else { &self.files };
        let is_typed = files.iter().any(|path| source::is_stdin(path)) && io::stdin().is_terminal();
        let progress =
            if is_typed { Progress::untold() } else { Progress::of_bytes(total_bytes(files)) };
        let (mut reading, stop) = (Reading::default(), AtomicBool::new(false));
        let watch = Watch { interrupt: &interrupt, progress: &progress, stop: &stop };
        for path in files {
            if watch.is_over() {
                break;
            }
            let threads = if kept.is_some() { 1 } else { threads_worth(path) };
            let threads = takers.len().min(threads);
            let mut kept = kept.as_mut();
            let mut takers: Vec<_> = takers[..threads]
                .iter_mut()
                .map(|taker| Taker {
                    taker,
                    before: reading.bytes,
                    reasons: BTreeMap::new(),
                    stop: self.strict.then_some(&stop),
                    kept: kept.take(),
                })
                .collect();
            match source::open(path, watch) {
                Ok(source) => reading.read(&source::name(path), source, policy, &mut takers),
                Err(error) => reading.fail(&source::name(path), error, 0),
            }
            takers.into_iter().for_each(|taker| reading.count(taker.reasons));
        }
        reading.is_interrupted = interrupt.is_pressed();
        reading.is_stopped = self.strict && reading.refused > 0;
        drop(progress);
        reading.unwritten = kept.and_then(RefusedFile::finish);
        Ok(reading)
    }
}

/// How many bytes there will be, if that is known.
fn total_bytes(files: &[PathBuf]) -> Option<u64> {
    let mut total = 0;
    for path in files {
        // What is not there takes no time.
        let Ok(file) = fs::metadata(path) else { continue };
        total += file.is_file().then_some(file.len())?;
    }
    (total > 0).then_some(total)
}

/// How many threads a file keeps busy.
fn threads_worth(path: &Path) -> usize {
    let file = fs::metadata(path).ok().filter(|file| file.is_file());
    file.map_or(usize::MAX, |file| (file.len() / SHARE_BYTES) as usize + 1)
}

/// A taker of actions of one file.
struct Taker<'t, T> {
    taker: &'t mut T,
    /// The bytes of the files before.
    before: u64,
    reasons: Reasons,
    /// Raised at the first refused line, if that is to be the end.
    stop: Option<&'t AtomicBool>,
    kept: Option<&'t mut RefusedFile>,
}

impl<T: Sink> Sink for Taker<'_, T> {
    #[inline]
    fn take(&mut self, mut entry: Entry<'_>) {
        entry.offset += self.before;
        self.taker.take(entry);
    }

    fn refuse(&mut self, line: RefusedLine<'_>) {
        *self.reasons.entry(line.error().reason()).or_default() += 1;
        if let Some(stop) = self.stop {
            // ORDERING: Relaxed. As where it is looked at, in `source.rs`.
            stop.store(true, Ordering::Relaxed);
        }
        if let Some(kept) = &mut self.kept {
            kept.write(line.bytes);
        }
        self.taker.refuse(line);
    }
}

/// How many lines were refused for which reason.
pub(crate) type Reasons = BTreeMap<&'static str, u64>;

/// Where refused lines are written.
struct RefusedFile {
    name: String,
    file: BufWriter<File>,
    /// The first fault. It is told at the end, and keeps nobody from reading on.
    error: Option<io::Error>,
}

impl RefusedFile {
    fn create(path: &Path, inputs: &[PathBuf]) -> Result<Self, Failure> {
        let name = visible(path.as_os_str().as_encoded_bytes());
        match output::not_among(path, inputs).and_then(|()| File::create(path)) {
            Ok(file) => Ok(Self { name, file: BufWriter::new(file), error: None }),
            Err(error) => Err(Failure { name, error }),
        }
    }

    fn write(&mut self, line: &[u8]) {
        let written = self.file.write_all(line).and_then(|()| self.file.write_all(b"\n"));
        self.error = self.error.take().or(written.err());
    }

    /// Ends it, and tells what of it went wrong.
    fn finish(mut self) -> Option<Failure> {
        let error = self.error.or(self.file.flush().err());
        error.map(|error| Failure { name: self.name, error })
    }
}

/// What became of the lines of all files.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// Lines that were not blank.
    pub(crate) lines: u64,
    /// Those of them that are no actions.
    pub(crate) refused: u64,
    /// These by reason.
    pub(crate) reasons: Reasons,
    /// The first refusals, no more than [`fault::REFUSALS_TOLD_MAX`].
    pub(crate) refusals: Vec<Refused>,
    /// The files that could not be read, or not to their end.
    pub(crate) unreadable: Vec<Unreadable>,
    /// What kept the refused lines from being written.
    pub(crate) unwritten: Option<Failure>,
    /// Whether somebody wanted to see what was known so far.
    pub(crate) is_interrupted: bool,
    /// Whether a refused line was the end, and there is no result.
    pub(crate) is_stopped: bool,
    /// How many bytes they were, when they were no longer compressed.
    bytes: u64,
}

impl Reading {
    /// How a run ends that read this and did all else.
    pub(crate) fn exit(&self) -> Exit {
        if self.is_interrupted {
            Exit::Interrupted
        } else if self.unwritten.is_some() || !self.unreadable.is_empty() {
            Exit::Failed
        } else if self.refused > 0 {
            Exit::Refused
        } else {
            Exit::Done
        }
    }

    fn read<T: Sink + Send>(
        &mut self,
        name: &str,
        file: impl Read + Send,
        policy: &Policy,
        takers: &mut [Taker<'_, T>],
    ) {
        let left = fault::REFUSALS_TOLD_MAX - self.refusals.len();
        let policy = Policy { refusals_kept: left, ..policy.clone() };
        let read = match takers {
            [taker] => policy.decode_reader(file, taker),
            takers => policy.decode_reader_among(file, takers),
        };
        match read {
            Ok(report) => self.note(name, report),
            Err(ReadError { report, source: error }) => {
                let lines = report.lines();
                self.note(name, *report);
                self.fail(name, error, lines);
            }
        }
    }

    /// Notes that a file was not read to its end.
    fn fail(&mut self, name: &str, error: io::Error, lines: u64) {
        let is_stopped = error.get_ref().is_some_and(|error| error.is::<Stopped>());
        if !is_stopped {
            self.unreadable.push(Unreadable { name: name.to_owned(), error, lines });
        }
    }

    fn note(&mut self, name: &str, report: Report) {
        self.lines += report.accepted + report.refused;
        self.bytes += report.bytes;
        self.refused += report.refused;
        let refusals = report.refusals.iter().map(|refusal| Refused::new(name, refusal));
        self.refusals.extend(refusals);
    }

    fn count(&mut self, reasons: Reasons) {
        for (reason, count) in reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that fails.
    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::TimedOut.into())
        }
    }

    fn read(file: impl Read + Send) -> (Reading, Vec<String>) {
        let (mut reading, mut names) = (Reading::default(), Vec::new());
        let mut take = |entry: Entry<'_>| names.push(entry.name.to_owned());
        let reasons = Reasons::new();
        let taker = Taker { taker: &mut take, before: 0, reasons, stop: None, kept: None };
        reading.read("a.ndjson", file, &Policy::default(), &mut [taker]);
        (reading, names)
    }

    #[test]
    fn lines_before_a_failure_count() {
        let text = "{\"action\":\"jump\",\"time\":1}\n{\"action\":\"run\"";
        let (reading, names) = read(text.as_bytes().chain(Failing));
        assert_eq!((names, reading.lines), (vec!["jump".to_owned()], 1));
        assert_eq!((reading.unreadable.len(), reading.unreadable[0].lines), (1, 1));
        assert_eq!(reading.exit(), Exit::Failed);
    }

    #[test]
    fn line_at_the_limit_is_taken_and_one_byte_more_is_refused() {
        let max = Policy::default().limits.input_bytes;
        let action = r#"{"action":"jump","time":1}"#;
        for (len, accepted) in [(max, 1), (max + 1, 0)] {
            for end in ["", "\n", "\r\n"] {
                let text = format!("{action}{}{end}", " ".repeat(len - action.len()));
                let (reading, names) = read(text.as_bytes());
                assert_eq!((names.len(), reading.lines), (accepted, 1), "{len} {end:?}");
                assert_eq!(reading.refused, 1 - accepted as u64, "{len} {end:?}");
            }
        }
    }

    #[test]
    fn blank_lines_are_none() {
        for text in ["", "\n", "\r\n\r\n", " \t \n\t", "\r"] {
            let (reading, names) = read(text.as_bytes());
            assert_eq!((names.len(), reading.lines, reading.refused), (0, 0, 0), "{text:?}");
            assert_eq!(reading.exit(), Exit::Done);
        }
        for text in ["\u{a0}", "\u{b}", "\0"] {
            assert_eq!(read(text.as_bytes()).0.exit(), Exit::Refused, "{text:?}");
        }
    }
}
