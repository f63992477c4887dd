//! The value of a histogram: bins in the unit of the page, and their counts below bounds.

use core_actions::{ActionTime, Bin, Conversion};

use crate::error::BoundsError;
use crate::number::{Number, canonical};

/// Holds the upper bounds of the buckets of a histogram, in ascending order.
///
/// These are for readers of text. The last bucket has no bound, and needs none here. A bound counts
/// as part of its bucket.
///
/// # Examples
///
/// ```
/// use exposition::Bounds;
///
/// let bounds = Bounds::try_from(vec![0.01, 0.1, 1.0])?;
/// assert_eq!(bounds.as_slice(), [0.01, 0.1, 1.0]);
/// assert_eq!(
///     Bounds::try_from(vec![1.0, 1.0]).unwrap_err().to_string(),
///     "bound 1.0 is not above 1.0, they must ascend (bound 1)"
/// );
/// # Ok::<(), exposition::BoundsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds(Vec<f64>);

impl Bounds {
    /// The maximum number of bounds.
    pub const MAX: usize = 1_000;

    /// Returns no bounds, for readers of native histograms: text then has number and sum only.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Returns the bounds.
    #[must_use]
    pub fn as_slice(&self) -> &[f64] {
        &self.0
    }
}

impl Default for Bounds {
    /// Returns bounds for times in seconds, from 5 milliseconds to 10 seconds.
    ///
    /// They are those of the client libraries of Prometheus.
    fn default() -> Self {
        Self(vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
    }
}

impl TryFrom<Vec<f64>> for Bounds {
    type Error = BoundsError;

    /// # Errors
    ///
    /// [`BoundsError::TooMany`] above [`Bounds::MAX`], [`BoundsError::NotFinite`], and
    /// [`BoundsError::NotAscending`] for a bound that is not above the one before.
    fn try_from(bounds: Vec<f64>) -> Result<Self, BoundsError> {
        let (found, max) = (bounds.len(), Self::MAX);
        if found > max {
            return Err(BoundsError::TooMany { found, max });
        }
        if let Some(index) = bounds.iter().position(|bound| !bound.is_finite()) {
            return Err(BoundsError::NotFinite { found: canonical(bounds[index]), index });
        }
        if let Some(index) = bounds.windows(2).position(|pair| pair[0] >= pair[1]) {
            let [previous, found] = [index, index + 1].map(|index| canonical(bounds[index]));
            return Err(BoundsError::NotAscending { found, previous, index: index + 1 });
        }
        Ok(Self(bounds))
    }
}

/// Holds the bins of a histogram with the sum of its values.
///
/// # Accuracy
///
/// Each bin is written as its middle, at most 1/128 of a value's size away from it. A bin of at
/// most 1 that begins with an integer is written as this integer, at most 1/64 away, so that
/// integers below 128 are exact. This does not depend on other values: a bucket never shrinks.
///
/// # Examples
///
/// ```
/// use core_actions::{Statistic, Unit};
/// use exposition::{Bounds, Description, Format, Histogram, Labels, Page};
///
/// let mut bins = core_actions::Histogram::default();
/// [5_u64, 40, 90].map(|millis| bins.insert(millis.into()));
/// let seconds = Unit::Milliseconds.to(Unit::Seconds);
///
/// let mut page = Page::new(Format::Text);
/// let times = Description::new("request_duration", "Times of requests.").unit("seconds");
/// let bounds = Bounds::try_from(vec![0.005, 0.05]).unwrap_or_default();
/// let histogram = Histogram::new(&bins, 0.135).converted(seconds);
/// page.histograms(&times, &bounds)?.add(&Labels::default(), &histogram)?;
/// let text = String::from_utf8_lossy(&page.finish()).into_owned();
/// assert!(text.ends_with(
///     "request_duration_seconds_bucket{le=\"0.005\"} 1\n\
///      request_duration_seconds_bucket{le=\"0.05\"} 2\n\
///      request_duration_seconds_bucket{le=\"+Inf\"} 3\n\
///      request_duration_seconds_sum 0.135\n\
///      request_duration_seconds_count 3\n"
/// ));
/// # Ok::<(), exposition::PageError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Histogram<'b> {
    bins: &'b core_actions::Histogram,
    sum: Number,
    scale: Scale,
}

impl<'b> Histogram<'b> {
    /// Joins bins with the sum of their values, in the unit of the page.
    pub fn new(bins: &'b core_actions::Histogram, sum: impl Into<Number>) -> Self {
        Self { bins, sum: sum.into(), scale: Scale { numerator: 1.0, denominator: 1.0 } }
    }

    /// Returns the histogram with the values of the bins converted. The sum stays as it is.
    #[must_use]
    pub fn converted(self, conversion: Conversion) -> Self {
        Self { scale: Scale::of(conversion), ..self }
    }

    /// Returns a value for each bin with its count, in ascending order.
    fn estimates(&self) -> impl Iterator<Item = (f64, u64)> {
        self.bins.bins().map(|bin| (self.scale.convert(estimate(bin)), bin.count))
    }
}

/// The values of a histogram that is being written.
#[derive(Debug)]
pub(crate) struct Estimates {
    pub(crate) sum: Number,
    pub(crate) count: u64,
    /// A value for each bin with its count, in ascending order.
    pub(crate) estimates: Vec<(f64, u64)>,
}

impl Default for Estimates {
    fn default() -> Self {
        Self { sum: 0.into(), count: 0, estimates: Vec::new() }
    }
}

impl Estimates {
    /// Copies the values of a histogram, in place of those before.
    pub(crate) fn fill(&mut self, histogram: &Histogram<'_>) {
        let Self { sum, count, estimates } = self;
        (*sum, *count) = (histogram.sum, 0);
        estimates.clear();
        histogram.estimates().for_each(|estimate| {
            *count = count.wrapping_add(estimate.1);
            estimates.push(estimate);
        });
    }

    /// Returns the number of values up to each bound.
    pub(crate) fn cumulative(&self, bounds: &Bounds) -> impl Iterator<Item = (f64, u64)> {
        let (mut rest, mut total) = (self.estimates.iter().peekable(), 0);
        bounds.0.iter().map(move |&bound| {
            while let Some((_, count)) = rest.next_if(|&&(value, _)| value <= bound) {
                total += count;
            }
            (bound, total)
        })
    }
}

/// Returns the value that stands for all values of a bin.
fn estimate(bin: Bin) -> f64 {
    let width = bin.to - bin.from;
    match width {
        _ if bin.from == 0.0 => 0.0,
        f64::INFINITY => bin.from,
        // A value below 1 is not an integer, which most times in seconds need not call `trunc` for.
        _ if width <= 1.0 && bin.from >= 1.0 && bin.from.fract() == 0.0 => bin.from,
        _ => bin.from + width / 2.0,
    }
}

/// A ratio of two integers, one of which is 1.
#[derive(Debug, Clone, Copy)]
struct Scale {
    numerator: f64,
    denominator: f64,
}

impl Scale {
    fn of(conversion: Conversion) -> Self {
        let ratio = ActionTime::from(1_u64).converted(conversion);
        if ratio >= 1.0 {
            Self { numerator: ratio, denominator: 1.0 }
        } else {
            // The integer that the ratio was rounded from: it has less than 42 bits.
            Self { numerator: 1.0, denominator: ratio.recip().round() }
        }
    }

    /// Converts a value, rounded once. A result above all floats becomes the largest.
    fn convert(self, value: f64) -> f64 {
        (value * self.numerator / self.denominator).min(f64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use core_actions::{Statistic, Unit};

    use super::*;

    #[test]
    fn scale_is_exact_for_all_units() {
        for from in Unit::ALL {
            for to in Unit::ALL {
                let scale = Scale::of(from.to(to));
                for value in [1_u64, 7, 100_000_000, (1 << 53) - 1] {
                    let exact = ActionTime::from(value).converted(from.to(to));
                    let found = scale.convert(value as f64);
                    assert_eq!(found, exact, "{value} {from} in {to}");
                }
            }
        }
    }

    #[test]
    fn a_bin_is_written_as_a_value_near_all_of_its_values() {
        for value in [0.0, 5e-324, 1e-300, 0.3, 1.0, 5.0, 63.9, 64.0, 127.0, 1e9, 1e308, f64::MAX] {
            let mut bins = core_actions::Histogram::default();
            bins.insert(ActionTime::try_from(value).unwrap());
            let (found, count) = Histogram::new(&bins, value).estimates().next().unwrap();
            assert_eq!(count, 1);
            assert!((found - value).abs() <= value / 64.0, "{value}: {found}");
            if value < 128.0 && value.fract() == 0.0 {
                assert_eq!(found, value);
            }
        }
    }
}
