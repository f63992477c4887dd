//! Outcomes of records, and a few ways to decode them, for targets that compare one by one.

use codec::{ActionName, DecodeOptions, Report};

use crate::ways::{Found, ways_by};

/// The outcome of a record that is counted by a name alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted(String),
    Refused,
    Skipped,
}

/// Returns the outcome of a record whose name is this text.
pub(crate) fn of_text(text: &[u8]) -> Outcome {
    let Ok(text) = str::from_utf8(text) else { return Outcome::Refused };
    match ActionName::new(text) {
        _ if text.trim().is_empty() || text == "-" => Outcome::Skipped,
        Ok(name) => Outcome::Accepted(name.as_str().to_owned()),
        Err(_) => Outcome::Refused,
    }
}

/// Returns the outcome of each record that is not blank, with its offset, in order.
pub(crate) fn found(found: &Found) -> Vec<(u64, Outcome)> {
    let accepted =
        found.accepted.iter().map(|(at, name, _)| (*at, Outcome::Accepted(name.clone())));
    let refused = found.refused.iter().map(|(at, _)| (*at, Outcome::Refused));
    let skipped = found.skipped.iter().map(|(at, _)| (*at, Outcome::Skipped));
    let mut all: Vec<_> = accepted.chain(refused).chain(skipped).collect();
    all.sort_by_key(|record| record.0);
    all
}

/// Decodes an input in a few ways, which its length chooses.
///
/// Threads take a hundred times longer than decoding, and so few inputs are decoded on several.
pub(crate) fn few_ways(options: &DecodeOptions, input: &[u8]) -> (Found, Report) {
    let threads = if input.len() % 128 == 127 { 2..4 } else { 0..0 };
    ways_by(options, input, [1 + input.len() % 9], threads)
}
