//! The layer and the service that it wraps others into.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use facade::Windrow;
use facade::time::{Clock, InFlight, MonotonicClock};
use http::{Extensions, Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use crate::future::ResponseFuture;
use crate::outcome::MethodName;
use crate::pending::Pending;
use crate::routes::{Route, Routes, Shared};

/// Finds the route that a request matched.
type FindRoute = fn(&Extensions) -> Option<&str>;

/// Measures the requests of a service, by method, route and outcome.
///
/// The action of a request is its method and its route, with the outcome as a label:
/// `GET /users/{id}{outcome="2xx"}`. A request without a route is `unmatched`, so clients cannot
/// create actions. Methods that HTTP does not define are `OTHER`. The time is from the call to the
/// last byte of the body that the server is handed.
///
/// | Outcome | When |
/// | --- | --- |
/// | `1xx` to `5xx` | the response was complete, with a status of that class |
/// | `other` | the same, with a status of no class |
/// | `error` | the service or the body returned an error or panicked |
/// | `cancelled` | future or body was dropped before its end: the client hung up, or a timeout |
///
/// Clones share everything.
///
/// # Placement
///
/// With axum, use [`Router::layer`](axum::Router::layer), which runs after the route was found. A
/// layer around a whole router sees no routes. A timeout inside the layer gives a status, one
/// outside of it cancels.
///
/// # Complexity
///
/// A request reads the clock twice, and finds its action by one comparison with the route that the
/// service saw first. It does not allocate, except for the first request of each action.
///
/// # Memory
///
/// Depends on the number of routes, not on requests. Where the tracker is
/// [full](facade::WindrowBuilder::actions), its policy applies.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "axum")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use adapter_tower::RequestLayer;
/// use axum::{Router, body::Body, http::Request, routing::get};
/// use facade::Windrow;
/// use tower::ServiceExt;
///
/// let windrow = Windrow::default();
/// let app: Router = Router::new()
///     .route("/users/{id}", get(|| async { "Alice" }))
///     .layer(RequestLayer::new(&windrow));
///
/// let request = Request::get("/users/7").body(Body::empty())?;
/// let response = app.oneshot(request).await?;
/// axum::body::to_bytes(response.into_body(), 1_024).await?;
///
/// let row = windrow.get(r#"GET /users/{id}{outcome="2xx"}"#).expect("recorded");
/// assert_eq!(row.count(), 1);
/// # Ok(()) }
/// # #[cfg(not(feature = "axum"))] fn main() {}
/// ```
#[derive(Clone)]
pub struct RequestLayer {
    routes: Arc<Routes>,
    find_route: FindRoute,
}

impl RequestLayer {
    /// Creates a layer that records into `windrow`.
    ///
    /// With the feature `axum`, which is on by default, the route is the `MatchedPath` of axum.
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
        let (windrow, clock) = (windrow.clone(), Box::new(clock));
        let routes = Routes::new(Shared { windrow, clock, in_flight: InFlight::new() });
        Self { routes: Arc::new(routes), find_route: matched_path }
    }

    /// Sets where the route of a request is found: in an extension that the router leaves.
    ///
    /// `find` returns `None` for requests without a route. It must return the pattern, such as
    /// `/users/{id}`, and not the path of the request: clients can send any number of paths.
    #[must_use]
    pub fn route_from(mut self, find: fn(&Extensions) -> Option<&str>) -> Self {
        self.find_route = find;
        self
    }

    /// Returns where the layer records.
    #[must_use]
    pub fn windrow(&self) -> &Windrow {
        &self.routes.shared.windrow
    }

    /// Returns the count of requests in flight, with its peak.
    ///
    /// A request is in flight until it is recorded.
    #[must_use]
    pub fn in_flight(&self) -> &InFlight {
        &self.routes.shared.in_flight
    }
}

#[cfg(feature = "axum")]
fn matched_path(extensions: &Extensions) -> Option<&str> {
    extensions.get::<axum::extract::MatchedPath>().map(|path| path.as_str())
}

#[cfg(not(feature = "axum"))]
fn matched_path(_: &Extensions) -> Option<&str> {
    None
}

impl<S> Layer<S> for RequestLayer {
    type Service = RequestService<S>;

    fn layer(&self, inner: S) -> RequestService<S> {
        let first = OnceLock::new();
        RequestService { inner, placed: Arc::new(Placed { layer: self.clone(), first }) }
    }
}

/// A service whose requests are measured. See [`RequestLayer`].
#[derive(Clone)]
pub struct RequestService<S> {
    inner: S,
    placed: Arc<Placed>,
}

/// A layer around one service, which its clones share: routers clone it for each request.
struct Placed {
    layer: RequestLayer,
    /// The route that the first request of this service had.
    first: OnceLock<Arc<Route>>,
}

impl<S, I, O> Service<Request<I>> for RequestService<S>
where
    S: Service<Request<I>, Response = Response<O>>,
    O: Body,
{
    type Response = Response<crate::MeasuredBody<O>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<I>) -> Self::Future {
        let Placed { layer: RequestLayer { routes, find_route }, first } = &*self.placed;
        let method = MethodName::of(request.method());
        let path = find_route(request.extensions());
        let mut pending = Pending::new(method, routes.endpoint(method, path, first));
        let future = pending.attempt(|| self.inner.call(request));
        ResponseFuture::new(future, pending)
    }
}

impl fmt::Debug for RequestLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestLayer").field("in_flight", self.in_flight()).finish_non_exhaustive()
    }
}

impl<S: fmt::Debug> fmt::Debug for RequestService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, placed } = self;
        f.debug_struct("RequestService")
            .field("inner", inner)
            .field("layer", &placed.layer)
            .finish()
    }
}
