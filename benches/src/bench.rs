//! Runs every group under criterion, whose options shorten, filter or only verify them.

use std::time::Duration;

use benches::groups;
use criterion::Criterion;

fn main() {
    // Short, because there are 530 benchmarks, and all of them should take six minutes.
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .sample_size(30)
        .nresamples(10_000) // Of use to criterion's own report alone, and a third of its time.
        .without_plots()
        .configure_from_args();
    for group in groups::ALL {
        group(&mut criterion);
    }
    criterion.final_summary();
}
