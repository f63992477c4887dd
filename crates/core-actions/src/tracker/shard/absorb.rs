//! A reader that inserts the buffered values of a shard into its statistic.
//!
//! The writer goes on meanwhile: the values count as discarded from its buffer, as after a reset,
//! so its next flush passes over them. Unlike after a reset, the limit stays: the next record needs
//! no number, because the values before it have given the shard one.

use core_time::Statistic;

use super::Cut;
use crate::action::words::AsWords;
use crate::sync::AtomicU64;

impl<S: Statistic<Value: AsWords>> Cut<'_, S> {
    /// Inserts the buffered values into the statistic, as the writer would at its next flush.
    pub(crate) fn absorb(&mut self, next: &AtomicU64) {
        if self.buffered.len() == 0 {
            return;
        }
        self.first(next);
        let buffered = self.buffered;
        self.buffered.words = &[];
        let (values, words) = (buffered.len(), buffered.words.len() as u32);
        let flushed = &mut *self.flushed;
        flushed.discarded += words; // First, as in `flush`.
        (flushed.records, flushed.changes) = (flushed.records + values, flushed.changes + values);
        flushed.statistic.insert_all(buffered.values());
    }
}
