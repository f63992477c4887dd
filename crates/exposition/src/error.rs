//! Why something cannot be written.

use thiserror::Error;

/// Why a page refuses a family, a label or a sample.
///
/// A refusal leaves the page as it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PageError {
    /// The name of a metric has no character.
    #[error("name of a metric is empty, give it at least one character")]
    EmptyName,
    /// The name of a label has no character.
    #[error("name of a label is empty, give it at least one character")]
    EmptyLabel,
    /// Two labels have one name, perhaps because of characters that names cannot have.
    #[error("label `{label}` is given twice, characters other than letters and digits become `_`")]
    DuplicateLabel {
        /// The name as it would be written.
        label: String,
    },
    /// The format itself gives this label to the samples of the family.
    #[error("label `{label}` is reserved in the family `{family}`, rename it")]
    ReservedLabel {
        /// `le` or `quantile`.
        label: &'static str,
        /// The name of the family.
        family: String,
    },
    /// Samples of an earlier family have a name that this one needs.
    #[error("family `{family}` needs the name `{name}`, which an earlier family has")]
    NameTaken {
        /// The name of the family that is refused.
        family: String,
        /// The name that both need.
        name: String,
    },
    /// The family has a sample with the same labels already.
    #[error("family `{family}` has a sample with the labels {{{labels}}} already")]
    DuplicateSample {
        /// The name of the family.
        family: String,
        /// The labels as they would be written.
        labels: String,
    },
    /// The value of a counter is negative or not a number.
    #[error("value of the counter `{family}` is {found}, it must be 0 or more")]
    NotACount {
        /// The name of the family.
        family: String,
        /// The value as it would be written.
        found: String,
    },
}

/// Why numbers cannot be the bounds of buckets.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BoundsError {
    /// There are more bounds than allowed.
    #[error("{found} bounds of buckets, limit is {max}")]
    TooMany {
        /// The number of bounds.
        found: usize,
        /// The maximum number.
        max: usize,
    },
    /// A bound is not finite.
    #[error("bound {found} is not finite, the last bucket has none anyway (bound {index})")]
    NotFinite {
        /// The bound as it would be written.
        found: String,
        /// Its position, from 0.
        index: usize,
    },
    /// A bound is not above the one before.
    #[error("bound {found} is not above {previous}, they must ascend (bound {index})")]
    NotAscending {
        /// The bound as it would be written.
        found: String,
        /// The one before.
        previous: String,
        /// Its position, from 0.
        index: usize,
    },
}
