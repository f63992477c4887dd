//! Compares every way to decode a batch with a naive loop over lines.

use std::io::{self, ErrorKind, Read};

use codec::{DecodeError, DecodeOptions, Record, RefusedLine, Report, Sink};

/// The accepted records: the offset, name and time of each.
pub(crate) type Actions = Vec<(u64, String, f64)>;

/// Refused lines: the offset and all bytes of each.
pub(crate) type RefusedLines = Vec<(u64, Vec<u8>)>;

/// Keeps all that it receives.
#[derive(Default)]
pub(crate) struct Keep {
    pub(crate) actions: Actions,
    pub(crate) refused: RefusedLines,
    /// The pieces of the line that is being refused.
    pieces: Vec<u8>,
}

impl Sink for Keep {
    fn accept(&mut self, record: Record<'_>) {
        assert!(self.pieces.is_empty(), "pieces of a line that is not refused");
        self.actions.push((record.offset, record.name.to_string(), record.time.as_f64()));
    }

    fn refuse_piece(&mut self, piece: &[u8]) {
        self.pieces.extend_from_slice(piece);
    }

    fn refuse(&mut self, line: RefusedLine<'_>) {
        let pieces = std::mem::take(&mut self.pieces);
        assert_eq!(line.is_whole(), pieces.is_empty());
        let whole = if line.is_whole() { line.bytes.to_vec() } else { pieces };
        assert!(whole.starts_with(line.bytes));
        self.refused.push((line.offset, whole));
    }
}

/// The expected result of a batch.
pub(crate) struct Expected {
    /// The accepted records.
    pub(crate) actions: Actions,
    /// All refused lines.
    pub(crate) lines: RefusedLines,
    /// The counts of lines; its refusals are in `refused`.
    pub(crate) report: Report,
    /// Line, offset and reason of the refusals that are kept.
    pub(crate) refused: Vec<(u64, u64, DecodeError)>,
}

/// Decodes line by line.
pub(crate) fn naive(options: &DecodeOptions, input: &[u8]) -> Expected {
    let (mut actions, mut report, mut refused) = (Vec::new(), Report::default(), Vec::new());
    let mut lines = RefusedLines::new();
    // A byte order mark at the start is not part of the first line.
    let text = input.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(input);
    report.bytes = (input.len() - text.len()) as u64;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let text = line.strip_suffix(b"\n");
        let text = text.map_or(line, |text| text.strip_suffix(b"\r").unwrap_or(text));
        let blank = text.iter().all(|byte| b" \t\r".contains(byte));
        if blank && text.len() <= options.limits.input_bytes {
            report.blank += 1;
        } else {
            match options.decode(text) {
                Ok(action) => {
                    let name = action.name.as_str().to_owned();
                    actions.push((report.bytes, name, action.time.as_f64()));
                    report.accepted += 1;
                }
                Err(error) => {
                    report.refused += 1;
                    refused.push((report.lines(), report.bytes, error));
                    lines.push((report.bytes, text.to_vec()));
                }
            }
        }
        report.bytes += line.len() as u64;
    }
    refused.truncate(options.refusals_kept);
    Expected { actions, lines, report, refused }
}

#[track_caller]
fn agree(way: &str, sinks: impl IntoIterator<Item = Keep>, report: &Report, expected: &Expected) {
    let (mut found, mut lines) = (Actions::new(), RefusedLines::new());
    for mut sink in sinks {
        found.append(&mut sink.actions);
        lines.append(&mut sink.refused);
    }
    found.sort_by_key(|(offset, ..)| *offset);
    assert_eq!(found, expected.actions, "{way}");
    lines.sort();
    assert!(lines == expected.lines, "{way}: refused lines differ");
    let counts = |of: &Report| (of.accepted, of.refused, of.blank, of.bytes, of.lines());
    assert_eq!(counts(report), counts(&expected.report), "{way}");
    let refused = report.refusals.iter();
    let refused: Vec<_> =
        refused.map(|refusal| (refusal.line, refusal.offset, refusal.error.clone())).collect();
    assert_eq!(refused, expected.refused, "{way}");
}

/// Compares every way to decode a batch with decoding line by line.
#[track_caller]
pub(crate) fn check(options: &DecodeOptions, input: &[u8], read_max: usize) {
    let expected = naive(options, input);

    let mut keep = Keep::default();
    let report = options.decode_slice(input, &mut keep);
    agree("slice", [keep], &report, &expected);

    let mut keep = Keep::default();
    let report = options.decode_reader(ShortReads { text: input, read_max }, &mut keep).unwrap();
    agree("reader", [keep], &report, &expected);

    for threads in [1, 3] {
        let mut sinks: Vec<_> = (0..threads).map(|_| Keep::default()).collect();
        let report = options.par_decode_slice(input, &mut sinks);
        agree("parallel slice", sinks, &report, &expected);

        let mut sinks: Vec<_> = (0..threads).map(|_| Keep::default()).collect();
        let report =
            options.par_decode_reader(ShortReads { text: input, read_max }, &mut sinks).unwrap();
        agree("parallel reader", sinks, &report, &expected);
    }
}

/// Reads a few bytes per call, and is interrupted before each.
pub(crate) struct ShortReads<'t> {
    /// The bytes that are left.
    pub(crate) text: &'t [u8],
    /// The number of bytes of the next read, which shrinks to 1.
    pub(crate) read_max: usize,
}

impl Read for ShortReads<'_> {
    fn read(&mut self, free: &mut [u8]) -> io::Result<usize> {
        if self.read_max % 2 == 1 {
            self.read_max += 1;
            return Err(ErrorKind::Interrupted.into());
        }
        self.read_max -= usize::from(self.read_max > 1);
        let max = free.len().min(self.read_max.max(1));
        self.text.read(&mut free[..max])
    }
}
