//! The files of a command line, as actions.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use facade::codec::{DecodeOptions, Fractions, ReadError, Report, Sink, threads_within_memory};

use crate::ahead;
use crate::failure::Failure;
use crate::fault;
use crate::interrupt::Interrupt;
use crate::output::{Output, OutputArgs, Outputs};
use crate::progress::Progress;
use crate::reading::{Outcome, Reading, RefusedFile, Taker};
use crate::source::{self, Ignored, Watch};

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

    /// Write all refused lines to FILE, whole and in order; one thread reads then. The file
    /// is replaced when all is read; `-` is standard output
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,

    /// How many threads read, next to one that unpacks what is compressed; the result does not
    /// depend on it, and fewer read where the system cannot start them [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=THREADS_MAX))]
    threads: Option<u16>,
}

impl Input {
    /// Opens the outputs of a command that reads this. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`Failure`] if one cannot be written, is an input, or is the other one.
    pub(crate) fn outputs(&self, output: &OutputArgs) -> Result<Outputs, Failure> {
        output.open_for(&self.files, self.refused.as_deref())
    }

    /// What the inputs are called where they are told of.
    pub(crate) fn names(&self) -> Vec<String> {
        if self.files.is_empty() {
            return vec![source::STDIN.into()];
        }
        self.files.iter().map(|path| source::name(path)).collect()
    }

    /// Which lines are taken.
    pub(crate) fn policy(&self) -> DecodeOptions {
        let fractions = if self.integers { Fractions::Refused } else { Fractions::Allowed };
        DecodeOptions { fractions, ..DecodeOptions::default() }
    }

    /// How many threads read, and so how many takers are wanted.
    pub(crate) fn threads(&self) -> usize {
        threads_within_memory(match self.threads {
            _ if self.refused.is_some() => 1,
            Some(threads) => threads.into(),
            None => thread::available_parallelism().map_or(1, NonZero::get),
        })
    }

    /// Hands every action to one of the takers, of which each has a thread of its own.
    ///
    /// Offsets grow from file to file, so the action first seen has the smallest offset, whoever
    /// took it and when. With a single taker actions come in order.
    ///
    /// A line that is no action is noted and never stops or shifts the others, unless it is to. A
    /// file that cannot be read is noted, and the next is taken.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the refused lines cannot be written, or Ctrl-C cannot be taken over.
    pub(crate) fn read<T: Sink + Send>(
        &self,
        policy: &DecodeOptions,
        takers: &mut [T],
        refused: Option<Output>,
    ) -> Result<Reading, Failure> {
        let mut kept = refused.map(RefusedFile::begin).transpose()?;
        let interrupt = Interrupt::install()
            .map_err(|error| Failure { name: "Ctrl-C could not be taken over".into(), error })?;
        let default = [PathBuf::from("-")];
        if self.files.is_empty() && io::stdin().is_terminal() {
            fault::tell_waiting();
        }
        let files = if self.files.is_empty() { &default[..] } else { &self.files };
        let is_typed = files.iter().any(|path| source::is_stdin(path)) && io::stdin().is_terminal();
        let progress =
            if is_typed { Progress::hidden() } else { Progress::of_bytes(total_bytes(files)) };
        let stop = AtomicBool::new(false);
        let watch = Watch { interrupt: &interrupt, progress: &progress, stop: &stop };
        let job = Job { policy, watch, is_strict: self.strict };
        let takers = if kept.is_some() { &mut takers[..1] } else { takers };
        let mut reading = job.read(files, takers, kept.as_mut());
        if interrupt.is_pressed() {
            progress.interrupted();
        } else {
            drop(progress);
        }
        reading.inputs = files.len();
        reading.is_stopped = self.strict && reading.refused > 0;
        // From here on a press ends the program, as the second one does.
        reading.is_interrupted = interrupt.take();
        reading.ended = interrupt.ended();
        drop(interrupt);
        if let Some(kept) = kept.filter(|_| reading.ended.is_none() && !reading.is_unread()) {
            reading.unwritten = kept.finish().err();
        }
        Ok(reading)
    }
}

/// How files are read, and who looks on.
struct Job<'j> {
    policy: &'j DecodeOptions,
    watch: Watch<'j>,
    is_strict: bool,
}

impl Job<'_> {
    /// Reads files: those that keep one thread busy at best several at once, and then each of the
    /// others with all threads.
    fn read<T: Sink + Send>(
        &self,
        files: &[PathBuf],
        takers: &mut [T],
        mut kept: Option<&mut RefusedFile>,
    ) -> Reading {
        let threads = takers.len();
        let files = files.iter().enumerate();
        // The first refused line is known only if nobody has read ahead in a later file.
        let in_order = threads == 1 || self.is_strict;
        let (mut solo, mut shared): (Vec<_>, Vec<_>) =
            files.partition(|(_, path)| !in_order && is_solo(path, threads));
        if solo.len() == 1 {
            shared.append(&mut solo);
        }
        let reading = Mutex::new(Reading::default());
        let workers = threads.min(solo.len());
        let solo = Mutex::new(solo.into_iter());
        let work = |taker: &mut T| {
            let taker = slice::from_mut(taker);
            // Taken in a statement of its own, so that the lock is not held while reading.
            while let Some((index, path)) = { lock(&solo).next() } {
                let outcome = self.read_file(index, path, taker, None);
                lock(&reading).enter(index, outcome);
            }
        };
        thread::scope(|scope| {
            let mut takers = takers[..workers].iter_mut();
            let own = takers.next();
            for taker in takers {
                // The others do the share of a thread that cannot be started.
                if thread::Builder::new().spawn_scoped(scope, || work(taker)).is_err() {
                    break;
                }
            }
            own.into_iter().for_each(&work);
        });
        let mut reading = reading.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (index, path) in shared {
            let takers = &mut takers[..threads.min(threads_worth(path))];
            reading.enter(index, self.read_file(index, path, takers, kept.as_deref_mut()));
        }
        reading
    }

    /// Reads one file, unless no more is wanted.
    fn read_file<T: Sink + Send>(
        &self,
        index: usize,
        path: &Path,
        takers: &mut [T],
        mut kept: Option<&mut RefusedFile>,
    ) -> Outcome {
        let stop = self.is_strict.then_some(self.watch.stop);
        let taker = |taker| Taker::new(taker, index, stop, kept.take());
        let mut takers: Vec<_> = takers.iter_mut().map(taker).collect();
        let mut ignored = Ignored::default();
        let read = if self.watch.is_over() {
            Ok(Report::default())
        } else {
            source::open(path, self.watch)
                .map_err(|source| ReadError { report: Box::default(), source })
                .and_then(|source| {
                    ignored = source.ignored;
                    if !source.is_compressed || takers.len() < 2 {
                        return decode(self.policy, source.reader, &mut takers);
                    }
                    thread::scope(|scope| {
                        let reader = ahead::start(scope, source.reader);
                        decode(self.policy, reader, &mut takers)
                    })
                })
        };
        Outcome::new(source::name(path), read, takers).with_ignored(&ignored)
    }
}

fn decode<T: Sink + Send>(
    policy: &DecodeOptions,
    source: impl Read + Send,
    takers: &mut [Taker<'_, T>],
) -> Result<Report, ReadError> {
    let policy = DecodeOptions { refusals_kept: fault::REFUSALS_TOLD_MAX, ..policy.clone() };
    match takers {
        [taker] => policy.decode_reader(source, taker),
        takers => policy.par_decode_reader(source, takers),
    }
}

/// Whether it would be a waste to read a file with so many threads.
///
/// One that is compressed comes no faster than one thread can make it plain.
fn is_solo(path: &Path, threads: usize) -> bool {
    let worth = threads_worth(path);
    worth < threads || (worth < usize::MAX && source::is_compressed(path))
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

/// Takes a lock. A panic of another thread is told of by its scope.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use facade::codec::Record;

    use super::*;
    use crate::ahead::tests::Failing;
    use crate::exit::Exit;

    fn read(file: impl Read + Send) -> (Reading, Vec<String>) {
        let (mut reading, mut names) = (Reading::default(), Vec::new());
        let mut take = |entry: Record<'_>| names.push(entry.name.to_string());
        let mut takers = [Taker::new(&mut take, 0, None, None)];
        let read = decode(&DecodeOptions::default(), file, &mut takers);
        reading.enter(0, Outcome::new("a.ndjson".into(), read, takers));
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
        let max = DecodeOptions::default().limits.input_bytes;
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
