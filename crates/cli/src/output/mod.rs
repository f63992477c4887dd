//! Writes results and records that are not counted to standard output or files.
//!
//! All options are checked before anything is read: an output must not be an input, and two outputs
//! must not be the same file. The check changes no file. A regular file is replaced as a whole when
//! the result is complete; a device or a pipe is written directly.

pub(crate) mod axis;
pub(crate) mod depth;
pub(crate) mod distribution;
mod draft;
pub(crate) mod figures;
pub(crate) mod human;
pub(crate) mod infinite;
pub(crate) mod names;
pub(crate) mod progress;
pub(crate) mod prometheus;
pub(crate) mod render;
pub(crate) mod scale;
pub(crate) mod spark;
pub(crate) mod table;

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use facade::codec::visible;
use same_file::Handle;

use crate::failure::Conflict;
pub(crate) use crate::failure::Failure;
use crate::input::source;
use crate::options::OUTPUT_OPTIONS;
use crate::{diagnostics, stdio, terminal};

use draft::{Draft, Target};

/// The option for results, as typed.
const RESULTS: &str = "-o";
/// The redirection of a shell for results.
const REDIRECTED: &str = ">";
/// The options for refused lines and for skipped records.
const REFUSED: &str = "--refused";
const SKIPPED: &str = "--skipped";
/// The option for rows, as typed.
const SAVED: &str = "--save";

/// The option for the output file.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct OutputArgs {
    /// Write the result to FILE
    ///
    /// FILE is replaced when the result is complete. `-` is standard output.
    #[arg(short, long, value_name = "FILE", help_heading = OUTPUT_OPTIONS)]
    output: Option<PathBuf>,
}

/// The outputs of a command that reads actions.
#[derive(Debug)]
pub(crate) struct Outputs {
    pub(crate) results: Output,
    pub(crate) kept: KeptOutputs,
    pub(crate) saved: Option<Output>,
}

/// The outputs for records that are not counted.
#[derive(Debug, Default)]
pub(crate) struct KeptOutputs {
    pub(crate) refused: Option<Output>,
    pub(crate) skipped: Option<Output>,
}

impl OutputArgs {
    /// Opens the output for results before any other work. Changes no file.
    ///
    /// # Errors
    ///
    /// [`Failure`] if it cannot be written.
    pub(crate) fn open(&self) -> Result<Output, Failure> {
        match &self.output {
            Some(path) => Output::open(path, RESULTS),
            None => Output::open(Path::new("-"), REDIRECTED),
        }
    }

    /// Opens the outputs of a command that reads files, or standard input if none is named.
    ///
    /// Changes no file.
    ///
    /// # Errors
    ///
    /// [`Failure`] if an output cannot be written, is an input or is another output, or if
    /// standard error is an input.
    pub(crate) fn open_for(
        &self,
        inputs: &[PathBuf],
        refused: Option<&Path>,
        skipped: Option<&Path>,
        saved: Option<&Path>,
    ) -> Result<Outputs, Failure> {
        let default = [PathBuf::from("-")];
        let inputs = if inputs.is_empty() { &default } else { inputs };
        // This comes first: before the check, a message may be written into an input.
        check_messages(inputs)?;
        let results = self.open()?;
        let refused = refused.map(|path| Output::open(path, REFUSED)).transpose()?;
        let skipped = skipped.map(|path| Output::open(path, SKIPPED)).transpose()?;
        let saved = saved.map(|path| Output::open(path, SAVED)).transpose()?;
        let outputs = [Some(&results), refused.as_ref(), skipped.as_ref(), saved.as_ref()];
        let outputs: Vec<_> = outputs.into_iter().flatten().collect();
        for (index, output) in outputs.iter().enumerate() {
            if let Some(input) = inputs.iter().find(|input| output.is_input(input)) {
                let (option, input) = (output.option, source::name(input));
                return Err(output.conflict(Conflict::Input { option, input }));
            }
            if let Some(other) = outputs[..index].iter().find(|other| output.is_same(other)) {
                return Err(output
                    .conflict(Conflict::Outputs { of: other.content(), what: output.content() }));
            }
        }
        Ok(Outputs { results, kept: KeptOutputs { refused, skipped }, saved })
    }
}

/// An output that is not open yet; no file is changed before [`begin`](Self::begin).
#[derive(Debug)]
pub(crate) struct Output {
    option: &'static str,
    name: String,
    destination: Destination,
}

#[derive(Debug)]
enum Destination {
    Stdout,
    /// A device, a pipe, or a file that was passed as a descriptor.
    Direct(File),
    Replaced(Target),
}

impl Destination {
    fn open(path: &Path) -> io::Result<Self> {
        if source::is_stdin(path) {
            stdio::check_stdout()?;
            return Ok(Self::Stdout);
        }
        stdio::check_path(path)?;
        let file = match File::options().write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Target::of_new(path).map(Self::Replaced);
            }
            Err(error) => return Err(error),
        };
        if !file.metadata()?.is_file() {
            return Ok(Self::Direct(file));
        }
        if stdio::descriptor(path).is_some() {
            // Append, so that earlier output to the file is kept.
            return File::options().append(true).open(path).map(Self::Direct);
        }
        Target::of_old(path, file).map(Self::Replaced)
    }
}

impl Output {
    fn open(path: &Path, option: &'static str) -> Result<Self, Failure> {
        let is_stdout = source::is_stdin(path);
        let name = if is_stdout {
            "standard output".to_owned()
        } else {
            visible(path.as_os_str().as_encoded_bytes())
        };
        match Destination::open(path) {
            Ok(destination) => Ok(Self { option, name, destination }),
            Err(error) => Err(Failure { name, error }),
        }
    }

    /// Names what is written here.
    fn content(&self) -> &'static str {
        match self.option {
            REFUSED => "refused lines",
            SKIPPED => "skipped records",
            SAVED => "saved rows",
            _ => "results",
        }
    }

    fn conflict(&self, conflict: Conflict) -> Failure {
        Failure { name: self.name.clone(), error: io::Error::other(conflict) }
    }

    /// Returns the existing file, unless it may be both input and output, as a terminal may.
    fn file(&self) -> Option<Handle> {
        let handle = match &self.destination {
            Destination::Stdout => Handle::stdout(),
            Destination::Direct(file) => file.try_clone().and_then(Handle::from_file),
            Destination::Replaced(target) => {
                Handle::from_file(target.old.as_ref()?.try_clone().ok()?)
            }
        };
        handle.ok().filter(|handle| !is_two_way(handle.as_file()))
    }

    /// Returns whether the output is this input, under any name.
    fn is_input(&self, path: &Path) -> bool {
        self.file().is_some_and(|file| is_input(&file, path))
    }

    /// Returns whether both are the same file, or will be.
    fn is_same(&self, other: &Self) -> bool {
        match (&self.destination, &other.destination) {
            (Destination::Stdout, Destination::Stdout) => true,
            (Destination::Replaced(one), Destination::Replaced(two))
                if one.old.is_none() && two.old.is_none() =>
            {
                one.location().is_some_and(|location| two.location() == Some(location))
            }
            _ => self.file().is_some_and(|file| other.file() == Some(file)),
        }
    }

    /// Returns whether results go to standard output.
    pub(crate) fn is_stdout(&self) -> bool {
        matches!(self.destination, Destination::Stdout)
    }

    /// Returns whether the output is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_stdout() && io::stdout().is_terminal()
    }

    /// Returns whether [`print`](Self::print) omits styles.
    pub(crate) fn is_plain(&self) -> bool {
        let choice = match &self.destination {
            Destination::Stdout => AutoStream::choice(&io::stdout()),
            Destination::Direct(file) => AutoStream::choice(file),
            Destination::Replaced(_) => AutoStream::choice(&Vec::new()),
        };
        choice == ColorChoice::Never
    }

    /// Returns the width, if it is a terminal that reports it.
    pub(crate) fn columns(&self) -> Option<usize> {
        self.is_terminal().then(terminal::columns).flatten()
    }

    /// Writes the results, with styles if the output is a terminal that supports them.
    ///
    /// # Errors
    ///
    /// The error of the system, [`io::ErrorKind::BrokenPipe`] if the reader is closed.
    pub(crate) fn print(self, text: impl Display) -> Result<(), Failure> {
        if self.is_stdout() {
            return print(text);
        }
        let is_plain = self.is_plain();
        self.stream(|output| {
            let text = text.to_string();
            if is_plain {
                write!(output, "{}", anstream::adapter::strip_str(&text))
            } else {
                output.write_all(text.as_bytes())
            }
        })
    }

    /// Writes long results piece by piece, with unchanged styles.
    ///
    /// # Errors
    ///
    /// As [`print`](Self::print).
    pub(crate) fn stream(
        self,
        work: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let mut opened = self.begin()?;
        match work(&mut opened) {
            Ok(()) => opened.finish(),
            Err(error) => Err(opened.failure(error)),
        }
    }

    /// Opens the output for writing.
    ///
    /// # Errors
    ///
    /// The error of the system.
    pub(crate) fn begin(self) -> Result<OutputWriter, Failure> {
        let writer = match self.destination {
            Destination::Stdout => Ok(Writer::Stdout(io::stdout())),
            Destination::Direct(file) => Ok(Writer::Direct(file)),
            Destination::Replaced(target) => Draft::new(target).map(Writer::Draft),
        };
        match writer {
            Ok(writer) => Ok(OutputWriter { name: self.name, writer: BufWriter::new(writer) }),
            Err(error) => Err(Failure { name: self.name, error }),
        }
    }
}

/// An output that is being written.
///
/// A regular file is unchanged if this is dropped before it is [finished](Self::finish).
#[derive(Debug)]
pub(crate) struct OutputWriter {
    name: String,
    writer: BufWriter<Writer>,
}

#[derive(Debug)]
enum Writer {
    Stdout(io::Stdout),
    Direct(File),
    Draft(Draft),
}

impl OutputWriter {
    /// Abandons the output because of an error.
    pub(crate) fn failure(self, error: io::Error) -> Failure {
        Failure { name: self.name, error }
    }

    /// Completes the output. A regular file then has its new content.
    ///
    /// # Errors
    ///
    /// The error of the system, or [`Ended`](crate::failure::Ended) if a signal arrived before.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Self { name, mut writer } = self;
        let done = writer.flush().and_then(|()| {
            let writer = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
            if let Writer::Draft(draft) = writer { draft.commit() } else { Ok(None) }
        });
        match done {
            Ok(None) => Ok(()),
            Ok(Some(obstacle)) => {
                let reason = diagnostics::reason(&obstacle);
                diagnostics::report(format_args!(
                    "{name}: was overwritten, not replaced at once: {reason}"
                ));
                Ok(())
            }
            Err(error) => Err(Failure { name, error }),
        }
    }
}

impl Write for OutputWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::Direct(file) => file.write(bytes),
            Self::Draft(draft) => draft.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::Direct(file) => file.flush(),
            Self::Draft(draft) => draft.flush(),
        }
    }
}

/// Writes to standard output, with styles if it is a terminal that supports them.
///
/// # Errors
///
/// The error of the system, [`io::ErrorKind::BrokenPipe`] if the reader is closed.
pub(crate) fn print(text: impl Display) -> Result<(), Failure> {
    let written = stdio::check_stdout().and_then(|()| {
        // Buffered, since a table is written line by line.
        let mut output = BufWriter::new(anstream::stdout().lock());
        write!(output, "{text}").and_then(|()| output.flush())
    });
    written.map_err(Failure::of_stdout)
}

/// Checks that messages are not written into an input.
///
/// # Errors
///
/// [`Failure`], which is not reported: the report would change the input.
fn check_messages(inputs: &[PathBuf]) -> Result<(), Failure> {
    let stderr = Handle::stderr().ok().filter(|stderr| !is_two_way(stderr.as_file()));
    match stderr {
        Some(stderr) if inputs.iter().any(|input| is_input(&stderr, input)) => {
            let error = io::Error::other(Conflict::Messages);
            Err(Failure { name: "standard error".to_owned(), error })
        }
        _ => Ok(()),
    }
}

/// Returns whether a file is an input, under any name.
fn is_input(file: &Handle, path: &Path) -> bool {
    let input = if source::is_stdin(path) {
        Handle::stdin()
    } else if fs::metadata(path).is_ok_and(|input| input.is_file()) {
        // Comparing needs only an open file. One that cannot be read may still be writable.
        let opened = File::open(path).or_else(|_| File::options().write(true).open(path));
        opened.and_then(Handle::from_file)
    } else {
        return false;
    };
    input.is_ok_and(|input| input == *file)
}

/// Returns whether a write does not change what a read returns, as with a terminal or a socket.
#[cfg(unix)]
fn is_two_way(file: &File) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let kind = file.metadata().map(|file| file.file_type());
    kind.is_ok_and(|kind| kind.is_char_device() || kind.is_socket())
}

#[cfg(not(unix))]
fn is_two_way(file: &File) -> bool {
    file.metadata().is_ok_and(|file| !file.is_file())
}
