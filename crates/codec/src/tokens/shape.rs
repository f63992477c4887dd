//! The shape of a long line, by which lines of the same shape are read without a walk.
//!
//! Most lines of a log have the keys of the line before, in the same order, with values of the same
//! types. So a line that was read leaves its shape: the kinds of its places, the keys that were
//! looked up, and the numbers of the values that are wanted. In another line, eight kinds are
//! compared at once, and a key by one or two words. Where these are equal, the walk would take the
//! same steps: what it reads in addition (points, signs, literals) is checked in each line. A line
//! of another shape is walked.
//!
//! Only one shape is kept for each reader, so lines of many shapes in turn gain nothing. They lose
//! little: the comparison ends at the first word that differs, and a shape that fits no line is
//! replaced less and less often.

use super::places::Places;
use super::span::Span;
use super::walk::{self, Kind, MemberKey, Node, Open, Reader, Value, Wanted};
use crate::scan::swar::{BYTES, first_bytes};

/// The maximum number of places of a line that leaves its shape.
const PLACES_MAX: usize = 4096;

/// The number of lines of other shapes in a row after which the shape of a further one replaces a
/// shape that has fitted.
const PAUSE: u32 = 7;
const PAUSE_MAX: u32 = 255;

/// The bits in which the kinds `t`, `f` and `n` agree. No other kind of a valid line agrees too.
const LITERAL: u8 = 0b1110_0101;

/// The shape of a line.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// The kinds of eight places a word, up to the end of the line. Empty without a shape.
    kinds: Vec<Kinds>,
    /// The number of places with that of the end.
    len: usize,
    /// The keys that fit into a word with their quotes, and those that do not.
    short_keys: Vec<ShortKey>,
    long_keys: Vec<LongKey>,
    checks: Vec<Check>,
    values: Vec<WantedValue>,
    /// The number of lines of other shapes after which the shape of a further one is recorded.
    wait: u32,
    /// The number to wait after that. It grows while no shape fits.
    pause: u32,
}

/// The kinds of eight places.
#[derive(Debug)]
struct Kinds {
    kinds: u64,
    /// The bits that are compared.
    mask: u64,
}

/// A key in quotes of at most eight bytes.
#[derive(Debug)]
struct ShortKey {
    /// The number of its place, from that of the line on.
    number: usize,
    word: u64,
    /// The bits that are compared.
    mask: u64,
}

/// A key in quotes of more than eight bytes.
#[derive(Debug)]
struct LongKey {
    number: usize,
    first: u64,
    last: u64,
    /// Where the last word begins in the key.
    last_at: usize,
    text: Box<[u8]>,
}

/// What its kind does not show of the place with a number.
#[derive(Debug)]
enum Check {
    Point(usize),
    Negative(usize),
    Literal(usize),
}

/// A value that is wanted.
#[derive(Debug)]
struct WantedValue {
    node: Node,
    kind: Kind,
    /// The numbers of its place and of the place after it.
    number: usize,
    next: usize,
}

impl Shape {
    /// Returns the number of the place after a line, if it has this shape.
    ///
    /// The first place of the line has the number `number`.
    #[inline(never)]
    pub(super) fn end(&self, span: Span<'_>, places: &Places, number: usize) -> Option<usize> {
        if self.kinds.is_empty() {
            return None;
        }
        for (index, Kinds { kinds, mask }) in self.kinds.iter().enumerate() {
            if (places.kinds(number + BYTES * index) ^ kinds) & mask != 0 {
                return None;
            }
        }
        // A key that is equal up to its closing quote ends there.
        let mut difference = 0;
        for ShortKey { number: of_key, word, mask } in &self.short_keys {
            difference |= (span.word(places.at(number + of_key)) ^ word) & mask;
        }
        for LongKey { number: of_key, first, last, last_at, text } in &self.long_keys {
            let at = places.at(number + of_key);
            difference |= (span.word(at) ^ first) | (span.word(at + last_at) ^ last);
            if *last_at > BYTES && !span.after(at).starts_with(text) {
                return None;
            }
        }
        let is_equal =
            difference == 0 && self.checks.iter().all(|check| check.holds(span, places, number));
        is_equal.then_some(number + self.len)
    }

    /// Passes the values of a line of this shape that are wanted.
    ///
    /// The line begins at `start`, and its first place has the number `number`.
    #[inline(always)]
    pub(super) fn put_values(
        &mut self,
        span: Span<'_>,
        places: &Places,
        (start, number): (usize, usize),
        wanted: &mut impl Wanted,
    ) -> Option<()> {
        (self.wait, self.pause) = (PAUSE, PAUSE);
        for WantedValue { node, kind, number: of_value, next } in &self.values {
            let (at, next) = (places.at(number + of_value), places.at(number + next));
            let end = span.end_before(next);
            let kind = match kind {
                Kind::Plain | Kind::Escaped => walk::string_kind(span, places, at, end)?,
                Kind::Number => Kind::Number,
                _ => walk::literal(span, places, number + of_value)?,
            };
            wanted.put(*node, Value { kind, at: at - start, end: end - start })?;
        }
        Some(())
    }

    /// Returns whether the shape of a line is recorded that has another one.
    #[inline(always)]
    pub(super) fn is_due(&mut self) -> bool {
        self.wait = self.wait.saturating_sub(1);
        self.wait == 0
    }

    /// Walks a line and records its shape. The arguments are those of the walk.
    #[cold]
    #[inline(never)]
    pub(super) fn record(
        &mut self,
        span: Span<'_>,
        places: &Places,
        (start, number): (usize, usize),
        max: usize,
        around: &mut Vec<Open>,
        wanted: &mut dyn Wanted,
    ) -> Option<(usize, usize)> {
        self.pause = (2 * self.pause + 1).min(PAUSE_MAX);
        self.wait = self.pause;
        self.kinds.clear();
        self.short_keys.clear();
        self.long_keys.clear();
        self.checks.clear();
        self.values.clear();
        let mut recorder = Recorder { shape: self, places, start, number, wanted };
        let (end, next) = walk::line(span, places, (start, number), max, around, &mut recorder)?;
        self.finish(places, number, next);
        Some((end, next))
    }

    /// Records the kinds of a line and what they do not show.
    fn finish(&mut self, places: &Places, number: usize, next: usize) {
        self.len = next - number;
        let has_exponent = (number..next).any(|number| matches!(places.kind(number), b'e' | b'E'));
        // Exponents are rare, and left to the walk.
        if has_exponent || self.len > PLACES_MAX {
            return;
        }
        for number_of_word in (0..self.len).step_by(BYTES) {
            let mut mask = first_bytes(u64::MAX, self.len - number_of_word).to_le_bytes();
            for (of_word, mask) in mask.iter_mut().enumerate() {
                let number_of_place = number_of_word + of_word;
                let check = match places.kind(number + number_of_place) {
                    b'.' => Check::Point(number_of_place),
                    b'-' => Check::Negative(number_of_place),
                    b't' | b'f' | b'n' => Check::Literal(number_of_place),
                    _ => continue,
                };
                if number_of_place < self.len {
                    *mask = if let Check::Literal(_) = check { LITERAL } else { *mask };
                    self.checks.push(check);
                }
            }
            let kinds = places.kinds(number + number_of_word);
            self.kinds.push(Kinds { kinds, mask: u64::from_le_bytes(mask) });
        }
    }
}

impl Check {
    /// Returns whether a line may have what it has at a place. Its first one is `number`.
    #[inline(always)]
    fn holds(&self, span: Span<'_>, places: &Places, number: usize) -> bool {
        match self {
            Self::Point(of) => walk::is_point(span, places.at(number + of)),
            Self::Negative(of) => walk::is_negative(span, places.at(number + of)),
            Self::Literal(of) => walk::is_literal(span, places, number + of),
        }
    }
}

/// Records what a walk looks at.
struct Recorder<'r> {
    shape: &'r mut Shape,
    places: &'r Places,
    /// Where the line begins, and the number of its first place.
    start: usize,
    number: usize,
    wanted: &'r mut dyn Wanted,
}

impl Recorder<'_> {
    /// Returns the number of the first place that is not before an offset, from that of the line
    /// on.
    fn number_at(&self, offset: usize) -> usize {
        self.places.search(offset) - self.number
    }
}

impl Wanted for Recorder<'_> {
    fn reader(&self) -> Reader {
        self.wanted.reader()
    }

    fn member(&mut self, object: Node, key: MemberKey<'_>) -> Option<Node> {
        let node = self.wanted.member(object, key)?;
        let MemberKey { span, quote, len } = key;
        let (number, len, word) = (self.number_at(quote), len + 2, span.word(quote));
        match len.checked_sub(BYTES) {
            None | Some(0) => {
                let mask = first_bytes(u64::MAX, len);
                self.shape.short_keys.push(ShortKey { number, word, mask });
            }
            Some(last_at) => {
                let (first, last) = (word, span.word(quote + last_at));
                let text = span.after(quote).get(..len)?.into();
                self.shape.long_keys.push(LongKey { number, first, last, last_at, text });
            }
        }
        Some(node)
    }

    fn element(&mut self, array: Node, index: usize) -> Option<Node> {
        self.wanted.element(array, index)
    }

    fn opens(&mut self, node: Node, bracket: u8) -> Option<bool> {
        self.wanted.opens(node, bracket)
    }

    fn put(&mut self, node: Node, value: Value) -> Option<()> {
        let Value { kind, at, end } = value;
        let (number, next) = (self.number_at(self.start + at), self.number_at(self.start + end));
        self.shape.values.push(WantedValue { node, kind, number, next });
        self.wanted.put(node, value)
    }
}
