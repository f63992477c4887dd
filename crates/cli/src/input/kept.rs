//! The files of refused and of skipped records.

use std::io::{self, Write};

use crate::failure::Failure;
use crate::output::{KeptOutputs, Output, OutputWriter};

/// A file of records that are not counted, each whole and on a line of its own.
pub(crate) struct KeptFile {
    output: OutputWriter,
    /// The first error, which is reported at the end and does not stop the reading.
    error: Option<io::Error>,
    /// Whether the last line has no line end yet.
    is_in_line: bool,
}

impl KeptFile {
    /// Opens the file.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the system refuses.
    pub(crate) fn begin(output: Output) -> Result<Self, Failure> {
        Ok(Self { output: output.begin()?, error: None, is_in_line: false })
    }

    /// Writes a part of a record.
    pub(super) fn write(&mut self, piece: &[u8]) {
        if self.error.is_none() {
            self.error = self.output.write_all(piece).err();
            self.is_in_line = true;
        }
    }

    /// Ends a record that was cut off, so that the next input starts a new line.
    pub(super) fn end_input(&mut self) {
        if self.is_in_line {
            self.end_line();
        }
    }

    /// Ends a record.
    pub(super) fn end_line(&mut self) {
        self.write(b"\n");
        self.is_in_line = false;
    }

    /// Completes the file. If a write failed, the file is unchanged.
    ///
    /// # Errors
    ///
    /// The first error of all writes.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self.error {
            None => self.output.finish(),
            Some(error) => Err(self.output.failure(error)),
        }
    }
}

/// The files of the records that are not counted.
#[derive(Default)]
pub(crate) struct Kept {
    pub(super) refused: Option<KeptFile>,
    pub(super) skipped: Option<KeptFile>,
}

impl Kept {
    /// Opens the files that are asked for.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the system refuses.
    pub(crate) fn begin(outputs: KeptOutputs) -> Result<Self, Failure> {
        let KeptOutputs { refused, skipped } = outputs;
        Ok(Self {
            refused: refused.map(KeptFile::begin).transpose()?,
            skipped: skipped.map(KeptFile::begin).transpose()?,
        })
    }

    /// Returns whether no file is written.
    pub(crate) fn is_empty(&self) -> bool {
        self.refused.is_none() && self.skipped.is_none()
    }

    /// Ends records that were cut off by the end of an input.
    pub(super) fn end_input(&mut self) {
        let files = [&mut self.refused, &mut self.skipped];
        files.into_iter().flatten().for_each(KeptFile::end_input);
    }

    /// Completes the files, and returns the failures.
    pub(crate) fn finish(self) -> Vec<Failure> {
        let files = [self.refused, self.skipped].into_iter().flatten();
        files.filter_map(|file| file.finish().err()).collect()
    }
}
