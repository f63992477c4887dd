//! Addresses as text.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::error::ListenError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Udp(SocketAddr),
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Address {
    pub(crate) fn parse(address: &str) -> Result<Self, ListenError> {
        let (kind, rest) = address.split_once("://").unwrap_or(("", address));
        let parsed = match kind {
            "udp" => socket(rest).map(Self::Udp),
            "tcp" => socket(rest).map(Self::Tcp),
            "unix" if rest.starts_with('/') => Some(Self::Unix(rest.into())),
            _ => None,
        };
        parsed.ok_or_else(|| ListenError::Address { address: address.to_owned() })
    }

    /// Returns whether only this machine reaches the address.
    pub(crate) fn is_local(&self) -> bool {
        match self {
            Self::Udp(at) | Self::Tcp(at) => at.ip().to_canonical().is_loopback(),
            Self::Unix(_) => true,
        }
    }
}

/// Reads an address without asking a name server, whose answer could leave the machine.
fn socket(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port.parse().ok()?)),
        None => text.parse().ok(),
    }
}
