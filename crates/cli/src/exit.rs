//! How a run ended, as the number that the shell is told.

use std::io;
use std::process::ExitCode;

use crate::fault;

/// How a run ended; of several endings the last in this list is the one that is told.
///
/// A command line that is not understood ends in 2, which `clap` sees to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// All was done.
    Done,
    /// All was done that could be: some lines are no actions, and are not counted.
    Refused,
    /// Something could not be done.
    Failed,
    /// What was asked for makes no sense.
    Misused,
    /// Ended by Ctrl-C, after telling what is known so far.
    Interrupted,
}

impl Exit {
    /// The end of a run whose results could not be written.
    ///
    /// A reader that has seen enough, such as `head`, closes the pipe. That is no fault of anybody.
    pub(crate) fn without_output(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Done;
        }
        fault::tell_output(&error);
        Self::Failed
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Misused => 2,
            Exit::Refused => 3,
            Exit::Interrupted => 130,
        })
    }
}
