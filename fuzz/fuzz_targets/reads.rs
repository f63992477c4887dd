//! Any split of an input into reads gives the same result.
#![no_main]

use std::io::{self, Read};

use codec::{Record, Limits, DecodeOptions};
use libfuzzer_sys::fuzz_target;

/// Gives the pieces that its sizes say, over and over.
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
        let most = free.len().min(usize::from(size).max(1));
        self.text.read(&mut free[..most])
    }
}

fuzz_target!(|input: &[u8]| {
    // The first byte says how many bytes behind it are sizes, the second how long a line may be.
    let [sizes, limit, rest @ ..] = input else { return };
    let Some((sizes, text)) = rest.split_at_checked(usize::from(*sizes)) else { return };
    let limits = Limits { input_bytes: usize::from(*limit), ..Limits::default() };
    let policy = DecodeOptions { limits, ..DecodeOptions::default() };
    let decode = |reader: &mut dyn Read| {
        let mut actions = Vec::new();
        let report = policy.decode_reader(reader, &mut |entry: Record<'_>| {
            actions.push((entry.offset, entry.name.to_string(), entry.time));
        });
        (actions, report.expect("these readers do not fail"))
    };
    let whole = decode(&mut { text });
    let pieces = decode(&mut Pieces { text, sizes, next: 0 });
    assert_eq!(pieces, whole);
});
