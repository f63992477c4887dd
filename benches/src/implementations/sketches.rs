//! Quantile sketches, each for one thread. All are set to a relative error of at most 1 %.

use codec::ActionTime;
use core_actions::{Histogram, Quantile, Quantiles, Statistic};
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2Serializer};
use sketches_ddsketch::{Config, DDSketch};

use crate::harness::actions::THOUSANDTHS;

/// Inserts values, merges, and returns quantiles.
pub trait Sketch: Clone + Send + Sync {
    /// The form in which a time is passed.
    type Time: Copy + Send + Sync;

    /// Makes an empty sketch.
    fn fresh() -> Self;

    /// Converts a time to that form. A sketch of integers is given only integers.
    fn time(thousandths: u64) -> Self::Time;

    /// Inserts times.
    fn insert_all(&mut self, times: &[Self::Time]);

    /// Merges another sketch.
    fn merge(&mut self, other: &Self);

    /// Returns the time that the given share of all times does not exceed.
    fn quantile(&self, share: f64) -> f64;
}

const VALID: &str = "the workload holds only valid actions";

/// Converts thousandths to a float.
fn float(thousandths: u64) -> f64 {
    thousandths as f64 / THOUSANDTHS as f64
}

fn share(share: f64) -> Quantile {
    Quantile::try_from(share).expect("a share")
}

macro_rules! ours_are_sketches {
    ($($statistic:ty),+) => {
        $(impl Sketch for $statistic {
            type Time = ActionTime;

            fn fresh() -> Self {
                Self::default()
            }

            fn time(thousandths: u64) -> ActionTime {
                ActionTime::try_from(float(thousandths)).expect(VALID)
            }

            fn insert_all(&mut self, times: &[ActionTime]) {
                times.iter().for_each(|&time| self.insert(time));
            }

            fn merge(&mut self, other: &Self) {
                Statistic::merge(self, other);
            }

            fn quantile(&self, of: f64) -> f64 {
                self.quantile(share(of)).expect("at least one time").as_f64()
            }
        })+
    };
}

ours_are_sketches!(Quantiles, Histogram);

/// A sketch of Windrow that is given all times at once, as a tracker does it.
#[derive(Clone)]
pub struct Batch<S>(S);

impl<S: Sketch<Time = ActionTime> + Statistic<Value = ActionTime>> Sketch for Batch<S> {
    type Time = ActionTime;

    fn fresh() -> Self {
        Self(Sketch::fresh())
    }

    fn time(thousandths: u64) -> ActionTime {
        S::time(thousandths)
    }

    fn insert_all(&mut self, times: &[ActionTime]) {
        Statistic::insert_all(&mut self.0, times.iter().copied());
    }

    fn merge(&mut self, other: &Self) {
        Sketch::merge(&mut self.0, &other.0);
    }

    fn quantile(&self, share: f64) -> f64 {
        self.0.quantile(share)
    }
}

/// `hdrhistogram`, of integers, with two digits.
#[derive(Clone)]
pub struct Hdr(hdrhistogram::Histogram<u64>);

/// The maximum value, above every time of the workload.
const HDR_MAX: u64 = 1 << 14;

impl Sketch for Hdr {
    type Time = u64;

    fn fresh() -> Self {
        Self(hdrhistogram::Histogram::new_with_bounds(1, HDR_MAX, 2).expect("valid bounds"))
    }

    fn time(thousandths: u64) -> u64 {
        thousandths / THOUSANDTHS
    }

    fn insert_all(&mut self, times: &[u64]) {
        times.iter().for_each(|&time| self.0.record(time).expect(VALID));
    }

    fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("both have the same bounds");
    }

    fn quantile(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64
    }
}

impl Hdr {
    /// Returns the number of times.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Appends its own binary form, version 2.
    ///
    /// # Panics
    ///
    /// Never: a vector takes all bytes.
    pub fn write(&self, serializer: &mut V2Serializer, bytes: &mut Vec<u8>) {
        serializer.serialize(&self.0, bytes).expect("a vector takes all bytes");
    }

    /// Reads that form from the front of `bytes`, and merges it.
    ///
    /// # Panics
    ///
    /// If the bytes are not that form.
    pub fn add_from(&mut self, deserializer: &mut Deserializer, bytes: &mut &[u8]) {
        let other = deserializer.deserialize::<u64, _>(bytes).expect(VALID);
        self.0.add(other).expect("both have the same bounds");
    }
}

/// `histogram`, of integers, with buckets of 1/128.
#[derive(Clone)]
pub struct RivalHistogram(histogram::Histogram);

impl Sketch for RivalHistogram {
    type Time = u64;

    fn fresh() -> Self {
        Self(histogram::Histogram::new(7, 64).expect("valid powers"))
    }

    fn time(thousandths: u64) -> u64 {
        thousandths / THOUSANDTHS
    }

    fn insert_all(&mut self, times: &[u64]) {
        times.iter().for_each(|&time| self.0.increment(time).expect(VALID));
    }

    fn merge(&mut self, other: &Self) {
        self.0.checked_add_assign(&other.0).expect("both have the same powers");
    }

    fn quantile(&self, share: f64) -> f64 {
        let cell = self.0.quantile_bucket(share).expect("a share").expect("at least one time");
        cell.start().midpoint(cell.end()) as f64
    }
}

/// `sketches-ddsketch`: buckets of equal ratio, of any floats.
#[derive(Clone)]
pub struct DdSketch(DDSketch);

impl Sketch for DdSketch {
    type Time = f64;

    fn fresh() -> Self {
        Self(DDSketch::new(Config::new(0.01, 2_048, 1e-9)))
    }

    fn time(thousandths: u64) -> f64 {
        float(thousandths)
    }

    fn insert_all(&mut self, times: &[f64]) {
        times.iter().for_each(|&time| self.0.add(time));
    }

    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0).expect("both have the same settings");
    }

    fn quantile(&self, share: f64) -> f64 {
        self.0.quantile(share).expect("a share").expect("at least one time")
    }
}

/// All times, sorted on demand; it is emptied when it grows too large.
#[derive(Clone)]
pub struct LocalVec(Vec<f64>);

/// The number of times that it keeps.
const KEPT: usize = 1 << 20;

impl Sketch for LocalVec {
    type Time = f64;

    fn fresh() -> Self {
        Self(Vec::new())
    }

    fn time(thousandths: u64) -> f64 {
        float(thousandths)
    }

    fn insert_all(&mut self, times: &[f64]) {
        if self.0.len() > KEPT {
            self.0.clear();
        }
        times.iter().for_each(|&time| self.0.push(time));
    }

    fn merge(&mut self, other: &Self) {
        self.insert_all(&other.0);
    }

    fn quantile(&self, share: f64) -> f64 {
        let mut times = self.0.clone();
        let rank = (share * times.len() as f64).ceil() as usize;
        *times.select_nth_unstable_by(rank.max(1) - 1, f64::total_cmp).1
    }
}

/// A count for each integer time, so that the bucket needs no computation.
#[derive(Clone)]
pub struct FloorCounts(Vec<u64>);

impl Sketch for FloorCounts {
    type Time = u64;

    fn fresh() -> Self {
        Self(vec![0; HDR_MAX as usize])
    }

    fn time(thousandths: u64) -> u64 {
        thousandths / THOUSANDTHS
    }

    fn insert_all(&mut self, times: &[u64]) {
        times.iter().for_each(|&time| self.0[time as usize] += 1);
    }

    fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, more)| *mine += more);
    }

    fn quantile(&self, share: f64) -> f64 {
        let mut left = (share * self.0.iter().sum::<u64>() as f64).ceil() as u64;
        let at = self.0.iter().position(|&count| {
            let found = left <= count;
            left = left.saturating_sub(count);
            found
        });
        at.expect("at least one time") as f64
    }
}
