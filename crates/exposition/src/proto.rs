//! The messages of Prometheus, written straight into the bytes of their family.
//!
//! Numbers of fields are those of `io.prometheus.client`, version 2 of the language of protobuf. A
//! field that is 0 may be left out: readers have 0 for a missing one. Messages as structs, which
//! are filled and then encoded, took twice as long and five allocations for each sample.

use prost::encoding::{self, WireType, encode_key, encode_varint};
use prost::length_delimiter_len;

use crate::histogram::{Bounds, Estimates};
use crate::labels::Labels;
use crate::native::{Native, SCHEMA, ZERO_THRESHOLD};
use crate::summary::Summary;
use crate::text::Kind;

/// A `MetricFamily` that is being written.
#[derive(Debug)]
pub(crate) struct FamilyBytes {
    kind: Kind,
    bytes: Vec<u8>,
    unit: String,
    has_samples: bool,
    /// Reused by each histogram.
    native: Native,
}

impl FamilyBytes {
    pub(crate) fn new(kind: Kind, name: &str, help: &str, unit: String) -> Self {
        let total = if kind == Kind::Counter { "_total" } else { "" };
        let mut bytes = Vec::new();
        text(1, &format!("{name}{total}"), &mut bytes);
        text(2, help, &mut bytes);
        encoding::int32::encode(3, &type_of(kind), &mut bytes);
        Self { kind, bytes, unit, has_samples: false, native: Native::default() }
    }

    /// Writes a counter or a gauge.
    pub(crate) fn number(&mut self, labels: &Labels, value: f64) {
        let tag = if self.kind == Kind::Counter { 3 } else { 2 };
        self.metric(labels, |bytes, _| {
            message(tag, bytes, |bytes| double(1, value, bytes));
        });
    }

    pub(crate) fn summary(&mut self, labels: &Labels, summary: &Summary) {
        self.metric(labels, |bytes, _| {
            message(4, bytes, |bytes| {
                integer(1, summary.count(), bytes);
                double(2, summary.sum().as_f64(), bytes);
                for (quantile, value) in summary.quantiles() {
                    message(3, bytes, |bytes| {
                        double(1, quantile, bytes);
                        double(2, value.as_f64(), bytes);
                    });
                }
            });
        });
    }

    pub(crate) fn histogram(&mut self, labels: &Labels, histogram: &Estimates, bounds: &Bounds) {
        self.metric(labels, |bytes, native| {
            native.fill(&histogram.estimates);
            message(7, bytes, |bytes| {
                integer(1, histogram.count, bytes);
                double(2, histogram.sum.as_f64(), bytes);
                for (bound, cumulative) in histogram.cumulative(bounds) {
                    message(3, bytes, |bytes| {
                        integer(1, cumulative, bytes);
                        double(2, bound, bytes);
                    });
                }
                write_native(native, bytes);
            });
        });
    }

    /// Writes the family behind its length, unless it has no sample: readers refuse that.
    pub(crate) fn write(mut self, output: &mut Vec<u8>) {
        if self.has_samples {
            text(5, &self.unit, &mut self.bytes);
            encode_varint(self.bytes.len() as u64, output);
            output.extend_from_slice(&self.bytes);
        }
    }

    /// Writes a `Metric`.
    fn metric(&mut self, labels: &Labels, value: impl FnOnce(&mut Vec<u8>, &mut Native)) {
        self.has_samples = true;
        let native = &mut self.native;
        message(4, &mut self.bytes, |bytes| {
            for (name, value) in labels.iter() {
                message(1, bytes, |bytes| {
                    text(1, name, bytes);
                    text(2, value, bytes);
                });
            }
            value(bytes, native);
        });
    }
}

/// Returns the number of a `MetricType`.
fn type_of(kind: Kind) -> i32 {
    match kind {
        Kind::Counter => 0,
        Kind::Gauge => 1,
        Kind::Summary => 2,
        Kind::Histogram => 4,
    }
}

/// Writes the fields of native buckets.
fn write_native(native: &Native, bytes: &mut Vec<u8>) {
    encoding::sint32::encode(5, &SCHEMA, bytes);
    double(6, ZERO_THRESHOLD, bytes);
    integer(7, native.zeros, bytes);
    for span in &native.spans {
        message(12, bytes, |bytes| {
            if span.offset != 0 {
                encoding::sint32::encode(1, &span.offset, bytes);
            }
            encoding::uint32::encode(2, &span.length, bytes);
        });
    }
    // In version 2 of the language, numbers are not packed unless the field says so. There are
    // hundreds, most of them small.
    const KEY: u8 = 13 << 3 | WireType::Varint as u8;
    bytes.reserve(2 * native.deltas.len());
    for &delta in &native.deltas {
        match ((delta << 1) ^ (delta >> 63)).cast_unsigned() {
            zigzag @ ..0x80 => bytes.extend_from_slice(&[KEY, zigzag as u8]),
            _ => encoding::sint64::encode(13, &delta, bytes),
        }
    }
}

/// Writes a field that is a message.
fn message(tag: u32, bytes: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    encode_key(tag, WireType::LengthDelimited, bytes);
    let start = bytes.len();
    bytes.push(0); // The length, which is most often one byte.
    write(bytes);
    let len = bytes.len() - start - 1;
    let width = length_delimiter_len(len);
    if width > 1 {
        bytes.resize(bytes.len() + width - 1, 0);
        bytes.copy_within(start + 1..=start + len, start + width);
    }
    encode_varint(len as u64, &mut &mut bytes[start..start + width]);
}

fn text(tag: u32, text: &str, bytes: &mut Vec<u8>) {
    if !text.is_empty() {
        encode_key(tag, WireType::LengthDelimited, bytes);
        encode_varint(text.len() as u64, bytes);
        bytes.extend_from_slice(text.as_bytes());
    }
}

fn integer(tag: u32, integer: u64, bytes: &mut Vec<u8>) {
    if integer != 0 {
        encoding::uint64::encode(tag, &integer, bytes);
    }
}

fn double(tag: u32, double: f64, bytes: &mut Vec<u8>) {
    // -0 is not left out.
    if double.to_bits() != 0 {
        encoding::double::encode(tag, &double, bytes);
    }
}

#[cfg(test)]
mod tests {
    use core_actions::{ActionTime, Quantile, Statistic};
    use proptest::prelude::*;
    use prost::Message;

    use super::*;
    use crate::histogram::Histogram;

    // The messages as their schema has them, for a decoder that knows nothing of the above.

    #[derive(Clone, PartialEq, Message)]
    struct MetricFamily {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(string, tag = "2")]
        help: String,
        #[prost(int32, optional, tag = "3")]
        kind: Option<i32>,
        #[prost(message, repeated, tag = "4")]
        metrics: Vec<Metric>,
        #[prost(string, tag = "5")]
        unit: String,
    }

    #[derive(Clone, PartialEq, Message)]
    struct Metric {
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

    fn labels() -> Labels {
        Labels::default().with("a", "b").unwrap()
    }

    #[track_caller]
    fn check(kind: Kind, add: impl FnOnce(&mut FamilyBytes), expected: &[u8]) {
        let mut family = FamilyBytes::new(kind, "m", "h", "s".to_owned());
        add(&mut family);
        let mut output = Vec::new();
        family.write(&mut output);
        assert_eq!(output, expected);
    }

    fn estimates(histogram: &Histogram<'_>) -> Estimates {
        let mut estimates = Estimates::default();
        estimates.fill(histogram);
        estimates
    }

    /// Returns what a server reads.
    fn decoded(estimates: &Estimates, bounds: &Bounds) -> (HistogramMessage, Vec<u8>) {
        let mut family = FamilyBytes::new(Kind::Histogram, "m", "", String::new());
        family.histogram(&labels(), estimates, bounds);
        let mut output = Vec::new();
        family.write(&mut output);
        let family = MetricFamily::decode_length_delimited(&*output).unwrap();
        // The same bytes as of the library's own code, which counts lengths before it writes.
        assert_eq!(family.encode_length_delimited_to_vec(), output);
        let metric = family.metrics.into_iter().next().unwrap();
        (metric.histogram.unwrap(), output)
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
        check(Kind::Gauge, |family| family.number(&labels(), 1.0), &expected);

        let counter = [26, 9, 9, a, b, c, d, e, f, g, h];
        let metric = [&[34, 19][..], &pair, &counter].concat();
        let name = [10, 7, b'm', b'_', b't', b'o', b't', b'a', b'l', 18, 1, b'h', 24, 0];
        let expected = [&[38][..], &name, &metric, &[42, 1, b's']].concat();
        check(Kind::Counter, |family| family.number(&labels(), 1.0), &expected);

        let quantile = [26, 18, 9, a, b, c, d, e, f, g, h, 17, a, b, c, d, e, f, g, h];
        let summary = [&[34, 31, 8, 3, 17, a, b, c, d, e, f, g, h][..], &quantile].concat();
        let metric = [&[34, 41][..], &pair, &summary].concat();
        let head = [10, 1, b'm', 18, 1, b'h', 24, 2];
        let expected = [&[54][..], &head, &metric, &[42, 1, b's']].concat();
        let one = Quantile::try_from(1.0).unwrap();
        let summary = Summary::new(3, 1.0).with(one, 1.0);
        check(Kind::Summary, |family| family.summary(&labels(), &summary), &expected);
    }

    #[test]
    fn histogram_has_native_buckets_next_to_those_with_bounds() {
        let mut bins = core_actions::Histogram::default();
        [0_u64, 1, 1, 2, 4].iter().for_each(|&time| bins.insert(time.into()));
        let bounds = Bounds::try_from(vec![1.0]).unwrap();
        let (found, bytes) = decoded(&estimates(&Histogram::new(&bins, 8.0)), &bounds);
        assert_eq!((found.count, found.sum, found.schema, found.zeros), (5, 8.0, 5, 1));
        assert_eq!(found.buckets, [Bucket { cumulative: 3, bound: 1.0 }]);
        let spans: Vec<_> = found.spans.iter().map(|span| (span.offset, span.length)).collect();
        assert_eq!(spans, [(0, 1), (31, 1), (31, 1)]);
        assert_eq!(found.deltas, [2, -1, 0]);
        // Not packed: a tag before each difference, in zigzag.
        assert!(bytes.ends_with(&[104, 4, 104, 1, 104, 0]), "{bytes:?}");
    }

    #[test]
    fn family_without_a_sample_is_left_out() {
        let mut output = Vec::new();
        FamilyBytes::new(Kind::Gauge, "m", "h", String::new()).write(&mut output);
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
            let (found, _) = decoded(&estimates(&histogram), &Bounds::none());
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
