//! The error of the front door.

use codec::DecodeError;
use core_actions::{ActionError, WindowedSpecError};
use core_time::{RecordError, SpecError, WindowError};
use thiserror::Error;

/// An error of the front door, by the layer that refused the call. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The settings contradict each other.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// Windows of actions would take too much memory.
    #[error(transparent)]
    Windows(#[from] WindowedSpecError),
    /// The event is too old or too far ahead, or its bucket is full.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The window is longer than the span.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The text is not a valid action.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The name or the time of the action is not valid, or the tracker is full.
    #[error(transparent)]
    Action(#[from] ActionError),
}

/// What has to change for the call to succeed. Every error has one cause.
#[derive(PartialEq)]
enum Cause {
    Input,
    Moment,
    Limit,
    Request,
}

impl Error {
    /// Returns whether an action is not valid, as text or as values: the sender has to change it.
    ///
    /// Of the predicates, exactly one holds for each error.
    #[must_use]
    pub fn is_input(&self) -> bool {
        self.cause() == Cause::Input
    }

    /// Returns whether the moment is refused: it is too old or too far ahead of the clock.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.cause() == Cause::Moment
    }

    /// Returns whether a limit is reached: the number of actions, or the events of a bucket.
    ///
    /// The sender cannot help it. Raise the limit, or choose what gives way when it is reached.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.cause() == Cause::Limit
    }

    /// Returns whether the program has to change its settings or the window it asks for.
    #[must_use]
    pub fn is_request(&self) -> bool {
        self.cause() == Cause::Request
    }

    fn cause(&self) -> Cause {
        match self {
            Self::Spec(_) | Self::Windows(_) | Self::Window(_) => Cause::Request,
            Self::Action(ActionError::Full { .. })
            | Self::Record(RecordError::Full { .. })
            | Self::Action(ActionError::Stamp(RecordError::Full { .. })) => Cause::Limit,
            Self::Record(_) | Self::Action(ActionError::Stamp(_)) => Cause::Moment,
            Self::Decode(_) | Self::Action(_) => Cause::Input,
        }
    }
}
