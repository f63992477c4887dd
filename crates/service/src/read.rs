//! Reading sources: the actions that differ only in their outcome are one group.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use facade::actions::{LabeledName, WindowedTracker};
use facade::time::{Statistic as _, WindowError};
use facade::{Coverage, Summary};

use crate::axis::Axis;
use crate::course::Course;
use crate::names::{Names, Scale};
use crate::source::Source;

/// The label that `RequestLayer` gives each action.
const OUTCOME: &str = "outcome";

/// The actions of one name with whatever outcome.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// Without the outcome.
    pub(crate) name: String,
    /// Whether it has the folded actions.
    pub(crate) is_other: bool,
    pub(crate) scale: Scale,
    pub(crate) summary: Summary,
    pub(crate) at_least: u64,
    pub(crate) at_most: u64,
    pub(crate) outcomes: BTreeMap<String, u64>,
    /// The names that the tracker knows.
    actions: Vec<String>,
    /// The number of records in each interval of the axis.
    pub(crate) counts: Vec<u64>,
}

impl Group {
    fn outcome(&self, chosen: impl Fn(&str) -> bool) -> u64 {
        self.outcomes.iter().filter(|(outcome, _)| chosen(outcome)).map(|(_, count)| count).sum()
    }

    /// Returns the number of requests that failed: status 5xx, or an error without a response.
    pub(crate) fn errors(&self) -> u64 {
        self.outcome(|outcome| matches!(outcome, "5xx" | "error"))
    }

    pub(crate) fn cancelled(&self) -> u64 {
        self.outcome(|outcome| outcome == "cancelled")
    }
}

/// The groups of one source in one window.
#[derive(Debug)]
pub(crate) struct Groups {
    pub(crate) coverage: Coverage,
    pub(crate) groups: Vec<Group>,
    /// Of each action the index of its group, and its outcome.
    places: HashMap<String, (usize, Option<String>)>,
    by_name: HashMap<String, usize>,
    /// The group of the folded actions.
    other: Option<usize>,
    names: Names,
}

impl Groups {
    /// Reads the past `window` of the tracker of a source.
    pub(crate) fn read(
        source: &Source,
        tracker: &WindowedTracker<Summary>,
        window: Duration,
    ) -> Result<Self, WindowError> {
        let answer = tracker.window(window)?;
        let coverage = answer.coverage();
        let mut groups = Self {
            coverage,
            groups: Vec::new(),
            places: HashMap::new(),
            by_name: HashMap::new(),
            other: None,
            // Read after the rows, so that the name of each of them is known.
            names: source.names(tracker),
        };
        for row in answer.rows() {
            let Some(group) = groups.place(row.name(), row.is_other()) else { continue };
            let outcome = groups.places.get(row.name()).and_then(|(_, outcome)| outcome.clone());
            let group = &mut groups.groups[group];
            if let Some(outcome) = outcome.filter(|_| !row.is_other()) {
                *group.outcomes.entry(outcome).or_default() += row.count();
            }
            // Together they have fewer records than a statistic can count.
            if group.summary.can_merge(row.statistic()) {
                group.summary.merge(row.statistic());
            }
        }
        for row in answer.at_least() {
            let Some(group) = groups.place(row.name(), row.is_other()) else { continue };
            groups.groups[group].at_least += row.count();
        }
        for row in &answer.at_most() {
            let Some(group) = groups.place(row.name(), row.is_other()) else { continue };
            groups.groups[group].at_most += row.count();
        }
        Ok(groups)
    }

    /// Reads the number of records in each interval of an axis, also of groups idle since.
    ///
    /// Returns the first interval in which recording was on.
    pub(crate) fn read_counts(
        &mut self,
        tracker: &WindowedTracker<Summary>,
        axis: &Axis,
        course: &mut Course,
    ) -> Result<usize, WindowError> {
        let mut first = 0;
        for (index, counted) in course.read(tracker, axis)?.enumerate() {
            if !counted.is_covered && first == index {
                first += 1;
            }
            for (action, is_other, count) in &counted.counts {
                let Some(group) = self.place(action, *is_other) else { continue };
                let counts = &mut self.groups[group].counts;
                counts.resize(index + 1, 0);
                counts[index] += count;
            }
        }
        for group in &mut self.groups {
            group.counts.resize(axis.points, 0);
        }
        Ok(first.min(axis.points - 1))
    }

    /// Returns the names that the tracker knows of a group.
    pub(crate) fn actions(&self, name: &str) -> &[String] {
        self.by_name.get(name).map_or(&[], |&group| &self.groups[group].actions)
    }

    /// Returns the scale of a group, also of one without records.
    pub(crate) fn scale(&self, name: &str) -> Scale {
        let known = self.by_name.get(name).map(|&group| self.groups[group].scale);
        known.unwrap_or_else(|| self.names.scale())
    }

    /// Returns the group of an action, which is new if the action is the first of its name.
    ///
    /// There is none for an action that is newer than the list of names: the next read has it.
    fn place(&mut self, action: &str, is_other: bool) -> Option<usize> {
        if is_other {
            let len = self.groups.len();
            let group = *self.other.get_or_insert(len);
            if group == len {
                let name = action.to_owned();
                let scale = self.names.scale();
                self.groups.push(Group { name, is_other: true, scale, ..Group::default() });
            }
            return Some(group);
        }
        if let Some((group, _)) = self.places.get(action) {
            return Some(*group);
        }
        let (shown, scale) = self.names.get(action)?;
        let (name, outcome) = split(shown);
        let len = self.groups.len();
        let group = *self.by_name.entry(name.clone()).or_insert(len);
        if group == len {
            self.groups.push(Group { name, scale, ..Group::default() });
        }
        self.groups[group].actions.push(action.to_owned());
        self.places.insert(action.to_owned(), (group, outcome));
        Some(group)
    }
}

/// Splits a name of an action into the rest and the outcome.
fn split(action: &str) -> (String, Option<String>) {
    let Ok(name) = LabeledName::parse(action) else { return (action.to_owned(), None) };
    let outcome = Some(name.label(OUTCOME).to_owned()).filter(|outcome| !outcome.is_empty());
    match (outcome, name.with(OUTCOME, "")) {
        (Some(outcome), Ok(rest)) => (rest.as_str().to_owned(), Some(outcome)),
        _ => (action.to_owned(), None),
    }
}

/// Returns the windows that all sources keep, of those that people ask for.
pub(crate) fn windows<'s>(sources: impl Iterator<Item = &'s Source>) -> Vec<Duration> {
    let specs: Vec<_> = sources
        .filter_map(|source| source.tracker().ok())
        .map(|tracker| (tracker.window_spec().resolution(), tracker.window_spec().span()))
        .collect();
    let span = specs.iter().map(|(_, span)| *span).min().unwrap_or(Duration::from_secs(300));
    let width = specs.iter().map(|(width, _)| *width).max().unwrap_or_default();
    let usual = [10, 60, 300, 3_600, 86_400].map(Duration::from_secs);
    let mut windows: Vec<_> =
        usual.into_iter().filter(|window| (width..=span).contains(window)).collect();
    if windows.is_empty() {
        windows.push(span);
    }
    windows
}

#[cfg(all(test, feature = "metrics"))]
mod tests {
    use super::*;

    #[test]
    fn action_newer_than_the_list_of_names_waits_for_the_next_read() {
        let recorder = adapter_metrics::WindrowRecorder::default();
        let record = |queue: &'static str| {
            metrics::with_local_recorder(&recorder, || {
                metrics::histogram!("wait", "queue" => queue).record(1.0);
            });
        };
        record("mail");
        let (source, minute) = (Source::from(&recorder), Duration::from_secs(60));
        let tracker = source.tracker().unwrap();
        let mut groups = Groups::read(&source, tracker, minute).unwrap();
        record("news");
        let axis = Axis::shown(tracker);
        groups.read_counts(tracker, &axis, &mut Course::default()).unwrap();
        let names = |groups: &Groups| -> Vec<String> {
            groups.groups.iter().map(|group| group.name.clone()).collect()
        };
        assert_eq!(names(&groups), [r#"wait{queue="mail"}"#]);
        let groups = Groups::read(&source, tracker, minute).unwrap();
        assert_eq!(names(&groups), [r#"wait{queue="mail"}"#, r#"wait{queue="news"}"#]);
    }
}
