//! The files of a command line, as actions, and what became of their lines.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use facade::{Entry, Policy, ReadError, Report, Sink, visible};

use crate::exit::Exit;
use crate::fault::{self, Refused, Unreadable};

/// The files that a command reads.
#[derive(Debug, clap::Args)]
pub(crate) struct Files {
    /// Files of actions, one JSON object per line; `-` or none is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What became of the lines of all files.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// Lines that were not blank.
    pub(crate) lines: u64,
    /// Those of them that are no actions.
    pub(crate) refused: u64,
    /// The first refusals, no more than [`fault::REFUSALS_TOLD_MAX`].
    pub(crate) refusals: Vec<Refused>,
    /// The files that could not be read, or not to their end.
    pub(crate) unreadable: Vec<Unreadable>,
}

impl Files {
    /// Hands on every action, file by file and in order.
    ///
    /// A line that is no action is noted and never stops or shifts the others; a file that cannot
    /// be read is noted, and the next is taken.
    pub(crate) fn read(&self, mut take: impl FnMut(Entry<'_>)) -> Reading {
        let mut reading = Reading::default();
        let default = [PathBuf::from("-")];
        if self.files.is_empty() && io::stdin().is_terminal() {
            fault::tell_waiting();
        }
        let files = if self.files.is_empty() { &default[..] } else { &self.files };
        for path in files {
            reading.read_file(path, &mut take);
        }
        reading
    }
}

impl Reading {
    /// How a run ends that read this and did all else.
    pub(crate) fn exit(&self) -> Exit {
        if !self.unreadable.is_empty() {
            Exit::Failed
        } else if self.refused > 0 {
            Exit::Refused
        } else {
            Exit::Done
        }
    }

    fn read_file(&mut self, path: &Path, take: &mut impl Sink) {
        if path == Path::new("-") {
            self.read_lines("<stdin>", io::stdin().lock(), take);
            return;
        }
        let name = visible(path.as_os_str().as_encoded_bytes());
        match File::open(path) {
            Ok(file) => self.read_lines(&name, file, take),
            Err(error) => {
                // Where folders cannot be opened at all, the system gives another reason.
                let folder = path.is_dir();
                let error = if folder { io::ErrorKind::IsADirectory.into() } else { error };
                self.unreadable.push(Unreadable { name, error, lines: 0 });
            }
        }
    }

    fn read_lines(&mut self, name: &str, file: impl Read, take: &mut impl Sink) {
        let left = fault::REFUSALS_TOLD_MAX - self.refusals.len();
        let policy = Policy { refusals_kept: left, ..Policy::default() };
        match policy.decode_reader(file, take) {
            Ok(report) => self.note(name, report),
            Err(ReadError { report, source: error }) => {
                let lines = report.lines();
                self.note(name, *report);
                self.unreadable.push(Unreadable { name: name.to_owned(), error, lines });
            }
        }
    }

    fn note(&mut self, name: &str, report: Report) {
        self.lines += report.accepted + report.refused;
        self.refused += report.refused;
        let refusals = report.refusals.iter().map(|refusal| Refused::new(name, refusal));
        self.refusals.extend(refusals);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that fails.
    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::TimedOut.into())
        }
    }

    fn read(file: impl Read) -> (Reading, Vec<String>) {
        let (mut reading, mut names) = (Reading::default(), Vec::new());
        reading.read_lines("a.ndjson", file, &mut |entry: Entry<'_>| {
            names.push(entry.name.to_owned())
        });
        (reading, names)
    }

    #[test]
    fn lines_before_a_failure_count() {
        let text = "{\"action\":\"jump\",\"time\":1}\n{\"action\":\"run\"";
        let (reading, names) = read(text.as_bytes().chain(Failing));
        assert_eq!((names, reading.lines), (vec!["jump".to_owned()], 1));
        assert_eq!((reading.unreadable.len(), reading.unreadable[0].lines), (1, 1));
        assert_eq!(reading.exit(), Exit::Failed);
    }

    #[test]
    fn line_at_the_limit_is_taken_and_one_byte_more_is_refused() {
        let max = Policy::default().limits.input_bytes;
        let action = r#"{"action":"jump","time":1}"#;
        for (len, accepted) in [(max, 1), (max + 1, 0)] {
            for end in ["", "\n", "\r\n"] {
                let text = format!("{action}{}{end}", " ".repeat(len - action.len()));
                let (reading, names) = read(text.as_bytes());
                assert_eq!((names.len(), reading.lines), (accepted, 1), "{len} {end:?}");
                assert_eq!(reading.refused, 1 - accepted as u64, "{len} {end:?}");
            }
        }
    }

    #[test]
    fn blank_lines_are_none() {
        for text in ["", "\n", "\r\n\r\n", " \t \n\t", "\r"] {
            let (reading, names) = read(text.as_bytes());
            assert_eq!((names.len(), reading.lines, reading.refused), (0, 0, 0), "{text:?}");
            assert_eq!(reading.exit(), Exit::Done);
        }
        for text in ["\u{a0}", "\u{b}", "\0"] {
            assert_eq!(read(text.as_bytes()).0.exit(), Exit::Refused, "{text:?}");
        }
    }
}
