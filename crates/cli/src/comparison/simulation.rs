//! Simulation: how often a verdict is wrong, and how often a change is found.
//!
//! Usually each test draws as many samples as a broken method needs to fail. With the environment
//! variable [`LONG`], as in `cargo xtask ci --long`, it draws enough to measure the method.

use std::array;
use std::env;
use std::f64::consts::TAU;
use std::fmt;

use facade::actions::ActionTime;
use facade::time::Statistic;
use fastrand::Rng;

use super::estimate::{Change, combined, of_means, quantile};
use super::*;

/// The variable of the environment for many samples.
const LONG: &str = "WINDROW_LONG_TESTS";

/// Returns how often something is repeated.
fn times(short: usize, long: usize) -> usize {
    if env::var_os(LONG).is_some() { long } else { short }
}

/// Prints a figure, for who runs a test with `--nocapture`.
#[expect(clippy::print_stdout, reason = "tests may print")]
fn show(figure: fmt::Arguments<'_>) {
    println!("{figure}");
}

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

    fn sample<S: Statistic<Value = ActionTime>>(
        self,
        random: &mut Rng,
        len: usize,
        factor: f64,
    ) -> S {
        let mut kept = S::default();
        let times = (0..len).map(|_| self.time(random) * factor);
        times.for_each(|time| kept.insert(ActionTime::try_from(time).unwrap()));
        kept
    }
}

/// What a quantile needs.
type Sampled = (MinMax, Quantiles);

/// A rule for which each change matters.
const ANY: Rule = Rule { min_change: 0.0, higher_is_better: false };
const DEFAULT: Rule = Rule { min_change: 0.05, ..ANY };

/// Judges a quantile of two samples.
fn judged(rule: Rule, [before, after]: &[Sampled; 2], share: f64, alpha: f64) -> Verdict {
    let share = share.try_into().unwrap();
    let estimate = |side: &Sampled| quantile(&side.1, &side.0, share, alpha);
    match (estimate(before), estimate(after)) {
        (Some(before), Some(after)) => rule.judge(combined(before, after).unwrap()),
        _ => Verdict::TooFew,
    }
}

/// Returns the verdict on an action with the usual quantiles, in a table of some actions.
fn verdict(rule: Rule, sides: &[Sampled; 2], actions: usize) -> Verdict {
    let alpha = alpha_of_one(2 * actions);
    let figures = [0.5, 0.99].map(|share| judged(rule, sides, share, alpha));
    Verdict::of_all(figures.into_iter()).unwrap()
}

/// Pairs of equal samples: each is a table of one row, and 100 of them one of 100 rows.
///
/// The sizes are 100 to 10,000, small ones more often, so that the test takes some seconds without
/// optimization.
#[test]
fn at_most_1_of_20_tables_has_a_false_verdict() {
    const ROWS: usize = 100;
    let tables = times(20, 400);
    let mut random = Rng::with_seed(14);
    let is_false = |verdict| !matches!(verdict, Verdict::Same | Verdict::Unclear | Verdict::TooFew);
    // For each rule: the false tables of one row, the false rows of large tables, and these tables.
    let mut wrong = [[0; 3]; 2];
    for _ in 0..tables {
        let mut is_wrong = [false; 2];
        for row in 0..ROWS {
            let kind = Kind::ALL[row % Kind::ALL.len()];
            let sides: [Sampled; 2] = array::from_fn(|_| {
                let len = 10_f64.powf(2.0 + 2.0 * random.f64().powi(2)) as usize;
                kind.sample(&mut random, len, 1.0)
            });
            for (index, rule) in [ANY, DEFAULT].into_iter().enumerate() {
                wrong[index][0] += usize::from(is_false(verdict(rule, &sides, 1)));
                let in_large = is_false(verdict(rule, &sides, ROWS));
                wrong[index][1] += usize::from(in_large);
                is_wrong[index] |= in_large;
            }
        }
        for index in 0..2 {
            wrong[index][2] += usize::from(is_wrong[index]);
        }
    }
    show(format_args!("{tables} tables of {ROWS} rows: {wrong:?}"));
    for [small, rows, large] in wrong {
        assert!(20 * small <= tables * ROWS, "{wrong:?} of {tables} × {ROWS}");
        assert!(20 * large <= tables, "{wrong:?} of {tables}");
        // The level of a row of a large table is higher.
        assert!(20 * rows <= tables, "{wrong:?} of {tables} × {ROWS}");
    }
}

#[test]
fn change_of_20_percent_is_found_in_95_of_100_pairs() {
    let pairs = times(200, 2_000);
    let mut random = Rng::with_seed(20);
    let is_found = |random: &mut Rng| {
        let sides = [1.0, 1.2].map(|factor| Kind::Exponential.sample(random, 5_000, factor));
        verdict(ANY, &sides, 1) == Verdict::Slower
    };
    let found = (0..pairs).filter(|_| is_found(&mut random)).count();
    show(format_args!("{found} of {pairs}"));
    assert!(100 * found >= 95 * pairs, "{found} of {pairs}");
}

/// Two intervals that must not overlap find this change in 26 % of pairs.
#[test]
fn change_of_20_percent_is_found_in_60_of_100_small_pairs() {
    let pairs = times(300, 20_000);
    let mut random = Rng::with_seed(26);
    let is_found = |random: &mut Rng| {
        let sides = [1.0, 1.2].map(|factor| Kind::Exponential.sample(random, 1_000, factor));
        judged(ANY, &sides, 0.5, ALPHA) == Verdict::Slower
    };
    let found = (0..pairs).filter(|_| is_found(&mut random)).count();
    show(format_args!("{found} of {pairs}"));
    assert!(100 * found >= 60 * pairs, "{found} of {pairs}");
}

/// Asserts that a share of runs is covered, apart from three standard deviations of chance.
#[track_caller]
fn assert_covered(covered: usize, runs: usize, share: f64, case: &str) {
    let (mean, variance) = (runs as f64 * share, runs as f64 * share * (1.0 - share));
    let allowed = mean - 3.0 * variance.sqrt();
    assert!(covered as f64 >= allowed, "{case}: {covered} of {runs}, expected {share}");
}

/// The sizes of samples before and after.
const SIZES: [[usize; 2]; 3] = [[100, 100], [1_000, 400], [400, 2_000]];
/// The change of the samples after.
const FACTOR: f64 = 1.5;

/// The interval of the change covers the true one, for each kind, size and quantile.
#[test]
fn intervals_cover_the_true_change_as_often_as_they_say() {
    let runs = times(100, 2_000);
    let mut random = Rng::with_seed(9);
    let mut sums = [0, 0];
    for kind in Kind::ALL {
        for [one, two] in SIZES {
            for share in [0.5, 0.9, 0.99] {
                if share > 0.9 && one.min(two) < 368 {
                    continue; // Too few for an interval.
                }
                let case = format!("{kind:?} {one} {two} {share}");
                let share = share.try_into().unwrap();
                let is_covered = |_: &usize| {
                    let [before, after] = [(one, 1.0), (two, FACTOR)].map(|(len, factor)| {
                        let side: Sampled = kind.sample(&mut random, len, factor);
                        quantile(&side.1, &side.0, share, ALPHA).unwrap()
                    });
                    let Change { from, to, .. } = combined(before, after).unwrap();
                    (from..=to).contains(&(FACTOR - 1.0))
                };
                let covered = (0..runs).filter(is_covered).count();
                show(format_args!("{case}: {covered} of {runs}"));
                assert_covered(covered, runs, 1.0 - ALPHA, &case);
                sums = [sums[0] + covered, sums[1] + runs];
            }
        }
    }
    assert!(sums[0] as f64 >= (1.0 - ALPHA) * sums[1] as f64, "{sums:?}");
}

/// The interval of a mean is approximate: it covers less for heavy tails.
#[test]
fn intervals_of_means_cover_the_true_change_nearly_as_often() {
    let runs = times(100, 3_000);
    let mut random = Rng::with_seed(12);
    for (kind, share) in Kind::ALL.into_iter().zip([0.95, 0.9, 0.9, 0.95]) {
        for [one, two] in SIZES {
            let case = format!("{kind:?} {one} {two}");
            let is_covered = |_: &usize| {
                let [before, after] = [(one, 1.0), (two, FACTOR)]
                    .map(|(len, factor)| moments(&kind.sample(&mut random, len, factor)).unwrap());
                let Change { from, to, .. } = of_means(before, after, ALPHA).unwrap();
                (from..=to).contains(&(FACTOR - 1.0))
            };
            let covered = (0..runs).filter(is_covered).count();
            show(format_args!("{case}: {covered} of {runs}"));
            assert_covered(covered, runs, share, &case);
            // A wider interval would be of no use.
            assert!(covered as f64 <= 0.99 * runs as f64 || runs < 1_000, "{case}: {covered}");
        }
    }
}
