//! Grouping of paths: identifiers become `:id`, and queries are dropped.
//!
//! One pass, from left to right, eight bytes at a time: a loop over bytes ends where it cannot be
//! predicted, once for each segment, which takes longer than the bytes. A segment without a digit
//! and `@` can only be an identifier if it is as long as a UUID, so most are done when their end is
//! known. Only the others are classified byte by byte: the classes are joined to a mask, and digits
//! are counted. Regular expressions for the same rules are the oracle of the tests.

use std::ops::Range;

use crate::scan::swar::{BYTES, before, below, between, equal, not_ascii, word_of};

const ID: &str = ":id";
/// The length of a UUID.
const UUID: usize = 36;
/// The minimum length of a hexadecimal identifier.
const HEX_BYTES_MIN: usize = 8;
/// The minimum length of an identifier of letters and digits.
const MIXED_BYTES_MIN: usize = 20;
/// The maximum length of an extension such as `json`.
const EXTENSION_BYTES_MAX: usize = 5;

// Classes of bytes. A digit is 1, so that a sum of classes can count digits.
const DIGIT: u8 = 1;
const UPPER: u8 = 1 << 1;
const LOWER: u8 = 1 << 2;
/// A letter after `f`.
const NOT_HEX: u8 = 1 << 3;
/// `-` or `_`.
const DASH: u8 = 1 << 4;
/// `,` or `:`.
const MARK: u8 = 1 << 5;
const AT: u8 = 1 << 6;
const OTHER: u8 = 1 << 7;

const CLASSES: [u8; 256] = {
    let mut classes = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'f' => LOWER,
            b'g'..=b'z' => LOWER | NOT_HEX,
            b'A'..=b'F' => UPPER,
            b'G'..=b'Z' => UPPER | NOT_HEX,
            b'-' | b'_' => DASH,
            b',' | b':' => MARK,
            b'@' => AT,
            _ => OTHER,
        };
        byte += 1;
    }
    classes
};

/// Groups the paths of a name into `out`. Returns whether the name changed; if not, `out` is empty.
///
/// # Complexity
///
/// Linear, one pass. A name without `/` is searched for it, and no more.
pub(super) fn group(name: &str, out: &mut String) -> bool {
    out.clear();
    if memchr::memchr(b'/', name.as_bytes()).is_none() {
        return false;
    }
    let mut grouping = Grouping { name, bytes: name.as_bytes(), out, copied: 0 };
    let mut at = 0;
    while at < name.len() {
        at = match grouping.space(at) {
            Some(len) => at + len,
            None => grouping.word(at),
        };
    }
    let Grouping { out, copied, .. } = grouping;
    if copied == 0 {
        return false;
    }
    out.push_str(&name[copied..]);
    true
}

struct Grouping<'a> {
    name: &'a str,
    bytes: &'a [u8],
    out: &'a mut String,
    /// The part of the name before it is in `out`, or was dropped.
    copied: usize,
}

impl Grouping<'_> {
    /// Groups the word that starts here. Returns its end.
    fn word(&mut self, start: usize) -> usize {
        if self.bytes[start] == b'/' {
            return self.path(start);
        }
        let mut query = None;
        let mut at = start;
        loop {
            at = self.end(at, |word| query_marks(word) | equal(word, b':')).0;
            match self.bytes.get(at) {
                Some(b'?' | b'#') => query = query.or(Some(at)),
                Some(b':') if self.bytes[at..].starts_with(b"://") => {
                    return match query {
                        Some(query) => self.drop_word_from(query),
                        None => self.host(at + 3),
                    };
                }
                Some(b':') => {}
                _ => return at,
            }
            at += 1;
        }
    }

    /// Skips the host that starts here, and groups the path after it. Returns the end of the word.
    fn host(&mut self, start: usize) -> usize {
        let (end, _) = self.end(start, |word| query_marks(word) | equal(word, b'/'));
        if self.bytes.get(end) == Some(&b'/') { self.path(end) } else { self.drop_word_from(end) }
    }

    /// Groups the path whose first `/` is here. Returns the end of the word.
    fn path(&mut self, mut slash: usize) -> usize {
        loop {
            let start = slash + 1;
            let in_path = |word| query_marks(word) | equal(word, b'/');
            let (end, may_be_id) = self.end(start, |word| in_path(word) | equal(word, b';'));
            if may_be_id || end - start >= UUID {
                let segment = &self.bytes[start..end];
                if let Some(id) = Shape::of(segment).id_of(segment) {
                    self.replace(start..start + id, ID);
                }
            }
            let mut next = end;
            if self.bytes.get(end) == Some(&b';') {
                (next, _) = self.end(end, in_path);
                self.replace(end..next, "");
            }
            if self.bytes.get(next) != Some(&b'/') {
                return self.drop_word_from(next);
            }
            slash = next;
        }
    }

    /// Drops the rest of the word, from `?` or `#` on. Returns its end.
    fn drop_word_from(&mut self, start: usize) -> usize {
        let (end, _) = self.end(start, |_| 0);
        if end > start {
            self.replace(start..end, "");
        }
        end
    }

    /// Returns the first marked byte from `at` on, or the end of the word.
    ///
    /// Also returns `false` if there is neither a digit nor `@` before it.
    #[inline(always)]
    fn end(&self, mut at: usize, marks: impl Fn(u64) -> u64) -> (usize, bool) {
        let mut ids = 0;
        loop {
            let word = word_of(&self.bytes[at..]);
            let marked = marks(word);
            // The zeros that pad the last word are marked here.
            let ends = marked | below(word, b' ' + 1) | not_ascii(word);
            let count = before(ends);
            // A mask of the bytes before the end. A few more characters than digits and `@` are
            // marked, and make no difference.
            let kept = 1_u64.checked_shl(8 * count as u32).map_or(u64::MAX, |end| end - 1);
            ids |= between(word, b'0', b'@') & kept;
            at += count;
            if count < BYTES {
                if at >= self.bytes.len() || is_marked(marked, count) || self.space(at).is_some() {
                    return (at, ids != 0);
                }
                at += 1; // A control character, or a part of a character outside ASCII.
                while self.bytes.get(at).is_some_and(is_within_word) {
                    at += 1;
                }
            }
        }
    }

    /// Returns the length of the white space character here, if it is one.
    #[inline(always)]
    fn space(&self, at: usize) -> Option<usize> {
        match self.bytes[at] {
            b' ' | b'\t'..=b'\r' => Some(1),
            // All white space outside ASCII begins with one of these.
            0xC2 | 0xE1..=0xE3 => {
                let c = self.name[at..].chars().next()?;
                c.is_whitespace().then(|| c.len_utf8())
            }
            _ => None,
        }
    }

    fn replace(&mut self, range: Range<usize>, text: &str) {
        self.out.push_str(&self.name[self.copied..range.start]);
        self.out.push_str(text);
        self.copied = range.end;
    }
}

/// Returns whether a byte is of a character outside ASCII, and does not begin white space.
#[inline(always)]
fn is_within_word(byte: &u8) -> bool {
    matches!(byte, 0x80..=0xC1 | 0xC3..=0xE0 | 0xE4..)
}

/// Marks `?` and `#`.
#[inline(always)]
fn query_marks(word: u64) -> u64 {
    equal(word, b'?') | equal(word, b'#')
}

/// Returns whether the byte at a place of a word is marked.
#[inline(always)]
fn is_marked(marks: u64, place: usize) -> bool {
    marks >> (8 * place) & 0x80 != 0
}

/// Which classes of bytes a segment has.
#[derive(Debug, Clone, Copy, Default)]
struct Shape {
    mask: u8,
    digits: usize,
}

impl Shape {
    fn of(segment: &[u8]) -> Self {
        let mut shape = Self::default();
        for &byte in segment {
            let class = CLASSES[usize::from(byte)];
            shape.mask |= class;
            shape.digits += usize::from(class & DIGIT);
        }
        shape
    }

    /// Returns the length of the identifier that the segment is, without its extension.
    fn id_of(self, segment: &[u8]) -> Option<usize> {
        if self.mask & AT != 0 || self.is_id(segment) {
            return Some(segment.len());
        }
        let stem = &segment[..stem_of(segment)?];
        Self::of(stem).is_id(stem).then_some(stem.len())
    }

    /// Returns whether a segment without `@` is an identifier.
    fn is_id(self, segment: &[u8]) -> bool {
        let Self { mask, digits } = self;
        let consists_of = |classes: u8| mask & !classes == 0;
        let has = |classes: u8| mask & classes == classes;
        let is_number = consists_of(DIGIT | DASH | MARK)
            && segment.first().is_some_and(u8::is_ascii_digit)
            && segment.last().is_some_and(u8::is_ascii_digit);
        let is_hex =
            consists_of(DIGIT | UPPER | LOWER) && digits > 0 && segment.len() >= HEX_BYTES_MIN;
        let is_mixed = consists_of(DIGIT | UPPER | LOWER | NOT_HEX | DASH)
            && segment.len() >= MIXED_BYTES_MIN
            && (has(UPPER | LOWER) && digits >= 2 || mask & DASH == 0 && digits >= 4);
        is_number || is_hex || is_mixed || is_uuid(segment)
    }
}

/// Returns the length of a segment before its extension, if it has one.
fn stem_of(segment: &[u8]) -> Option<usize> {
    let letters = segment.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let dot = segment.len().checked_sub(letters + 1)?;
    let has_extension = segment[dot] == b'.' && (1..=EXTENSION_BYTES_MAX).contains(&letters);
    has_extension.then_some(dot)
}

fn is_uuid(segment: &[u8]) -> bool {
    let segment = match segment {
        [b'{', inner @ .., b'}'] => inner,
        _ => segment,
    };
    let is_in_place = |(at, &byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    segment.len() == UUID && segment.iter().enumerate().all(is_in_place)
}
