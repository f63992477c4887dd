//! What is kept of each action, and the columns that this allows.

use super::columns::Column;
use super::span::Span;
use crate::options;
use crate::stat::Stat;

/// What is kept of each action, so that it can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Count, rate and share.
    Counts,
    /// All but variance and standard deviation.
    Times,
    All,
}

impl Offer {
    /// Returns what has to be kept for statistics.
    pub(crate) fn of<'s>(stats: impl IntoIterator<Item = &'s Stat>) -> Self {
        let needs_variance = stats.into_iter().any(|stat| stat.needs().variance);
        if needs_variance { Self::All } else { Self::Times }
    }

    /// Parses a list of columns of numbers.
    pub(crate) fn parse(self, text: &str) -> Result<Vec<Column>, String> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        let parsed = words.map(|word| {
            let column = word.parse().map_err(|error| format!("`{word}`: {error}"))?;
            if self.has(&column) {
                Ok(column)
            } else if self == Self::Counts {
                Err(format!("`{word}`: records are only counted, expected count, rate or share"))
            } else {
                Err(format!("`{word}` is not kept, start with `--stat {word}`"))
            }
        });
        let columns: Vec<_> = parsed.collect::<Result<_, String>>()?;
        if columns.is_empty() {
            return Err("no column, expected some, such as `count,rate,p99.9`".to_owned());
        }
        Ok(options::distinct(&columns))
    }

    /// Returns whether a column can be shown.
    pub(crate) fn has(self, column: &Column) -> bool {
        match (self, column) {
            (_, Column::Action | Column::Rate | Column::Stat(Stat::Count | Stat::Share)) => true,
            (Self::Counts, Column::Stat(_)) => false,
            (Self::Times, Column::Stat(stat)) => !stat.needs().variance,
            (Self::All, Column::Stat(_)) => true,
        }
    }

    /// Returns the columns of numbers that are shown by default in a span of time.
    pub(crate) fn defaults(self, span: Span) -> Vec<Column> {
        let names: &[&str] = match self {
            Self::Counts => &["count", "rate", "share"],
            Self::Times | Self::All => {
                &["count", "rate", "total", "share", "mean", "p50", "p99", "max"]
            }
        };
        let columns = names.iter().map(|name| name.parse().expect("each is a column"));
        columns.filter(|column| self.has(column) && span.has(column)).collect()
    }
}
