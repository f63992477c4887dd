//! Native histograms: buckets of equal ratio, of which only those with values are written.
//!
//! At schema 5, bucket `i` has the values above `2^((i - 1) / 32)` up to `2^(i / 32)`: it is 2.2 %
//! wide. A reader does not know where in a bucket a value is. A finer schema would describe our
//! bins, of 1.6 %, better than they are known, at twice the cost for the server.
//!
//! Indices are written as spans: how many are left out, and how many follow. Counts are written as
//! differences to the one before.

use std::sync::LazyLock;

/// The binary logarithm of the number of buckets between two powers of two.
pub(crate) const SCHEMA: i32 = 5;
const PER_OCTAVE: usize = 1 << SCHEMA;
/// Values up to this count as zero: 2^-128, as in the libraries of Prometheus.
///
/// It is not 0, because then a histogram without a value would not be seen as native.
pub(crate) const ZERO_THRESHOLD: f64 = f64::from_bits((1_023 - 128) << 52);
/// The maximum number of empty buckets that are written as such, as a span takes more.
const GAP_MAX: i32 = 2;

/// The buckets of a native histogram.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Native {
    pub(crate) zeros: u64,
    pub(crate) spans: Vec<Span>,
    pub(crate) deltas: Vec<i64>,
}

/// Neighbouring buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The number of buckets left out after the span before; the index of the first bucket of all.
    pub(crate) offset: i32,
    pub(crate) length: u32,
}

impl Native {
    /// Counts values in ascending order, in place of what it had.
    pub(crate) fn fill(&mut self, values: &[(f64, u64)]) {
        let Self { zeros, spans, deltas } = self;
        *zeros = 0;
        spans.clear();
        deltas.clear();
        let mut builder = Builder { native: self, next: 0, count: 0 };
        let mut open: Option<(i32, u64)> = None;
        for &(value, count) in values {
            if value <= ZERO_THRESHOLD {
                builder.native.zeros += count;
                continue;
            }
            let index = index_of(value);
            match &mut open {
                Some((last, total)) if *last == index => *total += count,
                _ => {
                    if let Some((last, total)) = open.replace((index, count)) {
                        builder.push(last, total);
                    }
                }
            }
        }
        if let Some((last, total)) = open {
            builder.push(last, total);
        }
    }
}

struct Builder<'n> {
    native: &'n mut Native,
    /// The index after the last bucket.
    next: i32,
    /// The count of the last bucket.
    count: u64,
}

impl Builder<'_> {
    fn push(&mut self, index: i32, count: u64) {
        let gap = index - self.next;
        if let Some(span) = self.native.spans.last_mut().filter(|_| gap <= GAP_MAX) {
            span.length += gap as u32 + 1;
            for _ in 0..gap {
                self.delta(0);
            }
        } else {
            self.native.spans.push(Span { offset: gap, length: 1 });
        }
        self.delta(count);
        self.next = index + 1;
    }

    fn delta(&mut self, count: u64) {
        // Two's complement: a reader that adds the differences gets each count below 2^64.
        self.native.deltas.push(count.wrapping_sub(self.count) as i64);
        self.count = count;
    }
}

/// Returns the index of the bucket of a value above [`ZERO_THRESHOLD`].
#[inline]
fn index_of(value: f64) -> i32 {
    /// Slices of the values from 1 to below 2. A slice is less wide than a bucket, so that the
    /// bounds below it are known but for one.
    const SLICES: usize = 2 * PER_OCTAVE;
    const SLICE_BITS: u32 = SLICES.ilog2();
    /// For each slice, the number of bounds below it, and the first that is not.
    static SLICED: LazyLock<[(i32, f64); SLICES]> = LazyLock::new(|| {
        let bounds: [f64; PER_OCTAVE + 1] =
            std::array::from_fn(|at| (at as f64 / PER_OCTAVE as f64).exp2());
        std::array::from_fn(|slice| {
            let start = 1.0 + slice as f64 / SLICES as f64;
            let below = bounds.partition_point(|&bound| bound < start);
            (below as i32, bounds[below])
        })
    });
    let bits = value.to_bits();
    let exponent = (bits >> 52) as i32 - 1_023;
    let mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1_023 << 52);
    let (below, next) = SLICED[(bits >> (52 - SLICE_BITS)) as usize % SLICES];
    exponent * PER_OCTAVE as i32 + below + i32::from(next < mantissa)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn native(values: &[(f64, u64)]) -> Native {
        // What was there before does not matter.
        let mut native =
            Native { zeros: 9, spans: vec![Span { offset: 1, length: 2 }], deltas: vec![3] };
        native.fill(values);
        native
    }

    fn spans(native: &Native) -> Vec<(i32, u32)> {
        native.spans.iter().map(|span| (span.offset, span.length)).collect()
    }

    #[test]
    fn an_upper_bound_is_in_its_bucket() {
        for power in -127..1_024 {
            let bound = f64::from(power).exp2();
            assert_eq!(index_of(bound), 32 * power);
            assert_eq!(index_of(bound.next_up()), 32 * power + 1);
        }
        assert_eq!(index_of(f64::MAX), 32 * 1_024);
        for index in -64..64 {
            let bound = (f64::from(index) / 32.0).exp2();
            assert_eq!(index_of(bound * (1.0 - 1e-9)), index);
            assert_eq!(index_of(bound * (1.0 + 1e-9)), index + 1);
        }
    }

    #[test]
    fn neighbouring_buckets_share_a_span() {
        let value = |index: i32| ((f64::from(index) - 0.5) / 32.0).exp2();
        let native =
            native(&[(-3, 5), (-3, 1), (-2, 2), (1, 9), (5, 4)].map(|(at, n)| (value(at), n)));
        // Two empty buckets are written, three are not.
        assert_eq!(spans(&native), [(-3, 5), (3, 1)]);
        assert_eq!(native.deltas, [6, -4, -2, 0, 9, -5]);
        assert_eq!(native.zeros, 0);
    }

    #[test]
    fn small_values_count_as_zero() {
        let values = [(0.0, 3), (5e-324, 1), (ZERO_THRESHOLD, 2), (ZERO_THRESHOLD.next_up(), 7)];
        let native = native(&values);
        assert_eq!((native.zeros, spans(&native), native.deltas), (6, vec![(-4095, 1)], vec![7]));
    }

    #[test]
    fn nothing_has_no_buckets() {
        assert_eq!(native(&[]), Native::default());
    }
}
