//! The token that clients have to show.

use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use subtle::ConstantTimeEq as _;
use thiserror::Error;

/// The length of a token in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=4_096;

/// A text that clients send as `Authorization: Bearer`.
///
/// It is compared in constant time, and `Debug` does not show it.
///
/// # Examples
///
/// ```
/// use service::Token;
///
/// let token = Token::new("4f1d7a5c9b2e8d60")?;
/// assert_eq!(format!("{token:?}"), "Token");
/// assert!(Token::new("1234").is_err());
/// # Ok::<(), service::TokenError>(())
/// ```
#[derive(Clone)]
pub struct Token(Box<[u8]>);

/// A text cannot be a [`Token`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is too short to be secret, or too long for a header.
    #[error("token has {len} bytes, expected 16 to 4096")]
    Length {
        /// Its length in bytes.
        len: usize,
    },
    /// It has white space or other characters that a header cannot have.
    #[error("token has white space or other than visible ASCII (byte {at})")]
    Character {
        /// The offset of the first such byte.
        at: usize,
    },
}

impl Token {
    /// Creates a token of 16 to 4,096 bytes of visible ASCII.
    ///
    /// # Errors
    ///
    /// [`TokenError`] for other texts. It does not show the text.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        if !LENGTHS.contains(&text.len()) {
            return Err(TokenError::Length { len: text.len() });
        }
        match text.bytes().position(|byte| !byte.is_ascii_graphic()) {
            Some(at) => Err(TokenError::Character { at }),
            None => Ok(Self(text.as_bytes().into())),
        }
    }

    /// Returns whether a request shows the token.
    pub(crate) fn is_shown(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(AUTHORIZATION) else { return false };
        let Some((scheme, shown)) = value.as_bytes().split_at_checked(7) else { return false };
        // The length of a token may be known. How many of its bytes are right may not.
        scheme.eq_ignore_ascii_case(b"bearer ") && bool::from(self.0.ct_eq(shown))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
