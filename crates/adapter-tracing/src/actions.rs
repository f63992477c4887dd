//! The three actions that a span is recorded under.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use facade::actions::{LabelError, LabeledName};
use facade::{ActionHandle, Windrow};
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
    by_callsite: RwLock<HashMap<Identifier, Arc<SpanActions>>>,
}

/// Handles of the three actions of a span, where there was room for them.
struct SpanActions([Option<ActionHandle>; 3]);

impl Actions {
    pub(crate) fn new(windrow: Windrow) -> Self {
        Self { windrow, by_callsite: RwLock::default() }
    }

    /// Records a span without labels.
    pub(crate) fn record(&self, metadata: &Metadata<'_>, times: Times) {
        let actions = self.of_callsite(metadata);
        let by_name = |index: usize, elapsed| {
            if let Ok(names) = name_of(metadata).and_then(|name| with_times(&name)) {
                self.record_by_name(&names[index], elapsed);
            }
        };
        for (index, (handle, elapsed)) in actions.0.iter().zip(times.each()).enumerate() {
            match handle {
                Some(handle) => handle.record(elapsed),
                None => by_name(index, elapsed),
            }
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

    fn of_callsite(&self, metadata: &Metadata<'_>) -> Arc<SpanActions> {
        let callsite = metadata.callsite();
        let known = self.by_callsite.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(actions) = known.get(&callsite) {
            return Arc::clone(actions);
        }
        drop(known);
        let handle = |name: LabeledName| self.windrow.action(name.as_str()).ok();
        let handles = name_of(metadata).and_then(|name| with_times(&name));
        let handles = handles.map(|names| names.map(handle));
        let made = Arc::new(SpanActions(handles.unwrap_or_default()));
        let mut known = self.by_callsite.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(callsite).or_insert(made))
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
