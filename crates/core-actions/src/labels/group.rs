//! Grouping rows by labels.

use std::collections::HashMap;
use std::sync::Arc;

use core_time::{COUNT_MAX, Statistic};
use thiserror::Error;

use super::{LabeledName, rendered};
use crate::action::key::FOLDED;
use crate::row::Row;

/// An error of [`group_by`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("group {name:?} would have too many records, limit is {max}")]
#[non_exhaustive]
pub struct GroupError {
    /// The name of the group.
    pub name: String,
    /// The maximum count.
    pub max: u64,
}

/// Merges the rows whose names differ only in other labels than `labels`.
///
/// Each returned row has the base name with those of `labels` that its names have. Names with
/// different bases, or without labels, stay apart, and so does the row of
/// [folded](crate::WhenFull::Fold) actions, whose labels are not known. Rows are in the order of
/// their first records.
///
/// # Accuracy
///
/// A group has the statistic that one row of all its records would have, to the bit.
///
/// # Errors
///
/// [`GroupError`] if a group would have more records than a statistic can count.
///
/// # Complexity
///
/// Linear in the bytes of all names, and one merge for each row.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "tracker")] {
/// use core_actions::{LabeledName, RunningTracker, group_by};
///
/// let tracker = RunningTracker::default();
/// for (method, route, time) in [("GET", "/", 10), ("GET", "/a", 30), ("PUT", "/a", 50)] {
///     let name = LabeledName::new("http")?.with("method", method)?.with("route", route)?;
///     tracker.record(&name, time)?;
/// }
/// let groups = group_by(&tracker.stats(), &["method"])?;
/// let groups: Vec<_> = groups.iter().map(|row| (row.name(), row.mean())).collect();
/// assert_eq!(groups, [(r#"http{method="GET"}"#, 20.0), (r#"http{method="PUT"}"#, 50.0)]);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn group_by<S: Statistic>(rows: &[Row<S>], labels: &[&str]) -> Result<Vec<Row<S>>, GroupError> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<Row<S>> = Vec::new();
    for row in rows {
        let name = group_name(row, labels);
        if let Some(&place) = places.get(&name) {
            let group = &mut groups[place];
            if !group.statistic.can_merge(&row.statistic) {
                return Err(GroupError { name, max: COUNT_MAX });
            }
            group.statistic.merge(&row.statistic);
            group.first = group.first.min(row.first);
        } else {
            let kept = Arc::from(name.as_str());
            groups.push(Row { name: kept, first: row.first, statistic: row.statistic.clone() });
            places.insert(name, groups.len() - 1);
        }
    }
    groups.sort_by(|one, other| (one.first, &one.name).cmp(&(other.first, &other.name)));
    Ok(groups)
}

/// Returns the name of the group of a row.
fn group_name<S>(row: &Row<S>, labels: &[&str]) -> String {
    let kept = &*row.name;
    if kept == FOLDED {
        return kept.to_owned();
    }
    match LabeledName::parse(kept) {
        Ok(name) => {
            rendered(name.base(), name.labels().filter(|(label, _)| labels.contains(label)))
        }
        // A tracker has no invalid names, but its base alone may be blank.
        Err(_) => kept.to_owned(),
    }
}
