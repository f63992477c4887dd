//! The exit codes.

use std::process::ExitCode;

use crate::diagnostics;
use crate::failure::Failure;
use crate::signals::SIGINT;

/// The outcome of a run. Of several outcomes, the last in this list is the exit code.
///
/// `clap` exits with 2 for an invalid command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Success.
    Done,
    /// Success, but some lines were refused.
    Refused,
    /// A condition of `--fail-if` holds.
    Beyond,
    /// Some input or output failed.
    Failed,
    /// The command line is invalid.
    Misused,
    /// Ctrl-C was pressed. The result so far was written.
    Interrupted,
    /// A signal other than SIGINT ended the run. The field is its number.
    Ended(u8),
}

impl Exit {
    /// Reports a failure and returns its outcome.
    ///
    /// A closed pipe, as after `head`, is not a failure.
    pub(crate) fn without_output(failure: Failure) -> Self {
        Self::Done.or(Err(failure))
    }

    /// Combines the outcome of the input with that of writing the results.
    ///
    /// A failure is reported. A closed pipe does not change the outcome.
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
            Exit::Beyond => 4,
            Exit::Interrupted => 130, // 128 plus the number of the signal, as in shells.
            Exit::Ended(signal) => 128_u8.saturating_add(signal),
        })
    }
}
