//! Recording the actions of an input in rows, one for each name.

use facade::actions::{ActionTime, LocalTracker};
use facade::codec::{Record, Sink};
use facade::time::Statistic;

/// Records an action in a tracker that folds the actions beyond its limit.
///
/// Rows are numbered by offset, so that they are in the order of the input on any thread.
#[inline(always)]
pub(crate) fn record<S: Statistic<Value = ActionTime>>(
    tracker: &mut LocalTracker<'_, S>,
    record: &Record<'_>,
) {
    tracker
        .record_buffered(record.name, record.time, record.offset)
        .expect("the decoder checked the name, and excess actions are folded");
}

/// Records all actions in a tracker.
pub(crate) struct RowSink<'t, 'n, S: Statistic>(pub(crate) &'t mut LocalTracker<'n, S>);

impl<S: Statistic<Value = ActionTime>> Sink for RowSink<'_, '_, S> {
    // As `FileSink::accept`. A closure would not be inlined.
    #[inline(always)]
    fn accept(&mut self, record: Record<'_>) {
        self::record(self.0, &record);
    }
}
