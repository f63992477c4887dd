//! The memory of a key, as in the table of README.md.

use std::collections::HashMap;
use std::hint::black_box;

use allocation_counter::measure;
use benches::implementations::keyed::{
    Keyed, MapOfRings, MetricsCounters, Moka, PrometheusClientCounters,
};
use benches::implementations::limiters::{GovernorKeyed, Limited};
use core_time::{KeyedCounter, KeyedLimiter};

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
