//! The specification of a counter: resolution, span, tiers and tolerance.

use std::fmt;
use std::time::Duration;

use crate::stamp::nanos;

mod error;
mod tier;

pub use error::SpecError;
pub(crate) use tier::Grid;
pub use tier::Tier;

/// The resolution, span and tolerance of a counter.
///
/// Usually of one [`Tier`]. Coarser tiers with longer spans can be added.
///
/// # Examples
///
/// ```
/// use core_time::{Tier, WindowSpec};
/// use std::time::Duration;
///
/// let spec = WindowSpec::builder()
///     .resolution(Duration::from_millis(100))
///     .span(Duration::from_secs(60))
///     .build()?;
/// assert_eq!(spec.tiers().map(|tier| tier.buckets()).sum::<u64>(), 600);
///
/// let (minute, day) = (Duration::from_secs(60), Duration::from_secs(86_400));
/// let spec = WindowSpec::builder().tier(Tier { resolution: minute, span: day }).build()?;
/// assert_eq!((spec.resolution(), spec.span()), (Duration::from_secs(1), day));
/// # Ok::<(), core_time::SpecError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct WindowSpec {
    /// At least one, the finest first. Each is coarser and longer than the one before.
    grids: Vec<Grid>,
    /// How far ahead of the clock a stamp may be, in nanoseconds.
    tolerance: i64,
}

impl WindowSpec {
    /// The finest resolution.
    pub const RESOLUTION_MIN: Duration = Duration::from_millis(1);

    /// The maximum memory of the buckets of a counter, in bytes.
    ///
    /// Enough for over two million buckets.
    pub const BYTES_MAX: usize = 32 << 20;

    /// Makes a builder with the defaults: one-second buckets, a span of 300 s, 5 s of tolerance.
    pub fn builder() -> WindowSpecBuilder {
        WindowSpecBuilder::default()
    }

    /// Returns the width of the finest buckets.
    #[must_use]
    pub fn resolution(&self) -> Duration {
        self.finest().tier().resolution
    }

    /// Returns the span of the longest tier.
    #[must_use]
    pub fn span(&self) -> Duration {
        self.longest().tier().span
    }

    /// Returns how far ahead of the clock a stamp may be.
    #[must_use]
    pub fn tolerance(&self) -> Duration {
        Duration::from_nanos(self.tolerance.unsigned_abs())
    }

    /// Returns the tiers, from the finest to the coarsest.
    pub fn tiers(&self) -> impl ExactSizeIterator<Item = Tier> + '_ {
        self.grids.iter().map(Grid::tier)
    }

    /// Returns the memory of the buckets of one counter, in bytes.
    ///
    /// For each tier, 8 bytes for each bucket and 16 for each block. The ring holds the span, the
    /// tolerance, two more buckets and one block, rounded up to a power of two. A block is about
    /// the square root of all buckets. The counter itself takes up to 1.7 KiB more with one thread
    /// that records. Each other thread takes 128 bytes, and 16 for each thread that the process
    /// ever had at the same time.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.grids.iter().map(|grid| grid.layout().bytes()).sum()
    }

    /// Returns the grids of the tiers, the finest first.
    pub(crate) fn grids(&self) -> &[Grid] {
        &self.grids
    }

    pub(crate) fn finest(&self) -> &Grid {
        &self.grids[0]
    }

    pub(crate) fn longest(&self) -> &Grid {
        &self.grids[self.grids.len() - 1]
    }

    /// Returns how far ahead of a clock a stamp may be, in nanoseconds.
    ///
    /// The tolerance, plus the lag of the clock up to one bucket.
    pub(crate) fn ahead_max(&self, lag: Duration) -> i64 {
        let lag = nanos(lag.min(self.resolution())).unwrap_or_default();
        self.tolerance + lag.cast_signed()
    }
}

impl fmt::Debug for WindowSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowSpec")
            .field("tiers", &self.tiers().collect::<Vec<_>>())
            .field("tolerance", &self.tolerance())
            .finish()
    }
}

impl Default for WindowSpec {
    /// Returns one-second buckets, a span of 300 s and 5 s of tolerance.
    fn default() -> Self {
        const SECOND: u64 = 1_000_000_000;
        let grids = vec![Grid::new(SECOND, 300 * SECOND, 5 * SECOND)];
        Self { grids, tolerance: 5 * SECOND.cast_signed() }
    }
}

/// Builds a [`WindowSpec`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct WindowSpecBuilder {
    finest: Tier,
    coarser: Vec<Tier>,
    tolerance: Duration,
}

impl Default for WindowSpecBuilder {
    fn default() -> Self {
        let spec = WindowSpec::default();
        Self { finest: spec.finest().tier(), coarser: Vec::new(), tolerance: spec.tolerance() }
    }
}

impl WindowSpecBuilder {
    /// Sets the width of the finest buckets. The default is one second.
    pub fn resolution(mut self, resolution: Duration) -> Self {
        self.finest.resolution = resolution;
        self
    }

    /// Sets the span of the finest buckets. The default is 300 s.
    pub fn span(mut self, span: Duration) -> Self {
        self.finest.span = span;
        self
    }

    /// Adds a tier with coarser buckets and a longer span than those before.
    ///
    /// Each event is counted in all tiers, and a window is answered from the finest tier that holds
    /// it. A record in the open bucket costs no more.
    pub fn tier(mut self, tier: Tier) -> Self {
        self.coarser.push(tier);
        self
    }

    /// Sets how far ahead of the clock a stamp may be. The default is 5 s.
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Checks the values and builds the specification.
    ///
    /// # Errors
    ///
    /// - [`SpecError::ResolutionTooFine`] below [`WindowSpec::RESOLUTION_MIN`].
    /// - [`SpecError::SpanTooShort`] if a span is shorter than a bucket.
    /// - [`SpecError::SpanNotWhole`] if a span is not a whole number of buckets.
    /// - [`SpecError::TierNotCoarser`] if a resolution is not a multiple, by 2 or more, of that of
    ///   the tier before.
    /// - [`SpecError::TierNotLonger`] if a span is not longer than that of the tier before.
    /// - [`SpecError::TooLong`] if a resolution, a span or the tolerance is longer than 100 years.
    /// - [`SpecError::TooLarge`] if the buckets need more than [`WindowSpec::BYTES_MAX`].
    pub fn build(self) -> Result<WindowSpec, SpecError> {
        let mut grids: Vec<Grid> = Vec::with_capacity(1 + self.coarser.len());
        let (mut buckets, mut bytes) = (0_u64, 0_usize);
        for tier in std::iter::once(self.finest).chain(self.coarser) {
            let grid = checked(tier, self.tolerance, grids.last())?;
            buckets = buckets.saturating_add(tier.buckets());
            bytes = bytes.saturating_add(grid.layout().bytes());
            if bytes > WindowSpec::BYTES_MAX {
                return Err(SpecError::TooLarge { buckets, bytes, max: WindowSpec::BYTES_MAX });
            }
            grids.push(grid);
        }
        let tolerance = bounded("tolerance", self.tolerance)?.cast_signed();
        Ok(WindowSpec { grids, tolerance })
    }
}

/// Returns the grid of a tier that comes after `finer`, if it is valid.
fn checked(tier: Tier, tolerance: Duration, finer: Option<&Grid>) -> Result<Grid, SpecError> {
    let Tier { resolution, span } = tier;
    if resolution < WindowSpec::RESOLUTION_MIN {
        let min = WindowSpec::RESOLUTION_MIN;
        return Err(SpecError::ResolutionTooFine { resolution, min });
    }
    if span < resolution {
        return Err(SpecError::SpanTooShort { span, resolution });
    }
    let span_nanos = bounded("span", span)?;
    let tolerance_nanos = bounded("tolerance", tolerance)?;
    let width = bounded("resolution", resolution)?;
    if span_nanos % width != 0 {
        return Err(SpecError::SpanNotWhole { span, resolution });
    }
    if let Some(finer) = finer {
        let finer_width = finer.width().cast_unsigned();
        if width <= finer_width || !width.is_multiple_of(finer_width) {
            let finer = finer.tier().resolution;
            return Err(SpecError::TierNotCoarser { resolution, finer });
        }
        if span_nanos <= finer.span().cast_unsigned() {
            return Err(SpecError::TierNotLonger { span, finer: finer.tier().span });
        }
    }
    Ok(Grid::new(width, span_nanos, tolerance_nanos))
}

/// Far enough from the limits of [`Stamp`] that sums cannot overflow.
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
    fn default_equals_that_of_the_builder() {
        assert_eq!(WindowSpec::builder().build(), Ok(WindowSpec::default()));
    }
}
