//! Figures with intervals of confidence, and the interval of their change.

use std::cmp::Ordering;

use facade::Quantile;
use facade::actions::{HasCount, MinMax, Quantiles};
use statrs::distribution::{Continuous, ContinuousCDF, Normal, StudentsT};

use super::ranks::ranks;

/// The minimum number of records of a mean that is judged.
const MEAN_RECORDS_MIN: u64 = 100;
/// From here on, Student's distribution is the normal one to all digits that matter.
const FREEDOM_MAX: f64 = 1e7;

/// A figure with its interval of confidence, all of them 0 or more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    pub(crate) from: f64,
    pub(crate) to: f64,
}

/// A relative change with its interval of confidence: 0.1 is 10 % more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Change {
    pub(crate) value: f64,
    pub(crate) from: f64,
    pub(crate) to: f64,
}

impl Change {
    /// Converts from logarithms of a ratio.
    fn of_logs(value: f64, from: f64, to: f64) -> Self {
        Self { value: value.exp_m1(), from: from.exp_m1(), to: to.exp_m1() }
    }
}

/// Estimates a quantile by order statistics.
///
/// The interval has a level of at least `1 - alpha` for any distribution, and contains the width of
/// the bins of its ends. `None` if there are too few times for such an interval.
pub(crate) fn quantile(
    quantiles: &Quantiles,
    min_max: &MinMax,
    quantile: Quantile,
    alpha: f64,
) -> Option<Estimate> {
    let ranks = ranks(quantiles.count(), quantile.share(), alpha)?;
    let (lowest, highest) = (min_max.min()?.as_f64(), min_max.max()?.as_f64());
    let value = min_max.clamp(quantiles.quantile(quantile)?).as_f64();
    let from = quantiles.bounds_of_rank(*ranks.start())?.start().max(lowest);
    let to = quantiles.bounds_of_rank(*ranks.end())?.end().min(highest);
    Some(Estimate { value, from, to })
}

/// Combines two intervals into that of the relative change.
///
/// `None` if a value is 0, since the change is then not a ratio.
///
/// # References
///
/// G. Y. Zou, A. Donner, "Construction of confidence limits about effect measures: a general
/// approach", Statistics in Medicine 27 (2008), for the method (MOVER), here of logarithms.
pub(crate) fn combined(before: Estimate, after: Estimate) -> Option<Change> {
    if before.value <= 0.0 || after.value <= 0.0 {
        return None;
    }
    let [before, after] =
        [before, after].map(|Estimate { value, from, to }| [value.ln(), from.ln(), to.ln()]);
    let ([x1, l1, u1], [x2, l2, u2]) = (before, after);
    let difference = x2 - x1;
    let from = difference - (x2 - l2).hypot(u1 - x1);
    let to = difference + (u2 - x2).hypot(x1 - l1);
    Some(Change::of_logs(difference, from, to))
}

/// The mean of a sample with its standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    pub(crate) count: u64,
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
}

impl Moments {
    pub(crate) fn are_enough(self) -> bool {
        self.count >= MEAN_RECORDS_MIN
    }

    /// Returns the squared standard error of the logarithm of the mean.
    fn squared_error(self) -> f64 {
        (self.deviation / self.mean).powi(2) / self.count as f64
    }

    /// Returns the mean with its interval.
    pub(crate) fn estimate(self, alpha: f64) -> Estimate {
        let error = self.deviation / (self.count as f64).sqrt();
        let reach = student(alpha, self.count as f64 - 1.0) * error;
        Estimate { value: self.mean, from: (self.mean - reach).max(0.0), to: self.mean + reach }
    }
}

/// Estimates the relative change of a mean, by Welch's interval of its logarithm.
///
/// `None` if a mean is 0. The level is approximate for heavy tails.
pub(crate) fn of_means(before: Moments, after: Moments, alpha: f64) -> Option<Change> {
    if before.mean <= 0.0 || after.mean <= 0.0 {
        return None;
    }
    let difference = after.mean.ln() - before.mean.ln();
    let [v1, v2] = [before, after].map(Moments::squared_error);
    let reach = match v1 + v2 {
        0.0 => 0.0,
        sum => {
            let part = |squared: f64, count: u64| (squared / sum).powi(2) / (count as f64 - 1.0);
            let freedom = 1.0 / (part(v1, before.count) + part(v2, after.count));
            student(alpha, freedom) * sum.sqrt()
        }
    };
    Some(Change::of_logs(difference, difference - reach, difference + reach))
}

/// Returns the quantile of Student's distribution that is exceeded at both ends with `alpha`.
///
/// By Newton's method, because the inverse of `statrs` does not end for many degrees of freedom.
/// The tail is convex, and the quantile of the normal distribution is below that of Student's, so
/// the steps grow towards the quantile and never beyond it.
fn student(alpha: f64, freedom: f64) -> f64 {
    let normal = -Normal::standard().inverse_cdf(alpha / 2.0);
    if freedom >= FREEDOM_MAX {
        return normal;
    }
    let distribution = StudentsT::new(0.0, 1.0, freedom).expect("the freedom is positive");
    let mut quantile = normal;
    loop {
        let excess = distribution.cdf(-quantile) - alpha / 2.0;
        let next = quantile + excess / distribution.pdf(quantile);
        // Also ends where the last digits of the tail go up and down.
        if next.partial_cmp(&(quantile * (1.0 + 1e-12))) != Some(Ordering::Greater) {
            return quantile;
        }
        quantile = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-6 * expected.abs(), "{found}, not {expected}");
    }

    #[test]
    fn students_quantiles_are_those_of_the_tables() {
        near(student(0.05, 1.0), 12.706_204_736);
        near(student(0.05, 99.0), 1.984_216_952);
        near(student(0.001, 99.0), 3.391_528_816);
        near(student(0.05, 9.9e6), 1.959_964_226);
        near(student(0.05, 1e300), 1.959_963_985);
        near(student(1e-9, f64::INFINITY), 6.109_410_205);
        near(student(1e-9, 99.0), 6.752_948_04);
    }

    #[test]
    fn intervals_are_combined_by_their_logarithms() {
        let before = Estimate { value: 100.0, from: 80.0, to: 110.0 };
        let after = Estimate { value: 120.0, from: 114.0, to: 144.0 };
        let Change { value, from, to } = combined(before, after).unwrap();
        near(value, 0.2);
        // ln 1.2 - √(ln(120/114)² + ln(110/100)²), ln 1.2 + √(ln(144/120)² + ln(100/80)²)
        near(from, 1.2 / (0.051_293_294_f64.hypot(0.095_310_18)).exp() - 1.0);
        near(to, 1.2 * (0.182_321_557_f64.hypot(0.223_143_551)).exp() - 1.0);
        let zero = Estimate { from: 0.0, ..after };
        assert_eq!(combined(before, zero).unwrap().from, -1.0);
        assert_eq!(combined(zero, before).unwrap().to, f64::INFINITY);
        let zero = Estimate { value: 0.0, ..zero };
        assert_eq!((combined(zero, after), combined(before, zero)), (None, None));
    }

    #[test]
    fn means_are_compared_by_welch() {
        let before = Moments { count: 100, mean: 10.0, deviation: 5.0 };
        let after = Moments { count: 400, mean: 12.0, deviation: 6.0 };
        let Change { value, from, to } = of_means(before, after, 0.05).unwrap();
        near(value, 0.2);
        // Errors of 0.05 and 0.025, 152.3 degrees of freedom: t is 1.975 660.
        near(from, 1.2 * (-1.975_660_07_f64 * 0.055_901_699).exp() - 1.0);
        near(to, 1.2 * (1.975_660_07_f64 * 0.055_901_699).exp() - 1.0);
        let constant = Moments { deviation: 0.0, ..before };
        assert_eq!(
            of_means(constant, constant, 0.05),
            Some(Change { value: 0.0, from: 0.0, to: 0.0 })
        );
        let zero = Moments { mean: 0.0, ..constant };
        assert_eq!(of_means(zero, after, 0.05), None);
        assert!(!Moments { count: 99, ..before }.are_enough() && before.are_enough());
    }
}
