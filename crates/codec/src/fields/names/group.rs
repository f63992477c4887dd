//! Grouping of paths: identifiers become `:id`, and queries are dropped.
//!
//! One pass, from left to right. Each byte has a class; the classes of a segment are joined to a
//! mask, and its digits are counted. Most segments have no digit and no `@`, and are done with one
//! test of the mask. Regular expressions for the same rules take 50 times as long; the tests keep
//! them as the oracle.

use std::ops::Range;

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
const DIGIT: u16 = 1;
const UPPER: u16 = 1 << 1;
const LOWER: u16 = 1 << 2;
/// A letter after `f`.
const NOT_HEX: u16 = 1 << 3;
/// `-` or `_`.
const DASH: u16 = 1 << 4;
/// `,` or `:`.
const MARK: u16 = 1 << 5;
const AT: u16 = 1 << 6;
const OTHER: u16 = 1 << 7;
/// Ends a segment: `/`, `;`, or the end of the path.
const END: u16 = 1 << 8;
/// Ends a word, or may be the first byte of white space outside ASCII.
const SPACE: u16 = 1 << 9;

const CLASSES: [u16; 256] = {
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
            b'/' | b';' | b'?' | b'#' => OTHER | END,
            b' ' | b'\t'..=b'\r' => OTHER | END | SPACE,
            // All white space outside ASCII begins with one of these.
            0xC2 | 0xE1..=0xE3 => OTHER | END | SPACE,
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
        while at < self.bytes.len() && self.space(at).is_none() {
            match self.bytes[at] {
                b'?' | b'#' => query = query.or(Some(at)),
                b':' if self.bytes[at..].starts_with(b"://") => {
                    return match query {
                        Some(query) => self.drop_word_from(query),
                        None => self.host(at + 3),
                    };
                }
                _ => {}
            }
            at += 1;
        }
        at
    }

    /// Skips the host that starts here, and groups the path after it. Returns the end of the word.
    fn host(&mut self, start: usize) -> usize {
        let end = self.end_of(start, |byte| matches!(byte, b'/' | b'?' | b'#'));
        if self.bytes.get(end) == Some(&b'/') { self.path(end) } else { self.drop_word_from(end) }
    }

    /// Groups the path whose first `/` is here. Returns the end of the word.
    fn path(&mut self, mut slash: usize) -> usize {
        loop {
            let start = slash + 1;
            let (end, shape) = self.segment(start);
            if let Some(id) = shape.id_of(&self.bytes[start..end]) {
                self.replace(start..start + id, ID);
            }
            let mut next = end;
            if self.bytes.get(end) == Some(&b';') {
                next = self.end_of(end, |byte| matches!(byte, b'/' | b'?' | b'#'));
                self.replace(end..next, "");
            }
            if self.bytes.get(next) != Some(&b'/') {
                return self.drop_word_from(next);
            }
            slash = next;
        }
    }

    /// Reads the segment that starts here. Returns its end.
    fn segment(&self, start: usize) -> (usize, Shape) {
        let mut shape = Shape::default();
        let mut at = start;
        while let Some(&byte) = self.bytes.get(at) {
            let class = CLASSES[usize::from(byte)];
            if class & END != 0 && (class & SPACE == 0 || self.space(at).is_some()) {
                break;
            }
            shape.add(class);
            at += 1;
        }
        (at, shape)
    }

    /// Drops the rest of the word, from `?` or `#` on. Returns its end.
    fn drop_word_from(&mut self, start: usize) -> usize {
        let end = self.end_of(start, |_| false);
        if end > start {
            self.replace(start..end, "");
        }
        end
    }

    /// Returns the first place from `start` on that has such a byte or ends the word.
    fn end_of(&self, start: usize, is_end: impl Fn(u8) -> bool) -> usize {
        let mut at = start;
        while at < self.bytes.len() && !is_end(self.bytes[at]) && self.space(at).is_none() {
            at += 1;
        }
        at
    }

    /// Returns the length of the white space character here, if it is one.
    #[inline(always)]
    fn space(&self, at: usize) -> Option<usize> {
        let byte = self.bytes[at];
        if CLASSES[usize::from(byte)] & SPACE == 0 {
            return None;
        }
        if byte.is_ascii() {
            return Some(1);
        }
        let c = self.name[at..].chars().next()?;
        c.is_whitespace().then(|| c.len_utf8())
    }

    fn replace(&mut self, range: Range<usize>, text: &str) {
        self.out.push_str(&self.name[self.copied..range.start]);
        self.out.push_str(text);
        self.copied = range.end;
    }
}

/// Which classes of bytes a segment has.
#[derive(Debug, Clone, Copy, Default)]
struct Shape {
    mask: u16,
    digits: usize,
}

impl Shape {
    fn of(segment: &[u8]) -> Self {
        let mut shape = Self::default();
        segment.iter().for_each(|&byte| shape.add(CLASSES[usize::from(byte)]));
        shape
    }

    #[inline(always)]
    fn add(&mut self, class: u16) {
        self.mask |= class;
        self.digits += usize::from(class & DIGIT);
    }

    /// Returns the length of the identifier that the segment is, without its extension.
    #[inline(always)]
    fn id_of(self, segment: &[u8]) -> Option<usize> {
        // Only a UUID can be without digits.
        if self.mask & (DIGIT | AT) == 0 && segment.len() < UUID {
            return None;
        }
        if self.mask & AT != 0 || self.is_id(segment) {
            return Some(segment.len());
        }
        let stem = &segment[..stem_of(segment)?];
        Self::of(stem).is_id(stem).then_some(stem.len())
    }

    /// Returns whether a segment without `@` is an identifier.
    fn is_id(self, segment: &[u8]) -> bool {
        let Self { mask, digits } = self;
        let consists_of = |classes: u16| mask & !classes == 0;
        let has = |classes: u16| mask & classes == classes;
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
