//! Long lines, which a batch may read by the list of their places, are decoded as alone.

#[path = "support/log_lines.rs"]
mod log_lines;
#[path = "support/long_lines.rs"]
mod support;

use codec::{DecodeOptions, Fields, Limits, Path};
use log_lines::{Random, line};
use support::{all_options, check};

#[test]
fn random_lines_are_decoded_as_alone() {
    let lines_each = if cfg!(debug_assertions) { 500 } else { 100_000 };
    for (seed, options) in all_options().iter().enumerate() {
        let mut random = Random(seed as u64);
        for _ in 0..lines_each / 50 {
            let lines: Vec<_> = (0..50).map(|_| line(&mut random)).collect();
            check(options, &lines);
        }
    }
}

/// Bytes of each class that readers of JSON and of UTF-8 distinguish, with the ends of the class.
const BYTES: &[u8] = b"\0\t\r\x1f !\"#&'()*+,-./0159:;@AEFZ[\\]^_`abefnrtuz{|}~\x7f\
    \x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xed\xef\xf0\xf4\xf5\xff";

#[test]
fn every_kind_of_byte_at_every_offset_is_decoded_as_alone() {
    let line = concat!(
        r#"{"message":"a \"b\" \u00e9\\","level": [1,-2.5e3,0.25, {"x":[]},true ],"request":{"#,
        r#""method":"GET","uri":["/a",null]},"action":"jump","time":150,"time_s":0.5}"#
    );
    for options in [&all_options()[5], &DecodeOptions::default()] {
        for at in 0..line.len() {
            let lines = BYTES.iter().map(|&byte| {
                let mut line = line.as_bytes().to_vec();
                line[at] = byte;
                line
            });
            check(options, &lines.collect::<Vec<_>>());
        }
    }
}

#[test]
fn lines_longer_than_a_window_are_decoded_as_alone() {
    for len in [16_300, 16_384, 16_400, 20_000, 70_000] {
        let text = "é\\n".repeat(len / 4);
        let line = format!(r#"{{"message":"{text}","action":"a","time":1}}"#).into_bytes();
        let short = br#"{"x":[1],"action":"b","time":2}"#.to_vec();
        check(&DecodeOptions::default(), &[line.clone(), short.clone(), line, short]);
    }
}

#[test]
fn nesting_at_its_limits_is_decoded_as_alone() {
    for levels in [1, 2, 126, 127, 128, 129, 200] {
        for nesting in [levels, levels + 1, levels + 2, 1_000] {
            let limits = Limits { nesting, ..Limits::default() };
            let options = DecodeOptions { limits, ..DecodeOptions::default() };
            let value =
                ["[{\"a\":".repeat(levels / 2), "1".into(), "}]".repeat(levels / 2)].concat();
            let arrays = ["[".repeat(levels), "]".repeat(levels)].concat();
            let line = |value| format!(r#"{{"x":{value},"action":"a","time":1}}"#).into_bytes();
            check(&options, &[line(value), line(arrays)]);
        }
    }
}

#[test]
fn escaped_keys_are_decoded_as_alone() {
    let path = |text: &str| Path::parse(text).unwrap();
    for [name, time] in [["method", "duration"], ["a/b", "t"], ["t", "ten_letters"]] {
        let fields = Fields { by: vec![path(name)], value: Some(path(time)), ..Fields::default() };
        let options = DecodeOptions { fields, ..DecodeOptions::default() };
        let mut lines = Vec::new();
        for of in [name, time] {
            let letter = format!("\\u{:04x}{}", of.as_bytes()[0], &of[1..]);
            for key in [of, &letter, &of.replace('/', "\\/"), "\\u0061", "a\\/c", "x\\n"] {
                lines.push(format!(r#"{{"{key}":1,"{name}":"a","{time}":2}}"#).into_bytes());
                lines.push(format!(r#"{{"{name}":"a","{time}":2,"{key}":"b"}}"#).into_bytes());
                lines.push(format!(r#"{{"{name}":"a","{key}":2}}"#).into_bytes());
                lines.push(format!(r#"{{"{key}":"a","{time}":2}}"#).into_bytes());
            }
        }
        check(&options, &lines);
    }
}
