//! The range of an axis.

/// The leading digits of round numbers.
///
/// Rejected: 3. The middle of an axis has a label too, and 1.5 is a poor label for few events.
const STEPS: [f64; 9] = [1.0, 1.2, 1.6, 2.0, 4.0, 5.0, 6.0, 8.0, 10.0];

/// Returns the end of an axis: the next round number, or `largest` if that is not finite.
pub(crate) fn end(largest: f64) -> f64 {
    if largest <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(largest.log10().floor());
    let mut ends = STEPS.into_iter().map(|step| step * power);
    ends.find(|end| end.is_finite() && *end >= largest).unwrap_or(largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_is_the_next_short_number() {
        for (largest, expected) in [
            (0.0, 1.0),
            (1.0, 1.0),
            (1_001.0, 1_200.0),
            (23.0, 40.0),
            (3e-5, 4e-5),
            (1.1e300, 1.2e300),
            (1.5e308, 1.6e308),
        ] {
            let found = end(largest);
            assert!((found / expected - 1.0).abs() < 1e-9, "{largest}: {found}");
        }
    }

    #[test]
    fn end_is_finite_and_not_below_the_largest_value() {
        for largest in [f64::MAX, 1.7e308, 1.61e308, 1e308, f64::MIN_POSITIVE, 5e-324] {
            let found = end(largest);
            assert!(found.is_finite() && found >= largest, "{largest:e}: {found:e}");
        }
    }
}
