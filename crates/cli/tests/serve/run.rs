//! A running server, and requests to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;

use crate::signal;

/// A running `windrow serve`, killed at the end of the test.
pub(crate) struct Serve {
    child: Child,
    pub(crate) url: String,
    /// The address and port, if it is not a socket of a file.
    pub(crate) host: String,
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_windrow"));
    command.arg("serve").args(args).env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// Runs a server that cannot be started, and returns its exit code and messages.
#[track_caller]
pub(crate) fn fails(args: &[&str]) -> (i32, String) {
    let output = command(args).output().unwrap();
    assert!(output.stdout.is_empty(), "{args:?} started");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

impl Serve {
    /// Starts a server, and waits until it listens.
    #[track_caller]
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_as(command(args))
    }

    /// Starts a server by another command.
    #[track_caller]
    pub(crate) fn start_as(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().to_owned();
        let host = url.strip_prefix("http://").unwrap_or_default().to_owned();
        assert!(line.ends_with('\n') && (line.starts_with("unix:") || !host.is_empty()), "{line}");
        Self { child, url, host }
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> (u16, String) {
        self.send("POST", path, &[], body)
    }

    /// Sends a request, and returns status and body.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, String) {
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            request += &format!("host: {}\r\n", self.host);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += &format!("content-length: {}\r\n\r\n{body}", body.len());
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Sends actions; returns `None` if the server ends before it has answered.
    pub(crate) fn try_post(&self, level: &str, body: &str) -> Option<(u16, String)> {
        let request = format!(
            "POST /v1/actions HTTP/1.1\r\nconnection: close\r\nhost: {}\r\ndurability: {level}\r\n\
             content-length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        let mut stream = TcpStream::connect(&self.host).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// Waits until the server has accepted all connections before.
    pub(crate) fn wait_until_received(&self) {
        // They are accepted in order, and this is a later one.
        assert_eq!(self.get("/healthz").0, 200);
    }

    pub(crate) fn signal(&self, sent: Signal) {
        signal::send(&self.child, sent);
    }

    /// Sends signals, and returns the exit code.
    pub(crate) fn end(mut self, signals: &[Signal]) -> i32 {
        signals.iter().for_each(|&sent| self.signal(sent));
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
