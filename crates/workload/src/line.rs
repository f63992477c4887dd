//! A line, and the ways in which it is written.

use std::io::Write as _;

use crate::workload::{Shape, Stamps};

/// The first eight action names. Each later name is one of these with a number.
pub const NAMES: [&str; 8] =
    ["jump", "sprint", "hop", "barrel roll", "run", "climb", "swim", "crawl"];
/// The beginning of 2026, in seconds since 1970.
const FIRST_S: f64 = 1_767_225_600.0;
/// In how many ways a line of [`Shape::Mixed`] may be written, and one that is bad.
const WAYS: u64 = 7;

/// A line of a [`Workload`](crate::Workload), not yet written.
#[derive(Debug, Clone, PartialEq)]
pub struct Line<'w> {
    /// The number of the action, from 0 on.
    pub(crate) action: u32,
    pub(crate) time: u64,
    /// With the number of the line.
    pub(crate) stamp: Option<(&'w Stamps, u64)>,
    pub(crate) shape: Shape,
    pub(crate) bad: bool,
    /// A random number, for the choice of a way.
    pub(crate) way: u64,
}

impl Line<'_> {
    /// Writes the line, with its end.
    pub fn write(&self, text: &mut Vec<u8>) {
        match (self.bad, self.shape) {
            (true, _) => self.write_bad(text),
            (false, Shape::Common) => self.write_common(text),
            (false, Shape::Mixed) => self.write_mixed(text),
        }
        text.push(b'\n');
    }

    fn write_common(&self, text: &mut Vec<u8>) {
        text.extend_from_slice(b"{\"action\":\"");
        self.name(text);
        text.extend_from_slice(b"\", \"time\":");
        integer(text, self.time);
        self.stamp(text);
        text.push(b'}');
    }

    fn write_mixed(&self, text: &mut Vec<u8>) {
        // A fraction, of few digits or of as many as a float may have.
        let (eighths, rest) = (self.way >> 40 & 7, self.way >> 8 & 0xFFFF_FFFF);
        let time = self.time as f64;
        let mut put = |parts: [&[u8]; 2], number: &dyn Fn(&mut Vec<u8>), after: &[u8]| {
            text.extend_from_slice(parts[0]);
            self.name(text);
            text.extend_from_slice(parts[1]);
            number(text);
            text.extend_from_slice(after);
        };
        let plain = |text: &mut Vec<u8>| integer(text, self.time);
        let few = |text: &mut Vec<u8>| float(text, time + eighths as f64 / 8.0);
        let many = |text: &mut Vec<u8>| float(text, time + rest as f64 / 4_294_967_311.0);
        match self.way % WAYS {
            0 => put([b"{\"action\":\"", b"\",\"time\":"], &plain, b""),
            1 => put([b"{\"action\": \"", b"\", \"time\": "], &plain, b""),
            2 => put([b"{\"action\":\"", b"\",\"time\":"], &few, b""),
            3 => put([b"{\"action\":\"", b"\",\"time\":"], &many, b""),
            4 => {
                text.extend_from_slice(b"{\"action\":\"");
                let start = text.len();
                self.name(text);
                let escape = format!("\\u{:04x}", text[start]);
                text.splice(start..=start, escape.into_bytes()).for_each(drop);
                text.extend_from_slice(b"\",\"time\":");
                integer(text, self.time);
            }
            5 => {
                let besides: &[u8] = br#","user":{"id":7,"tags":["a\n"]},"ok":true"#;
                put([b"{\"action\":\"", b"\",\"time\":"], &plain, besides);
            }
            _ => {
                text.extend_from_slice(b"{\"time\":");
                integer(text, self.time);
                text.extend_from_slice(b",\"action\":\"");
                self.name(text);
                text.push(b'"');
            }
        }
        self.stamp(text);
        text.push(b'}');
    }

    /// Writes a line that is no action, in one of the ways that logs go wrong.
    fn write_bad(&self, text: &mut Vec<u8>) {
        let start = text.len();
        self.write_common(text);
        match self.way % WAYS {
            // Cut off.
            0 => text.truncate(start + (text.len() - start) / 2),
            // A text among the lines.
            1 => text.splice(start.., *b"Traceback (most recent call last):").for_each(drop),
            2 => text.splice(start.., *b"{\"action\":\"jump\"}").for_each(drop),
            3 => text.splice(start.., *b"{\"action\":\"jump\",\"time\":-1}").for_each(drop),
            4 => text.splice(start.., *b"{\"action\":\"jump\",\"time\":\"12 ms\"}").for_each(drop),
            5 => text.splice(start.., *b"{\"action\":\" \",\"time\":1}").for_each(drop),
            // Two writers at once.
            _ => text.splice(start + 7..start + 7, *b"{\"action\":").for_each(drop),
        }
    }

    /// The name of the action; visible ASCII without anything to escape.
    fn name(&self, text: &mut Vec<u8>) {
        let (round, place) =
            (self.action as usize / NAMES.len(), self.action as usize % NAMES.len());
        text.extend_from_slice(NAMES[place].as_bytes());
        if round > 0 {
            text.push(b' ');
            integer(text, round as u64 + 1);
        }
    }

    fn stamp(&self, text: &mut Vec<u8>) {
        if let Some((Stamps { key, per_second }, number)) = self.stamp {
            let seconds = FIRST_S + number as f64 / per_second;
            write!(text, ",\"{key}\":{seconds:.3}").expect("a vector takes every write");
        }
    }
}

fn integer(text: &mut Vec<u8>, integer: u64) {
    write!(text, "{integer}").expect("a vector takes every write");
}

fn float(text: &mut Vec<u8>, float: f64) {
    write!(text, "{float}").expect("a vector takes every write");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(way: u64, shape: Shape, bad: bool) -> String {
        let stamps = Stamps { key: "at".into(), per_second: 2.0 };
        let line = Line { action: 11, time: 1_500, stamp: Some((&stamps, 3)), shape, bad, way };
        let mut text = Vec::new();
        line.write(&mut text);
        String::from_utf8(text).unwrap()
    }

    /// A line in each way, in the order in which remainders come.
    fn ways(shape: Shape, bad: bool) -> String {
        (0..WAYS).map(|way| line(way | 5 << 40, shape, bad)).collect()
    }

    #[test]
    fn mixed_lines_say_the_same_in_every_way() {
        let expected = r#"
{"action":"barrel roll 2","time":1500,"at":1767225601.500}
{"action":"\u0062arrel roll 2","time":1500,"at":1767225601.500}
{"action":"barrel roll 2","time":1500,"user":{"id":7,"tags":["a\n"]},"ok":true,"at":1767225601.500}
{"time":1500,"action":"barrel roll 2","at":1767225601.500}
{"action":"barrel roll 2","time":1500,"at":1767225601.500}
{"action": "barrel roll 2", "time": 1500,"at":1767225601.500}
{"action":"barrel roll 2","time":1500.625,"at":1767225601.500}
"#;
        assert_eq!(ways(Shape::Mixed, false), expected.trim_start());
    }

    #[test]
    fn bad_lines_are_bad_in_every_way() {
        let expected = r#"
{"action":"jump","time":-1}
{"action":"jump","time":"12 ms"}
{"action":" ","time":1}
{"actio{"action":n":"barrel roll 2", "time":1500,"at":1767225601.500}
{"action":"barrel roll 2", "t
Traceback (most recent call last):
{"action":"jump"}
"#;
        assert_eq!(ways(Shape::Common, true), expected.trim_start());
    }

    #[test]
    fn many_digits_are_those_of_a_float() {
        let line = line(3 + WAYS * 999_999_999_999, Shape::Mixed, false);
        assert!(line.contains(r#","time":1500.3664629108978,"#), "{line}");
    }
}
