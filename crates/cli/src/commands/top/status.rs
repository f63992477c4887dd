//! The progress of the input.

/// The progress of the input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Status {
    /// The number of accepted lines.
    pub(crate) accepted: u64,
    /// The number of refused lines.
    pub(crate) refused: u64,
    /// The number of records that lack a field.
    pub(crate) skipped: u64,
    /// The number of records that do not meet a condition.
    pub(crate) filtered: u64,
    /// Whether values had units of their own.
    pub(crate) has_units: bool,
    /// The reason of the last refusal.
    pub(crate) refusal: Option<String>,
    /// The number of actions whose timestamp is outside of the window.
    pub(crate) outside: u64,
    /// The number of records in the shared row.
    pub(crate) folded: u64,
    /// The names of the followed files that do not exist yet.
    pub(crate) missing: Vec<String>,
    /// The last note about the input.
    pub(crate) note: Option<String>,
    /// Whether the input has ended.
    pub(crate) is_ended: bool,
}

impl Status {
    /// Describes the files that are waited for, if there are any.
    pub(crate) fn waits_for(&self) -> Option<String> {
        Some(match &self.missing[..] {
            [] => return None,
            [name] => format!("waiting for {name}, which does not exist yet"),
            names => format!("waiting for {} files that do not exist yet", names.len()),
        })
    }
}
