//! The actions that requests are recorded under, found without making their names again.

use std::collections::HashMap;
use std::ptr;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use facade::actions::{LabelError, LabeledName};
use facade::{ActionHandle, Windrow};

use crate::outcome::{MethodName, Outcome};

/// The name of requests that no route matches.
const UNMATCHED: &str = "unmatched";

/// The maximum number of routes that are kept with handles. A request of a further route makes the
/// name of its action each time.
const ROUTES_MAX: usize = 4_096;

/// The routes of a layer.
pub(crate) struct Routes {
    pub(crate) windrow: Windrow,
    unmatched: Arc<Endpoint>,
    /// Of services that serve several routes.
    by_path: RwLock<HashMap<Box<str>, Arc<Route>>>,
}

impl Routes {
    pub(crate) fn new(windrow: Windrow) -> Self {
        let unmatched = Arc::new(Endpoint::new(UNMATCHED.to_owned()));
        Self { windrow, unmatched, by_path: RwLock::default() }
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
            route.endpoint(method)
        } else {
            self.route(path).endpoint(method)
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

    /// Records one request.
    pub(crate) fn record(&self, endpoint: &Endpoint, outcome: Outcome, elapsed: Duration) {
        if let Some(handle) = self.handle(endpoint, outcome) {
            handle.record(elapsed);
        } else if let Ok(name) = endpoint.action(outcome) {
            // Recorded if there is room by now, else counted by the tracker.
            let _ = self.windrow.add_action_duration(name.as_str(), elapsed);
        }
    }

    /// Returns the handle of an action, `None` if the tracker was full when it first occurred.
    fn handle<'a>(&'a self, endpoint: &'a Endpoint, outcome: Outcome) -> Option<&'a ActionHandle> {
        let made = endpoint.handles[outcome as usize].get_or_init(|| {
            let Ok(name) = endpoint.action(outcome) else { return Made::NoName };
            match self.windrow.action(name.as_str()) {
                Ok(handle) => Made::Handle(handle),
                Err(error) if error.is_full() => Made::Full,
                Err(_) => Made::NoName,
            }
        });
        match made {
            Made::Handle(handle) => Some(handle),
            Made::Full => None,
            Made::NoName if ptr::eq(endpoint, &*self.unmatched) => None,
            Made::NoName => self.handle(&self.unmatched, outcome),
        }
    }
}

/// The outcome of making a handle.
enum Made {
    Handle(ActionHandle),
    /// The tracker had no room.
    Full,
    /// The text is not a valid name of an action, because the route is too long.
    NoName,
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

    fn endpoint(&self, method: MethodName) -> Arc<Endpoint> {
        let name = || format!("{} {}", method.as_str(), self.path);
        let endpoint = self.methods[method.index()].get_or_init(|| Arc::new(Endpoint::new(name())));
        Arc::clone(endpoint)
    }
}

/// A method and a route, with a handle for each outcome that occurred.
pub(crate) struct Endpoint {
    name: String,
    handles: [OnceLock<Made>; Outcome::COUNT],
}

impl Endpoint {
    fn new(name: String) -> Self {
        Self { name, handles: [const { OnceLock::new() }; Outcome::COUNT] }
    }

    fn action(&self, outcome: Outcome) -> Result<LabeledName, LabelError> {
        LabeledName::new(&self.name)?.with("outcome", outcome.as_str())
    }
}
