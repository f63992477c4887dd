//! What became of the lines of files, in the order of the files, whoever read them and when.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::iter;
use std::sync::atomic::{AtomicBool, Ordering};

use facade::codec::{ReadError, Record, RefusedLine, Report, Sink};

use super::source::{self, Ignored, Stopped};
use crate::diagnostics::{self, BAD, PLACE, REFUSALS_SHOWN_MAX, Refused, Unreadable};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::render::{Styled, counted, grouped};
use crate::output::{Output, OutputWriter};

/// What to do about bytes that were ignored.
const IGNORED_HINT: &str = "one of the files that it was joined from may be damaged; check its end";

/// How many bits of an offset are within a file: up to 16 TiB each, and a million files.
const OFFSET_BITS: u32 = 44;

/// A taker of actions of one file.
pub(crate) struct FileSink<'t, T> {
    sink: &'t mut T,
    /// What is more than any offset in the files before.
    before: u64,
    reasons: Reasons,
    /// Raised at the first refused line, if that is to be the end.
    stop: Option<&'t AtomicBool>,
    kept: Option<&'t mut RefusedFile>,
}

impl<'t, T> FileSink<'t, T> {
    /// Hands on the actions of a file that comes after as many others.
    pub(crate) fn new(
        sink: &'t mut T,
        index: usize,
        stop: Option<&'t AtomicBool>,
        kept: Option<&'t mut RefusedFile>,
    ) -> Self {
        let before = (index as u64) << OFFSET_BITS;
        Self { sink, before, reasons: Reasons::new(), stop, kept }
    }
}

impl<T: Sink> Sink for FileSink<'_, T> {
    #[inline]
    fn accept(&mut self, mut record: Record<'_>) {
        record.offset += self.before;
        self.sink.accept(record);
    }

    fn refuse(&mut self, line: RefusedLine<'_>) {
        *self.reasons.entry(line.error().reason()).or_default() += 1;
        if let Some(stop) = self.stop {
            // ORDERING: Relaxed. As where it is looked at, in `source.rs`.
            stop.store(true, Ordering::Relaxed);
        }
        if let Some(kept) = &mut self.kept {
            if line.is_whole() {
                kept.write(line.bytes);
            }
            kept.end_line();
        }
        self.sink.refuse(line);
    }

    fn refuse_piece(&mut self, piece: &[u8]) {
        if let Some(kept) = &mut self.kept {
            kept.write(piece);
        }
    }
}

/// How many lines were refused for which reason.
pub(crate) type Reasons = BTreeMap<&'static str, u64>;

/// Where refused lines are written.
pub(crate) struct RefusedFile {
    output: OutputWriter,
    /// The first error. It is reported at the end, and does not stop the reading.
    error: Option<io::Error>,
    /// Whether the last line has no end yet.
    is_in_line: bool,
}

impl RefusedFile {
    /// Begins to write.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the system does not allow it.
    pub(crate) fn begin(output: Output) -> Result<Self, Failure> {
        Ok(Self { output: output.begin()?, error: None, is_in_line: false })
    }

    fn write(&mut self, piece: &[u8]) {
        if self.error.is_none() {
            self.error = self.output.write_all(piece).err();
            self.is_in_line = true;
        }
    }

    /// Ends the line that an input broke off in, so that the next input begins a line.
    fn end_input(&mut self) {
        if self.is_in_line {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        self.write(b"\n");
        self.is_in_line = false;
    }

    /// Ends the writing. A file that could not be written whole is as it was before.
    ///
    /// # Errors
    ///
    /// The first error of all writes.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self.error {
            None => self.output.finish(),
            Some(error) => Err(self.output.failure(error)),
        }
    }
}

/// What became of the lines of one file.
pub(crate) struct FileResult {
    name: String,
    report: Report,
    reasons: Reasons,
    /// Why it was not read to its end.
    error: Option<io::Error>,
    /// Whether bytes behind compressed data were ignored.
    ignored: bool,
}

impl FileResult {
    pub(crate) fn new<'t, T: 't>(
        name: String,
        read: Result<Report, ReadError>,
        sinks: impl IntoIterator<Item = FileSink<'t, T>>,
    ) -> Self {
        let (report, error) = match read {
            Ok(report) => (report, None),
            Err(ReadError { report, source }) => (*report, Some(source)),
        };
        // That it was to be read no further is no fault of the file.
        let is_stop =
            |error: &io::Error| error.get_ref().is_some_and(|error| error.is::<Stopped>());
        let error = error.filter(|error| !is_stop(error));
        let mut reasons = Reasons::new();
        for sink in sinks {
            for (reason, count) in sink.reasons {
                *reasons.entry(reason).or_default() += count;
            }
            sink.kept.into_iter().for_each(RefusedFile::end_input);
        }
        Self { name, report, reasons, error, ignored: false }
    }

    /// Adds whether bytes of it were ignored.
    pub(crate) fn with_ignored(self, ignored: &Ignored) -> Self {
        Self { ignored: ignored.any(), ..self }
    }
}

/// What became of the lines of all files.
#[derive(Debug, Default)]
pub(crate) struct ReadResult {
    /// Lines that were not blank.
    pub(crate) lines: u64,
    /// Those of them that are no actions.
    pub(crate) refused: u64,
    /// These by reason.
    pub(crate) reasons: Reasons,
    /// The first refusals in the order of the files, no more than [`REFUSALS_SHOWN_MAX`].
    pub(crate) refusals: Vec<Refused>,
    /// The files that could not be read, or not to their end, in their order.
    pub(crate) unreadable: Vec<Unreadable>,
    /// The files of which bytes behind compressed data were ignored, by their numbers.
    pub(crate) ignored: Vec<(usize, String)>,
    /// What kept the refused lines from being written.
    pub(crate) unwritten: Option<Failure>,
    /// Whether Ctrl-C ended it.
    pub(crate) is_interrupted: bool,
    /// Whether a refused line ended it, so that there is no result.
    pub(crate) is_stopped: bool,
    /// The number of another signal that ended it, so that there is no result.
    pub(crate) ended: Option<u8>,
    /// How many files there were to read.
    pub(crate) inputs: usize,
    /// The numbers of the files of the refusals, and of those that are unreadable.
    files: [Vec<usize>; 2],
}

impl ReadResult {
    /// Returns whether there is something to write: an input was read, and nothing asked to stop.
    ///
    /// An empty input is read. A file that does not exist is not, so that a result which was
    /// written before is not replaced by an empty one.
    pub(crate) fn has_result(&self) -> bool {
        !self.is_stopped && self.ended.is_none() && !self.is_unread()
    }

    /// Returns whether no line was read, although there may have been some.
    pub(crate) fn is_unread(&self) -> bool {
        let are_unreadable = self.inputs > 0 && self.unreadable.len() == self.inputs;
        self.lines == 0 && (self.is_interrupted || are_unreadable)
    }

    /// How a run ends that read this and did all else.
    pub(crate) fn exit(&self) -> Exit {
        if let Some(signal) = self.ended {
            Exit::Ended(signal)
        } else if self.is_interrupted {
            Exit::Interrupted
        } else if self.unwritten.is_some() || !self.unreadable.is_empty() {
            Exit::Failed
        } else if self.refused > 0 {
            Exit::Refused
        } else {
            Exit::Done
        }
    }

    /// Enters what became of the file with this number; the order does not matter.
    pub(crate) fn insert(&mut self, index: usize, file_result: FileResult) {
        let FileResult { name, report, reasons, error, ignored } = file_result;
        if ignored {
            let place = self.ignored.partition_point(|&(file, _)| file < index);
            self.ignored.insert(place, (index, name.clone()));
        }
        self.lines += report.accepted + report.refused;
        self.refused += report.refused;
        for (reason, count) in reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
        let [of_refusals, of_unreadable] = &mut self.files;
        let place = of_refusals.partition_point(|&file| file < index);
        let refusals = report.refusals.iter().map(|refusal| Refused::new(&name, refusal));
        self.refusals.splice(place..place, refusals);
        of_refusals.splice(place..place, iter::repeat_n(index, report.refusals.len()));
        self.refusals.truncate(REFUSALS_SHOWN_MAX);
        of_refusals.truncate(REFUSALS_SHOWN_MAX);
        if let Some(error) = error {
            let place = of_unreadable.partition_point(|&file| file < index);
            of_unreadable.insert(place, index);
            self.unreadable.insert(place, Unreadable { name, error, lines: report.lines() });
        }
    }
}

impl ReadResult {
    /// Reports what was not read and what was refused.
    pub(crate) fn report(&self) {
        if self.ended.is_some() {
            return; // As quiet as a program that such a signal ends at once.
        }
        for file in &self.unreadable {
            diagnostics::report(file);
        }
        for (_, name) in &self.ignored {
            let place = Styled(PLACE, name);
            diagnostics::report(format!("{place}: warning: {}\n  {IGNORED_HINT}", source::IGNORED));
        }
        self.unwritten.iter().for_each(diagnostics::report_failure);
        let lines = counted(self.lines, "line");
        if self.is_interrupted && self.is_unread() {
            diagnostics::report("interrupted: no line was read, so there is no result");
        } else if self.is_interrupted {
            diagnostics::report(format!("interrupted: the result is that of {lines}"));
        }
        match &self.refusals[..] {
            [] => {}
            [first, ..] if self.is_stopped => {
                let line = Styled(BAD, "refused line");
                diagnostics::report(format!(
                    "stopped at the first {line}, without a result (`--strict`):"
                ));
                diagnostics::print_line(first);
            }
            refusals => {
                let refused = Styled(BAD, grouped(self.refused));
                diagnostics::report(format!("{refused} of {lines} refused and not counted:"));
                self.report_reasons();
                for refusal in refusals {
                    diagnostics::print_line(refusal);
                }
            }
        }
    }

    /// Tells how many lines were refused for which reason, if that says more than the lines do.
    fn report_reasons(&self) {
        if self.refused <= self.refusals.len() as u64 {
            return;
        }
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|&(reason, &count)| (Reverse(count), *reason));
        let width = reasons.first().map_or(0, |&(_, &count)| grouped(count).len());
        for (reason, &count) in reasons {
            diagnostics::print_line(format_args!("  {:>width$}  {reason}", grouped(count)));
        }
        diagnostics::print_line(format_args!("the first {}:", self.refusals.len()));
    }
}
