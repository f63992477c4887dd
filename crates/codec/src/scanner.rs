//! The structure of JSON: objects, arrays, and values that nobody wants but that must be valid.
//!
//! The scanner goes forward only and looks at every byte once (a string with escapes twice, if it
//! is a key as long as ours or the name). It calls itself nowhere: what is open is a stack of bits,
//! so that the deepest input costs a bit per level and no stack of the thread.

use crate::cursor::{Cursor, Scanned};
use crate::error::{DecodeError, Kind};
use crate::string::Text;

/// Reads values, and knows what is open around them.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    pub(crate) cursor: Cursor<'a>,
    open: Nesting,
}

impl<'a> Scanner<'a> {
    /// Starts at the first byte of `input`.
    #[inline]
    pub(crate) fn new(input: &'a [u8], nesting_max: usize) -> Self {
        Self { cursor: Cursor::new(input), open: Nesting::new(nesting_max) }
    }

    /// The kind of the value that starts here, where `expected` may come.
    #[inline]
    fn kind(&mut self, expected: &'static str) -> Scanned<Kind> {
        match self.cursor.peek_token() {
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b't' | b'f') => Ok(Kind::Boolean),
            Some(b'n') => Ok(Kind::Null),
            _ => self.cursor.unexpected(expected),
        }
    }

    /// Goes over a value of any kind and all that is in it, checks all of it, and says what it is.
    #[inline]
    pub(crate) fn skip_value(&mut self) -> Scanned<Kind> {
        let around = self.open.depth;
        let outermost = self.kind("a value")?;
        let mut kind = outermost;
        loop {
            let is_entered = match kind {
                Kind::Object => self.enter_object()?,
                Kind::Array => self.enter_array()?,
                scalar => {
                    self.skip_scalar(scalar)?;
                    false
                }
            };
            kind = if is_entered && kind == Kind::Array {
                self.kind("a value or `]`")?
            } else if is_entered || self.goes_on(around)? {
                self.kind("a value")?
            } else {
                return Ok(outermost);
            };
        }
    }

    /// Goes over a value that has no others in it.
    #[inline]
    fn skip_scalar(&mut self, kind: Kind) -> Scanned<()> {
        match kind {
            Kind::String => self.cursor.string().map(|_| ()),
            Kind::Number => self.cursor.number().map(|_| ()),
            Kind::Boolean if self.cursor.peek() == Some(b't') => {
                self.cursor.literal("true", "`true`")
            }
            Kind::Boolean => self.cursor.literal("false", "`false`"),
            _ => self.cursor.literal("null", "`null`"),
        }
    }

    /// Goes over what stands between a value and the next one, closing what ends here. Says whether
    /// there is a next one before the depth is back at `around`.
    #[inline]
    fn goes_on(&mut self, around: usize) -> Scanned<bool> {
        while self.open.depth > around {
            if self.open.is_object() {
                if self.next_member()? {
                    self.key()?;
                    return Ok(true);
                }
            } else if self.next_element()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes over a `{` and up to the key of the first member, then past that key. Says whether
    /// there is one; if not, the object is closed.
    #[inline]
    fn enter_object(&mut self) -> Scanned<bool> {
        let has_member = self.first_member()?;
        if has_member {
            self.key()?;
        }
        Ok(has_member)
    }

    /// Goes over a `[`. Says whether there is an element; if not, the array is closed.
    #[inline]
    fn enter_array(&mut self) -> Scanned<bool> {
        self.enter(false)?;
        if self.cursor.peek_token() == Some(b']') {
            self.leave();
            return Ok(false);
        }
        Ok(true)
    }

    /// Goes over a `{`. Says whether there is a member; if not, the object is closed.
    #[inline]
    pub(crate) fn first_member(&mut self) -> Scanned<bool> {
        self.enter(true)?;
        match self.cursor.peek_token() {
            Some(b'"') => Ok(true),
            Some(b'}') => {
                self.leave();
                Ok(false)
            }
            _ => self.cursor.unexpected("a key in double quotes or `}`"),
        }
    }

    /// Goes over what stands behind a member. Says whether another follows; if not, the object is
    /// closed.
    #[inline]
    pub(crate) fn next_member(&mut self) -> Scanned<bool> {
        const KEY: &str = "a key in double quotes";
        match self.cursor.peek_token() {
            Some(b',') => {
                self.cursor.at += 1;
                match self.cursor.peek_token() {
                    Some(b'"') => Ok(true),
                    Some(b'}') => self.trailing_comma(KEY),
                    _ => self.cursor.unexpected(KEY),
                }
            }
            Some(b'}') => {
                self.leave();
                Ok(false)
            }
            _ => self.cursor.unexpected("`,` or `}`"),
        }
    }

    /// Goes over what stands behind an element. Says whether another follows; if not, the array is
    /// closed.
    #[inline]
    fn next_element(&mut self) -> Scanned<bool> {
        match self.cursor.peek_token() {
            Some(b',') => {
                self.cursor.at += 1;
                match self.cursor.peek_token() {
                    Some(b']') => self.trailing_comma("a value"),
                    _ => Ok(true),
                }
            }
            Some(b']') => {
                self.leave();
                Ok(false)
            }
            _ => self.cursor.unexpected("`,` or `]`"),
        }
    }

    /// Reads a key, of which the opening quote was seen, and the colon behind it.
    #[inline]
    pub(crate) fn key(&mut self) -> Scanned<Text<'a>> {
        let key = self.cursor.string()?;
        if self.cursor.peek_token() != Some(b':') {
            return self.cursor.unexpected("`:`");
        }
        self.cursor.at += 1;
        Ok(key)
    }

    /// Goes over white space to the end of the input.
    #[inline]
    pub(crate) fn end(&mut self) -> Scanned<()> {
        match self.cursor.peek_token() {
            None => Ok(()),
            Some(_) => self.cursor.refuse("the end of the input", |found, at| {
                DecodeError::TrailingContent { found, at }
            }),
        }
    }

    /// Goes over an opening bracket.
    #[inline]
    fn enter(&mut self, is_object: bool) -> Scanned<()> {
        let Nesting { depth, max, .. } = self.open;
        if depth >= max {
            let at = self.cursor.at;
            let fault = DecodeError::NestingTooDeep { depth: depth + 1, max, at };
            return self.cursor.refuse_as(fault);
        }
        self.open.push(is_object);
        self.cursor.at += 1;
        Ok(())
    }

    /// Goes over a closing bracket.
    #[inline]
    fn leave(&mut self) {
        self.open.pop();
        self.cursor.at += 1;
    }

    #[cold]
    fn trailing_comma<T>(&mut self, expected: &'static str) -> Scanned<T> {
        self.cursor.refuse(expected, |found, at| DecodeError::TrailingComma { found, expected, at })
    }
}

/// What is open: a bit for each level, 1 for an object and 0 for an array.
///
/// The innermost 128 levels, which are all that the default limit allows, lie in one integer. What
/// is further out is put away in whole integers, so that only a raised limit ever allocates.
#[derive(Debug)]
struct Nesting {
    /// How many levels are open; at most `max`.
    depth: usize,
    max: usize,
    /// The innermost levels, the last one in the lowest bit.
    near: u128,
    /// The other levels, 128 in each.
    far: Vec<u128>,
}

impl Nesting {
    #[inline]
    fn new(max: usize) -> Self {
        Self { depth: 0, max, near: 0, far: Vec::new() }
    }

    #[inline]
    fn is_object(&self) -> bool {
        self.near & 1 == 1
    }

    #[inline]
    fn push(&mut self, is_object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(128) {
            self.far.push(self.near);
        }
        self.near = self.near << 1 | u128::from(is_object);
        self.depth += 1;
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
        let mut nesting = Nesting::new(1_000);
        let mut naive = Vec::new();
        // Up and down over each boundary, in a pattern that no shift by a power of two maps to
        // itself.
        for turn in [127, 129, 300, 513, 128, 1, 700] {
            while naive.len() < turn {
                let is_object = naive.len().is_multiple_of(3) ^ naive.len().is_multiple_of(7);
                nesting.push(is_object);
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
    }
}
