//! Detects values that look like moments.
//!
//! A log often has a field `time` that says when something happened. Its mean says nothing, so a
//! warning names the options for the right fields.

use std::collections::HashMap;

use facade::codec::Record;

/// The first moments of 2001 and of 2101, in seconds since 1970.
const YEARS: [f64; 2] = [978_307_200.0, 4_133_980_800.0];
/// The magnitudes: how many of the unit are a second, for s, ms, µs and ns.
const PER_SECOND: [f64; 4] = [1.0, 1e3, 1e6, 1e9];
/// The maximum number of actions that are watched. One that is found is enough.
const ACTIONS_MAX: usize = 256;

/// Counts the values of each action that look like moments, by magnitude.
#[derive(Debug, Clone, Default)]
pub(crate) struct MomentCounts {
    by_action: HashMap<Box<str>, [u64; PER_SECOND.len()]>,
    /// All of them.
    all: [u64; PER_SECOND.len()],
}

impl MomentCounts {
    /// Counts a value if it looks like a moment.
    #[inline]
    pub(super) fn insert(&mut self, record: &Record<'_>) {
        // Almost all values are below, so that this is all that most records cost. An integer is
        // not turned into a float, which takes 12 instructions.
        let is_large = match record.time.as_integer() {
            Some(value) => value >= YEARS[0] as u64,
            None => record.time.as_f64() >= YEARS[0],
        };
        if is_large {
            self.insert_large(record.name.as_str(), record.time.as_f64());
        }
    }

    #[cold]
    fn insert_large(&mut self, action: &str, value: f64) {
        let Some(magnitude) = magnitude(value) else { return };
        self.all[magnitude] += 1;
        if let Some(counts) = self.by_action.get_mut(action) {
            counts[magnitude] += 1;
        } else if self.by_action.len() < ACTIONS_MAX {
            self.by_action.entry(action.into()).or_default()[magnitude] += 1;
        }
    }

    /// Adds the counts of another thread or input.
    pub(super) fn merge(&mut self, other: Self) {
        add(&mut self.all, other.all);
        for (action, counts) in other.by_action {
            if self.by_action.len() < ACTIONS_MAX || self.by_action.contains_key(&action) {
                add(self.by_action.entry(action).or_default(), counts);
            }
        }
    }

    /// Returns whether all values of an action look like moments of one magnitude.
    ///
    /// `rows` are the actions with the number of their values.
    pub(crate) fn are_all_of_one<'r>(
        &self,
        mut rows: impl Iterator<Item = (&'r str, u64)>,
    ) -> bool {
        !self.by_action.is_empty()
            && rows.any(|(action, count)| {
                self.by_action.get(action).is_some_and(|counts| counts.contains(&count))
            })
    }

    /// Returns whether all values of a run look like moments of one magnitude.
    pub(crate) fn are_all(&self, values: u64) -> bool {
        values > 0 && self.all.contains(&values)
    }
}

fn add(sums: &mut [u64; PER_SECOND.len()], numbers: [u64; PER_SECOND.len()]) {
    sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
}

/// Returns the magnitude at which a value is a moment between 2001 and 2100.
///
/// The ranges do not overlap, so there is at most one.
fn magnitude(value: f64) -> Option<usize> {
    PER_SECOND.iter().position(|per_second| {
        let [from, to] = YEARS.map(|year| year * per_second);
        (from..to).contains(&value)
    })
}

#[cfg(test)]
mod tests {
    use facade::codec::DecodeOptions;

    use super::*;

    fn counts(lines: &str) -> MomentCounts {
        let mut counts = MomentCounts::default();
        let mut insert = |record: Record<'_>| counts.insert(&record);
        DecodeOptions::default().decode_slice(lines.as_bytes(), &mut insert);
        counts
    }

    #[track_caller]
    fn check(values: &[&str], expected: bool) {
        let line = |value: &&str| format!("{{\"action\":\"a\",\"time\":{value}}}\n");
        let lines: String = values.iter().map(line).collect();
        let others = "{\"action\":\"b\",\"time\":1}\n{\"action\":\"b\",\"time\":1700000000}\n";
        let counts = counts(&(lines + others));
        let rows = [("b", 2), ("a", values.len() as u64)];
        assert_eq!(counts.are_all_of_one(rows.into_iter()), expected, "{values:?}");
        assert!(!counts.are_all(values.len() as u64 + 2));
    }

    #[test]
    fn values_of_one_magnitude_are_moments() {
        check(&["1700000000"], true);
        check(&["1700000000.5", "1700000001"], true);
        check(&["978307200", "4133980799"], true);
        check(&["1700000000000"], true);
        check(&["1700000000000000", "1.7e15"], true);
        check(&["1700000000000000000"], true);
    }

    #[test]
    fn other_values_are_not() {
        check(&["978307199"], false);
        check(&["4133980800"], false);
        check(&["1700000000", "1700000000000"], false);
        check(&["1700000000", "12"], false);
        check(&["12", "1700000000"], false);
        check(&["17000000000000000000"], false);
    }

    #[test]
    fn counts_of_threads_are_added() {
        let mut all = counts("{\"action\":\"a\",\"time\":1700000000}\n");
        all.merge(counts("{\"action\":\"a\",\"time\":1700000009}\n"));
        assert!(all.are_all_of_one([("a", 2)].into_iter()) && all.are_all(2));
        assert!(!all.are_all_of_one([("a", 3)].into_iter()) && !all.are_all(3));
        assert!(!MomentCounts::default().are_all(0));
    }
}
