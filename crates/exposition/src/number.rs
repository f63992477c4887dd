//! Numbers as text.

use core_actions::ActionTime;

/// The value of a sample: an integer, or a float that may be infinite or not a number.
///
/// # Accuracy
///
/// Text has all digits of an integer, and the fewest digits of a float that read back to the same
/// one. Protobuf has floats only: an integer above 2^53 is rounded there.
///
/// # Examples
///
/// ```
/// use exposition::Number;
///
/// assert_eq!(Number::from(18_446_744_073_709_551_615_u64).to_string(), "18446744073709551615");
/// assert_eq!(Number::from(0.1).to_string(), "0.1");
/// assert_eq!(Number::from(f64::INFINITY).to_string(), "+Inf");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// An integer of at least 0.
    Integer(u64),
    /// Any float.
    Float(f64),
}

impl Number {
    /// Returns the nearest float.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Float(float) => float,
        }
    }
}

impl From<u64> for Number {
    fn from(integer: u64) -> Self {
        Self::Integer(integer)
    }
}

impl From<f64> for Number {
    fn from(float: f64) -> Self {
        Self::Float(float)
    }
}

impl From<ActionTime> for Number {
    fn from(time: ActionTime) -> Self {
        time.as_integer().map_or_else(|| Self::Float(time.as_f64()), Self::Integer)
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::Integer(integer) => write!(f, "{integer}"),
            Self::Float(float) if float.is_nan() => f.write_str("NaN"),
            Self::Float(f64::INFINITY) => f.write_str("+Inf"),
            Self::Float(f64::NEG_INFINITY) => f.write_str("-Inf"),
            // Without an exponent, floats of any size would have up to 1,077 characters.
            Self::Float(float) if (1e-9..1e17).contains(&float.abs()) || float == 0.0 => {
                write!(f, "{float}")
            }
            Self::Float(float) => write!(f, "{float:e}"),
        }
    }
}

/// Returns the value of a label `le` or `quantile`.
///
/// A label is compared as text. So all formats have the one spelling that OpenMetrics prescribes
/// and that a server gives to the floats of protobuf: with a fraction or an exponent, as C's `%g`.
/// Otherwise a change of the format would begin new time series.
pub(crate) fn canonical(float: f64) -> String {
    if !float.is_finite() {
        return Number::Float(float).to_string();
    }
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>().unwrap_or_default() {
        -4..6 => {
            let plain = float.to_string();
            if plain.contains('.') { plain } else { plain + ".0" }
        }
        exponent => format!("{digits}e{}{:02}", sign(exponent), exponent.abs()),
    }
}

fn sign(exponent: i32) -> char {
    if exponent < 0 { '-' } else { '+' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back_to_the_same_float() {
        let floats = [0.1, 1e-9, 9.9e-10, 1e16, 1e17, 5e-324, f64::MAX, 1.0 / 3.0, -2.5, 0.0];
        for float in floats {
            let text = Number::Float(float).to_string();
            assert_eq!(text.parse::<f64>(), Ok(float), "{text}");
            assert!(text.len() <= 24, "{text}");
        }
    }

    #[test]
    fn numbers_that_are_not_finite_have_their_words() {
        let words = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(Number::Float);
        assert_eq!(words.map(|word| word.to_string()), ["NaN", "+Inf", "-Inf"]);
    }

    #[test]
    fn labels_of_numbers_are_those_of_the_server() {
        // As Go's `FormatFloat(f, 'g', -1, 64)`, with `.0` where there is neither point nor `e`.
        let cases = [
            (0.0, "0.0"),
            (1.0, "1.0"),
            (0.5, "0.5"),
            (0.999, "0.999"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.00000125, "1.25e-06"),
            (100_000.0, "100000.0"),
            (1_000_000.0, "1e+06"),
            (1.5e300, "1.5e+300"),
            (f64::INFINITY, "+Inf"),
        ];
        for (float, expected) in cases {
            assert_eq!(canonical(float), expected);
        }
    }
}
