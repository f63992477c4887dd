//! A server of Prometheus that scrapes our page, both on loopback.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use exposition::Format;
use serde_json::Value;
use tempfile::TempDir;

use crate::{page, program};

/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server. Dropping it ends the process.
pub(crate) struct Prometheus {
    child: Child,
    port: u16,
    format: Format,
    /// Its configuration, its data and its log.
    _folder: TempDir,
}

impl Prometheus {
    /// Starts a server and returns it after it has stored a page; `None` if it is not installed.
    ///
    /// The page has the format that the server asks for, unless one is given.
    pub(crate) fn scraping(options: &[&str], format: Option<Format>) -> Option<Self> {
        if program::is_missing("prometheus", "prometheus") {
            return None;
        }
        let (sender, scrapes) = mpsc::channel();
        let target = serve(format, sender);
        let folder = tempfile::tempdir().unwrap();
        let configuration = folder.path().join("prometheus.yml");
        let text = format!(
            "global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}\n\
             scrape_configs:\n- job_name: test\n  \
             static_configs: [{{targets: ['127.0.0.1:{target}']}}]\n"
        );
        std::fs::write(&configuration, text).unwrap();
        let (port, log) = (free_port(), folder.path().join("log"));
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", configuration.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(options)
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut server = Self { child, port, format: Format::Text, _folder: folder };
        server.format = second_scrape(&scrapes).unwrap_or_else(|| {
            panic!("nothing was scraped: {}", std::fs::read_to_string(&log).unwrap())
        });
        Some(server)
    }

    /// Returns the format of the page that was scraped.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Returns the one number that a query finds.
    #[track_caller]
    pub(crate) fn number(&self, query: &str) -> f64 {
        let found = self.query(query);
        let text = found["value"][1].as_str().unwrap_or_else(|| panic!("{query}: {found}"));
        text.parse().unwrap()
    }

    /// Returns the labels of the one series that a query finds.
    #[track_caller]
    pub(crate) fn labels(&self, query: &str) -> Value {
        self.query(query)["metric"].clone()
    }

    #[track_caller]
    fn query(&self, query: &str) -> Value {
        let body = format!("query={}", encoded(query));
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        // Version 1.0, so that the answer is not in chunks.
        let head = format!(
            "POST /api/v1/query HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let json = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        let mut json: Value = serde_json::from_str(json).unwrap_or_else(|_| panic!("{answer}"));
        let found = json["data"]["result"].as_array_mut().map(std::mem::take).unwrap_or_default();
        assert_eq!(found.len(), 1, "{query}: {json} {found:?}");
        found[0].clone()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until a second scrape begins: then what the first one found is stored.
fn second_scrape(scrapes: &Receiver<Format>) -> Option<Format> {
    scrapes.recv_timeout(PATIENCE).ok()?;
    scrapes.recv_timeout(PATIENCE).ok()
}

/// Serves a page on a free port, which it returns, and sends the format of each answer.
///
/// The thread ends with the process.
fn serve(format: Option<Format>, sender: Sender<Format>) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let format = format.unwrap_or_else(|| Format::negotiated(&accepted(&stream)));
            let _ = sender.send(format);
            let body = page::page(format);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n",
                format.content_type(),
                body.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        }
    });
    port
}

/// Reads the head of a request and returns the value of its header `Accept`.
fn accepted(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let value = |line: &String| Some(line.strip_prefix("Accept: ")?.to_owned());
    head.iter().find_map(value).unwrap_or_default()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Encodes a value of a form.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
