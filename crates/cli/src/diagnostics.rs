//! What the person at the terminal is told besides results: all of it on standard error.

use std::fmt::{self, Display};
use std::io::{self, Write};

use clap::builder::styling::{AnsiColor, Style};
use facade::WhenFull;
use facade::codec::{Refusal, Snippet};

use crate::failure::Failure;
use crate::input::source;
use crate::output::render::{Styled, counted, grouped};

/// How many refused lines are shown. They are often of one kind, and there may be millions.
pub(crate) const REFUSALS_SHOWN_MAX: usize = 5;

pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const PLACE: Style = Style::new().bold();

/// A line that is no action: where, why, and what it looks like there.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) place: String,
    pub(crate) reason: String,
    pub(crate) spot: Snippet,
}

impl Refused {
    pub(crate) fn new(file: &str, refusal: &Refusal) -> Self {
        let at = refusal.error.at;
        let reason = refusal.error.to_string();
        // The place comes first here, as a column; said twice, from 0 and from 1, it would confuse.
        let reason = reason.strip_suffix(&format!(" (byte {at})")).unwrap_or(&reason).to_owned();
        let place = format!("{file}:{}:{}", refusal.line, at + 1);
        Self { place, reason, spot: refusal.snippet.clone() }
    }
}

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, reason, spot } = self;
        let (text, column, caret) = (&spot.text, spot.column, Styled(BAD, '^'));
        write!(f, "{}: {reason}\n  {text}\n  {:column$}{caret}", Styled(PLACE, place), "")
    }
}

/// A file that could not be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) name: String,
    pub(crate) error: io::Error,
    /// How many lines of it were read before.
    pub(crate) lines: u64,
}

impl Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, error, lines } = self;
        write!(f, "{}: {}", Styled(PLACE, name), reason(error))?;
        match error.kind() {
            io::ErrorKind::NotFound => {
                write!(f, "\n  check how it is spelt, and the folder that it is looked for in")
            }
            io::ErrorKind::PermissionDenied => {
                write!(f, "\n  it needs to be readable by you; check its permissions")
            }
            io::ErrorKind::IsADirectory => {
                write!(f, "\n  name the files in it, such as {name}/*.ndjson")
            }
            _ if let Some(command) = source::command(error, name) => {
                write!(f, "\n  try `{command}`")
            }
            _ if *lines > 0 => {
                write!(f, "\n  read {} before that", counted(*lines, "line"))
            }
            _ => Ok(()),
        }
    }
}

/// Tells what is being waited for, where nothing else would be seen to happen.
pub(crate) fn report_waiting() {
    let end = if cfg!(windows) { "Ctrl-Z and Enter" } else { "Ctrl-D" };
    report(format!(
        "waiting for actions, a line each: {{\"action\":\"jump\",\"time\":100}}\n  \
         {end} on a line of its own ends the input; `windrow --help` tells more"
    ));
}

/// Reports how many lines were counted as those of folded actions, which are beyond a limit.
pub(crate) fn report_folded(folded: u64, actions: usize) {
    if folded > 0 {
        let (lines, limit) = (counted(folded, "line"), grouped(actions as u64));
        report(format!(
            "counted {lines} of actions beyond the limit of {limit} as `{}`\n  \
             `--max-actions` sets how many actions have a row each; memory grows with them",
            WhenFull::OTHER
        ));
    }
}

/// Tells what could not be written or done.
pub(crate) fn report_failure(failure: &Failure) {
    report(format!("{}: {}", Styled(PLACE, &failure.name), reason(&failure.error)));
}

/// What the system says, without the number it has for it.
///
/// The common reasons are worded here, for they are not worded the same everywhere.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "No such file or directory".into(),
        io::ErrorKind::PermissionDenied => "Permission denied".into(),
        io::ErrorKind::IsADirectory => "Is a directory".into(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_owned()
        }
    }
}

pub(crate) fn report(what: impl Display) {
    print_line(format_args!("windrow: {what}"));
}

pub(crate) fn print_line(what: impl Display) {
    // Nobody is left to be told if this fails.
    let _ = writeln!(anstream::stderr().lock(), "{what}");
}

#[cfg(test)]
mod tests {
    use facade::codec::{DecodeOptions, Record};

    use super::*;

    fn plain(text: impl Display) -> String {
        anstream::adapter::strip_str(&text.to_string()).to_string()
    }

    #[track_caller]
    fn check(kind: io::ErrorKind, lines: u64, expected: &str) {
        let file = Unreadable { name: "logs".into(), error: kind.into(), lines };
        assert_eq!(plain(file), expected);
    }

    #[test]
    fn unreadable_file_is_told_with_what_to_do() {
        check(
            io::ErrorKind::NotFound,
            0,
            "logs: No such file or directory\n  \
             check how it is spelt, and the folder that it is looked for in",
        );
        check(
            io::ErrorKind::PermissionDenied,
            0,
            "logs: Permission denied\n  it needs to be readable by you; check its permissions",
        );
        check(
            io::ErrorKind::IsADirectory,
            0,
            "logs: Is a directory\n  name the files in it, such as logs/*.ndjson",
        );
        check(io::ErrorKind::TimedOut, 0, "logs: timed out");
        check(io::ErrorKind::TimedOut, 1_234, "logs: timed out\n  read 1,234 lines before that");
        check(io::ErrorKind::TimedOut, 1, "logs: timed out\n  read 1 line before that");
    }

    #[test]
    fn number_that_the_system_has_for_a_reason_is_left_out() {
        let text = reason(&io::Error::from_raw_os_error(5));
        assert!(!text.is_empty() && !text.contains("os error"), "{text}");
    }

    #[test]
    fn refusal_names_its_place_once() {
        let lines = b"\n\n\n\n\n\n{\"action\":\"jump\",\"time\":-1}";
        let report = DecodeOptions::default().decode_slice(lines, &mut |_: Record<'_>| {});
        let expected = "a.ndjson:7:25: time is `-1`, expected 0 or more\n  \
                        {\"action\":\"jump\",\"time\":-1}\n                          ^";
        assert_eq!(plain(Refused::new("a.ndjson", &report.refusals[0])), expected);
    }
}
