//! A generator of random numbers that never changes.
//!
//! A generator of a library may change with its version, and then all generated files and records
//! change too. Reference: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number
//! generators" (2014), the variant named SplitMix64.

/// Generates random numbers: the same numbers for the same seed.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Starts a sequence.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number, uniformly distributed over all of `u64`.
    #[expect(clippy::should_implement_trait, reason = "the sequence does not end")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `limit`; the bias of each is less than `limit` in 2^64.
    pub fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    /// Returns true with probability `share`.
    pub(crate) fn happens(&mut self, share: f64) -> bool {
        ((self.next() >> 11) as f64) < share * (1_u64 << 53) as f64
    }

    /// Returns an approximately normal number with mean 0 and standard deviation 1.
    ///
    /// The number is the scaled sum of eight bytes, between -4.9 and 4.9.
    pub(crate) fn normal(&mut self) -> f64 {
        /// The square root of 8 (256² - 1) / 12.
        const DEVIATION: f64 = 209.019_935_892_7;
        let sum: u32 = self.next().to_le_bytes().into_iter().map(u32::from).sum();
        (f64::from(sum) - 1_020.0) / DEVIATION
    }
}

/// Returns 2 to the power of `power`, with a relative error below 10^-9.
///
/// Only additions and multiplications, so the result is the same on every machine.
pub(crate) fn exp2(power: f64) -> f64 {
    let whole = power.floor();
    // The series of e^x for x below ln 2, from its last term to the first.
    let x = (power - whole) * std::f64::consts::LN_2;
    let series = (1..=11).rev().fold(1.0, |sum, n| 1.0 + sum * x / f64::from(n));
    series * f64::from_bits(((whole as i64 + 1_023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_match_the_reference() {
        let mut random = Random::new(1_234_567);
        let expected =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(expected.map(|_| random.next()), expected);
    }

    #[test]
    fn numbers_below_the_limit_are_equally_frequent() {
        let mut random = Random::new(1);
        let mut found = [0_u32; 7];
        (0..7_000).for_each(|_| found[random.below(7) as usize] += 1);
        assert!(found.iter().all(|&count| (850..1_150).contains(&count)), "{found:?}");
        assert_eq!(random.below(1), 0);
    }

    #[test]
    fn events_happen_with_their_probability() {
        let mut random = Random::new(1);
        assert!((0..1_000).all(|_| random.happens(1.0) && !random.happens(0.0)));
        let often = (0..10_000).filter(|_| random.happens(0.25)).count();
        assert!((2_300..2_700).contains(&often), "{often}");
    }

    #[test]
    fn normal_numbers_have_mean_0_and_deviation_1() {
        let mut random = Random::new(1);
        let numbers: Vec<_> = (0..100_000).map(|_| random.normal()).collect();
        let mean = numbers.iter().sum::<f64>() / 1e5;
        let variance = numbers.iter().map(|n| (n - mean) * (n - mean)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn powers_are_within_their_error() {
        for step in -800..=800 {
            let power = f64::from(step) / 80.0;
            assert!((exp2(power) / power.exp2() - 1.0).abs() < 1e-9, "{power}");
        }
    }
}
