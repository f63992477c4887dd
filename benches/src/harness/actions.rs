//! Actions of four names, the same on every run, and the answers that they must give.
//!
//! The expected answers are computed here in integers, independently of every implementation.

use std::fmt::Write as _;

use serde::Deserialize;
use workload::Random;

use super::SEED;

/// The action names, equally frequent. No two have the same length.
pub const NAMES: [&str; 4] = [
    workload::NAMES[0], // jump
    workload::NAMES[1], // sprint
    workload::NAMES[2], // hop
    workload::NAMES[3], // barrel roll
];

/// The maximum time.
const TIME_MAX: u64 = 5_000;

/// The number of units in one time. Times are kept in thousandths, so that all are integers.
pub const THOUSANDTHS: u64 = 1_000;

/// The relative error allowed in a mean: the rounding of a million additions stays below it.
pub(crate) const TOLERANCE: f64 = 1e-9;

/// Selects the kind of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Integers from 0 to 5,000, uniformly distributed.
    Whole,
    /// Numbers with three decimals between 0 and 5,000, uniformly distributed.
    Fractions,
}

impl Times {
    /// Draws a time, in thousandths.
    pub(crate) fn draw(self, random: &mut Random) -> u64 {
        match self {
            Self::Whole => random.below(TIME_MAX + 1) * THOUSANDTHS,
            Self::Fractions => random.below(TIME_MAX * THOUSANDTHS),
        }
    }
}

/// One action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// The index of its name in [`NAMES`].
    pub id: usize,
    /// Its time, in thousandths.
    pub thousandths: u64,
}

impl Sample {
    /// Returns the name.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES[self.id]
    }

    /// Returns the time as the nearest float.
    #[must_use]
    pub fn time(self) -> f64 {
        self.thousandths as f64 / THOUSANDTHS as f64
    }
}

/// A sequence of actions.
#[derive(Debug, Clone)]
pub struct Actions(Vec<Sample>);

impl Actions {
    /// Draws `count` actions.
    #[must_use]
    pub fn new(count: usize, times: Times) -> Self {
        let mut random = Random::new(SEED);
        let sample = |_| {
            let id = random.below(NAMES.len() as u64) as usize;
            Sample { id, thousandths: times.draw(&mut random) }
        };
        Self((0..count).map(sample).collect())
    }

    /// Iterates over the actions in order.
    pub fn iter(&self) -> impl Iterator<Item = Sample> {
        self.0.iter().copied()
    }

    /// Writes the actions as lines of JSON.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for sample in self.iter() {
            let (name, time) = (sample.name(), sample.time());
            writeln!(text, r#"{{"action":"{name}", "time":{time}}}"#)
                .expect("a string accepts every write");
        }
        text
    }

    /// Checks the means of an implementation that was given these actions any number of times.
    ///
    /// # Errors
    ///
    /// Says whether the text is not JSON, or which row is missing, extra or has another mean.
    pub fn verify(&self, stats: &str) -> Result<(), String> {
        let mut rows: Vec<StatsRow> =
            serde_json::from_str(stats).map_err(|error| format!("{error} in {stats}"))?;
        for (name, mean) in self.means() {
            let at = rows.iter().position(|row| row.action == name);
            let row = rows.swap_remove(at.ok_or_else(|| format!("no `{name}` in {stats}"))?);
            if (row.avg - mean).abs() > TOLERANCE * mean {
                return Err(format!("mean of `{name}` should be {mean}: {stats}"));
            }
        }
        if rows.is_empty() { Ok(()) } else { Err(format!("more rows than actions in {stats}")) }
    }

    /// Computes the exact mean of each action that occurs.
    fn means(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let mut rows = [(0, 0); NAMES.len()];
        for Sample { id, thousandths } in self.iter() {
            rows[id].0 += thousandths;
            rows[id].1 += THOUSANDTHS;
        }
        let found = NAMES.into_iter().zip(rows).filter(|&(_, (_, count))| count > 0);
        found.map(|(name, (sum, count))| (name, sum as f64 / count as f64))
    }
}

/// One row of an answer.
#[derive(Deserialize)]
struct StatsRow {
    action: String,
    avg: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_holds_the_samples() {
        let of = |id, thousandths| Sample { id, thousandths };
        let actions = Actions(vec![of(0, 150_000), of(3, 1_250), of(2, 0)]);
        let expected = "{\"action\":\"jump\", \"time\":150}\n\
                        {\"action\":\"barrel roll\", \"time\":1.25}\n\
                        {\"action\":\"hop\", \"time\":0}\n";
        assert_eq!(actions.text(), expected);
    }

    #[test]
    fn all_actions_and_both_kinds_of_times_occur() {
        let [whole, fractions] =
            [Times::Whole, Times::Fractions].map(|times| Actions::new(100_000, times));
        for (id, name) in NAMES.iter().enumerate() {
            let share = whole.iter().filter(|sample| sample.id == id).count();
            assert!((24_000..26_000).contains(&share), "{share} of 100,000 are {name}");
        }
        assert!(whole.iter().all(|sample| sample.thousandths % THOUSANDTHS == 0));
        assert!(whole.iter().any(|sample| sample.time() == 0.0));
        assert!(whole.iter().any(|sample| sample.time() == 5_000.0));
        let with_fraction = fractions.iter().filter(|sample| sample.time().fract() > 0.0).count();
        assert!(with_fraction > 99_000, "{with_fraction}");
    }

    #[test]
    fn answer_is_checked_row_by_row() {
        let of = |id, thousandths| Sample { id, thousandths };
        let actions = Actions(vec![of(0, 100_000), of(0, 200_000), of(1, 75_500)]);
        let check = |stats: &str| actions.verify(stats);
        let (jump, sprint) =
            (r#"{"action":"jump","avg":150.0}"#, r#"{"action":"sprint","avg":75.5}"#);
        assert_eq!(check(&format!("[{jump},{sprint}]")), Ok(()));
        assert_eq!(check(&format!("[{sprint},{jump}]")), Ok(()));
        for wrong in [
            format!("[{jump}]"),
            format!("[{jump},{sprint},{jump}]"),
            format!("[{jump},{sprint}"),
            format!("[{jump},{sprint}]").replace("75.5", "75.500001"),
        ] {
            assert!(check(&wrong).is_err(), "{wrong}");
        }
    }
}
