//! Actions that other processes send, as records in any form.
//!
//! A body is received and decompressed before its first record is decoded, so a body that is too
//! long, damaged or cut changes nothing. Then every record has its own outcome.

mod body;
mod choice;
mod counts;
mod keys;
mod outcome;
mod record;
mod refusal;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use facade::Windrow;
use facade::codec::DecodeOptions;

use body::{Bodies, Body};
use counts::Counts;
use keys::{Key, Keys, Known};
use outcome::Reply;
use refusal::Refusal;

pub use choice::{BodyForm, BodyHead};

/// Decoding more bytes than that is not done by a thread that serves other connections.
const INLINE_BYTES: usize = 64 << 10;

/// Records the actions that other processes send to `v1/actions`.
///
/// A body has records in any form: objects on lines of their own, an array of them, logfmt or CSV.
/// [`Page::ingest`](crate::Page::ingest) mounts it. Each accepted action is also one event of the
/// [`Windrow`].
///
/// # Examples
///
/// ```
/// use facade::Windrow;
/// use service::{Ingest, Page};
///
/// let windrow = Windrow::default();
/// let ingest = Ingest::new(&windrow);
/// let page = Page::new().source("", &ingest).ingest(&ingest);
/// let app: axum::Router = page.router();
/// # let _ = app;
/// ```
#[derive(Clone)]
#[must_use = "actions are received by the router of a page"]
pub struct Ingest(Arc<Shared>);

/// Chooses how the records of a body are read.
type Choose = dyn Fn(&BodyHead<'_>) -> Result<DecodeOptions, String> + Send + Sync;

/// What the requests share.
struct Shared {
    windrow: Windrow,
    choose: Box<Choose>,
    bodies: Bodies,
    keys: Arc<Keys>,
    counts: Counts,
}

impl Ingest {
    /// Creates an endpoint that records in a [`Windrow`], by the fields `action` and `time`.
    ///
    /// Times without a unit have that of the `Windrow`.
    pub fn new(windrow: &Windrow) -> Self {
        Self::with_options(windrow, choice::default_options)
    }

    /// Creates an endpoint where a function chooses how the records of each body are read.
    ///
    /// It gets the form that the request names, the query of the address, and the beginning of the
    /// body. Its error is the answer to the request, with status 400, and the body changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use facade::Windrow;
    /// use facade::codec::{DecodeOptions, Fields, Path};
    /// use service::{BodyHead, Ingest};
    ///
    /// let by_path = |_: &BodyHead<'_>| {
    ///     let fields = Fields { by: vec![Path::key("path")], ..Fields::any() };
    ///     Ok(DecodeOptions { fields, ..DecodeOptions::default() })
    /// };
    /// let ingest = Ingest::with_options(&Windrow::default(), by_path);
    /// # let _ = ingest;
    /// ```
    pub fn with_options<F>(windrow: &Windrow, choose: F) -> Self
    where
        F: Fn(&BodyHead<'_>) -> Result<DecodeOptions, String> + Send + Sync + 'static,
    {
        // Its error is the answer to each request.
        let _ = windrow.keep_windows();
        Self(Arc::new(Shared {
            windrow: windrow.clone(),
            choose: Box::new(choose),
            bodies: Bodies::default(),
            keys: Arc::default(),
            counts: Counts::default(),
        }))
    }

    pub(crate) fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        Router::new().route("/v1/actions", post(receive)).with_state(Arc::clone(&self.0))
    }

    /// Writes the numbers of records and requests by outcome.
    pub(crate) fn write(&self, page: &mut exposition::Page) {
        self.0.counts.write(page, self.0.keys.evicted());
    }

    pub(crate) fn windrow(&self) -> &Windrow {
        &self.0.windrow
    }

    /// Returns the number of records that were refused before they reached a tracker.
    pub(crate) fn undecoded(&self) -> u64 {
        self.0.counts.undecoded()
    }
}

impl fmt::Debug for Ingest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ingest").field("windrow", &self.0.windrow).finish_non_exhaustive()
    }
}

async fn receive(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let received = async {
        let key = Key::from_headers(&head.headers)?;
        let body = shared.bodies.receive(&head.headers, body).await?;
        let job = Job { shared: Arc::clone(&shared), key, uri: head.uri, headers: head.headers };
        // A query may have a regular expression, which takes a while to compile.
        let is_slow = body.is_packed() || body.len() > INLINE_BYTES || job.uri.query().is_some();
        if is_slow {
            let answer = tokio::task::spawn_blocking(move || job.answer(body)).await;
            return answer.unwrap_or(Err(Refusal::Broken));
        }
        job.answer(body)
    };
    let response = received.await.unwrap_or_else(|refusal| refusal.into_response());
    shared.counts.answered(response.status());
    response
}

/// A request whose body was received.
struct Job {
    shared: Arc<Shared>,
    key: Option<Key>,
    uri: Uri,
    headers: HeaderMap,
}

impl Job {
    /// Records the body, unless a request with the same key was answered before.
    fn answer(self, body: Body) -> Result<Response, Refusal> {
        let Some(key) = &self.key else {
            let body = self.shared.bodies.unpack(body)?;
            return Ok(self.record(&body)?.into_response());
        };
        let content = body.identity(&self.headers, self.uri.query());
        let body = self.shared.bodies.unpack(body)?;
        let windrow = &self.shared.windrow;
        let (now, span) = (windrow.now(), windrow.events().spec().span());
        let pending = match self.shared.keys.begin(key, content, now, span)? {
            Known::Answered(reply) => return Ok(reply.into_response()),
            Known::New(pending) => pending,
        };
        let reply = self.record(&body)?;
        pending.answer(reply.clone());
        Ok(reply.into_response())
    }

    /// Decodes a body and records its actions. An error leaves everything as it was.
    fn record(&self, body: &[u8]) -> Result<Reply, Refusal> {
        // A byte order mark is not part of the text.
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let query = self.uri.query().unwrap_or_default();
        let head = BodyHead::new(choice::form(&self.headers)?, query, body);
        let options = (self.shared.choose)(&head).map_err(Refusal::Unreadable)?;
        let windows = self.shared.windrow.keep_windows();
        let windows = windows.map_err(|error| Refusal::NoWindows(error.to_string()))?;
        let outcome = record::record(&self.shared.windrow, windows, &options, body)?;
        self.shared.counts.add(&outcome);
        Ok(Reply::new(&outcome))
    }
}
