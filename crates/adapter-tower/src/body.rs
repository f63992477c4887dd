//! The body of a response, whose end is the end of the request.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::outcome::{Outcome, ends_with_head};
use crate::pending::Pending;

pin_project! {
    /// The body of a response. The request ends with it.
    ///
    /// The request counts as cancelled if the body is dropped before its end, which is what servers
    /// do when a client hangs up. The end is where the last byte is handed to the server, which may
    /// not have sent it yet.
    #[derive(Debug)]
    pub struct MeasuredBody<B> {
        #[pin]
        inner: B,
        measured: Option<Measured>,
    }
}

/// A request whose head was sent.
#[derive(Debug)]
struct Measured {
    pending: Pending,
    /// Of the status.
    outcome: Outcome,
    /// What is left of the announced length. A server stops asking after it, without reading the
    /// end of the body.
    bytes_left: Option<u64>,
}

impl<B: Body> MeasuredBody<B> {
    pub(crate) fn measure(response: Response<B>, pending: Option<Pending>) -> Response<Self> {
        let (head, inner) = response.into_parts();
        let outcome = Outcome::of(head.status);
        let mut measured = None;
        if let Some(pending) = pending {
            let is_end = inner.is_end_stream() || ends_with_head(pending.method, head.status);
            let bytes_left = inner.size_hint().exact().or_else(|| announced_length(&head.headers));
            if is_end || bytes_left == Some(0) {
                pending.finish(outcome);
            } else {
                measured = Some(Measured { pending, outcome, bytes_left });
            }
        }
        Response::from_parts(head, Self { inner, measured })
    }
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl<B: Body> Body for MeasuredBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(measured) = this.measured.as_mut() else { return this.inner.poll_frame(cx) };
        let polled = measured.pending.attempt(|| this.inner.as_mut().poll_frame(cx));
        let outcome = match &polled {
            Poll::Pending => None,
            Poll::Ready(None) => Some(measured.outcome),
            Poll::Ready(Some(Err(_))) => Some(Outcome::Error),
            Poll::Ready(Some(Ok(frame))) => {
                let is_end = measured.is_last(frame) || this.inner.is_end_stream();
                is_end.then_some(measured.outcome)
            }
        };
        if let Some(outcome) = outcome
            && let Some(Measured { pending, .. }) = this.measured.take()
        {
            pending.finish(outcome);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Measured {
    /// Returns whether a server asks for nothing after this frame.
    fn is_last<D: Buf>(&mut self, frame: &Frame<D>) -> bool {
        let bytes = frame.data_ref().map_or(0, |data| data.remaining() as u64);
        self.bytes_left = self.bytes_left.map(|left| left.saturating_sub(bytes));
        frame.is_trailers() || self.bytes_left == Some(0)
    }
}
