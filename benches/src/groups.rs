//! What is measured: a file for each operation, and in it the scenarios and who takes part.

pub mod add;
pub mod add_action;
pub mod count;
pub mod decode;
pub mod get_stats;
pub mod interference;
pub mod late;
pub mod record;
pub mod turn;

use criterion::Criterion;

/// All groups, in the order they run.
pub const ALL: [fn(&mut Criterion); 9] = [
    decode::bench,
    add_action::bench,
    add::bench,
    get_stats::bench,
    record::bench,
    turn::bench,
    late::bench,
    count::bench,
    interference::bench,
];

/// How many threads work at once where an operation is measured on one and on several.
const THREADS: [usize; 2] = [1, 2];
