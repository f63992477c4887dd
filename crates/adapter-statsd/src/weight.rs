//! How often a sampled value counts.

/// The part of an event that sample rates left over.
///
/// A line with the rate 0.3 stands for 3⅓ events. Three such lines are counted as 3, 3 and 4, so
/// that a sum differs by less than one event from what all lines stand for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weight(f64);

impl Weight {
    /// Returns the events that `amount` and what was left over make.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the amount is not negative, and one above the range becomes its end"
    )]
    pub(crate) fn whole(&mut self, amount: f64) -> u64 {
        let sum = self.0 + amount;
        let whole = sum.floor();
        // A value divided by a small rate may be beyond all numbers.
        self.0 = if sum.is_finite() { sum - whole } else { 0.0 };
        // Rates such as 0.1 have no exact inverse: 9.999999999 events are 10.
        if self.0 > 1.0 - 1e-9 {
            self.0 = 0.0;
            return (whole as u64).saturating_add(1);
        }
        whole as u64
    }
}

#[cfg(test)]
mod tests {
    use super::Weight;

    #[test]
    fn sampled_events_add_up() {
        let count = |rate: f64, lines: u32| {
            let mut weight = Weight::default();
            (0..lines).map(|_| weight.whole(1.0 / rate)).sum::<u64>()
        };
        assert_eq!([1, 2, 3].map(|lines| count(0.3, lines)), [3, 6, 10]);
        assert_eq!(count(0.1, 7), 70);
        assert_eq!(count(0.7, 7_000), 10_000);
        assert_eq!(count(1.0, 5), 5);
        assert_eq!(count(1e-6, 2), 2_000_000);
    }

    #[test]
    fn events_beyond_the_range_are_its_end() {
        let mut weight = Weight::default();
        assert_eq!(weight.whole(1e300), u64::MAX);
        assert_eq!(weight.whole(1.0), 1);
        assert_eq!(weight.whole(f64::INFINITY), u64::MAX);
        assert_eq!(weight.whole(1.5), 1, "what follows is counted");
        assert_eq!(weight.whole(0.5), 1);
    }
}
