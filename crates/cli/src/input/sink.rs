//! The sink of one file: it counts what is not accepted, and passes on what is.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use facade::actions::ActionTime;
use facade::codec::{Record, RefusedLine, Sink, SkippedRecord};

use super::kept::Kept;
use super::moments::MomentCounts;

/// The bits of an offset for the position in a file: 16 TiB per file, and a million files.
const OFFSET_BITS: u32 = 44;

/// Returns the number of the file of an action, by the offset that its sink gets.
pub(crate) fn file_of(offset: u64) -> usize {
    (offset >> OFFSET_BITS) as usize
}

/// Returns the offset of the first byte of the file with this number, if it can be numbered.
pub(crate) fn first_of(file: usize) -> Option<u64> {
    u64::try_from(file)
        .ok()
        .filter(|file| file >> (u64::BITS - OFFSET_BITS) == 0)
        .map(|file| file << OFFSET_BITS)
}

/// The number of refused lines by reason.
pub(crate) type Reasons = BTreeMap<&'static str, u64>;

/// Passes the actions of one file to a sink.
pub(crate) struct FileSink<'t, T> {
    sink: &'t mut T,
    /// Added to offsets, so that they exceed those of the files before.
    before: u64,
    pub(super) reasons: Reasons,
    pub(super) moments: MomentCounts,
    /// The time of records that are only counted. Their totals are then counts.
    only: Option<ActionTime>,
    /// Set at the first refused line, if that ends the reading.
    stop: Option<&'t AtomicBool>,
    pub(super) kept: Option<&'t mut Kept>,
}

impl<'t, T> FileSink<'t, T> {
    /// Creates the sink of the file with this number.
    pub(crate) fn new(
        sink: &'t mut T,
        index: usize,
        stop: Option<&'t AtomicBool>,
        kept: Option<&'t mut Kept>,
    ) -> Self {
        let before = (index as u64) << OFFSET_BITS;
        let (reasons, moments) = (Reasons::new(), MomentCounts::default());
        Self { sink, before, reasons, moments, only: None, stop, kept }
    }

    /// Gives each record the time 1, if they are only counted.
    pub(crate) fn counting_only(self, counts_only: bool) -> Self {
        Self { only: counts_only.then(|| ActionTime::from(1_u8)), ..self }
    }
}

impl<T: Sink> Sink for FileSink<'_, T> {
    // Several loops call it: as a function of its own it would take 30 instructions more a record,
    // which then goes through memory.
    #[inline(always)]
    fn accept(&mut self, mut record: Record<'_>) {
        record.offset += self.before;
        if let Some(one) = self.only {
            record.time = one;
        }
        self.moments.insert(&record);
        self.sink.accept(record);
    }

    fn refuse(&mut self, line: RefusedLine<'_>) {
        *self.reasons.entry(line.error().reason()).or_default() += 1;
        if let Some(stop) = self.stop {
            // ORDERING: Relaxed. Pairs with: `Watch::is_over`, which argues it.
            stop.store(true, Ordering::Relaxed);
        }
        if let Some(kept) = self.kept.as_mut().and_then(|kept| kept.refused.as_mut()) {
            if line.is_whole() {
                kept.write(line.bytes);
            }
            kept.end_line();
        }
        self.sink.refuse(line);
    }

    fn skip(&mut self, record: SkippedRecord<'_>) {
        if let Some(kept) = self.kept.as_mut().and_then(|kept| kept.skipped.as_mut()) {
            kept.write(record.bytes);
            kept.end_line();
        }
        self.sink.skip(record);
    }

    fn refuse_piece(&mut self, piece: &[u8]) {
        if let Some(kept) = self.kept.as_mut().and_then(|kept| kept.refused.as_mut()) {
            kept.write(piece);
        }
    }
}
