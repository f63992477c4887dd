//! Checks that the result does not depend on how an input is split into reads.
#![no_main]

use std::io::{self, Read};

use codec::{DecodeOptions, Limits, Record};
use libfuzzer_sys::fuzz_target;

/// Reads pieces of the given sizes, which repeat.
struct Pieces<'t> {
    text: &'t [u8],
    sizes: &'t [u8],
    next: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, free: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes.get(self.next % self.sizes.len().max(1)).map_or(1, |&size| size);
        self.next += 1;
        if size == 0 && self.next % 2 == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let max = free.len().min(usize::from(size).max(1));
        self.text.read(&mut free[..max])
    }
}

fuzz_target!(|input: &[u8]| {
    // The first byte is the number of sizes, the second the maximum length of a line.
    let [sizes, limit, rest @ ..] = input else { return };
    let Some((sizes, text)) = rest.split_at_checked(usize::from(*sizes)) else { return };
    let limits = Limits { input_bytes: usize::from(*limit), ..Limits::default() };
    let options = DecodeOptions { limits, ..DecodeOptions::default() };
    let decode = |reader: &mut dyn Read| {
        let mut actions = Vec::new();
        let report = options.decode_reader(reader, &mut |record: Record<'_>| {
            actions.push((record.offset, record.name.to_string(), record.time));
        });
        (actions, report.expect("these readers do not fail"))
    };
    let whole = decode(&mut { text });
    let pieces = decode(&mut Pieces { text, sizes, next: 0 });
    assert_eq!(pieces, whole);
});
