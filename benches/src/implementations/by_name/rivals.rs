//! Rivals that keep a histogram for each set of labels.
//!
//! Their quantiles are coarser than those of Windrow: they have few fixed buckets, or they keep all
//! values and leave the quantiles to an exporter.

use std::collections::HashMap;
use std::slice;
use std::sync::Arc;

use metrics::{Key, Label};
use metrics_util::registry::{AtomicStorage, Registry};
use metrics_util::storage::AtomicBucket;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundHistogram, Histogram, MeterProvider};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, HistogramDataPoint, MetricData};
use opentelemetry_sdk::metrics::{Instrument, SdkMeterProvider, Stream};
use prometheus::{HistogramOpts, HistogramVec};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram as ClientHistogram;

use super::{Bind, ByName};
use crate::harness::names::{Draw, Draws, Found};
use crate::implementations::opentelemetry::Reader;

/// The label that carries the name.
const LABEL: &str = "action";

/// Returns the upper bounds of the buckets: powers of two to above the maximum time.
fn bounds() -> Vec<f64> {
    (0..=13).map(|power| f64::from(1 << power)).collect()
}

/// `prometheus`: a vector of histograms, looked up by label value.
pub struct PrometheusHistogramVec {
    all: HistogramVec,
    names: Vec<String>,
}

impl ByName for PrometheusHistogramVec {
    type Local = ();
    type Parsed<'a> = (&'a str, f64);

    fn fresh(draws: &Draws) -> Self {
        let options = HistogramOpts::new("times", "Times of actions.").buckets(bounds());
        let all = HistogramVec::new(options, &[LABEL]).expect("valid names");
        Self { all, names: draws.names().to_vec() }
    }

    fn local(&self) {}

    fn parsed(draw: Draw<'_>) -> Self::Parsed<'_> {
        (draw.name, draw.time())
    }

    fn add_all(&self, (): &mut (), actions: &[Self::Parsed<'_>]) {
        for &(name, time) in actions {
            self.all.with_label_values(&[name]).observe(time);
        }
    }

    fn found(&self) -> Vec<Found> {
        let found = self.names.iter().map(|name| {
            let one = self.all.with_label_values(&[name]);
            row(name, one.get_sample_count(), one.get_sample_sum())
        });
        found.filter(|found| found.count > 0).collect()
    }
}

impl Bind for PrometheusHistogramVec {
    type Handle = prometheus::Histogram;
    type Time = f64;

    fn handle(&self, name: &str) -> Self::Handle {
        self.all.with_label_values(&[name])
    }

    fn time(draw: Draw<'_>) -> f64 {
        draw.time()
    }

    fn record(handle: &Self::Handle, time: f64) {
        handle.observe(time);
    }
}

/// Returns the row of a rival that keeps neither minimum nor maximum.
fn row(name: &str, count: u64, sum: f64) -> Found {
    Found { name: name.to_owned(), count, sum, min_max: None, median: None }
}

type ClientLabels = [(&'static str, String); 1];

/// `prometheus-client`: a family of histograms, looked up by labels that are made beforehand.
pub struct PrometheusClientFamily(Family<ClientLabels, ClientHistogram>);

fn client_labels(name: &str) -> ClientLabels {
    [(LABEL, name.to_owned())]
}

impl ByName for PrometheusClientFamily {
    type Local = ();
    type Parsed<'a> = (ClientLabels, f64);

    fn fresh(_: &Draws) -> Self {
        Self(Family::new_with_constructor(|| ClientHistogram::new(bounds())))
    }

    fn local(&self) {}

    fn parsed(draw: Draw<'_>) -> Self::Parsed<'_> {
        (client_labels(draw.name), draw.time())
    }

    fn add_all(&self, (): &mut (), actions: &[Self::Parsed<'_>]) {
        for (labels, time) in actions {
            self.0.get_or_create(labels).observe(*time);
        }
    }

    /// Parses the exposition text, which is the only way to read the values.
    fn found(&self) -> Vec<Found> {
        let mut registry = prometheus_client::registry::Registry::default();
        registry.register("times", "Times of actions", self.0.clone());
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).expect("a string");
        let named = |figure: &str| -> HashMap<String, f64> {
            let begin = format!("times_{figure}{{{LABEL}=\"");
            let values =
                text.lines().filter_map(|line| line.strip_prefix(&begin)?.split_once("\"} "));
            values
                .map(|(name, value)| (name.to_owned(), value.parse().expect("a number")))
                .collect()
        };
        let (counts, sums) = (named("count"), named("sum"));
        counts.iter().map(|(name, &count)| row(name, count as u64, sums[name])).collect()
    }
}

impl Bind for PrometheusClientFamily {
    type Handle = ClientHistogram;
    type Time = f64;

    fn handle(&self, name: &str) -> Self::Handle {
        self.0.get_or_create_owned(&client_labels(name))
    }

    fn time(draw: Draw<'_>) -> f64 {
        draw.time()
    }

    fn record(handle: &Self::Handle, time: f64) {
        handle.observe(time);
    }
}

/// `opentelemetry`: a histogram with an attribute that is made beforehand.
///
/// The attribute is looked up for each action. The histogram keeps minimum and maximum.
pub struct OpenTelemetryHistogram {
    histogram: Histogram<f64>,
    /// Lives as long as the histogram; without it, actions are dropped.
    _provider: SdkMeterProvider,
    reader: Reader,
}

impl ByName for OpenTelemetryHistogram {
    type Local = ();
    type Parsed<'a> = (KeyValue, f64);

    /// Raises the limit of attribute sets, which is 2,000 by default.
    fn fresh(draws: &Draws) -> Self {
        let (reader, names) = (Reader::default(), draws.names().len());
        let limit =
            move |_: &Instrument| Stream::builder().with_cardinality_limit(names + 1).build().ok();
        let provider = SdkMeterProvider::builder()
            .with_resource(Resource::builder_empty().build())
            .with_reader(reader.clone())
            .with_view(limit)
            .build();
        let meter = provider.meter("benches");
        let histogram = meter.f64_histogram("times").with_boundaries(bounds()).build();
        Self { histogram, _provider: provider, reader }
    }

    fn local(&self) {}

    fn parsed(draw: Draw<'_>) -> Self::Parsed<'_> {
        (KeyValue::new(LABEL, draw.name.to_owned()), draw.time())
    }

    fn add_all(&self, (): &mut (), actions: &[Self::Parsed<'_>]) {
        for (attribute, time) in actions {
            self.histogram.record(*time, slice::from_ref(attribute));
        }
    }

    fn found(&self) -> Vec<Found> {
        let found = self.reader.collected();
        let metrics = found.scope_metrics().flat_map(|scope| scope.metrics());
        let histograms = metrics.filter_map(|metric| match metric.data() {
            AggregatedMetrics::F64(MetricData::Histogram(histogram)) => Some(histogram),
            _ => None,
        });
        histograms.flat_map(|histogram| histogram.data_points()).map(point).collect()
    }
}

fn point(point: &HistogramDataPoint<f64>) -> Found {
    let name = point.attributes().map(|attribute| attribute.value.to_string()).collect();
    let min_max = point.min().zip(point.max()).map(|(min, max)| [min, max]);
    Found { name, count: point.count(), sum: point.sum(), min_max, median: None }
}

/// Binds the attributes beforehand, which is an experimental feature of the crate.
impl Bind for OpenTelemetryHistogram {
    type Handle = BoundHistogram<f64>;
    type Time = f64;

    fn handle(&self, name: &str) -> Self::Handle {
        self.histogram.bind(&[KeyValue::new(LABEL, name.to_owned())])
    }

    fn time(draw: Draw<'_>) -> f64 {
        draw.time()
    }

    fn record(handle: &Self::Handle, time: f64) {
        handle.record(time);
    }
}

/// `metrics`: the registry of `metrics-util`, looked up by a key that is made beforehand.
///
/// It keeps every time until an exporter drains it.
pub struct MetricsRegistry(Registry<Key, AtomicStorage>);

fn key(name: &str) -> Key {
    let key = Key::from_parts("times", vec![Label::new(LABEL, name.to_owned())]);
    key.get_hash(); // It keeps that, once it is known.
    key
}

impl ByName for MetricsRegistry {
    type Local = ();
    type Parsed<'a> = (Key, f64);

    fn fresh(_: &Draws) -> Self {
        Self(Registry::atomic())
    }

    fn local(&self) {}

    fn parsed(draw: Draw<'_>) -> Self::Parsed<'_> {
        (key(draw.name), draw.time())
    }

    fn add_all(&self, (): &mut (), actions: &[Self::Parsed<'_>]) {
        for (key, time) in actions {
            self.0.get_or_create_histogram(key, |histogram| histogram.push(*time));
        }
    }

    fn make_room(&self) {
        self.0.visit_histograms(|_, histogram| histogram.clear());
    }

    fn found(&self) -> Vec<Found> {
        let mut all = Vec::new();
        self.0.visit_histograms(|key, histogram| {
            let name: String = key.labels().map(Label::value).collect();
            let mut row = super::Plain::default();
            histogram.data_with(|times| times.iter().for_each(|&time| row.insert(time)));
            all.push(row.found(&name));
        });
        all
    }
}

impl Bind for MetricsRegistry {
    type Handle = Arc<AtomicBucket<f64>>;
    type Time = f64;

    fn handle(&self, name: &str) -> Self::Handle {
        self.0.get_or_create_histogram(&key(name), Arc::clone)
    }

    fn time(draw: Draw<'_>) -> f64 {
        draw.time()
    }

    fn record(handle: &Self::Handle, time: f64) {
        handle.push(time);
    }
}
