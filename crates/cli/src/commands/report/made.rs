//! When a page was made.

use std::env;
use std::ffi::OsStr;

use facade::Stamp;
use facade::codec::visible;
use facade::time::{Clock, SystemClock};

use crate::diagnostics;
use crate::exit::Exit;

/// The variable that replaces the present moment, so that the same input makes the same page.
///
/// See <https://reproducible-builds.org/specs/source-date-epoch/>.
const VARIABLE: &str = "SOURCE_DATE_EPOCH";
/// The last whole second of a timestamp, which has nanoseconds.
const SECONDS_MAX: i64 = i64::MAX / 1_000_000_000;

/// The moment in the variable, if it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Made(Option<Stamp>);

impl Made {
    /// Reads the variable.
    ///
    /// # Errors
    ///
    /// [`Exit::Misused`] if the variable has no moment. It is reported.
    pub(super) fn from_environment() -> Result<Self, Exit> {
        let Some(value) = env::var_os(VARIABLE) else { return Ok(Self(None)) };
        let Some(stamp) = parse(&value) else {
            diagnostics::report(format_args!(
                "{VARIABLE} is `{}`, expected whole seconds since 1970, from 0 to {SECONDS_MAX}\n  \
                 set it as `date +%s` prints them, or unset it",
                visible(value.as_encoded_bytes())
            ));
            return Err(Exit::Misused);
        };
        Ok(Self(Some(stamp)))
    }

    /// Returns the moment in the variable, or now.
    pub(super) fn moment(self) -> Stamp {
        self.0.unwrap_or_else(|| SystemClock.now())
    }
}

/// Parses seconds without a sign.
fn parse(value: &OsStr) -> Option<Stamp> {
    let text = value.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    let seconds = text.parse::<i64>().ok().filter(|&seconds| seconds <= SECONDS_MAX)?;
    Some(Stamp::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moment_is_whole_seconds_in_range() {
        let seconds = |text: &str| parse(OsStr::new(text)).map(Stamp::as_nanos);
        assert_eq!(seconds("0"), Some(0));
        assert_eq!(seconds("1700000000"), Some(1_700_000_000_000_000_000));
        assert_eq!(seconds("9223372036"), Some(9_223_372_036_000_000_000));
        for text in ["", "-1", "+1", " 1", "1.5", "1e9", "9223372037", "18446744073709551616"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
