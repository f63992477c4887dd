//! An output that could not be written, or a thing that could not be done, and why.

use std::io;

use thiserror::Error;

/// What could not be written or done, and why.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) name: String,
    pub(crate) error: io::Error,
}

impl Failure {
    pub(crate) fn of_stdout(error: io::Error) -> Self {
        Self { name: "standard output".into(), error }
    }

    /// Returns whether the reader of the results has gone.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.error.kind() == io::ErrorKind::BrokenPipe
    }

    /// Returns whether the command line asks for what is not done, so nothing was done.
    pub(crate) fn is_misuse(&self) -> bool {
        self.error.get_ref().is_some_and(|error| error.is::<Conflict>())
    }

    /// Returns the number of the signal that was the reason, if one was.
    pub(crate) fn signal(&self) -> Option<u8> {
        self.error.get_ref()?.downcast_ref::<Ended>().map(|&Ended { signal, .. }| signal)
    }
}

/// Two uses of one file, of which one would destroy what the other needs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Conflict {
    /// An output is an input, perhaps by another name.
    #[error("is the input {input}, which `{option}` would overwrite\n  name another file")]
    Input { option: &'static str, input: String },
    /// Both outputs are one file.
    #[error("gets the results, so refused lines cannot go there\n  name another file")]
    Outputs,
}

/// A signal came before an output was complete.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}, {}", reason(*signal), left(*is_new))]
pub(crate) struct Ended {
    pub(crate) signal: u8,
    /// Whether there was no file before.
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
