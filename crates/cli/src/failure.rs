//! Failures of outputs and of the system.

use std::io;

use thiserror::Error;

/// A failure: what failed, and the error.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) name: String,
    pub(crate) error: io::Error,
}

impl Failure {
    pub(crate) fn of_stdout(error: io::Error) -> Self {
        Self { name: "standard output".into(), error }
    }

    /// Returns whether the reader closed the pipe.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.error.kind() == io::ErrorKind::BrokenPipe
    }

    /// Returns whether the command line is invalid, so that nothing was done.
    pub(crate) fn is_misuse(&self) -> bool {
        self.error.get_ref().is_some_and(|error| error.is::<Conflict>())
    }

    /// Returns whether a report of the failure would be written into an input.
    pub(crate) fn is_silent(&self) -> bool {
        let conflict = self.error.get_ref().and_then(|error| error.downcast_ref());
        conflict == Some(&Conflict::Messages)
    }

    /// Returns the number of the signal that caused the failure, if one did.
    pub(crate) fn signal(&self) -> Option<u8> {
        self.error.get_ref()?.downcast_ref::<Ended>().map(|&Ended { signal, .. }| signal)
    }
}

/// Two uses of one file that exclude each other.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Conflict {
    /// An output is an input, possibly under another name.
    #[error("is the input {input}, which `{option}` would overwrite\n  name another file")]
    Input { option: &'static str, input: String },
    /// Two outputs are one file.
    #[error("is the output of {of}, so {what} cannot go there\n  name another file")]
    Outputs { of: &'static str, what: &'static str },
    /// Standard error is an input.
    #[error("is an input\n  redirect it to another file")]
    Messages,
}

/// A signal arrived before an output was complete.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}, {}", reason(*signal), left(*is_new))]
pub(crate) struct Ended {
    pub(crate) signal: u8,
    /// Whether the file did not exist before.
    pub(crate) is_new: bool,
}

fn left(is_new: bool) -> &'static str {
    if is_new { "so no file was written" } else { "the file is unchanged" }
}

fn reason(signal: u8) -> String {
    if signal == crate::signals::SIGINT {
        "interrupted".to_owned()
    } else {
        format!("ended by signal {signal}")
    }
}
