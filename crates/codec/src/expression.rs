//! Regular expressions: the crate `regex`, with errors that have a place.

use regex::Regex;

/// The maximum size of a compiled pattern, in bytes.
const COMPILED_BYTES_MAX: usize = 10 << 20;

/// Why a pattern is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PatternFault {
    /// What is wrong, in the words of the crate.
    pub(crate) reason: Box<str>,
    /// The offset in the pattern.
    pub(crate) at: usize,
}

/// Compiles a pattern for text.
pub(crate) fn compile(pattern: &str) -> Result<Regex, PatternFault> {
    check(pattern, true)?;
    let compiled = regex::RegexBuilder::new(pattern).size_limit(COMPILED_BYTES_MAX).build();
    compiled.map_err(|_| too_large())
}

/// Compiles a pattern for bytes.
pub(crate) fn compile_bytes(pattern: &str) -> Result<regex::bytes::Regex, PatternFault> {
    check(pattern, false)?;
    let compiled = regex::bytes::RegexBuilder::new(pattern).size_limit(COMPILED_BYTES_MAX).build();
    compiled.map_err(|_| too_large())
}

/// Checks the syntax of a pattern, which may match text that is not UTF-8 if it is for bytes.
fn check(pattern: &str, is_for_text: bool) -> Result<(), PatternFault> {
    // The errors of `regex` are text that is already laid out; those of its parser have a place.
    let parsed = regex_syntax::ParserBuilder::new().utf8(is_for_text).build().parse(pattern);
    let (reason, at) = match &parsed {
        Ok(_) => return Ok(()),
        Err(regex_syntax::Error::Parse(error)) => {
            (error.kind().to_string(), error.span().start.offset)
        }
        Err(regex_syntax::Error::Translate(error)) => {
            (error.kind().to_string(), error.span().start.offset)
        }
        Err(other) => (other.to_string(), 0),
    };
    Err(PatternFault { reason: reason.into(), at })
}

fn too_large() -> PatternFault {
    let reason = format!("pattern needs more than {COMPILED_BYTES_MAX} bytes when compiled");
    PatternFault { reason: reason.into(), at: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(pattern: &str, reason: &str, at: usize) {
        let found = compile(pattern).unwrap_err();
        assert_eq!((&*found.reason, found.at), (reason, at), "pattern {pattern}");
    }

    #[test]
    fn errors_have_their_place() {
        refused("ab(c", "unclosed group", 2);
        refused("é[a", "unclosed character class", 2);
        refused("a**(", "unclosed group", 3);
        refused("*", "repetition operator missing expression", 0);
        refused(r"\p{Nope}", "Unicode property not found", 0);
        refused("(?=a)", "look-around, including look-ahead and look-behind, is not supported", 0);
        let large = "x".repeat(3) + "(?:a{1000}){1000}";
        refused(&large, "pattern needs more than 10485760 bytes when compiled", 0);
        assert!(compile(r"\=\p{L}+").is_ok());
        refused(r"(?-u)\xFF", "pattern can match invalid UTF-8", 5);
        assert!(compile_bytes(r"(?-u)\xFF").is_ok());
    }
}
