//! Reads the files of a command line, and passes their actions to sinks.

mod fields;
pub(crate) mod form;
pub(crate) mod head;
mod identity;
mod kept;
pub(crate) mod labels;
mod moments;
mod readahead;
mod records;
pub(crate) mod result;
pub(crate) mod rows;
mod sink;
pub(crate) mod source;
mod summary;
mod tolerance;

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use facade::WhenFull;
use facade::actions::TrackerSpec;
use facade::codec::{
    DecodeOptions, Fractions, ReadError, Report, Sink, Zone, threads_within_memory,
};

pub(crate) use self::form::Named;
use self::form::{FormError, UnknownForm};
use self::head::Head;
use self::identity::{Content, Identified};
use self::kept::Kept;
use self::labels::Labels;
pub(crate) use self::records::{Recipe, RecordArgs};
use self::result::{FileResult, ReadResult};
use self::sink::FileSink;
pub(crate) use self::sink::{file_of, first_of};
use self::source::{Ignored, Watch};
pub(crate) use self::tolerance::ToleranceArgs;
use crate::budget::Budget;
use crate::diagnostics;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::options::{self, INPUT_OPTIONS};
use crate::output::progress::Progress;
use crate::output::{KeptOutputs, OutputArgs, Outputs};
use crate::signals::Interrupt;

/// The minimum share of a file for a thread: the size of one read.
const SHARE_BYTES: u64 = 256 * 1024;

/// The maximum of `--threads`: above the cores of any machine, below the limit of any system.
const THREADS_MAX: u16 = 1_024;

/// The options of a command that reads actions.
#[derive(Debug, clap::Args)]
pub(crate) struct Input {
    /// Files of records: JSON, logfmt or CSV [default: standard input]
    ///
    /// Files that are compressed with gzip or zstd are decompressed. `-` is standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    options: ReadArgs,
}

/// The options of a command that reads files of actions, whatever names the files.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ReadArgs {
    #[command(flatten)]
    records: RecordArgs,

    #[command(flatten)]
    tolerance: ToleranceArgs,

    /// Stop at the first refused line and print no result
    #[arg(long, conflicts_with = "max_refused", help_heading = INPUT_OPTIONS)]
    strict: bool,

    /// Refuse times that are not integers
    #[arg(long, help_heading = INPUT_OPTIONS)]
    integers: bool,

    /// Write refused lines to FILE
    ///
    /// Lines are written whole and in order, so only one thread reads. FILE is replaced when all
    /// input is read. `-` is standard output.
    #[arg(long, value_name = "FILE", help_heading = INPUT_OPTIONS)]
    refused: Option<PathBuf>,

    /// Write skipped records to FILE
    ///
    /// As --refused does with refused lines.
    #[arg(long, value_name = "FILE", help_heading = INPUT_OPTIONS)]
    skipped: Option<PathBuf>,

    /// Number of threads that read [default: one per core]
    ///
    /// One more thread decompresses. The result does not depend on the number of threads. Fewer
    /// threads read if the system cannot start them.
    #[arg(long, value_name = "N", value_parser = options::integer(1..=THREADS_MAX))]
    #[arg(help_heading = INPUT_OPTIONS)]
    threads: Option<u16>,
}

impl ReadArgs {
    /// Returns whether records are only counted, so that times have no statistics.
    pub(crate) fn counts_only(&self) -> bool {
        self.records.counts_only()
    }
}

impl Input {
    /// Returns the input of some files, which are not empty.
    pub(crate) fn new(files: Vec<PathBuf>, options: ReadArgs) -> Self {
        Self { files, options }
    }

    /// Opens the outputs of the command, and changes no file.
    ///
    /// # Errors
    ///
    /// [`Failure`] if an output cannot be written, is an input, or is the other output.
    pub(crate) fn outputs(
        &self,
        output: &OutputArgs,
        saved: Option<&Path>,
    ) -> Result<Outputs, Failure> {
        let ReadArgs { refused, skipped, .. } = &self.options;
        output.open_for(&self.files, refused.as_deref(), skipped.as_deref(), saved)
    }

    /// Returns whether records are only counted, so that times have no statistics.
    pub(crate) fn counts_only(&self) -> bool {
        self.options.records.counts_only()
    }

    /// Returns the limits of a tracker of its actions. Actions beyond them share a row.
    pub(crate) fn tracker_spec(&self, actions: usize) -> TrackerSpec {
        let (when_full, name_bytes) = (WhenFull::Fold, self.name_bytes());
        TrackerSpec { actions, when_full, name_bytes, ..TrackerSpec::default() }
    }

    /// Returns the maximum length of a name in bytes.
    pub(crate) fn name_bytes(&self) -> usize {
        self.options.records.name_bytes()
    }

    /// Returns the names of the inputs for messages.
    pub(crate) fn names(&self) -> Vec<String> {
        if self.files.is_empty() {
            return vec![source::STDIN.into()];
        }
        self.files.iter().map(|path| source::name(path)).collect()
    }

    /// Returns the time zone of days and labels.
    pub(crate) fn zone(&self) -> &Zone {
        self.options.records.zone()
    }

    /// Returns how records are read. Options that exclude each other are reported.
    ///
    /// # Errors
    ///
    /// The exit code of the command.
    pub(crate) fn recipe(&self) -> Result<Recipe, Exit> {
        let fractions = if self.options.integers { Fractions::Refused } else { Fractions::Allowed };
        self.options.records.recipe(fractions)
    }

    /// Reports what was not counted, and what was assumed about the records that were.
    pub(crate) fn report(&self, result: &ReadResult) {
        result.report();
        let fields = result.labels.fields();
        self.options.records.report_assumed(fields, &result.counts, result.timed());
    }

    /// Returns the number of threads that read, each with a sink.
    pub(crate) fn threads(&self) -> usize {
        threads_within_memory(match self.options.threads {
            _ if self.options.refused.is_some() || self.options.skipped.is_some() => 1,
            Some(threads) => threads.into(),
            None => thread::available_parallelism().map_or(1, NonZero::get),
        })
    }

    /// Reads all files, with one thread for each sink, and passes each action to one of the sinks.
    ///
    /// Offsets grow from file to file, so the first action of the input has the smallest offset on
    /// any number of threads. A single sink gets the actions in order.
    ///
    /// A refused line is counted and reading continues, unless `--strict` is given. After a file
    /// that cannot be read, reading continues with the next.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the refused lines cannot be written, or Ctrl-C cannot be handled.
    pub(crate) fn read<T: Sink + Send>(
        &self,
        recipe: &Recipe,
        sinks: &mut [T],
        kept: KeptOutputs,
        budget: Option<&Budget>,
    ) -> Result<ReadResult, Failure> {
        let mut kept = Kept::begin(kept)?;
        let interrupt = Interrupt::install()
            .map_err(|error| Failure { name: "cannot handle Ctrl-C".into(), error })?;
        let default = [PathBuf::from("-")];
        if self.files.is_empty() && io::stdin().is_terminal() {
            diagnostics::report_waiting();
        }
        let files = if self.files.is_empty() { &default[..] } else { &self.files };
        let is_typed = files.iter().any(|path| source::is_stdin(path)) && io::stdin().is_terminal();
        let progress =
            if is_typed { Progress::hidden() } else { Progress::of_bytes(total_bytes(files)) };
        let stop = AtomicBool::new(false);
        let watch = Watch { interrupt: &interrupt, progress: &progress, stop: &stop, budget };
        let job = ReadJob { recipe, watch, is_strict: self.options.strict };
        let sinks = if kept.is_empty() { sinks } else { &mut sinks[..1] };
        let mut result = job.read(files, sinks, (!kept.is_empty()).then_some(&mut kept));
        if interrupt.is_pressed() {
            progress.interrupted();
        } else {
            drop(progress);
        }
        result.inputs = files.len();
        result.labels = Labels::new(recipe);
        result.max_refused = self.options.tolerance.max_refused();
        result.is_stopped = self.options.strict && result.refused > 0;
        // From here on, Ctrl-C ends the program.
        result.is_interrupted = interrupt.take();
        result.ended = interrupt.ended();
        drop(interrupt);
        if result.ended.is_none() && !result.is_unread() {
            result.unwritten = kept.finish();
        }
        Ok(result)
    }
}

/// The state that the reading of all files shares.
struct ReadJob<'j> {
    recipe: &'j Recipe,
    watch: Watch<'j>,
    is_strict: bool,
}

/// The files of a command line with their numbers, by the number of threads that read each.
#[derive(Debug, Default)]
struct Plan<'f> {
    /// Files that are read by one thread each, several concurrently.
    one_thread: Vec<(usize, &'f Path)>,
    /// Files that are read one after the other, each by all threads.
    all_threads: Vec<(usize, &'f Path)>,
}

impl<'f> Plan<'f> {
    /// Plans to read all files in order.
    fn in_order(files: &'f [PathBuf]) -> Self {
        let all_threads = files.iter().map(PathBuf::as_path).enumerate().collect();
        Self { one_thread: Vec::new(), all_threads }
    }

    /// Plans to keep all threads busy.
    fn for_threads(files: &'f [PathBuf], threads: usize) -> Self {
        let (one_thread, all_threads): (Vec<_>, Vec<_>) = files
            .iter()
            .map(PathBuf::as_path)
            .enumerate()
            .partition(|(_, path)| wants_one_thread(path, threads));
        match one_thread.len() {
            0 | 1 => Self::in_order(files),
            _ => Self { one_thread, all_threads },
        }
    }
}

impl ReadJob<'_> {
    /// Reads all files: first those for one thread each, then those for all threads.
    fn read<T: Sink + Send>(
        &self,
        files: &[PathBuf],
        sinks: &mut [T],
        mut kept: Option<&mut Kept>,
    ) -> ReadResult {
        // `--strict` reports the first refused line, so no thread may be ahead in a later file.
        let plan = match sinks.len() {
            threads if threads > 1 && !self.is_strict => Plan::for_threads(files, threads),
            _ => Plan::in_order(files),
        };
        let mut result = self.read_concurrently(plan.one_thread, sinks);
        for (index, path) in plan.all_threads {
            let threads = sinks.len().min(threads_worth(path));
            let file = self.read_file(index, path, &mut sinks[..threads], kept.as_deref_mut());
            result.insert(index, file);
        }
        result
    }

    /// Reads several files concurrently, each on one thread.
    fn read_concurrently<T: Sink + Send>(
        &self,
        files: Vec<(usize, &Path)>,
        sinks: &mut [T],
    ) -> ReadResult {
        let workers = sinks.len().min(files.len());
        let result = Mutex::new(ReadResult::default());
        let files = Mutex::new(files.into_iter());
        let next = || lock(&files).next();
        let work = |sink: &mut T| {
            while let Some((index, path)) = next() {
                let file = self.read_file(index, path, slice::from_mut(sink), None);
                lock(&result).insert(index, file);
            }
        };
        let Some((own, others)) = sinks[..workers].split_first_mut() else {
            return ReadResult::default();
        };
        thread::scope(|scope| {
            for sink in others {
                // If a thread cannot be started, the others read its share.
                if thread::Builder::new().spawn_scoped(scope, || work(sink)).is_err() {
                    break;
                }
            }
            work(own);
        });
        result.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads one file, unless reading is to stop.
    fn read_file<T: Sink + Send>(
        &self,
        index: usize,
        path: &Path,
        sinks: &mut [T],
        mut kept: Option<&mut Kept>,
    ) -> FileResult {
        let stop = self.is_strict.then_some(self.watch.stop);
        let counts_only = self.recipe.fields().value.is_none();
        let sink = |sink| FileSink::new(sink, index, stop, kept.take()).counting_only(counts_only);
        let mut sinks: Vec<_> = sinks.iter_mut().map(sink).collect();
        let mut opened = Opened::default();
        let read = if self.watch.is_over() {
            Ok(Report::default())
        } else {
            self.open_and_decode(path, &mut sinks, &mut opened)
        };
        let Opened { ignored, unknown, sample, content } = opened;
        FileResult::new(source::name(path), read, sinks)
            .with_ignored(&ignored)
            .with_unknown(unknown)
            .with_sample(sample)
            .with_instance(content.map(|content| content.instance(path)))
    }

    /// Opens a file, recognises its form and decodes it.
    fn open_and_decode<T: Sink + Send>(
        &self,
        path: &Path,
        sinks: &mut [FileSink<'_, T>],
        opened: &mut Opened,
    ) -> Result<Report, ReadError> {
        let unread = |source| ReadError { report: Box::default(), source };
        let mut source = source::open(path, self.watch).map_err(unread)?;
        opened.ignored = source.ignored;
        let head = Head::read(&mut source.reader, self.recipe.patience());
        opened.sample = head.bytes().to_vec();
        let options = match self.recipe.options(&source::name(path), &head) {
            Ok(options) => options,
            Err(FormError::Unsupported(error)) => return Err(unread(error)),
            Err(FormError::Unknown(unknown)) => {
                // What ended the reading matters more than the form of what was read.
                if let Some(error) = head.into_failure() {
                    return Err(unread(error));
                }
                opened.unknown = Some(unknown);
                return Ok(Report::default());
            }
        };
        let reader = head.before(source.reader);
        let content =
            self.recipe.is_identified().then(|| opened.content.insert(Content::default()));
        let reader = Identified::new(reader, content);
        if !source.is_compressed || sinks.len() < 2 {
            return decode(&options, reader, sinks);
        }
        thread::scope(|scope| decode(&options, readahead::start(scope, reader), sinks))
    }
}

/// What is known of a file once it is open.
#[derive(Default)]
struct Opened {
    ignored: Ignored,
    unknown: Option<UnknownForm>,
    sample: Vec<u8>,
    /// What was read, if the input is to be identified.
    content: Option<Content>,
}

fn decode<T: Sink + Send>(
    options: &DecodeOptions,
    source: impl Read + Send,
    sinks: &mut [FileSink<'_, T>],
) -> Result<Report, ReadError> {
    let options =
        DecodeOptions { refusals_kept: diagnostics::REFUSALS_SHOWN_MAX, ..options.clone() };
    match sinks {
        [sink] => options.decode_reader(source, sink),
        sinks => options.par_decode_reader(source, sinks),
    }
}

/// Returns whether more threads would not read a file faster.
///
/// A compressed file is no faster than the one thread that decompresses it.
fn wants_one_thread(path: &Path, threads: usize) -> bool {
    let worth = threads_worth(path);
    worth < threads || (worth < usize::MAX && source::is_compressed(path))
}

/// Returns the size of the input in bytes, if it is known.
fn total_bytes(files: &[PathBuf]) -> Option<u64> {
    let mut total = 0;
    for path in files {
        // A missing file takes no time.
        let Ok(file) = fs::metadata(path) else { continue };
        total += file.is_file().then_some(file.len())?;
    }
    (total > 0).then_some(total)
}

/// Returns the number of threads that a file keeps busy.
fn threads_worth(path: &Path) -> usize {
    let file = fs::metadata(path).ok().filter(|file| file.is_file());
    file.map_or(usize::MAX, |file| (file.len() / SHARE_BYTES) as usize + 1)
}

/// Acquires a lock. The scope of the threads propagates a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
