//! Where the values of a stream of JSON begin and end.
//!
//! The structure alone is looked at: brackets, commas, colons, and where strings end. So a value is
//! found in input that arrives in pieces, in memory that does not grow with the input, and each
//! byte is looked at once, whatever the sizes of the pieces. What is between is checked when the
//! value is decoded.
//!
//! A value that is nested deeper than the limit is refused in any case. So beyond the limit,
//! brackets are only counted: to remember which of them are open would take a bit for each byte of
//! a hostile input.

use memchr::memchr3;

use crate::error::code::{ErrorCode, Expected};
use crate::scan::value::Nesting;

/// Finds the values of a stream of JSON that arrives in pieces.
///
/// Values may be elements of an array, and white space, commas and U+001E may lie between them.
#[derive(Debug)]
pub(crate) struct Values {
    /// The objects and arrays of the value that are open.
    open: Nesting,
    /// The maximum of these.
    nesting: usize,
    /// The number of brackets that are open beyond the maximum.
    beyond: usize,
    /// What the next token may be.
    next: Next,
    /// What the next byte continues.
    token: Token,
    /// Whether an array around the values is open.
    in_array: bool,
}

/// What the next token of a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

/// What the next byte of a value continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Nothing,
    String,
    /// The byte after a backslash.
    Escape,
    /// A number or a literal.
    Scalar,
}

/// How far a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Beyond the bytes.
    Open,
    /// To this offset.
    Ends(usize),
    /// The structure is broken at this offset.
    Broken(usize),
}

impl Values {
    /// Starts before the first value. At most `nesting` open objects and arrays are remembered.
    pub(crate) fn new(nesting: usize) -> Self {
        Self {
            open: Nesting::new(0, nesting),
            nesting,
            beyond: 0,
            next: Next::Value,
            token: Token::Nothing,
            in_array: false,
        }
    }

    /// Returns whether an array around the values is open.
    pub(crate) fn in_array(&self) -> bool {
        self.in_array
    }

    /// Returns the offset of the first byte of the next value, or `None` if `bytes` has none.
    ///
    /// No value is open. A bracket that closes nothing begins a value, which is broken.
    pub(crate) fn start(&mut self, bytes: &[u8]) -> Option<usize> {
        bytes.iter().position(|byte| match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' | 0x1E => false,
            b'[' if !self.in_array => {
                self.in_array = true;
                false
            }
            b']' if self.in_array => {
                self.in_array = false;
                false
            }
            _ => true,
        })
    }

    /// Leaves a value that is broken.
    pub(crate) fn leave(&mut self) {
        *self = Self { in_array: self.in_array, ..Self::new(self.nesting) };
    }

    /// Returns the error of a value that is broken here.
    pub(crate) fn error(&self) -> ErrorCode {
        ErrorCode::Unexpected(match self.next {
            _ if self.token == Token::String => return ErrorCode::ControlInString,
            Next::Value => Expected::Value,
            Next::ValueOrEnd => Expected::ValueOrEnd,
            Next::Key => Expected::Key,
            Next::KeyOrEnd => Expected::KeyOrEnd,
            Next::Colon => Expected::Colon,
            Next::CommaOrEnd if self.open.is_object() => Expected::CommaOrBrace,
            Next::CommaOrEnd => Expected::CommaOrBracket,
        })
    }

    /// Passes bytes of the value that is open, or that begins here.
    pub(crate) fn extent(&mut self, bytes: &[u8]) -> Extent {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let has_ended = match self.token {
                Token::Nothing if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') => {
                    at += 1;
                    continue;
                }
                Token::Nothing => match self.begin(byte) {
                    Some(has_ended) => {
                        // A number or a literal is passed as a whole.
                        at += usize::from(self.token != Token::Scalar);
                        has_ended
                    }
                    None => return Extent::Broken(at),
                },
                Token::Escape => {
                    self.token = Token::String;
                    at += usize::from(byte != b'\n');
                    continue;
                }
                Token::String => {
                    let Some(found) = memchr3(b'"', b'\\', b'\n', &bytes[at..]) else { break };
                    at += found + 1;
                    match bytes[at - 1] {
                        b'"' => self.end_string(),
                        b'\\' => {
                            self.token = Token::Escape;
                            continue;
                        }
                        _ => return Extent::Broken(at - 1),
                    }
                }
                Token::Scalar => {
                    let len = bytes[at..].iter().position(|&byte| ends_scalar(byte));
                    let Some(len) = len else { break };
                    at += len;
                    self.token = Token::Nothing;
                    self.end_value()
                }
            };
            if has_ended {
                self.next = Next::Value;
                return Extent::Ends(at);
            }
        }
        Extent::Open
    }

    /// Begins a token. Returns whether it ends the value, or `None` if it is not allowed here.
    fn begin(&mut self, byte: u8) -> Option<bool> {
        if self.beyond > 0 {
            return Some(self.begin_beyond(byte));
        }
        let is_value = matches!(self.next, Next::Value | Next::ValueOrEnd);
        let is_key = matches!(self.next, Next::Key | Next::KeyOrEnd);
        match byte {
            b'{' | b'[' if is_value && self.open.is_full() => self.beyond = 1,
            b'{' | b'[' if is_value => {
                self.open.open(byte == b'{');
                self.next = if byte == b'{' { Next::KeyOrEnd } else { Next::ValueOrEnd };
            }
            b'}' if self.next == Next::KeyOrEnd => return Some(self.close()),
            b']' if self.next == Next::ValueOrEnd => return Some(self.close()),
            b'}' | b']' if self.next == Next::CommaOrEnd => {
                return (self.open.is_object() == (byte == b'}')).then(|| self.close());
            }
            b',' if self.next == Next::CommaOrEnd => {
                self.next = if self.open.is_object() { Next::Key } else { Next::Value };
            }
            b':' if self.next == Next::Colon => self.next = Next::Value,
            b'"' if is_value || is_key => self.token = Token::String,
            b'{' | b'[' | b'}' | b']' | b',' | b':' | b'"' => return None,
            _ if is_value => self.token = Token::Scalar,
            _ => return None,
        }
        Some(false)
    }

    /// Begins a token within brackets that are only counted. Returns whether it ends the value.
    fn begin_beyond(&mut self, byte: u8) -> bool {
        match byte {
            b'{' | b'[' => self.beyond += 1,
            b'}' | b']' => {
                self.beyond -= 1;
                return self.end_value();
            }
            b'"' => self.token = Token::String,
            b',' | b':' => {}
            _ => self.token = Token::Scalar,
        }
        false
    }

    fn close(&mut self) -> bool {
        self.open.pop();
        self.end_value()
    }

    fn end_string(&mut self) -> bool {
        self.token = Token::Nothing;
        if self.beyond == 0 && matches!(self.next, Next::Key | Next::KeyOrEnd) {
            self.next = Next::Colon;
            return false;
        }
        self.end_value()
    }

    /// Ends a value. Returns whether it is the outermost one.
    fn end_value(&mut self) -> bool {
        if self.beyond > 0 {
            return false;
        }
        self.next = Next::CommaOrEnd;
        self.open.is_empty()
    }
}

/// Returns whether a byte ends a number or a literal.
fn ends_scalar(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' | b'"' | b'{' | b'}' | b'[' | b']')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the values of a text that arrives in pieces, up to the first that is broken.
    fn values(
        text: &[u8],
        size: usize,
        nesting: usize,
    ) -> (Vec<std::ops::Range<usize>>, Option<usize>) {
        let (mut values, mut found, mut start) = (Values::new(nesting), Vec::new(), None);
        for (piece, bytes) in text.chunks(size).enumerate() {
            let mut at = 0;
            loop {
                let offset = piece * size;
                if start.is_none() {
                    let Some(skipped) = values.start(&bytes[at..]) else { break };
                    at += skipped;
                    start = Some(offset + at);
                }
                match values.extent(&bytes[at..]) {
                    Extent::Open => break,
                    Extent::Ends(len) => {
                        at += len;
                        found.extend(start.take().map(|start| start..offset + at));
                    }
                    Extent::Broken(len) => return (found, Some(offset + at + len)),
                }
            }
        }
        // A number at the end of the input ends with it.
        let is_number = |start: &usize| !matches!(text[*start], b'{' | b'[' | b'"');
        found.extend(start.filter(is_number).map(|start| start..text.len()));
        (found, None)
    }

    #[test]
    fn values_beyond_the_nesting_limit_end_at_the_same_places() {
        for len in 0..=6 {
            for number in 0..8_usize.pow(len) {
                let byte = |place| b"{}[],:1\""[number / 8_usize.pow(place) % 8];
                let text: Vec<u8> = (0..len).map(byte).collect();
                let (expected, fault) = values(&text, 64, usize::MAX);
                for nesting in 0..3 {
                    let (found, _) = values(&text, 2, nesting);
                    // Brackets that do not match are not noticed beyond the limit.
                    let same = if fault.is_none() { found.len() } else { expected.len() };
                    assert_eq!(found[..same], expected[..], "{} {nesting}", text.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn values_are_those_of_serde_json() {
        for len in 0..=6 {
            for number in 0..8_usize.pow(len) {
                let byte = |place| b"{}[],:1\""[number / 8_usize.pow(place) % 8];
                let text: Vec<u8> = (0..len).map(byte).collect();
                let shown = text.escape_ascii();
                let whole = values(&text, 64, usize::MAX);
                for size in 1..=text.len().min(3) {
                    assert_eq!(values(&text, size, usize::MAX), whole, "{shown} {size}");
                }
                // Without an array around them, values are what serde_json reads.
                if text.first() == Some(&b'[') || text.contains(&b',') && !text.starts_with(b"{") {
                    continue;
                }
                let mut stream =
                    serde_json::Deserializer::from_slice(&text).into_iter::<serde_json::Value>();
                let mut start = 0;
                let mut expected = Vec::new();
                while let Some(Ok(_)) = stream.next() {
                    expected.push(start..stream.byte_offset());
                    start = stream.byte_offset();
                }
                let common = expected.len().min(whole.0.len());
                let is_plain = |range: &std::ops::Range<usize>| text[range.start] == b'{';
                for (found, expected) in whole.0.iter().zip(&expected[..common]) {
                    if !is_plain(expected) {
                        break;
                    }
                    assert_eq!(found, expected, "{shown}");
                }
            }
        }
    }
}
