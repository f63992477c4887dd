//! Random lines of service logs, nearly all of them valid.

/// Pseudorandom numbers from a seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        // A linear congruential generator: its high bits are good enough.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }
}

const KEYS: [&str; 18] = [
    "action",
    "time",
    "action",
    "time",
    "level",
    "message",
    "request",
    "method",
    "uri",
    "headers",
    r"\u0061ction",
    r"\u0074ime",
    r"a\nb",
    "",
    "actions",
    "tim",
    "сообщение",
    "a_key_of_20_letters",
];
const TEXTS: [&str; 16] = [
    "a",
    "GET",
    "/api/v1/orders/17",
    "",
    "-",
    " ",
    "checkout",
    "request completed in time",
    r"\n    at main (a.js:1:2)",
    r#"{\"id\":1}"#,
    r"\u00e9\ud83d\ude00",
    "Ошибка соединения",
    "请求",
    r"C:\\temp\\",
    r#"\\\\\\\\\""#,
    "x\u{7f}y",
];
const NUMBERS: [&str; 16] = [
    "0",
    "1",
    "17",
    "123456789012",
    "0.5",
    "12.25",
    "1e3",
    "-1",
    "-0.0",
    "1E-2",
    "99999999",
    "0.00001",
    "3.141592653589793",
    "18446744073709551615",
    "1e400",
    "12e+1",
];
const BROKEN: [&str; 16] = [
    "01",
    "1.",
    ".5",
    "tru",
    "nul",
    "+1",
    "1 2",
    "\"a\" \"b\"",
    r#""\ud800""#,
    r#""\x""#,
    "\"\t\"",
    "",
    "[1,]",
    "{\"a\"}",
    r#""\udc00\ud800""#,
    "1,.5",
];

/// Returns a line, and damages one in four.
pub(crate) fn line(random: &mut Random) -> Vec<u8> {
    let mut text = String::new();
    let style = random.below(4);
    object(random, style, 0, &mut text);
    text.push_str(["", "", "", "", "", "\r", " ", "\t "][random.below(8)]);
    let mut line = text.into_bytes();
    if random.below(4) == 0 {
        for _ in 0..=random.below(2) {
            damage(random, &mut line);
        }
    }
    line.retain(|byte| *byte != b'\n');
    line
}

/// Writes an object with spaces of a style.
fn object(random: &mut Random, style: usize, depth: usize, text: &mut String) {
    text.push('{');
    let members = if depth == 0 { 2 + random.below(10) } else { random.below(4) };
    // Two members that are often all that a record needs.
    let first = if depth == 0 { random.below(members) } else { usize::MAX };
    for member in 0..members {
        if member > 0 {
            text.push(',');
        }
        space(random, style, text);
        if member == first {
            text.push_str(
                r#""action":"a b","time":12.5,"request":{"method":"GET","uri":["/a",1]},"#,
            );
        }
        text.push('"');
        text.push_str(random.pick(&KEYS));
        text.push('"');
        text.push_str([":", ": ", ":", " :\t"][style]);
        value(random, style, depth, text);
    }
    text.push('}');
}

fn space(random: &mut Random, style: usize, text: &mut String) {
    text.push_str(match style {
        1 => " ",
        3 => [" ", "\t", "", "\r "][random.below(4)],
        _ => "",
    });
}

fn value(random: &mut Random, style: usize, depth: usize, text: &mut String) {
    match random.below(24) {
        0..8 => {
            text.push('"');
            for _ in 0..=random.below(3) {
                text.push_str(random.pick(&TEXTS));
            }
            text.push('"');
        }
        8..15 => text.push_str(random.pick(&NUMBERS)),
        15..18 => text.push_str(random.pick(&["true", "false", "null"])),
        18..20 if depth < 4 => object(random, style, depth + 1, text),
        20..23 if depth < 4 => {
            text.push('[');
            for element in 0..random.below(5) {
                text.push_str(if element > 0 { "," } else { "" });
                space(random, style, text);
                value(random, style, depth + 1, text);
            }
            text.push(']');
        }
        23 if random.below(8) == 0 => text.push_str(random.pick(&BROKEN)),
        _ => text.push('1'),
    }
}

/// Replaces, inserts or removes a byte.
fn damage(random: &mut Random, line: &mut Vec<u8>) {
    const BYTES: &[u8] = b"\"\"\\\\{}[]:,, \t\r\x00\x1f\x7f\x80\xc3\xe9\xff0159-.eEtfnu/a";
    let (at, byte) = (random.below(line.len()), BYTES[random.below(BYTES.len())]);
    match random.below(4) {
        0 => line[at] = byte,
        1 => line.insert(at, byte),
        2 => drop(line.remove(at)),
        _ => line.truncate(at.max(1)),
    }
}
