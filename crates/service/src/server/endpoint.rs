//! Where a server listens.

use std::fmt;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

/// Where a server listens: an address with a port, or a Unix socket.
///
/// As text, `127.0.0.1:8080`, `[::1]:0` with any free port, or `unix:/run/windrow.sock`.
///
/// # Examples
///
/// ```
/// use service::Endpoint;
///
/// let local: Endpoint = "127.0.0.1:8080".parse()?;
/// assert!(local.is_local());
/// let open: Endpoint = "0.0.0.0:8080".parse()?;
/// assert!(!open.is_local());
/// # Ok::<(), service::EndpointError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Endpoint {
    /// An address with a port; port 0 is any free one.
    Tcp(SocketAddr),
    /// The file of a socket.
    #[cfg(unix)]
    Unix(PathBuf),
}

/// A text is not an [`Endpoint`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected an address with a port, such as 127.0.0.1:8080, or unix:PATH")]
pub struct EndpointError;

impl Endpoint {
    /// Returns whether only processes of this machine can connect.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().to_canonical().is_loopback(),
            #[cfg(unix)]
            Self::Unix(_) => true,
        }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        #[cfg(unix)]
        if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            return Ok(Self::Unix(path.into()));
        }
        text.parse().map(Self::Tcp).map_err(|_| EndpointError)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            #[cfg(unix)]
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
