//! Actions that other processes send, as records in any form.
//!
//! A body is received and decompressed before its first record is decoded, so a body that is too
//! long, damaged or cut changes nothing. Then every record has its own outcome.

mod batch;
mod body;
mod choice;
mod counts;
mod durable;
mod keys;
mod outcome;
mod record;
mod refusal;

use std::fmt;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use facade::Windrow;
use facade::codec::DecodeOptions;
use facade::time::RefusedCounts;
use journal::{Level, Receipt};

use batch::BatchHead;
use body::{Bodies, Body};
use counts::Counts;
use durable::Kept;
use keys::{Key, Keys, Known, Pending};
use outcome::{Outcome, RefusedStamps, Reply};
use record::Arrival;
use refusal::Refusal;

pub use choice::{BodyForm, BodyHead};
pub use durable::{Durability, DurabilityError};

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
    /// Set once what it has is replayed.
    kept: OnceLock<Kept>,
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
            kept: OnceLock::new(),
        }))
    }

    pub(crate) fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        Router::new().route("/v1/actions", post(receive)).with_state(Arc::clone(&self.0))
    }

    /// Writes the numbers of records and requests by outcome.
    pub(crate) fn write(&self, page: &mut exposition::Page) {
        self.0.counts.write(page, self.0.keys.evicted());
    }

    /// Returns what the actions are recorded in.
    #[must_use]
    pub fn windrow(&self) -> &Windrow {
        &self.0.windrow
    }

    /// Adds the timestamps that were refused before they reached a tracker.
    pub(crate) fn with_refused_stamps(&self, mut refused: RefusedCounts) -> RefusedCounts {
        let RefusedStamps { too_old, too_new } = self.0.counts.refused_stamps();
        refused.too_old += too_old;
        refused.too_new += too_new;
        refused
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
        let level = shared.level(&head.headers)?;
        let body = shared.bodies.receive(&head.headers, body).await?;
        let (uri, headers) = (head.uri, head.headers);
        let job = Job { shared: Arc::clone(&shared), key, level, uri, headers };
        // A query may have a regular expression, which takes a while to compile. A journal waits
        // for the disk, and for a fold.
        let is_slow = body.is_packed()
            || body.len() > INLINE_BYTES
            || job.uri.query().is_some()
            || shared.kept.get().is_some();
        let answer = if is_slow {
            let answer = tokio::task::spawn_blocking(move || job.answer(body)).await;
            answer.unwrap_or(Err(Refusal::Broken))
        } else {
            job.answer(body)
        };
        let (reply, receipt) = answer?;
        if let Some(receipt) = receipt {
            receipt.wait().await.map_err(|error| Refusal::Unconfirmed(error.to_string()))?;
        }
        Ok::<_, Refusal>(reply.into_response())
    };
    let response = received.await.unwrap_or_else(|refusal| refusal.into_response());
    shared.counts.answered(response.status());
    response
}

/// A request whose body was received.
struct Job {
    shared: Arc<Shared>,
    key: Option<Key>,
    level: Level,
    uri: Uri,
    headers: HeaderMap,
}

/// An answer, and what to wait for before it is sent.
type Answer = (Reply, Option<Receipt>);

impl Job {
    /// Records the body, unless a request with the same key was answered before.
    fn answer(self, body: Body) -> Result<Answer, Refusal> {
        let Some(key) = &self.key else {
            let body = self.shared.bodies.unpack(body)?;
            return self.keep(&body, None, 0);
        };
        let content = body.identity(&self.headers, self.uri.query());
        let body = self.shared.bodies.unpack(body)?;
        let windrow = &self.shared.windrow;
        let (now, span) = (windrow.now(), windrow.events().spec().span());
        match self.shared.keys.begin(key, content, now, span)? {
            Known::Answered(reply) => {
                let receipt = self.shared.confirm(&reply)?;
                Ok((reply, receipt))
            }
            Known::New(pending) => self.keep(&body, Some(pending), content),
        }
    }

    /// Records the body, in the journal too if the level asks for it.
    fn keep(
        &self,
        body: &[u8],
        pending: Option<Pending>,
        content: u128,
    ) -> Result<Answer, Refusal> {
        let query = self.uri.query();
        let kept = self.shared.kept.get();
        let at = self.shared.windrow.now();
        let record = || {
            let outcome = self.shared.record(&self.headers, query, body, Arrival::Now(at))?;
            self.shared.counts.add(&outcome);
            let reply = Reply::new(&outcome, kept.map(|_| self.level));
            if let Some(pending) = pending {
                pending.answer(reply.clone());
            }
            Ok(reply)
        };
        let Some(kept) = kept else { return Ok((record()?, None)) };
        let content_type = self.headers.get(CONTENT_TYPE).map_or(&b""[..], |it| it.as_bytes());
        let head = BatchHead {
            level: self.level,
            at,
            content,
            key: self.key.as_ref().map_or("", Key::as_str),
            content_type,
            query: query.unwrap_or_default(),
        };
        let kept = kept.journal.batch(self.level, &[&head.to_bytes(), body], record);
        let (reply, receipt) = kept.map_err(|error| Refusal::NotKept(error.to_string()))?;
        Ok((reply?, Some(receipt)))
    }
}

impl Shared {
    /// Returns the level that a request asks for, or that of the server.
    fn level(&self, headers: &HeaderMap) -> Result<Level, Refusal> {
        let kept = self.kept.get();
        let Some(value) = headers.get("durability") else {
            return Ok(kept.map_or(Level::Memory, |kept| kept.level));
        };
        let level = String::from_utf8_lossy(value.as_bytes()).parse();
        let level: Level = level.map_err(Refusal::Durability)?;
        if level > Level::Memory && kept.is_none() {
            return Err(Refusal::NoJournal { level });
        }
        Ok(level)
    }

    /// Returns what to wait for before an answer is repeated.
    ///
    /// The request that it answered may still wait for the disk: whatever is synced now comes
    /// after it.
    fn confirm(&self, reply: &Reply) -> Result<Option<Receipt>, Refusal> {
        let Some(kept) = self.kept.get().filter(|_| reply.level() == Some(Level::Synced)) else {
            return Ok(None);
        };
        let ((), receipt) = kept
            .journal
            .batch(Level::Synced, &[&BatchHead::nothing(self.windrow.now())], || {})
            .map_err(|error| Refusal::Unconfirmed(error.to_string()))?;
        Ok(Some(receipt))
    }

    /// Decodes a body that came at `arrival`, and records its actions.
    ///
    /// An error leaves everything as it was.
    fn record(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
        body: &[u8],
        arrival: Arrival,
    ) -> Result<Outcome, Refusal> {
        // A byte order mark is not part of the text.
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let (form, query) = (choice::form(headers)?, query.unwrap_or_default());
        let head = BodyHead::new(form, query, body, arrival.stamp());
        let options = (self.choose)(&head).map_err(Refusal::Unreadable)?;
        let windows = self.windrow.keep_windows();
        let windows = windows.map_err(|error| Refusal::NoWindows(error.to_string()))?;
        record::record(&self.windrow, windows, &options, body, arrival)
    }
}
