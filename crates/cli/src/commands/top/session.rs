//! The terminal session of `top`: threads that draw and read keys, and one that ends both.
//!
//! A terminal can be closed or block output at any time. A call that reads a key or draws may then
//! never return: on a closed terminal the library that reads keys retries without end. So both have
//! separate threads, and the main thread never waits for the terminal. It polls for signals and for
//! a closed terminal, asks the drawing thread to end, and exits without it after a timeout.

use std::io;
use std::mem;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{LeaveAlternateScreen, disable_raw_mode};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{SIGINT, SignalHold};

use terminals::Terminals;

/// The interval of polling for a signal and for a closed terminal.
const POLL_EVERY: Duration = Duration::from_millis(100);
/// The maximum time for a terminal to show the end of a session.
const TIMEOUT: Duration = Duration::from_millis(500);
/// The number of SIGHUP, the signal of a closed terminal.
const HANG_UP: u8 = 1;

/// A message to the thread that draws.
#[derive(Debug)]
pub(crate) enum Message {
    /// A key was pressed, or the terminal was resized.
    Input(Event),
    /// Keys cannot be read any more.
    KeysFailed(io::Error),
    /// The session has to end.
    End(Exit),
}

/// Runs a session on a separate thread until it ends or has to.
///
/// # Errors
///
/// [`Failure`] of the session, or if its threads could not be started.
pub(crate) fn run(
    session: impl FnOnce(&Receiver<Message>) -> Result<Exit, Failure> + Send + 'static,
) -> Result<Exit, Failure> {
    let terminals = Terminals::open().map_err(failure)?;
    // After that: a process that waits in the background for the terminal ends as usual.
    let hold = SignalHold::install().map_err(failure)?;
    let exit = supervise(session, &terminals, &hold)?;
    // Nothing is written from here to the exit. A signal in between must not change the exit code.
    mem::forget(hold);
    Ok(exit)
}

/// Waits for the end of a session, for a signal, and for the end of the terminal.
fn supervise(
    session: impl FnOnce(&Receiver<Message>) -> Result<Exit, Failure> + Send + 'static,
    terminals: &Terminals,
    hold: &SignalHold,
) -> Result<Exit, Failure> {
    let (messages, inbox) = mpsc::channel();
    let (done, ended) = mpsc::channel();
    let keys = messages.clone();
    let work = move || {
        let result = read_keys(keys).map_err(failure).and_then(|()| session(&inbox));
        let _ = done.send(result); // The main thread waits, or has given up on this one.
    };
    let session = thread::Builder::new().spawn(work).map_err(failure)?;
    loop {
        match ended.recv_timeout(POLL_EVERY) {
            // Everything fails on a closed terminal, so that is the cause.
            Ok(Err(_)) if terminals.is_closed() => return Ok(Exit::Ended(HANG_UP)),
            Ok(result) => return result,
            Err(RecvTimeoutError::Disconnected) => return Err(panicked(session)),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let exit = match hold.any_signal() {
            Some(SIGINT) => Exit::Interrupted,
            Some(signal) => Exit::Ended(signal),
            None if terminals.is_closed() => return Ok(Exit::Ended(HANG_UP)),
            None => continue,
        };
        end(&messages, &ended, exit);
        return Ok(exit);
    }
}

/// Ends the session. Output that the terminal does not accept in time is discarded.
fn end(messages: &Sender<Message>, ended: &Receiver<Result<Exit, Failure>>, exit: Exit) {
    let _ = messages.send(Message::End(exit)); // The session may have ended by itself.
    if ended.recv_timeout(TIMEOUT).is_err() && terminals::is_foreground() {
        terminals::unblock();
        if ended.recv_timeout(TIMEOUT).is_err() {
            let _ = disable_raw_mode(); // Writes no output, so it does not block.
        }
    }
}

/// Restores the terminal.
///
/// # Errors
///
/// The error of the system.
pub(crate) fn restore(mut terminal: DefaultTerminal) -> io::Result<()> {
    let shown = terminal.show_cursor();
    if shown.is_err() {
        // Its destructor would retry and print the error to a terminal that may be gone: a panic.
        mem::forget(terminal);
    }
    let restored = if terminals::is_foreground() {
        ratatui::try_restore()
    } else {
        execute!(io::stdout(), LeaveAlternateScreen)
    };
    restored.and(shown)
}

/// Resumes the panic of a session, which has restored the terminal.
fn panicked(session: thread::JoinHandle<()>) -> Failure {
    match session.join() {
        Err(panic) => std::panic::resume_unwind(panic),
        Ok(()) => failure(io::ErrorKind::Other.into()),
    }
}

/// Starts the thread that reads keys.
fn read_keys(messages: Sender<Message>) -> io::Result<()> {
    let read = move || {
        loop {
            let message = event::read().map_or_else(Message::KeysFailed, Message::Input);
            let is_last = matches!(message, Message::KeysFailed(_));
            if messages.send(message).is_err() || is_last {
                return;
            }
        }
    };
    thread::Builder::new().spawn(read).map(drop)
}

/// Returns a failure of the terminal.
pub(crate) fn failure(error: io::Error) -> Failure {
    Failure { name: "the terminal".into(), error }
}

#[cfg(unix)]
mod terminals {
    use std::fs::File;
    use std::io::{self, IsTerminal};
    use std::os::fd::{AsFd, OwnedFd};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::getpgrp;
    use rustix::termios::{
        Action, OptionalActions, QueueSelector, tcflow, tcflush, tcgetattr, tcgetpgrp, tcsetattr,
    };

    /// The terminals of a session: one for drawing, one for keys.
    pub(super) struct Terminals {
        keys: OwnedFd,
    }

    impl Terminals {
        /// Opens the terminal for keys: standard input or the controlling terminal.
        ///
        /// Waits until this process is in the foreground.
        pub(super) fn open() -> io::Result<Self> {
            // Changes nothing, but stops this process while it is in the background.
            let stdout = io::stdout();
            tcsetattr(&stdout, OptionalActions::Now, &tcgetattr(&stdout)?)?;
            let stdin = io::stdin();
            let keys = if stdin.is_terminal() {
                stdin.as_fd().try_clone_to_owned()?
            } else {
                File::open("/dev/tty")?.into()
            };
            Ok(Self { keys })
        }

        /// Returns whether one of the terminals was closed.
        pub(super) fn is_closed(&self) -> bool {
            let stdout = io::stdout();
            let mut both = [
                PollFd::new(&self.keys, PollFlags::empty()),
                PollFd::new(&stdout, PollFlags::empty()),
            ];
            let polled = poll(&mut both, Some(&Timespec::default()));
            polled.is_ok() && both.iter().any(|one| one.revents().contains(PollFlags::HUP))
        }
    }

    /// Discards the output that the terminal does not accept, and resumes output.
    pub(super) fn unblock() {
        // If the terminal refuses, there is nothing else to do.
        let _ = tcflush(io::stdout(), QueueSelector::OFlush);
        let _ = tcflow(io::stdout(), Action::OOn);
    }

    /// Returns whether this process is in the foreground of the terminal.
    ///
    /// In the background the mode is that of a shell, and changing it stops the process.
    pub(super) fn is_foreground() -> bool {
        // A terminal that is not the controlling one has no background.
        tcgetpgrp(io::stdout()).map_or(true, |foreground| foreground == getpgrp())
    }
}

#[cfg(not(unix))]
mod terminals {
    use std::io;

    /// The terminals of a session. The system ends the process when they are closed.
    pub(super) struct Terminals;

    impl Terminals {
        #[expect(clippy::unnecessary_wraps, reason = "fails on other systems")]
        pub(super) fn open() -> io::Result<Self> {
            Ok(Self)
        }

        #[expect(clippy::unused_self, reason = "used on other systems")]
        pub(super) fn is_closed(&self) -> bool {
            false
        }
    }

    pub(super) fn unblock() {}

    pub(super) fn is_foreground() -> bool {
        true
    }
}
