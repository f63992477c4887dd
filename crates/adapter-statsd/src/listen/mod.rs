//! Sockets.

mod address;
mod datagrams;
mod path;
mod receive;
mod stream;

use std::future::Future;
use std::io;
use std::net;
use std::os::unix::net::UnixDatagram;

use self::address::Address;
use self::path::SocketFile;
use crate::error::ListenError;
use crate::statsd::Statsd;

/// Who may send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Access {
    /// This machine alone: loopback addresses and unix sockets.
    #[default]
    Local,
    /// Everyone who reaches the address; statsd has no passwords.
    Open,
}

/// An open socket that lines of statsd arrive at.
///
/// A socket that the program opened itself, or was given by its supervisor, becomes one by `From`.
///
/// # Examples
///
/// ```
/// use adapter_metrics::WindrowRecorder;
/// use adapter_statsd::{Access, Listener, Statsd};
///
/// # tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(async {
/// let recorder = WindrowRecorder::default();
/// let statsd = Statsd::new(recorder.clone());
/// let listener = Listener::bind("udp://127.0.0.1:0", Access::Local)?;
/// let address = listener.address();
///
/// let client = std::net::UdpSocket::bind("127.0.0.1:0")?;
/// client.send_to(b"logins:1|c", address.trim_start_matches("udp://"))?;
///
/// // It serves until its second argument is done: here at once, after what has arrived.
/// statsd.serve(listener, async {}).await?;
/// assert_eq!(statsd.counts().accepted, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Listener(Socket);

#[derive(Debug)]
enum Socket {
    Udp(net::UdpSocket),
    Tcp(net::TcpListener),
    Unix(UnixDatagram, Option<SocketFile>),
}

impl Listener {
    /// Opens a socket: `udp://IP:PORT`, `tcp://IP:PORT` or `unix:///PATH` for unix datagrams.
    ///
    /// `localhost` is 127.0.0.1, the port 0 a free one. A socket that a process left behind at the
    /// path is replaced; this one is removed when the server ends. The buffer of a datagram socket
    /// is made as large as the system allows, up to 8 MiB.
    ///
    /// # Errors
    ///
    /// [`ListenError`] if the address has another form, is reached by other machines without
    /// [`Access::Open`], or cannot be opened.
    pub fn bind(address: &str, access: Access) -> Result<Self, ListenError> {
        let parsed = Address::parse(address)?;
        if access == Access::Local && !parsed.is_local() {
            return Err(ListenError::Exposed { address: address.to_owned() });
        }
        let of_system = |error: io::Error| ListenError::of_system(address, &error);
        match parsed {
            Address::Udp(at) => {
                let socket = net::UdpSocket::bind(at).map_err(of_system)?;
                datagrams::enlarge(&socket);
                Ok(socket.into())
            }
            Address::Tcp(at) => Ok(net::TcpListener::bind(at).map_err(of_system)?.into()),
            Address::Unix(path) => {
                let socket = path::bind(&path, address)?;
                Ok(Self(Socket::Unix(socket, Some(SocketFile(path)))))
            }
        }
    }

    /// Returns the address in the form that [`bind`](Self::bind) reads, with its port.
    #[must_use]
    pub fn address(&self) -> String {
        let text = |at: io::Result<net::SocketAddr>| {
            at.map_or_else(|error| error.to_string(), |at| at.to_string())
        };
        match &self.0 {
            Socket::Udp(socket) => format!("udp://{}", text(socket.local_addr())),
            Socket::Tcp(socket) => format!("tcp://{}", text(socket.local_addr())),
            Socket::Unix(socket, _) => {
                let at = socket.local_addr().ok();
                let path = at.as_ref().and_then(|at| at.as_pathname());
                path.map_or_else(
                    || "unix://".to_owned(),
                    |path| format!("unix://{}", path.display()),
                )
            }
        }
    }
}

impl Statsd {
    /// Records what arrives at a socket until `stop` is done, then what has arrived already.
    ///
    /// A server may have several sockets. At most 256 connections of TCP are open at a time; a
    /// further one is closed. Needs a runtime of tokio with I/O.
    ///
    /// # Errors
    ///
    /// The error of the system, if it can no longer read the socket.
    pub async fn serve(
        &self,
        listener: Listener,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        match listener.0 {
            Socket::Udp(socket) => {
                #[cfg(target_os = "linux")]
                let _watched = datagrams::Watched::new(self, &socket);
                socket.set_nonblocking(true)?;
                let ready = tokio::net::UdpSocket::from_std(socket.try_clone()?)?;
                datagrams::serve(self, &socket, &ready, stop).await
            }
            Socket::Tcp(socket) => stream::serve(self, socket, stop).await,
            Socket::Unix(socket, _file) => {
                socket.set_nonblocking(true)?;
                let ready = tokio::net::UnixDatagram::from_std(socket.try_clone()?)?;
                datagrams::serve(self, &socket, &ready, stop).await
            }
        }
    }
}

impl From<net::UdpSocket> for Listener {
    fn from(socket: net::UdpSocket) -> Self {
        Self(Socket::Udp(socket))
    }
}

impl From<net::TcpListener> for Listener {
    fn from(socket: net::TcpListener) -> Self {
        Self(Socket::Tcp(socket))
    }
}

impl From<UnixDatagram> for Listener {
    fn from(socket: UnixDatagram) -> Self {
        Self(Socket::Unix(socket, None))
    }
}
