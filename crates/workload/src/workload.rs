//! The description of a workload, and the random choices for each line.

use std::num::NonZero;

use crate::line::{Line, Shape, Stamps};
use crate::random::{Random, exp2};

/// Describes a sequence of random lines.
///
/// Equal values produce equal lines, on every machine and in every version. Start from the default,
/// `Workload { seed: 7, ..Workload::default() }`, so that a new field does not break your code.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// The number of lines.
    pub lines: u64,
    /// The number of distinct actions.
    pub actions: NonZero<u32>,
    /// The relative frequency of the actions.
    pub popularity: Popularity,
    /// The distribution of the times.
    pub times: Times,
    /// The maximum or the typical time, as [`Times`] defines it.
    pub scale: u32,
    /// The format of the lines.
    pub shape: Shape,
    /// The share of invalid lines, from 0 to 1.
    pub bad: f64,
    /// The timestamps of the lines; none by default.
    pub stamps: Option<Stamps>,
    /// The seed of the random numbers.
    pub seed: u64,
}

impl Default for Workload {
    fn default() -> Self {
        Self {
            lines: 1_000,
            actions: NonZero::new(4).expect("four"),
            popularity: Popularity::default(),
            times: Times::default(),
            scale: 5_000,
            shape: Shape::default(),
            bad: 0.0,
            stamps: None,
            seed: 1,
        }
    }
}

/// The relative frequency of the actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Popularity {
    /// All actions are equally frequent.
    #[default]
    Even,
    /// Approximates Zipf's law: the n-th action is 1/n as frequent as the first.
    Zipf,
}

/// The distribution of the times, which are integers before formatting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Times {
    /// Uniform from 0 to the scale.
    #[default]
    Uniform,
    /// Log-normal with the scale as median, like the latencies of most services.
    Lognormal,
    /// Two peaks, like a cache: 90 % near 1/20 of the scale, the others near the scale.
    Bimodal,
    /// Always equal to the scale.
    Constant,
}

impl Workload {
    /// Returns an iterator over the lines.
    #[must_use]
    pub fn lines(&self) -> Lines<'_> {
        Lines { workload: self, random: Random::new(self.seed), next: 0 }
    }
}

/// Iterates over the lines of a [`Workload`].
#[derive(Debug, Clone)]
pub struct Lines<'w> {
    workload: &'w Workload,
    random: Random,
    next: u64,
}

impl<'w> Iterator for Lines<'w> {
    type Item = Line<'w>;

    fn next(&mut self) -> Option<Line<'w>> {
        let Self { workload, random, next } = self;
        let number = (*next < workload.lines).then_some(*next)?;
        *next += 1;
        let action = workload.action(random);
        let time = workload.time(random);
        let stamp = workload.stamps.as_ref().map(|stamps| (stamps, number));
        let bad = workload.bad > 0.0 && random.happens(workload.bad);
        let choice = if bad || workload.shape == Shape::Mixed { random.next() } else { 0 };
        Some(Line { action, time, stamp, shape: workload.shape, bad, choice })
    }
}

impl Workload {
    fn action(&self, random: &mut Random) -> u32 {
        let actions = self.actions.get();
        match self.popularity {
            Popularity::Even => random.below(actions.into()) as u32,
            Popularity::Zipf => {
                // Octaves are equally likely, and so are the actions within an octave.
                let octaves = u64::from(actions).ilog2() + 1;
                let first = 1_u64 << random.below(octaves.into());
                let number = first + random.below(first);
                // The last octave may be incomplete.
                (number.min(u64::from(actions)) - 1) as u32
            }
        }
    }

    fn time(&self, random: &mut Random) -> u64 {
        let scale = f64::from(self.scale);
        match self.times {
            Times::Uniform => random.below(u64::from(self.scale) + 1),
            Times::Lognormal => (scale * exp2(random.normal()) + 0.5) as u64,
            Times::Bimodal => {
                let middle = if random.happens(0.9) { scale / 20.0 } else { scale };
                (middle * exp2(random.normal() / 4.0) + 0.5) as u64
            }
            Times::Constant => self.scale.into(),
        }
    }
}
