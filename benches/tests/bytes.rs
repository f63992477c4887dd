//! The memory of a key and of a recorder, and the bytes of a row, as in the tables of README.md.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use adapter_metrics::{RecorderSpec, WindrowRecorder};
use allocation_counter::measure;
use benches::groups::snapshot::draws;
use benches::implementations::keyed::{
    Keyed, MapOfRings, MetricsCounters, Moka, PrometheusClientCounters,
};
use benches::implementations::limiters::{GovernorKeyed, Limited};
use benches::implementations::snapshots::{Binary, Form, HdrV2, Postcard};
use core_time::{KeyedCounter, KeyedLimiter, ManualClock, Stamp};
use metrics::{Recorder, counter, histogram, with_local_recorder};
use metrics_exporter_prometheus::PrometheusBuilder;

const KEYS: u64 = 50_000;

/// Returns the bytes of each key that was used once, with a name of 16 bytes.
fn of_counter<S: Keyed>() -> u64 {
    let mut kept = None;
    let used = measure(|| {
        let implementation = S::fresh();
        for key in 0..KEYS {
            implementation.record(&S::key(&format!("key-{key:012}")));
        }
        kept = Some(implementation);
    });
    let bytes = used.bytes_current.unsigned_abs() / KEYS;
    assert_eq!(kept.map(|one| one.count("key-000000000007")), Some(1));
    bytes
}

/// Returns the bytes of each key that was used once, with a number as the key.
fn of_limiter<L: Limited>() -> u64 {
    let mut kept = None;
    let used = measure(|| {
        let limiter = L::per_hour(100);
        assert!((0..KEYS).all(|key| limiter.passes(key)));
        kept = Some(limiter);
    });
    black_box(kept);
    used.bytes_current.unsigned_abs() / KEYS
}

#[test]
fn table_of_the_readme_has_the_bytes_of_a_key() {
    let readme = include_str!("../README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let rows: HashMap<_, _> = rows.collect();
    let measured = [
        ("keyed_counter", of_counter::<KeyedCounter<String>>()),
        ("shared_map_of_rings", of_counter::<MapOfRings>()),
        ("rival_moka", of_counter::<Moka>()),
        ("rival_metrics", of_counter::<MetricsCounters>()),
        ("rival_prometheus_client", of_counter::<PrometheusClientCounters>()),
        ("keyed_limiter", of_limiter::<KeyedLimiter<u64>>()),
        ("rival_governor", of_limiter::<GovernorKeyed>()),
    ];
    let wrong = measured.iter().filter(|(name, bytes)| {
        let shown = rows.get(format!("{name} (key)").as_str());
        let shown = shown.and_then(|row| row.split(" bytes").next()?.parse::<f64>().ok());
        // The number of shards of some depends on that of processors.
        !shown.is_some_and(|shown| (0.6..1.6).contains(&(*bytes as f64 / shown)))
    });
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "README.md does not show {wrong:?}");
}

/// Returns the bytes of all rows with this many records each, and of a row, rounded.
fn of_rows<F: Form>(records: usize) -> (usize, usize) {
    let draws = draws(records);
    let (bytes, rows) = (F::of(&draws).encode().len(), draws.names().len());
    (bytes, (bytes + rows / 2) / rows)
}

#[test]
fn table_of_the_readme_has_the_bytes_of_a_row() {
    let measured = [
        ("binary_form", [1, 100].map(of_rows::<Binary>)),
        ("rival_postcard", [1, 100].map(of_rows::<Postcard>)),
        ("rival_hdrhistogram_v2", [1, 100].map(of_rows::<HdrV2>)),
    ];
    let wrong = measured
        .iter()
        .map(|(name, [(_, one), (_, hundred)])| format!("| `{name}` | {one} | {hundred} | "));
    let wrong: Vec<_> = wrong.filter(|row| !include_str!("../README.md").contains(row)).collect();
    assert!(wrong.is_empty(), "README.md does not have {wrong:#?}");
    let [(_, ours), (_, theirs), _] = measured;
    let shares = [0, 1].map(|at| ours[at].0 as f64 / theirs[at].0 as f64);
    // Both forms have the names, which are half the bytes of a row of one record.
    assert!(shares[0] <= 0.67 && shares[1] <= 0.53, "shares of `postcard`: {shares:?}");
    let (names, rows) = (draws(1).names().concat().len(), draws(1).names().len());
    let shown = format!("a name of {} bytes on average", (names + rows / 2) / rows);
    assert!(include_str!("../README.md").contains(&shown), "README.md does not have `{shown}`");
}

/// Returns the bytes of a recorder after records that nobody reads, 10,000 a second.
fn of_recorder<R: Recorder>(new: impl FnOnce(ManualClock) -> R, records: u64) -> u64 {
    let clock = ManualClock::new(Stamp::from_secs(1_000_000));
    let mut kept = None;
    let used = measure(|| {
        let recorder = new(clock.clone());
        with_local_recorder(&recorder, || {
            let (requests, seconds) = (counter!("requests"), histogram!("seconds"));
            for at in 0..records {
                if at % 10_000 == 0 {
                    clock.advance(Duration::from_secs(1));
                }
                requests.increment(1);
                seconds.record((at % 997) as f64 / 1_000.0);
            }
        });
        kept = Some(recorder);
    });
    black_box(kept);
    used.bytes_current.unsigned_abs()
}

#[test]
fn table_of_the_readme_has_the_bytes_of_a_recorder() {
    let ours = |records| {
        let new = |clock| WindrowRecorder::with_clock(RecorderSpec::default(), clock).unwrap();
        of_recorder(new, records)
    };
    let rival = |records| of_recorder(|_| PrometheusBuilder::new().build_recorder(), records);
    let measured = [
        ("window_recorder", [1_000_000, 10_000_000].map(ours)),
        ("rival_metrics_exporter_prometheus", [1_000_000, 10_000_000].map(rival)),
    ];
    let readme = include_str!("../README.md");
    let wrong = measured.iter().filter(|(name, bytes)| {
        let row = format!("| `{name}` | ");
        let row = readme
            .lines()
            .filter(|line| line.contains(" KiB |"))
            .find_map(|line| line.strip_prefix(&row));
        let shown = row.unwrap_or_default().split(" KiB |");
        let shown: Vec<f64> =
            shown.map_while(|part| part.trim_start_matches([' ', '|']).parse().ok()).collect();
        // The number of shards of some depends on that of processors.
        let is_near =
            |(shown, &bytes): (&f64, &u64)| (0.9..1.1).contains(&(bytes as f64 / 1_024.0 / shown));
        shown.len() != 2 || !shown.iter().zip(bytes).all(is_near)
    });
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "README.md does not show {wrong:?}");
}
