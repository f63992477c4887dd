//! The columns of the table.

use std::str::FromStr;

use facade::codec::Field;

use super::answers::Line;
use crate::output::figures::Figures;
use crate::output::render;
use crate::stat::{self, Stat, UnknownStat, Whole};

/// The text for an unknown rate.
const MISSING: &str = "-";

/// Common names of columns, for shells to complete.
pub(crate) const NAMES: &[&str] = &[
    "count", "rate", "total", "share", "mean", "min", "max", "stddev", "median", "p50", "p90",
    "p95", "p99", "p99.9",
];

/// Common keys of `--sort`, for shells to complete.
pub(crate) const SORT_KEYS: &[&str] = &[
    "action", "count", "rate", "total", "share", "mean", "min", "max", "stddev", "median", "p90",
    "p99",
];

/// A column of the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Column {
    Action,
    Rate,
    Stat(Stat),
}

impl FromStr for Column {
    type Err = String;

    /// Parses a column of numbers. The names of actions are always there.
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "rate" | "rate/s" => Ok(Self::Rate),
            _ => name.parse().map(Self::Stat).map_err(|error: UnknownStat| {
                let others = error.to_string();
                format!("expected rate, {}", others.trim_start_matches("expected "))
            }),
        }
    }
}

impl Column {
    /// Parses a column to sort by.
    pub(crate) fn to_sort_by(name: &str) -> Result<Self, String> {
        match name {
            "action" => Ok(Self::Action),
            _ => name.parse().map_err(|_| {
                "expected action, rate, or a statistic such as count, total or p99".to_owned()
            }),
        }
    }

    /// Returns the name as it is typed.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Action => "action",
            Self::Rate => "rate",
            Self::Stat(stat) => stat.name(),
        }
    }

    /// Returns the title.
    pub(crate) fn title(&self) -> &str {
        if *self == Self::Rate { "rate/s" } else { self.word() }
    }

    pub(crate) fn stat(&self) -> Option<&Stat> {
        if let Self::Stat(stat) = self { Some(stat) } else { None }
    }

    /// Returns the key that sorts by this column. Percentiles may have the same.
    pub(crate) fn key(&self) -> char {
        match self {
            Self::Action => 'a',
            Self::Rate => 'r',
            Self::Stat(stat) => match stat {
                Stat::Count => 'c',
                Stat::Sum(_) => 't',
                Stat::Share => 's',
                Stat::Mean => 'm',
                Stat::Min => 'n',
                Stat::Max => 'x',
                Stat::Deviation => 'd',
                Stat::Variance => 'v',
                Stat::Quantile(_, name) => {
                    name.chars().find(char::is_ascii_digit).unwrap_or('5') // That of `median`.
                }
            },
        }
    }

    /// Returns the value of a line.
    pub(crate) fn value(&self, line: &Line, whole: &Whole) -> Field<'static> {
        match self {
            Self::Action => Field::Missing,
            Self::Rate => line.rate.into(),
            Self::Stat(stat) => line.kept.value(stat, whole),
        }
    }

    /// Formats the cell of a line.
    pub(crate) fn text(&self, line: &Line, whole: &Whole, figures: Figures) -> String {
        match self {
            Self::Action => line.action.clone(),
            Self::Rate => line.rate.map_or(MISSING.to_owned(), render::rate),
            Self::Stat(stat) => figures.value(stat, &line.kept.value(stat, whole)),
        }
    }

    /// Returns the default order: names ascending, numbers descending.
    pub(crate) fn order(&self) -> Order {
        if *self == Self::Action { Order::Ascending } else { Order::Descending }
    }
}

/// The direction of a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Ascending,
    Descending,
}

impl Order {
    pub(crate) fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }

    /// Sorts lines by a column, and equal ones by name.
    pub(crate) fn sort(self, lines: &mut Vec<Line>, column: &Column, whole: &Whole) {
        let keyed = lines.drain(..).map(|line| (column.value(&line, whole), line));
        let mut keyed: Vec<_> = keyed.collect();
        keyed.sort_by(|(a, one), (b, two)| {
            let by_name = one.action.cmp(&two.action);
            let by_column = if *column == Column::Action { by_name } else { stat::compare(a, b) };
            let by_column = if self == Self::Descending { by_column.reverse() } else { by_column };
            // Otherwise equal lines would change places with each update.
            by_column.then(by_name)
        });
        lines.extend(keyed.into_iter().map(|(_, line)| line));
    }
}
