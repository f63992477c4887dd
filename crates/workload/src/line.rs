//! A line and the formats in which it is written.

use std::io::Write as _;

/// The format of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// One format for all lines: `{"action":"jump", "time":150}`.
    #[default]
    Common,
    /// Seven equally likely formats, with other orders of keys, other spaces, fractions of few and
    /// of many digits, escapes in names, and additional keys.
    Mixed,
}

/// Timestamps at equal intervals from the beginning of 2026.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamps {
    /// The key, whose value is in seconds since 1970.
    pub key: String,
    /// The number of lines per second.
    pub per_second: f64,
}

/// The first eight action names. Each later name is one of these with a number.
pub const NAMES: [&str; 8] =
    ["jump", "sprint", "hop", "barrel roll", "run", "climb", "swim", "crawl"];
/// The beginning of 2026, in seconds since 1970.
const FIRST_S: f64 = 1_767_225_600.0;
/// The number of formats of [`Shape::Mixed`], and of kinds of invalid lines.
const FORMATS: u64 = 7;

/// A line of a [`Workload`](crate::Workload), before it is formatted.
#[derive(Debug, Clone, PartialEq)]
pub struct Line<'w> {
    /// The index of the action.
    pub(crate) action: u32,
    pub(crate) time: u64,
    /// The timestamps and the index of the line.
    pub(crate) stamp: Option<(&'w Stamps, u64)>,
    pub(crate) shape: Shape,
    pub(crate) bad: bool,
    /// A random number, which selects the format.
    pub(crate) choice: u64,
}

impl Line<'_> {
    /// Appends the line and a line feed to `text`.
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
        // Fractions of few digits, and of as many digits as a float has.
        let (eighths, rest) = (self.choice >> 40 & 7, self.choice >> 8 & 0xFFFF_FFFF);
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
        match self.choice % FORMATS {
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
                let more: &[u8] = br#","user":{"id":7,"tags":["a\n"]},"ok":true"#;
                put([b"{\"action\":\"", b"\",\"time\":"], &plain, more);
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

    /// Writes an invalid line, of a kind that occurs in logs.
    fn write_bad(&self, text: &mut Vec<u8>) {
        let start = text.len();
        self.write_common(text);
        match self.choice % FORMATS {
            // A truncated line.
            0 => text.truncate(start + (text.len() - start) / 2),
            // Other output in the log.
            1 => text.splice(start.., *b"Traceback (most recent call last):").for_each(drop),
            2 => text.splice(start.., *b"{\"action\":\"jump\"}").for_each(drop),
            3 => text.splice(start.., *b"{\"action\":\"jump\",\"time\":-1}").for_each(drop),
            4 => text.splice(start.., *b"{\"action\":\"jump\",\"time\":\"12 ms\"}").for_each(drop),
            5 => text.splice(start.., *b"{\"action\":\" \",\"time\":1}").for_each(drop),
            // Interleaved output of two writers.
            _ => text.splice(start + 7..start + 7, *b"{\"action\":").for_each(drop),
        }
    }

    /// Writes the name of the action: printable ASCII without characters to escape.
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
            write!(text, ",\"{key}\":{seconds:.3}").expect("writing to a vector succeeds");
        }
    }
}

fn integer(text: &mut Vec<u8>, integer: u64) {
    write!(text, "{integer}").expect("writing to a vector succeeds");
}

fn float(text: &mut Vec<u8>, float: f64) {
    write!(text, "{float}").expect("writing to a vector succeeds");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(choice: u64, shape: Shape, bad: bool) -> String {
        let stamps = Stamps { key: "at".into(), per_second: 2.0 };
        let line = Line { action: 11, time: 1_500, stamp: Some((&stamps, 3)), shape, bad, choice };
        let mut text = Vec::new();
        line.write(&mut text);
        String::from_utf8(text).unwrap()
    }

    /// Formats a line in each format, in order.
    fn formats(shape: Shape, bad: bool) -> String {
        (0..FORMATS).map(|choice| line(choice | 5 << 40, shape, bad)).collect()
    }

    #[test]
    fn mixed_lines_have_equal_contents() {
        let expected = r#"
{"action":"barrel roll 2","time":1500,"at":1767225601.500}
{"action":"\u0062arrel roll 2","time":1500,"at":1767225601.500}
{"action":"barrel roll 2","time":1500,"user":{"id":7,"tags":["a\n"]},"ok":true,"at":1767225601.500}
{"time":1500,"action":"barrel roll 2","at":1767225601.500}
{"action":"barrel roll 2","time":1500,"at":1767225601.500}
{"action": "barrel roll 2", "time": 1500,"at":1767225601.500}
{"action":"barrel roll 2","time":1500.625,"at":1767225601.500}
"#;
        assert_eq!(formats(Shape::Mixed, false), expected.trim_start());
    }

    #[test]
    fn each_kind_of_invalid_line_is_written() {
        let expected = r#"
{"action":"jump","time":-1}
{"action":"jump","time":"12 ms"}
{"action":" ","time":1}
{"actio{"action":n":"barrel roll 2", "time":1500,"at":1767225601.500}
{"action":"barrel roll 2", "t
Traceback (most recent call last):
{"action":"jump"}
"#;
        assert_eq!(formats(Shape::Common, true), expected.trim_start());
    }

    #[test]
    fn fraction_may_have_all_digits_of_a_float() {
        let line = line(3 + FORMATS * 999_999_999_999, Shape::Mixed, false);
        assert!(line.contains(r#","time":1500.3664629108978,"#), "{line}");
    }
}
