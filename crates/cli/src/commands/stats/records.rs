//! The columns of results for programs.

use std::iter;

use facade::Unit;
use facade::actions::Row;
use facade::codec::Field;

use crate::stat::{Stat, Stats, Whole};

/// The value of a column of records.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'f> {
    Action,
    /// Whether this is the row of folded actions. An action may have the same name.
    IsOther,
    Stat(&'f Stat),
    /// The unit of all times.
    Unit(Unit),
}

impl Value<'_> {
    pub(super) fn of<'r, S: Stats>(self, row: &'r Row<S>, whole: &Whole) -> Field<'r> {
        match self {
            Self::Action => Field::Text(row.name()),
            Self::IsOther => Field::Flag(row.is_other()),
            Self::Stat(stat) => stat.of(row.statistic(), whole),
            Self::Unit(unit) => Field::Text(unit.symbol()),
        }
    }
}

/// Returns the columns of CSV: the action, the statistics, and last whether the row is shared.
///
/// Last, so that the other columns keep their places.
pub(super) fn csv_columns(stats: &[Stat], has_other: bool) -> Vec<(&str, Value<'_>)> {
    let stats = stats.iter().map(|stat| (stat.name(), Value::Stat(stat)));
    let other = has_other.then_some(("other", Value::IsOther));
    iter::once(("action", Value::Action)).chain(stats).chain(other).collect()
}

/// Returns the keys of JSON objects: the action, whether the row is shared, and the statistics.
///
/// The mean is always there, as `avg`, because it was the only statistic at first. Records that are
/// only counted have none.
pub(super) fn object_keys<'s>(
    stats: &'s [Stat],
    has_other: bool,
    mean: Option<&'s Stat>,
) -> Vec<(&'s str, Value<'s>)> {
    let other = has_other.then_some(("other", Value::IsOther));
    let mean = mean.map(|mean| ("avg", Value::Stat(mean)));
    let stats = stats.iter().filter(|&stat| *stat != Stat::Mean);
    let stats = stats.map(|stat| (stat.name(), Value::Stat(stat)));
    iter::once(("action", Value::Action)).chain(other).chain(mean).chain(stats).collect()
}
