//! What a counter remembers: how finely, how far back, and how far ahead of its clock it believes.

use std::fmt;
use std::time::Duration;

use fastdivide::DividerU64;

use crate::error::SpecError;
use crate::ring::Layout;
use crate::stamp::{Stamp, nanos};

/// How finely a counter tells moments apart and how far back it can be asked.
///
/// # Examples
///
/// ```
/// use core_time::WindowSpec;
/// use std::time::Duration;
///
/// let spec = WindowSpec::builder()
///     .resolution(Duration::from_millis(100))
///     .span(Duration::from_secs(60))
///     .build()?;
/// assert_eq!(spec.buckets(), 600);
/// assert_eq!(WindowSpec::default().span(), Duration::from_secs(300));
/// # Ok::<(), core_time::SpecError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct WindowSpec {
    /// Width of a bucket in nanoseconds: at least [`WindowSpec::RESOLUTION_MIN`].
    width: i64,
    /// Divides by the width.
    by_width: DividerU64,
    /// How many buckets make the span: at least one.
    buckets: i64,
    /// How far ahead of the clock a stamp may be, in nanoseconds.
    tolerance: i64,
    /// The ring that holds the span, the bucket that a window cuts, and the buckets ahead.
    layout: Layout,
}

impl WindowSpec {
    /// The finest resolution there is.
    pub const RESOLUTION_MIN: Duration = Duration::from_millis(1);

    /// The most memory that the buckets of a counter may take, in bytes: over two million of them.
    pub const BYTES_MAX: usize = 32 << 20;

    /// Starts from the default: one-second buckets, a span of 300 s, 5 s of tolerance.
    pub fn builder() -> WindowSpecBuilder {
        WindowSpecBuilder::default()
    }

    /// The width of a bucket.
    #[must_use]
    pub fn resolution(&self) -> Duration {
        Duration::from_nanos(self.width.unsigned_abs())
    }

    /// How far back one can ask.
    #[must_use]
    pub fn span(&self) -> Duration {
        Duration::from_nanos(self.span_nanos().unsigned_abs())
    }

    /// How far ahead of the clock a stamp may be.
    #[must_use]
    pub fn tolerance(&self) -> Duration {
        Duration::from_nanos(self.tolerance.unsigned_abs())
    }

    /// How many buckets make the span.
    #[must_use]
    pub fn buckets(&self) -> u64 {
        self.buckets.unsigned_abs()
    }

    /// How much memory the buckets of one counter take, in bytes.
    ///
    /// Eight for each bucket, where the ring holds the span, the tolerance, two more buckets and
    /// one block of about the square root of all, rounded up to a power of two; and 16 for each
    /// block. A thread that records takes 128 more, and 16 for each thread that the process ever
    /// had at once.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.layout.bytes()
    }

    /// How far back from the newest bucket that was recorded in buckets are held.
    pub(crate) fn held(&self) -> Duration {
        self.resolution().saturating_mul(u32::try_from(self.layout.held()).unwrap_or(u32::MAX))
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    pub(crate) fn span_nanos(&self) -> i64 {
        self.width * self.buckets
    }

    pub(crate) fn tolerance_nanos(&self) -> i64 {
        self.tolerance
    }

    /// The number of the bucket that a moment falls in: `floor(stamp / resolution)`.
    pub(crate) fn tick(&self, stamp: Stamp) -> i64 {
        let nanos = stamp.as_nanos();
        // `!n` is the distance to the epoch less one, so that both sides round to the past.
        if nanos >= 0 { self.buckets_below(nanos) } else { !self.buckets_below(!nanos) }
    }

    /// The first moment of a bucket, or the first there is if the bucket begins before that.
    pub(crate) fn start(&self, tick: i64) -> Stamp {
        Stamp::from_nanos(tick.saturating_mul(self.width))
    }

    /// The first moment after a bucket, or the last there is if the bucket ends after that.
    pub(crate) fn end(&self, tick: i64) -> Stamp {
        self.start(tick + 1)
    }

    /// The last moment of a bucket, or the last there is if the bucket ends after that.
    pub(crate) fn last(&self, tick: i64) -> Stamp {
        let offset = self.len(tick) - 1;
        Stamp::from_nanos(self.start(tick).as_nanos().wrapping_add_unsigned(offset))
    }

    /// How many buckets a window, which must not be empty, is rounded up to.
    pub(crate) fn buckets_in(&self, window: i64) -> i64 {
        self.buckets_below(window - 1) + 1
    }

    /// How many whole buckets there are in a time that is not negative.
    fn buckets_below(&self, nanos: i64) -> i64 {
        self.by_width.divide(nanos.cast_unsigned()).cast_signed()
    }

    /// How many nanoseconds of a bucket can be stamped: its width, less at the limits of [`Stamp`].
    pub(crate) fn len(&self, tick: i64) -> u64 {
        match (tick + 1).checked_mul(self.width) {
            Some(end) => end.abs_diff(self.start(tick).as_nanos()),
            None => i64::MAX.abs_diff(self.start(tick).as_nanos()) + 1,
        }
    }
}

impl fmt::Debug for WindowSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowSpec")
            .field("resolution", &self.resolution())
            .field("span", &self.span())
            .field("tolerance", &self.tolerance())
            .finish()
    }
}

impl Default for WindowSpec {
    /// One-second buckets, a span of 300 s, 5 s of tolerance.
    fn default() -> Self {
        const SECOND: i64 = 1_000_000_000;
        const BUCKETS: u64 = 300;
        const AHEAD: u64 = 5;
        Self {
            width: SECOND,
            by_width: DividerU64::divide_by(SECOND.cast_unsigned()),
            buckets: BUCKETS.cast_signed(),
            tolerance: AHEAD.cast_signed() * SECOND,
            layout: Layout::holding(BUCKETS + AHEAD + 2),
        }
    }
}

/// Builds a [`WindowSpec`] and refuses one that makes no sense.
#[derive(Debug, Clone)]
#[must_use = "a builder makes nothing until `build` is called"]
pub struct WindowSpecBuilder {
    resolution: Duration,
    span: Duration,
    tolerance: Duration,
}

impl Default for WindowSpecBuilder {
    fn default() -> Self {
        let spec = WindowSpec::default();
        Self { resolution: spec.resolution(), span: spec.span(), tolerance: spec.tolerance() }
    }
}

impl WindowSpecBuilder {
    /// Sets the width of a bucket, one second if not set.
    pub fn resolution(mut self, resolution: Duration) -> Self {
        self.resolution = resolution;
        self
    }

    /// Sets how far back one can ask, 300 s if not set.
    pub fn span(mut self, span: Duration) -> Self {
        self.span = span;
        self
    }

    /// Sets how far ahead of the clock a stamp may be, 5 s if not set.
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Checks the numbers against each other.
    ///
    /// # Errors
    ///
    /// [`SpecError::ResolutionTooFine`] below [`WindowSpec::RESOLUTION_MIN`],
    /// [`SpecError::SpanTooShort`] if the span is shorter than a bucket,
    /// [`SpecError::SpanNotWhole`] if it is not a whole number of buckets,
    /// [`SpecError::TooLong`] if span or tolerance is longer than 100 years, and
    /// [`SpecError::TooLarge`] if the ring would take more than [`WindowSpec::BYTES_MAX`].
    pub fn build(self) -> Result<WindowSpec, SpecError> {
        let Self { resolution, span, tolerance } = self;
        if resolution < WindowSpec::RESOLUTION_MIN {
            let min = WindowSpec::RESOLUTION_MIN;
            return Err(SpecError::ResolutionTooFine { resolution, min });
        }
        if span < resolution {
            return Err(SpecError::SpanTooShort { span, resolution });
        }
        let (span_nanos, tolerance_nanos) =
            (bounded("span", span)?, bounded("tolerance", tolerance)?);
        let width = bounded("resolution", resolution)?;
        if span_nanos % width != 0 {
            return Err(SpecError::SpanNotWhole { span, resolution });
        }
        let buckets = span_nanos / width;
        let held = buckets + tolerance_nanos.div_ceil(width) + 2;
        let layout = Layout::holding(held);
        if layout.bytes() > WindowSpec::BYTES_MAX {
            let (bytes, max) = (layout.bytes(), WindowSpec::BYTES_MAX);
            return Err(SpecError::TooLarge { buckets: held, bytes, max });
        }
        Ok(WindowSpec {
            width: width.cast_signed(),
            by_width: DividerU64::divide_by(width),
            buckets: buckets.cast_signed(),
            tolerance: tolerance_nanos.cast_signed(),
            layout,
        })
    }
}

/// Far enough for anyone, and far enough from the limits of [`Stamp`] that sums cannot overflow.
const LENGTH_MAX: Duration = Duration::from_secs(100 * 366 * 86_400);

fn bounded(what: &'static str, length: Duration) -> Result<u64, SpecError> {
    match nanos(length) {
        Some(nanos) if length <= LENGTH_MAX => Ok(nanos),
        _ => Err(SpecError::TooLong { what, length, max: LENGTH_MAX }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_equals_what_the_builder_makes_of_it() {
        assert_eq!(WindowSpec::builder().build(), Ok(WindowSpec::default()));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig {
            failure_persistence: None,
            ..Default::default()
        })]

        #[test]
        fn tick_is_the_floor_of_the_quotient(nanos: i64, width in 1_000_000_u64..1 << 60) {
            let width = Duration::from_nanos(width);
            let spec = WindowSpec::builder().resolution(width).span(width);
            if let Ok(spec) = spec.tolerance(Duration::ZERO).build() {
                for nanos in [nanos, nanos >> 20, nanos / spec.width * spec.width, -1, 0, 1] {
                    let tick = spec.tick(Stamp::from_nanos(nanos));
                    proptest::prop_assert_eq!(tick, nanos.div_euclid(spec.width));
                }
            }
        }
    }

    #[test]
    fn buckets_at_the_limits_of_time_are_cut_exactly() {
        let spec = WindowSpec::default();
        let (first, last) = (spec.tick(Stamp::MIN), spec.tick(Stamp::MAX));
        assert_eq!(spec.start(first), Stamp::MIN);
        // i64::MIN is 0.145224192 s after a whole second, i64::MAX 0.854775807 s.
        assert_eq!(spec.len(first), 854_775_808);
        assert_eq!(spec.len(first + 1), 1_000_000_000);
        assert_eq!(spec.len(last - 1), 1_000_000_000);
        assert_eq!(spec.len(last), 854_775_808);
        assert_eq!(spec.end(last), Stamp::MAX);
        assert_eq!(spec.tick(Stamp::from_nanos(-1)), -1);
        assert_eq!(spec.tick(Stamp::from_nanos(-1_000_000_001)), -2);
    }
}
