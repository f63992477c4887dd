//! The future of a response.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::body::MeasuredBody;
use crate::outcome::Outcome;
use crate::pending::Pending;

pin_project! {
    /// The future of [`RequestService`](crate::RequestService).
    ///
    /// The request counts as cancelled if it is dropped before it is ready.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        pending: Option<Pending>,
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) fn new(inner: F, pending: Pending) -> Self {
        Self { inner, pending: Some(pending) }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<MeasuredBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = match this.pending {
            Some(pending) => ready!(pending.attempt(|| this.inner.poll(cx))),
            None => ready!(this.inner.poll(cx)), // The inner future decides about a second poll.
        };
        let pending = this.pending.take();
        Poll::Ready(match result {
            Ok(response) => Ok(MeasuredBody::measure(response, pending)),
            Err(error) => {
                if let Some(pending) = pending {
                    pending.finish(Outcome::Error);
                }
                Err(error)
            }
        })
    }
}
