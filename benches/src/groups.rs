//! The groups: a file for each operation, with its scenarios and implementations.

pub mod adapter_metrics;
pub mod adapter_tower;
pub mod adapter_tracing;
pub mod add_action;
pub mod add_names;
pub mod count;
pub mod decode;
pub mod exposition;
pub mod fleet;
pub mod get_stats;
pub mod interference;
pub mod keyed;
pub mod late;
pub mod limit;
pub mod merge;
pub mod quantile;
pub mod read;
pub mod record;
pub mod snapshot;
pub mod stats;
pub mod turn;
pub mod windowed;

use criterion::Criterion;

/// All groups, in the order in which they run.
pub const ALL: [fn(&mut Criterion); 22] = [
    decode::bench,
    add_action::bench,
    add_names::bench,
    stats::bench,
    quantile::bench,
    windowed::bench,
    read::bench,
    merge::bench,
    snapshot::bench,
    fleet::bench,
    get_stats::bench,
    record::bench,
    turn::bench,
    late::bench,
    count::bench,
    limit::bench,
    keyed::bench,
    interference::bench,
    exposition::bench,
    adapter_metrics::bench,
    adapter_tower::bench,
    adapter_tracing::bench,
];

/// The numbers of threads of operations that are measured on one thread and on several.
const THREADS: [usize; 2] = [1, 2];
