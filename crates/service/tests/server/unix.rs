//! Unix sockets.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;

use axum::Router;
use axum::routing::get;
use service::{Endpoint, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::oneshot;

#[tokio::test]
async fn socket_is_served_and_removed_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("windrow.sock");
    let endpoint = Endpoint::Unix(path.clone());
    // What a process left behind that was killed.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let server = Server::bind(&endpoint).await.unwrap();
    assert_eq!(server.url(), format!("unix:{}", path.display()));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    let error = Server::bind(&endpoint).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse, "{error}");

    let (end, asked) = oneshot::channel::<()>();
    let router = Router::new().route("/", get(|| async { "here\n" }));
    let ended = tokio::spawn(server.run(router, async { drop(asked.await) }));
    let mut stream = UnixStream::connect(&path).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("\r\n\r\nhere\n"), "{answer}");
    end.send(()).unwrap();
    assert!(ended.await.unwrap());
    assert!(!path.exists());
}

#[tokio::test]
async fn file_that_is_not_a_socket_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "mine").unwrap();
    let error = Server::bind(&Endpoint::Unix(path.clone())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse, "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}
