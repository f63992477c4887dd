//! The scale of times that several distributions share, so that they can be compared.

use facade::Unit;
use facade::actions::{ActionTime, Bin, MinMax};

use crate::stat::Stats;

/// The maximum ratio of times on a linear scale.
const RATIO_MAX: f64 = 12.0;
/// The minimum distance between two ticks, as a part of the scale.
const TICK_GAP: f64 = 0.16;

/// Maps the times from a minimum to a maximum to the range from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scale {
    Linear {
        from: f64,
        to: f64,
    },
    /// Zeros are at the start.
    Logarithmic {
        from: f64,
        to: f64,
    },
}

impl Scale {
    /// Returns the scale for the times of some rows: logarithmic if they differ much.
    pub(crate) fn over<'r, S: Stats + 'r>(rows: impl Iterator<Item = &'r S> + Clone) -> Self {
        let ends = |end: fn(&MinMax) -> Option<ActionTime>| {
            let ends = rows.clone().filter_map(move |row| end(row.min_max()?));
            ends.map(ActionTime::as_f64)
        };
        let max = ends(MinMax::max).fold(0.0, f64::max);
        let min = ends(MinMax::min).fold(max, f64::min);
        match Self::logarithmic(rows) {
            Self::Logarithmic { from, to } if to / from > RATIO_MAX => {
                Self::Logarithmic { from, to }
            }
            _ if min < max => Self::Linear { from: min, to: max },
            _ if max > 0.0 => Self::Linear { from: 0.0, to: max },
            _ => Self::Linear { from: 0.0, to: 1.0 },
        }
    }

    /// Returns the logarithmic scale for the times of some rows.
    pub(crate) fn logarithmic<'r, S: Stats + 'r>(rows: impl Iterator<Item = &'r S>) -> Self {
        let ends = rows.flat_map(|row| ends(row).into_iter().flatten());
        let (from, to) =
            ends.fold((f64::INFINITY, 0.0_f64), |(from, to), end| (from.min(end), to.max(end)));
        Self::Logarithmic { from, to }
    }

    /// Returns the position of a time, from 0 to 1; 0 if the scale has one time only.
    pub(crate) fn place(self, time: f64) -> f64 {
        let (place, width) = match self {
            Self::Linear { from, to } => (time - from, to - from),
            Self::Logarithmic { from, to } => (time.ln() - from.ln(), to.ln() - from.ln()),
        };
        if width > 0.0 { (place / width).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Returns the time at a position from 0 to 1.
    pub(crate) fn time(self, place: f64) -> f64 {
        match self {
            Self::Linear { from, to } => from * (1.0 - place) + to * place,
            Self::Logarithmic { from, to } => {
                (from.ln() * (1.0 - place) + to.ln() * place).exp().clamp(from, to)
            }
        }
    }

    /// Returns the number of times in each of some columns of equal width.
    ///
    /// The count of a bin across several columns is divided between them. There must be a column.
    pub(crate) fn counts(self, bins: impl Iterator<Item = Bin>, columns: usize) -> Vec<f64> {
        let mut counts = vec![0.0; columns];
        for bin in bins {
            let [from, to] = [bin.from, bin.to].map(|end| self.place(end) * columns as f64);
            let width = to - from;
            let first = (from as usize).min(columns - 1);
            for (column, count) in counts.iter_mut().enumerate().skip(first) {
                if width < 1e-9 {
                    *count += bin.count as f64;
                    break;
                }
                let overlap = to.min(column as f64 + 1.0) - from.max(column as f64);
                if overlap <= 0.0 {
                    break;
                }
                *count += bin.count as f64 * overlap / width;
            }
        }
        counts
    }

    /// Returns round times for labels, in ascending order, in times of the unit if it is known.
    pub(crate) fn ticks(self, unit: Option<Unit>) -> Vec<f64> {
        let (from, to, candidates) = match self {
            Self::Linear { from, to } => (from, to, steps(from, to)),
            Self::Logarithmic { from, to } => (from, to, round_times(unit)),
        };
        let mut ticks: Vec<f64> = Vec::new();
        for tick in candidates.into_iter().filter(|tick| (from..=to).contains(tick)) {
            let is_near = |other: &f64| (self.place(*other) - self.place(tick)).abs() < TICK_GAP;
            if !ticks.iter().any(is_near) {
                ticks.push(tick);
            }
        }
        ticks.sort_by(f64::total_cmp);
        ticks
    }
}

/// Returns the minimum and the maximum of the times above zero, which have logarithms.
fn ends(row: &impl Stats) -> [Option<f64>; 2] {
    let [min, max] = [MinMax::min, MinMax::max]
        .map(|end| row.min_max().and_then(end).map(ActionTime::as_f64).filter(|&time| time > 0.0));
    let first_bin = || {
        let histogram = row.quantiles()?.histogram();
        histogram.bins().map(|bin| bin.from).find(|&from| from > 0.0)
    };
    [min.or_else(first_bin), max]
}

/// Returns the multiples of a round step in a range.
fn steps(from: f64, to: f64) -> Vec<f64> {
    let rough = to / 5.0 - from / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power);
    let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
    let first = (from / step).ceil();
    let steps = (0..8).map(|index| (first + f64::from(index)) * step);
    steps.filter(|step| step.is_finite()).collect()
}

/// Returns round times of all magnitudes, those that suit a label best first.
fn round_times(unit: Option<Unit>) -> Vec<f64> {
    let power = |exponent: i32| 10_f64.powi(exponent);
    let Some(unit) = unit else {
        let powers = (f64::MIN_10_EXP..=f64::MAX_10_EXP).map(power);
        let between = powers.clone().flat_map(|power| [2.0 * power, 5.0 * power]);
        return powers.chain(between).collect();
    };
    // Nanoseconds up to 100 s, then 10 and 100 min, then hours.
    let nanos = (-12..=11).map(power).chain([6e11, 6e12]);
    let hours = (1..=12).map(|exponent| 3.6e12 * power(exponent));
    // Beyond 100 s, the double of a round time is not as round.
    let between = (-12..=10).flat_map(|exponent| [2.0 * power(exponent), 5.0 * power(exponent)]);
    let in_unit = |nanos| nanos / unit.nanos() as f64;
    nanos.chain(hours).chain(between).map(in_unit).collect()
}

#[cfg(test)]
mod tests {
    use facade::actions::{Mean, Quantiles};
    use facade::time::Statistic;

    use super::*;

    type Row = (Mean, MinMax, Quantiles);

    fn row(times: &[f64]) -> Row {
        let mut row = Row::default();
        times.iter().for_each(|&time| row.insert(ActionTime::try_from(time).unwrap()));
        row
    }

    #[track_caller]
    fn check(times: &[&[f64]], scale: Scale) {
        let rows: Vec<_> = times.iter().map(|times| row(times)).collect();
        assert_eq!(Scale::over(rows.iter()), scale);
        for (row, times) in rows.iter().zip(times) {
            let counts = scale.counts(row.2.histogram().bins(), 48);
            let sum: f64 = counts.iter().sum();
            assert!((sum - times.len() as f64).abs() < 1e-6, "{sum} of {times:?}");
            let places = times.iter().map(|&time| scale.place(time));
            assert!(places.into_iter().all(|place| (0.0..=1.0).contains(&place)));
        }
        let ticks = scale.ticks(None);
        assert!(ticks.iter().all(|tick| tick.is_finite()) && ticks.is_sorted(), "{ticks:?}");
    }

    #[test]
    fn every_time_is_in_a_column() {
        check(&[], Scale::Linear { from: 0.0, to: 1.0 });
        check(&[&[0.0]], Scale::Linear { from: 0.0, to: 1.0 });
        check(&[&[5.0, 5.0]], Scale::Linear { from: 0.0, to: 5.0 });
        check(&[&[5.0, 6.0, 7.5]], Scale::Linear { from: 5.0, to: 7.5 });
        check(&[&[1.0, 1_000.0]], Scale::Logarithmic { from: 1.0, to: 1_000.0 });
        check(&[&[0.0, 1.0, 1_000.0]], Scale::Logarithmic { from: 1.0, to: 1_000.0 });
        check(&[&[0.0, 5e-324, f64::MAX]], Scale::Logarithmic { from: 5e-324, to: f64::MAX });
        check(&[&[1.5e308, f64::MAX]], Scale::Linear { from: 1.5e308, to: f64::MAX });
    }

    #[test]
    fn scale_is_that_of_all_rows() {
        check(&[&[5.0], &[7.5, 6.0]], Scale::Linear { from: 5.0, to: 7.5 });
        check(&[&[2.0, 3.0], &[0.0], &[40.0]], Scale::Logarithmic { from: 2.0, to: 40.0 });
    }

    #[test]
    fn position_and_time_are_inverse() {
        for scale in
            [Scale::Linear { from: 2.0, to: 6.0 }, Scale::Logarithmic { from: 1.0, to: 1e4 }]
        {
            for place in [0.0, 0.25, 0.5, 1.0] {
                assert!((scale.place(scale.time(place)) - place).abs() < 1e-12, "{scale:?}");
            }
        }
    }

    #[test]
    fn ticks_are_round_and_apart() {
        let linear = |from, to| Scale::Linear { from, to }.ticks(None);
        assert_eq!(linear(5.0, 7.5), [5.0, 5.5, 6.0, 6.5, 7.0, 7.5]);
        assert_eq!(linear(0.0, 1.0), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        let logarithmic = |from, to, unit| Scale::Logarithmic { from, to }.ticks(unit);
        assert_eq!(logarithmic(1.0, 1_000.0, None), [1.0, 10.0, 100.0, 1_000.0]);
        assert_eq!(logarithmic(3.0, 60.0, None), [5.0, 10.0, 20.0, 50.0]);
        // Powers of ten of a second are odd numbers of minutes.
        assert_eq!(
            logarithmic(1.0, 1e6, Some(Unit::Seconds)),
            [1.0, 10.0, 100.0, 6_000.0, 360_000.0]
        );
        assert_eq!(logarithmic(5e-324, f64::MAX, None).len(), 7);
    }

    #[test]
    fn bins_are_divided_by_their_logarithms() {
        let scale = Scale::Logarithmic { from: 1.0, to: 4_096.0 };
        let bin = |from, to, count| Bin { from, to, count };
        let check = |bins: Vec<Bin>, expected: &[f64]| {
            let found = scale.counts(bins.into_iter(), 12);
            for (column, &found) in found.iter().enumerate() {
                let expected = expected.get(column).copied().unwrap_or_default();
                assert!((found - expected).abs() < 1e-9, "{column}: {found}, not {expected}");
            }
        };
        check(vec![bin(1.0, 2.0, 3)], &[3.0]);
        check(vec![bin(1.0, 4.0, 3)], &[1.5, 1.5]);
        check(vec![bin(2.0, 16.0, 3), bin(4.0, 8.0, 1)], &[0.0, 1.0, 2.0, 1.0]);
        check(vec![bin(0.0, f64::from_bits(1), 5)], &[5.0]);
        let mut last = [0.0; 12];
        last[11] = 1.0;
        check(vec![bin(4_096.0, 1e300, 1)], &last);
    }
}
