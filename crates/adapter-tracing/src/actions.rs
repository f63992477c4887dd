//! The three actions that a span is recorded under.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use core_time::PerThread;
use facade::actions::{LabelError, LabeledName};
use facade::{ActionHandle, Windrow};
use foldhash::fast::FixedState;
use tracing_core::Metadata;
use tracing_core::callsite::Identifier;

use crate::labels::{Labels, labeled};
use crate::span::Times;

/// The label that says which time of a span it is.
pub(crate) const LABEL: &str = "time";

/// The actions of spans.
pub(crate) struct Actions {
    windrow: Windrow,
    /// Of spans without labels: one for each call site.
    by_callsite: Mutex<ByCallsite>,
    /// Those that a thread has used. With one table for all, a record waited for its lock.
    of_thread: PerThread<RefCell<ByCallsite>>,
}

type ByCallsite = HashMap<Identifier, Arc<SpanActions>, FixedState>;

/// Handles of the three actions of a span, where there was room for them.
struct SpanActions([Option<ActionHandle>; 3]);

impl Actions {
    pub(crate) fn new(windrow: Windrow) -> Self {
        Self { windrow, by_callsite: Mutex::default(), of_thread: PerThread::default() }
    }

    /// Records a span without labels.
    pub(crate) fn record(&self, metadata: &Metadata<'_>, times: Times) {
        let recorded = self.of_thread.with(RefCell::default, |known| {
            let known = known.borrow();
            known.get(&metadata.callsite()).map(|actions| self.record_by(actions, metadata, times))
        });
        if recorded.flatten().is_none() {
            self.record_first(metadata, times);
        }
    }

    /// Records the first span of a call site on this thread, or one of a thread that is ending.
    #[cold]
    fn record_first(&self, metadata: &Metadata<'_>, times: Times) {
        let actions = self.of_callsite(metadata);
        self.record_by(&actions, metadata, times);
        self.of_thread.with(RefCell::default, |known| {
            // Borrowed while a clock of the user creates a span inside a record.
            if let Ok(mut known) = known.try_borrow_mut() {
                known.insert(metadata.callsite(), actions);
            }
        });
    }

    fn record_by(&self, actions: &SpanActions, metadata: &Metadata<'_>, times: Times) {
        for (index, (handle, elapsed)) in actions.0.iter().zip(times.each()).enumerate() {
            match handle {
                Some(handle) => handle.record(elapsed),
                None => self.record_without_handle(index, metadata, elapsed),
            }
        }
    }

    #[cold]
    fn record_without_handle(&self, index: usize, metadata: &Metadata<'_>, elapsed: Duration) {
        if let Ok(names) = name_of(metadata).and_then(|name| with_times(&name)) {
            self.record_by_name(&names[index], elapsed);
        }
    }

    /// Records a span with labels.
    ///
    /// No handles are kept, because their number depends on the values: an action with a handle
    /// cannot be evicted.
    pub(crate) fn record_labeled(
        &self,
        metadata: &Metadata<'_>,
        fields: &[String],
        labels: &Labels,
        times: Times,
    ) {
        let base = name_of(metadata).and_then(|name| labeled(name, fields, labels));
        // A label that cannot be one is refused when the layer is made.
        let Ok(names) = base.and_then(|base| with_times(&base)) else { return };
        for (name, elapsed) in names.iter().zip(times.each()) {
            self.record_by_name(name, elapsed);
        }
    }

    fn record_by_name(&self, name: &LabeledName, elapsed: Duration) {
        if self.windrow.windows().is_none() {
            // Starts keeping windows. An error is that of the record below.
            let _ = self.windrow.action(name.as_str());
        }
        // The tracker counts what it has no room for.
        let _ = self.windrow.add_action_duration(name.as_str(), elapsed);
    }

    /// Returns the actions of a call site, which are made if it has none.
    fn of_callsite(&self, metadata: &Metadata<'_>) -> Arc<SpanActions> {
        let known = || self.by_callsite.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(actions) = known().get(&metadata.callsite()) {
            return Arc::clone(actions);
        }
        // Without the lock, because a clock of the user may create a span.
        let handle = |name: LabeledName| self.windrow.action(name.as_str()).ok();
        let handles = name_of(metadata).and_then(|name| with_times(&name));
        let handles = handles.map(|names| names.map(handle));
        let made = Arc::new(SpanActions(handles.unwrap_or_default()));
        Arc::clone(known().entry(metadata.callsite()).or_insert(made))
    }
}

impl Times {
    /// Returns the times in the order of the names.
    fn each(self) -> [Duration; 3] {
        [self.total, self.busy, self.idle]
    }
}

/// Returns the name of a span as one of an action, with the labels that its text ends with.
///
/// A span may be called anything, also what is not a valid name of an action.
fn name_of(metadata: &Metadata<'_>) -> Result<LabeledName, LabelError> {
    LabeledName::parse(&metadata.name().replace(char::is_control, "\u{FFFD}"))
        .or_else(|_| LabeledName::new("span"))
}

/// Returns the names of the three actions of a span.
fn with_times(base: &LabeledName) -> Result<[LabeledName; 3], LabelError> {
    let name = |time| base.clone().with(LABEL, time);
    Ok([name("total")?, name("busy")?, name("idle")?])
}

#[cfg(test)]
mod tests {
    use tracing::subscriber::with_default;

    use super::*;

    #[test]
    fn thread_keeps_the_actions_of_a_call_site() {
        let actions = Actions::new(Windrow::default());
        let times = Times { total: Duration::MAX, busy: Duration::ZERO, idle: Duration::MAX };
        with_default(tracing_subscriber::registry(), || {
            let span = tracing::info_span!("known");
            (0..3).for_each(|_| actions.record(span.metadata().expect("enabled"), times));
        });
        let known = actions.of_thread.with(RefCell::default, |known| known.borrow().len());
        assert_eq!(known, Some(1));
        let row = actions.windrow.get(r#"known{time="busy"}"#).expect("recorded");
        assert_eq!(row.count(), 3);
    }
}
