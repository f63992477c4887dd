//! The keys by which rows are sorted.

use std::str::FromStr;

use crate::stat::Stat;

/// Common keys of `--sort`, for shells to complete.
pub(super) const SORT_KEYS: &[&str] = &[
    "first", "action", "count", "total", "share", "mean", "min", "max", "stddev", "median", "p90",
    "p99",
];

/// The key of `--sort`.
#[derive(Debug, Clone)]
pub(super) enum SortKey {
    First,
    Action,
    Stat(Stat),
}

impl FromStr for SortKey {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "first" => Ok(Self::First),
            "action" => Ok(Self::Action),
            _ => name.parse().map(Self::Stat).map_err(|_| {
                "expected first, action, or a statistic such as count, mean or p99".to_owned()
            }),
        }
    }
}
