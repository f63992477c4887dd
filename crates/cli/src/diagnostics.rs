//! Messages on standard error.

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::sync::OnceLock;

use clap::builder::styling::{AnsiColor, Style};
use facade::WhenFull;
use facade::codec::{Refusal, Snippet};

use crate::failure::Failure;
use crate::input::source;
use crate::output::render::{Styled, counted, grouped};

/// The maximum number of refused lines that are shown. There may be millions, often of one kind.
pub(crate) const REFUSALS_SHOWN_MAX: usize = 5;

pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const PLACE: Style = Style::new().bold();

/// A refused line: its place, the reason and a snippet.
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
        // The place has the column, counted from 1. The offset counted from 0 would repeat it.
        let reason = reason.strip_suffix(&format!(" (byte {at})")).unwrap_or(&reason).to_owned();
        let place = format!("{file}:{}:{}", refusal.line, refusal.column);
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

/// A file that could not be read to its end.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) name: String,
    pub(crate) error: io::Error,
    /// The number of lines read before the error.
    pub(crate) lines: u64,
}

impl Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, error, lines } = self;
        write!(f, "{}: {}", Styled(PLACE, name), reason(error))?;
        match error.kind() {
            io::ErrorKind::NotFound => {
                write!(f, "\n  check the spelling and the current directory")
            }
            io::ErrorKind::PermissionDenied => {
                write!(f, "\n  check its permissions")
            }
            io::ErrorKind::IsADirectory => {
                write!(f, "\n  name its files, as in {name}/*.ndjson")
            }
            _ if let Some(command) = source::command(error, name, command()) => {
                write!(f, "\n  try `{command}`")
            }
            _ if *lines > 0 => {
                write!(f, "\n  read {} before that", counted(*lines, "line"))
            }
            _ => Ok(()),
        }
    }
}

/// The name of the subcommand that runs.
static COMMAND: OnceLock<String> = OnceLock::new();

/// Sets the name of the subcommand, once, for advice that repeats it.
pub(crate) fn set_command(name: &str) {
    let _ = COMMAND.set(name.to_owned());
}

/// Returns the name of the subcommand that runs.
pub(crate) fn command() -> &'static str {
    COMMAND.get().map_or("stats", String::as_str)
}

/// Prompts for input on a terminal.
pub(crate) fn report_waiting() {
    let end = if cfg!(windows) { "Ctrl-Z and Enter" } else { "Ctrl-D" };
    report(format!(
        "waiting for actions, one per line: {{\"action\":\"jump\",\"time\":100}}\n  \
         {end} on an empty line ends the input; see `windrow --help`"
    ));
}

/// Reports the number of lines of actions beyond the limit.
pub(crate) fn report_folded(folded: u64, actions: usize) {
    if folded > 0 {
        let (lines, limit) = (counted(folded, "line"), grouped(actions as u64));
        report(format!(
            "counted {lines} of actions beyond the limit of {limit} as `{}`\n  \
             raise the limit with `--max-actions`; memory grows with it",
            WhenFull::OTHER
        ));
    }
}

/// Reports a failure, unless the report would change an input.
pub(crate) fn report_failure(failure: &Failure) {
    if failure.is_silent() {
        return;
    }
    report(format!("{}: {}", Styled(PLACE, &failure.name), reason(&failure.error)));
}

/// Returns the message of an error of the system, without its number.
///
/// Common errors have the same message on all systems.
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
    // In one write, so that nothing a terminal echoes can come between a line and its end. An error
    // of standard error cannot be reported.
    let _ = anstream::stderr().lock().write_all(format!("{what}\n").as_bytes());
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
    fn unreadable_file_is_reported_with_a_hint() {
        check(
            io::ErrorKind::NotFound,
            0,
            "logs: No such file or directory\n  check the spelling and the current directory",
        );
        check(
            io::ErrorKind::PermissionDenied,
            0,
            "logs: Permission denied\n  check its permissions",
        );
        check(
            io::ErrorKind::IsADirectory,
            0,
            "logs: Is a directory\n  name its files, as in logs/*.ndjson",
        );
        check(io::ErrorKind::TimedOut, 0, "logs: timed out");
        check(io::ErrorKind::TimedOut, 1_234, "logs: timed out\n  read 1,234 lines before that");
        check(io::ErrorKind::TimedOut, 1, "logs: timed out\n  read 1 line before that");
    }

    #[test]
    fn number_of_a_system_error_is_omitted() {
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
