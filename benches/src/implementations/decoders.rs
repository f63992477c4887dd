//! Decoders of lines of JSON: the codec of Windrow, general parsers, and floors that do not parse.
//!
//! Each is given the text with its line ends. General parsers are given one line at a time, which
//! `memchr` finds. With derived structs they accept more than the input format allows.

use std::borrow::Cow;
use std::thread;

use codec::{DecodeOptions, Record, Sink};
use memchr::{memchr, memchr_iter};
use serde::Deserialize;
use serde_json::Value;

use crate::harness::lines::Sums;

/// Decodes all lines of a text.
pub type Decoder = fn(&[u8]) -> Sums;

/// All decoders that return totals.
pub const DECODERS: [(&str, Decoder); 6] = [
    ("batch", batch),
    ("line_by_line", line_by_line),
    ("rival_serde_json", serde_json),
    ("rival_serde_json_value", serde_json_value),
    ("rival_simd_json", simd_json),
    ("rival_sonic_rs", sonic_rs),
];

/// An action as a derived struct.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    time: f64,
}

/// Iterates over the lines of a text, without their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr_iter(b'\n', text).map(move |end| {
        let line = &text[start..end];
        start = end + 1;
        line
    })
}

/// Decodes a batch with the codec.
fn batch(text: &[u8]) -> Sums {
    let mut sums = Sums::default();
    let sink = &mut |entry: Record<'_>| sums.accept(&entry.name, entry.time.as_f64());
    let report = DecodeOptions::default().decode_slice(text, sink);
    sums.refused = report.refused;
    sums
}

/// Decodes a batch with the codec on two threads, which share the text.
#[must_use]
pub fn shared_batch(text: &[u8]) -> Sums {
    let mut sums = [Sums::default(), Sums::default()];
    let report = DecodeOptions::default().par_decode_slice(text, &mut sums);
    let [one, other] = sums;
    Sums { refused: report.refused, ..one.with(other) }
}

impl Sink for Sums {
    #[inline]
    fn accept(&mut self, entry: Record<'_>) {
        self.accept(&entry.name, entry.time.as_f64());
    }
}

/// Decodes with any decoder on two threads, each on half of the lines.
///
/// # Panics
///
/// If the decoder panics.
#[must_use]
pub fn halved(text: &[u8], decode: Decoder) -> Sums {
    let half = text.len() / 2;
    let half = half + memchr(b'\n', &text[half..]).map_or(0, |end| end + 1);
    let (one, other) = text.split_at(half);
    thread::scope(|scope| {
        let other = scope.spawn(|| decode(other));
        decode(one).with(other.join().expect("a decoder does not panic"))
    })
}

/// Decodes line by line with the codec, with the reason of each refusal.
fn line_by_line(text: &[u8]) -> Sums {
    let mut sums = Sums::default();
    for line in lines(text) {
        let action = codec::decode(line);
        sums.add(action.as_ref().map(|action| (action.name.as_str(), action.time.as_f64())));
    }
    sums
}

fn serde_json(text: &[u8]) -> Sums {
    let mut sums = Sums::default();
    for line in lines(text) {
        let line = serde_json::from_slice::<Line<'_>>(line);
        sums.add(line.as_ref().map(|line| (&*line.action, line.time)));
    }
    sums
}

fn serde_json_value(text: &[u8]) -> Sums {
    let mut sums = Sums::default();
    for line in lines(text) {
        let value = serde_json::from_slice::<Value>(line).unwrap_or_default();
        let action = value["action"].as_str().zip(value["time"].as_f64());
        sums.add(action.ok_or(()));
    }
    sums
}

/// Decodes a copy of each line, because it parses in place.
fn simd_json(text: &[u8]) -> Sums {
    let mut sums = Sums::default();
    let (mut copy, mut buffers) = (Vec::new(), simd_json::Buffers::default());
    for line in lines(text) {
        copy.clear();
        copy.extend_from_slice(line);
        let line = simd_json::serde::from_slice_with_buffers::<Line<'_>>(&mut copy, &mut buffers);
        sums.add(line.as_ref().map(|line| (&*line.action, line.time)));
    }
    sums
}

fn sonic_rs(text: &[u8]) -> Sums {
    let mut sums = Sums::default();
    for line in lines(text) {
        let line = sonic_rs::from_slice::<Line<'_>>(line);
        sums.add(line.as_ref().map(|line| (&*line.action, line.time)));
    }
    sums
}

/// Counts line ends.
#[must_use]
pub fn floor_newlines(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64
}

/// Finds each line and reads its length.
#[must_use]
pub fn floor_memchr(text: &[u8]) -> u64 {
    let mut count = 0;
    let mut rest = text;
    while let Some(end) = memchr(b'\n', rest) {
        count += 1;
        rest = &rest[std::hint::black_box(end) + 1..];
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::lines::{Lines, SHAPES, Shape};

    #[test]
    fn every_decoder_finds_the_same() {
        for (shape_name, shape) in SHAPES {
            let lines = Lines::new(shape, 300);
            for (name, decode) in DECODERS {
                assert_eq!(lines.verify(decode(&lines.text)), Ok(()), "{shape_name}/{name}");
            }
            assert_eq!(lines.verify_count(floor_newlines(&lines.text)), Ok(()));
            assert_eq!(lines.verify_count(floor_memchr(&lines.text)), Ok(()));
        }
    }

    #[test]
    fn two_threads_find_the_same_as_one() {
        for shape in [Shape::Canonical, Shape::Refused] {
            let lines = Lines::new(shape, 30_000);
            assert_eq!(lines.verify(shared_batch(&lines.text)), Ok(()));
            assert_eq!(lines.verify(halved(&lines.text, batch)), Ok(()));
        }
    }

    #[test]
    fn skipped_line_is_found() {
        let lines = Lines::new(Shape::Mixed, 300);
        let cut = memchr(b'\n', &lines.text).unwrap() + 1;
        assert!(lines.verify(batch(&lines.text[cut..])).is_err());
    }
}
