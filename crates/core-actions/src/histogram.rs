//! Cells whose width grows with their values, so that one in a hundred is told from the next.
//!
//! Each power of two is cut into 64 cells of one width, so a cell is at most a 64th as wide as the
//! values in it, and its middle at most a 128th off any of them. That is the layout of a float: its
//! exponent and the six highest bits of its fraction, read as one integer, number the cells in
//! order. So to find the cell of a float is a shift; of an integer, whose exponent is the place of
//! its highest bit, a shift more. No logarithm is taken, and no bound is compared with.
//!
//! Subnormal floats have no exponent of their own, but are integers times 2^-1074, and numbered as
//! those are. So the whole range of finite floats has cells, 134,273 of them, of one relative width.
//!
//! Nobody needs them all. They come in chunks of 16, a quarter of a power of two, which are there
//! from the first value in them on; a directory tells where. Both grow, and are copied in two moves
//! of memory.
//!
//! A sketch that merges neighbouring cells when there are too many (as DDSketch and UDDSketch do)
//! takes less at worst, and gives up either the accuracy or, for some of them, the independence of
//! order. Logarithmic cells of equal ratio would be fewer by 30 % and cost a logarithm.
//!
//! References: G. Tene, HdrHistogram, for cells that are linear within powers of two; C. Masson,
//! J. E. Rim, H. K. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
//! guarantees" (2019), for the guarantee.

use std::iter;

use core_time::{Statistic, Subtract};

use crate::figures::Counted;
use crate::quantile::Quantile;
use crate::time::ActionTime;

/// Powers of two are cut into two to this power of cells.
const CUT_BITS: u32 = 6;
const CUTS: u64 = 1 << CUT_BITS;
/// What is added to the exponent of a value, so that the smallest float has 1. Zero has 0.
const BIAS: u32 = 1_075;
/// Cells that come together.
const CHUNK: usize = 16;
/// A slot for chunks that are not there: there never are as many.
const ABSENT: u16 = u16::MAX;

/// Keeps how many times fell into each of many cells, at most a 64th as wide as their values.
///
/// Quantiles of it are [less than 1 % off](Self::quantile). [`Quantiles`](crate::Quantiles) is this
/// and the exact values while they are few; this can be subtracted.
///
/// Takes 64 bytes, 128 for each chunk of 16 cells that has a value in it (there are four from each
/// power of two to the next), and 2 for each such chunk from the lowest to the highest. Times
/// between a microsecond and a second, in nanoseconds, take 10 KiB; the same time always, 200
/// bytes; whatever there is, from 2^-1074 to 2^1024, 1.1 MB.
///
/// # Examples
///
/// ```
/// use core_actions::{ActionTime, Histogram, Quantile, Statistic};
///
/// let mut histogram = Histogram::default();
/// for time in 1..=1_000_u64 {
///     histogram.insert(ActionTime::from(time));
/// }
/// let p99 = histogram.quantile(Quantile::P99).map(ActionTime::as_f64);
/// assert_eq!(p99, Some(987.0)); // The truth is 990.
///
/// let cell = histogram.cells().find(|cell| cell.from == 512.0);
/// assert_eq!(cell.map(|cell| (cell.to, cell.count)), Some((520.0, 8)));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    /// Which of the `chunks` has the cells from 16 times a number on, or [`ABSENT`]; by that number,
    /// the first of which is `first`.
    directory: Vec<u16>,
    first: usize,
    /// In the order in which they were needed.
    chunks: Vec<[u64; CHUNK]>,
    /// How many were no integers below 2^64. While there are none, cells are of integers only.
    fractions: u64,
}

/// A cell of a [`Histogram`]: how many values are at least `from` and below `to`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistogramCell {
    /// The least value that belongs into the cell.
    pub from: f64,
    /// Where the next cell begins, infinity for the last.
    pub to: f64,
    /// How many values are in the cell.
    pub count: u64,
}

impl Histogram {
    /// The smallest value that so great a share of all values do not exceed, nearly.
    ///
    /// # Accuracy
    ///
    /// Less than 2^-7 (0.8 %) off the time in question, whatever its size: the middle of its cell.
    /// While there are only integers, the answer is one, and exact below 128. See [`Quantile`] for
    /// which time is in question.
    ///
    /// # Complexity
    ///
    /// Linear in the cells.
    #[must_use]
    pub fn quantile(&self, quantile: Quantile) -> Option<ActionTime> {
        let mut up_to = quantile.rank(self.count())?;
        let (index, _) = self.counts().find(|&(_, count)| {
            let found = up_to <= count;
            up_to = up_to.saturating_sub(count);
            found
        })?;
        Some(middle(index, self.fractions == 0))
    }

    /// The cells that are not empty, in ascending order.
    pub fn cells(&self) -> impl Iterator<Item = HistogramCell> {
        self.counts().map(|(index, count)| HistogramCell {
            from: lower_bound(index),
            to: lower_bound(index + 1),
            count,
        })
    }

    /// Whether nothing was ever taken in.
    pub(crate) fn is_unused(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Takes one more time in, if its cell is there.
    #[inline]
    pub(crate) fn insert_known(&mut self, time: ActionTime) -> bool {
        let cell = cell_of(time);
        let slot = self.directory.get((cell / CHUNK).wrapping_sub(self.first));
        let chunk = slot.and_then(|&slot| self.chunks.get_mut(usize::from(slot)));
        let Some(chunk) = chunk else { return false };
        chunk[cell % CHUNK] = chunk[cell % CHUNK].wrapping_add(1);
        if time.as_integer().is_none() {
            self.fractions = self.fractions.wrapping_add(1);
        }
        true
    }

    /// The chunk of this number, which is there from now on.
    #[cold]
    fn chunk(&mut self, number: usize) -> &mut [u64; CHUNK] {
        if self.directory.is_empty() {
            self.first = number;
        }
        let before = self.first.saturating_sub(number);
        self.directory.splice(0..0, iter::repeat_n(ABSENT, before));
        self.first -= before;
        let at = number - self.first;
        if at >= self.directory.len() {
            self.directory.resize(at + 1, ABSENT);
        }
        let slot = &mut self.directory[at];
        if *slot == ABSENT {
            *slot = self.chunks.len() as u16; // It fits: there are 8,396 chunks at most.
            self.chunks.push([0; CHUNK]);
        }
        &mut self.chunks[usize::from(*slot)]
    }

    /// Changes each cell by that of another histogram.
    fn combine(&mut self, other: &Self, change: impl Fn(u64, u64) -> u64) {
        for (at, &slot) in other.directory.iter().enumerate().filter(|(_, slot)| **slot != ABSENT) {
            let theirs = other.chunks[usize::from(slot)];
            let mine = self.chunk(other.first + at);
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                *mine = change(*mine, theirs);
            }
        }
        self.fractions = change(self.fractions, other.fractions);
    }

    /// The numbers and counts of the cells that are not empty, in ascending order.
    fn counts(&self) -> impl Iterator<Item = (usize, u64)> {
        let slots = self.directory.iter().zip(self.first..);
        slots
            .filter(|(slot, _)| **slot != ABSENT)
            .flat_map(|(&slot, number)| (number * CHUNK..).zip(self.chunks[usize::from(slot)]))
            .filter(|&(_, count)| count > 0)
    }
}

impl Statistic for Histogram {
    type Value = ActionTime;

    #[inline]
    fn insert(&mut self, time: ActionTime) {
        if !self.insert_known(time) {
            self.chunk(cell_of(time) / CHUNK);
            self.insert_known(time);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.combine(other, u64::wrapping_add);
    }
}

impl Subtract for Histogram {
    fn subtract(&mut self, other: &Self) {
        self.combine(other, u64::wrapping_sub);
    }
}

impl Counted for Histogram {
    /// # Complexity
    ///
    /// Linear in the cells.
    fn count(&self) -> u64 {
        self.counts().fold(0, |sum, (_, count)| sum.wrapping_add(count))
    }
}

/// Two are equal if their cells are, whatever empty ones are there.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.fractions == other.fractions && self.counts().eq(other.counts())
    }
}

impl Eq for Histogram {}

/// The number of the cell that a time belongs into.
#[inline]
fn cell_of(time: ActionTime) -> usize {
    match time.as_integer() {
        Some(integer) => cell_of_integer(integer),
        None => cell_of_float(time.as_f64()),
    }
}

#[inline]
fn cell_of_integer(integer: u64) -> usize {
    if integer == 0 {
        return 0;
    }
    let zeros = integer.leading_zeros();
    let leading = integer << zeros >> (u64::BITS - 1 - CUT_BITS); // The leading one, and the cut.
    (u64::from(BIAS + u64::BITS - 1 - zeros) * CUTS + leading - CUTS) as usize
}

/// The cell of a float that is finite and above zero.
#[inline]
fn cell_of_float(float: f64) -> usize {
    const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;
    const FLOAT_BIAS: u32 = f64::MAX_EXP as u32 - 1;
    let bits = float.to_bits();
    if bits >> FRACTION_BITS == 0 {
        // Subnormal: an integer in units of the smallest float, which has the exponent 1.
        return cell_of_integer(bits) - (u64::from(BIAS - 1) * CUTS) as usize;
    }
    ((bits >> (FRACTION_BITS - CUT_BITS)) + u64::from(BIAS - FLOAT_BIAS) * CUTS) as usize
}

/// The leading bits of the values in a cell, and where the last of them is, from 2^-1074 on.
fn leading_and_place(cell: usize) -> (u64, i32) {
    let (exponent, cut) = (cell as u64 / CUTS, cell as u64 % CUTS);
    (CUTS + cut, exponent as i32 - 1 - CUT_BITS as i32)
}

/// The least value that belongs into a cell.
fn lower_bound(cell: usize) -> f64 {
    if cell == 0 {
        return 0.0;
    }
    let (leading, place) = leading_and_place(cell);
    // Cells may be narrower than the smallest float: no value is below the next multiple of it.
    let units = if place < 0 { leading.div_ceil(1 << -place) } else { leading };
    units as f64 * two_to(place.max(0))
}

/// The middle of the values in a cell, which may all be `integers`.
fn middle(cell: usize, integers: bool) -> ActionTime {
    if cell == 0 {
        return ActionTime::ZERO;
    }
    let (leading, place) = leading_and_place(cell);
    let above_one = place + 1 - BIAS as i32; // The place, from 1 on.
    if integers && (-(CUT_BITS as i32)..u64::BITS as i32 - CUT_BITS as i32).contains(&above_one) {
        return match above_one {
            // One integer in the cell, and the lower bits of `leading` are zero.
            ..0 => leading >> -above_one,
            _ => (leading << above_one) + ((1 << above_one) - 1) / 2,
        }
        .into();
    }
    let (middle, place) = (2 * leading + 1, place - 1);
    // Rounded down, because the lower bound is a multiple of the smallest float where it matters.
    let units = if place < 0 { middle >> -place } else { middle };
    ActionTime::of_float(units as f64 * two_to(place.max(0)))
}

/// Two to so much above -1074.
fn two_to(place: i32) -> f64 {
    let fraction_bits = f64::MANTISSA_DIGITS as i32 - 1;
    match place {
        _ if place < fraction_bits => f64::from_bits(1 << place),
        _ => f64::from_bits(((place - fraction_bits + 1) as u64) << fraction_bits),
    }
}
