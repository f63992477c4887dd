//! Workers in processes of their own, whose statistics are merged over pipes, exactly.
//!
//! `cargo run --package facade --example processes`
//!
//! The program starts itself as its workers. A server that forks its workers does the same: each
//! worker creates its tracker after the fork, and sends a snapshot when asked or when it ends.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use facade::actions::{MergedTracker, Quantile, Summary, TrackerSnapshot};

/// The variable that makes a process a worker: its number.
const WORKER: &str = "WINDROW_EXAMPLE_WORKER";
const WORKERS: u64 = 4;
const REQUESTS: u64 = 10_000;

type Tracker = MergedTracker<Summary>;

fn main() -> Result<(), Box<dyn Error>> {
    match env::var(WORKER) {
        Ok(worker) => work(worker.parse()?),
        Err(_) => collect(),
    }
}

/// Serves requests, and sends what they took.
fn work(worker: u64) -> Result<(), Box<dyn Error>> {
    let tracker = Tracker::default();
    serve(&tracker, worker)?;
    io::stdout().write_all(&tracker.snapshot().to_bytes())?;
    Ok(())
}

fn serve(tracker: &Tracker, worker: u64) -> Result<(), Box<dyn Error>> {
    for request in 0..REQUESTS {
        let path = ["GET /", "GET /search", "POST /orders"][(request % 3) as usize];
        tracker.record(path, 100 + (request * 7_919 + worker * 104_729) % 900)?;
    }
    Ok(())
}

/// Starts the workers, and merges what they send, in the order in which they are done.
fn collect() -> Result<(), Box<dyn Error>> {
    let program = env::current_exe()?;
    let start = |worker: u64| {
        Command::new(&program).env(WORKER, worker.to_string()).stdout(Stdio::piped()).spawn()
    };
    let workers = (0..WORKERS).map(start).collect::<Result<Vec<_>, _>>()?;
    let mut all = Tracker::default().snapshot();
    for worker in workers {
        let sent = worker.wait_with_output()?;
        if !sent.status.success() {
            return Err(format!("a worker ended with {}", sent.status).into());
        }
        all.merge(&TrackerSnapshot::from_bytes(&sent.stdout)?)?;
    }
    for row in all.rows() {
        let p99 = row.statistic().quantile(Quantile::P99).map_or(0.0, |time| time.as_f64());
        let (count, mean) = (row.count(), row.mean());
        println!("{:<13} {count:>6} requests, mean {mean:.2}, p99 {p99}", row.name());
    }
    // The same to the bit as one process that serves all requests.
    let one = Tracker::default();
    (0..WORKERS).try_for_each(|worker| serve(&one, worker))?;
    assert_eq!(all, one.snapshot());
    Ok(())
}
