//! The time that the table covers.

use std::time::Duration;

use super::columns::Column;

/// The maximum ratio of the longest window to a shorter one.
const SHORTER_MAX: u32 = 30;

/// The time that the table covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// The newest part of the input, at most this long.
    Last(Duration),
    /// The whole input, if it has no timestamps. Rates and windows are then unavailable.
    Whole,
}

impl Span {
    /// Returns whether a column has values.
    pub(crate) fn has(self, column: &Column) -> bool {
        self != Self::Whole || *column != Column::Rate
    }

    /// Returns the windows to choose from, the longest last.
    pub(crate) fn windows(self) -> Vec<Duration> {
        let Self::Last(longest) = self else { return Vec::new() };
        let shorter = [1, 10, 60, 300, 900, 3_600, 21_600].map(Duration::from_secs);
        // Much shorter ones would have too few buckets.
        let is_smooth = |&shorter: &Duration| {
            shorter < longest && shorter.saturating_mul(SHORTER_MAX) >= longest
        };
        shorter.into_iter().filter(is_smooth).chain([longest]).collect()
    }
}
