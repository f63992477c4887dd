//! The structure of JSON: objects, arrays, and the values of ignored keys, which must be valid.
//!
//! The scanner moves forward only and reads each byte once (twice in a string with escapes that is
//! the name or as long as a known key). It does not recurse: the open objects and arrays are a
//! stack of bits, so that the deepest input costs one bit per level and no thread stack.

use super::cursor::Cursor;
use crate::error::code::{ErrorCode, Expected, ScanError, ScanResult};

impl Cursor<'_> {
    /// Skips a value of any type, and checks all of it.
    ///
    /// It lies in `around` objects and arrays, of which at most `max` may be open at once.
    #[inline(always)]
    pub(crate) fn skip_value(&mut self, around: usize, max: usize) -> ScanResult<()> {
        match self.peek_token() {
            b'{' | b'[' => {
                self.at = self.skip_nested(around, max)?;
                Ok(())
            }
            token => self.skip_scalar(token),
        }
    }

    /// Skips a value as [`skip_value`](Self::skip_value) does, not inlined. Returns its end.
    #[inline(never)]
    pub(crate) fn skip_unwanted(mut self, around: usize, max: usize) -> ScanResult<usize> {
        self.skip_value(around, max)?;
        Ok(self.at)
    }

    /// Skips a string, number or literal, whose first byte is `token`.
    #[inline(always)]
    fn skip_scalar(&mut self, token: u8) -> ScanResult<()> {
        match token {
            b'"' => self.skip_string(),
            b'-' | b'0'..=b'9' => self.number().map(|_| ()),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            _ => self.unexpected(Expected::Value),
        }
    }

    /// Skips an object or an array. Returns its end.
    #[inline(never)]
    fn skip_nested(self, around: usize, max: usize) -> ScanResult<usize> {
        let mut here = self; // A copy in registers: a large argument lies in memory.
        let mut open = Nesting::new(around, max);
        loop {
            // A value starts here.
            match here.peek_token() {
                b'{' => {
                    open.push(true, here)?;
                    if here.first_member()? {
                        here.skip_key()?;
                        continue;
                    }
                }
                b'[' => {
                    open.push(false, here)?;
                    if here.first_element()? {
                        continue;
                    }
                }
                token => here.skip_scalar(token)?,
            }
            // A value has ended here, or the object or array opened last is empty.
            loop {
                if open.is_object() {
                    if here.next_member()? {
                        here.skip_key()?;
                        break;
                    }
                } else if here.next_element()? {
                    break;
                }
                open.pop();
                if open.depth == 0 {
                    return Ok(here.at);
                }
            }
        }
    }

    /// Opens the object that the input must be. Returns whether it has a member.
    ///
    /// If so, the cursor is at its key, and otherwise after the object. At most `max` objects and
    /// arrays may be open at once.
    #[inline(always)]
    pub(crate) fn begin_object(&mut self, max: usize) -> ScanResult<bool> {
        if self.peek_token() != b'{' {
            return Err(self.not_object(max));
        }
        self.open_object(max)
    }

    /// Opens the object, whose `{` is here. Returns whether it has a member.
    #[inline(always)]
    pub(crate) fn open_object(&mut self, max: usize) -> ScanResult<bool> {
        if max == 0 {
            return Err(ScanError { code: ErrorCode::NestingTooDeep, at: self.at, detail: 1 });
        }
        let has_member = self.first_member()?;
        self.advance(usize::from(!has_member));
        Ok(has_member)
    }

    /// Returns the error of an input that is not an object.
    ///
    /// Any other value must still be valid JSON: a syntax error in it is reported first.
    #[cold]
    #[inline(never)]
    pub(crate) fn not_object(self, max: usize) -> ScanError {
        let mut rest = self;
        let (code, at) = if self.is_at_end() {
            (ErrorCode::Empty, self.at)
        } else if byte_order_mark(self.bytes).is_some() {
            (ErrorCode::ByteOrderMark, 0)
        } else if let Err(error) = rest.skip_value(0, max).and_then(|()| rest.end()) {
            return error;
        } else {
            (ErrorCode::NotObject, self.at)
        };
        ScanError { code, at, detail: 0 }
    }

    /// Skips a `{`. Returns whether a member follows; if not, the `}` is here.
    #[inline(always)]
    pub(crate) fn first_member(&mut self) -> ScanResult<bool> {
        self.advance(1);
        match self.peek_token() {
            b'"' => Ok(true),
            b'}' => Ok(false),
            _ => self.unexpected(Expected::KeyOrEnd),
        }
    }

    /// Skips a `[`. Returns whether an element follows; if not, the `]` is here.
    #[inline(always)]
    pub(crate) fn first_element(&mut self) -> ScanResult<bool> {
        self.advance(1);
        match self.peek_token() {
            b']' => Ok(false),
            b'"' | b'-' | b'0'..=b'9' | b'{' | b'[' | b't' | b'f' | b'n' => Ok(true),
            _ => self.unexpected(Expected::ValueOrEnd),
        }
    }

    /// Skips a comma or a `}`. Returns whether another member follows.
    #[inline(always)]
    pub(crate) fn next_member(&mut self) -> ScanResult<bool> {
        if self.eat(b',') {
            return match self.peek_token() {
                b'"' => Ok(true),
                b'}' => self.refuse(ErrorCode::TrailingComma(Expected::Key)),
                _ => self.unexpected(Expected::Key),
            };
        }
        if self.eat(b'}') { Ok(false) } else { self.unexpected(Expected::CommaOrBrace) }
    }

    /// Skips a comma or a `]`. Returns whether another element follows.
    #[inline(always)]
    pub(crate) fn next_element(&mut self) -> ScanResult<bool> {
        if self.eat(b',') {
            return match self.peek_token() {
                b']' => self.refuse(ErrorCode::TrailingComma(Expected::Value)),
                _ => Ok(true),
            };
        }
        if self.eat(b']') { Ok(false) } else { self.unexpected(Expected::CommaOrBracket) }
    }

    /// Skips a key, whose opening quote is here, and its colon.
    #[inline(always)]
    fn skip_key(&mut self) -> ScanResult<()> {
        self.skip_string()?;
        self.colon()
    }

    /// Skips a string, whose opening quote is here.
    #[inline(always)]
    fn skip_string(&mut self) -> ScanResult<()> {
        if self.plain_string() { Ok(()) } else { self.skip_pieces() }
    }

    /// Skips a colon.
    #[inline(always)]
    pub(crate) fn colon(&mut self) -> ScanResult<()> {
        if self.eat(b':') { Ok(()) } else { self.unexpected(Expected::Colon) }
    }

    /// Skips white space to the end of the input.
    #[inline(always)]
    pub(crate) fn end(&mut self) -> ScanResult<()> {
        if !self.is_at_end() {
            self.peek_token();
        }
        if self.is_at_end() { Ok(()) } else { self.refuse(ErrorCode::TrailingContent) }
    }
}

/// Returns the encoding of the byte order mark that `input` starts with.
///
/// UTF-16 is named too: some shells write it when they redirect output to a file.
pub(crate) fn byte_order_mark(input: &[u8]) -> Option<&'static str> {
    match input {
        [0xEF, 0xBB, 0xBF, ..] => Some("UTF-8"),
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] => Some("UTF-16"),
        _ => None,
    }
}

/// The open objects and arrays: a bit per level, 1 for an object and 0 for an array.
///
/// The innermost 128 levels, the default limit, are in one integer. Outer levels are stored in
/// whole integers, so that only a raised limit allocates.
#[derive(Debug)]
pub(crate) struct Nesting {
    /// The number of levels open here.
    depth: usize,
    /// The number of levels open around these.
    around: usize,
    /// The maximum of both together.
    max: usize,
    /// The innermost levels, the last one in the lowest bit.
    near: u128,
    /// The outer levels, 128 in each.
    far: Vec<u128>,
}

impl Nesting {
    #[inline]
    pub(crate) fn new(around: usize, max: usize) -> Self {
        Self { depth: 0, around, max, near: 0, far: Vec::new() }
    }

    #[inline]
    pub(crate) fn is_object(&self) -> bool {
        self.near & 1 == 1
    }

    /// Returns whether no level is open here.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.depth == 0
    }

    /// Opens a level whose bracket is at `here`.
    #[inline]
    fn push(&mut self, is_object: bool, here: Cursor<'_>) -> ScanResult<()> {
        if self.is_full() {
            let code = ErrorCode::NestingTooDeep;
            let detail = self.around + self.depth + 1;
            return Err(ScanError { code, at: here.at, detail });
        }
        self.open(is_object);
        Ok(())
    }

    /// Returns whether the maximum number of levels is open.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.around + self.depth >= self.max
    }

    /// Opens a level, whatever the maximum.
    #[inline]
    pub(crate) fn open(&mut self, is_object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(128) {
            self.far.push(self.near);
        }
        self.near = self.near << 1 | u128::from(is_object);
        self.depth += 1;
    }

    /// Closes the innermost level. There must be one.
    #[inline]
    pub(crate) fn pop(&mut self) {
        self.depth -= 1;
        self.near >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(128) {
            self.near = self.far.pop().unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_a_stack_across_its_integers() {
        let mut nesting = Nesting::new(3, 1_000);
        let here = Cursor::new(b"[");
        let mut naive = Vec::new();
        // Up and down across each boundary, in a pattern that no shift by a power of two
        // reproduces.
        for turn in [127, 129, 300, 513, 128, 1, 700] {
            while naive.len() < turn {
                let is_object = naive.len().is_multiple_of(3) ^ naive.len().is_multiple_of(7);
                nesting.push(is_object, here).unwrap();
                naive.push(is_object);
                assert_eq!(nesting.is_object(), is_object);
            }
            while naive.len() > turn / 3 {
                assert_eq!(nesting.is_object(), naive[naive.len() - 1], "depth {}", naive.len());
                nesting.pop();
                naive.pop();
                assert_eq!(nesting.depth, naive.len());
            }
        }
        while nesting.push(true, here).is_ok() {}
        assert_eq!(nesting.depth, 997);
    }
}
