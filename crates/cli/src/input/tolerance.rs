//! How many refused records are tolerated.

use std::str::FromStr;

use thiserror::Error;

use crate::options::INPUT_OPTIONS;

/// The maximum number of digits of a percentage after the point.
const DIGITS_MAX: usize = 12;

/// The option for the number of refused records.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct ToleranceArgs {
    /// Tolerate N refused records, or P% [default: 0]
    ///
    /// A percentage is of the accepted and refused ones. With more, the exit code is 3. The result
    /// is written in any case.
    #[arg(long, value_name = "N|P%", help_heading = INPUT_OPTIONS)]
    max_refused: Option<MaxRefused>,
}

impl ToleranceArgs {
    /// Returns how many refused records are tolerated.
    pub(crate) fn max_refused(self) -> MaxRefused {
        self.max_refused.unwrap_or_default()
    }
}

/// The maximum number of refused records, or their part of all accepted and refused ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MaxRefused {
    Records(u64),
    /// A percentage: `parts` of 10 to the power of `digits`.
    Percent {
        parts: u64,
        digits: u32,
    },
}

impl Default for MaxRefused {
    fn default() -> Self {
        Self::Records(0)
    }
}

impl MaxRefused {
    /// Returns whether this number of refused records is tolerated.
    pub(crate) fn allows(self, refused: u64, accepted: u64) -> bool {
        match self {
            Self::Records(max) => refused <= max,
            Self::Percent { parts, digits } => {
                // Below 2^64 times 10^14, which is below 2^111.
                let all = u128::from(accepted) + u128::from(refused);
                u128::from(refused) * 100 * 10_u128.pow(digits) <= u128::from(parts) * all
            }
        }
    }
}

/// The text is neither a number nor a percentage.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected a number of records such as `10`, or a percentage up to 100 such as `0.5%`")]
pub(crate) struct NotATolerance;

impl FromStr for MaxRefused {
    type Err = NotATolerance;

    fn from_str(text: &str) -> Result<Self, NotATolerance> {
        let number = |digits: &str| match digits.bytes().all(|byte| byte.is_ascii_digit()) {
            true => digits.parse::<u64>().map_err(|_| NotATolerance),
            false => Err(NotATolerance),
        };
        let Some(percent) = text.strip_suffix('%') else {
            return number(text).map(Self::Records);
        };
        let (whole, fraction) = percent.split_once('.').unwrap_or((percent, "0"));
        if whole.len() > 3 || whole.is_empty() || fraction.is_empty() || fraction.len() > DIGITS_MAX
        {
            return Err(NotATolerance);
        }
        let digits = fraction.len() as u32;
        let parts = number(whole)? * 10_u64.pow(digits) + number(fraction)?;
        if parts > 100 * 10_u64.pow(digits) {
            return Err(NotATolerance);
        }
        Ok(Self::Percent { parts, digits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, refused: u64, accepted: u64, expected: bool) {
        let max: MaxRefused = text.parse().unwrap();
        assert_eq!(max.allows(refused, accepted), expected, "{text} {refused} {accepted}");
    }

    #[test]
    fn limit_is_inclusive() {
        check("0", 0, 9, true);
        check("0", 1, 9, false);
        check("2", 2, 0, true);
        check("2", 3, 900, false);
        check("10%", 1, 9, true);
        check("10%", 1, 8, false);
        check("0.5%", 1, 199, true);
        check("0.5%", 1, 198, false);
        check("33.333333333333%", 1, 2, false);
        check("33.333333333334%", 1, 2, true);
        check("0%", 1, u64::MAX, false);
        check("100%", u64::MAX, u64::MAX, true);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "%", "-1", "+1", "1.5", "101%", "100.1%", ".5%", "5.%", "1e2%", "1 %"] {
            assert_eq!(text.parse::<MaxRefused>(), Err(NotATolerance), "{text:?}");
        }
        assert!("0.0000000000001%".parse::<MaxRefused>().is_err());
    }
}
