//! How a request ended.

use http::{Method, StatusCode};

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The response was complete; its status is of one of five classes.
    Informational,
    Success,
    Redirection,
    ClientError,
    ServerError,
    /// The status is of no class.
    OtherStatus,
    /// The service or its body returned an error or panicked.
    Error,
    /// The future or the body was dropped before its end.
    Cancelled,
}

impl Outcome {
    /// The number of outcomes.
    pub(crate) const COUNT: usize = 8;

    pub(crate) fn of(status: StatusCode) -> Self {
        match status.as_u16() / 100 {
            1 => Self::Informational,
            2 => Self::Success,
            3 => Self::Redirection,
            4 => Self::ClientError,
            5 => Self::ServerError,
            _ => Self::OtherStatus,
        }
    }

    /// Returns the value of the label `outcome`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "1xx",
            Self::Success => "2xx",
            Self::Redirection => "3xx",
            Self::ClientError => "4xx",
            Self::ServerError => "5xx",
            Self::OtherStatus => "other",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Returns whether a response ends with its head, so that nobody asks for its body.
///
/// RFC 9110, sections 9.3.2 (HEAD), 9.3.6 (CONNECT), 15.2 (1xx), 15.3.5 (204) and 15.4.5 (304).
pub(crate) fn ends_with_head(method: MethodName, status: StatusCode) -> bool {
    match method.as_str() {
        "HEAD" => true,
        "CONNECT" if status.is_success() => true,
        _ => status.is_informational() || matches!(status.as_u16(), 204 | 304),
    }
}

/// The name of a method, one of a few.
///
/// A client may send any word as a method, so those that RFC 9110 and RFC 5789 do not define have
/// one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MethodName(u8);

impl MethodName {
    const NAMES: [&str; 10] =
        ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "CONNECT", "PATCH", "TRACE", "OTHER"];

    /// The number of names.
    pub(crate) const COUNT: usize = Self::NAMES.len();

    pub(crate) fn of(method: &Method) -> Self {
        let found = Self::NAMES.iter().position(|name| *name == method.as_str());
        Self(found.unwrap_or(Self::COUNT - 1) as u8)
    }

    pub(crate) fn index(self) -> usize {
        self.0.into()
    }

    pub(crate) fn as_str(self) -> &'static str {
        Self::NAMES[self.index()]
    }
}
