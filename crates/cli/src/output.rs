//! Where results go: standard output or a file.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use facade::visible;

use crate::terminal;

/// Where results go; by default to standard output.
#[derive(Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// Write results to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl OutputArgs {
    /// Opens what results are written to, before any work is done in vain.
    ///
    /// A file keeps what it has until there is something to write.
    ///
    /// # Errors
    ///
    /// [`Failure`] if that cannot be written, or is one of the inputs.
    pub(crate) fn open(&self, inputs: &[PathBuf]) -> Result<Output, Failure> {
        let Some(path) = &self.output else { return Ok(Output::Stdout) };
        let failure = |error| Failure { name: name(path), error };
        not_among(path, inputs).map_err(failure)?;
        Ok(Output::File(Target::open(path).map_err(failure)?))
    }
}

/// A file that is to have results, and that goes again if there are none.
#[derive(Debug)]
pub(crate) struct Target {
    file: File,
    path: PathBuf,
    /// Whether it was made here, and nothing was written to it so far.
    is_new: bool,
}

impl Target {
    fn open(path: &Path) -> io::Result<Self> {
        let made = File::options().create_new(true).write(true).open(path);
        let is_new = made.is_ok();
        // What is there already keeps its place, its owner and who else knows it, which a file put
        // in its stead would not; a device could not even be replaced.
        let file = match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                File::options().create(true).write(true).truncate(false).open(path)?
            }
            made => made?,
        };
        Ok(Self { file, path: path.to_owned(), is_new })
    }

    /// Forgets what the file has, which a device does by itself.
    fn begin(&mut self) -> io::Result<&mut File> {
        self.is_new = false;
        if self.file.metadata()?.is_file() {
            self.file.set_len(0)?;
        }
        Ok(&mut self.file)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if self.is_new {
            // An empty file would look like a result. That it stays is no reason to say more.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Where results go, opened.
#[derive(Debug)]
pub(crate) enum Output {
    Stdout,
    File(Target),
}

impl Output {
    /// Whether results go to standard output.
    pub(crate) fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }

    /// Writes the results; styles are left out unless they go to a terminal that wants them.
    ///
    /// # Errors
    ///
    /// What the system says, [`io::ErrorKind::BrokenPipe`] if the reader has gone.
    pub(crate) fn print(self, text: impl Display) -> Result<(), Failure> {
        match self {
            Self::Stdout => print(text),
            Self::File(mut target) => {
                let written = target.begin().and_then(|file| {
                    let choice = AutoStream::choice(file);
                    write(AutoStream::new(file, choice), text)
                });
                written.map_err(|error| Failure { name: name(&target.path), error })
            }
        }
    }
}

impl Output {
    /// Writes something long piece by piece, without looking for styles in it.
    ///
    /// # Errors
    ///
    /// As [`print`](Self::print).
    pub(crate) fn stream(
        self,
        work: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                let written = work(&mut stdout).and_then(|()| stdout.flush());
                written.map_err(Failure::of_stdout)
            }
            Self::File(mut target) => {
                let written = target.begin().and_then(|file| work(file));
                written.map_err(|error| Failure { name: name(&target.path), error })
            }
        }
    }

    /// Whether it is read while it is written.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self, Self::Stdout) && io::stdout().is_terminal()
    }

    /// Whether styles are left out of what is [printed](Self::print).
    pub(crate) fn is_plain(&self) -> bool {
        let choice = match self {
            Self::Stdout => AutoStream::choice(&io::stdout()),
            Self::File(target) => AutoStream::choice(&target.file),
        };
        choice == ColorChoice::Never
    }

    /// How many columns are seen, if it is a terminal that says so.
    pub(crate) fn columns(&self) -> Option<usize> {
        self.is_terminal().then(terminal::columns).flatten()
    }
}

/// Writes to standard output; styles are left out unless it is a terminal that wants them.
///
/// # Errors
///
/// What the system says, [`io::ErrorKind::BrokenPipe`] if the reader has gone.
pub(crate) fn print(text: impl Display) -> Result<(), Failure> {
    write(anstream::stdout().lock(), text).map_err(Failure::of_stdout)
}

/// What a file is called where it is told of.
fn name(path: &Path) -> String {
    visible(path.as_os_str().as_encoded_bytes())
}

fn write(output: impl Write, text: impl Display) -> io::Result<()> {
    // A table comes line by line.
    let mut output = BufWriter::new(output);
    write!(output, "{text}").and_then(|()| output.flush())
}

/// Makes sure that nothing is written over what is read.
///
/// # Errors
///
/// If the path is one of the inputs, whatever it is called there.
pub(crate) fn not_among(path: &Path, inputs: &[PathBuf]) -> io::Result<()> {
    let Ok(own) = fs::canonicalize(path) else { return Ok(()) };
    let is_own = |input: &PathBuf| fs::canonicalize(input).is_ok_and(|input| input == own);
    if own.is_file() && inputs.iter().any(is_own) {
        return Err(io::Error::other("is one of the inputs, and would be overwritten"));
    }
    Ok(())
}

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

    /// Whether the reader of the results has gone.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.error.kind() == io::ErrorKind::BrokenPipe
    }
}
