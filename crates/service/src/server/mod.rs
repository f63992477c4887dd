//! A server for a router: sockets, connections with limits, and an orderly end.

mod connection;
mod endpoint;

use std::io;
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

pub use endpoint::{Endpoint, EndpointError};

/// The maximum number of connections. Others wait until one ends.
const CONNECTIONS_MAX: usize = 1_024;
/// How long to wait before connections are accepted again, after the system refused one.
const PAUSE: Duration = Duration::from_millis(100);
/// How long requests may take to end after the server was asked to end.
const DRAIN_MAX: Duration = Duration::from_secs(30);

/// Serves a router on a port or a socket, with limits that hold against slow clients.
///
/// It speaks HTTP/1.1. Up to 1,024 connections are served, and others wait until one ends. The head
/// of a request has up to 16 KiB and arrives within 5 s. A connection without a request ends after
/// 5 s, and one whose client reads nothing for 30 s, too.
///
/// # Examples
///
/// ```
/// use facade::Windrow;
/// use service::{Endpoint, Server};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let endpoint: Endpoint = "127.0.0.1:0".parse()?;
/// let server = Server::bind(&endpoint).await?;
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// let router = service::router(&Windrow::default());
/// let is_drained = server.run(router, async {}).await; // Ends at once.
/// assert!(is_drained);
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a server runs in `run`"]
pub struct Server {
    listener: Listener,
}

#[derive(Debug)]
enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener, Socket),
}

/// The file of a socket, which is removed at the end.
#[cfg(unix)]
#[derive(Debug)]
struct Socket(PathBuf);

#[cfg(unix)]
impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Server {
    /// Opens a port or a socket. From then on, clients can connect.
    ///
    /// A socket that a process left behind is replaced. Owner and group of a new one can connect.
    ///
    /// # Errors
    ///
    /// The error of the system, such as [`AddrInUse`](io::ErrorKind::AddrInUse).
    pub async fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        let listener = match endpoint {
            Endpoint::Tcp(address) => Listener::Tcp(TcpListener::bind(address).await?),
            #[cfg(unix)]
            Endpoint::Unix(path) => Listener::Unix(bind_unix(path).await?, Socket(path.clone())),
        };
        Ok(Self { listener })
    }

    /// Returns the address for browsers, or that of the socket, such as `unix:/run/windrow.sock`.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.listener {
            // An address that is bound has a name.
            Listener::Tcp(tcp) => tcp.local_addr().map(|it| format!("http://{it}")),
            #[cfg(unix)]
            Listener::Unix(_, socket) => Ok(format!("unix:{}", socket.0.display())),
        }
        .unwrap_or_default()
    }

    /// Returns the address and port, unless it is a socket of a file.
    #[must_use]
    pub fn address(&self) -> Option<std::net::SocketAddr> {
        match &self.listener {
            Listener::Tcp(tcp) => tcp.local_addr().ok(),
            #[cfg(unix)]
            Listener::Unix(..) => None,
        }
    }

    /// Serves a router until `end` is ready, then finishes the requests that have begun.
    ///
    /// Returns whether all of them ended within 30 s.
    ///
    /// # Concurrency
    ///
    /// Each connection is a task of its own. Those that are left are aborted at the end.
    pub async fn run(self, router: Router, end: impl Future<Output = ()>) -> bool {
        let Self { listener } = self;
        let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let graceful = GracefulShutdown::new();
        let mut connections = tokio::task::JoinSet::new();
        let accepting = async {
            loop {
                while connections.try_join_next().is_some() {}
                // The semaphore is never closed.
                let slot = Arc::clone(&slots).acquire_owned().await;
                let stream = listener.accept().await;
                let (router, watcher) = (router.clone(), graceful.watcher());
                connections.spawn(async move {
                    let _slot = slot;
                    match stream {
                        Stream::Tcp(stream) => connection::serve(stream, router, watcher).await,
                        #[cfg(unix)]
                        Stream::Unix(stream) => connection::serve(stream, router, watcher).await,
                    }
                });
            }
        };
        tokio::select! {
            () = accepting => {}
            () = end => {}
        }
        drop(listener); // Clients that are not connected yet find nobody.
        timeout(DRAIN_MAX, graceful.shutdown()).await.is_ok()
    }
}

enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

impl Listener {
    async fn accept(&self) -> Stream {
        loop {
            let accepted = match self {
                Self::Tcp(tcp) => tcp.accept().await.map(|(stream, _)| {
                    let _ = stream.set_nodelay(true); // Slower without, and no error.
                    Stream::Tcp(stream)
                }),
                #[cfg(unix)]
                Self::Unix(unix, _) => unix.accept().await.map(|(stream, _)| Stream::Unix(stream)),
            };
            match accepted {
                Ok(stream) => return stream,
                // The client is gone, or the process has no file descriptor left.
                Err(_) => sleep(PAUSE).await,
            }
        }
    }
}

#[cfg(unix)]
async fn bind_unix(path: &Path) -> io::Result<tokio::net::UnixListener> {
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};

    use tokio::net::{UnixListener, UnixStream};

    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket());
    if is_socket {
        match UnixStream::connect(path).await {
            Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                std::fs::remove_file(path)?; // Nobody listens any more.
            }
            Err(error) => return Err(error),
        }
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}
