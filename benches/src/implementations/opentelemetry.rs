//! `opentelemetry` with the aggregation of its SDK. It keeps a total without time windows.

use std::sync::{Arc, Weak};
use std::time::Duration;

use opentelemetry::metrics::{BoundCounter, Counter, MeterProvider};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{
    InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Temporality,
};

use super::{Count, Record};

/// A counter without attributes; their lookup is done for each event nevertheless.
pub struct OpenTelemetry {
    counter: Counter<u64>,
    /// Lives as long as the counter; without it, events are dropped.
    _provider: SdkMeterProvider,
    reader: Reader,
}

impl Default for OpenTelemetry {
    fn default() -> Self {
        let reader = Reader::default();
        let provider = SdkMeterProvider::builder()
            .with_resource(Resource::builder_empty().build())
            .with_reader(reader.clone())
            .build();
        let counter = provider.meter("benches").u64_counter("events").build();
        Self { counter, _provider: provider, reader }
    }
}

impl Record for OpenTelemetry {
    fn record_all(&self, events: u64) {
        for _ in 0..events {
            self.counter.add(1, &[]);
        }
    }
}

impl Count for OpenTelemetry {
    fn count_past(&self, _: Duration) -> u64 {
        self.reader.total()
    }
}

/// A counter bound to no attributes beforehand, so that none are looked up.
pub struct OpenTelemetryBound {
    bound: BoundCounter<u64>,
    all: OpenTelemetry,
}

impl Default for OpenTelemetryBound {
    fn default() -> Self {
        let all = OpenTelemetry::default();
        Self { bound: all.counter.bind(&[]), all }
    }
}

impl Record for OpenTelemetryBound {
    fn record_all(&self, events: u64) {
        for _ in 0..events {
            self.bound.add(1);
        }
    }
}

impl Count for OpenTelemetryBound {
    fn count_past(&self, window: Duration) -> u64 {
        self.all.count_past(window)
    }
}

/// The manual reader of the SDK, shared by the provider and by the code that reads the total.
#[derive(Debug, Clone, Default)]
pub(super) struct Reader(Arc<ManualReader>);

impl Reader {
    /// Collects all metrics.
    pub(super) fn collected(&self) -> ResourceMetrics {
        let mut found = ResourceMetrics::default();
        self.0.collect(&mut found).expect("the provider exists");
        found
    }

    fn total(&self) -> u64 {
        let found = self.collected();
        let metrics = found.scope_metrics().flat_map(|scope| scope.metrics());
        let sums = metrics.map(|metric| match metric.data() {
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                sum.data_points().map(|point| point.value()).sum()
            }
            _ => 0,
        });
        sums.sum()
    }
}

impl MetricReader for Reader {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, found: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(found)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.0.temporality(kind)
    }
}
