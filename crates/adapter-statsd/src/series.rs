//! The series of a recorder by name and tags, as lines have them.

use std::collections::HashMap;
use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use metrics::{Key, Label, Level, Metadata, Recorder, Unit};

use crate::line::{Kind, Metric};
use crate::refusal::Refusal;
use crate::weight::Weight;

/// Series that are found without asking the recorder; it may have more.
const SERIES_MAX: usize = 1 << 13;
/// Names of histograms of which the unit is known.
const NAMES_MAX: usize = 1 << 13;

static METADATA: Metadata<'static> =
    Metadata::new("adapter_statsd", Level::INFO, Some(module_path!()));

/// A series of the recorder, with what its sample rates left over.
pub(crate) struct Series {
    instrument: Instrument,
    weight: Weight,
}

enum Instrument {
    Counter(metrics::Counter),
    Gauge(metrics::Gauge),
    Histogram(metrics::Histogram),
}

impl Series {
    /// Records all values of a line; returns their number.
    pub(crate) fn record(&mut self, metric: &Metric<'_>) -> u64 {
        let mut values = 0;
        for value in metric.values() {
            values += 1;
            match &self.instrument {
                Instrument::Counter(counter) => {
                    counter.increment(self.weight.whole(value / metric.rate));
                }
                Instrument::Gauge(gauge) if metric.is_change => gauge.increment(value),
                Instrument::Gauge(gauge) => gauge.set(value),
                Instrument::Histogram(histogram) if metric.rate >= 1.0 => histogram.record(value),
                Instrument::Histogram(histogram) => {
                    let count = self.weight.whole(1.0 / metric.rate);
                    histogram.record_many(value, usize::try_from(count).unwrap_or(usize::MAX));
                }
            }
        }
        values
    }
}

struct Known {
    kind: Kind,
    name: Box<str>,
    tags: Box<str>,
    series: Series,
}

/// What a recorder knows, by the text of lines.
#[derive(Default)]
pub(crate) struct AllSeries {
    known: HashTable<Known>,
    hash: RandomState,
    /// What the sample rates of all other series left over, so that their sum is right.
    rest: Weight,
    /// Whether the values of a histogram are times; by its name.
    units: HashMap<String, bool, RandomState>,
}

impl AllSeries {
    /// Records a line; returns the number of its values.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unit`] or [`Refusal::Full`] for a histogram whose unit is another or unknown.
    pub(crate) fn record(
        &mut self,
        metric: &Metric<'_>,
        recorder: &dyn Recorder,
    ) -> Result<u64, Refusal> {
        let hash = self.hash.hash_one((metric.kind, metric.name, metric.tags));
        let is_same = |known: &Known| {
            known.kind == metric.kind && *known.name == *metric.name && *known.tags == *metric.tags
        };
        if let Some(known) = self.known.find_mut(hash, is_same) {
            return Ok(known.series.record(metric));
        }
        self.check_unit(metric, recorder)?;
        let is_kept = self.known.len() < SERIES_MAX;
        let weight = if is_kept { Weight::default() } else { self.rest };
        let mut series = Series { instrument: made(metric, recorder), weight };
        let values = series.record(metric);
        if is_kept {
            let (name, tags) = (metric.name.into(), metric.tags.into());
            let known = Known { kind: metric.kind, name, tags, series };
            let hasher = &self.hash;
            self.known.insert_unique(hash, known, |known| {
                hasher.hash_one((known.kind, &*known.name, &*known.tags))
            });
        } else {
            self.rest = series.weight;
        }
        Ok(values)
    }

    /// Checks that a histogram has one unit, and describes a new one.
    fn check_unit(&mut self, metric: &Metric<'_>, recorder: &dyn Recorder) -> Result<(), Refusal> {
        let is_time = match metric.kind {
            Kind::Timer => true,
            Kind::Histogram => false,
            Kind::Counter | Kind::Gauge => return Ok(()),
        };
        // A recorder may write names that differ in other characters alike.
        let is_plain = |c: char| c.is_ascii_alphanumeric();
        let name: String = metric.name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        match self.units.get(&name) {
            Some(&known) if known == is_time => return Ok(()),
            Some(_) => return Err(Refusal::Unit),
            None if self.units.len() >= NAMES_MAX => return Err(Refusal::Full),
            None => {}
        }
        if is_time {
            let help = "Times that were sent to statsd.".into();
            recorder.describe_histogram(
                metric.name.to_owned().into(),
                Some(Unit::Milliseconds),
                help,
            );
        }
        self.units.insert(name, is_time);
        Ok(())
    }
}

fn made(metric: &Metric<'_>, recorder: &dyn Recorder) -> Instrument {
    let labels: Vec<_> =
        metric.tags().map(|(name, value)| Label::new(name.to_owned(), value.to_owned())).collect();
    let key = Key::from_parts(metric.name.to_owned(), labels);
    match metric.kind {
        Kind::Counter => Instrument::Counter(recorder.register_counter(&key, &METADATA)),
        Kind::Gauge => Instrument::Gauge(recorder.register_gauge(&key, &METADATA)),
        Kind::Timer | Kind::Histogram => {
            Instrument::Histogram(recorder.register_histogram(&key, &METADATA))
        }
    }
}
