//! The report of a batch, added up from blocks that finish in any order.

use std::collections::BTreeMap;
use std::io;

use core_time::counted;
use thiserror::Error;

use super::refusal::Refusal;

/// Counts the lines of a batch by outcome, and lists the first refusals.
///
/// A line ends with `\n`, with `\r\n`, or at the end of the input. The last line end does not start
/// another line. A line of white space alone is blank. Every line has exactly one outcome:
/// accepted, dropped, refused or blank.
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
    /// Lines that are empty or white space.
    pub blank: u64,
    /// Length of the input, in bytes.
    pub bytes: u64,
    /// The first refusals in line order, at most
    /// [`refusals_kept`](crate::DecodeOptions::refusals_kept) of them.
    pub refusals: Vec<Refusal>,
}

impl Report {
    /// Returns the number of lines.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.accepted + self.dropped + self.refused + self.blank
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
    pub(super) lines: u64,
    pub(super) refused: u64,
    pub(super) blank: u64,
    /// Line numbers count from the start of the block.
    pub(super) refusals: Vec<Refusal>,
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
    /// The first refusals so far, by block and line within the block.
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
        let BlockReport { lines, refused, blank, refusals } = block;
        self.report.bytes += bytes;
        self.report.refused += refused;
        self.report.blank += blank;
        self.report.accepted += lines - refused - blank;
        self.refusals.extend(refusals.into_iter().map(|refusal| ((index, refusal.line), refusal)));
        while self.refusals.len() > self.refusals_max {
            self.refusals.pop_last();
        }
        self.waiting.insert(index, lines);
        while let Some(lines) = self.waiting.remove(&self.next_block) {
            self.number_refusals();
            self.lines_before += lines;
            self.next_block += 1;
        }
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
