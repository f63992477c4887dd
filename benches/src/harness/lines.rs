//! Lines of JSON in several shapes, and the answers that they must give.

use std::fmt::Write as _;

use workload::Random;

use super::SEED;
use super::actions::NAMES;

/// Selects how lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Two keys, no spaces, integers of up to four digits.
    Canonical,
    /// A space after each colon and comma.
    Spaced,
    /// `time` first.
    Reordered,
    /// One of the three shapes above, or a time with three decimals, at random.
    Mixed,
    /// Times of 15 to 17 digits.
    Floats,
    /// A `\u` escape in each name.
    Escapes,
    /// Five more keys, which are ignored.
    ExtraKeys,
    /// No valid action: a string for a number, a missing key, an extra comma, a truncated line.
    Refused,
}

/// Every shape with its name in a scenario.
pub const SHAPES: [(&str, Shape); 8] = [
    ("canonical", Shape::Canonical),
    ("spaced", Shape::Spaced),
    ("reordered", Shape::Reordered),
    ("mixed", Shape::Mixed),
    ("floats", Shape::Floats),
    ("escapes", Shape::Escapes),
    ("extra_keys", Shape::ExtraKeys),
    ("refused", Shape::Refused),
];

/// The totals of lines, which every decoder must find.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sums {
    /// The number of valid actions.
    pub accepted: u64,
    /// The number of other lines.
    pub refused: u64,
    /// The number of bytes in all names.
    pub name_bytes: u64,
    /// The sum of all times.
    pub time: f64,
}

impl Sums {
    /// Adds a valid action.
    #[inline]
    pub fn accept(&mut self, name: &str, time: f64) {
        self.accepted += 1;
        self.name_bytes += name.len() as u64;
        self.time += time;
    }

    /// Merges two totals. The sum of integer times does not depend on the order.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            refused: self.refused + other.refused,
            name_bytes: self.name_bytes + other.name_bytes,
            time: self.time + other.time,
        }
    }

    /// Adds a decoded line.
    #[inline]
    pub fn add<E>(&mut self, action: Result<(&str, f64), E>) {
        match action {
            Ok((name, time)) => self.accept(name, time),
            Err(_) => self.refused += 1,
        }
    }
}

/// Lines of one shape.
#[derive(Debug, Clone)]
pub struct Lines {
    /// The lines, each with its line end.
    pub text: Vec<u8>,
    sums: Sums,
}

impl Lines {
    /// Writes `count` lines of a shape.
    #[must_use]
    pub fn new(shape: Shape, count: usize) -> Self {
        let mut random = Random::new(SEED);
        let (mut text, mut sums) = (String::new(), Sums::default());
        for _ in 0..count {
            let name = NAMES[random.below(NAMES.len() as u64) as usize];
            let time = random.below(5_001);
            match line(shape, name, time, &mut random, &mut text) {
                Some(time) => sums.accept(name, time),
                None => sums.refused += 1,
            }
            text.push('\n');
        }
        Self { text: text.into_bytes(), sums }
    }

    /// Checks totals that were added in the order of the lines.
    ///
    /// # Errors
    ///
    /// Shows what was found and what was written.
    pub fn verify(&self, found: Sums) -> Result<(), String> {
        if found == self.sums { Ok(()) } else { Err(format!("{found:?} is not {:?}", self.sums)) }
    }

    /// Checks a number of lines.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    pub fn verify_count(&self, found: u64) -> Result<(), String> {
        let count = self.sums.accepted + self.sums.refused;
        if found == count { Ok(()) } else { Err(format!("{found} lines, should be {count}")) }
    }
}

/// Writes a line, and returns its time if it is a valid action.
fn line(
    shape: Shape,
    name: &str,
    time: u64,
    random: &mut Random,
    text: &mut String,
) -> Option<f64> {
    let whole = Some(time as f64);
    let (written, time) = match shape {
        Shape::Canonical => (write!(text, r#"{{"action":"{name}","time":{time}}}"#), whole),
        Shape::Spaced => (write!(text, r#"{{"action": "{name}", "time": {time}}}"#), whole),
        Shape::Reordered => (write!(text, r#"{{"time":{time},"action":"{name}"}}"#), whole),
        Shape::Mixed => {
            let shape = match random.below(4) {
                0 => Shape::Canonical,
                1 => Shape::Spaced,
                2 => Shape::Reordered,
                _ => {
                    let time = time as f64 + random.below(1_000) as f64 / 1_000.0;
                    let _ = write!(text, r#"{{"action":"{name}","time":{time}}}"#);
                    return Some(time);
                }
            };
            return line(shape, name, time, random, text);
        }
        Shape::Floats => {
            let time = random.below(1 << 53) as f64 / (1_u64 << 53) as f64 * 5_000.0;
            (write!(text, r#"{{"action":"{name}","time":{time}}}"#), Some(time))
        }
        Shape::Escapes => {
            let (first, rest) = name.split_at(1);
            let code = u32::from(first.as_bytes()[0]);
            (write!(text, r#"{{"action":"\u{code:04x}{rest}","time":{time}}}"#), whole)
        }
        Shape::ExtraKeys => {
            let (id, host) = (random.below(1_000_000), random.below(10));
            let start = format!(r#""id":{id},"action":"{name}","user":"u{id}","ok":true"#);
            let end = format!(r#""host":"web-{host}.example","tags":["a","b"]"#);
            (write!(text, r#"{{{start},"time":{time},{end}}}"#), whole)
        }
        Shape::Refused => (
            match random.below(4) {
                0 => write!(text, r#"{{"action":"{name}","time":"{time}"}}"#),
                1 => write!(text, r#"{{"action":"{name}","tame":{time}}}"#),
                2 => write!(text, r#"{{"action":"{name}","time":{time},}}"#),
                _ => write!(text, r#"{{"action":"{name}","time":{time}"#),
            },
            None,
        ),
    };
    written.expect("a string accepts every write");
    time
}
