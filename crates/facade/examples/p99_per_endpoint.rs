//! The 99th percentile of each endpoint over the past five minutes, recorded by eight threads.
//!
//! `cargo run --package facade --example p99_per_endpoint`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::thread;
use std::time::Duration;

use facade::{Error, Windrow};

/// Stands for the work of a request, and returns how long it took.
fn serve(endpoint: usize, request: u64) -> Duration {
    let slow = if request.is_multiple_of(50) { 40 } else { 1 };
    Duration::from_micros(200 * (endpoint as u64 + 1) * slow)
}

fn main() -> Result<(), Error> {
    let windrow = Windrow::default();
    let endpoints = ["GET /cart", "POST /checkout", "GET /search"];
    // Made once. A handle records without a look-up, from any thread.
    let handles: Vec<_> =
        endpoints.into_iter().map(|endpoint| windrow.action(endpoint)).collect::<Result<_, _>>()?;

    thread::scope(|scope| {
        for worker in 0..8 {
            let handles = &handles;
            scope.spawn(move || {
                for request in 0..1_000 {
                    for (endpoint, handle) in handles.iter().enumerate() {
                        handle.record(serve(endpoint, request + worker));
                    }
                }
            });
        }
    });

    for handle in &handles {
        let last5 = handle.window(Duration::from_secs(300))?;
        let [p50, p99] = [last5.p50(), last5.p99()].map(Option::unwrap_or_default);
        println!(
            "{:<15} {:>5} requests  p50 {p50:>7.1?}  p99 {p99:>7.1?}",
            handle.name(),
            last5.count()
        );
    }
    Ok(())
}

#[test]
fn endpoints_are_printed() -> Result<(), Error> {
    main()
}
