//! Receives lines of statsd, and serves a page for Prometheus.
//!
//! ```sh
//! cargo run --package adapter-statsd --example statsd
//! echo -n 'queue.wait:320|ms|#queue:mail' > /dev/udp/127.0.0.1/8125
//! curl --silent http://127.0.0.1:9102/metrics
//! ```

use adapter_metrics::WindrowRecorder;
use adapter_statsd::{Access, Listener, Statsd};
use exposition::{Format, Page};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let recorder = WindrowRecorder::default();
    let statsd = Statsd::new(recorder.clone());
    let listener = Listener::bind("udp://127.0.0.1:8125", Access::Local)?;
    let pages = TcpListener::bind("127.0.0.1:9102").await?;
    tokio::try_join!(
        statsd.serve(listener, std::future::pending()),
        serve_pages(&pages, &recorder, &statsd),
    )?;
    Ok(())
}

/// Answers each request with the page.
async fn serve_pages(
    pages: &TcpListener,
    recorder: &WindrowRecorder,
    statsd: &Statsd,
) -> std::io::Result<()> {
    loop {
        let (mut client, _) = pages.accept().await?;
        let mut page = Page::new(Format::Text);
        recorder.write(&mut page);
        statsd.write(&mut page);
        let page = page.finish();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            Format::Text.content_type(),
            page.len()
        );
        // A client that went away stops no other.
        let _ = client.read(&mut [0; 4096]).await;
        let _ = client.write_all(&[head.as_bytes(), &page].concat()).await;
    }
}
