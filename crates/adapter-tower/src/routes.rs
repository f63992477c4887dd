//! The actions that requests are recorded under, found without making their names again.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use facade::actions::{LabelError, LabeledName};
use facade::time::{Clock, InFlight};
use facade::{ActionHandle, Windrow};

use crate::outcome::{MethodName, Outcome};

/// The name of requests that no route matches.
const UNMATCHED: &str = "unmatched";

/// The maximum number of routes that are kept with handles. A request of a further route makes the
/// name of its action each time.
const ROUTES_MAX: usize = 4_096;

/// What all requests of a layer share.
pub(crate) struct Shared {
    pub(crate) windrow: Windrow,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) in_flight: InFlight,
}

/// The routes of a layer.
pub(crate) struct Routes {
    pub(crate) shared: Arc<Shared>,
    unmatched: Arc<Endpoint>,
    /// Of services that serve several routes.
    by_path: RwLock<HashMap<Box<str>, Arc<Route>>>,
}

impl Routes {
    pub(crate) fn new(shared: Shared) -> Self {
        let shared = Arc::new(shared);
        let unmatched = Endpoint::new(UNMATCHED.to_owned(), Arc::clone(&shared), None);
        Self { shared, unmatched: Arc::new(unmatched), by_path: RwLock::default() }
    }

    /// Returns where requests of a method and a route are recorded.
    ///
    /// `first` is the route that the service saw first: a router gives each of its routes a service
    /// of its own, so it nearly always matches.
    pub(crate) fn endpoint(
        &self,
        method: MethodName,
        path: Option<&str>,
        first: &OnceLock<Arc<Route>>,
    ) -> Arc<Endpoint> {
        let Some(path) = path else { return Arc::clone(&self.unmatched) };
        let route = first.get_or_init(|| self.route(path));
        if *route.path == *path {
            self.endpoint_of(route, method)
        } else {
            self.endpoint_of(&self.route(path), method)
        }
    }

    fn route(&self, path: &str) -> Arc<Route> {
        let known = self.by_path.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = known.get(path) {
            return Arc::clone(route);
        }
        drop(known);
        let mut known = self.by_path.write().unwrap_or_else(PoisonError::into_inner);
        let route = known.get(path).map_or_else(|| Arc::new(Route::new(path)), Arc::clone);
        if known.len() < ROUTES_MAX {
            known.entry(path.into()).or_insert_with(|| Arc::clone(&route));
        }
        route
    }

    fn endpoint_of(&self, route: &Route, method: MethodName) -> Arc<Endpoint> {
        let endpoint = route.methods[method.index()].get_or_init(|| {
            let name = format!("{} {}", method.as_str(), route.path);
            let unmatched = Some(Arc::clone(&self.unmatched));
            Arc::new(Endpoint::new(name, Arc::clone(&self.shared), unmatched))
        });
        Arc::clone(endpoint)
    }
}

/// One route, with the methods that it was requested with.
pub(crate) struct Route {
    path: Box<str>,
    methods: [OnceLock<Arc<Endpoint>>; MethodName::COUNT],
}

impl Route {
    fn new(path: &str) -> Self {
        Self { path: path.into(), methods: [const { OnceLock::new() }; MethodName::COUNT] }
    }
}

/// A method and a route, with a handle for each outcome that occurred.
///
/// It leads to all that a request needs at its end, so that a request holds one reference: each
/// costs two atomic changes, of memory that the requests of all threads share.
pub(crate) struct Endpoint {
    name: String,
    pub(crate) shared: Arc<Shared>,
    handles: [OnceLock<Made>; Outcome::COUNT],
    /// Stands in for an endpoint whose name is not valid. Has none itself.
    unmatched: Option<Arc<Endpoint>>,
}

/// The outcome of making a handle.
enum Made {
    Handle(ActionHandle),
    /// The tracker had no room.
    Full,
    /// The text is not a valid name of an action, because the route is too long.
    NoName,
}

impl Endpoint {
    fn new(name: String, shared: Arc<Shared>, unmatched: Option<Arc<Self>>) -> Self {
        Self { name, shared, handles: [const { OnceLock::new() }; Outcome::COUNT], unmatched }
    }

    /// Records one request.
    pub(crate) fn record(&self, outcome: Outcome, elapsed: Duration) {
        match self.handles[outcome as usize].get_or_init(|| self.handle(outcome)) {
            Made::Handle(handle) => handle.record(elapsed),
            Made::Full => self.record_by_name(outcome, elapsed),
            Made::NoName => {
                if let Some(unmatched) = &self.unmatched {
                    unmatched.record(outcome, elapsed);
                }
            }
        }
    }

    #[cold]
    fn handle(&self, outcome: Outcome) -> Made {
        let Ok(name) = self.action(outcome) else { return Made::NoName };
        match self.shared.windrow.action(name.as_str()) {
            Ok(handle) => Made::Handle(handle),
            Err(error) if error.is_full() => Made::Full,
            Err(_) => Made::NoName,
        }
    }

    #[cold]
    fn record_by_name(&self, outcome: Outcome, elapsed: Duration) {
        if let Ok(name) = self.action(outcome) {
            // Recorded if there is room by now, else counted by the tracker.
            let _ = self.shared.windrow.add_action_duration(name.as_str(), elapsed);
        }
    }

    fn action(&self, outcome: Outcome) -> Result<LabeledName, LabelError> {
        LabeledName::new(&self.name)?.with("outcome", outcome.as_str())
    }
}
