//! Reads several datagrams at once.

use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;

use crate::statsd::Text;

/// The longest datagram of UDP with its headers.
const DATAGRAM_BYTES: usize = 1 << 16;
/// Datagrams of one read: a system call for each would take half of the time.
const DATAGRAMS: usize = 16;

/// A buffer for the datagrams of one read.
pub(super) struct Buffer {
    bytes: Box<[u8]>,
    /// The length of each datagram, and whether its end is missing.
    datagrams: Vec<(usize, bool)>,
}

impl Buffer {
    pub(super) fn new() -> Self {
        let bytes = vec![0; DATAGRAM_BYTES * DATAGRAMS].into_boxed_slice();
        Self { bytes, datagrams: Vec::with_capacity(DATAGRAMS) }
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = Text<'_>> {
        let slots = self.bytes.chunks_exact(DATAGRAM_BYTES);
        self.datagrams
            .iter()
            .zip(slots)
            .map(|(&(len, is_cut), slot)| Text { bytes: &slot[..len], is_cut })
    }

    /// Reads what has arrived, at most as many datagrams as the buffer holds.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::WouldBlock`] if nothing has.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) fn receive(&mut self, socket: &impl Socket) -> io::Result<()> {
        use nix::sys::socket::{MsgFlags, MultiHeaders, recvmmsg};
        use std::io::IoSliceMut;

        self.datagrams.clear();
        // Made for each read: it has pointers, which may not wait for the next datagram.
        let mut headers = MultiHeaders::<()>::preallocate(DATAGRAMS, None);
        let slots = self.bytes.chunks_exact_mut(DATAGRAM_BYTES);
        let mut slots: Vec<_> = slots.map(|slot| [IoSliceMut::new(slot)]).collect();
        let flags = MsgFlags::MSG_DONTWAIT;
        let received = recvmmsg(socket.as_raw_fd(), &mut headers, &mut slots, flags, None)?;
        let is_cut = |flags: MsgFlags| flags.contains(MsgFlags::MSG_TRUNC);
        self.datagrams.extend(received.map(|datagram| (datagram.bytes, is_cut(datagram.flags))));
        Ok(())
    }

    /// Reads one datagram, which is taken for cut where it fills the buffer.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::WouldBlock`] if nothing has arrived.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(super) fn receive(&mut self, socket: &impl Socket) -> io::Result<()> {
        self.datagrams.clear();
        let len = socket.receive(&mut self.bytes[..DATAGRAM_BYTES])?;
        self.datagrams.push((len, len == DATAGRAM_BYTES));
        Ok(())
    }
}

/// A socket of datagrams that does not wait.
pub(super) trait Socket: AsRawFd {
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn receive(&self, bytes: &mut [u8]) -> io::Result<usize>;
}

impl Socket for UdpSocket {
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn receive(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.recv(bytes)
    }
}

impl Socket for UnixDatagram {
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn receive(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.recv(bytes)
    }
}
