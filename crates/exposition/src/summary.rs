//! The value of a summary.

use core_actions::Quantile;

use crate::number::Number;

/// Holds quantiles of values with their number and sum.
///
/// Prometheus takes number and sum for counters, which grow. The quantiles may be of another, such
/// as the past five minutes: that is how to write those of a window.
///
/// # Examples
///
/// ```
/// use core_actions::Quantile;
/// use exposition::{Description, Format, Labels, Page, Summary};
///
/// let mut page = Page::new(Format::Text);
/// let times = Description::new("request_duration", "Times of requests.").unit("seconds");
/// let summary = Summary::new(3, 0.6).with(Quantile::MEDIAN, 0.2);
/// page.summaries(&times)?.add(&Labels::default(), &summary)?;
/// let text = String::from_utf8_lossy(&page.finish()).into_owned();
/// assert!(text.ends_with(
///     "request_duration_seconds{quantile=\"0.5\"} 0.2\n\
///      request_duration_seconds_sum 0.6\n\
///      request_duration_seconds_count 3\n"
/// ));
/// # Ok::<(), exposition::PageError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    count: u64,
    sum: Number,
    /// No two have one share.
    quantiles: Vec<(Quantile, Number)>,
}

impl Summary {
    /// Creates a summary without quantiles.
    #[must_use]
    pub fn new(count: u64, sum: impl Into<Number>) -> Self {
        Self { count, sum: sum.into(), quantiles: Vec::new() }
    }

    /// Returns the summary with one more quantile, or with another value of one that it has.
    ///
    /// They are written in the order in which they were given.
    #[must_use]
    pub fn with(mut self, quantile: Quantile, value: impl Into<Number>) -> Self {
        let value = value.into();
        match self.quantiles.iter_mut().find(|(known, _)| *known == quantile) {
            Some((_, known)) => *known = value,
            None => self.quantiles.push((quantile, value)),
        }
        self
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn sum(&self) -> Number {
        self.sum
    }

    pub(crate) fn quantiles(&self) -> impl ExactSizeIterator<Item = (f64, Number)> {
        // The addition turns -0 into 0.
        self.quantiles.iter().map(|&(quantile, value)| (quantile.share() + 0.0, value))
    }
}
