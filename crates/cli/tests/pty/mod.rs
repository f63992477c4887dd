//! A real terminal, as far as the program can tell, and what is seen on it.

use std::io::{Read, Write};
use std::num::NonZero;
use std::process::Child;

use nix::sys::signal::SigSet;
use pty_process::Size;
use pty_process::blocking::{self, Pty};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// A test that waits for what never comes has to end and say so. Both are far beyond what a busy
/// machine takes; a screen is written every 20 ms.
const SILENCE_MAX_S: i64 = 60;
const READS_MAX: usize = 10_000;

/// A terminal with the program in it.
pub(crate) struct Terminal {
    pty: Pty,
    pub(crate) child: Child,
    /// All that was written to it.
    written: Vec<u8>,
    screen: vt100::Parser,
}

impl Terminal {
    /// Starts the program with all of its streams at a terminal of so many columns.
    pub(crate) fn new(args: &[&str], columns: u16) -> Self {
        Self::with(args, columns, |command| command)
    }

    pub(crate) fn with(
        args: &[&str],
        columns: u16,
        change: impl FnOnce(blocking::Command) -> blocking::Command,
    ) -> Self {
        let (pty, pts) = blocking::open().unwrap();
        pty.resize(Size::new(24, columns)).unwrap();
        let command = blocking::Command::new(env!("CARGO_BIN_EXE_windrow")).args(args);
        let command = command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        let command = command.env("TERM", "xterm-256color").env_remove("CI");
        // Whoever runs the tests may have signals blocked, and what is blocked is inherited.
        SigSet::all().thread_unblock().unwrap();
        let child = change(command).spawn(pts).unwrap();
        let [rows, columns] = [24, columns].map(|size| NonZero::new(size).unwrap());
        let screen = vt100::Parser::new(rows, columns, 0);
        Self { pty, child, written: Vec::new(), screen }
    }

    pub(crate) fn press(&mut self, keys: &[u8]) {
        self.pty.write_all(keys).unwrap();
    }

    /// Waits for more to be written, and says whether there is.
    #[track_caller]
    pub(crate) fn read(&mut self) -> bool {
        let mut bytes = [0; 4_096];
        let timeout = Timespec { tv_sec: SILENCE_MAX_S, tv_nsec: 0 };
        let ready = poll(&mut [PollFd::new(&self.pty, PollFlags::IN)], Some(&timeout)).unwrap();
        assert!(ready > 0, "nothing was written for {SILENCE_MAX_S} s:\n{}", self.seen());
        // When the last program has gone from a terminal, some systems have that as a fault.
        let read = self.pty.read(&mut bytes).unwrap_or_default();
        self.written.extend_from_slice(&bytes[..read]);
        self.screen.process(&bytes[..read]);
        read > 0
    }

    pub(crate) fn seen(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until something is seen.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_until(|seen| seen.contains(text));
    }

    /// Waits until what is seen is as it should be; looks again whenever something is written.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, mut is_right: impl FnMut(&str) -> bool) {
        for _ in 0..READS_MAX {
            if is_right(&self.seen()) {
                return;
            }
            assert!(self.read(), "this is never right:\n{}", self.seen());
        }
        panic!("this is not right after {READS_MAX} reads:\n{}", self.seen());
    }

    /// Waits for the end: what is seen then, all that was written, and the exit code.
    pub(crate) fn end(mut self) -> (String, String, Option<i32>) {
        while self.read() {}
        let code = self.child.wait().unwrap().code();
        (self.seen(), String::from_utf8_lossy(&self.written).into_owned(), code)
    }
}
