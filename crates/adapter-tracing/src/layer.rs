//! The layer of a subscriber.

use std::fmt;
use std::sync::Arc;

use facade::Windrow;
use facade::actions::{LabelError, LabeledName};
use facade::time::{Clock, MonotonicClock};
use tracing_core::Subscriber;
use tracing_core::span::{Attributes, Id, Record};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::actions::{Actions, LABEL};
use crate::labels::{Chosen, Labels, label_of, replace};
use crate::span::State;
use crate::spans::Spans;

/// Measures each span of a subscriber: its total, busy and idle time.
///
/// A span is recorded when it closes, as one record of each of three actions: its name with the
/// label `time`, which is `total`, `busy` or `idle`.
///
/// | Time | Meaning |
/// | --- | --- |
/// | `total` | from the creation of the span to its close |
/// | `busy` | while it was entered by at least one thread |
/// | `idle` | the rest: `total` without `busy` |
///
/// A span that is entered twice, or by two threads at once, is busy once. One that was never
/// entered has a busy time of 0. A span closes when its last handle is dropped, so a cancelled task
/// is recorded too. What other layers filter or sample makes no difference; a
/// [filter](tracing_subscriber::Layer::with_filter) on this layer does.
///
/// # Complexity
///
/// Each step of a span reads the clock and takes a lock that threads seldom share, and a close
/// makes three records. Only the first span of a call site on a thread allocates, and spans with
/// [labels](Self::with_fields), which make their names each time.
///
/// # Memory
///
/// Depends on the number of span call sites and of open spans, not on how often they run. Where the
/// tracker is [full](facade::WindrowBuilder::actions), its policy applies.
///
/// # Examples
///
/// ```
/// use adapter_tracing::SpanLayer;
/// use facade::Windrow;
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let windrow = Windrow::default();
/// let subscriber = tracing_subscriber::registry().with(SpanLayer::new(&windrow));
/// tracing::subscriber::with_default(subscriber, || {
///     tracing::info_span!("checkout").in_scope(|| { /* work */ });
/// });
/// let busy = windrow.get(r#"checkout{time="busy"}"#).expect("recorded");
/// assert_eq!(busy.count(), 1);
/// ```
pub struct SpanLayer {
    actions: Actions,
    clock: Arc<dyn Clock>,
    spans: Spans,
    /// The fields whose values are labels.
    fields: Vec<String>,
}

impl SpanLayer {
    /// Creates a layer that records into `windrow`.
    #[must_use]
    pub fn new(windrow: &Windrow) -> Self {
        Self::with_clock(windrow, MonotonicClock)
    }

    /// Creates a layer that measures times by a custom clock.
    ///
    /// The clock of `windrow` decides into which bucket a time goes; it may be too coarse for the
    /// times themselves.
    #[must_use]
    pub fn with_clock(windrow: &Windrow, clock: impl Clock) -> Self {
        let actions = Actions::new(windrow.clone());
        Self { actions, clock: Arc::new(clock), spans: Spans::default(), fields: Vec::new() }
    }

    /// Sets the fields of spans whose values become labels of the actions.
    ///
    /// A span without the field, or with an empty value, has no such label. The last value counts.
    /// A dot in the name of a field is `_` in that of its label. Control characters in values
    /// become U+FFFD, except for line feeds. Choose fields with few values: each value makes three
    /// actions.
    ///
    /// # Errors
    ///
    /// [`LabelError`] if a name cannot be that of a label, such as `2xx`, or is `time`.
    ///
    /// # Examples
    ///
    /// ```
    /// use adapter_tracing::SpanLayer;
    /// use facade::Windrow;
    /// use tracing_subscriber::layer::SubscriberExt;
    ///
    /// let windrow = Windrow::default();
    /// let layer = SpanLayer::new(&windrow).with_fields(["method"])?;
    /// let subscriber = tracing_subscriber::registry().with(layer);
    /// tracing::subscriber::with_default(subscriber, || {
    ///     drop(tracing::info_span!("request", method = "GET", path = "/a/b"));
    /// });
    /// assert!(windrow.get(r#"request{method="GET",time="total"}"#).is_some());
    /// # Ok::<(), facade::actions::LabelError>(())
    /// ```
    pub fn with_fields<F: Into<String>>(
        mut self,
        fields: impl IntoIterator<Item = F>,
    ) -> Result<Self, LabelError> {
        self.fields = fields.into_iter().map(Into::into).collect();
        for field in &self.fields {
            let label = label_of(field);
            LabeledName::new("span")?.with(&label, "value")?;
            if label == LABEL {
                return Err(LabelError::Reserved { label });
            }
        }
        Ok(self)
    }
}

// The bound names subscribers that close spans, which frees what is known of them.
impl<S> Layer<S> for SpanLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut labels = Labels::new();
        if !self.fields.is_empty() {
            attributes.record(&mut Chosen { fields: &self.fields, labels: &mut labels });
        }
        self.spans.insert(id, State::new(attributes.metadata(), self.clock.now(), labels));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        if self.fields.is_empty() {
            return;
        }
        let mut labels = Labels::new();
        values.record(&mut Chosen { fields: &self.fields, labels: &mut labels });
        self.spans.change(id, |state| replace(&mut state.labels, labels));
    }

    // The clock is read under the lock of the span, so that its times are in the order of the
    // changes.
    fn on_enter(&self, id: &Id, _: Context<'_, S>) {
        self.spans.change(id, |state| state.enter(|| self.clock.now()));
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        self.spans.change(id, |state| state.exit(|| self.clock.now()));
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let Some(state) = self.spans.remove(&id) else { return };
        let times = state.close(self.clock.now());
        if state.labels.is_empty() {
            self.actions.record(state.metadata, times);
        } else {
            self.actions.record_labeled(state.metadata, &self.fields, &state.labels, times);
        }
    }
}

impl fmt::Debug for SpanLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanLayer").field("fields", &self.fields).finish_non_exhaustive()
    }
}
