//! The numbers of what arrived.

use exposition::{Description, Labels, Page};

use crate::refusal::{Refusal, RefusedLine};

/// Counts what a [`Statsd`](crate::Statsd) received, refused and lost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatsdCounts {
    /// Lines that were recorded.
    pub accepted: u64,
    /// Values of these lines, each once, whatever its sample rate.
    pub values: u64,
    /// Datagrams that the system dropped, because they arrived faster than they were read.
    ///
    /// Known on Linux for sockets of UDP; other senders wait.
    pub dropped: u64,
    /// Connections that were closed at once, because 256 were open.
    pub connections_refused: u64,
    /// The latest line that was refused.
    pub last_refused: Option<RefusedLine>,
    refused: [u64; Refusal::ALL.len()],
}

impl StatsdCounts {
    /// Returns the number of refused lines.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.iter().sum()
    }

    /// Returns the number of lines that were refused for one reason.
    #[must_use]
    pub fn refused_for(&self, reason: Refusal) -> u64 {
        self.refused[reason.index()]
    }

    pub(crate) fn refuse(&mut self, reason: Refusal, line: &[u8]) {
        self.refused[reason.index()] += 1;
        self.last_refused = Some(RefusedLine::new(reason, line));
    }

    /// Writes the families of a page. A family whose name the page has is left out.
    pub(crate) fn write(&self, page: &mut Page) {
        let by = |label: &str, name| Labels::default().with(label, name).unwrap_or_default();
        let mut family = |name: &str, help: &str, samples: &[(Labels, u64)]| {
            if let Ok(mut counters) = page.counters(&Description::new(name, help)) {
                for (labels, count) in samples {
                    // Their labels are different.
                    let _ = counters.add(labels, *count);
                }
            }
        };
        let one = |count| [(Labels::default(), count)];
        family("windrow_statsd_lines", "Lines of statsd that were recorded.", &one(self.accepted));
        let refused =
            Refusal::ALL.map(|(reason, name)| (by("reason", name), self.refused_for(reason)));
        family("windrow_statsd_refused", "Lines of statsd that were refused.", &refused);
        let help = "Datagrams that the system dropped before they were read.";
        family("windrow_statsd_dropped", help, &one(self.dropped));
        let help = "Connections that were closed because too many were open.";
        family("windrow_statsd_connections_refused", help, &one(self.connections_refused));
    }
}
