//! Serves the metrics of a program on loopback.
//!
//! ```text
//! cargo run --package adapter-metrics --example serve_metrics
//! curl http://127.0.0.1:9465/metrics
//! ```

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use adapter_metrics::WindrowRecorder;
use exposition::Format;

const ADDRESS: &str = "127.0.0.1:9465";

fn main() -> io::Result<()> {
    let recorder = WindrowRecorder::default();
    recorder.install().map_err(io::Error::other)?;
    metrics::describe_histogram!("page_size", metrics::Unit::Bytes, "Sizes of pages.");

    let listener = TcpListener::bind(ADDRESS)?;
    writeln!(io::stdout(), "http://{ADDRESS}/metrics")?;
    for stream in listener.incoming() {
        metrics::counter!("connections").increment(1);
        // A client that hangs up is not a reason to stop.
        let sent = stream.and_then(|stream| answer(stream, &recorder));
        metrics::histogram!("page_size").record(sent.unwrap_or(0) as f64);
    }
    Ok(())
}

/// Answers a request with a page, and returns its size.
fn answer(mut stream: TcpStream, recorder: &WindrowRecorder) -> io::Result<usize> {
    let mut accept = String::new();
    for line in BufReader::new(&stream).lines() {
        let line = line?.to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("accept:") {
            accept = value.trim().to_owned();
        }
        if line.is_empty() {
            break;
        }
    }
    let format = Format::negotiated(&accept);
    let (kind, body) = (format.content_type(), recorder.render(format));
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}", body.len());
    stream.write_all(&[head.as_bytes(), b"\r\nConnection: close\r\n\r\n", &body].concat())?;
    Ok(body.len())
}
