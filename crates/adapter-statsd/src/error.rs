//! Why nothing can be received.

use std::io;
use thiserror::Error;

/// Why a socket for statsd cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The address has no form that is known.
    #[error("`{address}` is not `udp://IP:PORT`, `tcp://IP:PORT` or `unix:///PATH`")]
    Address {
        /// The address as it was given.
        address: String,
    },
    /// Other machines reach the address, and this was not allowed.
    #[error(
        "`{address}` is reached by other machines, and statsd has no passwords; listen on \
         127.0.0.1, [::1] or a unix socket, or allow it"
    )]
    Exposed {
        /// The address as it was given.
        address: String,
    },
    /// Something is at the path that is not a socket.
    #[error("`{path}` exists and is not a socket, remove it or choose another path")]
    Occupied {
        /// The path.
        path: String,
    },
    /// The system does not open the socket.
    #[error("cannot listen on `{address}`: {reason}")]
    System {
        /// The address as it was given.
        address: String,
        /// What the system says.
        reason: String,
        /// Its kind.
        kind: io::ErrorKind,
    },
}

impl ListenError {
    pub(crate) fn of_system(address: &str, error: &io::Error) -> Self {
        Self::System { address: address.to_owned(), reason: error.to_string(), kind: error.kind() }
    }
}
