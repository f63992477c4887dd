//! Requests that change nothing.

use axum::http::header::{ACCEPT_ENCODING, HeaderName, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use thiserror::Error;

/// The content types with a meaning.
const CONTENT_TYPES: &str =
    "application/x-ndjson, application/json, text/csv, text/tab-separated-values, text/plain";

/// Why a request was refused as a whole.
///
/// Nothing of it was recorded, except of [`Unconfirmed`](Self::Unconfirmed), which was, and of
/// [`Broken`](Self::Broken), which may have been.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum Refusal {
    #[error("body is longer than {max} bytes, send it in parts")]
    TooLong { max: usize },
    #[error("body has more than {max} bytes when decompressed, send it in parts")]
    UnpacksTooLong { max: usize },
    #[error("body did not arrive within {seconds} s")]
    TooSlow { seconds: u64 },
    #[error("body ended early")]
    Cut,
    #[error("body is not valid {encoding}: {problem}")]
    Damaged { encoding: &'static str, problem: String },
    #[error("content encoding is `{found}`, expected gzip, zstd or identity")]
    Encoding { found: String },
    #[error("content type is `{found}`, expected one of {CONTENT_TYPES}")]
    ContentType { found: String },
    #[error("bodies that are being received take {max} bytes, try again later")]
    Busy { max: usize },
    #[error("{0}")]
    Unreadable(String),
    #[error("the idempotency key is empty or longer than {max} bytes, or not visible ASCII")]
    Key { max: usize },
    #[error("the idempotency key was used with another body, use a new key")]
    OtherBody,
    #[error("a request with the same idempotency key is being answered, try again later")]
    InProgress,
    #[error("no windows are kept: {0}")]
    NoWindows(String),
    #[error(transparent)]
    Durability(journal::UnknownLevel),
    #[error("durability `{level}` is not kept by this server, send `memory` or nothing")]
    NoJournal { level: journal::Level },
    #[error("nothing was recorded, because it would not be kept: {0}")]
    NotKept(String),
    #[error(
        "the actions are recorded, do not send them again, but the disk has not confirmed: {0}"
    )]
    Unconfirmed(String),
    #[error("the request was not answered because of a fault in this program")]
    Broken,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::TooLong { .. } | Self::UnpacksTooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::Encoding { .. } | Self::ContentType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Busy { .. } | Self::NoWindows(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::OtherBody => StatusCode::UNPROCESSABLE_ENTITY,
            Self::InProgress => StatusCode::CONFLICT,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotKept(_) | Self::Unconfirmed(_) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Durability(_) | Self::NoJournal { .. } => StatusCode::BAD_REQUEST,
            Self::Cut | Self::Damaged { .. } | Self::Unreadable(_) | Self::Key { .. } => {
                StatusCode::BAD_REQUEST
            }
        }
    }

    /// Returns a header that helps the client to do better.
    fn advice(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Encoding { .. } => {
                Some((ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd")))
            }
            Self::Busy { .. } | Self::InProgress => {
                Some((RETRY_AFTER, HeaderValue::from_static("1")))
            }
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = json!({ "error": self.to_string() });
        let mut response = (self.status(), axum::Json(error)).into_response();
        response.headers_mut().extend(self.advice());
        response
    }
}
