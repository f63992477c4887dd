//! Decoders of lines of JSON: the codec of Windrow, general parsers, and floors that do not parse.
//!
//! Each is given the text with its line ends. General parsers are given one line at a time, which
//! `memchr` finds. With derived structs they accept more than the input format allows.

use std::borrow::Cow;
use std::thread;

use codec::{DecodeOptions, Fields, Path, Record, Sink};
use memchr::{memchr, memchr_iter};
use serde::Deserialize;
use serde_json::Value;

use crate::harness::lines::{Form, Sums};

/// Decodes all lines of a text.
pub type Decoder = fn(&[u8]) -> Sums;

/// All decoders of an `action` and a `time` that return totals.
pub const DECODERS: [(&str, Decoder); 6] = [
    ("batch", batch::<Actions>),
    ("line_by_line", line_by_line),
    ("rival_serde_json", serde_json::<Actions>),
    ("rival_serde_json_value", serde_json_value),
    ("rival_simd_json", simd_json::<Actions>),
    ("rival_sonic_rs", sonic_rs::<Actions>),
];

/// All decoders of the requests that Caddy logs.
const REQUEST_DECODERS: [(&str, Decoder); 4] = [
    ("batch", batch::<Requests>),
    ("rival_serde_json", serde_json::<Requests>),
    ("rival_simd_json", simd_json::<Requests>),
    ("rival_sonic_rs", sonic_rs::<Requests>),
];

/// Returns all decoders of a form of JSON.
#[must_use]
pub fn decoders_of(form: Form) -> &'static [(&'static str, Decoder)] {
    match form {
        Form::Caddy => &REQUEST_DECODERS,
        _ => &DECODERS,
    }
}

/// The fields that are read.
trait Schema {
    /// A line as a derived struct.
    type Line<'a>: Deserialize<'a>;

    /// Returns the length of the name and the time.
    fn fields(line: &Self::Line<'_>) -> (usize, f64);

    /// Returns the options of the codec.
    fn options() -> DecodeOptions;
}

struct Actions;

#[derive(Deserialize)]
struct ActionLine<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    time: f64,
}

impl Schema for Actions {
    type Line<'a> = ActionLine<'a>;

    #[inline]
    fn fields(line: &ActionLine<'_>) -> (usize, f64) {
        (line.action.len(), line.time)
    }

    fn options() -> DecodeOptions {
        DecodeOptions::default()
    }
}

/// The method and the address, joined by a space, and the duration.
struct Requests;

#[derive(Deserialize)]
struct RequestLine<'a> {
    #[serde(borrow)]
    request: Request<'a>,
    duration: f64,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    uri: Cow<'a, str>,
}

impl Schema for Requests {
    type Line<'a> = RequestLine<'a>;

    #[inline]
    fn fields(line: &RequestLine<'_>) -> (usize, f64) {
        (line.request.method.len() + 1 + line.request.uri.len(), line.duration)
    }

    fn options() -> DecodeOptions {
        named_fields(&["request.method", "request.uri"], "duration")
    }
}

/// Returns the options of the codec that read the name and the value from other fields.
///
/// # Panics
///
/// If a path is not valid.
#[must_use]
pub fn named_fields(by: &[&str], value: &str) -> DecodeOptions {
    let path = |text: &str| Path::parse(text).expect("a valid path");
    let fields = Fields {
        by: by.iter().copied().map(path).collect(),
        value: Some(path(value)),
        ..Fields::any()
    };
    DecodeOptions { fields, ..DecodeOptions::default() }
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
fn batch<S: Schema>(text: &[u8]) -> Sums {
    let mut sums = Sums::default();
    let sink = &mut |entry: Record<'_>| sums.accept(entry.name.len(), entry.time.as_f64());
    let report = S::options().decode_slice(text, sink);
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
        self.accept(entry.name.len(), entry.time.as_f64());
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
        sums.add(action.as_ref().map(|action| (action.name.as_str().len(), action.time.as_f64())));
    }
    sums
}

fn serde_json<S: Schema>(text: &[u8]) -> Sums {
    let mut sums = Sums::default();
    for line in lines(text) {
        sums.add(serde_json::from_slice::<S::Line<'_>>(line).as_ref().map(S::fields));
    }
    sums
}

fn serde_json_value(text: &[u8]) -> Sums {
    let mut sums = Sums::default();
    for line in lines(text) {
        let value = serde_json::from_slice::<Value>(line).unwrap_or_default();
        let action = value["action"].as_str().map(str::len).zip(value["time"].as_f64());
        sums.add(action.ok_or(()));
    }
    sums
}

/// Decodes a copy of each line, because it parses in place.
fn simd_json<S: Schema>(text: &[u8]) -> Sums {
    let mut sums = Sums::default();
    let (mut copy, mut buffers) = (Vec::new(), simd_json::Buffers::default());
    for line in lines(text) {
        copy.clear();
        copy.extend_from_slice(line);
        let line =
            simd_json::serde::from_slice_with_buffers::<S::Line<'_>>(&mut copy, &mut buffers);
        sums.add(line.as_ref().map(S::fields));
    }
    sums
}

fn sonic_rs<S: Schema>(text: &[u8]) -> Sums {
    let mut sums = Sums::default();
    for line in lines(text) {
        sums.add(sonic_rs::from_slice::<S::Line<'_>>(line).as_ref().map(S::fields));
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
    use crate::harness::lines::{Lines, SHORT, WIDE};

    #[test]
    fn every_decoder_finds_the_same() {
        for (form_name, form) in SHORT.into_iter().chain(WIDE) {
            let lines = Lines::new(form, 300);
            for (name, decode) in decoders_of(form) {
                assert_eq!(lines.verify(decode(&lines.text)), Ok(()), "{form_name}/{name}");
            }
            assert_eq!(lines.verify_count(floor_newlines(&lines.text)), Ok(()));
            assert_eq!(lines.verify_count(floor_memchr(&lines.text)), Ok(()));
        }
    }

    #[test]
    fn two_threads_find_the_same_as_one() {
        for form in [Form::Canonical, Form::Refused] {
            let lines = Lines::new(form, 30_000);
            assert_eq!(lines.verify(shared_batch(&lines.text)), Ok(()));
            assert_eq!(lines.verify(halved(&lines.text, batch::<Actions>)), Ok(()));
        }
    }

    #[test]
    fn skipped_line_is_found() {
        let lines = Lines::new(Form::Mixed, 300);
        let cut = memchr(b'\n', &lines.text).unwrap() + 1;
        assert!(lines.verify(batch::<Actions>(&lines.text[cut..])).is_err());
    }
}
