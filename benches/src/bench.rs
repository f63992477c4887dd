//! Runs every group under criterion, whose flags shorten, filter or only try them.

use std::time::Duration;

use benches::groups;
use criterion::Criterion;

fn main() {
    // So that some five hundred benchmarks are done within twenty minutes.
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(1_000))
        .sample_size(50)
        .nresamples(10_000) // Of use to criterion's own report alone, and a third of its time.
        .without_plots()
        .configure_from_args();
    for group in groups::ALL {
        group(&mut criterion);
    }
    criterion.final_summary();
}
