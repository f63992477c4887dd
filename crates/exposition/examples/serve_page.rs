//! Serves a page on loopback, in the format that the client asks for.
//!
//! ```text
//! cargo run --package exposition --example serve_page
//! curl http://127.0.0.1:9464/metrics
//! curl -H 'Accept: application/openmetrics-text' http://127.0.0.1:9464/metrics
//! ```

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

use core_actions::{Mean, Quantile, Quantiles, Statistic, Unit};
use exposition::{Bounds, Description, Format, Histogram, Labels, Page, PageError, Summary};

const ADDRESS: &str = "127.0.0.1:9464";

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(ADDRESS)?;
    writeln!(io::stdout(), "http://{ADDRESS}/metrics")?;
    let mut times = <(Mean, Quantiles)>::default();
    for stream in listener.incoming() {
        #[expect(clippy::disallowed_methods, reason = "a program may measure its own work")]
        let started = Instant::now();
        // A client that hangs up is not a reason to stop.
        let _ = stream.and_then(|stream| answer(stream, &times));
        let nanos = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        times.insert(nanos.into());
    }
    Ok(())
}

fn answer(mut stream: TcpStream, times: &(Mean, Quantiles)) -> io::Result<()> {
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
    let body = page(format, times).map_err(io::Error::other)?;
    let (kind, length) = (format.content_type(), body.len());
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n");
    stream.write_all(&[head.as_bytes(), b"Connection: close\r\n\r\n", &body].concat())
}

/// Writes the times of all answers so far, once as a summary and once as a histogram.
fn page(format: Format, (mean, quantiles): &(Mean, Quantiles)) -> Result<Vec<u8>, PageError> {
    let (mut page, none) = (Page::new(format), Labels::default());
    let (bins, seconds) = (quantiles.histogram(), Unit::Nanoseconds.to(Unit::Seconds));
    let sum = mean.converted(seconds).sum();

    let histogram = Histogram::new(&bins, sum).converted(seconds);
    let duration = Description::new("scrape_duration", "Times of answers.").unit("seconds");
    page.histograms(&duration, &Bounds::default())?.add(&none, &histogram)?;

    let mut summary = Summary::new(core_actions::HasCount::count(mean), sum);
    for share in [Quantile::MEDIAN, Quantile::P99] {
        if let Some(time) = quantiles.quantile(share) {
            summary = summary.with(share, time.converted(seconds));
        }
    }
    let exact = Description::new("scrape_time", "Quantiles of the same times.").unit("seconds");
    page.summaries(&exact)?.add(&none, &summary)?;
    Ok(page.finish())
}
