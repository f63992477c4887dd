//! The forms of inputs.

/// The form of an input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Form {
    /// JSON, an object on each line.
    #[default]
    Json,
}

/// How the records of an input are found.
///
/// JSON by default, an object on each line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Input {
    /// The form of a record.
    pub form: Form,
}
