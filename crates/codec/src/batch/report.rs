//! The report of a batch, added up from blocks that finish in any order.

use std::collections::BTreeMap;
use std::io;

use core_time::counted;
use thiserror::Error;

use super::counts::Counts;
use super::fault::InputFault;
use super::refusal::Refusal;
use crate::fields::ShortNames;

/// Counts the lines of a batch by outcome, and lists the first refusals.
///
/// A line ends with `\n`, with `\r\n`, or at the end of the input. The last line end does not start
/// another line. A line of white space alone is blank. Every line has exactly one outcome:
/// accepted, dropped, refused, skipped, filtered or blank.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// Lines that were decoded and passed to the sink.
    pub accepted: u64,
    /// Lines that were decoded and that the sink did not keep, because it was full.
    ///
    /// Decoding always reports 0. A sink may keep less than it accepts; its owner then moves the
    /// number here from [`accepted`](Self::accepted).
    pub dropped: u64,
    /// Lines that are not valid actions.
    pub refused: u64,
    /// Lines that have no name or no value, or are not records of the form, and are skipped.
    ///
    /// Always 0 for the default form.
    pub skipped: u64,
    /// Lines that do not meet a condition, or whose moment lies outside the interval.
    pub filtered: u64,
    /// Lines that are empty or white space.
    pub blank: u64,
    /// Length of the input, in bytes.
    pub bytes: u64,
    /// What a summary mentions of the accepted and the skipped lines.
    pub counts: Counts,
    /// The first refusals in line order, at most
    /// [`refusals_kept`](crate::DecodeOptions::refusals_kept) of them.
    pub refusals: Vec<Refusal>,
    /// Why decoding ended before the end of the input, if it did.
    pub fault: Option<InputFault>,
    short_names: ShortNames,
}

impl Report {
    /// Returns the number of shortened names that stand for more than one name.
    ///
    /// Their records are mixed up, so the result is wrong: raise
    /// [`NameRules::max_bytes`](crate::NameRules::max_bytes). A shortened name ends with 32 bits
    /// of hash, so that this is unlikely below 10,000 of them.
    #[must_use]
    pub fn shared_names(&self) -> usize {
        self.short_names.shared()
    }

    /// Returns whether all shortened names were compared with each other.
    ///
    /// Above 262,144 shortened names, later ones are not.
    #[must_use]
    pub fn all_names_compared(&self) -> bool {
        self.short_names.is_complete()
    }

    /// Adds the shortened names of another input of the same result, to compare them with these.
    ///
    /// Call this for each input whose records the same rows count.
    pub fn compare_names(&mut self, other: &Self) {
        self.short_names.merge(&other.short_names);
    }

    /// Returns the number of lines.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.accepted + self.dropped + self.refused + self.skipped + self.filtered + self.blank
    }
}

/// A reader failed before the end of its input.
#[derive(Debug, Error)]
#[error("input could not be read after {}", counted(report.lines(), "line"))]
pub struct ReadError {
    /// The report of the complete lines before the failure. They were passed to the sink.
    pub report: Box<Report>,
    /// The error of the reader.
    pub source: io::Error,
}

/// Counts the lines of one block by outcome, and lists its first refusals.
#[derive(Debug, Default)]
pub(super) struct BlockReport {
    /// The number of records, which are lines in most forms.
    pub(super) lines: u64,
    /// The number of lines beyond one per record, so far.
    pub(super) line_shift: i64,
    /// The number of bytes before the last record in its line.
    pub(super) column_shift: usize,
    pub(super) refused: u64,
    pub(super) skipped: u64,
    pub(super) filtered: u64,
    pub(super) blank: u64,
    pub(super) counts: Counts,
    /// Line numbers count from the start of the block.
    pub(super) refusals: Vec<Refusal>,
}

impl BlockReport {
    /// Returns the line of the last record, counted from 1 at the start of the block.
    pub(super) fn line(&self) -> u64 {
        self.lines.wrapping_add_signed(self.line_shift)
    }
}

/// Adds up block reports in any order, and keeps the first refusals of the input.
///
/// A refusal knows its line number within its block. Its number within the input is known once all
/// earlier blocks were added; until then the line counts of later blocks wait in a map. Memory is
/// two words per waiting block, and the refusals that are kept.
#[derive(Debug)]
pub(super) struct ReportBuilder {
    report: Report,
    refusals_max: usize,
    /// The first refusals so far, by block and offset.
    refusals: BTreeMap<(u64, u64), Refusal>,
    /// The line counts of blocks that wait for an earlier one.
    waiting: BTreeMap<u64, u64>,
    /// The first block that was not added yet.
    next_block: u64,
    /// The number of lines in the blocks before `next_block`.
    lines_before: u64,
    /// The number of kept refusals in the blocks before `next_block`.
    refusals_before: usize,
}

impl ReportBuilder {
    pub(super) fn new(refusals_max: usize) -> Self {
        Self {
            report: Report::default(),
            refusals_max,
            refusals: BTreeMap::new(),
            waiting: BTreeMap::new(),
            next_block: 0,
            lines_before: 0,
            refusals_before: 0,
        }
    }

    /// Returns how many refusals of a later block can still be among the first.
    pub(super) fn refusals_wanted(&self) -> usize {
        self.refusals_max - self.refusals_before
    }

    /// Adds the report of block `index`. Indexes start at 0 and have no gaps.
    pub(super) fn add(&mut self, index: u64, bytes: u64, block: BlockReport) {
        let BlockReport {
            lines,
            line_shift,
            column_shift: _,
            refused,
            skipped,
            filtered,
            blank,
            counts,
            refusals,
        } = block;
        self.report.bytes += bytes;
        self.report.refused += refused;
        self.report.blank += blank;
        self.report.skipped += skipped;
        self.report.filtered += filtered;
        self.report.counts += counts;
        self.report.accepted += lines - refused - skipped - filtered - blank;
        self.refusals
            .extend(refusals.into_iter().map(|refusal| ((index, refusal.offset), refusal)));
        while self.refusals.len() > self.refusals_max {
            self.refusals.pop_last();
        }
        self.waiting.insert(index, lines.wrapping_add_signed(line_shift));
        while let Some(lines) = self.waiting.remove(&self.next_block) {
            self.number_refusals();
            self.lines_before += lines;
            self.next_block += 1;
        }
    }

    /// Leaves out lines and bytes at the start of the input that are not records.
    pub(super) fn skip(&mut self, lines: u64, bytes: u64) {
        self.lines_before += lines;
        self.report.bytes += bytes;
    }

    /// Keeps the fault that ends the input.
    pub(super) fn end(&mut self, fault: InputFault) {
        self.report.fault = Some(fault);
    }

    /// Adds the short names of one thread.
    pub(super) fn add_short_names(&mut self, names: &ShortNames) {
        self.report.short_names.merge(names);
    }

    /// Turns the line numbers of `next_block` from those of the block into those of the input.
    fn number_refusals(&mut self) {
        let block = (self.next_block, 0)..(self.next_block + 1, 0);
        for (_, refusal) in self.refusals.range_mut(block) {
            refusal.line += self.lines_before;
            self.refusals_before += 1;
        }
    }

    /// Returns the report of all blocks.
    pub(super) fn finish(mut self) -> Report {
        self.report.refusals = self.refusals.into_values().collect();
        self.report
    }
}
