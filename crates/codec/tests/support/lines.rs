//! Lines decoded one by one, as one would write it first, against every way to decode a batch.

use std::io::{self, ErrorKind, Read};

use codec::{DecodeError, Entry, Policy, Report, Sink};

/// What was handed on: offset, name and time of each.
pub(crate) type Actions = Vec<(u64, String, f64)>;

/// Keeps what it is handed.
#[derive(Default)]
pub(crate) struct Keep(pub(crate) Actions);

impl Sink for Keep {
    fn take(&mut self, entry: Entry<'_>) {
        self.0.push((entry.offset, entry.name.to_string(), entry.time.as_f64()));
    }
}

/// What is to come of a batch.
pub(crate) struct Expected {
    /// What was handed on.
    pub(crate) actions: Actions,
    /// What became of the lines; its refusals are below.
    pub(crate) report: Report,
    /// Line, offset and reason of the refusals that are kept.
    pub(crate) refused: Vec<(u64, u64, DecodeError)>,
}

/// Line by line, as one would write it first.
pub(crate) fn naive(policy: &Policy, input: &[u8]) -> Expected {
    let (mut actions, mut report, mut refused) = (Vec::new(), Report::default(), Vec::new());
    for line in input.split_inclusive(|&byte| byte == b'\n') {
        let text = line.strip_suffix(b"\n");
        let text = text.map_or(line, |text| text.strip_suffix(b"\r").unwrap_or(text));
        let blank = text.iter().all(|byte| b" \t\r".contains(byte));
        if blank && text.len() <= policy.limits.input_bytes {
            report.blank += 1;
        } else {
            match policy.decode(text) {
                Ok(action) => {
                    let name = action.name.as_str().to_owned();
                    actions.push((report.bytes, name, action.time.as_f64()));
                    report.accepted += 1;
                }
                Err(error) => {
                    report.refused += 1;
                    refused.push((report.lines(), report.bytes, error));
                }
            }
        }
        report.bytes += line.len() as u64;
    }
    refused.truncate(policy.refusals_kept);
    Expected { actions, report, refused }
}

#[track_caller]
fn agree(way: &str, mut found: Actions, report: &Report, expected: &Expected) {
    found.sort_by_key(|(offset, ..)| *offset);
    assert_eq!(found, expected.actions, "{way}");
    let counts = |of: &Report| (of.accepted, of.refused, of.blank, of.bytes, of.lines());
    assert_eq!(counts(report), counts(&expected.report), "{way}");
    let refused = report.refusals.iter();
    let refused: Vec<_> =
        refused.map(|refusal| (refusal.line, refusal.offset, refusal.error.clone())).collect();
    assert_eq!(refused, expected.refused, "{way}");
}

/// Every way to decode a batch answers as line by line.
#[track_caller]
pub(crate) fn check(policy: &Policy, input: &[u8], sip: usize) {
    let expected = naive(policy, input);

    let mut keep = Keep::default();
    let report = policy.decode_slice(input, &mut keep);
    agree("slice", keep.0, &report, &expected);

    let mut keep = Keep::default();
    let report = policy.decode_reader(Sips { text: input, sip }, &mut keep).unwrap();
    agree("reader", keep.0, &report, &expected);

    for threads in [1, 3] {
        let mut sinks: Vec<_> = (0..threads).map(|_| Keep::default()).collect();
        let report = policy.decode_slice_among(input, &mut sinks);
        agree("slice among", sinks.into_iter().flat_map(|s| s.0).collect(), &report, &expected);

        let mut sinks: Vec<_> = (0..threads).map(|_| Keep::default()).collect();
        let report = policy.decode_reader_among(Sips { text: input, sip }, &mut sinks).unwrap();
        agree("reader among", sinks.into_iter().flat_map(|s| s.0).collect(), &report, &expected);
    }
}

/// Gives no more than so many bytes at once, and is interrupted before each.
pub(crate) struct Sips<'t> {
    /// What is left.
    pub(crate) text: &'t [u8],
    /// How many at first; fewer and fewer.
    pub(crate) sip: usize,
}

impl Read for Sips<'_> {
    fn read(&mut self, free: &mut [u8]) -> io::Result<usize> {
        if self.sip % 2 == 1 {
            self.sip += 1;
            return Err(ErrorKind::Interrupted.into());
        }
        self.sip -= usize::from(self.sip > 1);
        let most = free.len().min(self.sip.max(1));
        self.text.read(&mut free[..most])
    }
}
