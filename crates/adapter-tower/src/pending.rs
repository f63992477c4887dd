//! A request that has begun and is recorded when it ends, however it ends.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use facade::Stamp;
use facade::time::{Clock, InFlight, InFlightGuard};

use crate::outcome::{MethodName, Outcome};
use crate::routes::{Endpoint, Routes};

/// What all requests of a layer share.
pub(crate) struct Shared {
    pub(crate) routes: Routes,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) in_flight: Arc<InFlight>,
}

/// A request in flight. Records it when it is dropped.
pub(crate) struct Pending {
    pub(crate) method: MethodName,
    endpoint: Arc<Endpoint>,
    begin: Stamp,
    outcome: Outcome,
    shared: Arc<Shared>,
    _in_flight: InFlightGuard<Arc<InFlight>>,
}

impl Pending {
    pub(crate) fn new(shared: &Arc<Shared>, method: MethodName, endpoint: Arc<Endpoint>) -> Self {
        let begin = shared.clock.now();
        let _in_flight = shared.in_flight.enter_owned();
        let shared = Arc::clone(shared);
        Self { method, endpoint, begin, outcome: Outcome::Cancelled, shared, _in_flight }
    }

    /// Calls code that may panic, in which case the outcome is an error.
    ///
    /// Code that catches the panic drops the request later, when nothing shows that there was one.
    pub(crate) fn attempt<R>(&mut self, call: impl FnOnce() -> R) -> R {
        self.outcome = Outcome::Error;
        let result = call();
        self.outcome = Outcome::Cancelled;
        result
    }

    /// Records the request with its outcome.
    pub(crate) fn finish(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let Shared { routes, clock, .. } = &*self.shared;
        let nanos = i128::from(clock.now().as_nanos()) - i128::from(self.begin.as_nanos());
        // 0 if the clock stepped back.
        let elapsed = Duration::from_nanos(u64::try_from(nanos).unwrap_or(0));
        routes.record(&self.endpoint, self.outcome, elapsed);
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("begin", &self.begin).finish_non_exhaustive()
    }
}
