//! Connections of TCP.

use std::future::Future;
use std::io;
use std::net::TcpListener;

use memchr::{memchr, memrchr};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::statsd::{Statsd, Text};

/// Connections that are open at a time; each has a buffer for a line.
const CONNECTIONS: usize = 256;
/// The longest line with its end.
const LINE_BYTES: usize = 1 << 16;

/// Accepts connections until `stop` is done, and records what they sent by then.
pub(super) async fn serve(
    statsd: &Statsd,
    socket: TcpListener,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    let socket = tokio::net::TcpListener::from_std(socket)?;
    let mut connections = JoinSet::new();
    // Its receivers see the end of the server.
    let (ends, end) = tokio::sync::watch::channel(());
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = connections.join_next() => continue,
            accepted = socket.accept() => accepted,
        };
        match accepted {
            Ok(_) if connections.len() >= CONNECTIONS => statsd.refuse_connection(),
            Ok((stream, _)) => {
                connections.spawn(connection(statsd.clone(), stream, end.clone()));
            }
            // Of one connection that ended before it was accepted.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => return Err(error),
        }
    }
    drop(ends);
    while connections.join_next().await.is_some() {}
    Ok(())
}

async fn connection(
    statsd: Statsd,
    mut stream: TcpStream,
    mut end: tokio::sync::watch::Receiver<()>,
) {
    let mut lines = Lines::default();
    loop {
        let read = tokio::select! {
            biased;
            read = stream.read(lines.free()) => read,
            _ = end.changed() => break,
        };
        match read {
            Ok(0) | Err(_) => break,
            Ok(len) => lines.add(&statsd, len),
        }
    }
    lines.finish(&statsd);
}

/// Lines that arrive in pieces.
struct Lines {
    bytes: Box<[u8]>,
    /// The number of bytes of a line without an end.
    len: usize,
    /// Whether these bytes follow those of a line that was too long.
    is_skipping: bool,
}

impl Default for Lines {
    fn default() -> Self {
        Self { bytes: vec![0; LINE_BYTES].into_boxed_slice(), len: 0, is_skipping: false }
    }
}

impl Lines {
    /// Returns where the next bytes go; there is room for at least one.
    fn free(&mut self) -> &mut [u8] {
        &mut self.bytes[self.len..]
    }

    /// Records the lines that the next `len` bytes end.
    fn add(&mut self, statsd: &Statsd, len: usize) {
        let all = self.len + len;
        let mut from = 0;
        if self.is_skipping {
            let Some(end) = memchr(b'\n', &self.bytes[..all]) else {
                self.len = 0;
                return;
            };
            self.is_skipping = false;
            from = end + 1;
        }
        match memrchr(b'\n', &self.bytes[from..all]) {
            Some(end) => {
                let to = from + end + 1;
                statsd.add(&self.bytes[from..to]);
                self.bytes.copy_within(to..all, 0);
                self.len = all - to;
            }
            None if all - from == self.bytes.len() => {
                statsd.add_all([Text { bytes: &self.bytes, is_cut: true }]);
                self.is_skipping = true;
                self.len = 0;
            }
            None => {
                self.bytes.copy_within(from..all, 0);
                self.len = all - from;
            }
        }
    }

    /// Records a last line without an end.
    fn finish(&self, statsd: &Statsd) {
        if !self.is_skipping {
            statsd.add(&self.bytes[..self.len]);
        }
    }
}
