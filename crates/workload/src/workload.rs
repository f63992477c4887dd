//! What is wanted, and the lines that are so.

use std::num::NonZero;

use crate::line::Line;
use crate::random::{Random, exp2};

/// What lines are wanted.
///
/// The same value makes the same lines, always. Build one from the default, `Workload { seed: 7,
/// ..Workload::default() }`, and a field added later will not break the line.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// How many lines there are.
    pub lines: u64,
    /// How many actions there are names for.
    pub actions: NonZero<u32>,
    /// How frequent each of them is.
    pub popularity: Popularity,
    /// How times are distributed.
    pub times: Times,
    /// The greatest time, or the middle one; see [`Times`].
    pub scale: u32,
    /// How the lines are written.
    pub shape: Shape,
    /// Which share of the lines is no actions, from 0 to 1.
    pub bad: f64,
    /// When the actions happened, if that is wanted.
    pub stamps: Option<Stamps>,
    /// Where the random numbers start.
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

/// How frequent each action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Popularity {
    /// As frequent as any other.
    #[default]
    Even,
    /// Nearly as Zipf has it: the n-th is an n-th as frequent as the first.
    Zipf,
}

/// How times are distributed. All are integers, unless they are written otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Times {
    /// From 0 to the scale, each as likely.
    #[default]
    Uniform,
    /// As many are half as long as the scale as are twice as long: most services answer so.
    Lognormal,
    /// As found in a cache: nine of ten near a twentieth of the scale, the others near the scale.
    Bimodal,
    /// Always the scale.
    Constant,
}

/// How the lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// All alike: `{"action":"jump", "time":150}`.
    #[default]
    Common,
    /// In seven ways, each as likely: keys the other way round, spaces or none, fractions of few
    /// and of many digits, an escape in the name, other keys besides.
    Mixed,
}

/// When actions happened: one after the other, in even steps from the beginning of 2026 on.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamps {
    /// The key, of which the value is seconds since 1970.
    pub key: String,
    /// How many there are in a second.
    pub per_second: f64,
}

impl Workload {
    /// The lines, one after the other.
    #[must_use]
    pub fn lines(&self) -> Lines<'_> {
        Lines { workload: self, random: Random::new(self.seed), next: 0 }
    }
}

/// The lines of a [`Workload`].
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
        let way = if bad || workload.shape == Shape::Mixed { random.next() } else { 0 };
        Some(Line { action, time, stamp, shape: workload.shape, bad, way })
    }
}

impl Workload {
    fn action(&self, random: &mut Random) -> u32 {
        let actions = self.actions.get();
        match self.popularity {
            Popularity::Even => random.below(actions.into()) as u32,
            Popularity::Zipf => {
                // As many octaves as there are, each as likely, and evenly within an octave.
                let octaves = u64::from(actions).ilog2() + 1;
                let first = 1_u64 << random.below(octaves.into());
                let number = first + random.below(first);
                // Of the last octave a part may be missing.
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
