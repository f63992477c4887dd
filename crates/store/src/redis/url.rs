//! The address of a server.

use std::fmt;
use std::str::FromStr;

use redis::{ConnectionInfo, IntoConnectionInfo};

use crate::error::StoreError;

/// The URL of a Redis or Valkey server, which is not shown, because it may have a password.
///
/// `redis://USER:PASSWORD@HOST:PORT/DATABASE`, `rediss://` for TLS, and `unix:///PATH` for a
/// socket; also `valkey://` and `valkeys://`. Everything but the host may be left out. With a
/// cluster, name any of its nodes.
///
/// # Examples
///
/// ```
/// use store::StoreUrl;
///
/// let url: StoreUrl = "rediss://metrics:secret@cache.example".parse()?;
/// assert_eq!(format!("{url:?}"), "StoreUrl(rediss://…)");
/// let error = "http://me:secret@cache.example".parse::<StoreUrl>().unwrap_err();
/// assert!(!error.to_string().contains("secret"));
/// # Ok::<(), store::StoreError>(())
/// ```
#[derive(Clone)]
pub struct StoreUrl {
    scheme: &'static str,
    info: ConnectionInfo,
}

const SCHEMES: [&str; 8] =
    ["redis", "rediss", "valkey", "valkeys", "unix", "redis+unix", "valkey+unix", "tcp"];

impl FromStr for StoreUrl {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let text = text.trim();
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        let scheme = SCHEMES.into_iter().find(|&known| Some(known) == scheme);
        let scheme = scheme.ok_or(StoreError::Url("its scheme is unknown"))?;
        // The error of the parser is not shown: it may quote the URL.
        let info = redis::parse_redis_url(text).and_then(|url| url.into_connection_info().ok());
        let info = info.ok_or(StoreError::Url("its host, port, database or options are wrong"))?;
        let settings = info.redis_settings().clone();
        let settings = settings.set_protocol(redis::ProtocolVersion::RESP3);
        let settings = settings.set_lib_name("windrow", env!("CARGO_PKG_VERSION"));
        Ok(Self { scheme, info: info.set_redis_settings(settings) })
    }
}

impl StoreUrl {
    pub(super) fn info(&self) -> &ConnectionInfo {
        &self.info
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({}://…)", self.scheme)
    }
}
