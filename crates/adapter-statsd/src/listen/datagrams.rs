//! Sockets of datagrams.

use std::future::Future;
use std::io;
use std::net::UdpSocket;

use tokio::io::Interest;

use super::receive::{Buffer, Socket};
use crate::statsd::Statsd;

/// The buffer that a socket asks for; the system gives as much of it as it allows.
const RECEIVE_BYTES: usize = 8 << 20;
/// Reads after which other tasks have a turn.
const READS: usize = 16;
/// Reads after the end, so that a sender who never ends does not keep the server.
const LAST_READS: usize = 4_096;

/// Asks for a large buffer. A smaller one loses more in a burst, which the drops show.
pub(super) fn enlarge(socket: &UdpSocket) {
    let _ = socket2::SockRef::from(socket).set_recv_buffer_size(RECEIVE_BYTES);
}

/// Records datagrams until `stop` is done, and then those that have arrived.
///
/// `ready` is the same socket as `socket`.
pub(super) async fn serve(
    statsd: &Statsd,
    socket: &impl Socket,
    ready: &impl Ready,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut buffer = Buffer::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            readable = ready.readable() => readable?,
        }
        read(statsd, &mut buffer, READS, |buffer| ready.try_read(|| buffer.receive(socket)))?;
        tokio::task::yield_now().await;
    }
    // Of what arrived just now the runtime may not know yet.
    read(statsd, &mut buffer, LAST_READS, |buffer| buffer.receive(socket))
}

/// Reads until nothing is left, at most `reads` times.
fn read(
    statsd: &Statsd,
    buffer: &mut Buffer,
    reads: usize,
    receive: impl Fn(&mut Buffer) -> io::Result<()>,
) -> io::Result<()> {
    for _ in 0..reads {
        match receive(buffer) {
            Ok(()) => statsd.add_all(buffer.texts()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A socket as the runtime knows it.
pub(super) trait Ready {
    /// Waits until there may be a datagram.
    async fn readable(&self) -> io::Result<()>;

    /// Reads if there may be a datagram; `WouldBlock` lets [`readable`](Self::readable) wait.
    fn try_read(&self, read: impl FnOnce() -> io::Result<()>) -> io::Result<()>;
}

impl Ready for tokio::net::UdpSocket {
    async fn readable(&self) -> io::Result<()> {
        self.readable().await
    }

    fn try_read(&self, read: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        self.try_io(Interest::READABLE, read)
    }
}

impl Ready for tokio::net::UnixDatagram {
    async fn readable(&self) -> io::Result<()> {
        self.readable().await
    }

    fn try_read(&self, read: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        self.try_io(Interest::READABLE, read)
    }
}

/// Counts the drops of a socket while it is served, and keeps their number afterwards.
#[cfg(target_os = "linux")]
pub(super) struct Watched<'s>(&'s Statsd, Option<crate::drops::Inode>);

#[cfg(target_os = "linux")]
impl<'s> Watched<'s> {
    pub(super) fn new(statsd: &'s Statsd, socket: &UdpSocket) -> Self {
        use std::os::fd::AsFd as _;

        let inode = crate::drops::Inode::of(socket.as_fd());
        if let Some(inode) = inode {
            statsd.watch(inode);
        }
        Self(statsd, inode)
    }
}

#[cfg(target_os = "linux")]
impl Drop for Watched<'_> {
    fn drop(&mut self) {
        if let Some(inode) = self.1 {
            self.0.unwatch(inode);
        }
    }
}
