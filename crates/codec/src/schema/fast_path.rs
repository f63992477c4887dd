//! The fast path: the most common line shapes, read in one straight run.
//!
//! Most lines of a log are written by one program, in one of a few shapes: the two keys in either
//! order, at most one space after a colon or comma, a short name without escapes, and a time in
//! plain digits. Such a line is read without a loop and without searching its end first. At the
//! first surprise the run stops and returns the members it has read; the decoder in `decoder.rs`,
//! which alone decides what is accepted, continues from there as if it had read them itself. So
//! without the fast path only the speed changes: `tests/fast_path.rs` and `cargo xtask fuzz`
//! compare the two.
//!
//! All reads are from an array of fixed length that the longest such line fits into. Lengths are
//! bounded by construction, so that the compiler can remove the bounds checks.

use core_actions::ActionTime;

use super::draft::Key;
use super::short_text::ShortText;
use crate::quantity::QuotedValues;
use crate::scan::cursor::Cursor;
use crate::scan::number::Plain;
use crate::scan::string::Text;
use crate::scan::swar::{self, before, special_in_name};
use crate::tokens::MemberKey;

/// Length of the longest line of the fast path, with some bytes after it.
pub(crate) const HEAD: usize = 96;

/// A line of the fast path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FastLine {
    pub(crate) name: FastName,
    pub(crate) time: FastTime,
    /// Offset after the `}`.
    pub(crate) end: usize,
}

/// A name of visible ASCII and spaces that starts with a visible character.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FastName {
    /// Offset of its key.
    pub(crate) key: usize,
    /// Offset after its opening quote.
    pub(crate) start: usize,
    /// Offset of its closing quote.
    pub(crate) end: usize,
}

/// A time, or the start of one if the number goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FastTime {
    /// Offset of its key.
    pub(crate) key: usize,
    pub(crate) time: ActionTime,
    /// Offset after the value.
    pub(crate) end: usize,
}

/// The members that were read before a surprise, exactly as the decoder would have read them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Partial {
    pub(crate) name: Option<FastName>,
    pub(crate) time: Option<FastTime>,
}

impl Partial {
    /// Returns the offset after the last value, or 0 if there is none.
    #[inline(always)]
    pub(crate) fn end(&self) -> usize {
        let name = self.name.map_or(0, |name| name.end + 1);
        name.max(self.time.map_or(0, |time| time.end))
    }
}

impl From<FastLine> for Partial {
    fn from(line: FastLine) -> Self {
        Self { name: Some(line.name), time: Some(line.time) }
    }
}

/// The keys of the name and of the time, and the values that a time may have.
pub(crate) trait Keys {
    /// Reads the key at the cursor, without its colon, if it is one of the two without escapes.
    fn known(&self, cursor: &mut Cursor<'_>) -> Key;

    /// Returns which of the two keys a key is, or `None` if it has escapes and may be one.
    fn known_in(&self, key: MemberKey<'_>) -> Option<Key>;

    /// Returns which of the two keys a text is.
    fn of_text(&self, text: Text<'_>) -> Key;

    /// Returns how a time in quotes is read, if it may be.
    fn quoted(&self) -> Option<&QuotedValues>;
}

/// The keys `action` and `time`, which the compiler knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DefaultKeys;

impl Keys for DefaultKeys {
    #[inline(always)]
    fn known(&self, cursor: &mut Cursor<'_>) -> Key {
        cursor.known_key()
    }

    #[inline(always)]
    fn known_in(&self, key: MemberKey<'_>) -> Option<Key> {
        match key.len {
            4 | 6 => Some(Key::of_word(key.quoted_word())),
            // Both have letters only, of which an escape takes six bytes.
            9.. if key.is_escaped() => None,
            _ => Some(Key::Other),
        }
    }

    fn of_text(&self, text: Text<'_>) -> Key {
        Key::of_text(text, "action", "time")
    }

    #[inline(always)]
    fn quoted(&self) -> Option<&QuotedValues> {
        None
    }
}

/// Other keys, known when decoding starts.
#[derive(Debug, Clone)]
pub(crate) struct OtherKeys {
    /// The keys in quotes.
    name: ShortText,
    time: ShortText,
    /// The bits of the first word of both.
    common: u64,
    texts: [Box<str>; 2],
    /// The minimum length of one of the two in which an escape stands for a character.
    escaped_len: usize,
    /// How a time in quotes is read, if it may be.
    quoted: Option<QuotedValues>,
}

impl OtherKeys {
    /// Returns the keys, or `None` if one of them is long or needs escapes.
    pub(crate) fn new(texts: [&str; 2], quoted: Option<QuotedValues>) -> Option<Self> {
        let key = |key: &str| {
            let is_plain =
                key.bytes().all(|byte| matches!(byte, b' '..=b'~') && !b"\"\\".contains(&byte));
            if is_plain { ShortText::new(&format!("\"{key}\"")) } else { None }
        };
        let [name, time] = texts.map(key);
        let (name, time) = (name?, time?);
        let common = name.common_bits(&time);
        // An escape adds five bytes, that of a slash one.
        let escaped = |text: &str| text.len() + if text.contains('/') { 1 } else { 5 };
        let escaped_len = escaped(texts[0]).min(escaped(texts[1]));
        Some(Self { name, time, common, texts: texts.map(Into::into), escaped_len, quoted })
    }

    /// Returns a key that a word is the start of, and its length; 0 if there is none.
    ///
    /// Not inlined, because it would take registers from the loop over all keys.
    #[inline(never)]
    fn compare(&self, word: u64) -> (Key, usize) {
        if self.name.is_start(word) {
            (Key::Action, self.name.len())
        } else if self.time.is_start(word) {
            (Key::Time, self.time.len())
        } else {
            (Key::Other, 0)
        }
    }

    /// Does what [`compare`](Self::compare) does, with keys that may be longer than a word.
    #[inline(never)]
    fn compare_long(&self, cursor: Cursor<'_>, word: u64) -> (Key, usize) {
        if self.name.is_at(cursor, word) {
            (Key::Action, self.name.len())
        } else if self.time.is_at(cursor, word) {
            (Key::Time, self.time.len())
        } else {
            (Key::Other, 0)
        }
    }

    /// Returns which of the two keys a key is that starts with a word. Escapes are not resolved.
    #[inline(never)]
    fn equal(&self, key: MemberKey<'_>, word: u64) -> Key {
        let [name, time] = &self.texts;
        let is = |quoted: &ShortText, text: &str| {
            key.len == text.len()
                && quoted.is_start(word)
                && (quoted.len() <= swar::BYTES || key.bytes().starts_with(text.as_bytes()))
        };
        if is(&self.name, name) {
            Key::Action
        } else if is(&self.time, time) {
            Key::Time
        } else {
            Key::Other
        }
    }

    /// Returns the keys of the name and of the time.
    pub(crate) fn texts(&self) -> [&str; 2] {
        self.texts.each_ref().map(|text| &**text)
    }
}

impl Keys for OtherKeys {
    #[inline(always)]
    fn known(&self, cursor: &mut Cursor<'_>) -> Key {
        let word = cursor.word();
        // Most other keys have a bit that neither of the two has.
        if !self.name.has_bits(word, self.common) {
            return Key::Other;
        }
        let (mut key, mut len) = self.compare(word);
        if len > swar::BYTES {
            (key, len) = self.compare_long(*cursor, word);
        }
        cursor.advance(len);
        key
    }

    #[inline(always)]
    fn known_in(&self, key: MemberKey<'_>) -> Option<Key> {
        let word = key.quoted_word();
        // Most other keys have a bit that neither of the two has.
        let known = match self.name.has_bits(word, self.common) {
            true => self.equal(key, word),
            false => Key::Other,
        };
        match known {
            Key::Other if key.len >= self.escaped_len && key.is_escaped() => None,
            known => Some(known),
        }
    }

    fn of_text(&self, text: Text<'_>) -> Key {
        let [name, time] = &self.texts;
        Key::of_text(text, name, time)
    }

    #[inline(always)]
    fn quoted(&self) -> Option<&QuotedValues> {
        self.quoted.as_ref()
    }
}

/// Returns the first bytes of an input.
///
/// A short input is copied to `padded`; the zeros after it are a surprise at any offset.
#[inline(always)]
pub(crate) fn head<'a>(input: &'a [u8], padded: &'a mut [u8; HEAD]) -> &'a [u8; HEAD] {
    if let Some(head) = input.first_chunk() {
        return head;
    }
    padded[..input.len()].copy_from_slice(input);
    padded
}

/// Reads the action at the start of `head`, if it has the shape of the fast path.
///
/// # Errors
///
/// The members that were read.
#[inline(always)]
pub(crate) fn fast_line(head: &[u8; HEAD]) -> Result<FastLine, Partial> {
    let mut partial = Partial::default();
    if let Some(colon) = eat(head, 0, b"{\"action\":") {
        let name = name(head, 1, colon).ok_or(partial)?;
        partial.name = Some(name);
        let key = comma(head, name.end + 1).ok_or(partial)?;
        let colon = eat(head, key, b"\"time\":").ok_or(partial)?;
        let time = time(head, key, colon).ok_or(partial)?;
        partial.time = Some(time);
        let end = eat(head, time.end, b"}").ok_or(partial)?;
        Ok(FastLine { name, time, end })
    } else if let Some(colon) = eat(head, 0, b"{\"time\":") {
        let time = time(head, 1, colon).ok_or(partial)?;
        partial.time = Some(time);
        let key = comma(head, time.end).ok_or(partial)?;
        let colon = eat(head, key, b"\"action\":").ok_or(partial)?;
        let name = name(head, key, colon).ok_or(partial)?;
        partial.name = Some(name);
        let end = eat(head, name.end + 1, b"}").ok_or(partial)?;
        Ok(FastLine { name, time, end })
    } else {
        Err(partial)
    }
}

/// Skips a comma and an optional space.
#[inline(always)]
fn comma(head: &[u8; HEAD], at: usize) -> Option<usize> {
    Some(space(head, eat(head, at, b",")?))
}

/// Reads a name after its colon.
#[inline(always)]
fn name(head: &[u8; HEAD], key: usize, colon: usize) -> Option<FastName> {
    let start = space(head, colon) + 1;
    let end = name_end(head, start)?;
    (head.get(end) == Some(&b'"')).then_some(FastName { key, start, end })
}

/// Reads a time after its colon.
#[inline(always)]
fn time(head: &[u8; HEAD], key: usize, colon: usize) -> Option<FastTime> {
    let (number, end) = number(head, space(head, colon))?;
    Some(FastTime { key, time: number.time()?, end })
}

/// Returns the word at an offset.
#[inline(always)]
pub(super) fn word<const HEAD: usize>(head: &[u8; HEAD], at: usize) -> Option<u64> {
    head.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word))
}

/// Skips `wanted`, and returns the offset after it.
#[inline(always)]
fn eat<const N: usize>(head: &[u8; HEAD], at: usize, wanted: &[u8; N]) -> Option<usize> {
    (head.get(at..)?.first_chunk()? == wanted).then_some(at + N)
}

/// Skips an optional space.
///
/// This must be a branch, which is easy to predict if one program wrote all lines. The compiler
/// would make a sum of it, and every later offset would wait for this byte: a line has three such
/// places, and they took a third of its time.
#[inline(always)]
fn space(head: &[u8; HEAD], at: usize) -> usize {
    if head.get(at) == Some(&b' ') {
        std::hint::cold_path();
        at + 1
    } else {
        at
    }
}

/// Returns the end of the name that starts at `at`, after its opening quote.
#[inline(always)]
fn name_end(head: &[u8; HEAD], at: usize) -> Option<usize> {
    let marks = special_in_name(word(head, at)?);
    let mut end = at + before(marks);
    if marks == 0 {
        let marks = special_in_name(word(head, end)?);
        end += before(marks);
    }
    // A name that starts with a space may be blank. An empty name starts with its closing quote,
    // which is not above `"`.
    let is_visible = *head.get(at)? > b'"' || *head.get(at)? == b'!';
    (is_visible && *head.get(at - 1)? == b'"').then_some(end)
}

/// Reads a number of at most 8 digits before the point and 16 after it.
#[inline(always)]
pub(super) fn number<const HEAD: usize>(head: &[u8; HEAD], at: usize) -> Option<(Plain, usize)> {
    let first = word(head, at)?;
    let whole = swar::digits(first);
    let value = swar::value(first, whole);
    if whole == 0 || (first as u8 == b'0' && whole > 1) {
        return None;
    }
    let point = at + whole;
    if *head.get(point)? != b'.' {
        return Some((Plain { value, whole, places: 0 }, point));
    }
    let first = word(head, point + 1)?;
    let mut places = swar::digits(first);
    let mut value = swar::append(value, first, places);
    if places == swar::BYTES {
        let second = word(head, point + 1 + swar::BYTES)?;
        let more = swar::digits(second);
        value = swar::append(value, second, more);
        places += more;
    }
    let end = point + 1 + places;
    (places > 0).then_some((Plain { value, whole, places }, end))
}
