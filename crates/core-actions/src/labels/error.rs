//! Errors of names with labels.

use thiserror::Error;

use crate::action::NameError;

/// Why a name cannot have a label, or be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LabelError {
    /// The base name is invalid.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The base name ends with labels.
    #[error("base name {base:?} ends with labels, parse it or add the labels one by one")]
    HasLabels {
        /// The base name.
        base: String,
    },
    /// The label has an invalid name.
    #[error("label {label:?} is invalid, it needs a letter or _, then letters, digits and _")]
    Label {
        /// The label.
        label: String,
    },
    /// The label has a name that is reserved.
    #[error("label {label:?} begins with __, which is reserved, use another name")]
    Reserved {
        /// The label.
        label: String,
    },
    /// The value has a control character other than a line feed.
    #[error(
        "value of label {label:?} holds the control character U+{:04X}, only line feeds are \
         allowed (byte {at} of the value)",
        u32::from(*found)
    )]
    Control {
        /// The label.
        label: String,
        /// The first such character.
        found: char,
        /// Where it starts in the value, in bytes.
        at: usize,
    },
}
