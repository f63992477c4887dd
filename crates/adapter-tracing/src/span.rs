//! What is known of a span while it lives.

use std::time::Duration;

use facade::Stamp;
use tracing_core::Metadata;

use crate::labels::Labels;

/// The times of one span.
pub(crate) struct State {
    pub(crate) metadata: &'static Metadata<'static>,
    begin: Stamp,
    /// How often it is entered now, on all threads.
    entered: usize,
    /// When `entered` became 1.
    busy_since: Stamp,
    /// The sum of the times in which it was entered at least once.
    busy_nanos: u64,
    pub(crate) labels: Labels,
}

/// How long a span took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) total: Duration,
    pub(crate) busy: Duration,
    pub(crate) idle: Duration,
}

impl State {
    pub(crate) fn new(metadata: &'static Metadata<'static>, now: Stamp, labels: Labels) -> Self {
        Self { metadata, begin: now, entered: 0, busy_since: now, busy_nanos: 0, labels }
    }

    pub(crate) fn enter(&mut self, now: impl FnOnce() -> Stamp) {
        if self.entered == 0 {
            self.busy_since = now();
        }
        self.entered += 1;
    }

    pub(crate) fn exit(&mut self, now: impl FnOnce() -> Stamp) {
        if self.entered == 1 {
            self.busy_nanos = self.busy_nanos.saturating_add(nanos(self.busy_since, now()));
        }
        self.entered = self.entered.saturating_sub(1);
    }

    pub(crate) fn close(&self, now: Stamp) -> Times {
        let total = nanos(self.begin, now);
        // No longer than the whole, also if the clock stepped back.
        let busy = self.busy_nanos.min(total);
        let [total, busy, idle] = [total, busy, total - busy].map(Duration::from_nanos);
        Times { total, busy, idle }
    }
}

/// Returns the time between two stamps, 0 if the clock stepped back.
fn nanos(from: Stamp, to: Stamp) -> u64 {
    let nanos = i128::from(to.as_nanos()) - i128::from(from.as_nanos());
    u64::try_from(nanos).unwrap_or(0)
}
