//! Compares the times of actions before and after a change: what changed, and is it real?
//!
//! Each figure of an action has an interval of confidence for its relative change. For a quantile,
//! each side has the interval of two order statistics, which holds for any distribution, and both
//! are combined by their logarithms. For a mean, the interval is Welch's, of its logarithm: it is
//! approximate for heavy tails, so a mean is judged but does not enter the verdict on its action.
//! With several files on each side, the files are the sample, and a rank test compares the figures
//! of files.
//!
//! The level applies to a whole result: it is divided among all intervals that are judged
//! (Bonferroni). Otherwise a table of a thousand unchanged routes would have fifty false verdicts.
//!
//! Rejected: two intervals that must not overlap. They are as safe, but find a change of 20 % in
//! the median of 1,000 exponential times in 26 % of runs, where the combined interval finds it in
//! 71 %. A gate of means by their skewness: it keeps the samples that miss the tail.

mod estimate;
mod files;
mod ranks;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
mod verdict;

use facade::actions::{HasCount, HasMean, MinMax, Quantiles, Variance};
use facade::codec::Field;

use crate::stat::{Stat, Whole, float};

pub(crate) use estimate::Estimate;
use estimate::Moments;
pub(crate) use files::FILES_MIN;
pub(crate) use verdict::{Rule, Verdict};

/// The probability of a false verdict in a whole result.
pub(crate) const ALPHA: f64 = 0.05;

/// The statistics of an action that are compared.
pub(crate) type Kept = (Variance, MinMax, Quantiles);

/// What the sample of a figure consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sample {
    Records,
    Files,
}

/// An action on one side: its statistics in each file that has it, or in all of them together.
pub(crate) type Side<'r> = &'r [&'r Kept];

/// Compares figures of an action.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comparer {
    pub(crate) sample: Sample,
    /// The probability of a false verdict on one figure.
    pub(crate) alpha: f64,
    pub(crate) rule: Rule,
}

/// A figure before and after.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    pub(crate) before: Field<'static>,
    pub(crate) after: Field<'static>,
    /// The relative change; `None` from zero, and for an action of one side.
    pub(crate) change: Option<f64>,
    /// The interval of the relative change, if there is enough for one.
    pub(crate) interval: Option<[f64; 2]>,
    /// The intervals of the figure before and after, if there is enough for them.
    pub(crate) sides: Option<[Estimate; 2]>,
    /// The probability of such a difference of files by chance.
    pub(crate) p: Option<f64>,
    /// `None` for a figure that is not judged, and for an action of one side.
    pub(crate) verdict: Option<Verdict>,
}

/// Divides the level of a result among the figures that are judged.
pub(crate) fn alpha_of_one(figures: usize) -> f64 {
    ALPHA / figures.max(1) as f64
}

/// Returns whether a statistic can be judged.
pub(crate) fn is_judged(stat: &Stat) -> bool {
    matches!(stat, Stat::Mean | Stat::Quantile(..))
}

/// Returns the relative change of a number; `None` from zero.
pub(crate) fn relative(before: f64, after: f64) -> Option<f64> {
    (before > 0.0).then(|| (after - before) / before)
}

impl Figure {
    /// Returns the relative change, infinite from zero; `None` for an action of one side.
    pub(crate) fn change_or_infinite(&self) -> Option<f64> {
        let (before, after) = (float(&self.before)?, float(&self.after)?);
        let from_zero = if after > before { f64::INFINITY } else { 0.0 };
        Some(self.change.unwrap_or(from_zero))
    }
}

impl Comparer {
    /// Returns whether the verdict on a statistic is one on its action.
    ///
    /// The interval of a mean of records is approximate. That of files is not.
    pub(crate) fn counts(&self, stat: &Stat) -> bool {
        match stat {
            Stat::Quantile(..) => true,
            Stat::Mean => self.sample == Sample::Files,
            _ => false,
        }
    }

    /// Compares a statistic of an action. A side without the action is empty.
    pub(crate) fn compare(&self, stat: &Stat, before: Side<'_>, after: Side<'_>) -> Figure {
        let values = match self.sample {
            Sample::Records => [before, after]
                .map(|side| side.first().map_or(Field::Missing, |kept| of(stat, kept))),
            Sample::Files => [before, after].map(|side| {
                let median = files::median(&mut figures(stat, side), self.alpha);
                median.map_or(Field::Missing, |(value, _)| Field::Float(value))
            }),
        };
        let [x1, x2] = [&values[0], &values[1]].map(float);
        let [before_value, after_value] = values;
        let change = x1.zip(x2).and_then(|(before, after)| relative(before, after));
        let unjudged = Figure {
            before: before_value,
            after: after_value,
            change,
            interval: None,
            sides: None,
            p: None,
            verdict: None,
        };
        if !is_judged(stat) || before.is_empty() || after.is_empty() {
            return unjudged;
        }
        let judged = match (self.sample, before, after) {
            (Sample::Files, ..) => self.compare_files(stat, before, after),
            (_, [before, ..], [after, ..]) => self.compare_records(stat, before, after),
            _ => None,
        };
        let too_few = Judged { verdict: Verdict::TooFew, interval: None, sides: None, p: None };
        let Judged { verdict, interval, sides, p } = judged.unwrap_or(too_few);
        Figure { verdict: Some(verdict), interval, sides, p, ..unjudged }
    }

    /// Compares all records of both sides; `None` if there are too few.
    fn compare_records(&self, stat: &Stat, before: &Kept, after: &Kept) -> Option<Judged> {
        let estimate = |kept: &Kept| match stat {
            Stat::Quantile(quantile, _) => {
                estimate::quantile(&kept.2, &kept.1, *quantile, self.alpha)
            }
            _ => moments(kept).map(|moments| moments.estimate(self.alpha)),
        };
        let (one, two) = (estimate(before)?, estimate(after)?);
        let change = match stat {
            Stat::Quantile(..) => estimate::combined(one, two),
            _ => estimate::of_means(moments(before)?, moments(after)?, self.alpha),
        };
        let verdict = match change {
            Some(change) => self.rule.judge(change),
            None => self.rule.judge_apart(one, two),
        };
        let interval = change.map(|change| [change.from, change.to]);
        Some(Judged { verdict, interval, sides: Some([one, two]), p: None })
    }

    /// Compares the figures of files; `None` if there are too few.
    fn compare_files(&self, stat: &Stat, before: Side<'_>, after: Side<'_>) -> Option<Judged> {
        if before.len().min(after.len()) < FILES_MIN {
            return None;
        }
        let [mut one, mut two] = [before, after].map(|side| figures(stat, side));
        let p = files::mann_whitney(&one, &two);
        let (x1, estimate1) = files::median(&mut one, self.alpha)?;
        let (x2, estimate2) = files::median(&mut two, self.alpha)?;
        let estimates = estimate1.zip(estimate2);
        let change = estimates.and_then(|(one, two)| estimate::combined(one, two));
        let is_same = |(one, two): (Estimate, Estimate)| match change {
            Some(change) => self.rule.judge(change) == Verdict::Same,
            None => self.rule.judge_apart(one, two) == Verdict::Same,
        };
        let can_be_rare = files::rarest(one.len(), two.len()) < self.alpha;
        let by_ranks = match can_be_rare {
            true => self.rule.judge_files([x1, x2], p < self.alpha),
            false => Verdict::TooFew,
        };
        let verdict = match by_ranks {
            Verdict::Unclear if estimates.is_some_and(is_same) => Verdict::Same,
            verdict => verdict,
        };
        let interval = change.map(|change| [change.from, change.to]);
        let sides = estimates.map(|(one, two)| [one, two]);
        Some(Judged { verdict, interval, sides, p: Some(p) })
    }
}

/// The verdict on a figure with its reasons.
struct Judged {
    verdict: Verdict,
    interval: Option<[f64; 2]>,
    sides: Option<[Estimate; 2]>,
    p: Option<f64>,
}

/// Returns the number of records of an action on one side.
pub(crate) fn count(side: Side<'_>) -> u64 {
    side.iter().fold(0, |sum: u64, kept| sum.saturating_add(kept.count()))
}

/// Returns the mean of records with their deviation; `None` if there are too few.
fn moments((variance, ..): &Kept) -> Option<Moments> {
    let (mean, deviation) = (variance.mean()?, variance.sample_deviation()?);
    Some(Moments { count: variance.count(), mean, deviation })
        .filter(|moments| moments.are_enough())
}

/// Returns the figure of each file that has it.
fn figures(stat: &Stat, side: Side<'_>) -> Vec<f64> {
    side.iter().filter_map(|kept| float(&of(stat, kept))).collect()
}

fn of(stat: &Stat, kept: &Kept) -> Field<'static> {
    stat.of(kept, &Whole::default())
}
