//! How a run ended, as the exit code for the shell.

use std::process::ExitCode;

use crate::diagnostics;
use crate::failure::Failure;
use crate::signals::SIGINT;

/// How a run ended; of several endings the last in this list is returned.
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
    /// Ctrl-C was pressed. The result so far was written.
    Interrupted,
    /// The system asked to end, by the signal with this number.
    Ended(u8),
}

impl Exit {
    /// The end of a run whose results could not be written.
    ///
    /// A reader that has seen enough, such as `head`, closes the pipe. That is no fault of anybody.
    pub(crate) fn without_output(failure: Failure) -> Self {
        Self::Done.or(Err(failure))
    }

    /// The end of a run that would end so, but for writing its results.
    ///
    /// How the input was does not depend on how soon the reader of the results went.
    pub(crate) fn or(self, written: Result<(), Failure>) -> Self {
        match written {
            Err(failure) if !failure.is_closed_pipe() => {
                diagnostics::report_failure(&failure);
                self.max(match failure.signal() {
                    Some(SIGINT) => Self::Interrupted,
                    Some(signal) => Self::Ended(signal),
                    None if failure.is_misuse() => Self::Misused,
                    None => Self::Failed,
                })
            }
            _ => self,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Misused => 2,
            Exit::Refused => 3,
            Exit::Interrupted => 130, // 128 and the number of the signal, as shells have it.
            Exit::Ended(signal) => 128_u8.saturating_add(signal),
        })
    }
}
