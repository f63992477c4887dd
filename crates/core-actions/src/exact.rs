//! Exact sums.

/// The nearest `f64` to `numerator / denominator`, rounded once, ties to even.
#[expect(clippy::cast_precision_loss, reason = "placeholder")]
pub(crate) fn ratio(numerator: u128, denominator: u64) -> f64 {
    numerator as f64 / denominator as f64
}
