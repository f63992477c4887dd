//! What everyone is given to do, the same on every run, and what has to come out of it.
//!
//! What has to come out is computed here in integers, apart from every implementation.

use std::fmt::Write as _;
use std::time::Duration;

use core_time::{Clock, ManualClock, Stamp};
use serde::Deserialize;

use crate::contest::Verdict;
use crate::subjects::{Count, Record};

/// The actions of the workload, equally frequent. By their length alone one can tell them apart.
pub const NAMES: [&str; 4] = ["jump", "sprint", "hop", "barrel roll"];

/// The longest time there is.
const TIME_MAX: u64 = 5_000;

/// The unit times are kept in here, so that all are integers: thousandths of the workload's.
pub const THOUSANDTHS: u64 = 1_000;

/// How far a mean may be from the true one: what a million rounded sums come to, and no more.
pub(crate) const TOLERANCE: f64 = 1e-9;

/// What kind of times the actions took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Integers from 0 to 5,000, each as likely.
    Whole,
    /// Three digits behind the point, between 0 and 5,000.
    Fractions,
}

impl Times {
    /// One of these, in thousandths.
    pub(crate) fn draw(self, random: &mut Random) -> u64 {
        match self {
            Self::Whole => random.below(TIME_MAX + 1) * THOUSANDTHS,
            Self::Fractions => random.below(TIME_MAX * THOUSANDTHS),
        }
    }
}

/// One action of the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Which of [`NAMES`] it is.
    pub id: usize,
    /// How long it took.
    pub thousandths: u64,
}

impl Sample {
    /// What was done.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES[self.id]
    }

    /// How long it took, as the nearest float.
    #[must_use]
    pub fn time(self) -> f64 {
        self.thousandths as f64 / THOUSANDTHS as f64
    }
}

/// Actions in the order they come.
#[derive(Debug, Clone)]
pub struct Actions(Vec<Sample>);

impl Actions {
    /// The first `count` actions of the workload, of which there is no end.
    #[must_use]
    pub fn new(count: usize, times: Times) -> Self {
        let mut random = Random::default();
        let sample = |_| {
            let id = random.below(NAMES.len() as u64) as usize;
            Sample { id, thousandths: times.draw(&mut random) }
        };
        Self((0..count).map(sample).collect())
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Sample> {
        self.0.iter().copied()
    }

    /// All of them as JSON, a line each.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for sample in self.iter() {
            let (name, time) = (sample.name(), sample.time());
            writeln!(text, r#"{{"action":"{name}", "time":{time}}}"#)
                .expect("a string takes every write");
        }
        text
    }

    /// Checks the answer of who was given all of these, however often, and nothing else.
    ///
    /// # Errors
    ///
    /// What is wrong with it: it is no such text, or a row is missing, surplus or has another mean.
    pub fn verify(&self, stats: &str) -> Verdict {
        let mut rows: Vec<StatsRow> =
            serde_json::from_str(stats).map_err(|error| format!("{error} in {stats}"))?;
        for (name, mean) in self.means() {
            let at = rows.iter().position(|row| row.action == name);
            let row = rows.swap_remove(at.ok_or_else(|| format!("no `{name}` in {stats}"))?);
            if (row.avg - mean).abs() > TOLERANCE * mean {
                return Err(format!("mean of `{name}` is {mean}, not as in {stats}"));
            }
        }
        if rows.is_empty() { Ok(()) } else { Err(format!("more rows than actions in {stats}")) }
    }

    /// The true mean of each action that there is.
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

/// A row of an answer.
#[derive(Deserialize)]
struct StatsRow {
    action: String,
    avg: f64,
}

/// Where clocks stand at first: inside a bucket, as a present mostly is.
pub const START: Stamp = Stamp::from_millis(1_000_000_500);

/// What a bucket is wide.
pub const SECOND: Duration = Duration::from_secs(1);

/// How many events there are in each second of a history.
pub const EVENTS_PER_SECOND: u64 = 10;

/// So many seconds.
#[must_use]
pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Records events in each of the coming seconds, and tells when the last of them were.
pub fn fill(subject: &impl Record, clock: &ManualClock, span_s: u64) -> Stamp {
    for _ in 0..span_s {
        clock.advance(SECOND);
        subject.record_all(EVENTS_PER_SECOND);
    }
    clock.now()
}

/// Checks how many events a subject finds in each of the past windows, given in seconds.
///
/// # Errors
///
/// The window that holds another number of events.
pub fn verify_counts(subject: &impl Count, expected: &[(u64, u64)]) -> Verdict {
    for &(window_s, events) in expected {
        let found = subject.count_past(seconds(window_s));
        if found != events {
            return Err(format!("{found} events in the past {window_s} s, should be {events}"));
        }
    }
    Ok(())
}

/// Numbers without a pattern that matters here, always the same.
///
/// # References
///
/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators": `SplitMix64`.
pub(crate) struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Self(0x5EED)
    }
}

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit that is far below 2^64, so that the rest favours none.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_says_what_the_samples_are() {
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
