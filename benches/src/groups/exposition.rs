//! `exposition`: writes a page of 1,000 series, each a histogram of 1,000 values.
//!
//! `histograms_1000_*` write bins that are there; the rival has no native buckets. In
//! `recorder_1000_*` a recorder of the facade `metrics` reads its histograms first; a page has the
//! quantiles of a window too. The floor copies a finished page.

use std::fmt::Write as _;

use adapter_metrics::WindrowRecorder;
use core_actions::Statistic as _;
use criterion::Criterion;
use exposition::{Bounds, Description, Format, Histogram, Labels, Page};
use metrics::{Recorder, histogram, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram as ClientHistogram;
use prometheus_client::registry::Registry;

use crate::harness::Harness;

const SERIES: usize = 1_000;
const VALUES: usize = 1_000;
const FORMATS: [(&str, Format); 2] = [("text", Format::Text), ("native", Format::Protobuf)];

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for (form, format) in FORMATS {
        let name = format!("exposition/histograms_{SERIES}_{form}");
        let harness = &mut Harness::new(criterion, &name, 1, SERIES as u64);
        let ours = |all: &Bins| page(all, format);
        harness.bench_reader("page", bins, ours, |all| verify(&ours(all)));
        harness.bench_reader("floor_copy", || ours(&bins()), Vec::clone, |page| verify(page));
        if format == Format::Text {
            let text = |all: &Registry| {
                let mut text = String::new();
                let _ = encode(&mut text, all); // Writing to memory does not fail.
                text
            };
            harness.bench_reader("rival_prometheus_client", client, text, |all| {
                verify(text(all).as_bytes())
            });
        }
    }
    for (form, format) in FORMATS {
        let name = format!("exposition/recorder_{SERIES}_{form}");
        let harness = &mut Harness::new(criterion, &name, 1, SERIES as u64);
        let ours = |all: &WindrowRecorder| all.render(format);
        let recorder = || filled(WindrowRecorder::default());
        harness.bench_reader("window_recorder", recorder, ours, |all| verify(&ours(all)));
        harness.bench_reader("floor_copy", || ours(&recorder()), Vec::clone, |page| verify(page));
        if format == Format::Text {
            // It writes protobuf only where the compiler of schemas is installed.
            let theirs = |all: &PrometheusRecorder| all.handle().render();
            harness.bench_reader("rival_metrics_exporter_prometheus", exporter, theirs, |all| {
                verify(theirs(all).as_bytes())
            });
        }
    }
}

fn route(series: usize) -> String {
    format!("/users/{series}")
}

/// Values from a millisecond to a second, evenly.
fn values() -> impl Iterator<Item = f64> {
    (1..=VALUES).map(|at| at as f64 / 1_000.0)
}

type Bins = (Vec<(Labels, core_actions::Histogram)>, Bounds);

fn bins() -> Bins {
    let mut bins = core_actions::Histogram::default();
    values().for_each(|value| bins.insert(value.try_into().expect("not negative")));
    let labels = |series| {
        let labels = Labels::default().with("route", &route(series));
        labels.expect("one label")
    };
    ((0..SERIES).map(|series| (labels(series), bins.clone())).collect(), Bounds::default())
}

fn page((all, bounds): &Bins, format: Format) -> Vec<u8> {
    let mut page = Page::new(format);
    let description = Description::new("duration", "Times of requests.").unit("seconds");
    let mut family = page.histograms(&description, bounds).expect("the only family");
    let sum = values().sum::<f64>();
    for (labels, bins) in all {
        family.add(labels, &Histogram::new(bins, sum)).expect("different labels");
    }
    page.finish()
}

fn client() -> Registry {
    let bounds = Bounds::default();
    let new = move || ClientHistogram::new(bounds.as_slice().iter().copied());
    let family = Family::<Vec<(String, String)>, _, _>::new_with_constructor(new);
    for series in 0..SERIES {
        let times = family.get_or_create_owned(&vec![("route".to_owned(), route(series))]);
        values().for_each(|value| times.observe(value));
    }
    let mut registry = Registry::default();
    registry.register("duration_seconds", "Times of requests", family);
    registry
}

fn filled<R: Recorder>(recorder: R) -> R {
    with_local_recorder(&recorder, || {
        for series in 0..SERIES {
            let times = histogram!("duration_seconds", "route" => route(series));
            values().for_each(|value| times.record(value));
        }
    });
    recorder
}

fn exporter() -> PrometheusRecorder {
    let bounds = Bounds::default();
    let builder = PrometheusBuilder::new().set_buckets(bounds.as_slice());
    filled(builder.expect("some buckets").build_recorder())
}

/// Checks that a page has the first and the last series.
fn verify(page: &[u8]) -> Result<(), String> {
    let mut missing = String::new();
    for series in [0, SERIES - 1] {
        let route = route(series);
        if !page.windows(route.len()).any(|part| part == route.as_bytes()) {
            let _ = write!(missing, " {route}");
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(format!("page without{missing}")) }
}
