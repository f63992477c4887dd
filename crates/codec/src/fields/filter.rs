//! Filters: which records count.

use thiserror::Error;

/// A condition on a field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {}

/// A text is not a filter.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("filter is empty, expected a path")]
pub struct FilterError;
