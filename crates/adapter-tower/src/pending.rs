//! A request that has begun and is recorded when it ends, however it ends.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use facade::Stamp;
use facade::time::{InFlight, InFlightGuard};

use crate::outcome::{MethodName, Outcome};
use crate::routes::Endpoint;

/// A request in flight. Records it when it is dropped.
pub(crate) struct Pending {
    pub(crate) method: MethodName,
    outcome: Outcome,
    begin: Stamp,
    in_flight: InFlightGuard<ToEndpoint>,
}

/// A reference to an endpoint, and by it to the count of requests in flight.
struct ToEndpoint(Arc<Endpoint>);

impl Deref for ToEndpoint {
    type Target = InFlight;

    fn deref(&self) -> &InFlight {
        &self.0.shared.in_flight
    }
}

impl Pending {
    pub(crate) fn new(method: MethodName, endpoint: Arc<Endpoint>) -> Self {
        let begin = endpoint.shared.clock.now();
        let in_flight = InFlightGuard::new(ToEndpoint(endpoint));
        Self { method, outcome: Outcome::Cancelled, begin, in_flight }
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
        let endpoint = &self.in_flight.get_ref().0;
        let now = endpoint.shared.clock.now();
        let nanos = i128::from(now.as_nanos()) - i128::from(self.begin.as_nanos());
        // 0 if the clock stepped back.
        let elapsed = Duration::from_nanos(u64::try_from(nanos).unwrap_or(0));
        endpoint.record(self.outcome, elapsed);
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("begin", &self.begin).finish_non_exhaustive()
    }
}
