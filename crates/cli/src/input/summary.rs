//! Messages about the records of a run: what is not counted, and why.

use std::cmp::Reverse;

use facade::codec::{
    Counts, DecodeError, DecodeErrorKind, DecodeOptions, Fields, Path, Record, Skip, visible,
};

use super::fields::NAME_BYTES;
use super::result::{Problem, ReadResult};
use super::source;
use crate::diagnostics::{self, BAD, PLACE};
use crate::output::render::{Styled, counted, grouped};

/// The hint about ignored bytes.
const IGNORED_HINT: &str = "if it was joined from several files, check that none is damaged";

impl ReadResult {
    /// Reports what was not read and what was not counted.
    pub(crate) fn report(&self) {
        if self.ended.is_some() {
            return; // Quiet, like a program that the signal ends at once.
        }
        for file in &self.unreadable {
            diagnostics::report(file);
        }
        self.report_unknown();
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
        self.report_outcomes();
        // It is why nothing is printed, so that lists of refused lines come after it.
        self.report_problem();
        self.report_refused(&lines);
        self.report_end();
    }

    /// Reports what a live input had: all but its refused lines.
    pub(crate) fn report_live(&self) {
        self.report_unknown();
        self.report_outcomes();
        self.report_problem();
        self.report_end();
    }

    fn report_end(&self) {
        self.report_names();
        self.report_quotes();
    }

    /// Reports the files whose form is not known.
    fn report_unknown(&self) {
        for (_, name, form) in &self.unknown {
            diagnostics::report(format_args!("{}: {form}", Styled(PLACE, name)));
        }
    }

    /// Reports the outcomes of all records, unless none is skipped or filtered.
    fn report_outcomes(&self) {
        // What other threads have read when one of them stops is a matter of chance.
        if self.skipped + self.filtered == 0 || self.is_stopped {
            return;
        }
        let outcomes = [
            (self.accepted, "accepted"),
            (self.refused, "refused"),
            (self.skipped, "skipped"),
            (self.filtered, "filtered"),
            (self.blank, "blank"),
        ];
        let all = counted(self.lines + self.blank, "record");
        let outcomes = outcomes.into_iter().filter(|&(number, _)| number > 0);
        let outcomes = outcomes.map(|(number, name)| match name {
            "skipped" => format!("{} skipped ({})", grouped(number), self.lacks()),
            _ => format!("{} {name}", grouped(number)),
        });
        diagnostics::report(format_args!("{all}: {}", outcomes.collect::<Vec<_>>().join(", ")));
    }

    /// Describes what the skipped records lack, the most frequent reason first.
    fn lacks(&self) -> String {
        let reasons = Skip::ALL.map(|reason| (self.counts.skipped_for(reason), reason));
        let mut reasons: Vec<_> = reasons.into_iter().filter(|&(number, _)| number > 0).collect();
        reasons.sort_by_key(|&(number, _)| Reverse(number));
        match &reasons[..] {
            [(_, only)] => self.labels.lack(*only),
            several => {
                let lack = |&(number, reason): &(u64, Skip)| {
                    format!("{} {}", grouped(number), self.labels.lack(reason))
                };
                several.iter().map(lack).collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// Reports the refused lines.
    fn report_refused(&self, lines: &str) {
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

    /// Reports the names that were shortened.
    fn report_names(&self) {
        let Counts { names_shortened, .. } = self.counts;
        if names_shortened > 0 {
            diagnostics::report(format_args!(
                "names of {} of {} are shortened\n  use `--max-name` to keep longer names",
                grouped(names_shortened),
                counted(self.accepted, "record")
            ));
        }
        let too_long = DecodeErrorKind::NameTooLong { len: 0, max: 0 };
        if self.reasons.contains_key(DecodeError { kind: too_long, at: 0 }.reason()) {
            diagnostics::report(format_args!(
                "names of more than {NAME_BYTES} bytes are refused\n  \
                 use `--max-name` to shorten or keep them"
            ));
        }
    }

    /// Reports keys with a dot that must be quoted.
    fn report_quotes(&self) {
        let lacks_all = self.accepted == 0 && self.skipped > 0;
        if !lacks_all && !self.lacks_timestamps() {
            return;
        }
        for key in self.labels.paths().filter_map(|path| key_with_dot(path, &self.sample.1)) {
            let quoted = Path::key(&key).to_string();
            diagnostics::report(format_args!(
                "`{key}` is a key with a dot, not a path\n  quote the path: `'{quoted}'`",
                key = visible(key.as_bytes()),
                quoted = visible(quoted.as_bytes()),
            ));
        }
    }

    /// Reports why a run has no result.
    fn report_problem(&self) {
        match self.problem() {
            None => {}
            Some(Problem::MixedUnits { bare, with_unit }) => {
                let bare = counted(bare, "value");
                diagnostics::report(format_args!(
                    "{bare} without a unit and {} with one, no result\n  \
                     add `--unit` for those without",
                    grouped(with_unit)
                ));
            }
            Some(Problem::UnitNeeded(records)) => {
                let records = counted(records, "record");
                diagnostics::report(format_args!(
                    "`--where` compares a duration with a number without a unit in {records}, no \
                     result\n  add `--unit` for those without"
                ));
            }
            Some(Problem::SharedNames(names)) => {
                let names = counted(names as u64, "shortened name");
                diagnostics::report(format_args!(
                    "{names} would stand for several actions, no result\n  \
                     raise the limit with `--max-name`"
                ));
            }
        }
    }

    /// Warns of values that look like moments. `is_found` is whether an action has only such.
    pub(crate) fn warn_of_moments(&self, is_found: bool) {
        if is_found && self.labels.unit().is_none() {
            let value = self.labels.value();
            diagnostics::report(format_args!(
                "warning: values of {value} look like moments\n  \
                 use `--value` to name the field of the duration, and `--timestamp` for that of \
                 the moment"
            ));
        }
    }
}

/// Returns the text of a path that no record has, if it is a key of a record in the sample.
fn key_with_dot(path: &Path, sample: &[u8]) -> Option<String> {
    let text = path.to_string();
    // Quoted keys and indexes are meant as they are.
    if text.contains(['"', '[', '@']) {
        return None;
    }
    let keys = text.split('|').filter(|key| key.contains('.'));
    let mut unfound = keys.filter(|key| {
        Path::parse(key).is_ok_and(|path| !any_has(path, sample)) && any_has(Path::key(key), sample)
    });
    unfound.next().map(str::to_owned)
}

/// Returns whether any record of the sample has a field.
fn any_has(path: Path, sample: &[u8]) -> bool {
    let fields = Fields { by: vec![path], value: None, ..Fields::any() };
    let options = DecodeOptions { fields, ..DecodeOptions::default() };
    options.decode_slice(sample, &mut |_: Record<'_>| {}).accepted > 0
}
