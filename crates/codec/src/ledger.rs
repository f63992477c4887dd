//! What became of blocks that end in any order, added up as if they had come one after the other.

use std::collections::BTreeMap;

use crate::batch::Report;
use crate::lines::Tally;
use crate::refusal::Refusal;

/// Adds up the tallies of blocks, and keeps the first refusals of all.
///
/// A refusal knows its line within its block. Its line within the input is known once all blocks
/// before were entered; until then the numbers of lines of later blocks wait here. Memory is a
/// few words for each waiting block, and the refusals that are kept.
#[derive(Debug)]
pub(crate) struct Ledger {
    report: Report,
    /// How many refusals are kept.
    most: usize,
    /// The first refusals so far, by block and by line within it.
    kept: BTreeMap<(u64, u64), Refusal>,
    /// The lines of the blocks that wait for one before them.
    waiting: BTreeMap<u64, u64>,
    /// The first block that was not entered yet.
    next: u64,
    /// The lines of all blocks before that.
    lines_before: u64,
    /// How many refusals there are in the blocks before that, as far as they are kept.
    known: usize,
}

impl Ledger {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            report: Report::default(),
            most,
            kept: BTreeMap::new(),
            waiting: BTreeMap::new(),
            next: 0,
            lines_before: 0,
            known: 0,
        }
    }

    /// How many refusals of a block that comes after all so far may still be among the first.
    pub(crate) fn room(&self) -> usize {
        self.most - self.known
    }

    /// Enters what became of a block, of which all have an index, from 0 and without a gap.
    pub(crate) fn enter(&mut self, index: u64, bytes: u64, tally: Tally) {
        let Tally { lines, refused, blank, refusals } = tally;
        self.report.bytes += bytes;
        self.report.refused += refused;
        self.report.blank += blank;
        self.report.accepted += lines - refused - blank;
        self.kept.extend(refusals.into_iter().map(|refusal| ((index, refusal.line), refusal)));
        while self.kept.len() > self.most {
            self.kept.pop_last();
        }
        self.waiting.insert(index, lines);
        while let Some(lines) = self.waiting.remove(&self.next) {
            let own = self.kept.range_mut((self.next, 0)..(self.next + 1, 0));
            for (_, refusal) in own {
                refusal.line += self.lines_before;
                self.known += 1;
            }
            self.lines_before += lines;
            self.next += 1;
        }
    }

    /// Tells what became of all.
    pub(crate) fn close(mut self) -> Report {
        self.report.refusals = self.kept.into_values().collect();
        self.report
    }
}
