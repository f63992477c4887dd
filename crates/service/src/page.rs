//! The page as a router, and its settings.

use std::sync::Arc;

use axum::Router;

use crate::endpoints;
use crate::hosts::Hosts;
use crate::live::Live;
use crate::readiness::Readiness;
use crate::settings::Settings;
use crate::source::Source;

/// Returns the router of a page with one source.
///
/// Nest it where the page shall be: `.nest("/windrow", service::router(&windrow))`.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "requests")] {
/// use axum::{Router, routing::get};
/// use facade::Windrow;
/// use service::RequestLayer;
///
/// let windrow = Windrow::default();
/// let app: Router = Router::new()
///     .route("/users/{id}", get(|| async { "Alice" }))
///     .layer(RequestLayer::new(&windrow))
///     .nest("/windrow", service::router(&windrow));
/// # let _ = app; }
/// ```
pub fn router<S>(source: impl Into<Source>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Page::new().source("", source).router()
}

/// Builds a page with several sources, a title or a list of hosts.
///
/// # Examples
///
/// ```
/// use facade::Windrow;
/// use service::Page;
///
/// let (requests, spans) = (Windrow::default(), Windrow::default());
/// let page = Page::new()
///     .title("shop")
///     .source("requests", &requests)
///     .source("spans", &spans)
///     .hosts(["localhost", "127.0.0.1"]);
/// let app: axum::Router = axum::Router::new().nest("/windrow", page.router());
/// # let _ = app;
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a page is served by its router"]
pub struct Page {
    title: String,
    sources: Vec<(String, Source)>,
    settings: Settings,
}

impl Page {
    /// Creates a page without sources.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the title of the page. Default: the host that the browser asks.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Adds a source, with the name that its rows have in the column `source`.
    ///
    /// The page has that column if there are several sources.
    pub fn source(mut self, name: impl Into<String>, source: impl Into<Source>) -> Self {
        self.sources.push((name.into(), source.into()));
        self
    }

    /// Sets the hosts that a request may name; others are refused with 421.
    ///
    /// A host without a port stands for all ports. The default is any host, as a service may be
    /// reached by many names. Set it where a page is on a loopback address: else a site that a
    /// browser shows can let its own name lead there, and read the page.
    pub fn hosts<H: Into<String>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        self.settings.hosts = Hosts::only(hosts.into_iter().map(Into::into));
        self
    }

    /// Adds `POST v1/actions`, which records the actions that other processes send.
    ///
    /// Add it as a source, too: `.source("", &ingest)`. Then the page shows the actions, and the
    /// number of records that were refused. The last call counts.
    #[cfg(feature = "ingest")]
    pub fn ingest(mut self, ingest: &crate::Ingest) -> Self {
        self.settings.ingest = Some(ingest.clone());
        self
    }

    /// Sets the token that requests have to show; others are refused with 401.
    ///
    /// It is for everything but `healthz` and `readyz`, which say no more than a word.
    #[cfg(feature = "server")]
    pub fn token(mut self, token: crate::Token) -> Self {
        self.settings.token = Some(token);
        self
    }

    /// Sets what `readyz` answers. Default: that it is ready.
    pub fn readiness(mut self, readiness: &Readiness) -> Self {
        self.settings.readiness = readiness.clone();
        self
    }

    /// Returns the router, with any state, to be nested.
    ///
    /// Below the path where it is nested are the page, `v1/live`, `v1/stats`, `v1/series`,
    /// `v1/events`, `metrics`, `healthz` and `readyz`, and `v1/actions` with `ingest`.
    pub fn router<S>(self) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        let Self { title, sources, settings } = self;
        endpoints::router(Arc::new(Live::new(title, sources, settings)))
    }
}
