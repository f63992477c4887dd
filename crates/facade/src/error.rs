//! One error for all that can be refused at the front door.

use codec::DecodeError;
use core_actions::AddError;
use core_time::{RecordError, SpecError, WindowError};
use thiserror::Error;

/// Why a call was refused, by the layer that refused it. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The settings make no sense together.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The event is too old, too far ahead, or its bucket is full.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The window is longer than what is remembered.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The text is not a valid action.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The name or the time of the action is not valid.
    #[error(transparent)]
    Add(#[from] AddError),
}

impl Error {
    /// Whether an action was not valid, as text or as values: a fault of whoever sent it.
    #[must_use]
    pub fn is_input(&self) -> bool {
        matches!(self, Self::Decode(_) | Self::Add(_))
    }

    /// Whether an event was not counted: too old, too far ahead of the clock, or without room.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Record(_))
    }

    /// Whether settings or a question ask for what cannot be had: a fault of the program.
    #[must_use]
    pub fn is_request(&self) -> bool {
        matches!(self, Self::Spec(_) | Self::Window(_))
    }
}
