//! Simulation: how often a verdict is wrong, and how often a change is found.

use std::array;
use std::f64::consts::TAU;

use facade::actions::ActionTime;
use facade::time::Statistic;
use fastrand::Rng;

use super::estimate::{Change, combined, quantile};
use super::*;

/// Distributions of times as services have them.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Exponential,
    /// With a deviation of the logarithm of 1.5.
    Lognormal,
    /// With an infinite third moment.
    Pareto,
    /// Hits and misses of a cache.
    Bimodal,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Exponential, Self::Lognormal, Self::Pareto, Self::Bimodal];

    fn time(self, random: &mut Rng) -> f64 {
        let uniform = 1.0 - random.f64(); // Above 0.
        let normal = |random: &mut Rng| (-2.0 * uniform.ln()).sqrt() * (TAU * random.f64()).cos();
        match self {
            Self::Exponential => -uniform.ln(),
            Self::Lognormal => (1.5 * normal(random)).exp(),
            Self::Pareto => uniform.powf(-1.0 / 2.5),
            Self::Bimodal => {
                let middle = if random.f64() < 0.8 { 1.0 } else { 20.0 };
                middle * (0.2 * normal(random)).exp()
            }
        }
    }

    fn sample(self, random: &mut Rng, len: usize, factor: f64) -> (MinMax, Quantiles) {
        let times: Vec<_> =
            (0..len).map(|_| ActionTime::try_from(self.time(random) * factor).unwrap()).collect();
        let mut kept = <(MinMax, Quantiles)>::default();
        kept.insert_all(times.iter().copied());
        kept
    }
}

const RULE: Rule = Rule { min_change: 0.05, higher_is_better: false };

/// Returns the verdict on an action with the usual quantiles, in a table of some actions.
fn verdict(rule: Rule, sides: &[(MinMax, Quantiles); 2], actions: usize) -> Verdict {
    let alpha = alpha_of_one(2 * actions);
    let figures = [0.5, 0.99].map(|share| {
        let share = share.try_into().unwrap();
        let estimate = |side: &(MinMax, Quantiles)| quantile(&side.1, &side.0, share, alpha);
        let (Some(before), Some(after)) = (estimate(&sides[0]), estimate(&sides[1])) else {
            return Verdict::TooFew;
        };
        rule.judge(combined(before, after).unwrap())
    });
    Verdict::of_all(figures.into_iter()).unwrap()
}

/// 2,000 pairs of equal samples: each is a table of one row, and 100 of them one of 100 rows.
///
/// The sizes are 100 to 10,000, small ones more often, so that the test takes some seconds without
/// optimization.
#[test]
fn at_most_1_of_20_tables_has_a_false_verdict() {
    let mut random = Rng::with_seed(14);
    let is_false = |verdict| !matches!(verdict, Verdict::Same | Verdict::Unclear | Verdict::TooFew);
    let rule = Rule { min_change: 0.0, ..RULE };
    // By the smallest change that matters: any, and the default.
    let mut small = [[0, 0]; 2];
    let mut large = [[false; 20]; 2];
    for pair in 0..2_000 {
        let kind = Kind::ALL[pair % Kind::ALL.len()];
        let sides: [_; 2] = array::from_fn(|_| {
            let len = 10_f64.powf(2.0 + 2.0 * random.f64().powi(2)) as usize;
            kind.sample(&mut random, len, 1.0)
        });
        for (index, rule) in [rule, RULE].into_iter().enumerate() {
            small[index][0] += usize::from(is_false(verdict(rule, &sides, 1)));
            let in_large = is_false(verdict(rule, &sides, 100));
            small[index][1] += usize::from(in_large);
            large[index][pair / 100] |= in_large;
        }
    }
    let large = large.map(|tables| tables.into_iter().filter(|&is_false| is_false).count());
    for index in 0..2 {
        assert!(small[index][0] <= 100, "{small:?} of 2,000 rows");
        assert!(large[index] <= 1, "{large:?} of 20 tables");
    }
    // The level of a row of a large table is higher.
    assert!(small[0][1] <= 2, "{small:?} of 2,000 rows");
}

#[test]
fn change_of_20_percent_is_found_in_95_of_100_pairs() {
    let mut random = Rng::with_seed(20);
    let rule = Rule { min_change: 0.0, ..RULE };
    let found = |random: &mut Rng| {
        let sides = [1.0, 1.2].map(|factor| Kind::Exponential.sample(random, 5_000, factor));
        verdict(rule, &sides, 1) == Verdict::Slower
    };
    let found = (0..200).filter(|_| found(&mut random)).count();
    assert!(found >= 190, "{found} of 200");
}

/// The interval of the change covers the true one, for each kind, size and quantile.
#[test]
fn intervals_cover_the_true_change_as_often_as_they_say() {
    let mut random = Rng::with_seed(9);
    for kind in Kind::ALL {
        for [one, two] in [[100, 100], [1_000, 400], [400, 2_000]] {
            for share in [0.5, 0.9] {
                let share = share.try_into().unwrap();
                let mut covered = 0;
                for _ in 0..100 {
                    let [before, after] = [(one, 1.0), (two, 1.5)].map(|(len, factor)| {
                        let (min_max, quantiles) = kind.sample(&mut random, len, factor);
                        quantile(&quantiles, &min_max, share, ALPHA).unwrap()
                    });
                    let Change { from, to, .. } = combined(before, after).unwrap();
                    covered += u32::from((from..=to).contains(&0.5));
                }
                // At 95 %, fewer than 90 are a chance of 1 in 100, and more are safe.
                assert!(covered >= 90, "{kind:?} {one} {two} {share:?}: {covered} of 100");
            }
        }
    }
}

fn kept(times: impl IntoIterator<Item = f64>) -> Kept {
    let mut kept = Kept::default();
    times.into_iter().for_each(|time| kept.insert(ActionTime::try_from(time).unwrap()));
    kept
}

const RECORDS: Comparer = Comparer { sample: Sample::Records, alpha: 0.05, rule: RULE };
const FILES: Comparer = Comparer { sample: Sample::Files, alpha: 0.05, rule: RULE };

fn stat(name: &str) -> Stat {
    name.parse().unwrap()
}

#[test]
fn too_few_records_have_no_verdict() {
    let many = kept((0..400).map(f64::from));
    for (name, enough) in [("p99", 368), ("p50", 6), ("mean", 100)] {
        for (len, expected) in [(enough - 1, true), (enough, false)] {
            let few = kept((0..len).map(f64::from));
            for sides in [[&few, &many], [&many, &few]] {
                let [before, after] = sides.map(|side| [side]);
                let figure = RECORDS.compare(&stat(name), &before, &after);
                let found = figure.verdict == Some(Verdict::TooFew);
                assert_eq!(
                    (found, figure.interval.is_none()),
                    (expected, expected),
                    "{name} {len}"
                );
            }
        }
    }
}

#[test]
fn figures_from_zero_have_no_percentage() {
    let (zero, one) = (kept([0.0; 200]), kept([1.0; 200]));
    for name in ["p50", "mean"] {
        let from_zero = RECORDS.compare(&stat(name), &[&zero], &[&one]);
        assert_eq!((from_zero.change, from_zero.verdict), (None, Some(Verdict::Slower)), "{name}");
        let to_zero = RECORDS.compare(&stat(name), &[&one], &[&zero]);
        assert_eq!(
            (to_zero.change, to_zero.verdict),
            (Some(-1.0), Some(Verdict::Faster)),
            "{name}"
        );
        let equal = RECORDS.compare(&stat(name), &[&zero], &[&zero]);
        assert_eq!((equal.change, equal.verdict), (None, Some(Verdict::Same)), "{name}");
    }
    let new = RECORDS.compare(&stat("p50"), &[], &[&one]);
    assert_eq!((new.before, new.change, new.verdict), (Field::Missing, None, None));
}

#[test]
fn files_are_a_sample_of_their_own() {
    let files: Vec<_> = (0..6).map(|file| kept([100.0 + f64::from(file)])).collect();
    let slow: Vec<_> = (0..6).map(|file| kept([130.0 + f64::from(file)])).collect();
    let [files, slow] = [&files, &slow].map(|files| files.iter().collect::<Vec<_>>());
    let figure = FILES.compare(&stat("mean"), &files, &slow);
    assert_eq!((figure.before, figure.after), (Field::Float(102.5), Field::Float(132.5)));
    assert_eq!((figure.p, figure.verdict), (Some(2.0 / 924.0), Some(Verdict::Slower)));
    assert_eq!(FILES.compare(&stat("p50"), &files, &files).verdict, Some(Verdict::Same));
    let wide: Vec<_> = (0..6).map(|file| kept([100.0 + 9.0 * f64::from(file)])).collect();
    let wide: Vec<_> = wide.iter().collect();
    assert_eq!(FILES.compare(&stat("p50"), &wide, &wide).verdict, Some(Verdict::Unclear));
    let few = FILES.compare(&stat("p50"), &files[..4], &slow);
    assert_eq!((few.p, few.verdict), (None, Some(Verdict::TooFew)));
    assert!(FILES.counts(&Stat::Mean) && !RECORDS.counts(&Stat::Mean));
}
