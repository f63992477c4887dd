//! `adapter_metrics`: one record by a macro of the facade `metrics`, and by what a macro returned
//! and a program kept, on one thread and on two that share a recorder.
//!
//! The floor is the facade with a recorder that forgets. Counters of the rival have no windows, and
//! its histograms keep every value until it is asked.

use adapter_metrics::WindrowRecorder;
use criterion::Criterion;
use exposition::Format;
use metrics::{NoopRecorder, Recorder, counter, histogram, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use crate::groups::THREADS;
use crate::harness::Harness;

/// The number of records of a thread in one round.
const RECORDS: u64 = 1 << 14;

/// A way to record.
type Way = (&'static str, fn(), &'static str);

/// Each with the sample that has the number of records.
const WAYS: [Way; 4] = [
    ("counter", || each(|_| counter!("requests", "route" => "/").increment(1)), COUNTED),
    ("histogram", || each(|at| histogram!("seconds", "route" => "/").record(at)), MEASURED),
    (
        "kept_counter",
        || {
            let kept = counter!("requests", "route" => "/");
            each(|_| kept.increment(1));
        },
        COUNTED,
    ),
    (
        "kept_histogram",
        || {
            let kept = histogram!("seconds", "route" => "/");
            each(|at| kept.record(at));
        },
        MEASURED,
    ),
];

const COUNTED: &str = "requests_total{route=\"/\"} ";
const MEASURED: &str = "seconds_count{route=\"/\"} ";

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for (way, work, sample) in WAYS {
        for threads in THREADS {
            let name = format!("adapter_metrics/{way}_threads_{threads:02}");
            let harness = &mut Harness::new(criterion, &name, threads, RECORDS);
            let all = RECORDS * threads as u64;
            let text = |recorder: &WindrowRecorder| {
                String::from_utf8_lossy(&recorder.render(Format::Text)).into_owned()
            };
            measure(harness, "window_recorder", WindrowRecorder::default, work, |recorder| {
                expect(&text(recorder), sample, all)
            });
            measure(harness, "rival_metrics_exporter_prometheus", rival, work, |recorder| {
                // Its counters have the names that they are given.
                let sample = sample.replace("_total", "");
                expect(&recorder.handle().render(), &sample, all)
            });
            measure(harness, "floor_facade", || NoopRecorder, work, |_| Ok(()));
        }
    }
}

fn measure<R: Recorder + Send + Sync>(
    harness: &mut Harness<'_>,
    name: &str,
    fresh: impl Fn() -> R + Sync,
    work: fn(),
    verify: impl Fn(&R) -> Result<(), String>,
) {
    harness.bench_writer(name, fresh, |recorder| with_local_recorder(recorder, work), verify);
}

fn rival() -> PrometheusRecorder {
    PrometheusBuilder::new().build_recorder()
}

fn each(record: impl Fn(f64)) {
    (0..RECORDS).for_each(|at| record((at % 1_000) as f64));
}

/// Checks the value of a sample.
fn expect(page: &str, sample: &str, expected: u64) -> Result<(), String> {
    let found = page.lines().find_map(|line| line.strip_prefix(sample));
    if found == Some(expected.to_string().as_str()) {
        Ok(())
    } else {
        Err(format!("{found:?} records, should be {expected}"))
    }
}
