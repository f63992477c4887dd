//! `adapter_tracing`: one span with one event in it, on one thread and on two that share a
//! subscriber.
//!
//! The floors measure nothing: the registry, which keeps spans, alone and with an empty layer. The
//! rival measures the time
//! from the beginning of a span to the event.

use adapter_tracing::SpanLayer;
use criterion::Criterion;
use facade::Windrow;
use tracing::{Dispatch, dispatcher, info_span, trace};
use tracing_subscriber::layer::{Identity, SubscriberExt as _};
use tracing_subscriber::registry;
use tracing_timing::{Builder, Histogram, TimingLayer};

use crate::groups::THREADS;
use crate::harness::Harness;

/// The number of spans of a thread in one round.
const SPANS: u64 = 1 << 12;

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for threads in THREADS {
        let name = format!("adapter_tracing/threads_{threads:02}");
        let mut harness = Harness::new(criterion, &name, threads, SPANS);
        let all = SPANS * threads as u64;
        harness.bench_writer(
            "span_layer",
            || {
                let windrow = Windrow::default();
                let layer = SpanLayer::new(&windrow);
                (windrow, Dispatch::new(registry().with(layer)))
            },
            |(_, dispatch)| spans(dispatch),
            |(windrow, _)| {
                let count = |time: &str| {
                    let row = windrow.get(&format!("request{{time=\"{time}\"}}"));
                    row.map_or(0, |row| row.count())
                };
                expect(["total", "busy", "idle"].map(count), [all; 3])
            },
        );
        let downcaster = rival().downcaster();
        harness.bench_writer(
            "rival_tracing_timing",
            || Dispatch::new(registry().with(rival())),
            spans,
            |dispatch| {
                let layer = downcaster.downcast(dispatch).ok_or("no layer of the rival")?;
                layer.force_synchronize();
                let samples = layer.with_histograms(|of_spans| {
                    of_spans
                        .values()
                        .flat_map(|of_events| of_events.values())
                        .map(|h| h.len())
                        .sum()
                });
                expect([samples], [all])
            },
        );
        let empty = || Dispatch::new(registry().with(Identity::new()));
        harness.bench_writer("floor_empty_layer", empty, spans, |_| Ok(()));
        harness.bench_writer("floor_registry", || Dispatch::new(registry()), spans, |_| Ok(()));
    }
}

fn rival() -> TimingLayer {
    Builder::default().layer(|| Histogram::new(2).expect("two digits"))
}

fn spans(dispatch: &Dispatch) {
    dispatcher::with_default(dispatch, || {
        (0..SPANS).for_each(|_| info_span!("request").in_scope(|| trace!("done")));
    });
}

fn expect<const N: usize>(found: [u64; N], expected: [u64; N]) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{found:?} spans, should be {expected:?}")) }
}
