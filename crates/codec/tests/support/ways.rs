//! Decodes an input in every way, and checks that all agree.

use std::io::Read;

use codec::{DecodeOptions, InputFault, Record, RefusedLine, Report, Sink, SkippedRecord};

/// What a sink receives: the offset of each record, with what it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Found {
    /// Name and time.
    pub(crate) accepted: Vec<(u64, String, f64)>,
    /// The whole record.
    pub(crate) refused: Vec<(u64, String)>,
    pub(crate) skipped: Vec<(u64, String)>,
    pieces: Vec<u8>,
}

impl Sink for Found {
    fn accept(&mut self, record: Record<'_>) {
        self.accepted.push((record.offset, record.name.to_string(), record.time.as_f64()));
    }

    fn refuse_piece(&mut self, piece: &[u8]) {
        self.pieces.extend_from_slice(piece);
    }

    fn refuse(&mut self, line: RefusedLine<'_>) {
        let pieces = std::mem::take(&mut self.pieces);
        let whole = if line.is_whole() { line.bytes } else { &pieces };
        assert!(whole.starts_with(line.bytes));
        self.refused.push((line.offset, whole.escape_ascii().to_string()));
    }

    fn skip(&mut self, record: SkippedRecord<'_>) {
        self.skipped.push((record.offset, record.bytes.escape_ascii().to_string()));
    }
}

impl Found {
    /// Adds up what several threads have found, in the order of the input.
    fn of(sinks: Vec<Self>) -> Self {
        let mut all = Self::default();
        for sink in sinks {
            all.accepted.extend(sink.accepted);
            all.refused.extend(sink.refused);
            all.skipped.extend(sink.skipped);
        }
        all.accepted.sort_by_key(|record| record.0);
        all.refused.sort();
        all.skipped.sort();
        all
    }
}

/// Reads at most a fixed number of bytes per call.
struct ShortReads<'t>(&'t [u8], usize);

impl Read for ShortReads<'_> {
    fn read(&mut self, free: &mut [u8]) -> std::io::Result<usize> {
        let max = free.len().min(self.1);
        self.0.read(&mut free[..max])
    }
}

/// Decodes an input as a slice, by reads of many sizes, and on several threads.
#[allow(dead_code, reason = "fuzz targets choose the sizes")]
#[track_caller]
pub(crate) fn every_way(options: &DecodeOptions, input: &[u8]) -> (Found, Report) {
    ways(options, input, (1..=64).chain([1_000, 1 << 20]))
}

/// Decodes an input as a slice, by reads of the given sizes, and on several threads.
#[allow(dead_code, reason = "fuzz targets choose the numbers of threads")]
#[track_caller]
pub(crate) fn ways(
    options: &DecodeOptions,
    input: &[u8],
    sizes: impl IntoIterator<Item = usize>,
) -> (Found, Report) {
    ways_by(options, input, sizes, 1..=4)
}

/// Decodes an input as a slice, by reads of the given sizes, and on these numbers of threads.
#[track_caller]
pub(crate) fn ways_by(
    options: &DecodeOptions,
    input: &[u8],
    sizes: impl IntoIterator<Item = usize>,
    threads: impl IntoIterator<Item = usize>,
) -> (Found, Report) {
    let shown = format!("{:.300}", input.escape_ascii().to_string());
    let mut slice = Found::default();
    let report = options.decode_slice(input, &mut slice);
    assert_eq!(report.lines(), {
        let counts = [report.accepted, report.refused, report.skipped, report.filtered];
        counts.iter().sum::<u64>() + report.blank
    });
    assert_eq!(report.accepted, slice.accepted.len() as u64, "{shown}");
    assert_eq!(report.refused, slice.refused.len() as u64, "{shown}");
    assert_eq!(report.skipped, slice.skipped.len() as u64, "{shown}");
    check_places(&report, input);
    let same = |found: Found, other: Report, way: &str| {
        assert_eq!(found, slice, "{way}: {shown}");
        // The bytes of an input whose start is refused depend on how much was read.
        if report.fault.is_none() {
            assert_eq!(other, report, "{way}: {shown}");
        }
        assert_eq!(other.fault, report.fault, "{way}: {shown}");
    };
    for size in sizes {
        let mut found = Found::default();
        let other = options.decode_reader(ShortReads(input, size), &mut found).unwrap();
        same(found, other, &format!("reads of {size} bytes"));
    }
    for threads in threads {
        let mut sinks = vec![Found::default(); threads];
        let other = options.par_decode_slice(input, &mut sinks);
        same(Found::of(sinks), other, &format!("slice, {threads} threads"));
        let mut sinks = vec![Found::default(); threads];
        let other = options.par_decode_reader(ShortReads(input, 4_099), &mut sinks).unwrap();
        same(Found::of(sinks), other, &format!("reader, {threads} threads"));
    }
    (slice, report)
}

/// Checks that each refusal has the line and the column of its error.
#[track_caller]
pub(crate) fn check_places(report: &Report, input: &[u8]) {
    let fault = match &report.fault {
        Some(InputFault::BrokenArray(refusal)) => Some(&**refusal),
        _ => None,
    };
    for refusal in report.refusals.iter().chain(fault) {
        let at = refusal.offset as usize + refusal.error.at;
        let before = &input[..at.min(input.len())];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        // A byte order mark has no column.
        let first = if input.starts_with("\u{FEFF}".as_bytes()) { 3 } else { 0 };
        let line_start =
            before.iter().rposition(|&byte| byte == b'\n').map_or(first, |end| end + 1);
        let found = (refusal.line, refusal.column);
        assert_eq!(found, (line as u64, at - line_start + 1), "{refusal}");
    }
}
