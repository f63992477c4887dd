//! The messages of Prometheus, with the fields that are written.
//!
//! Numbers of fields are those of `io.prometheus.client`, version 2 of the language of protobuf. A
//! field that is 0 may be left out: readers have 0 for a missing one.

use prost::{Enumeration, Message};

use crate::histogram::{Bounds, Histogram};
use crate::labels::Labels;
use crate::native::{Native, SCHEMA, ZERO_THRESHOLD};
use crate::summary::Summary;
use crate::text::Kind;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct MetricFamily {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) help: String,
    #[prost(enumeration = "MetricType", optional, tag = "3")]
    kind: Option<i32>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) metrics: Vec<Metric>,
    #[prost(string, tag = "5")]
    unit: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enumeration)]
#[repr(i32)]
enum MetricType {
    Counter = 0,
    Gauge = 1,
    Summary = 2,
    Histogram = 4,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Metric {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<LabelPair>,
    #[prost(message, optional, tag = "2")]
    gauge: Option<Float>,
    #[prost(message, optional, tag = "3")]
    counter: Option<Float>,
    #[prost(message, optional, tag = "4")]
    summary: Option<SummaryMessage>,
    #[prost(message, optional, tag = "7")]
    histogram: Option<HistogramMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct LabelPair {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

/// A `Gauge` or a `Counter`, which have the same fields.
#[derive(Clone, PartialEq, Message)]
struct Float {
    #[prost(double, tag = "1")]
    value: f64,
}

#[derive(Clone, PartialEq, Message)]
struct SummaryMessage {
    #[prost(uint64, tag = "1")]
    count: u64,
    #[prost(double, tag = "2")]
    sum: f64,
    #[prost(message, repeated, tag = "3")]
    quantiles: Vec<QuantileMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct QuantileMessage {
    #[prost(double, tag = "1")]
    quantile: f64,
    #[prost(double, tag = "2")]
    value: f64,
}

#[derive(Clone, PartialEq, Message)]
struct HistogramMessage {
    #[prost(uint64, tag = "1")]
    count: u64,
    #[prost(double, tag = "2")]
    sum: f64,
    #[prost(message, repeated, tag = "3")]
    buckets: Vec<Bucket>,
    #[prost(sint32, tag = "5")]
    schema: i32,
    #[prost(double, tag = "6")]
    zero_threshold: f64,
    #[prost(uint64, tag = "7")]
    zeros: u64,
    #[prost(message, repeated, tag = "12")]
    spans: Vec<BucketSpan>,
    // In version 2 of the language, numbers are not packed unless the field says so.
    #[prost(sint64, repeated, packed = "false", tag = "13")]
    deltas: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Bucket {
    #[prost(uint64, tag = "1")]
    cumulative: u64,
    #[prost(double, tag = "2")]
    bound: f64,
}

#[derive(Clone, PartialEq, Message)]
struct BucketSpan {
    #[prost(sint32, tag = "1")]
    offset: i32,
    #[prost(uint32, tag = "2")]
    length: u32,
}

impl MetricFamily {
    pub(crate) fn new(kind: Kind, name: &str, help: &str, unit: &str) -> Self {
        let total = if kind == Kind::Counter { "_total" } else { "" };
        let kind = match kind {
            Kind::Counter => MetricType::Counter,
            Kind::Gauge => MetricType::Gauge,
            Kind::Summary => MetricType::Summary,
            Kind::Histogram => MetricType::Histogram,
        };
        Self {
            name: format!("{name}{total}"),
            help: help.to_owned(),
            kind: Some(kind.into()),
            metrics: Vec::new(),
            unit: unit.to_owned(),
        }
    }

    /// Writes the family behind its length, unless it has no sample: readers refuse that.
    pub(crate) fn write(&self, output: &mut Vec<u8>) {
        if !self.metrics.is_empty() {
            output.extend_from_slice(&self.encode_length_delimited_to_vec());
        }
    }
}

impl Metric {
    fn of(labels: &Labels) -> Self {
        let pair = |(name, value): (&str, &str)| LabelPair {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        Self { labels: labels.iter().map(pair).collect(), ..Self::default() }
    }

    pub(crate) fn counter(labels: &Labels, value: f64) -> Self {
        Self { counter: Some(Float { value }), ..Self::of(labels) }
    }

    pub(crate) fn gauge(labels: &Labels, value: f64) -> Self {
        Self { gauge: Some(Float { value }), ..Self::of(labels) }
    }

    pub(crate) fn summary(labels: &Labels, summary: &Summary) -> Self {
        let quantiles = summary
            .quantiles()
            .map(|(quantile, value)| QuantileMessage { quantile, value: value.as_f64() });
        let message = SummaryMessage {
            count: summary.count(),
            sum: summary.sum().as_f64(),
            quantiles: quantiles.collect(),
        };
        Self { summary: Some(message), ..Self::of(labels) }
    }

    pub(crate) fn histogram(labels: &Labels, histogram: &Histogram<'_>, bounds: &Bounds) -> Self {
        let Native { zeros, spans, deltas } = Native::of(histogram.estimates());
        let buckets =
            histogram.cumulative(bounds).map(|(bound, cumulative)| Bucket { cumulative, bound });
        let spans =
            spans.iter().map(|span| BucketSpan { offset: span.offset, length: span.length });
        let message = HistogramMessage {
            count: histogram.count(),
            sum: histogram.sum().as_f64(),
            buckets: buckets.collect(),
            schema: SCHEMA,
            zero_threshold: ZERO_THRESHOLD,
            zeros,
            spans: spans.collect(),
            deltas,
        };
        Self { histogram: Some(message), ..Self::of(labels) }
    }
}

#[cfg(test)]
mod tests {
    use core_actions::{ActionTime, Quantile, Statistic};
    use proptest::prelude::*;

    use super::*;

    fn labels() -> Labels {
        Labels::default().with("a", "b").unwrap()
    }

    #[track_caller]
    fn check(kind: Kind, metric: Metric, expected: &[u8]) {
        let mut family = MetricFamily::new(kind, "m", "h", "s");
        family.metrics.push(metric);
        let mut output = Vec::new();
        family.write(&mut output);
        assert_eq!(output, expected);
    }

    #[test]
    fn messages_have_the_numbers_of_fields_that_servers_know() {
        // 1 as a double.
        const ONE: [u8; 8] = [0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
        let pair = [10, 6, 10, 1, b'a', 18, 1, b'b'];
        let [a, b, c, d, e, f, g, h] = ONE;
        let gauge = [18, 9, 9, a, b, c, d, e, f, g, h];
        let metric = [&[34, 19][..], &pair, &gauge].concat();
        let head = [10, 1, b'm', 18, 1, b'h', 24, 1];
        let expected = [&[32][..], &head, &metric, &[42, 1, b's']].concat();
        check(Kind::Gauge, Metric::gauge(&labels(), 1.0), &expected);

        let counter = [26, 9, 9, a, b, c, d, e, f, g, h];
        let metric = [&[34, 19][..], &pair, &counter].concat();
        let name = [10, 7, b'm', b'_', b't', b'o', b't', b'a', b'l', 18, 1, b'h', 24, 0];
        let expected = [&[38][..], &name, &metric, &[42, 1, b's']].concat();
        check(Kind::Counter, Metric::counter(&labels(), 1.0), &expected);

        let quantile = [26, 18, 9, a, b, c, d, e, f, g, h, 17, a, b, c, d, e, f, g, h];
        let summary = [&[34, 31, 8, 3, 17, a, b, c, d, e, f, g, h][..], &quantile].concat();
        let metric = [&[34, 41][..], &pair, &summary].concat();
        let head = [10, 1, b'm', 18, 1, b'h', 24, 2];
        let expected = [&[54][..], &head, &metric, &[42, 1, b's']].concat();
        let one = Quantile::try_from(1.0).unwrap();
        let summary = Summary::new(3, 1.0).with(one, 1.0);
        check(Kind::Summary, Metric::summary(&labels(), &summary), &expected);
    }

    #[test]
    fn histogram_has_native_buckets_next_to_those_with_bounds() {
        let mut bins = core_actions::Histogram::default();
        [0_u64, 1, 1, 2, 4].iter().for_each(|&time| bins.insert(time.into()));
        let bounds = Bounds::try_from(vec![1.0]).unwrap();
        let metric = Metric::histogram(&labels(), &Histogram::new(&bins, 8.0), &bounds);
        let found = metric.histogram.as_ref().unwrap();
        assert_eq!((found.count, found.sum, found.schema, found.zeros), (5, 8.0, 5, 1));
        assert_eq!(found.buckets, [Bucket { cumulative: 3, bound: 1.0 }]);
        let spans: Vec<_> = found.spans.iter().map(|span| (span.offset, span.length)).collect();
        assert_eq!(spans, [(0, 1), (31, 1), (31, 1)]);
        assert_eq!(found.deltas, [2, -1, 0]);
        // Not packed: a tag before each difference, in zigzag.
        let bytes = found.encode_to_vec();
        assert!(bytes.ends_with(&[104, 4, 104, 1, 104, 0]), "{bytes:?}");
    }

    #[test]
    fn family_without_a_sample_is_left_out() {
        let mut output = Vec::new();
        MetricFamily::new(Kind::Gauge, "m", "h", "").write(&mut output);
        assert_eq!(output, [0_u8; 0]);
    }

    proptest! {
        #[test]
        fn native_buckets_hold_all_values(
            times in prop::collection::vec(prop_oneof![
                any::<u64>().prop_map(|bits| (bits >> (bits % 64)) as f64),
                (0.0..1e6),
                prop::num::f64::POSITIVE | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL,
            ], 0..100),
        ) {
            let mut bins = core_actions::Histogram::default();
            for &time in &times {
                bins.insert(ActionTime::try_from(time).unwrap());
            }
            let histogram = Histogram::new(&bins, 0.0);
            let message = Metric::histogram(&labels(), &histogram, &Bounds::none());
            let bytes = message.encode_to_vec();
            let decoded = Metric::decode(&*bytes).unwrap();
            prop_assert_eq!(&decoded, &message);
            let found = decoded.histogram.unwrap();
            prop_assert_eq!(found.count, times.len() as u64);
            // As a server reads it.
            let (mut index, mut count, mut total) = (0, 0, found.zeros);
            let mut deltas = found.deltas.iter();
            for span in &found.spans {
                index += span.offset;
                for _ in 0..span.length {
                    count += deltas.next().unwrap();
                    prop_assert!(count >= 0);
                    total += count as u64;
                    let [below, above] = [index - 1, index].map(|at| (f64::from(at) / 32.0).exp2());
                    let near = |&&time: &&f64| time > below / 1.02 && time <= above * 1.02;
                    prop_assert!(count == 0 || times.iter().find(near).is_some());
                    index += 1;
                }
            }
            prop_assert_eq!(deltas.next(), None);
            prop_assert_eq!(total, found.count);
        }
    }
}
