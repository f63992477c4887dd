//! The structure of JSON: objects, arrays, and values that nobody wants but that must be valid.
//!
//! The scanner goes forward only and looks at every byte once (a string with escapes twice, if it
//! is a key as long as ours or the name). It calls itself nowhere: what is open is a stack of bits,
//! so that the deepest input costs a bit per level and no stack of the thread.

use crate::error::code::{ErrorCode, Expected, ScanError, ScanResult};
use crate::scan::cursor::Cursor;

impl Cursor<'_> {
    /// Goes over a value of any kind and all that is in it, and checks all of it.
    ///
    /// It lies in `around` objects and arrays, of which `max` may be open at once.
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

    /// Goes over a value as [`skip_value`](Self::skip_value) does, and says where it ends.
    #[inline(never)]
    pub(crate) fn skip_unwanted(mut self, around: usize, max: usize) -> ScanResult<usize> {
        self.skip_value(around, max)?;
        Ok(self.at)
    }

    /// Goes over a value that has no others in it, of which the first byte was seen.
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

    /// Goes over an object or an array, and says where it ends.
    #[inline(never)]
    fn skip_nested(self, around: usize, max: usize) -> ScanResult<usize> {
        let mut here = self;
        let mut open = Nesting::new(around, max);
        loop {
            // Here a value begins.
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
                    here.advance(1);
                    match here.peek_token() {
                        b']' => {}
                        b'"' | b'-' | b'0'..=b'9' | b'{' | b'[' | b't' | b'f' | b'n' => {
                            continue;
                        }
                        _ => return here.unexpected(Expected::ValueOrEnd),
                    }
                }
                token => here.skip_scalar(token)?,
            }
            // Here one ended, or nothing began in what was opened last.
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

    /// Goes over a `{`. Says whether there is a member; if not, the `}` is here.
    #[inline(always)]
    pub(crate) fn first_member(&mut self) -> ScanResult<bool> {
        self.advance(1);
        match self.peek_token() {
            b'"' => Ok(true),
            b'}' => Ok(false),
            _ => self.unexpected(Expected::KeyOrEnd),
        }
    }

    /// Goes over what stands behind a member. Says whether another follows; if not, the object has
    /// ended.
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

    /// Goes over what stands behind an element. Says whether another follows; if not, the array has
    /// ended.
    #[inline(always)]
    fn next_element(&mut self) -> ScanResult<bool> {
        if self.eat(b',') {
            return match self.peek_token() {
                b']' => self.refuse(ErrorCode::TrailingComma(Expected::Value)),
                _ => Ok(true),
            };
        }
        if self.eat(b']') { Ok(false) } else { self.unexpected(Expected::CommaOrBracket) }
    }

    /// Goes over a key, of which the opening quote was seen, and the colon behind it.
    #[inline(always)]
    fn skip_key(&mut self) -> ScanResult<()> {
        self.skip_string()?;
        self.colon()
    }

    /// Goes over a string, of which the opening quote was seen.
    #[inline(always)]
    fn skip_string(&mut self) -> ScanResult<()> {
        if self.plain_string() { Ok(()) } else { self.skip_pieces() }
    }

    /// Goes over the colon behind a key.
    #[inline(always)]
    pub(crate) fn colon(&mut self) -> ScanResult<()> {
        if self.eat(b':') { Ok(()) } else { self.unexpected(Expected::Colon) }
    }

    /// Goes over white space to the end of the input.
    #[inline(always)]
    pub(crate) fn end(&mut self) -> ScanResult<()> {
        if !self.is_at_end() {
            self.peek_token();
        }
        if self.is_at_end() { Ok(()) } else { self.refuse(ErrorCode::TrailingContent) }
    }
}

/// The encoding that `input` declares in its first bytes, though JSON is always UTF-8.
///
/// UTF-16 is named as well: it is what some shells write when output is sent to a file.
pub(crate) fn byte_order_mark(input: &[u8]) -> Option<&'static str> {
    match input {
        [0xEF, 0xBB, 0xBF, ..] => Some("UTF-8"),
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] => Some("UTF-16"),
        _ => None,
    }
}

/// What is open: a bit for each level, 1 for an object and 0 for an array.
///
/// The innermost 128 levels, which are all that the default limit allows, lie in one integer. What
/// is further out is put away in whole integers, so that only a raised limit ever allocates.
#[derive(Debug)]
struct Nesting {
    /// How many levels are open here.
    depth: usize,
    /// How many are open around, by other means.
    around: usize,
    /// How many may be open in all.
    max: usize,
    /// The innermost levels, the last one in the lowest bit.
    near: u128,
    /// The other levels, 128 in each.
    far: Vec<u128>,
}

impl Nesting {
    #[inline]
    fn new(around: usize, max: usize) -> Self {
        Self { depth: 0, around, max, near: 0, far: Vec::new() }
    }

    #[inline]
    fn is_object(&self) -> bool {
        self.near & 1 == 1
    }

    /// Opens a level, whose bracket is at `here`.
    #[inline]
    fn push(&mut self, is_object: bool, here: Cursor<'_>) -> ScanResult<()> {
        let depth = self.around + self.depth;
        if depth >= self.max {
            return Err(ScanError {
                code: ErrorCode::NestingTooDeep,
                at: here.at,
                detail: depth + 1,
            });
        }
        if self.depth > 0 && self.depth.is_multiple_of(128) {
            self.far.push(self.near);
        }
        self.near = self.near << 1 | u128::from(is_object);
        self.depth += 1;
        Ok(())
    }

    /// Closes the innermost level, of which there must be one.
    #[inline]
    fn pop(&mut self) {
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
    fn nesting_is_a_stack_across_its_words() {
        let mut nesting = Nesting::new(3, 1_000);
        let here = Cursor::new(b"[");
        let mut naive = Vec::new();
        // Up and down over each boundary, in a pattern that no shift by a power of two maps to
        // itself.
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
