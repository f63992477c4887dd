//! The aggregates of one interval: over all actions, or by action.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use facade::actions::ActionTime;
use facade::codec::Record;
use facade::time::Statistic;

/// Aggregates the actions of one interval into rows.
pub(crate) trait Aggregate: Default {
    /// Inserts one action. It needs no room if its row exists.
    fn insert(&mut self, record: &Record<'_>, has_room: bool) -> Insertion;

    /// Merges another aggregate, and returns the number of rows that both had.
    fn merge(&mut self, other: Self) -> usize;

    /// Returns the number of rows.
    fn rows(&self) -> usize;
}

/// An aggregate whose rows are saved.
pub(crate) trait Saves: Aggregate {
    type Statistic;

    /// Returns the rows as they are saved: of each the name, the offset of its first line, and the
    /// statistic.
    ///
    /// The row of all actions has no name.
    fn saved(&self) -> Vec<(&str, u64, &Self::Statistic)>;
}

/// The outcome of an insertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Insertion {
    /// The action was inserted in an existing row.
    Existing,
    /// The action was inserted in a new row.
    Added,
    /// The action was dropped for lack of room.
    Dropped,
}

/// Combines all actions of an interval in one row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Combined<S>(pub(crate) Option<S>);

impl<S: Statistic<Value = ActionTime>> Aggregate for Combined<S> {
    fn insert(&mut self, record: &Record<'_>, has_room: bool) -> Insertion {
        let insertion = match self.0 {
            Some(_) => Insertion::Existing,
            None if has_room => Insertion::Added,
            None => return Insertion::Dropped,
        };
        self.0.get_or_insert_default().insert(record.time);
        insertion
    }

    fn merge(&mut self, other: Self) -> usize {
        match (&mut self.0, other.0) {
            (Some(mine), Some(theirs)) => {
                mine.merge(&theirs);
                1
            }
            (mine @ None, theirs) => {
                *mine = theirs;
                0
            }
            (_, None) => 0,
        }
    }

    fn rows(&self) -> usize {
        usize::from(self.0.is_some())
    }
}

impl<S: Statistic<Value = ActionTime>> Saves for Combined<S> {
    type Statistic = S;

    fn saved(&self) -> Vec<(&str, u64, &S)> {
        self.0.iter().map(|statistic| ("", 0, statistic)).collect()
    }
}

/// Keeps one row for each action of an interval.
#[derive(Debug, Clone, Default)]
pub(crate) struct ByAction<S> {
    pub(crate) actions: BTreeMap<Box<str>, ActionStat<S>>,
    /// The actions that share a row, once some were folded.
    pub(crate) other: Option<S>,
}

impl<S: Statistic<Value = ActionTime>> ByAction<S> {
    /// Folds all actions but these into the shared row.
    pub(crate) fn fold_all_but(&mut self, kept: &BTreeSet<Box<str>>) {
        let other = &mut self.other;
        self.actions.retain(|name, action_stat| {
            let is_kept = kept.contains(name);
            if !is_kept {
                other.get_or_insert_default().merge(&action_stat.statistic);
            }
            is_kept
        });
    }
}

impl<S: Statistic<Value = ActionTime>> Saves for ByAction<S> {
    type Statistic = S;

    fn saved(&self) -> Vec<(&str, u64, &S)> {
        let actions = self.actions.iter();
        actions.map(|(name, row)| (&**name, row.offset, &row.statistic)).collect()
    }
}

/// The statistics of one action in one interval.
#[derive(Debug, Clone)]
pub(crate) struct ActionStat<S> {
    /// The offset of its first line.
    pub(crate) offset: u64,
    pub(crate) statistic: S,
}

impl<S: Statistic<Value = ActionTime>> Aggregate for ByAction<S> {
    fn insert(&mut self, record: &Record<'_>, has_room: bool) -> Insertion {
        // The lookup comes first, so that only the name of a new action is copied.
        if let Some(action_stat) = self.actions.get_mut(record.name.as_str()) {
            action_stat.offset = action_stat.offset.min(record.offset);
            action_stat.statistic.insert(record.time);
            return Insertion::Existing;
        }
        if !has_room {
            return Insertion::Dropped;
        }
        let mut statistic = S::default();
        statistic.insert(record.time);
        let action_stat = ActionStat { offset: record.offset, statistic };
        self.actions.insert(record.name.as_str().into(), action_stat);
        Insertion::Added
    }

    fn merge(&mut self, other: Self) -> usize {
        let mut shared = 0;
        for (name, theirs) in other.actions {
            match self.actions.entry(name) {
                Entry::Vacant(place) => {
                    place.insert(theirs);
                }
                Entry::Occupied(mut place) => {
                    let mine = place.get_mut();
                    mine.offset = mine.offset.min(theirs.offset);
                    mine.statistic.merge(&theirs.statistic);
                    shared += 1;
                }
            }
        }
        if let Some(theirs) = &other.other {
            self.other.get_or_insert_default().merge(theirs);
        }
        shared
    }

    fn rows(&self) -> usize {
        self.actions.len()
    }
}
