//! The hosts that a page is for.

/// The hosts that a request may name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hosts(Option<Vec<String>>);

impl Hosts {
    pub(crate) fn only(hosts: impl Iterator<Item = String>) -> Self {
        Self(Some(hosts.map(|host| host.to_ascii_lowercase()).collect()))
    }

    pub(crate) fn allow(&self, host: &str) -> bool {
        let Some(hosts) = &self.0 else { return true };
        let host = host.to_ascii_lowercase();
        hosts.iter().any(|allowed| *allowed == host || *allowed == without_port(&host))
    }
}

/// Returns a host without its port. The address of an IPv6 host is in brackets.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|c| c.is_ascii_digit()) && !name.is_empty() => name,
        _ => host,
    }
}
