//! Counting, listing and passing on a refused line, which every form does in the same way.

use super::refusal::{Cause, RefusedLine};
use super::report::BlockReport;
use super::sink::Sink;

/// Counts a refused line, lists it if there is room, and passes it to the sink.
#[inline(always)]
pub(super) fn refuse<'a>(
    bytes: &'a [u8],
    offset: u64,
    cause: impl Fn() -> Cause<'a>,
    report: &mut BlockReport,
    refusals_max: usize,
    sink: &mut impl Sink,
) {
    report.refused += 1;
    // Built for each use, so that nothing is built for a sink that ignores refused lines.
    let line = || RefusedLine { bytes, offset, cause: cause() };
    if report.refusals.len() < refusals_max {
        report.refusals.push(line().to_refusal(report.line(), report.column_shift));
    }
    sink.refuse(line());
}
