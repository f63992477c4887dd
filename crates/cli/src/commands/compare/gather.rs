//! Reads both sides, and keeps the statistics of each side or of each file.

use std::collections::HashMap;
use std::iter;

use facade::actions::{LocalTracker, NameTable, Row, TrackerSpec};
use facade::codec::Record;

use super::Action;
use crate::comparison::{Kept, Sample};
use crate::failure::Failure;
use crate::input::result::ReadResult;
use crate::input::{Input, Recipe, file_of, rows};
use crate::output::KeptOutputs;

/// What statistics are kept of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    BySide,
    ByFile,
}

/// How both sides are read.
#[derive(Debug, Clone)]
pub(super) struct Gatherer {
    pub(super) group: Group,
    /// The number of files of each side. Those before come first.
    pub(super) files: [usize; 2],
    /// The limits of each group.
    pub(super) spec: TrackerSpec,
}

/// The statistics of all groups.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) sample: Sample,
    pub(super) files: [usize; 2],
    pub(super) seconds: [Option<f64>; 2],
    /// The number of records of actions beyond the limit.
    pub(super) folded: u64,
    /// The rows of each group, those before first.
    groups: Vec<Vec<Row<Kept>>>,
}

/// The first and the last timestamp of a group, in nanoseconds.
type Span = Option<[i64; 2]>;

/// The records of a thread, by group.
struct Tracker<'n> {
    trackers: Vec<LocalTracker<'n, Kept>>,
    spans: Vec<Span>,
}

impl Gatherer {
    /// Returns the group of a file by its number.
    fn group_of(&self, file: usize) -> usize {
        match self.group {
            Group::ByFile => file,
            Group::BySide => usize::from(file >= self.files[0]),
        }
    }

    /// Returns the number of groups of each side.
    fn groups(&self) -> [usize; 2] {
        match self.group {
            Group::ByFile => self.files,
            Group::BySide => [1, 1],
        }
    }

    /// Reads all files of both sides.
    ///
    /// # Errors
    ///
    /// [`Failure`] as of [`Input::read`].
    pub(super) fn read(
        &self,
        input: &Input,
        recipe: &Recipe,
        kept: KeptOutputs,
    ) -> Result<(Gathered, ReadResult), Failure> {
        let groups = self.groups();
        let all = groups[0] + groups[1];
        let names = iter::repeat_with(|| NameTable::new(self.spec.clone()));
        let names: Vec<_> = names.take(all).collect();
        let tracker = || Tracker {
            trackers: names.iter().map(LocalTracker::new).collect(),
            spans: vec![None; all],
        };
        let mut threads: Vec<_> = iter::repeat_with(tracker).take(input.threads()).collect();
        let sinks =
            threads.iter_mut().map(|thread| move |record: Record<'_>| self.record(thread, record));
        let result = input.read(recipe, &mut sinks.collect::<Vec<_>>(), kept, None)?;
        let mut merged = tracker();
        for thread in threads {
            for (into, from) in merged.trackers.iter_mut().zip(thread.trackers) {
                into.merge(from);
            }
            for (into, from) in merged.spans.iter_mut().zip(thread.spans) {
                *into = joined(*into, from);
            }
        }
        let folded = names.iter().map(|names| names.overflow().folded).sum();
        let (before, after) = merged.spans.split_at(groups[0]);
        let seconds = [before, after].map(seconds);
        let groups = merged.trackers.into_iter().map(LocalTracker::into_rows).collect();
        let sample = match self.group {
            Group::BySide => Sample::Records,
            Group::ByFile => Sample::Files,
        };
        Ok((Gathered { sample, files: self.files, seconds, folded, groups }, result))
    }

    fn record(&self, thread: &mut Tracker<'_>, record: Record<'_>) {
        let group = self.group_of(file_of(record.offset));
        if let Some(stamp) = record.stamp {
            let nanos = stamp.as_nanos();
            thread.spans[group] = joined(thread.spans[group], Some([nanos, nanos]));
        }
        rows::record(&mut thread.trackers[group], &record);
    }
}

fn joined(one: Span, two: Span) -> Span {
    match (one, two) {
        (Some([first, last]), Some([from, to])) => Some([first.min(from), last.max(to)]),
        (one, two) => one.or(two),
    }
}

/// Returns the sum of the spans of a side; `None` without two different timestamps.
fn seconds(spans: &[Span]) -> Option<f64> {
    let span = |span: &[i64; 2]| (i128::from(span[1]) - i128::from(span[0])) as f64 / 1e9;
    let sum: f64 = spans.iter().flatten().map(span).sum();
    (sum > 0.0).then_some(sum)
}

impl Gathered {
    /// Returns all actions in order of appearance: those before, then those that are new.
    pub(super) fn actions(&self) -> Vec<Action<'_>> {
        let before = match self.sample {
            Sample::Records => 1,
            Sample::Files => self.files[0],
        };
        let mut actions: Vec<Action<'_>> = Vec::new();
        let mut places = HashMap::new();
        for (group, rows) in self.groups.iter().enumerate() {
            let side = usize::from(group >= before);
            for row in rows {
                let place = *places.entry(row.name()).or_insert_with(|| {
                    actions.push(Action { name: row.name(), sides: Default::default() });
                    actions.len() - 1
                });
                actions[place].sides[side].push(row.statistic());
            }
        }
        actions
    }
}
