//! A pseudoterminal that runs the program, and its screen.

#![allow(dead_code, reason = "each file of tests uses a part of it")]

#[path = "../signal/mod.rs"]
mod signal;

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal, kill, killpg};
use nix::unistd::Pid;
use pty_process::Size;
use pty_process::blocking::{self, Pty};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::ptsname;
use rustix::termios::{Action, tcflow, tcgetpgrp};

/// Limits for a wait, so that a test fails instead of hanging. Both are far above the needs of a
/// busy machine; a screen is written every 20 ms.
const SILENCE_MAX_S: i64 = 60;
const READS_MAX: usize = 10_000;

/// A terminal that runs the program.
pub(crate) struct Terminal {
    pub(crate) pty: Pty,
    /// The terminal that sends signals, if it is a different one.
    controlling: Option<Pty>,
    pub(crate) child: Child,
    /// The complete output.
    written: Vec<u8>,
    pub(crate) screen: vt100::Parser,
}

impl Terminal {
    /// Starts the program with all streams on a terminal of this width.
    pub(crate) fn new(args: &[&str], columns: u16) -> Self {
        Self::with(args, columns, |command| command)
    }

    pub(crate) fn with(
        args: &[&str],
        columns: u16,
        change: impl FnOnce(blocking::Command) -> blocking::Command,
    ) -> Self {
        Self::sized(args, [24, columns], change)
    }

    /// Starts the program on a terminal of these rows and columns.
    pub(crate) fn sized(
        args: &[&str],
        size: [u16; 2],
        change: impl FnOnce(blocking::Command) -> blocking::Command,
    ) -> Self {
        let (pty, pts) = open(size);
        let child = change(command(args)).spawn(pts).unwrap();
        Self::of(pty, child, size)
    }

    /// Starts the program on a terminal that does not control it, and so sends no signals.
    pub(crate) fn without_signals(args: &[&str], size: [u16; 2]) -> Self {
        let ((pty, pts), (controlling, other)) = (open(size), open(size));
        let stream = || pts.as_fd().try_clone_to_owned().unwrap();
        let child = command(args).stdin(stream()).stdout(stream()).spawn(other).unwrap();
        Self { controlling: Some(controlling), ..Self::of(pty, child, size) }
    }

    /// Starts a script in bash with job control; `$0` is the program.
    pub(crate) fn shell(script: &str, size: [u16; 2]) -> Self {
        let (pty, pts) = open(size);
        let program = env!("CARGO_BIN_EXE_windrow");
        let child = plain("bash").args(["-mc", script, program]).spawn(pts).unwrap();
        Self::of(pty, child, size)
    }

    fn of(pty: Pty, child: Child, size: [u16; 2]) -> Self {
        let [rows, columns] = size.map(|size| NonZero::new(size).unwrap());
        let screen = vt100::Parser::new(rows, columns, 100);
        Self { pty, controlling: None, child, written: Vec::new(), screen }
    }

    pub(crate) fn press(&mut self, keys: &[u8]) {
        self.pty.write_all(keys).unwrap();
    }

    /// Waits for more output. Returns `false` at its end.
    #[track_caller]
    pub(crate) fn read(&mut self) -> bool {
        let mut bytes = [0; 4_096];
        let timeout = Timespec { tv_sec: SILENCE_MAX_S, tv_nsec: 0 };
        let ready = poll(&mut [PollFd::new(&self.pty, PollFlags::IN)], Some(&timeout)).unwrap();
        assert!(ready > 0, "nothing was written for {SILENCE_MAX_S} s:\n{}", self.seen());
        // On some systems the read fails when the last program has closed the terminal.
        let read = self.pty.read(&mut bytes).unwrap_or_default();
        self.written.extend_from_slice(&bytes[..read]);
        self.screen.process(&bytes[..read]);
        read > 0
    }

    pub(crate) fn seen(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until the screen shows a text.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_until(|seen| seen.contains(text));
    }

    /// Waits until the screen satisfies a condition, which is checked after each read.
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

    /// Waits for the end. Returns the screen, the complete output and the exit code.
    pub(crate) fn end(mut self) -> (String, String, Option<i32>) {
        while self.read() {}
        let code = self.child.wait().unwrap().code();
        (self.seen(), String::from_utf8_lossy(&self.written).into_owned(), code)
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, signal: Signal) {
        signal::send(&self.child, signal);
    }

    /// Sends a signal to the foreground program of a [shell](Self::shell).
    pub(crate) fn signal_foreground(&self, signal: Signal) {
        let group = tcgetpgrp(&self.pty).unwrap().as_raw_nonzero().get();
        killpg(Pid::from_raw(group), signal).unwrap();
    }

    /// Stops the terminal: further writes block.
    pub(crate) fn stop(&self) {
        let name = ptsname(&self.pty, Vec::new()).unwrap();
        let terminal = File::open(name.to_str().unwrap()).unwrap();
        tcflow(terminal, Action::OOff).unwrap();
    }

    /// Closes the terminal and waits for the end. Returns the exit code as in a shell.
    #[track_caller]
    pub(crate) fn close(self) -> i32 {
        let Self { pty, controlling: _controlling, mut child, .. } = self;
        drop(pty);
        wait(&mut child)
    }

    /// Waits for the end without reading the output. Returns the output and the exit code as in a
    /// shell.
    #[track_caller]
    pub(crate) fn end_unread(mut self) -> (String, i32) {
        let code = wait(&mut self.child);
        while self.read() {}
        (String::from_utf8_lossy(&self.written).into_owned(), code)
    }
}

fn open([rows, columns]: [u16; 2]) -> (Pty, blocking::Pts) {
    let (pty, pts) = blocking::open().unwrap();
    pty.resize(Size::new(rows, columns)).unwrap();
    (pty, pts)
}

fn command(args: &[&str]) -> blocking::Command {
    plain(env!("CARGO_BIN_EXE_windrow")).args(args)
}

fn plain(program: &str) -> blocking::Command {
    // A child inherits blocked signals, and the process that runs the tests may have some.
    SigSet::all().thread_unblock().unwrap();
    let command = blocking::Command::new(program);
    let command = command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command.env("TERM", "xterm-256color").env_remove("CI")
}

fn id(child: &Child) -> Pid {
    Pid::from_raw(child.id().try_into().unwrap())
}

/// Waits for the end of a program, and kills it after a timeout.
#[track_caller]
fn wait(child: &mut Child) -> i32 {
    let (id, (ended, end)) = (id(child), mpsc::channel());
    thread::scope(|scope| {
        scope.spawn(move || ended.send(child.wait().unwrap()));
        let Ok(status) = end.recv_timeout(Duration::from_secs(SILENCE_MAX_S.unsigned_abs())) else {
            kill(id, Signal::SIGKILL).unwrap();
            panic!("the program has not ended after {SILENCE_MAX_S} s");
        };
        status.code().or(status.signal().map(|signal| 128 + signal)).unwrap()
    })
}
