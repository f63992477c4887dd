//! What a change means, for a figure and for an action.

use std::fmt::{self, Display};

use super::estimate::{Change, Estimate};

/// What a comparison says about a figure or an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Slower,
    Faster,
    /// Figures of an action changed in both directions.
    Mixed,
    Same,
    /// The interval allows for several of the above.
    Unclear,
    /// There are too few records for an interval.
    TooFew,
    /// The action is only in the input after the change.
    New,
    /// The action is only in the input before the change.
    Gone,
}

impl Verdict {
    /// All of them, in the order of a summary.
    pub(crate) const ALL: [Self; 8] = [
        Self::Slower,
        Self::Faster,
        Self::Mixed,
        Self::Same,
        Self::Unclear,
        Self::TooFew,
        Self::New,
        Self::Gone,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Slower => "slower",
            Self::Faster => "faster",
            Self::Mixed => "mixed",
            Self::Same => "same",
            Self::Unclear => "unclear",
            Self::TooFew => "too few",
            Self::New => "new",
            Self::Gone => "gone",
        }
    }

    /// Returns the verdict on an action by those on its figures; `None` without a figure.
    pub(crate) fn of_all(figures: impl Iterator<Item = Self> + Clone) -> Option<Self> {
        let any = |verdict| figures.clone().any(|figure| figure == verdict);
        let all = |verdict| figures.clone().all(|figure| figure == verdict);
        figures.clone().next()?;
        Some(match (any(Self::Slower), any(Self::Faster)) {
            (true, true) => Self::Mixed,
            (true, false) => Self::Slower,
            (false, true) => Self::Faster,
            _ if all(Self::Same) => Self::Same,
            _ if all(Self::TooFew) => Self::TooFew,
            _ => Self::Unclear,
        })
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// When a change matters, and in which direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rule {
    /// The minimum relative change that matters, as a fraction.
    pub(crate) min_change: f64,
    pub(crate) higher_is_better: bool,
}

impl Rule {
    /// Judges a change by its interval.
    pub(crate) fn judge(&self, change: Change) -> Verdict {
        let Change { value, from, to } = change;
        if from > 0.0 && value >= self.min_change {
            self.more()
        } else if to < 0.0 && value <= -self.min_change {
            self.less()
        } else if from >= -self.min_change && to <= self.min_change {
            Verdict::Same
        } else {
            Verdict::Unclear
        }
    }

    /// Judges a change from or to zero, which has no ratio, by intervals that do not overlap.
    pub(crate) fn judge_apart(&self, before: Estimate, after: Estimate) -> Verdict {
        if after.from > before.to {
            self.more()
        } else if after.to < before.from {
            self.less()
        } else if (before.from, before.to) == (after.from, after.to) && before.from == before.to {
            Verdict::Same
        } else {
            Verdict::Unclear
        }
    }

    /// Judges figures of files: `p` is the probability of such a difference by chance.
    pub(crate) fn judge_files(&self, [before, after]: [f64; 2], is_rare: bool) -> Verdict {
        let change = (after - before) / before; // Infinite from zero, not a number without change.
        match is_rare {
            true if change > 0.0 && change >= self.min_change => self.more(),
            true if change < 0.0 && change <= -self.min_change => self.less(),
            _ => Verdict::Unclear,
        }
    }

    fn more(&self) -> Verdict {
        if self.higher_is_better { Verdict::Faster } else { Verdict::Slower }
    }

    fn less(&self) -> Verdict {
        if self.higher_is_better { Verdict::Slower } else { Verdict::Faster }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { min_change: 0.05, higher_is_better: false };

    #[track_caller]
    fn check(value: f64, from: f64, to: f64, expected: Verdict) {
        let change = Change { value, from, to };
        assert_eq!(RULE.judge(change), expected, "{change:?}");
        let turned = match expected {
            Verdict::Slower => Verdict::Faster,
            Verdict::Faster => Verdict::Slower,
            same => same,
        };
        let rule = Rule { higher_is_better: true, ..RULE };
        assert_eq!(rule.judge(change), turned, "{change:?}");
    }

    #[test]
    fn change_is_judged_by_its_interval_and_its_size() {
        check(0.2, 0.1, 0.3, Verdict::Slower);
        check(0.05, 0.01, 0.3, Verdict::Slower);
        check(0.2, 0.0, 0.3, Verdict::Unclear);
        check(0.049, 0.01, 0.3, Verdict::Unclear);
        check(0.03, 0.01, 0.05, Verdict::Same);
        check(0.03, 0.01, 0.051, Verdict::Unclear);
        check(-0.2, -0.3, -0.1, Verdict::Faster);
        check(-0.2, -0.3, 0.0, Verdict::Unclear);
        check(0.0, -0.05, 0.05, Verdict::Same);
        check(0.0, -0.051, 0.0, Verdict::Unclear);
        check(f64::INFINITY, 1.0, f64::INFINITY, Verdict::Slower);
    }

    #[test]
    fn change_from_zero_is_judged_by_separate_intervals() {
        let estimate = |value, from, to| Estimate { value, from, to };
        let zero = estimate(0.0, 0.0, 0.0);
        assert_eq!(RULE.judge_apart(zero, estimate(5.0, 1.0, 6.0)), Verdict::Slower);
        assert_eq!(RULE.judge_apart(estimate(5.0, 1.0, 6.0), zero), Verdict::Faster);
        assert_eq!(RULE.judge_apart(zero, zero), Verdict::Same);
        assert_eq!(RULE.judge_apart(zero, estimate(5.0, 0.0, 6.0)), Verdict::Unclear);
        let wide = estimate(0.0, 0.0, 6.0);
        assert_eq!(RULE.judge_apart(wide, wide), Verdict::Unclear);
    }

    #[test]
    fn files_are_judged_by_their_medians() {
        assert_eq!(RULE.judge_files([100.0, 120.0], true), Verdict::Slower);
        assert_eq!(RULE.judge_files([100.0, 80.0], true), Verdict::Faster);
        assert_eq!(RULE.judge_files([100.0, 120.0], false), Verdict::Unclear);
        assert_eq!(RULE.judge_files([100.0, 104.0], true), Verdict::Unclear);
        assert_eq!(RULE.judge_files([0.0, 1.0], true), Verdict::Slower);
        assert_eq!(RULE.judge_files([0.0, 0.0], true), Verdict::Unclear);
    }

    #[test]
    fn action_is_judged_by_its_figures() {
        use Verdict::{Faster, Mixed, Same, Slower, TooFew, Unclear};
        let cases: [(&[Verdict], Option<Verdict>); 9] = [
            (&[], None),
            (&[Same, Slower], Some(Slower)),
            (&[Unclear, Faster], Some(Faster)),
            (&[Slower, Faster], Some(Mixed)),
            (&[Same, Same], Some(Same)),
            (&[Same, TooFew], Some(Unclear)),
            (&[Same, Unclear], Some(Unclear)),
            (&[TooFew, TooFew], Some(TooFew)),
            (&[TooFew, Slower], Some(Slower)),
        ];
        for (figures, expected) in cases {
            assert_eq!(Verdict::of_all(figures.iter().copied()), expected, "{figures:?}");
        }
    }
}
