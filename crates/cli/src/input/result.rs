//! The outcome of reading files, in their order on any number of threads.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::iter;
use std::sync::atomic::{AtomicBool, Ordering};

use facade::codec::{Counts, ReadError, Record, RefusedLine, Report, Sink};

use super::source::{self, Ignored, Stopped};
use crate::diagnostics::{self, BAD, PLACE, REFUSALS_SHOWN_MAX, Refused, Unreadable};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::render::{Styled, counted, grouped};
use crate::output::{Output, OutputWriter};

/// The hint about ignored bytes.
const IGNORED_HINT: &str = "if it was joined from several files, check that none is damaged";

/// The bits of an offset for the position in a file: 16 TiB per file, and a million files.
const OFFSET_BITS: u32 = 44;

/// Passes the actions of one file to a sink.
pub(crate) struct FileSink<'t, T> {
    sink: &'t mut T,
    /// Added to offsets, so that they exceed those of the files before.
    before: u64,
    reasons: Reasons,
    /// Set at the first refused line, if that ends the reading.
    stop: Option<&'t AtomicBool>,
    kept: Option<&'t mut RefusedFile>,
}

impl<'t, T> FileSink<'t, T> {
    /// Creates the sink of the file with this number.
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
            // ORDERING: Relaxed. Pairs with: `Watch::is_over`, which argues it.
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

/// The number of refused lines by reason.
pub(crate) type Reasons = BTreeMap<&'static str, u64>;

/// The file of `--refused`.
pub(crate) struct RefusedFile {
    output: OutputWriter,
    /// The first error, which is reported at the end and does not stop the reading.
    error: Option<io::Error>,
    /// Whether the last line has no line end yet.
    is_in_line: bool,
}

impl RefusedFile {
    /// Opens the file.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the system refuses.
    pub(crate) fn begin(output: Output) -> Result<Self, Failure> {
        Ok(Self { output: output.begin()?, error: None, is_in_line: false })
    }

    fn write(&mut self, piece: &[u8]) {
        if self.error.is_none() {
            self.error = self.output.write_all(piece).err();
            self.is_in_line = true;
        }
    }

    /// Ends a line that was cut off, so that the next input starts a new line.
    fn end_input(&mut self) {
        if self.is_in_line {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        self.write(b"\n");
        self.is_in_line = false;
    }

    /// Completes the file. If a write failed, the file is unchanged.
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

/// The outcome of reading one file.
pub(crate) struct FileResult {
    name: String,
    report: Report,
    reasons: Reasons,
    /// The error that ended the reading.
    error: Option<io::Error>,
    /// Whether bytes after the compressed data were ignored.
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
        // A requested stop is not an error of the file.
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

    /// Sets whether bytes of the file were ignored.
    pub(crate) fn with_ignored(self, ignored: &Ignored) -> Self {
        Self { ignored: ignored.any(), ..self }
    }
}

/// The outcome of reading all files.
#[derive(Debug, Default)]
pub(crate) struct ReadResult {
    /// The number of lines that are not blank.
    pub(crate) lines: u64,
    /// The number of refused lines.
    pub(crate) refused: u64,
    /// What else was counted about the accepted records.
    pub(crate) counts: Counts,
    /// The number of refused lines by reason.
    pub(crate) reasons: Reasons,
    /// The first refusals in the order of the files, at most [`REFUSALS_SHOWN_MAX`].
    pub(crate) refusals: Vec<Refused>,
    /// The files that could not be read to their end, in order.
    pub(crate) unreadable: Vec<Unreadable>,
    /// The numbers and names of files with ignored bytes after the compressed data.
    pub(crate) ignored: Vec<(usize, String)>,
    /// The failure to write the refused lines, if any.
    pub(crate) unwritten: Option<Failure>,
    /// Whether Ctrl-C ended the reading.
    pub(crate) is_interrupted: bool,
    /// Whether a refused line ended the reading. The result is then not written.
    pub(crate) is_stopped: bool,
    /// The number of another signal that ended the reading. The result is then not written.
    pub(crate) ended: Option<u8>,
    /// The number of files to read.
    pub(crate) inputs: usize,
    /// The numbers of the files of `refusals` and of `unreadable`.
    files: [Vec<usize>; 2],
}

impl ReadResult {
    /// Returns whether there is a result: an input was read, and nothing stopped the reading.
    ///
    /// An empty input has a result. A missing file has none, so that an earlier result is not
    /// replaced by an empty one.
    pub(crate) fn has_result(&self) -> bool {
        !self.is_stopped && self.ended.is_none() && !self.is_unread()
    }

    /// Returns whether no line was read because of errors or Ctrl-C.
    pub(crate) fn is_unread(&self) -> bool {
        let are_unreadable = self.inputs > 0 && self.unreadable.len() == self.inputs;
        self.lines == 0 && (self.is_interrupted || are_unreadable)
    }

    /// Returns the exit code of a run with this outcome.
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

    /// Inserts the outcome of the file with this number; calls may be in any order.
    pub(crate) fn insert(&mut self, index: usize, file_result: FileResult) {
        let FileResult { name, report, reasons, error, ignored } = file_result;
        if ignored {
            let place = self.ignored.partition_point(|&(file, _)| file < index);
            self.ignored.insert(place, (index, name.clone()));
        }
        self.lines += report.accepted + report.refused;
        self.refused += report.refused;
        self.counts += report.counts;
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
            return; // Quiet, like a program that the signal ends at once.
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
            diagnostics::report("interrupted before the first line was read, no result");
        } else if self.is_interrupted {
            diagnostics::report(format!("interrupted: the result is of {lines}"));
        }
        match &self.refusals[..] {
            [] => {}
            [first, ..] if self.is_stopped => {
                let line = Styled(BAD, "refused line");
                diagnostics::report(format!(
                    "stopped at the first {line}, no result (`--strict`):"
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

    /// Reports the reasons with their numbers, if not all refused lines are shown.
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
