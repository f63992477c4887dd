//! The error of the front door.

use codec::DecodeError;
use core_actions::{ActionError, TrackerSnapshotError, WindowedSpecError};
use core_time::{RecordError, SnapshotError, SpecError, WindowError, WindowSpec};
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
    /// The windows of a snapshot are not those of the settings.
    #[error(
        "snapshot has windows of {:?} in buckets of {:?}, expected {:?} in {:?} with the same \
         tiers",
        found.span(),
        found.resolution(),
        expected.span(),
        expected.resolution()
    )]
    OtherWindows {
        /// Those of the snapshot.
        found: Box<WindowSpec>,
        /// Those of the settings.
        expected: Box<WindowSpec>,
    },
    /// A snapshot of events is ahead of the clock.
    #[error("snapshot cannot be restored")]
    Restore(#[from] SnapshotError),
    /// A snapshot of actions has another unit, too many actions, or is ahead of the clock.
    #[error("snapshot of actions cannot be restored")]
    RestoreActions(#[from] TrackerSnapshotError),
    /// The windows cannot be published in a shared store.
    #[cfg(feature = "store")]
    #[error(transparent)]
    Publish(Box<store::PublishError>),
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
            Self::Spec(_)
            | Self::Windows(_)
            | Self::Window(_)
            | Self::OtherWindows { .. }
            | Self::Restore(_)
            | Self::RestoreActions(_) => Cause::Request,
            #[cfg(feature = "store")]
            Self::Publish(_) => Cause::Request,
            Self::Action(ActionError::Full { .. })
            | Self::Record(RecordError::Full { .. })
            | Self::Action(ActionError::Stamp(RecordError::Full { .. })) => Cause::Limit,
            Self::Record(_) | Self::Action(ActionError::Stamp(_)) => Cause::Moment,
            Self::Decode(_) | Self::Action(_) => Cause::Input,
        }
    }
}
