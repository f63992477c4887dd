//! A temporary folder in which tests run the program.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder with logs, in which the program runs.
pub(crate) struct Folder(pub(crate) TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn output(&self, command: &mut Command) -> Output {
        command.current_dir(&self.0).env("NO_COLOR", "1").stdin(Stdio::null()).output().unwrap()
    }

    /// Runs the program, and returns its exit code, its output and its messages.
    pub(crate) fn run(&self, words: &str) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_windrow"));
        let Output { status, stdout, stderr } = self.output(command.args(words.split(' ')));
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        (status.code().unwrap(), text(&stdout), text(&stderr))
    }

    /// Runs the program, which must succeed without a message.
    #[track_caller]
    pub(crate) fn done(&self, words: &str) -> String {
        let (code, text, messages) = self.run(words);
        assert_eq!((code, messages.as_str()), (0, ""), "{words}");
        text
    }

    /// Runs the program, which must fail with this message and without a result.
    #[track_caller]
    pub(crate) fn refused(&self, words: &str, code: i32, message: &str) {
        assert_eq!(self.run(words), (code, String::new(), format!("windrow: {message}\n")));
    }
}
