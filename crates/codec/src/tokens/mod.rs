//! Long lines by a list of their places, which is built from vector registers.
//!
//! The scanner hops from one special byte to the next. On a line of many members the hops take most
//! of the time, and wider registers make each of them slower. So the work is split, as in simdjson:
//! a first step turns a window of whole lines into bitmaps, 64 bytes at a time, and writes down the
//! places of quotes, brackets, colons, commas, and first bytes of numbers and literals, with the
//! kind of each. A second step walks from place to place, or compares the line with the shape of
//! one before it.
//!
//! Both together accept a line only if the scanner does. Whatever is doubtful (an error, an escape
//! in a key, nesting beyond 128 levels) goes to the scanner, which alone decides what is refused
//! and where. So the list may be left out at any time, and is: on short lines, and on processors
//! without the instructions that it needs.

#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "no kernel uses it"))]
mod bitmaps;
mod kernel;
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "no kernel uses it"))]
mod places;
mod shape;
mod span;
#[cfg(target_arch = "x86_64")]
mod utf8;
mod walk;

pub(crate) use walk::{Kind, MemberKey, Node, RECORD, Reader, Value, Wanted};

use std::ops::Range;

use crate::scan::string::valid_lines;
use kernel::Kernel;
use places::{BLOCK, Places, WINDOW, zeros};
use shape::Shape;
use span::{SPAN, Span};
use walk::{Open, READERS};

/// The length of a line from which on a list is faster than the scanner, up to that of a window.
const LONG: usize = 128;

/// The length of a window where few lines before were read by the list.
const WINDOW_MIN: usize = 1024;

/// The places of lines, and where the next line begins in them.
#[derive(Debug)]
pub(crate) struct Tokens {
    kernel: Option<Kernel>,
    /// Once there was a long line.
    list: Option<List>,
    /// Where the window lies in its block.
    window: Range<usize>,
    /// The maximum length of the next window.
    window_max: usize,
    /// The number of bytes of this window that were read by their places.
    used: usize,
    /// The length of the last line, and so probably of the next one.
    last_len: usize,
}

/// The list of a window.
#[derive(Debug)]
struct List {
    places: Places,
    /// The number of the first place that was not read.
    next: usize,
    /// The bytes of the window, if the block is too short after it.
    copy: Box<[u8; SPAN]>,
    around: Vec<Open>,
    /// The shape of the lines of each reader.
    shapes: [Shape; READERS],
}

impl Tokens {
    /// Creates an empty list, which allocates for the first long line.
    pub(crate) fn new() -> Self {
        Self::with(Kernel::all().next())
    }

    /// Creates an empty list that is built by a kernel, or that reads no line.
    fn with(kernel: Option<Kernel>) -> Self {
        Self { kernel, list: None, window: 0..0, window_max: WINDOW, used: 0, last_len: 0 }
    }

    /// Starts with another block.
    #[inline]
    pub(crate) fn start(&mut self) {
        self.window = 0..0;
    }

    /// Returns the longest text of whole lines from `at` on, of those that are looked at together.
    ///
    /// It is empty if the first line is not UTF-8. Where lines are long, their places are listed
    /// while they are checked.
    #[inline(never)]
    pub(crate) fn lines<'b>(&mut self, block: &'b [u8], at: usize) -> &'b str {
        if let Some(kernel) = self.kernel.filter(|kernel| self.is_long() && kernel.checks_utf8()) {
            match self.list(kernel, block, at, block.len() - at) {
                Some(text) if !text.is_empty() => return text,
                // The places say nothing about the text.
                _ => self.window = 0..0,
            }
        }
        // Long lines are still in a near cache then. Short ones are checked more at once.
        let max = if self.is_long() { 4 * WINDOW } else { 16 * WINDOW };
        valid_lines(&block[at..], max)
    }

    /// Returns whether the line at `at` may be read.
    #[inline(always)]
    pub(crate) fn may_read(&self, at: usize) -> bool {
        self.is_long() || self.window.contains(&at)
    }

    /// Notes the length of a line.
    #[inline(always)]
    pub(crate) fn note(&mut self, len: usize) {
        self.last_len = len;
    }

    /// Returns whether the next line is probably one for a list.
    #[inline(always)]
    fn is_long(&self) -> bool {
        (LONG..=WINDOW).contains(&self.last_len)
    }

    /// Reads the line at `at`, in which at most `max` objects and arrays may be open at once.
    ///
    /// The next `known` bytes of the block are whole lines that are known to be UTF-8. Returns the
    /// length of the line, or `None` if it is for the scanner.
    #[inline(always)]
    pub(crate) fn read(
        &mut self,
        block: &[u8],
        at: usize,
        known: usize,
        max: usize,
        wanted: &mut impl Wanted,
    ) -> Option<usize> {
        if !self.window.contains(&at) && !self.index(block, at, known) {
            return None;
        }
        let List { places, next, copy, around, shapes } = self.list.as_mut()?;
        let bytes = block.get(self.window.start..)?.first_chunk().unwrap_or(copy);
        let span = Span { bytes };
        let start = at - self.window.start;
        // Lines that were read without the list have left their places.
        *next = places.find(*next, start);
        if *next > 0 && places.at(*next - 1) >= start {
            // A line that lacks a field is read again by another reader.
            *next = places.search(start);
        }
        let (line, shape) = ((start, *next), &mut shapes[wanted.reader() as usize]);
        let end;
        (end, *next) = if let Some(next) = shape.end(span, places, *next) {
            shape.put_values(span, places, line, wanted)?;
            (places.at(next - 1), next)
        } else if shape.is_due() {
            shape.record(span, places, line, max, around, wanted)?
        } else {
            walk::line(span, places, line, max, around, wanted)?
        };
        let len = end - start;
        self.used += len;
        self.note(len);
        Some(len)
    }

    /// Lists the places of the lines from `at` on. Returns whether there is a whole line.
    #[cold]
    #[inline(never)]
    fn index(&mut self, block: &[u8], at: usize, known: usize) -> bool {
        let Some(kernel) = self.kernel.filter(|_| self.is_long()) else { return false };
        self.list(kernel, block, at, known);
        !self.window.is_empty()
    }

    /// Lists the places of a window of the lines from `at` on, which have `len` bytes.
    ///
    /// Returns the text of the window, if the kernel has found that it is UTF-8.
    fn list<'b>(
        &mut self,
        kernel: Kernel,
        block: &'b [u8],
        at: usize,
        len: usize,
    ) -> Option<&'b str> {
        // Windows in which most lines are short are not worth their places.
        let used_half = 2 * self.used >= self.window.len();
        self.window_max = if used_half { WINDOW } else { (self.window_max / 4).max(WINDOW_MIN) };
        let rest = block.get(at..).unwrap_or_default();
        let max = len.min(self.window_max);
        let window = &rest[..max];
        let list = self.list.get_or_insert_with(List::default);
        if rest.len() < SPAN {
            list.copy[..max].copy_from_slice(window);
            list.copy[max..max + BLOCK].fill(0);
        }
        list.next = 0;
        let (end, text) = kernel.index(window, max == len, &mut list.places);
        (self.used, self.window) = (0, at..at + end);
        text
    }
}

impl Default for List {
    fn default() -> Self {
        Self {
            places: Places::default(),
            next: 0,
            copy: zeros(),
            around: Vec::new(),
            shapes: Default::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Collects the values of elements and of members without a point in their key, of which those
    /// of `in` are opened, and the number of keys that were looked up.
    #[derive(Default)]
    struct All(Vec<(Kind, usize, usize)>, usize);

    impl Wanted for All {
        fn reader(&self) -> Reader {
            Reader::Fields
        }

        fn member(&mut self, _: Node, key: MemberKey<'_>) -> Option<Node> {
            self.1 += 1;
            let text = &key.bytes()[..key.len];
            Some(if text == b"in" { 2 } else { usize::from(!text.contains(&b'.')) })
        }

        fn element(&mut self, _: Node, index: usize) -> Option<Node> {
            Some(if index == 1 { RECORD } else { 1 })
        }

        fn opens(&mut self, node: Node, _: u8) -> Option<bool> {
            Some(node == 2)
        }

        fn put(&mut self, _: Node, value: Value) -> Option<()> {
            self.0.push((value.kind, value.at, value.end));
            Some(())
        }
    }

    /// Reads the lines of a text by their places. Returns what is found in each.
    fn read(kernel: Option<Kernel>, text: &[u8]) -> Vec<Option<Vec<(Kind, String)>>> {
        let mut tokens = Tokens::with(kernel);
        let mut at = 0;
        let mut all = Vec::new();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            tokens.note(LONG);
            let mut found = All::default();
            let len = tokens.read(text, at, text.len() - at, 128, &mut found);
            assert!(len.is_none_or(|len| len == line.trim_ascii_end().len()), "{len:?}");
            let value = |(kind, at, end): (Kind, usize, usize)| {
                (kind, String::from_utf8_lossy(&line[at..end]).into_owned())
            };
            all.push(len.map(|_| found.0.into_iter().map(value).collect()));
            at += line.len();
        }
        all
    }

    #[test]
    fn lines_are_read_where_a_kernel_is() {
        let line =
            r#"{"a":"x","b": [1,{"c":2}],"in":{"d":-1e3,"in":[true,"y",0.5,{}]},"e":"\u00e9"}"#;
        let expected = [
            (Kind::Plain, "\"x\""),
            (Kind::Number, "-1e3"),
            (Kind::True, "true"),
            (Kind::Number, "0.5"),
            (Kind::Escaped, "\"\\u00e9\""),
        ];
        let expected = expected.map(|(kind, text)| (kind, text.to_owned())).to_vec();
        // Some windows are copied, and others are not.
        for lines in [1, 3, 2_000] {
            let text = format!("{line}\n").repeat(lines) + line;
            for kernel in Kernel::all() {
                let found = read(Some(kernel), text.as_bytes());
                assert_eq!(found.len(), lines + 1);
                assert!(found.iter().all(|found| found.as_ref() == Some(&expected)), "{kernel:?}");
            }
            assert!(read(None, text.as_bytes()).iter().all(Option::is_none));
        }
    }

    #[test]
    fn keys_of_the_same_shape_are_not_looked_up() {
        let line = r#"{"a":"x","in":{"long_enough":[-1.5]},"c":true}"#;
        let (text, len) = (format!("{line}\n{line}\n{line}").into_bytes(), line.len());
        for kernel in Kernel::all() {
            let mut tokens = Tokens::with(Some(kernel));
            let mut looked_up = |line: usize| {
                let (at, mut found) = (line * (len + 1), All::default());
                tokens.note(LONG);
                assert_eq!(tokens.read(&text, at, text.len() - at, 128, &mut found), Some(len));
                (found.0.len(), found.1)
            };
            assert_eq!([0, 1, 2].map(&mut looked_up), [(2, 4), (2, 0), (2, 0)]);
        }
    }

    #[test]
    fn line_after_one_of_its_shape_is_read_as_alone() {
        let first = concat!(
            r#"{"a":"x","é":[1,-20.5,"y",{"c":null,"d":[]}],"in":{"eight_":0.25,"nine_is":"u\n","#,
            r#""a_key_of_more_words":true,"in":[0,-7,false]} , "last" : -0}"#,
        );
        let others = b"\"\\{}[]:,019.-+eEtrufalsn \t\r\n\0\x80";
        for kernel in Kernel::all() {
            let check = |line: &[u8]| {
                let text = [first.as_bytes(), b"\n", line].concat();
                let found = read(Some(kernel), &text);
                assert!(found[0].is_some());
                let alone = read(Some(kernel), line);
                assert_eq!(found[1..], alone, "{kernel:?} {}", line.escape_ascii());
            };
            check(first.as_bytes());
            for at in 0..first.len() {
                let (before, after) = first.as_bytes().split_at(at);
                check(&[before, &after[1..]].concat());
                for other in others {
                    check(&[before, &[*other], &after[1..]].concat());
                    check(&[before, &[*other], after].concat());
                }
            }
            // Literals and numbers may be others.
            let line = first.replace("null", "true").replace("false", "null").replace("20", "3");
            check(line.as_bytes());
        }
    }

    #[test]
    fn line_after_a_doubtful_one_is_read() {
        let doubtful = [
            "",
            " ",
            "{}",
            "[1]",
            r#"{"a":1"#,
            r#"{"a":1}}"#,
            r#"{"a":1}x"#,
            r#"{"a"}"#,
            r#"{"a":"#,
            r#"{"a":"x}"#,
            r#"{"a":"x\"}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":1,}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":.1}"#,
            r#"{"a":1.}"#,
            r#"{"a":1 .5}"#,
            r#"{"a":1.5.5}"#,
            r#"{"a":01}"#,
            r#"{"a":-}"#,
            r#"{"a":-a}"#,
            r#"{"a":- 1}"#,
            r#"{"a":-01}"#,
            r#"{"a":-1 .5}"#,
            r#"{"a":1 e5}"#,
            r#"{"a":1e5.5}"#,
            r#"{"a":true1}"#,
            r#"{"a":"x"1}"#,
            r#"{"a"1}"#,
            r#"{"a" "b":1}"#,
            r#"{"a":[0,0,0,0,]}"#,
            r#"{"a":[0,0,0,0,0,0,0,0,"b":1}"#,
            r#"{"a":1 2}"#,
            "{\"a\":\"\t\"}",
        ];
        for line in doubtful {
            let text = format!("{line}\n{{\"b\":7}}\n{line}\n{{\"b\":7}}");
            for kernel in Kernel::all() {
                let found = read(Some(kernel), text.as_bytes());
                let seven = Some(vec![(Kind::Number, "7".to_owned())]);
                assert_eq!(found, [None, seven.clone(), None, seven], "{line} {kernel:?}");
            }
        }
    }
}
