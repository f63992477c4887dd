//! The outcome of reading files, in their order on any number of threads.

use std::io;
use std::iter;
use std::ops::Range;

use facade::Unit;
use facade::codec::{Counts, ReadError, Report};
use facade::time::Instance;

use super::form::UnknownForm;
use super::kept::Kept;
use super::labels::Labels;
use super::moments::MomentCounts;
use super::sink::{FileSink, Reasons};
use super::source::{Ignored, Stopped};
use super::tolerance::MaxRefused;
use crate::diagnostics::{REFUSALS_SHOWN_MAX, Refused, Unreadable};
use crate::exit::Exit;
use crate::failure::Failure;

/// The outcome of reading one file.
pub(crate) struct FileResult {
    name: String,
    report: Report,
    reasons: Reasons,
    moments: MomentCounts,
    /// The error that ended the reading.
    error: Option<io::Error>,
    /// Whether bytes after the compressed data were ignored.
    ignored: bool,
    /// Why nothing was read, if the form is not known.
    unknown: Option<UnknownForm>,
    sample: Vec<u8>,
    /// The identity of the file, if it was asked for.
    instance: Option<Instance>,
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
        // A fault of the input ends it as an error of the reader does.
        let fault = report.fault.as_ref().map(|fault| io::Error::other(fault.to_string()));
        let error = error.or(fault);
        // A requested stop is not an error of the file.
        let is_stop =
            |error: &io::Error| error.get_ref().is_some_and(|error| error.is::<Stopped>());
        let error = error.filter(|error| !is_stop(error));
        let (mut reasons, mut moments) = (Reasons::new(), MomentCounts::default());
        for sink in sinks {
            for (reason, count) in sink.reasons {
                *reasons.entry(reason).or_default() += count;
            }
            moments.merge(sink.moments);
            sink.kept.into_iter().for_each(Kept::end_input);
        }
        let (ignored, unknown, sample, instance) = (false, None, Vec::new(), None);
        Self { name, report, reasons, moments, error, ignored, unknown, sample, instance }
    }

    /// Sets whether bytes of the file were ignored.
    pub(crate) fn with_ignored(self, ignored: &Ignored) -> Self {
        Self { ignored: ignored.any(), ..self }
    }

    /// Sets the first bytes of the file.
    pub(crate) fn with_sample(self, sample: Vec<u8>) -> Self {
        Self { sample, ..self }
    }

    /// Sets the identity of the file.
    pub(crate) fn with_instance(self, instance: Option<Instance>) -> Self {
        Self { instance, ..self }
    }

    /// Sets that the form of the file is not known.
    pub(crate) fn with_unknown(self, unknown: Option<UnknownForm>) -> Self {
        Self { unknown, ..self }
    }
}

/// A reason why a run has no result although its inputs were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Numbers without a unit and values with one, and no unit for the former.
    MixedUnits { bare: u64, with_unit: u64 },
    /// Conditions that compare a number without a unit with a duration.
    UnitNeeded(u64),
    /// Shortened names that stand for several names.
    SharedNames(usize),
}

/// The outcome of reading all files.
#[derive(Debug, Default)]
pub(crate) struct ReadResult {
    /// The number of lines that are not blank.
    pub(crate) lines: u64,
    /// The number of accepted records.
    pub(crate) accepted: u64,
    /// The number of refused lines.
    pub(crate) refused: u64,
    /// The number of records that lack a field.
    pub(crate) skipped: u64,
    /// The number of records that do not meet a condition.
    pub(crate) filtered: u64,
    /// The number of blank lines.
    pub(crate) blank: u64,
    /// What else there is to say about the records.
    pub(crate) counts: Counts,
    /// The number of refused lines by reason.
    pub(crate) reasons: Reasons,
    /// The values that look like moments.
    pub(crate) moments: MomentCounts,
    /// The first refusals in the order of the files, at most [`REFUSALS_SHOWN_MAX`].
    pub(crate) refusals: Vec<Refused>,
    /// The files that could not be read to their end, in order.
    pub(crate) unreadable: Vec<Unreadable>,
    /// The numbers and names of files with ignored bytes after the compressed data.
    pub(crate) ignored: Vec<(usize, String)>,
    /// The numbers and names of files whose form is not known, and why.
    pub(crate) unknown: Vec<(usize, String, UnknownForm)>,
    /// The first bytes of the first file that has any, and its number.
    pub(crate) sample: (usize, Vec<u8>),
    /// The numbers and identities of the files, if they were asked for.
    instances: Vec<(usize, Instance)>,
    /// The failures to write the records that are not counted.
    pub(crate) unwritten: Vec<Failure>,
    /// Whether Ctrl-C ended the reading.
    pub(crate) is_interrupted: bool,
    /// Whether a refused line ended the reading. The result is then not written.
    pub(crate) is_stopped: bool,
    /// The number of another signal that ended the reading. The result is then not written.
    pub(crate) ended: Option<u8>,
    /// The number of files to read.
    pub(crate) inputs: usize,
    /// The names of fields and options in messages.
    pub(crate) labels: Labels,
    /// How many refused records are tolerated.
    pub(crate) max_refused: MaxRefused,
    /// Compares the shortened names of all files.
    names: Report,
    /// The numbers of the files of `refusals` and of `unreadable`.
    files: [Vec<usize>; 2],
    /// Of each file its number, its refused and skipped records, and all that are not blank.
    uncounted: Vec<(usize, [u64; 2])>,
}

impl ReadResult {
    /// Returns the result before anything is read.
    pub(crate) fn new(labels: Labels, max_refused: MaxRefused, inputs: usize) -> Self {
        Self { labels, max_refused, inputs, ..Self::default() }
    }

    /// Returns whether there is a result: an input was read, and nothing stopped the reading.
    ///
    /// An empty input has a result. A missing file has none, so that an earlier result is not
    /// replaced by an empty one.
    pub(crate) fn has_result(&self) -> bool {
        !self.is_stopped && self.ended.is_none() && !self.is_unread() && self.problem().is_none()
    }

    /// Returns the identities of all inputs in order, if each was read to its end.
    pub(crate) fn instances(&self) -> Option<Vec<Instance>> {
        let is_whole = self.unreadable.is_empty()
            && self.instances.len() == self.inputs
            && !self.is_interrupted
            && self.ended.is_none();
        let mut instances = self.instances.clone();
        instances.sort_unstable_by_key(|&(index, _)| index);
        is_whole.then(|| instances.into_iter().map(|(_, instance)| instance).collect())
    }

    /// Returns whether no line was read because of errors or Ctrl-C.
    pub(crate) fn is_unread(&self) -> bool {
        let unread = self.unreadable.len() + self.unknown.len();
        let are_unreadable = self.inputs > 0 && unread == self.inputs;
        self.lines == 0 && (self.is_interrupted || are_unreadable)
    }

    /// Returns the number of refused and skipped records of some files, and of all but blank ones.
    pub(crate) fn uncounted(&self, files: Range<usize>) -> [u64; 2] {
        let of_files = self.uncounted.iter().filter(|(file, _)| files.contains(file));
        of_files.fold([0, 0], |sum, (_, of_file)| [sum[0] + of_file[0], sum[1] + of_file[1]])
    }

    /// Returns whether no record that is counted has a timestamp, and some lack one.
    pub(crate) fn lacks_timestamps(&self) -> bool {
        let untimed = self.counts.without_timestamp;
        untimed > 0 && untimed >= self.accepted
    }

    /// Returns the number of records of which some may lack a timestamp.
    ///
    /// An interval filters those, so that they are not among the accepted ones.
    pub(crate) fn timed(&self) -> u64 {
        let fields = self.labels.fields();
        let has_interval = fields.from.is_some() || fields.to.is_some();
        self.accepted + if has_interval { self.filtered } else { 0 }
    }

    /// Returns why a run has no result although the inputs were read.
    pub(crate) fn problem(&self) -> Option<Problem> {
        let Counts { bare_values: bare, values_with_unit: with_unit, .. } = self.counts;
        match self.names.shared_names() {
            _ if self.counts.unit_needed > 0 => Some(Problem::UnitNeeded(self.counts.unit_needed)),
            _ if bare > 0 && with_unit > 0 && self.labels.unit().is_none() => {
                Some(Problem::MixedUnits { bare, with_unit })
            }
            0 => None,
            names => Some(Problem::SharedNames(names)),
        }
    }

    /// Returns the unit of the times of accepted records, if it is known.
    pub(crate) fn unit(&self) -> Option<Unit> {
        // Values with a unit of their own are converted to seconds.
        let seconds = (self.counts.values_with_unit > 0).then_some(Unit::Seconds);
        self.labels.unit().or(seconds)
    }

    /// Returns the exit code of a run with this outcome.
    pub(crate) fn exit(&self) -> Exit {
        let has_failed =
            !self.unwritten.is_empty() || !self.unreadable.is_empty() || self.problem().is_some();
        if let Some(signal) = self.ended {
            Exit::Ended(signal)
        } else if self.is_interrupted {
            Exit::Interrupted
        } else if let Some(Problem::UnitNeeded(_)) = self.problem() {
            Exit::Misused
        } else if has_failed {
            Exit::Failed
        } else if self.is_refused() {
            Exit::Refused
        } else {
            Exit::Done
        }
    }

    /// Returns whether more is refused than tolerated, or nothing is accepted.
    fn is_refused(&self) -> bool {
        !self.max_refused.allows(self.refused, self.accepted)
            || (self.accepted == 0 && self.refused + self.skipped > 0)
            || !self.unknown.is_empty()
    }

    /// Inserts the outcome of the file with this number; calls may be in any order.
    pub(crate) fn insert(&mut self, index: usize, file_result: FileResult) {
        let FileResult {
            name,
            report,
            reasons,
            moments,
            error,
            ignored,
            unknown,
            sample,
            instance,
        } = file_result;
        self.instances.extend(instance.map(|instance| (index, instance)));
        if ignored {
            let place = self.ignored.partition_point(|&(file, _)| file < index);
            self.ignored.insert(place, (index, name.clone()));
        }
        if let Some(unknown) = unknown {
            let place = self.unknown.partition_point(|&(file, ..)| file < index);
            self.unknown.insert(place, (index, name.clone(), unknown));
        }
        if !sample.is_empty() && (self.sample.1.is_empty() || index < self.sample.0) {
            self.sample = (index, sample);
        }
        let lines_before = self.lines;
        self.count(&report);
        let lines = self.lines - lines_before;
        self.uncounted.push((index, [report.refused + report.skipped, lines]));
        self.moments.merge(moments);
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

    /// Adds the numbers of a report.
    pub(crate) fn count(&mut self, report: &Report) {
        let counted = [report.accepted, report.refused, report.skipped, report.filtered];
        self.lines += counted.into_iter().sum::<u64>();
        self.accepted += report.accepted;
        self.refused += report.refused;
        self.skipped += report.skipped;
        self.filtered += report.filtered;
        self.blank += report.blank;
        self.counts += report.counts;
        self.names.compare_names(report);
    }
}
