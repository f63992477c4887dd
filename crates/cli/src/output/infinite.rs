//! Statistics above the largest float.
//!
//! A time is at most the largest `f64`, and so are a mean and a standard deviation. A sum and a
//! variance may be larger. They are written as infinity, in the form of the output format, and a
//! warning names them. Rejected: writing all digits of the exact value. JSON allows it, but most
//! readers store numbers as floats, and refuse a whole document for one number out of range.

use std::fmt::{self, Display};

use facade::actions::Conversion;
use facade::codec::{Field, visible};

use crate::diagnostics;
use crate::output::render::counted;
use crate::stat::{Stat, Stats, Whole};

/// The statistics of a result that are above the largest float.
#[derive(Debug, Default)]
pub(crate) struct Infinite {
    /// The name of the first statistic and the label of its row.
    first: Option<(String, String)>,
    count: u64,
    /// Whether one of them is a time, which was finite before it was converted.
    has_time: bool,
}

impl Infinite {
    /// Finds them among the statistics of labelled rows.
    pub(crate) fn among<'r, S: Stats + 'r>(
        stats: &[Stat],
        rows: impl Iterator<Item = (&'r str, &'r S)>,
    ) -> Self {
        Self::among_converted(stats, rows, None)
    }

    /// Finds them among the statistics of labelled rows in another unit.
    pub(crate) fn among_converted<'r, S: Stats + 'r>(
        stats: &[Stat],
        rows: impl Iterator<Item = (&'r str, &'r S)>,
        conversion: Option<Conversion>,
    ) -> Self {
        let mut found = Self::default();
        let stats = || {
            stats.iter().filter(|stat| {
                // A time is finite in its own unit.
                stat.may_be_infinite() || conversion.is_some()
            })
        };
        if stats().next().is_none() {
            return found;
        }
        for (label, row) in rows {
            for stat in stats() {
                let value = stat.converted(row, &Whole::default(), conversion);
                if matches!(value, Field::Float(float) if float.is_infinite()) {
                    let first = || (stat.name().to_owned(), visible(label.as_bytes()));
                    found.first.get_or_insert_with(first);
                    found.count += 1;
                    found.has_time |= !stat.may_be_infinite();
                }
            }
        }
        found
    }

    /// Prints a warning if there are any; `word` is their form in the output.
    pub(crate) fn warn(&self, word: &str) {
        if self.count > 0 {
            diagnostics::report(Warning { infinite: self, word });
        }
    }
}

struct Warning<'i> {
    infinite: &'i Infinite,
    word: &'i str,
}

impl Display for Warning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Infinite { first: Some((stat, label)), count, has_time } = self.infinite else {
            return Ok(());
        };
        write!(f, "warning: `{stat}` of `{label}`")?;
        match count - 1 {
            0 => f.write_str(" is")?,
            more => write!(f, " and {} are", counted(more, "more statistic"))?,
        }
        let largest = f64::MAX;
        write!(f, " above the largest float, {largest:.1e}, and written as `{}`", self.word)?;
        let hint = if *has_time { "" } else { "`--stat mean,stddev,max` stay below it; " };
        write!(f, "\n  {hint}check the largest times")
    }
}

#[cfg(test)]
mod tests {
    use facade::actions::{ActionTime, Variance};
    use facade::time::Statistic;

    use super::*;
    use crate::stat::NoStat;

    type Kept = (Variance, NoStat, NoStat);

    fn kept(times: &[f64]) -> Kept {
        let mut kept = Kept::default();
        for &time in times {
            kept.insert(ActionTime::try_from(time).unwrap());
        }
        kept
    }

    #[test]
    fn infinite_figures_are_counted_and_the_first_is_named() {
        let (small, large) = (kept(&[1.0, 2.0]), kept(&[f64::MAX, f64::MAX, 0.0]));
        let rows = [("a", &small), ("b\n", &large), ("c", &large)];
        let stats = [Stat::Count, Stat::Mean, Stat::Deviation, Stat::Sum("sum")];
        let found = Infinite::among(&stats, rows.into_iter());
        assert_eq!(found.count, 2);
        assert_eq!(
            Warning { infinite: &found, word: "null" }.to_string(),
            "warning: `sum` of `b\\n` and 1 more statistic are above the largest float, 1.8e308, \
             and written as `null`\n  `--stat mean,stddev,max` stay below it; \
             check the largest times"
        );
        let found = Infinite::among(&[Stat::Variance], rows[..2].iter().copied());
        assert_eq!((found.count, found.first.unwrap().0), (1, "variance".to_owned()));
        assert_eq!(Infinite::among(&[Stat::Mean], rows.into_iter()).count, 0);
    }
}
