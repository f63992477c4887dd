//! One connection, with limits on what its client sends and on how slow it is.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_io_timeout::TimeoutStream;

/// The maximum length of the head of a request.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// The time in which the head of a request has to arrive.
const HEAD_TIME_MAX: Duration = Duration::from_secs(5);
/// The time in which a client has to read something that was sent to it.
const WRITE_TIME_MAX: Duration = Duration::from_secs(30);

/// Serves a connection until it ends.
pub(super) async fn serve<S>(stream: S, router: Router, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIME_MAX));
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    // An error is that of a client that is slow, or gone, or does not speak HTTP.
    let _ = watcher.watch(connection).await;
}
