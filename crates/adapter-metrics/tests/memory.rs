//! Memory while nobody reads a page. A process of its own, as it measures the process.

use std::time::Duration;

use adapter_metrics::{RecorderSpec, WindrowRecorder};
use core_time::{ManualClock, Stamp};
use metrics::with_local_recorder;

/// The records, and ten times as many in the long form.
const RECORDS: u64 = 1_000_000;
const GROWTH_MAX: usize = 1 << 20;

fn resident() -> usize {
    memory_stats::memory_stats().unwrap().physical_mem
}

#[test]
fn memory_is_flat_though_nobody_reads() {
    let records = match std::env::var_os("WINDROW_LONG_TESTS") {
        Some(_) => 10 * RECORDS,
        None => RECORDS,
    };
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let recorder = WindrowRecorder::with_clock(RecorderSpec::default(), clock.clone()).unwrap();
    let work = |from: u64, to: u64| {
        for index in from..to {
            metrics::histogram!("time", "kind" => "a").record((index % 1_000) as f64);
            metrics::counter!("hits").increment(1);
            metrics::gauge!("level").increment(1.0);
            if index % 500 == 0 {
                clock.advance(Duration::from_millis(700)); // Over the whole span, many times.
            }
        }
    };
    with_local_recorder(&recorder, || {
        let warm = RECORDS / 3; // More than a span.
        work(0, warm);
        let before = resident();
        work(warm, records);
        let grown = resident().saturating_sub(before);
        assert!(grown <= GROWTH_MAX, "{grown} bytes more after {records} records");
    });
}
